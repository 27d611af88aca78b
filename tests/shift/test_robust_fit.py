"""Linear fits that survive wrong labels: slopes, limits, and what each can and cannot do."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tlwidgets.shift import estimate_noise_transition, fit_forward_linear, fit_robust_linear
from tlwidgets.shift.label_noise import forward_and_slope, gce_and_slope


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


PAIRS = 0.6 * np.eye(4) + 0.4 * np.roll(np.eye(4), 1, axis=1)


def slow_forward_loss(logits, y, transition):
    losses = []
    for row, label in zip(logits, y, strict=True):
        really = np.exp(row) / sum(np.exp(row))
        given = sum(really[j] * transition[j][label] for j in range(len(row)))
        losses.append(-np.log(given))
    return np.mean(losses)


@pytest.mark.parametrize("transition", [np.eye(4), PAIRS, np.full((4, 4), 0.25)])
def test_forward_loss_and_slope_against_slow_loops(transition):
    loss, slope = forward_and_slope(LOGITS, Y, transition)
    assert loss == pytest.approx(slow_forward_loss(LOGITS, Y, transition))
    for i, j in np.ndindex(LOGITS.shape):
        step = np.zeros_like(LOGITS)
        step[i, j] = 1e-5
        up, down = (slow_forward_loss(LOGITS + s, Y, transition) for s in (step, -step))
        assert slope[i, j] == pytest.approx((up - down) / 2e-5, abs=1e-8)


def three_heaps(flip, seed, n=600):
    """Return features, what they really are, labels of which some say the next class, and T."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = 2 * np.eye(5)[y] + rng.normal(size=(n, 5))
    given = np.where(rng.random(n) < flip, (y + 1) % 3, y)
    return x, y, given, (1 - flip) * np.eye(3) + flip * np.roll(np.eye(3), 1, axis=1)


@pytest.mark.parametrize("flip", [0.2, 0.4, 0.6])
def test_with_the_true_matrix_errors_in_one_direction_cost_little(flip):
    lost, lost_without = [], []
    for seed in range(5):
        x, y, given, matrix = three_heaps(flip, seed)
        x_new, y_new, *_ = three_heaps(0, 100 + seed, 2000)
        best = accuracy(fit_robust_linear(x, y, 3, q=0), x_new, y_new)
        lost.append(best - accuracy(fit_forward_linear(x, given, matrix), x_new, y_new))
        # The twin: the same loss, told that nothing is wrong.
        lost_without.append(best - accuracy(fit_forward_linear(x, given, np.eye(3)), x_new, y_new))
    assert np.mean(lost) < 0.04
    if flip >= 0.4:
        assert np.mean(lost_without) > 0.08


def test_with_a_matrix_that_says_nothing_is_wrong_it_is_cross_entropy():
    x, y, *_ = three_heaps(0, 0)
    forward = fit_forward_linear(x, y, np.eye(3), n_rounds=500)
    plain = fit_robust_linear(x, y, 3, q=0, n_rounds=500)
    for one, other in zip(forward, plain, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_the_estimated_matrix_does_below_one_half_and_misleads_above():
    from sklearn.model_selection import cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier

    right = {}
    for flip in (0.35, 0.65):
        x, _, given, _ = three_heaps(flip, 0, 1500)
        neighbours = KNeighborsClassifier(25)
        proba = cross_val_predict(neighbours, x, given, method="predict_proba")
        x_new, y_new, *_ = three_heaps(0, 1, 2000)
        fitted = fit_forward_linear(x, given, estimate_noise_transition(given, proba))
        right[flip] = accuracy(fitted, x_new, y_new)
    assert right[0.35] > 0.75
    assert right[0.65] < 0.3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transition": np.ones((2, 2))}, "`transition` must be probabilities.*the sum 2"),
        ({"transition": [[0.5, 0.5]]}, r"`transition` must have one row.*got shape \(1, 2\)"),
        ({"y": [0, 2]}, "`y` must be classes from 0 to 1.*got 0 to 2"),
        ({"x": [0.0, 1.0]}, "`x` must have shape"),
        ({"ridge": -1.0}, "`ridge` .*got -1"),
    ],
)
def test_wrong_arguments_of_the_forward_fit_are_named(change, message):
    arguments = {"x": [[0.0], [1.0]], "y": [0, 1], "transition": np.eye(2)} | change
    with pytest.raises(ValueError, match=message):
        fit_forward_linear(**arguments)
