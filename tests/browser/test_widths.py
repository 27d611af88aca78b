"""Nothing of ours scrolls sideways in a notebook, except a table by itself."""

import pytest

WIDGETS = """\
from tlwidgets import BiasExplorer, FreezeSlider, Prediction, TrainingCurves, UploadImages
import keras
import numpy as np
x = np.random.default_rng(0).random((60, 8))
y = (x[:, 0] > 0.5).astype(int)
layers = [keras.layers.Dense(8, name=f"dense_{i}") for i in range(6)]
head = keras.layers.Dense(2, activation="softmax", name="head")
model = keras.Sequential([keras.Input((8,)), *layers, head])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
slider = FreezeSlider(model, train=(x, y), validation=(x, y))
slider.train()
slider.cut = 2
slider.train()
slider"""
OTHERS = """\
curves = TrainingCurves(chance=0.5)
_ = model.fit(x, y, validation_data=(x, y), epochs=3, verbose=0, callbacks=[curves])"""
CELLS = [WIDGETS, OTHERS, "BiasExplorer('diabetes')", "UploadImages()",
         "guess = Prediction('How many?', low=0, high=9)\nguess"]  # fmt: skip

SCROLLS = """() => [...document.querySelectorAll('.jp-OutputArea-output, .jp-OutputArea-output *')]
  .filter(e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
    && e.scrollWidth > e.clientWidth && e.clientWidth > 0)
  .map(e => `${e.className} ${e.scrollWidth} in ${e.clientWidth}, holds ${e.firstChild?.nodeName}`)
"""


@pytest.mark.parametrize("width", [760, 975])
def test_nothing_scrolls_sideways_but_a_table(notebook, write_notebook, width):
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    notebook.open(write_notebook("widths.ipynb", *CELLS))
    notebook.run_all()
    assert notebook.errors() == []
    found = notebook.page.evaluate(SCROLLS)
    assert [x for x in found if not x.endswith("holds TABLE")] == []
