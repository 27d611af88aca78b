"""A solved head: the best one, the same in a Dense layer, and not fooled by a dead feature."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlwidgets import dense_parameters, solve_head


def draw(k, d=6, n=90):
    rng = np.random.default_rng(0)
    y = np.arange(n) % k
    return (rng.normal(size=(n, d)) * 3 + y[:, None] * np.arange(d)).astype(np.float32), y


def with_dead_features():
    """Features of which two are rounding and say nothing."""
    x, y = draw(2)
    rng = np.random.default_rng(1)
    return np.hstack([x, rng.normal(size=(len(x), 2)).astype(np.float32) * 1e-33]), y


@pytest.mark.parametrize("k", [2, 3])
def test_it_is_the_logistic_regression_on_features_scaled_alike(k):
    x, y = draw(k)
    wanted = make_pipeline(StandardScaler(), LogisticRegression(C=3 / 6, max_iter=999)).fit(x, y)
    assert np.array_equal(solve_head(x, y).predict_proba(x), wanted.predict_proba(x))
    assert not np.allclose(
        solve_head(x, y, strength=0.01).predict_proba(x), wanted.predict_proba(x)
    )


def test_classes_and_examples_can_count_differently():
    x, y = draw(2)
    x, y = x[: len(x) // 2 * 2 : 1], np.where(np.arange(len(y)) % 6 == 0, 1, 0)  # one in six
    plain, balanced = (
        solve_head(x, y, class_weight=w).predict(x).mean() for w in (None, "balanced")
    )
    assert balanced > plain + 0.1
    by_hand = solve_head(x, y, sample_weight=np.where(y == 1, 3.0, 0.6)).predict_proba(x)
    assert np.allclose(
        by_hand, solve_head(x, y, class_weight="balanced").predict_proba(x), atol=1e-3
    )


@pytest.mark.keras
@pytest.mark.parametrize("k", [2, 3])
def test_a_dense_layer_with_its_parameters_says_the_same(k):
    x, y = draw(k)
    head = solve_head(x, y)
    kernel, bias = dense_parameters(head)
    dense = keras.layers.Dense(kernel.shape[1])
    dense.build(x.shape)
    dense.set_weights([kernel, bias])
    logits = np.asarray(dense(x))
    np.testing.assert_allclose(np.squeeze(logits), head.decision_function(x), atol=1e-4)


def test_a_dead_feature_gets_no_say():
    x, y = with_dead_features()
    kernel, _bias = dense_parameters(solve_head(x, y))
    assert np.abs(kernel).max() < 10
    # The parameters that a plain scaler leads to.
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=3 / 8, max_iter=999)).fit(x, y)
    assert np.abs(plain[1].coef_ / plain[0].scale_).max() > 1e25


def test_a_constant_feature_does_not_hide_small_ones():
    x, y = draw(2)
    small = np.hstack([x * 1e-12, np.ones((len(x), 1), np.float32)])
    assert solve_head(small, y).score(small, y) == solve_head(x, y).score(x, y) > 0.8


@pytest.mark.parametrize(
    ("x", "y", "arguments", "message"),
    [
        ([[1.0], [np.nan]], [0, 1], {}, r"`features` must be finite"),
        ([[1.0], [2.0]], [0, 1, 1], {}, r"`labels` must have shape \(2,\)"),
        ([[1.0], [2.0]], [7, 7], {}, r"`labels` must hold at least two classes; got only .*7"),
        ([[1.0], [2.0]], [0, 1], {"strength": 0}, r"`strength` must be greater than 0"),
        ([[1.0], [2.0]], [0, 1], {"sample_weight": [1, -1]}, r"`sample_weight`.*at least 0"),
    ],
)
def test_what_cannot_be_solved_says_so(x, y, arguments, message):
    with pytest.raises(ValueError, match=message):
        solve_head(x, y, **arguments)


def test_another_head_has_no_dense_parameters():
    with pytest.raises(
        TypeError, match=r"`head` must be what solve_head\(\) returns; got Logistic"
    ):
        dense_parameters(LogisticRegression())
