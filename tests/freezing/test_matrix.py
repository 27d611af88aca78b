"""Models x tasks x data: ours beside plain Keras, the parameters after two epochs compared."""

import keras
import numpy as np
import pytest

from tlwidgets.freezing import CachedTrainer, Plan, read_blocks, set_trainable

from .kinds import KINDS, PAGE, page

pytestmark = pytest.mark.keras


def made(kind):
    keras.utils.set_random_seed(4)
    return kind.build()


def plain(kind, cut):
    """What a learner would write."""
    model = made(kind)
    set_trainable(model, cut)
    options = {"batch_size": 32} | kind.plan
    # A few steps take less time than to compile them; but eagerly Keras takes the mean of each
    # output's loss in another way.
    model.run_eagerly = len(getattr(model, "outputs", None) or [0]) == 1
    fit = model.fit(**kind.for_fit, epochs=2, shuffle=False, verbose=0, **options)
    return model.get_weights(), fit.history


def depths(kind, model):
    return (len(read_blocks(model)) // 2,) if kind.cuts is None else kind.cuts


@pytest.mark.parametrize("name", KINDS)
def test_it_gives_what_plain_keras_gives(name):
    kind, model = KINDS[name], made(KINDS[name])
    before = model.get_weights(), [v.trainable for v in model.variables], model.optimizer
    trainer = CachedTrainer(model, kind.train)
    for cut in depths(kind, model):
        run = trainer.train(cut, Plan(epochs=2, shuffle=False, **kind.plan))
        assert any("Keras' own fit" in note for note in run.notes) == (kind.way == "fit")
        for was, now in zip(before[0], model.get_weights(), strict=True):
            np.testing.assert_array_equal(was, now)
        assert before[1:] == ([v.trainable for v in model.variables], model.optimizer)

        wanted, history = plain(kind, cut)
        found = made(kind)
        trainer.write_to_model(found)
        for mine, theirs in zip(found.get_weights(), wanted, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=2e-2 if "16" in name else 1e-3, atol=2e-4)
        compared = {k for k, v in history.items() if np.ndim(v) == 1} & set(run.history)
        assert "loss" in compared
        for key in compared:
            np.testing.assert_allclose(run.history[key], history[key], rtol=1e-2, atol=1e-4)
        table = trainer.moved()
        assert table.moved.any(), "the twin: had nothing trained, it would be no comparison"
    trainer.close()


def test_the_page_says_what_is_tried_here():
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.freezing.kinds"
