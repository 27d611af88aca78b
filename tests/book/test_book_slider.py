"""A freeze slider on a page has been tried out, because a reader cannot press its buttons."""

import numpy as np
import pytest

from docs.book.kernel import load_ipython_extension

pytestmark = pytest.mark.keras


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    load_ipython_extension(shell)
    return shell


@pytest.fixture
def slider():
    import keras

    from tlwidgets import FreezeSlider

    layers = [keras.Input((3,)), keras.layers.Dense(4, name="one"), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    slider = FreezeSlider(model, train=(x, y), validation=(x, y))
    slider.epochs = 1
    yield slider
    slider.close()


def test_a_slider_without_runs_tries_every_depth(shell, slider):
    assert slider.runs.empty
    shell.display_formatter.format(slider)
    assert sorted(slider.runs["cut"]) == [0, 1]


def test_a_slider_with_runs_stays_as_the_lesson_left_it(shell, slider):
    slider.train()
    shell.display_formatter.format(slider)
    assert len(slider.runs) == 1
