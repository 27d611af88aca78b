"""A copy of a model is the model: whatever its layers keep, and wherever they keep it."""

import keras
import numpy as np
import pytest
from keras import layers

from tlwidgets import extract_features
from tlwidgets._keras import carry_state
from tlwidgets.freezing import CachedTrainer, Plan
from tlwidgets.freezing.activations import fold_batchnorm
from tlwidgets.freezing.blocks import read_layout
from tlwidgets.freezing.graph import copy_graph

pytestmark = pytest.mark.keras

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(500, 100, (40, 6)).astype("float32")
IDS = RNG.integers(10, 15, (40, 6))
PIXELS = RNG.integers(0, 256, (8, 16, 16, 3)).astype("uint8")


class Shifted(layers.Layer):
    """Keeps what it adds where no variable is, and says how to save it."""

    def __init__(self, **options):
        super().__init__(**options)
        self.shift = 0.0

    def call(self, inputs):
        return inputs + self.shift

    def save_own_variables(self, store):
        store["shift"] = np.array(self.shift)

    def load_own_variables(self, store):
        self.shift = float(np.asarray(store["shift"]))


class Hidden(Shifted):
    """Keeps it, and says nothing."""

    def save_own_variables(self, store):
        pass

    def load_own_variables(self, store):
        pass


def shifted(kind, by=-500.0):
    layer = kind(name="shifted")
    layer.shift = by
    return layer


def adapted(layer, x):
    layer.adapt(x)
    return layer


def with_lora():
    dense = layers.Dense(4, name="dense")
    dense.build((None, 6))
    dense.enable_lora(2)
    for variable in dense.trainable_variables:
        variable.assign(RNG.normal(size=variable.shape))
    return dense


LAYERS = {
    "Normalization": (lambda: adapted(layers.Normalization(), NUMBERS), NUMBERS),
    "Discretization": (lambda: adapted(layers.Discretization(num_bins=5), NUMBERS), NUMBERS),
    "IntegerLookup": (lambda: adapted(layers.IntegerLookup(), IDS), IDS),
    "IntegerLookup, counts": (
        lambda: adapted(layers.IntegerLookup(output_mode="multi_hot"), IDS),
        IDS,
    ),
    "LoRA": (with_lora, NUMBERS),
    "SpectralNormalization": (lambda: layers.SpectralNormalization(layers.Dense(4)), NUMBERS),
    "BatchNormalization": (lambda: layers.BatchNormalization(), NUMBERS),
    "GaussianNoise": (lambda: layers.GaussianNoise(0.1), NUMBERS),
    "own way of saving": (lambda: shifted(Shifted), NUMBERS),
}


def model_of(make, x):
    dtype = "int64" if x.dtype.kind == "i" else "float32"
    inputs = keras.Input((6,), dtype=dtype)
    hidden = layers.Rescaling(1.0)(make()(inputs))  # whole numbers become decimals
    model = keras.Model(inputs, layers.Dense(2, activation="softmax", name="head")(hidden))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def copy_of(model):
    return copy_graph(read_layout(model).graph, name="copy")[1]


