"""Scores of sources against slow loops, a numerical integral, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from tlwidgets.shift import h_score, leep, log_me


def some(seed=0, n=30, d=4, strength=2.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    features = rng.normal(size=(n, d))
    features[:, 0] += strength * (y == 1)
    return features, y


def slow_evidence(features, outcome):
    """The largest log density of the outcome, whose covariance is F F' / alpha + I / beta."""
    inner = features @ features.T
    n = len(outcome)

    def negative(logs):
        covariance = inner / np.exp(logs[0]) + np.eye(n) / np.exp(logs[1])
        return -multivariate_normal(np.zeros(n), covariance).logpdf(outcome) / n

    grid = [(a, b) for a in np.linspace(-5, 12, 18) for b in np.linspace(-2, 5, 8)]
    return -minimize(negative, min(grid, key=negative), bounds=[(-5, 12), (-2, 5)]).fun


@pytest.mark.parametrize("d", [4, 50])
def test_log_me_is_the_largest_evidence(d):
    features, y = some(d=d)
    expected = np.mean([slow_evidence(features, (y == c).astype(float)) for c in range(3)])
    assert log_me(features, y) == pytest.approx(expected, abs=1e-3)


def test_log_me_of_a_numeric_outcome():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 3))
    outcome = features @ [1.0, 2.0, 0.0] + 0.3 * rng.normal(size=40)
    assert log_me(features, outcome) == pytest.approx(slow_evidence(features, outcome), abs=1e-3)


def slow_leep(proba, y):
    n, classes = len(y), sorted(set(y))
    joint = {
        (c, z): sum(proba[i, z] for i in range(n) if y[i] == c) / n
        for c in classes
        for z in range(proba.shape[1])
    }
    total = 0.0
    for i in range(n):
        likelihood = 0.0
        for z in range(proba.shape[1]):
            marginal = sum(joint[c, z] for c in classes)
            likelihood += joint[y[i], z] / marginal * proba[i, z]
        total += np.log(likelihood)
    return total / n


def test_leep_is_that_of_a_slow_loop():
    proba = np.random.default_rng(0).dirichlet(np.ones(5), 24)
    y = np.arange(24) % 3
    assert leep(proba, y) == pytest.approx(slow_leep(proba, y.tolist()))
    assert leep(proba, [f"class {c}" for c in y]) == pytest.approx(leep(proba, y))


def test_leep_of_a_source_that_knows_nothing_is_the_entropy_of_the_labels():
    assert leep(np.full((6, 2), 0.5), [0, 0, 0, 1, 1, 1]) == pytest.approx(np.log(0.5))
    one_never_seen = np.column_stack([np.ones(4), np.zeros(4)])
    assert leep(one_never_seen, [0, 0, 1, 1]) == pytest.approx(np.log(0.5))


def test_h_score_is_that_of_a_slow_loop():
    from sklearn.covariance import ledoit_wolf

    features, y = some(d=4)
    centered = features - features.mean(axis=0)
    covariance, shrinkage = ledoit_wolf(centered)
    between = np.zeros((4, 4))
    for label in y:
        mean = centered[y == label].mean(axis=0)
        between += np.outer(mean, mean) / len(y)
    expected = (1 - shrinkage) * np.trace(np.linalg.inv(covariance) @ between)
    assert h_score(features, y) == pytest.approx(expected)


def test_h_score_with_more_features_than_examples_still_tells_noise_from_signal():
    noise, signal = (h_score(*some(d=200, strength=s)) for s in (0.0, 30.0))
    assert noise < signal / 2
    assert 0 <= noise < 2  # without shrinkage any 200 features of 30 examples score k - 1 = 2


@pytest.mark.parametrize("score", [log_me, h_score])
def test_useful_features_score_higher_and_shuffled_labels_lower(score):
    features, y = some(n=90)
    shuffled = np.random.default_rng(1).permutation(y)
    assert score(features, y) > score(some(n=90, strength=0.0)[0], y)
    assert score(features, y) > score(features, shuffled)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 40), d=st.integers(1, 60))
def test_scores_are_finite_and_in_their_range(seed, n, d):
    features, y = some(seed, n=n, d=d)
    assert np.isfinite(log_me(features, y))
    assert -1e-9 <= h_score(features, y) <= min(d, 2) + 1e-9
    proba = np.random.default_rng(seed).dirichlet(np.ones(d + 1), n)
    assert leep(proba, y) <= 1e-9


def test_constant_features_tell_nothing():
    y = [0, 0, 1, 1]
    assert h_score(np.ones((4, 3)), y) == 0
    assert np.isfinite(log_me(np.zeros((4, 3)), y))
    assert np.isfinite(log_me(np.ones((4, 3)), y))


@pytest.mark.parametrize("score", [log_me, h_score, leep])
@pytest.mark.parametrize(
    ("argument", "value", "make"),
    [
        ("features", "NaN", lambda x, y: (np.full_like(x, np.nan), y)),
        ("features", "(6,)", lambda x, y: (x[:, 0], y)),
        ("features", "got 0", lambda x, y: (x[:0], y[:0])),
        ("features", "got 1", lambda x, y: (x[:1], y[:1])),
        ("y", "(5,)", lambda x, y: (x, y[:5])),
        ("y", "only", lambda x, y: (x, y * 0)),
        ("y", "(6, 2)", lambda x, y: (x, np.eye(2)[y])),
    ],
)
def test_bad_input_is_named(score, argument, value, make):
    x = np.tile([0.25, 0.75], (6, 1))
    argument = "source_proba" if score is leep and argument == "features" else argument
    with pytest.raises((TypeError, ValueError)) as caught:
        score(*make(x, np.arange(6) % 2))
    assert f"`{argument}`" in str(caught.value)
    assert value in str(caught.value)


def test_logits_are_no_probabilities():
    with pytest.raises(ValueError, match=r"`source_proba`.*softmax"):
        leep([[3.0, -1.0], [0.0, 2.0]], [0, 1])


def test_decimals_are_no_classes():
    with pytest.raises(TypeError, match=r"`y`.*astype\(int\)"):
        h_score(np.eye(2), [0.0, 1.0])
