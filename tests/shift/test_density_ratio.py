"""Density ratios: what all estimators have in common, and what we know by hand."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tlwidgets.shift import (
    KLIEP,
    KernelMeanMatching,
    LogisticRatio,
    clip_ratio,
    effective_sample_size,
    overlap,
    true_ratio,
)

ESTIMATORS = [LogisticRatio(), KernelMeanMatching(), KLIEP()]
QUICK = [
    LogisticRatio(),
    KernelMeanMatching(n_landmarks=30),
    KLIEP(bandwidth=0.7, n_centers=30),
]
by_name = {"ids": lambda estimator: type(estimator).__name__}


def gaussian_case(seed, n=1000, d=2, shift=0.8):
    """The sample is N(0, 1), the population N(shift, 1) in the first feature."""
    rng = np.random.default_rng(seed)
    sample, population = rng.normal(size=(n, d)), rng.normal(size=(1500, d))
    population[:, 0] += shift
    ratio = np.exp(shift * sample[:, 0])
    return sample, population, ratio / ratio.mean()


def error(ratio, truth):
    """1 for weighting nobody."""
    return ((ratio - truth) ** 2).mean() / ((1 - truth) ** 2).mean()


@pytest.mark.parametrize("estimator", ESTIMATORS, **by_name)
def test_a_known_ratio_is_found(estimator):
    sample, population, truth = gaussian_case(0)
    assert error(estimator(sample, population), truth) < 0.45


@pytest.mark.parametrize("estimator", ESTIMATORS, **by_name)
def test_without_the_population_it_is_not_found(estimator):
    # The twin: shown the sample again, an estimator has nothing to find.
    sample, _, truth = gaussian_case(0)
    assert error(estimator(sample, sample[::-1]), truth) > 0.7


@pytest.mark.parametrize("estimator", ESTIMATORS, **by_name)
def test_the_weighted_mean_is_the_populations(estimator):
    sample, population, _ = gaussian_case(1)
    ratio = estimator(sample, population)
    weighted = (ratio[:, None] * sample).mean(axis=0)
    assert abs(weighted[0] - 0.8) < 0.25
    assert abs(sample[:, 0].mean() - 0.8) > 0.7  # the twin: without weights


@pytest.mark.parametrize("estimator", QUICK, **by_name)
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 60),
    m=st.integers(2, 60),
    d=st.integers(1, 4),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_the_mean_is_one_and_none_is_negative(estimator, seed, n, m, d, scale):
    rng = np.random.default_rng(seed)
    ratio = estimator(scale * rng.normal(size=(n, d)), scale * rng.normal(size=(m, d)))
    assert ratio.shape == (n,)
    assert ratio.dtype == np.float64
    assert ratio.min() >= 0
    assert ratio.mean() == pytest.approx(1)
    assert 1 <= effective_sample_size(ratio) <= n


@pytest.mark.parametrize("estimator", QUICK, **by_name)
def test_units_do_not_matter(estimator):
    sample, population, _ = gaussian_case(2, n=200)
    units, origin = np.array([1000.0, 0.001]), np.array([5.0, -7.0])
    again = estimator(sample * units + origin, population * units + origin)
    np.testing.assert_allclose(again, estimator(sample, population), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("estimator", ESTIMATORS, **by_name)
def test_constant_features_count_nothing(estimator):
    ratio = estimator(np.full((30, 2), 0.1), np.full((40, 2), 0.1))
    np.testing.assert_allclose(ratio, 1, atol=1e-6)
    sample, population, _ = gaussian_case(3, n=100)
    wider = [np.column_stack([x, np.full(len(x), 1e6 + 0.1)]) for x in (sample, population)]
    expected = estimator(sample, population)
    np.testing.assert_allclose(estimator(*wider), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("estimator", ESTIMATORS, **by_name)
def test_a_sparse_table_counts_as_a_dense_one(estimator):
    sample, population, _ = gaussian_case(5, n=100)
    ratio = estimator(sparse.csr_array(sample), sparse.coo_matrix(population))
    np.testing.assert_array_equal(ratio, estimator(sample, population))
    with pytest.raises(ValueError, match=r"`x_sample`.*80.0 GB as an array.*TruncatedSVD"):
        estimator(sparse.csr_array((100, 100_000_000)), population)


@pytest.mark.parametrize("estimator", ESTIMATORS, **by_name)
def test_the_same_call_gives_the_same_ratio(estimator):
    sample, population, _ = gaussian_case(4, n=150)
    assert np.array_equal(estimator(sample, population), estimator(sample, population))


BAD = [
    ("x_sample", "NaN", lambda good: (np.full((5, 2), np.nan), good)),
    ("x_population", "infinity", lambda good: (good, np.full((5, 2), np.inf))),
    ("x_sample", "3 and 2", lambda good: (np.ones((5, 3)), good)),
    ("x_sample", "(5,)", lambda good: (np.ones(5), good)),
    ("x_sample", "got 1", lambda good: (good[:1], good)),
    ("x_population", "got 0", lambda good: (good, good[:0])),
    ("x_population", "(5, 0)", lambda good: (good, np.ones((5, 0)))),
    ("x_sample", "numbers", lambda good: ([["red", "blue"]] * 5, good)),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, **by_name)
@pytest.mark.parametrize(("argument", "value", "make"), BAD)
def test_bad_input_is_named(estimator, argument, value, make):
    with pytest.raises((TypeError, ValueError)) as caught:
        estimator(*make(np.random.default_rng(0).normal(size=(9, 2))))
    assert f"`{argument}`" in str(caught.value)
    assert value in str(caught.value)


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: LogisticRatio(C=0), "C"),
        (lambda: KernelMeanMatching(bandwidth=-1), "bandwidth"),
        (lambda: KernelMeanMatching(largest=0.5), "largest"),
        (lambda: KernelMeanMatching(tolerance=2), "tolerance"),
        (lambda: KernelMeanMatching(penalty=0), "penalty"),
        (lambda: KernelMeanMatching(n_landmarks=1), "n_landmarks"),
        (lambda: KLIEP(bandwidth=0), "bandwidth"),
        (lambda: KLIEP(n_centers=0), "n_centers"),
        (lambda: KLIEP(n_folds=1), "n_folds"),
        (lambda: true_ratio([0.5, 0.0]), "probability"),
        (lambda: true_ratio([]), "probability"),
        (lambda: clip_ratio([1, np.nan], 2), "density_ratio"),
        (lambda: clip_ratio([1, 2], 0.5), "largest"),
        (lambda: effective_sample_size([0, 0]), "density_ratio"),
        (lambda: effective_sample_size([[1, 2]]), "density_ratio"),
        (lambda: effective_sample_size([1, -1]), "density_ratio"),
    ],
)
def test_a_wrong_setting_is_named(make, argument):
    with pytest.raises((TypeError, ValueError), match=f"`{argument}`"):
        make()


def test_no_overlap_is_said():
    # Two worlds a thousand bandwidths apart: not one bump reaches the sample.
    sample, population = np.arange(10.0)[:, None], np.arange(10.0)[:, None] + 1e6
    with pytest.raises(ValueError, match="`x_population` must overlap"):
        KLIEP(bandwidth=0.001)(sample, population)


def apart(n, d, by, seed):
    """Two samples whose means are so many standard deviations apart."""
    rng = np.random.default_rng(seed)
    sample, population = rng.normal(size=(2, n, d))
    population[:, 0] += by
    return sample, population


SIZES = [(50, 2), (50, 5), (200, 2), (200, 50), (600, 10), (1000, 50)]


@pytest.mark.parametrize("estimator", QUICK, **by_name)
@pytest.mark.parametrize(("n", "d"), SIZES)
@pytest.mark.parametrize("by", [5, 100])
def test_domains_that_came_apart_are_warned_of(estimator, n, d, by):
    with pytest.warns(RuntimeWarning, match="hardly overlap"):
        estimator(*apart(n, d, by, seed=n))


@pytest.mark.parametrize("estimator", QUICK, **by_name)
@pytest.mark.parametrize(("n", "d"), [*SIZES, (50, 100), (100, 300)])
@pytest.mark.parametrize("by", [0, 1])
def test_domains_that_overlap_are_not(estimator, n, d, by):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator(*apart(n, d, by, seed=n))


def test_a_population_within_a_broader_sample_is_covered():
    # Most of the sample is of no use; nobody is missing.
    rng = np.random.default_rng(0)
    assert overlap(rng.normal(0, 1, (600, 2)), rng.normal(0, 0.3, (600, 2))) == 1


def test_overlap_falls_where_the_effective_size_rises():
    # What the warning is for: the weights look better and better, and are worth nothing.
    sizes, shares = [], []
    for by in (2, 3, 5, 8):
        pair = apart(200, 50, by, seed=0)
        sizes.append(effective_sample_size(LogisticRatio().unwarned(*pair)))
        shares.append(overlap(*pair))
    assert sizes[-1] > 2 * sizes[1]
    assert np.all(np.diff(shares) < 0)
    assert shares[0] > 0.8 > 0.2 > shares[-1]


def test_whoever_is_drawn_half_as_often_counts_twice():
    np.testing.assert_allclose(true_ratio([0.1, 0.2, 0.2]), [1.5, 0.75, 0.75])
    np.testing.assert_allclose(true_ratio([1e-300, 1e-300]), [1, 1])


def test_clipping_by_hand():
    # Mean 4; in its multiples 0.25, 0.25, 2.5; clipped to 2; mean 2.5 / 3.
    np.testing.assert_allclose(clip_ratio([1, 1, 10], 2), [0.3, 0.3, 2.4])
    np.testing.assert_allclose(clip_ratio([1, 3], 100), [0.5, 1.5])


def test_effective_sample_size_by_hand():
    assert effective_sample_size([1, 1, 0, 0]) == 2
    assert effective_sample_size([0, 5]) == 1
    assert effective_sample_size([2, 2, 2]) == 3
    assert effective_sample_size([1, 3]) == pytest.approx(16 / 10)


ratios = st.lists(st.floats(0, 1e300), min_size=1, max_size=30).filter(any)


@given(ratio=ratios, largest=st.floats(1, 50))
def test_clipping_never_costs_effective_examples(ratio, largest):
    clipped = clip_ratio(ratio, largest)
    assert clipped.mean() == pytest.approx(1)
    before = effective_sample_size(ratio)
    assert 1 <= before <= len(ratio)
    assert effective_sample_size(clipped) >= before * (1 - 1e-9)


def test_the_classifier_is_scikit_learns():
    from sklearn.linear_model import LogisticRegression

    sample, population, _ = gaussian_case(5, n=400)
    both = np.concatenate([sample, population])
    scaled = (both - both.mean(axis=0)) / both.std(axis=0)
    is_population = np.arange(len(both)) >= 400
    odds = LogisticRegression(tol=1e-8).fit(scaled, is_population).predict_proba(scaled[:400])
    expected = odds[:, 1] / odds[:, 0]
    np.testing.assert_allclose(
        LogisticRatio()(sample, population), expected / expected.mean(), rtol=1e-3
    )
