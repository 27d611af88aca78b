"""How far apart two samples are.

None of these distances sees a label: two samples with the same x and unrelated labels are at
distance 0. What a distance cannot see, it cannot warn of.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .density_ratio import positive
from .kernels import gaussian_kernel, median_distance

Array = NDArray[np.float64]
_NAMES = ("x_one", "x_other")
_ROWS_AT_ONCE = 1000  # of a kernel matrix: 24 MB with 3,000 columns
# With less penalty a classifier tells 500 from 500 examples of 512 features apart by chance.
_C = 0.01


def mmd(x_one: ArrayLike, x_other: ArrayLike, *, bandwidth: float = 1.0) -> float:
    """Return the maximum mean discrepancy, squared: how far apart the means seen by a kernel are.

    Parameters
    ----------
    x_one, x_other : array, shapes (n, d) and (m, d)
        Features on comparable scales.
    bandwidth : float, > 0
        Of the Gaussian kernel, in multiples of the median distance between examples.

    Returns
    -------
    float, 0..2
        The biased estimate (V-statistic): never negative, exactly 0 for the same examples, and
        about 1/n + 1/m for two samples of one population.

    Raises
    ------
    ValueError
        Fewer than two examples, NaN, or different numbers of features.

    Notes
    -----
    mean k(x, x') + mean k(y, y') - 2 mean k(x, y). The median distance comes from a fixed subsample
    of 200 + 200 examples; the sums are over all.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schoelkopf & Smola (2012), A kernel two-sample test, JMLR 13,
    equation 5.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> mmd(x, x), round(mmd(x, x + 1), 2)
    (0.0, 0.21)
    """
    one, other = _check.two_tables(_NAMES, (x_one, x_other))
    factor = positive("bandwidth", bandwidth, meaning="in multiples of the median distance")
    center = np.concatenate([one, other]).mean(axis=0)
    one, other = one - center, other - center  # distances of far-away points would lose digits
    width = factor * median_distance(one, other, np.random.default_rng(0))
    within = _mean_kernel(one, one, width) + _mean_kernel(other, other, width)
    return max(0.0, within - 2 * _mean_kernel(one, other, width))


def _mean_kernel(a: Array, b: Array, bandwidth: float) -> float:
    sums = [
        gaussian_kernel(a[i : i + _ROWS_AT_ONCE], b, bandwidth).sum()
        for i in range(0, len(a), _ROWS_AT_ONCE)
    ]
    return float(np.sum(sums) / (len(a) * len(b)))


def coral_distance(x_one: ArrayLike, x_other: ArrayLike) -> float:
    """Return how much the covariances of two samples differ; the means do not matter.

    Parameters
    ----------
    x_one, x_other : array, shapes (n, d) and (m, d)

    Returns
    -------
    float, >= 0
        Squared Frobenius distance of the covariances, divided by 4 d^2.

    References
    ----------
    Sun & Saenko (2016), Deep CORAL, ECCV workshops, equation 1.

    Examples
    --------
    >>> x = np.array([[0.0], [2.0]])  # variance 2
    >>> coral_distance(x, 2 * x)  # variance 8: (8 - 2)^2 / 4
    9.0
    """
    one, other = _check.two_tables(_NAMES, (x_one, x_other))
    gap = np.atleast_2d(np.cov(one.T)) - np.atleast_2d(np.cov(other.T))
    return float((gap**2).sum() / (4 * one.shape[1] ** 2))


def proxy_a_distance(
    x_one: ArrayLike, x_other: ArrayLike, *, n_folds: int = 3, seed: int = 0
) -> float:
    """Return how well a linear classifier tells two samples apart: 0 not at all, 2 perfectly.

    Parameters
    ----------
    x_one, x_other : array, shapes (n, d) and (m, d)
    n_folds : int, >= 2
        Of the cross-validation that measures the classifier.
    seed : int, >= 0
        Draws the folds.

    Returns
    -------
    float, 0..2
        2 (1 - 2 error), where both samples count the same; a classifier worse than chance gives 0.

    References
    ----------
    Ben-David, Blitzer, Crammer & Pereira (2006), Analysis of representations for domain
    adaptation, NIPS 19.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> proxy_a_distance(x, x + 100)
    2.0
    """
    from sklearn.model_selection import StratifiedKFold

    one, other = _check.two_tables(_NAMES, (x_one, x_other))
    most = min(len(one), len(other))
    _check.whole_number("n_folds", n_folds, low=2, high=most, meaning="each with both samples")
    _check.whole_number("seed", seed, low=0, meaning="which draws the folds")
    x, is_other = _both(one, other)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    is_wrong = np.zeros(len(x), bool)
    for train, test in folds.split(x, is_other):
        is_wrong[test] = _told(x[train], is_other[train], x[test]) != is_other[test]
    error = (is_wrong[is_other == 0].mean() + is_wrong[is_other == 1].mean()) / 2
    return float(np.clip(2 * (1 - 2 * error), 0, 2))


class TwoSampleTest(NamedTuple):
    """What a classifier two-sample test found.

    `accuracy` on held-out examples, 0..1, where 0.5 is chance; `p_value`, 0..1: the chance of an
    accuracy as high as this if both samples came from one population.
    """

    accuracy: float
    p_value: float


def classifier_two_sample_test(
    x_one: ArrayLike, x_other: ArrayLike, *, seed: int = 0
) -> TwoSampleTest:
    """Test whether two samples come from one population: a classifier tries to tell them apart.

    Parameters
    ----------
    x_one, x_other : array, shapes (n, d) and (m, d), n and m >= 4
        The larger is cut to the size of the smaller one, so that chance is one half.
    seed : int, >= 0
        Draws which examples are held out.

    Returns
    -------
    TwoSampleTest
        With the fields `accuracy` and `p_value`.

    Notes
    -----
    A linear classifier learns from one half; the p-value of its accuracy on the other half is
    exact (binomial). A difference that is not linear, in the spread for instance, is not seen.

    References
    ----------
    Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests, ICLR, section 3.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> classifier_two_sample_test(x[:100], x[100:] + 2).p_value < 0.001
    True
    """
    from scipy.stats import binom

    one, other = _check.two_tables(_NAMES, (x_one, x_other), least=4)
    _check.whole_number("seed", seed, low=0, meaning="which draws the examples")
    rng, n = np.random.default_rng(seed), min(len(one), len(other))
    one, other = (each[rng.permutation(len(each))[:n]] for each in (one, other))
    half = n // 2
    x, is_other = _both(one[:half], other[:half])
    x_test, truth = _both(one[half:], other[half:])
    n_right = int((_told(x, is_other, x_test) == truth).sum())
    p_value = binom.sf(n_right - 1, len(truth), 0.5)
    return TwoSampleTest(n_right / len(truth), float(p_value))


def _both(one: Array, other: Array) -> tuple[Array, NDArray[np.int64]]:
    return np.concatenate([one, other]), np.repeat([0, 1], [len(one), len(other)])


def _told(x: Array, is_other: NDArray[np.int64], x_test: Array) -> NDArray[np.int64]:
    """Return what a linear classifier makes of new examples."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = LogisticRegression(C=_C, class_weight="balanced", max_iter=300)
    found: NDArray[np.int64] = (
        make_pipeline(StandardScaler(), model).fit(x, is_other).predict(x_test)
    )
    return found