@pytest.mark.parametrize("name", LAYERS)
def test_a_copy_gives_what_the_model_gives_and_has_its_variables(name):
    make, x = LAYERS[name]
    model = model_of(make, x)
    twin = copy_of(model)
    np.testing.assert_allclose(twin(x), model(x), atol=1e-5)
    for mine, theirs in zip(twin.variables, model.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine is not theirs


@pytest.mark.parametrize("name", ["Normalization", "IntegerLookup", "own way of saving"])
def test_with_the_variables_alone_it_would_be_another_model(name, monkeypatch):
    def variables_alone(layer, twin):
        for variable, value in zip(twin.variables, layer.variables, strict=True):
            variable.assign(value)

    make, x = LAYERS[name]
    model = model_of(make, x)
    monkeypatch.setattr("tlwidgets._keras.carry_state", variables_alone)
    twin = copy_of(model)
    if name == "IntegerLookup":
        with pytest.raises(Exception, match=r"[Tt]able"):  # an empty one cannot be asked
            twin(x)
    else:
        assert not np.allclose(twin(x), model(x), atol=1e-3)


@pytest.mark.parametrize("name", ["Normalization", "IntegerLookup, counts", "own way of saving"])
def test_training_starts_from_the_models_own_loss(name):
    make, x = LAYERS[name]
    model, y = model_of(make, x), np.arange(len(x)) % 2
    wanted = model.evaluate(x, y, verbose=0)
    for cut in range(len(read_layout(model).blocks)):
        trainer = CachedTrainer(model, x, y, validation=(x, y))
        run = trainer.train(cut, Plan(epochs=1, learning_rate=1e-9))
        assert run.history["val_loss"][0] == pytest.approx(wanted, rel=1e-3)


def test_a_restart_carries_it_over_too():
    one = model_of(lambda: adapted(layers.Normalization(), NUMBERS), NUMBERS)
    two = model_of(lambda: adapted(layers.Normalization(), NUMBERS * 3), NUMBERS)
    y = np.arange(len(NUMBERS)) % 2
    trainer = CachedTrainer(one, NUMBERS, y)
    trainer.restart(two, NUMBERS, y)
    np.testing.assert_allclose(trainer.model(NUMBERS), two(NUMBERS), atol=1e-5)


def test_a_restart_is_proven_too_and_a_refused_one_changes_nothing():
    one, two = (model_of(lambda by=by: shifted(Hidden, by), NUMBERS) for by in (0.0, -500.0))
    y = np.arange(len(NUMBERS)) % 2
    trainer = CachedTrainer(one, NUMBERS, y)
    before = [variable.numpy() for variable in trainer.model.variables]
    with pytest.raises(TypeError, match="gives other outputs"):
        trainer.restart(two, NUMBERS, y)
    assert all(np.array_equal(*pair) for pair in zip(before, trainer.model.variables, strict=True))
    np.testing.assert_allclose(trainer.model(NUMBERS), one(NUMBERS), atol=1e-5)


def test_a_layer_that_hides_what_it_keeps_is_trained_itself():
    model = model_of(lambda: shifted(Hidden), NUMBERS)
    y = np.arange(len(NUMBERS)) % 2
    wanted, before = model.evaluate(NUMBERS, y, verbose=0), model.get_weights()
    trainer = CachedTrainer(model, NUMBERS, y, validation=(NUMBERS, y))
    run = trainer.train(0, Plan(epochs=1, learning_rate=1e-9))
    assert run.history["val_loss"][0] == pytest.approx(wanted, rel=1e-3)
    assert "no copy of it gives what it gives" in run.notes[-1]
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def network(first):
    x = inputs = keras.Input((16, 16, 3))
    x = layers.BatchNormalization()(layers.Conv2D(8, 3)(first()(x)))
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x), name="net")


@pytest.mark.parametrize(
    "first",
    [lambda: adapted(layers.Normalization(), PIXELS.astype("float32")), lambda: shifted(Hidden)],
    ids=["Normalization", "hidden"],
)
def test_features_are_those_of_the_network(first, cache):
    net = network(first)
    found = extract_features(net, PIXELS, progress=False)
    wanted = net.predict(PIXELS.astype("float32"), verbose=0)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)
    assert not net.compiled, "the learner's network is left as it was"


def test_the_faster_network_alone_would_not_be_it():
    net = network(lambda: shifted(Hidden, by=100.0))
    x = PIXELS.astype("float32")
    assert not np.allclose(fold_batchnorm(net)(x), net(x), rtol=1e-2, atol=1e-2)


def test_carrying_leaves_the_layer_itself_alone():
    dense = with_lora()
    before = [variable.numpy() for variable in dense.variables]
    twin = layers.Dense.from_config(dense.get_config())
    twin.build((None, 6))
    carry_state(dense, twin)
    for was, now, copied in zip(before, dense.variables, twin.variables, strict=True):
        np.testing.assert_array_equal(was, now)
        np.testing.assert_array_equal(was, copied)


def test_an_operation_that_is_no_layer_is_copied_and_folded_around(cache):
    x = inputs = keras.Input((16, 16, 3))
    x = layers.BatchNormalization()(layers.Conv2D(8, 3)(x[..., ::-1] * 2.0))
    net = keras.Model(inputs, layers.GlobalAveragePooling2D()(x), name="net")
    (norm,) = (layer for layer in net.layers if isinstance(layer, layers.BatchNormalization))
    for variable in norm.weights:
        variable.assign(RNG.uniform(0.5, 1.5, variable.shape))
    folded = fold_batchnorm(net).layers
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in folded)
    wanted = net.predict(PIXELS.astype("float32"), verbose=0)
    np.testing.assert_allclose(extract_features(net, PIXELS, progress=False), wanted, rtol=1e-3)
    np.testing.assert_allclose(copy_of(net)(PIXELS.astype("float32")), wanted, rtol=1e-3)
