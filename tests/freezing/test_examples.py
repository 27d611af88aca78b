"""What a learner's examples hold is looked at before anything trains."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tlwidgets import FreezeSlider
from tlwidgets.freezing import CachedTrainer, Plan

from .kinds import CLASSES, ROWS, N, dense, siamese, table

pytestmark = pytest.mark.keras


def with_hole(value=np.nan):
    x = ROWS.copy()
    x[7, 2] = x[9, 0] = value
    return x


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_undefined_inputs_are_refused_before_anything_trains(value):
    model, x = table(), with_hole(value)
    before = model.get_weights()
    kind = "undefined numbers" if np.isnan(value) else "infinite numbers"
    where = rf"{kind}.*2 of 40 examples, first at x\[7, 2\]"
    with pytest.raises(ValueError, match=rf"`x` must hold no {where}"):
        CachedTrainer(model, x, CLASSES)
    with pytest.raises(ValueError, match=rf"`validation x` must hold no {where}"):
        FreezeSlider(model, train=(ROWS, CLASSES), validation=(x, CLASSES))
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_model_that_mends_them_may_have_them():
    inputs = keras.Input((6,))
    x = ops.where(ops.isnan(inputs), 0.0, inputs)
    model = keras.Model(inputs, dense(3, "head", "softmax")(dense(4, "a")(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    run = CachedTrainer(model, with_hole(), CLASSES).train(1, Plan(epochs=1))
    assert np.isfinite(run.history["loss"]).all()
    with pytest.raises(ValueError, match="must hold no infinite numbers"):
        CachedTrainer(model, with_hole(np.inf), CLASSES)


def test_a_mask_of_infinities_is_no_hole_but_a_missing_number_is():
    scores, mask = keras.Input((6,)), keras.Input((6,))
    out = layers.Softmax()(layers.Add()([dense(6, "scores", None)(scores), mask]))
    model = keras.Model([scores, mask], out)
    model.compile("adam", "sparse_categorical_crossentropy")
    hidden = np.zeros((N, 6), "float32")
    hidden[:, 4:] = -np.inf
    run = CachedTrainer(model, [ROWS, hidden], CLASSES).train(0, Plan(epochs=1))
    assert np.isfinite(run.history["loss"]).all()
    with pytest.raises(ValueError, match=r"`x` must hold no undefined numbers .*x\[7, 2\]"):
        CachedTrainer(siamese(), [ROWS, with_hole()], (CLASSES > 0) * 1)


@pytest.mark.parametrize("kind", [list, lambda y: y.tolist(), lambda y: [[one] for one in y]])
def test_labels_may_come_in_a_list(kind):
    found = CachedTrainer(table(), ROWS, kind(CLASSES)).train(1, Plan(epochs=1)).history
    wanted = CachedTrainer(table(), ROWS, CLASSES).train(1, Plan(epochs=1)).history
    assert set(found) == set(wanted)
