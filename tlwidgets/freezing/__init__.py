"""Freeze the first blocks of a Keras model, prove it, and retrain the rest quickly."""

from .blocks import Block, read_blocks

__all__ = ["Block", "read_blocks"]
