"""Training curves that draw themselves: a Keras callback, a live picture, a sentence.

What is pure (`state`, `reading`, `compute`, `sources`) loads without Keras; `widget` brings it.
"""
