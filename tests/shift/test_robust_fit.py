"""A linear fit by generalised cross-entropy: slopes, limits, and wrong labels survived."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tlwidgets.shift import fit_robust_linear
from tlwidgets.shift.label_noise import gce_and_slope


def slow_loss(logits, y, q):
    losses = []
    for row, label in zip(logits, y, strict=True):
        p = np.exp(row[label]) / sum(np.exp(row))
        losses.append(-np.log(p) if q == 0 else (1 - p**q) / q)
    return np.mean(losses)


LOGITS = np.random.default_rng(0).normal(0, 2, (12, 4))
Y = np.arange(12) % 4


@pytest.mark.parametrize("q", [0, 0.3, 0.7, 1])
def test_loss_and_slope_against_slow_loops(q):
    loss, slope = gce_and_slope(LOGITS, Y, q)
    assert loss == pytest.approx(slow_loss(LOGITS, Y, q))
    for i, j in np.ndindex(LOGITS.shape):
        step = np.zeros_like(LOGITS)
        step[i, j] = 1e-5
        rise = (slow_loss(LOGITS + step, Y, q) - slow_loss(LOGITS - step, Y, q)) / 2e-5
        assert slope[i, j] == pytest.approx(rise, abs=1e-8)


def test_far_logits_stay_finite():
    loss, slope = gce_and_slope(np.array([[0.0, 1e4], [0.0, -1e4]]), np.array([0, 0]), 0.7)
    assert loss == pytest.approx(0.5 / 0.7)
    assert np.isfinite(slope).all()


def heaps(n=300, noise=0.4, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = 2 * np.eye(5)[y] + rng.normal(size=(n, 5))
    wrong = rng.random(n) < noise
    return x, y, np.where(wrong, (y + 1) % 3, y)


def accuracy(fitted, x, y):
    kernel, bias = fitted
    return np.mean((x @ kernel + bias).argmax(1) == y)


def test_pair_noise_is_survived_and_with_cross_entropy_it_is_not():
    gains = []
    for seed in range(5):
        x, _, labels = heaps(seed=seed, noise=0.35)
        x_new, y_new, _ = heaps(1000, seed=100 + seed)
        robust = accuracy(fit_robust_linear(x, labels, 3), x_new, y_new)
        plain = accuracy(fit_robust_linear(x, labels, 3, q=0), x_new, y_new)
        gains.append(robust - plain)
    assert np.mean(gains) > 0.02


def test_without_noise_it_learns_as_well_as_cross_entropy():
    x, y, _ = heaps(noise=0)
    x_new, y_new, _ = heaps(1000, seed=9)
    robust, plain = (accuracy(fit_robust_linear(x, y, 3, q=q), x_new, y_new) for q in (0.7, 0))
    assert abs(robust - plain) < 0.02


def test_q_zero_is_the_logistic_regression_of_scikit_learn():
    x, y, _ = heaps(noise=0)
    kernel, bias = fit_robust_linear(x, y, 3, q=0, ridge=0.01, n_rounds=2000)
    # Theirs: C times the sum of losses + |kernel|^2 / 2.
    theirs = LogisticRegression(C=1 / (2 * 0.01 * len(x)), tol=1e-8, max_iter=2000).fit(x, y)
    np.testing.assert_allclose(kernel.T, theirs.coef_, atol=5e-3)
    bias = bias - bias.mean()
    np.testing.assert_allclose(bias, theirs.intercept_ - theirs.intercept_.mean(), atol=5e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [1.0, 2.0]}, r"`x` must have shape \(n, d\).*got \(2,\)"),
        ({"x": [[np.nan], [1.0]]}, r"`x` must be finite; got NaN"),
        ({"y": [0, 5]}, r"`y` must be classes from 0 to 1.*got 0 to 5"),
        ({"n_classes": 1}, r"`n_classes` .*got 1"),
        ({"q": 1.1}, r"`q` .*got 1.1"),
        ({"ridge": -1.0}, r"`ridge` .*got -1"),
        ({"n_rounds": 0}, r"`n_rounds` .*got 0"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    arguments = {"x": [[0.0], [1.0]], "y": [0, 1], "n_classes": 2} | change
    with pytest.raises(ValueError, match=message):
        fit_robust_linear(**arguments)
