"""The proof of what moved."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tlwidgets.freezing import moved, snapshot

from .small_models import nested, sequential

pytestmark = pytest.mark.keras


def test_a_change_by_hand_is_found_and_measured():
    model = nested()
    before = snapshot(model)
    kernel = model.get_layer("base").get_layer("block2_conv").kernel
    kernel.assign(kernel.numpy() * 1.5)
    table = moved(before, model).set_index(["layer", "variable"])
    assert table.index[table.moved].tolist() == [("block2_conv", "kernel")]
    assert table.relative_change["block2_conv", "kernel"] == pytest.approx(0.5, abs=1e-6)
    assert table.largest_change["dense", "kernel"] == 0.0
    assert table.parameters.sum() == model.count_params()


def test_nan_counts_as_moved():
    model = sequential()
    before = snapshot(model)
    model.get_layer("digits").bias.assign(np.full(3, np.nan))
    assert moved(before, model).moved.sum() == 1


def test_wrong_snapshots_say_so():
    with pytest.raises(TypeError, match=r"`before` must be a snapshot.*snapshot\(model\)"):
        moved([1], sequential())
    with pytest.raises(ValueError, match=r"`before` must be a snapshot of this model"):
        moved(snapshot(nested()), sequential())
    with pytest.raises(TypeError, match=r"`model` must be a Keras model.*got Dense"):
        snapshot(keras.layers.Dense(1))
