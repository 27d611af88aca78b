"""Models x tasks x data: the slider beside the script that it writes, in a fresh process."""

import keras
import numpy as np
import pytest

from tlwidgets import FreezeSlider
from tlwidgets.freezing import Plan, read_blocks

from .fresh import Session
from .kinds import KINDS, PAGE, page

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def session():
    session = Session()
    yield session
    session.close()


def depths(kind, model):
    return (len(read_blocks(model)) // 2,) if kind.cuts is None else kind.cuts


def built_after_others(kind):
    """As a cell that runs once more: Keras gives the layers other names."""
    keras.layers.Dense(1), keras.layers.Conv2D(1, 1), keras.layers.BatchNormalization()
    return kind.made()


@pytest.mark.parametrize("name", KINDS)
def test_the_script_gives_what_the_slider_gave(name, session, tmp_path):
    kind, model = KINDS[name], built_after_others(KINDS[name])
    before = model.get_weights(), [v.trainable for v in model.variables], model.optimizer
    slider = FreezeSlider(model, train=kind.train, plan=Plan(epochs=2, **kind.plan))
    for cut in depths(kind, model):
        slider.cut = cut
        run = slider.train()
        assert any("Keras' own fit" in note for note in run.notes) == (kind.way == "fit")
        for was, now in zip(before[0], model.get_weights(), strict=True):
            np.testing.assert_array_equal(was, now)
        assert before[1:] == ([v.trainable for v in model.variables], model.optimizer)

        wanted, history = session.run(name, slider.code(), tmp_path)
        found = kind.made()
        slider._experiment.trainer.write_to_model(found)
        for mine, theirs in zip(found.get_weights(), wanted, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=2e-2 if "16" in name else 1e-3, atol=2e-4)
        compared = {k for k, v in history.items() if np.ndim(v) == 1} & set(run.history)
        assert "loss" in compared
        for key in compared:
            np.testing.assert_allclose(run.history[key], history[key], rtol=1e-2, atol=1e-4)
        table = slider.moved()
        assert table.moved.any(), "the twin: had nothing trained, it would be no comparison"
    slider.close()


def test_the_page_says_what_is_tried_here():
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.freezing.kinds"
