"""Freezing: what Keras does with the flags, and that ours agree; the proof of what moved."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tlwidgets.freezing import (
    CachedTrainer,
    Plan,
    moved,
    read_blocks,
    set_trainable,
    snapshot,
)

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


def dense_model(optimizer="sgd", **compiled_with):
    parts = [layers.Dense(4, "relu", name="a"), layers.Dense(4, "relu", name="b")]
    model = keras.Sequential([keras.Input((4,)), *parts, layers.Dense(1, "sigmoid", name="head")])
    model.compile(optimizer, "binary_crossentropy", **compiled_with)
    return model


ROWS = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
ANSWERS = (ROWS[:, 0] > 0).astype("float32")


def trained_names(model):
    return {variable.path.split("/", 1)[1] for variable in model.trainable_variables}


def freeze_kernel(model):
    model.get_layer("b").kernel.trainable = False


def freeze_all_but_biases(model):
    for layer in model.layers:
        layer.kernel.trainable = False


def enable_lora(model):
    model.get_layer("b").enable_lora(2)


ALONE = {
    "by hand": (freeze_kernel, {"b/bias", "head/kernel", "head/bias"}),
    "BitFit": (freeze_all_but_biases, {"b/bias", "head/bias"}),
    "LoRA": (
        enable_lora,
        {"b/bias", "b/lora_kernel_a", "b/lora_kernel_b", "head/kernel", "head/bias"},
    ),
}


@pytest.mark.parametrize("kind", ALONE)
def test_what_is_frozen_one_by_one_stays_frozen(kind):
    freeze, wanted = ALONE[kind]
    model = dense_model()
    freeze(model)
    for cut in (2, 1, 2, 1):  # freezing and thawing the layer, which Keras takes for all of it
        set_trainable(model, cut)
    assert trained_names(model) == wanted
    n_parameters = sum(v.shape.num_elements() for v in model.trainable_variables)
    assert sum(block.n_trainable for block in read_blocks(model)[1:]) == n_parameters
    with CachedTrainer(model, ROWS, ANSWERS) as trainer:
        assert trainer.train(1, Plan(epochs=1)).n_trained == n_parameters
        table = trainer.moved()
        found = set((table.layer + "/" + table.variable)[table.moved])
    assert found == wanted, "the private copy keeps them frozen, too"
    twin = dense_model()
    freeze(twin)
    twin.get_layer("b").trainable = False
    twin.get_layer("b").trainable = True
    assert trained_names(twin) != wanted, "the trap, without us"


def test_a_variable_that_the_learner_thaws_trains_again():
    model = dense_model()
    freeze_kernel(model)
    set_trainable(model, 1)
    model.get_layer("b").kernel.trainable = True
    set_trainable(model, 2)
    set_trainable(model, 1)
    assert "b/kernel" in trained_names(model)


def test_what_is_spared_from_weight_decay_stays_spared():
    def sparing(by_name):
        keras.utils.set_random_seed(1)
        optimizer = keras.optimizers.AdamW(1e-3, weight_decay=5.0)
        model = dense_model(optimizer)
        model.get_layer("a").bias.assign(np.ones(4))
        spared = {"var_names": ["bias"]} if by_name else {"var_list": [model.get_layer("a").bias]}
        optimizer.exclude_from_weight_decay(**spared)
        return model

    nothing = np.zeros((32, 4), "float32")
    for by_name in (False, True):
        wanted = sparing(by_name)
        wanted.fit(nothing, np.ones(32), epochs=10, shuffle=False, verbose=0)
        found = sparing(by_name)
        set_trainable(found, 0)
        found.fit(nothing, np.ones(32), epochs=10, shuffle=False, verbose=0)
        with CachedTrainer(sparing(by_name), nothing, np.ones(32)) as trainer:
            trainer.train(0, Plan(epochs=10, shuffle=False))
        bias = wanted.get_layer("a").bias
        np.testing.assert_allclose(found.get_layer("a").bias, bias, rtol=1e-5)
        np.testing.assert_allclose(trainer.model.get_layer("a").bias, bias, rtol=1e-5)
        assert np.abs(bias - 1).max() < 0.02, "with decay it would be 0.95"


class Warm(keras.optimizers.Adam):
    """Does not tell all its arguments."""

    def __init__(self, warmup, **options):
        super().__init__(0.01, **options)
        self.warmup = warmup


class Share(keras.metrics.Metric):
    """Does not tell all its arguments."""

    def __init__(self, above, name="share"):
        super().__init__(name=name)
        self.above = above
        self.n = self.add_weight(name="n", initializer="zeros")
        self.hits = self.add_weight(name="hits", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.n.assign_add(keras.ops.cast(keras.ops.size(y_pred), "float32"))
        self.hits.assign_add(keras.ops.sum(keras.ops.cast(y_pred > self.above, "float32")))

    def result(self):
        return self.hits / self.n


@pytest.mark.parametrize("is_used", [False, True])
def test_optimizers_and_metrics_of_ones_own_need_no_configuration(is_used):
    one, two = (dense_model(Warm(3), metrics=[Share(0.5)]) for _ in range(2))
    if is_used:
        for model in (one, two):
            start = model.get_weights()
            model.fit(ROWS, ANSWERS, verbose=0)
            model.set_weights(start)
    two.set_weights(one.get_weights())
    with CachedTrainer(one, ROWS, ANSWERS) as trainer:
        run = trainer.train(1, Plan(epochs=2, shuffle=False))
    kept = two.optimizer
    set_trainable(two, 1)
    assert type(two.optimizer) is Warm and two.optimizer is not kept
    history = two.fit(ROWS, ANSWERS, epochs=2, shuffle=False, verbose=0).history
    assert run.history["loss"] == pytest.approx(history["loss"], rel=1e-4)
    assert run.history["share"] == pytest.approx(history["share"], abs=1e-6)
    for mine, theirs in zip(trainer.model.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_an_optimizer_that_refuses_leaves_everything_as_it_was():
    model = dense_model()
    set_trainable(model, 1)
    before = trained_names(model), model.optimizer
    with pytest.raises(ValueError, match="nonsense"):
        set_trainable(model, 2, optimizer="nonsense")
    assert (trained_names(model), model.optimizer) == before


def test_a_used_metric_begins_anew():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1, "sigmoid", name="head")(inputs))
    model.get_layer("head").kernel.assign([[5.0], [0], [0], [0]])  # it is right already
    model.compile(keras.optimizers.SGD(1e-9), "binary_crossentropy", metrics=[keras.metrics.AUC()])
    wrong = model.fit(ROWS, 1 - ANSWERS, verbose=0).history["auc"]
    set_trainable(model, 0)
    right = model.fit(ROWS, ANSWERS, verbose=0).history["auc"]
    assert (wrong[0], right[0]) == pytest.approx((0, 1), abs=0.01)
