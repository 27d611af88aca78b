"""Generalised cross-entropy as a Keras loss: a slow loop, gradients, and use in a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tlwidgets.adapt import GeneralizedCrossEntropy

pytestmark = pytest.mark.keras

LOGITS = np.random.default_rng(0).normal(0, 2, (6, 4)).astype("float32")
Y = np.array([0, 1, 2, 3, 0, 1])


def softmax(logits):
    exponential = np.exp(logits - logits.max(1, keepdims=True))
    return exponential / exponential.sum(1, keepdims=True)


def slow_loss(logits, y, q):
    total = 0.0
    for row, label in zip(softmax(logits.astype("float64")), y, strict=True):
        total += -np.log(row[label]) if q == 0 else (1 - row[label] ** q) / q
    return total / len(y)


def gradient(loss, logits, y=Y):
    x = tf.Variable(logits)
    with tf.GradientTape() as tape:
        value = loss(y, x)
    return tape.gradient(value, x).numpy()


@pytest.mark.parametrize("q", [0, 1e-4, 0.3, 0.7, 1])
@pytest.mark.parametrize("from_logits", [True, False])
def test_against_a_slow_loop(q, from_logits):
    loss = GeneralizedCrossEntropy(q, from_logits=from_logits)
    value = float(loss(Y, LOGITS if from_logits else softmax(LOGITS)))
    assert value == pytest.approx(slow_loss(LOGITS, Y, q), rel=1e-4)
    assert float(loss(Y[:, None], LOGITS if from_logits else softmax(LOGITS))) == value


def test_a_small_q_pulls_like_cross_entropy():
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = gradient(cross_entropy, LOGITS)
    for q in (0, 1e-5):
        found = gradient(GeneralizedCrossEntropy(q, from_logits=True), LOGITS)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    far = gradient(GeneralizedCrossEntropy(0.7, from_logits=True), LOGITS)
    assert np.abs(far - expected).max() > 0.01


def test_q_one_pulls_like_half_the_absolute_error():
    def half_absolute_error(y, logits):
        return tf.reduce_mean(
            tf.reduce_sum(tf.abs(tf.one_hot(y, 4) - tf.nn.softmax(logits)), -1) / 2
        )

    found = gradient(GeneralizedCrossEntropy(1, from_logits=True), LOGITS)
    np.testing.assert_allclose(found, gradient(half_absolute_error, LOGITS), atol=1e-6)


def test_a_hopeless_example_hardly_pulls():
    hopeless = np.array([[9.0, 0.0]], "float32")
    label = np.array([1])
    robust = gradient(GeneralizedCrossEntropy(from_logits=True), hopeless, label)
    plain = gradient(GeneralizedCrossEntropy(0, from_logits=True), hopeless, label)
    assert np.abs(robust).max() < 0.01 * np.abs(plain).max()


def test_extreme_logits_stay_finite():
    logits = np.array([[1e4, 0.0], [-1e4, 0.0]], "float32")
    loss = GeneralizedCrossEntropy(from_logits=True)
    assert float(loss(np.array([1, 1]), logits)) == pytest.approx(0.5 / 0.7)
    assert np.isfinite(gradient(loss, logits, np.array([1, 1]))).all()


def test_sample_weight_and_reduction_are_those_of_keras():
    loss = GeneralizedCrossEntropy(from_logits=True, reduction="none")
    each = np.array(loss(Y, LOGITS))
    assert each.shape == (6,)
    keep = np.array([1, 0, 0, 0, 0, 0.0], "float32")
    np.testing.assert_allclose(loss(Y, LOGITS, sample_weight=keep), each * keep)


def test_a_model_trains_and_is_saved_with_it(tmp_path):
    keras.utils.set_random_seed(0)
    x = np.r_[np.full((40, 1), -1.0), np.full((40, 1), 1.0)].astype("float32")
    y = np.repeat([0, 1], 40)
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(2)])
    model.compile("sgd", GeneralizedCrossEntropy(0.5, from_logits=True))
    before = model.evaluate(x, y, verbose=0)
    model.fit(x, y, epochs=5, verbose=0)
    assert model.evaluate(x, y, verbose=0) < before
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.loss.q == 0.5
    assert again.loss.from_logits
    assert again.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))


@pytest.mark.parametrize("q", [-0.1, 1.1, "much", None, True])
def test_a_wrong_q_is_named(q):
    with pytest.raises((TypeError, ValueError), match="`q` must be a number from 0 to 1"):
        GeneralizedCrossEntropy(q)
