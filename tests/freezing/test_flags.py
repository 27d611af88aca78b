"""Freezing: what Keras does with the flags, and that ours agree; the proof of what moved."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tlwidgets.freezing import moved, read_blocks, set_trainable, snapshot

from .small_models import data, nested, sequential

pytestmark = pytest.mark.keras


LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def compiled(model, optimizer=None):
    optimizer = optimizer or keras.optimizers.SGD(0.01, momentum=0.9)
    model.compile(optimizer, LOSS, metrics=["accuracy"])
    return model


def moved_layers(model, **fit):
    before = snapshot(model)
    model.fit(*data(model, 64), verbose=0, **fit)
    table = moved(before, model)
    return set(table.layer[table.moved])


def layers_with_parameters(model, cut):
    layers_ = {layer.name: layer for layer in model._flatten_layers(include_self=False)}
    names = [name for block in read_blocks(model)[cut:] for name in block.layers]
    return {name for name in names if layers_[name].weights}


def is_norm(name):
    return name.endswith(("bn", "bn2"))


def test_exactly_the_blocks_from_the_cut_on_move(model):
    compiled(model)
    for cut in [1, 0, len(read_blocks(model)) - 1]:  # unfreezing and freezing again
        set_trainable(model, cut)
        wanted = {name for name in layers_with_parameters(model, cut) if not is_norm(name)}
        assert moved_layers(model) == wanted


def test_flags_without_recompiling_are_ignored_which_is_why_we_recompile():
    # The premise: should Keras mend this one day, the lesson on the trap must change.
    model = compiled(sequential())
    model.fit(*data(model, 64), verbose=0)
    model.get_layer("c1").trainable = False
    assert "c1" in moved_layers(model)
    set_trainable(model, 1)
    assert "c1" not in moved_layers(model)


def test_batchnorm_moves_only_when_asked():
    model = compiled(nested())
    set_trainable(model, 0)
    assert not any(is_norm(name) for name in moved_layers(model))
    set_trainable(model, 1, keep_batchnorm_frozen=False)
    norms = {name for name in moved_layers(model) if is_norm(name)}
    assert norms == {"block2_bn"}  # block1's is frozen with its block


def test_training_false_does_not_protect_batchnorm_which_is_why_we_flag_it():
    model = compiled(nested())  # its base is called with training=False
    assert any(is_norm(name) for name in moved_layers(model))


def test_a_base_that_was_frozen_as_a_whole_is_reached():
    model = nested()
    model.get_layer("base").trainable = False
    model.trainable = False
    set_trainable(compiled(model), 1)
    assert moved_layers(model) == {"block2_conv", "dense"}


def test_the_optimizer_is_fresh_and_configured_as_before():
    model = compiled(sequential(), keras.optimizers.Adam(0.02, beta_1=0.8))
    model.fit(*data(model, 64), verbose=0)
    old = model.optimizer
    old.learning_rate = 0.005
    set_trainable(model, 2)
    new = model.optimizer
    assert new is not old and int(new.iterations) == 0
    assert new.beta_1 == 0.8 and float(new.learning_rate) == pytest.approx(0.005)
    assert model.loss is LOSS
    assert set(model.evaluate(*data(model), verbose=0, return_dict=True)) == {"loss", "accuracy"}
    set_trainable(model, 2, optimizer="rmsprop")
    assert isinstance(model.optimizer, keras.optimizers.RMSprop)


def test_loss_weights_survive():
    inputs = keras.Input((4,))
    x = layers.Dense(3, name="shared")(inputs)
    outputs = {"a": layers.Dense(1, name="a")(x), "b": layers.Dense(1, name="b")(x)}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"a": "mse", "b": "mse"}, loss_weights={"a": 1.0, "b": 0.0})
    set_trainable(model, 1)
    x = np.ones((8, 4), "float32")
    before = snapshot(model)
    model.fit(x, {"a": np.ones(8), "b": np.ones(8)}, verbose=0)
    table = moved(before, model).groupby("layer").moved.any()
    assert table.to_dict() == {"shared": False, "a": True, "b": False}


def test_a_model_that_is_not_compiled_gets_flags():
    model = sequential()
    set_trainable(model, 3)
    digits = model.get_layer("digits")
    assert [id(v) for v in model.trainable_variables] == [id(v) for v in digits.variables]
    assert not model.compiled


@pytest.mark.parametrize("cut", [-1, 4, 99])
def test_a_cut_out_of_range_changes_nothing(cut):
    model = compiled(sequential())
    with pytest.raises(ValueError, match=rf"`cut` must be a whole number from 0 to 3.*got {cut}"):
        set_trainable(model, cut)
    assert all(layer.trainable for layer in model.layers)
    with pytest.raises(TypeError, match=r"`cut` must be a whole number.*got 1.5"):
        set_trainable(model, 1.5)


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
