"""Confident learning: against a slow loop, a library, and data with known errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlwidgets.shift import (
    LabelNoise,
    estimate_noise_transition,
    find_label_errors,
)
from tlwidgets.shift.label_noise import confident_joint

from .toy_population import population, seeded


def slow_confident_joint(y, proba):
    """Northcutt et al. 2021, equation 1, word by word; unscaled."""
    k = proba.shape[1]
    threshold = [
        np.mean([p[c] for p, label in zip(proba, y, strict=True) if label == c]) for c in range(k)
    ]
    joint, looks_like = np.zeros((k, k)), []
    for label, p in zip(y, proba, strict=True):
        confident = [c for c in range(k) if p[c] >= threshold[c]]
        looks_like.append(max(confident, key=lambda c: p[c]) if confident else label)
        if confident:
            joint[label, looks_like[-1]] += 1
    return joint, np.array(looks_like)


def random_predictions(seed, k, n=60):
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(k), rng.integers(0, k, n - k)]
    return y, rng.dirichlet(np.ones(k), n)


@given(seed=st.integers(0, 10_000), k=st.integers(2, 6))
@settings(max_examples=40, deadline=None)
def test_against_a_slow_loop(seed, k):
    y, proba = random_predictions(seed, k)
    joint, looks_like = slow_confident_joint(y, proba)
    assert (find_label_errors(y, proba) == (looks_like != y)).all()
    scaled = confident_joint(y, proba)
    np.testing.assert_allclose(scaled.sum(1), np.bincount(y))
    has_any = joint.sum(1) > 0
    shares = joint[has_any] / joint[has_any].sum(1, keepdims=True)
    np.testing.assert_allclose(scaled[has_any] / scaled[has_any].sum(1, keepdims=True), shares)


@pytest.mark.parametrize("k", [2, 3, 10])
def test_agrees_with_cleanlab(k):
    cleanlab = pytest.importorskip("cleanlab")
    for seed in range(20):
        y, proba = random_predictions(seed, k, n=400)
        ours = find_label_errors(y, proba)
        theirs = cleanlab.filter.find_label_issues(
            y, proba, filter_by="confident_learning", n_jobs=1
        )
        # Theirs spares an example whose label is the likeliest class, as the paper does not.
        assert (theirs == ours & (proba.argmax(1) != y)).all()
        assert np.mean(ours == theirs) >= 0.95


def separated(kind, strength, seed=0):
    """Four well separated classes with noise, and predictions of a model that sees them."""
    toys = population(1000, 4, seed=seed)
    centres = 4 * np.eye(4)
    sample = LabelNoise(kind)(toys, strength, 600, seeded(seed))
    truth = toys.y[sample.indices]
    x = centres[truth] + seeded(seed).normal(size=(600, 4))
    logits = -((x[:, None] - centres) ** 2).sum(-1) / 2
    proba = np.exp(logits - logits.max(1, keepdims=True))
    # As a model would that learned from the noise: it doubts everything a little.
    return sample, 0.8 * proba / proba.sum(1, keepdims=True) + 0.05


@pytest.mark.parametrize("kind", ["symmetric", "pair flip"])
def test_known_errors_are_found_and_clean_labels_are_left_alone(kind):
    sample, proba = separated(kind, 0.2)
    found = find_label_errors(sample.labels, proba)
    assert np.mean(sample.was_changed[found]) > 0.95
    assert np.mean(found[sample.was_changed]) > 0.9
    clean, proba = separated(kind, 0)
    assert find_label_errors(clean.labels, proba).mean() < 0.01


def test_a_model_that_knows_the_wrong_labels_by_heart_finds_nothing():
    sample, _ = separated("symmetric", 0.2)
    assert not find_label_errors(sample.labels, np.eye(4)[sample.labels]).any()


def test_the_transition_is_estimated():
    sample, proba = separated("pair flip", 0.3)
    found = estimate_noise_transition(sample.labels, proba)
    expected = 0.7 * np.eye(4) + 0.3 * np.roll(np.eye(4), 1, 1)
    assert np.abs(found - expected).max() < 0.12
    assert np.abs(np.eye(4) - expected).max() > 0.2  # the twin: no noise assumed
    np.testing.assert_allclose(found.sum(1), 1)


def test_a_class_that_nobody_looks_like_keeps_its_labels():
    # Nobody is labelled 1 or looks like it: nothing says that its labels would be wrong.
    assert estimate_noise_transition([0, 0, 0], [[0.6, 0.4]] * 3).tolist() == np.eye(2).tolist()


def test_a_class_without_labels_is_never_found():
    y = [0, 0, 1]
    proba = [[0.2, 0.2, 0.6], [0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]
    assert find_label_errors(y, proba).tolist() == [False] * 3
    assert confident_joint(y, proba)[:, 2].sum() == 0


@pytest.mark.parametrize("function", [find_label_errors, estimate_noise_transition])
def test_wrong_arguments_are_named(function):
    with pytest.raises(ValueError, match=r"`y` must be classes from 0 to 1.*got 0 to 7"):
        function([0, 7], np.full((2, 2), 0.5))
    with pytest.raises(ValueError, match=r"`proba` must be probabilities.*Apply a softmax"):
        function([0, 1], [[3.0, -1.0], [0.0, 1.0]])
    with pytest.raises(TypeError, match=r"`y` must hold whole numbers.*np.unique"):
        function([0.5, 1], np.full((2, 2), 0.5))
