"""Forward nothing happens; backward the gradient comes out as -lambda * g."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tlwidgets.adapt.domains import GradientReversal

pytestmark = pytest.mark.keras

X = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)


def gradient_through(layer):
    """Of sum(x^2) after the layer: 2x, turned round or not."""
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer(x) ** 2)
    return tape.gradient(total, x)


@pytest.mark.parametrize("strength", [0, 0.25, 1, 3.5])
def test_the_gradient_is_minus_lambda_g_and_forward_nothing_changes(strength):
    layer = GradientReversal(strength)
    assert (layer(X).numpy() == X).all()
    np.testing.assert_allclose(gradient_through(layer), -strength * 2 * X)
    np.testing.assert_allclose(gradient_through(tf.identity), 2 * X)  # without the layer it is g


def test_lambda_can_change_inside_a_compiled_function():
    layer = GradientReversal(1.0)
    compiled = tf.function(lambda: gradient_through(layer))
    np.testing.assert_allclose(compiled(), -2 * X)
    layer.strength = 0.5
    np.testing.assert_allclose(compiled(), -X)


def test_the_layers_before_it_work_against_those_after():
    keras.utils.set_random_seed(0)
    below, above = keras.layers.Dense(2), keras.layers.Dense(1)

    def gradients(between):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(above(between(below(X))) ** 2)
        return tape.gradient(total, [below.kernel.value, above.kernel.value])

    turned, plain = gradients(GradientReversal(2.0)), gradients(tf.identity)
    np.testing.assert_allclose(turned[0], -2 * plain[0], rtol=1e-5)
    np.testing.assert_allclose(turned[1], plain[1], rtol=1e-5)


def test_it_survives_saving(tmp_path):
    model = keras.Sequential([keras.Input((2,)), GradientReversal(0.7, name="turn")])
    model.save(tmp_path / "model.keras")
    layer = keras.models.load_model(tmp_path / "model.keras").get_layer("turn")
    assert float(layer.strength) == pytest.approx(0.7)


@pytest.mark.parametrize("value", [-1, float("nan"), "much", None, True])
def test_a_wrong_lambda_is_named(value):
    with pytest.raises((TypeError, ValueError), match=r"`strength`.*lambda"):
        GradientReversal(value)
