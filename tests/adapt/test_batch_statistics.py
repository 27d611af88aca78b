"""AdaBN gives BatchNormalization the target's statistics, exactly, and touches nothing else."""

import keras
import numpy as np
import pytest

from tlwidgets.adapt import adapt_batchnorm

pytestmark = pytest.mark.keras

RNG = np.random.default_rng(0)
TARGET = RNG.normal(3, 2, size=(40, 4)).astype("float32")


def small_model(*extra):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(name="one"), layers.ReLU(),
         *extra, layers.Dense(2), layers.BatchNormalization(name="two")]
    )  # fmt: skip


def slow_statistics(model, x):
    """Layer by layer in NumPy: mean and variance of what goes into each BatchNormalization."""
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            mean, variance = x.mean(0), x.var(0)
            found += [mean, variance]
            gamma, beta = layer.gamma.numpy(), layer.beta.numpy()
            x = (x - mean) / np.sqrt(variance + layer.epsilon) * gamma + beta
        elif isinstance(layer, keras.layers.Dense):
            x = x @ layer.kernel.numpy() + layer.bias.numpy()
        elif isinstance(layer, keras.layers.ReLU):
            x = np.maximum(x, 0)
    return found


def moving(model):
    layers = [model.get_layer("one"), model.get_layer("two")]
    return [v.numpy() for layer in layers for v in (layer.moving_mean, layer.moving_variance)]


def test_every_layer_gets_the_statistics_of_a_slow_loop():
    model = small_model()
    wanted, before = slow_statistics(model, TARGET), moving(model)
    assert adapt_batchnorm(model, TARGET) == 2
    for found, want, old in zip(moving(model), wanted, before, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)
        assert not np.allclose(found, old, rtol=1e-2)  # without it: not


def test_nothing_but_moving_statistics_changes():
    model = small_model(keras.layers.Dropout(0.5))
    model.get_layer("one").trainable = False
    before = [v.numpy() for v in model.trainable_variables]
    adapt_batchnorm(model, TARGET)
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert (old == new.numpy()).all()
    assert not model.get_layer("one").trainable
    assert model.get_layer("two").trainable
    assert model.get_layer("one").momentum == 0.99
    assert [d.rate for d in model.layers if isinstance(d, keras.layers.Dropout)] == [0.5]


def test_frozen_nested_layers_and_dropout_get_them_too():
    model = small_model()
    model.trainable = False
    nested = keras.Sequential([keras.Input((4,)), model, keras.layers.Dropout(0.5)])
    wanted = slow_statistics(model, TARGET)
    adapt_batchnorm(nested, TARGET)
    for found, want in zip(moving(model), wanted, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)


def test_smaller_batches_are_averaged():
    model, other = small_model(), small_model()
    adapt_batchnorm(model, TARGET, batch_size=10)
    first = model.get_layer("one")
    values = TARGET @ other.layers[0].kernel.numpy() + other.layers[0].bias.numpy()
    parts = np.split(values, 4)
    np.testing.assert_allclose(first.moving_mean, np.mean([p.mean(0) for p in parts], 0), rtol=1e-4)
    np.testing.assert_allclose(
        first.moving_variance, np.mean([p.var(0) for p in parts], 0), rtol=1e-4
    )


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (TARGET[:1], r"`x_target`.*at least 2; got \(1, 4\)"),
        (TARGET[:0], r"`x_target`.*\(0, 4\)"),
        (TARGET[:, :3], r"`x_target`.*\(n, 4\).*\(40, 3\)"),
        ((TARGET, np.zeros(40)), r"`x_target`.*without labels"),
    ],
)
def test_bad_input_is_named(x, says):
    with pytest.raises((TypeError, ValueError), match=says):
        adapt_batchnorm(small_model(), x)


def test_a_model_without_batchnorm_is_told_what_else_there_is():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"BatchNormalization.*standardise_per_domain"):
        adapt_batchnorm(model, TARGET)
    with pytest.raises(TypeError, match=r"`model`.*str"):
        adapt_batchnorm("vgg16", TARGET)
