"""Label shift: frequencies read off predictions, against known ones and slow loops."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlwidgets.shift import BBSE, RLLS, SaerensEM, correct_posterior
from tlwidgets.shift.label_shift import estimate_confusion, regularised_ratio

ESTIMATORS = [
    BBSE(),
    BBSE(is_soft=False),
    BBSE(ridge=1e-5),
    RLLS(),
    RLLS(is_soft=True),
    SaerensEM(),
]
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)

# Three overlapping Gaussian classes on a line, with the exact posterior as the model.
CENTRES = np.array([0.0, 2.0, 4.0])
KNOWN = np.array([0.6, 0.3, 0.1])
TARGET = np.array([0.1, 0.3, 0.6])


def gaussians(n, frequencies, seed):
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=frequencies)
    return y, CENTRES[y] + rng.normal(size=n)


def posterior(x, frequencies):
    joint = frequencies * np.exp(-((x[:, None] - CENTRES) ** 2) / 2)
    return joint / joint.sum(1, keepdims=True)


def shifted(n=4000, target=TARGET, seed=0):
    y, x = gaussians(n, KNOWN, seed)
    y_target, x_target = gaussians(n, target, seed + 1000)
    return y, posterior(x, KNOWN), posterior(x_target, KNOWN), y_target


@every_estimator
def test_a_known_shift_is_found(estimator):
    y, known, target, _ = shifted()
    prior = np.bincount(y) / len(y)
    found = estimator(y, known, target) * prior
    assert np.abs(found - TARGET).sum() < 0.12
    assert np.abs(prior - TARGET).sum() > 0.9  # the twin: no correction at all


@every_estimator
def test_without_a_shift_the_ratio_is_one(estimator):
    y, known, target, _ = shifted(target=KNOWN)
    assert np.abs(estimator(y, known, target) * KNOWN - KNOWN).sum() < 0.12


@every_estimator
def test_the_corrected_model_is_better_and_the_uncorrected_is_not(estimator):
    y, known, target, y_target = shifted()
    before = np.mean(target.argmax(1) == y_target)
    after = np.mean(correct_posterior(target, estimator(y, known, target)).argmax(1) == y_target)
    same = np.mean(correct_posterior(target, np.ones(3)).argmax(1) == y_target)
    assert after > before + 0.08
    assert same == before


@every_estimator
@given(seed=st.integers(0, 10_000), k=st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_ratios_are_a_distribution_over_the_prior(estimator, seed, k):
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(k), rng.integers(0, k, 30)]
    known, target = rng.dirichlet(np.ones(k), len(y)), rng.dirichlet(np.ones(k), 20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        ratio = estimator(y, known, target)
    assert ratio.shape == (k,)
    assert ratio.min() >= 0
    assert ratio @ np.bincount(y) / len(y) == pytest.approx(1)


def test_confusion_against_a_slow_loop():
    y, known, _, _ = shifted(50)
    for is_soft in (True, False):
        slow = np.zeros((3, 3))
        for label, p in zip(y, known, strict=True):
            for i in range(3):
                slow[i, label] += (p[i] if is_soft else i == np.argmax(p)) / 50
        np.testing.assert_allclose(estimate_confusion(y, known, is_soft=is_soft), slow)


def test_bbse_solves_its_equation():
    y, known, target, _ = shifted()
    ratio = BBSE()(y, known, target)
    np.testing.assert_allclose(estimate_confusion(y, known) @ ratio, target.mean(0), atol=1e-12)


def test_em_against_a_slow_loop():
    y, known, target, _ = shifted(200)
    prior = np.bincount(y) / 200
    q = prior.copy()
    for _ in range(30):
        corrected = np.zeros((200, 3))
        for i in range(200):
            row = [q[c] / prior[c] * target[i, c] for c in range(3)]
            corrected[i] = np.array(row) / sum(row)
        q = corrected.mean(0)
    found = SaerensEM(n_rounds=30, tolerance=0)(y, known, target)
    np.testing.assert_allclose(found, q / prior)


@pytest.mark.parametrize("penalty", [0.001, 0.05, 0.1, 0.2, 1.0])
def test_rlls_minimises_its_objective(penalty):
    y, known, target, _ = shifted(300)
    confusion, predicted = estimate_confusion(y, known), target.mean(0)

    def objective(ratio):
        misfit = np.linalg.norm(ratio @ confusion.T - predicted, axis=-1)
        return misfit + penalty * np.linalg.norm(ratio - 1, axis=-1)

    axis = np.arange(0, 8, 0.2)
    grid = np.stack(np.meshgrid(axis, axis, axis), -1).reshape(-1, 3)
    best = regularised_ratio(confusion, predicted, penalty)
    assert best.min() >= 0
    assert objective(best) <= objective(grid).min() + 1e-6
    if penalty in (0.05, 0.1):  # between the two ends, where either norm alone would do
        assert objective(best) < objective(np.ones(3)) - 1e-3


def test_a_strong_regularisation_ends_at_no_shift():
    y, known, target, _ = shifted(300)
    np.testing.assert_allclose(RLLS(alpha=10)(y, known, target), 1, atol=1e-3)
    np.testing.assert_allclose(BBSE(ridge=1)(y, known, target), 1, atol=0.3)
    assert np.abs(BBSE()(y, known, target) - 1).max() > 2


def test_bbse_says_when_it_explodes():
    """Two classes that are predicted alike cannot be told apart."""
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(60, int), np.ones(60, int), np.full(3, 2)]
    alike = np.array([[0.8, 0.1, 0.1], [0.1, 0.5, 0.4], [0.1, 0.49, 0.41]])
    target = alike[rng.choice(3, 50, p=[0.2, 0.4, 0.4])] @ np.diag([1, 1, 1])
    with pytest.warns(RuntimeWarning, match=r"condition number .* rarest class has only 3 known"):
        ratio = BBSE()(y, alike[y], target)
    assert np.isfinite(ratio).all()
    assert ratio.max() <= 100 / (ratio.min() + 0.02)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BBSE()(*shifted()[:3])


def test_two_predictions_that_never_come_still_give_a_ratio():
    y = np.array([0, 0, 0, 1, 2])
    known = np.tile([1.0, 0.0, 0.0], (5, 1))
    with pytest.warns(RuntimeWarning, match="inf|e\\+"):
        ratio = BBSE(is_soft=False)(y, known, known)
    assert np.isfinite(ratio).all()


def test_correcting_by_hand():
    proba = [[0.5, 0.5], [0.9, 0.1], [1.0, 0.0]]
    np.testing.assert_allclose(correct_posterior(proba, [0.0, 2.0]), [[0, 1], [0, 1], [1, 0]])


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_corrected_predictions_are_probabilities(seed):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(4), 10)
    ratio = rng.exponential(size=4)
    np.testing.assert_allclose(correct_posterior(proba, ratio).sum(1), 1)
    np.testing.assert_allclose(correct_posterior(proba, 7 * ratio), correct_posterior(proba, ratio))


HALVES = np.full((4, 2), 0.5)


@every_estimator
@pytest.mark.parametrize(
    ("y", "known", "target", "message"),
    [
        ([0, 0, 0, 0], HALVES, HALVES, r"`y_known` must hold every class; .* of \[1\]"),
        ([0, 1, 2, 0], HALVES, HALVES, r"`y_known` must be classes from 0 to 1.*got 0 to 2"),
        (["a", "b", "a", "b"], HALVES, HALVES, r"`y_known` must hold whole numbers.*<U1"),
        ([0, 1], HALVES, HALVES, r"`y_known` must have shape \(4,\).*got \(2,\)"),
        ([0, 1, 0, 1], 3 * HALVES, HALVES, r"`proba_known` must be prob.*softmax"),
        ([0, 1, 0, 1], HALVES, [[0.3, 0.3, 0.4]], r"`proba_target` must have shape \(n, 2\)"),
        ([0, 1, 0, 1], HALVES, [[np.nan, 1]], r"`proba_target` must be finite.*NaN"),
        ([0, 1, 0, 1], [0.5] * 4, HALVES, r"`proba_known` must have .*got \(4,\).*stack 1 - p"),
    ],
)
def test_wrong_arguments_are_named(estimator, y, known, target, message):
    with pytest.raises((TypeError, ValueError), match=message):
        estimator(y, known, target)


def test_wrong_settings_are_named():
    arguments = ([0, 1, 0, 1], HALVES, HALVES)
    for wrong, message in [
        (BBSE(ridge=-1), r"`ridge` .*got -1"),
        (RLLS(alpha=11), r"`alpha` .*got 11"),
        (SaerensEM(n_rounds=0), r"`n_rounds` .*got 0"),
        (SaerensEM(tolerance=2), r"`tolerance` .*got 2"),
    ]:
        with pytest.raises(ValueError, match=message):
            wrong(*arguments)
    for ratio in ([1.0], [-1.0, 2.0], [np.nan, 1.0], [0.0, 0.0]):
        with pytest.raises(ValueError, match=r"`label_ratio` must hold 2 finite numbers"):
            correct_posterior(HALVES, ratio)
