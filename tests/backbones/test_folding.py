"""Folding BatchNormalization: the same features, and nothing folded that must not be."""

import keras
import numpy as np
import pytest
from keras import layers

from tlwidgets.backbones import load_backbone
from tlwidgets.freezing import activations
from tlwidgets.freezing.activations import fold_batchnorm

pytestmark = pytest.mark.keras


def randomise(model, seed=0):
    """Give every BatchNormalization statistics that matter; fresh ones do almost nothing."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            for variable in layer.weights:
                low, high = (0.5, 1.5) if variable.name in SCALES else (-0.5, 0.5)
                variable.assign(rng.uniform(low, high, variable.shape))
    return model


SCALES = {"gamma", "moving_variance"}


def features(model, seed=1):
    pixels = np.random.default_rng(seed).uniform(0, 255, (2, *model.input_shape[1:]))
    return np.asarray(model(pixels.astype(np.float32), training=False))


def assert_same_features(one, other):
    wanted, found = features(one), features(other)
    assert np.abs(wanted).max() > 0
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def n_folded(model):
    """How many layers of the copy do nothing any more."""
    return sum(isinstance(layer, layers.Identity) for layer in fold_batchnorm(model).layers)


@pytest.fixture(scope="module")
def lite():
    return randomise(load_backbone("efficientnet_lite0", 32, checkpoint=None))


def test_lite0_gives_the_same_features_without_any_batchnorm(lite):
    folded = fold_batchnorm(lite)
    assert_same_features(lite, folded)
    assert n_folded(lite) == 49  # every convolution of the network
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in folded.layers)


@pytest.mark.parametrize(("name", "least"), [("mobilenet_v2", 52), ("densenet121", 59)])
def test_other_families_give_the_same_features(name, least):
    network = randomise(load_backbone(name, 32, checkpoint=None))
    assert_same_features(network, fold_batchnorm(network))
    assert n_folded(network) == least


def test_leaving_batchnorm_out_would_change_the_features(lite, monkeypatch):
    # The twin: with nothing multiplied into the convolutions the comparison above fails.
    def fold_nothing(convolution, norm):
        return [convolution.get_weights()[0], np.zeros(norm.moving_mean.shape)]

    monkeypatch.setattr(activations, "_fold", fold_nothing)
    with pytest.raises(AssertionError, match="Not equal"):
        assert_same_features(lite, fold_batchnorm(lite))


def test_the_network_itself_is_unchanged(lite):
    before = [values.copy() for values in lite.get_weights()]
    fold_batchnorm(lite).layers[2].kernel.assign_add(
        np.ones(lite.layers[2].kernel.shape)
    )  # changing the copy must not reach the original
    for old, new in zip(before, lite.get_weights(), strict=True):
        assert np.array_equal(old, new)
    assert all(layer.trainable for layer in lite.layers)


def test_the_copy_is_not_for_training(lite):
    assert fold_batchnorm(lite).trainable_variables == []


norm, convolution = layers.BatchNormalization, layers.Conv2D


def plain(x):
    return norm()(convolution(4, 3, use_bias=False)(x))


FOLDED = {
    "plain": plain,
    "with bias": lambda x: norm()(convolution(4, 3, bias_initializer="random_normal")(x)),
    "without scale": lambda x: norm(scale=False)(convolution(4, 3)(x)),
    "without centre": lambda x: norm(center=False)(convolution(4, 3)(x)),
    "depthwise": lambda x: norm()(layers.DepthwiseConv2D(3, depth_multiplier=2)(x)),
    "in groups": lambda x: norm()(convolution(6, 3, groups=3)(x)),
    "axis by number": lambda x: norm(axis=3)(convolution(4, 3)(x)),
}


def two_consumers(x):
    convolved = layers.Conv2D(4, 3)(x)
    return layers.Add()([norm()(convolved), convolved])


def two_norms(x):
    convolved = layers.Conv2D(4, 3)(x)
    return layers.Add()([norm()(convolved), norm()(convolved)])


def shared_convolution(x):
    shared = layers.Conv2D(3, 3, padding="same")
    return norm()(shared(shared(x)))


def shared_norm(x):
    normalise = norm()
    return normalise(layers.Conv2D(4, 3)(normalise(layers.Conv2D(4, 3)(x))))


LEFT = {
    "no norm": lambda x: convolution(4, 3, activation="relu")(x),
    "active before the norm": lambda x: norm()(convolution(4, 3, activation="relu")(x)),
    "two consumers": two_consumers,
    "two norms": two_norms,
    "shared convolution": shared_convolution,
    "shared norm": shared_norm,
    "norm first": lambda x: convolution(4, 3)(norm()(x)),
    # As many rows as channels: folding it like a normalisation of channels would not fail.
    "norm over rows": lambda x: norm(axis=1)(convolution(6, 3)(x)),
    "dense": lambda x: norm()(layers.Dense(4)(x)),
}
BODIES = [(1, body) for body in FOLDED.values()] + [(0, body) for body in LEFT.values()]


@pytest.mark.parametrize(("n", "body"), BODIES, ids=[*FOLDED, *LEFT])
def test_a_convolution_before_batchnorm_is_folded_and_anything_else_is_left(n, body):
    inputs = keras.Input((8, 8, 3))
    model = randomise(keras.Model(inputs, body(inputs)))
    assert n_folded(model) == n
    assert_same_features(model, fold_batchnorm(model))


def test_a_convolution_that_is_itself_an_output_is_left_as_it_is():
    inputs = keras.Input((8, 8, 3))
    convolved = layers.Conv2D(4, 3)(inputs)
    model = randomise(keras.Model(inputs, [norm()(convolved), convolved]))
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 3)).astype(np.float32)
    assert n_folded(model) == 0
    for wanted, found in zip(model(pixels), fold_batchnorm(model)(pixels), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)


def test_a_network_inside_a_network_keeps_its_features():
    inner_inputs = keras.Input((8, 8, 3))
    inner = randomise(keras.Model(inner_inputs, plain(inner_inputs)))
    inputs = keras.Input((8, 8, 3))
    outer = keras.Model(inputs, plain(inner(inputs)))
    assert_same_features(randomise(outer), fold_batchnorm(outer))