def population_stability_index(
    sample: ArrayLike, population: ArrayLike, *, n_bins: int = 10
) -> float:
    """Return how much the distribution of one variable has moved.

    Parameters
    ----------
    sample, population : array, shapes (n,) and (m,)
        One variable: numbers, or categories as text.
    n_bins : int, 2..100
        Quantiles of the population to count in; categories are counted one by one.

    Returns
    -------
    float, >= 0
        Bankers read below 0.1 as stable and above 0.25 as a shift; it grows with `n_bins` and
        in small samples.

    Notes
    -----
    Sum over the bins of (p - q) log(p / q), a symmetrised Kullback-Leibler divergence. Each bin
    gets half an example more, so that an empty one does not make it infinite.

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards.

    Examples
    --------
    >>> round(population_stability_index(["day"] * 9 + ["night"], ["day", "night"] * 5), 2)
    0.67
    """
    values = _check.variable("sample", sample)
    reference = _check.variable("population", population)
    _check.whole_number("n_bins", n_bins, low=2, high=100, meaning="the quantiles counted in")
    if values.dtype.kind == "U" or reference.dtype.kind == "U":
        values, reference = values.astype(str), reference.astype(str)
        kinds = np.unique(np.concatenate([values, reference]))
        places = [np.searchsorted(kinds, each) for each in (values, reference)]
    else:
        edges = np.unique(np.quantile(reference, np.linspace(0, 1, n_bins + 1)[1:-1]))
        places = [np.searchsorted(edges, each, side="right") for each in (values, reference)]
    k = 1 + max(int(place.max()) for place in places)
    counts = np.array([np.bincount(place, minlength=k) for place in places])
    counts = counts[:, counts.any(axis=0)] + 0.5  # a bin without anybody says nothing
    p, q = counts / counts.sum(axis=1, keepdims=True)
    return float(((p - q) * np.log(p / q)).sum())
