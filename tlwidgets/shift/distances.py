"""How far apart two samples are.

None of these distances sees a label: two samples with the same x and unrelated labels are at
distance 0. What a distance cannot see, it cannot warn of.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .._check import Floats, Indices
from .density_ratio import gaussian_kernel, median_distance
from .population import (
    Draw,
    Mechanism,
    Population,
    Selection,
    count_classes,
    first_of,
    place_in_stratum,
    pool_size,
    uniform,
)

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
    factor = _check.positive("bandwidth", bandwidth, meaning="in multiples of the median distance")
    center = np.concatenate([one, other]).mean(axis=0)
    one, other = one - center, other - center  # distances of far-away points would lose digits
    width = factor * median_distance(one, other, np.random.default_rng(0))
    within = _mean_kernel(one, one, width) + _mean_kernel(other, other, width)
    return max(0.0, within - 2 * _mean_kernel(one, other, width))


def _mean_kernel(a: Floats, b: Floats, bandwidth: float) -> float:
    sums = [
        gaussian_kernel(a[i : i + _ROWS_AT_ONCE], b, bandwidth).sum()
        for i in range(0, len(a), _ROWS_AT_ONCE)
    ]
    return float(np.sum(sums) / (len(a) * len(b)))


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
    _check.seed(seed)
    x, is_other = _both(one, other)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    is_wrong = np.zeros(len(x), bool)
    for train, test in folds.split(x, is_other):
        is_wrong[test] = _told(x[train], is_other[train], x[test]) != is_other[test]
    error = (is_wrong[is_other == 0].mean() + is_wrong[is_other == 1].mean()) / 2
    return float(np.clip(2 * (1 - 2 * error), 0, 2))


class TwoSampleTest(NamedTuple):
    """What `classifier_two_sample_test` found.

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
    _check.seed(seed)
    rng, n = np.random.default_rng(seed), min(len(one), len(other))
    one, other = (each[rng.permutation(len(each))[:n]] for each in (one, other))
    half = n // 2
    x, is_other = _both(one[:half], other[:half])
    x_test, truth = _both(one[half:], other[half:])
    n_right = int((_told(x, is_other, x_test) == truth).sum())
    p_value = binom.sf(n_right - 1, len(truth), 0.5)
    return TwoSampleTest(n_right / len(truth), float(p_value))


def _both(one: Floats, other: Floats) -> tuple[Floats, Indices]:
    return np.concatenate([one, other]), np.repeat([0, 1], [len(one), len(other)])


def _told(x: Floats, is_other: Indices, x_test: Floats) -> Indices:
    """Return what a linear classifier makes of new examples."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = LogisticRegression(C=_C, class_weight="balanced", max_iter=300)
    found: Indices = make_pipeline(StandardScaler(), model).fit(x, is_other).predict(x_test)
    return found


_N_ROUNDS = 3  # of k-means; measured: more do not change what is drawn noticeably
_N_FITTED = 3000  # examples that centres are fitted to; the others are only assigned

_kept: WeakKeyDictionary[Population, dict[int, Indices]] = WeakKeyDictionary()


def clusters_of(population: Population, k: int) -> Indices:
    """Return the cluster of each example, 0..k-1; found once per population."""
    from sklearn.metrics import pairwise_distances_argmin

    known = _kept.setdefault(population, {})
    if k not in known:
        rng = np.random.default_rng(0)  # one population, one set of clusters
        some = rng.permutation(len(population))[:_N_FITTED]
        centres = k_means(population.x[some], min(k, len(some)), rng)
        known[k] = pairwise_distances_argmin(population.x, centres)
    return known[k]


def k_means(x: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Return k centres (MacQueen 1967) after a few rounds."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    seed = int(rng.integers(2**31))
    model = KMeans(k, init="random", n_init=1, max_iter=_N_ROUNDS, random_state=seed)
    with warnings.catch_warnings():  # of fewer different examples than centres
        warnings.simplefilter("ignore", ConvergenceWarning)
        centres: Floats = model.fit(x).cluster_centers_
    return centres


def typical_of(x: Floats, k: int, rng: np.random.Generator) -> Indices:
    """Return up to k different examples, the nearest to the centres of k clusters."""
    from sklearn.metrics import pairwise_distances_argmin_min

    if k >= len(x):
        return np.arange(len(x))
    nearest, distance = pairwise_distances_argmin_min(x, k_means(x, k, rng))
    order: Indices = np.lexsort((distance, nearest))
    firsts: Indices = np.unique(nearest[order], return_index=True)[1]
    return order[firsts]


_N_CANDIDATES = 3000  # among which diverse examples are looked for, or 1.5 n if that is more

_acquaintances_kept: WeakKeyDictionary[Population, dict[int, Indices]] = WeakKeyDictionary()
# The latest per population, because a slider of the strength asks for the same ones again.
_typical_kept: WeakKeyDictionary[Population, tuple[tuple[int, int], Indices]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Convenience(Mechanism):
    """Take who is near at hand: those most similar to one example.

    Parameters
    ----------
    start : int, optional
        Index of that example; drawn at random where left out.
    is_per_class : bool, default False
        Take in each class those most similar to one example of that class, as when one person
        writes all the digits; `start` is left out then.

    Notes
    -----
    `Selection.probability` is the chance given the start: uniform among the near ones, 0 for
    all others.
    """

    start: int | None = None
    is_per_class: bool = False

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        population = draw.population
        start = _start(self.start, population, rng)
        if self.is_per_class:
            if self.start is not None:
                raise ValueError(
                    "`start` must be None with is_per_class=True, because each class starts from "
                    f"an example of its own; got {self.start}. Leave one of them out."
                )
            k = count_classes(population, task="an example to start from in each class")
            far = _distance(population.x, _one_of_each_class(draw, k)[population.y])
            far = place_in_stratum(far, population.y, rng.random(k))
            who = "most similar to one example of their class"
        else:
            far = _distance(population.x, start)
            who = f"most similar to example {start}"
        is_near = np.zeros(len(population), bool)
        is_near[first_of(far, pool_size(draw))] = True
        return _drawn_in_pool(draw, is_near, who)


@dataclass(frozen=True, slots=True)
class Snowball(Mechanism):
    """Ask one example for its acquaintances, those for theirs, and so on.

    Parameters
    ----------
    start : int, optional
        Index of the first one; drawn at random where left out.
    n_acquaintances : int, 1..50, default 10
        Whom each one knows: its nearest neighbours on the map.
    n_recruited : int, 1..n_acquaintances, default 3
        How many of them each one brings, picked at random.

    Notes
    -----
    Neighbours are those on the two-dimensional map, found once per population by a k-d tree:
    milliseconds, and what one sees. `Selection.probability` is the chance given the start and
    who recruits whom: uniform among those reached so far, 0 for all others.

    References
    ----------
    Goodman 1961, "Snowball sampling".
    """

    start: int | None = None
    n_acquaintances: int = 10
    n_recruited: int = 3

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        n_known = _check.whole_number(
            "n_acquaintances", self.n_acquaintances, low=1, high=50, meaning="whom each one knows"
        )
        n_recruited = _check.whole_number(
            "n_recruited", self.n_recruited, low=1, high=n_known, meaning="whom each one brings"
        )
        start = _start(self.start, draw.population, rng)
        acquaintances = _acquaintances(draw.population, n_known)
        wish = rng.random(acquaintances.shape).argsort(1)[:, :n_recruited]
        recruits = np.take_along_axis(acquaintances, wish, 1)
        is_reached = np.zeros(len(draw.population), bool)
        is_reached[_reached(recruits, start, draw)[: pool_size(draw)]] = True
        return _drawn_in_pool(draw, is_reached, f"first reached by word of mouth from {start}")


@dataclass(frozen=True, slots=True)
class Diverse(Mechanism):
    """Take typical examples that differ from each other: the nearest to k-means centres.

    There is one centre per example of the sample; a share `strength` of it is taken this way,
    the rest at random.

    Notes
    -----
    Not by chance but by design; `Selection.probability` is that of the mixture given the centres.
    Centres are fitted to 3,000 examples at most (or 1.5 n), in a few rounds (measured with 50
    features: 20 ms of CPU for `n` = 100, 110 ms for 1,000); another strength with the same `n`
    and seed finds them kept.

    References
    ----------
    Hacohen et al. 2022, "Active learning on a budget: opposite strategies suit high and low
    budgets" (TypiClust).
    """

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        if draw.strength == 0:
            return draw.at_random()
        typical = _typical(draw, rng)
        n_typical = min(len(typical), round(draw.strength * draw.n))
        key = draw.log_key.copy()
        is_typical = np.zeros(len(key), bool)
        is_typical[typical] = True
        key[typical[np.argsort(key[typical])[:n_typical]]] = -np.inf
        chance = (1 - draw.strength) / len(key) + draw.strength * uniform(is_typical)
        return draw.sample(
            first_of(key, draw.n),
            chance,
            f"{n_typical:,} of them as typical and different as can be (nearest to the centres of "
            f"{draw.n:,} clusters), the rest at random.",
        )


def _start(start: int | None, population: Population, rng: np.random.Generator) -> int:
    drawn = int(rng.integers(len(population)))
    if start is None:
        return drawn
    return _check.whole_number(
        "start", start, low=0, high=len(population) - 1, meaning="an example of the population"
    )


def _distance(x: Floats, start: int | Indices) -> Floats:
    """Return each example's squared distance to one example, the same or one for each."""
    difference = x - x[start]
    distance: Floats = np.einsum("ij,ij->i", difference, difference)
    return distance


def _one_of_each_class(draw: Draw, k: int) -> Indices:
    """Return an example of each class, drawn at random; 0 where a class has none."""
    order = np.argsort(draw.log_key)
    classes, first = np.unique(draw.population.y[order], return_index=True)
    starts = np.zeros(k, np.int64)
    starts[classes] = order[first]
    return starts


def _drawn_in_pool(draw: Draw, is_met: NDArray[np.bool_], who: str) -> Selection:
    if draw.strength == 0:
        return draw.at_random()
    description = f"drawn at random among the {is_met.sum():,} {who}; nobody else."
    return draw.sample(draw.among(is_met), uniform(is_met), description)


def _acquaintances(population: Population, n_known: int) -> Indices:
    """Return the nearest others on the map, shape (n_population, n_known)."""
    from scipy.spatial import cKDTree  # a tenth of a second to load: only for those who use it

    known = _acquaintances_kept.setdefault(population, {})
    if n_known not in known:
        n_asked = min(n_known + 1, len(population))
        # The nearest is the example itself, or one at the same place, which is as good.
        _, near = cKDTree(population.position).query(population.position, n_asked)
        known[n_known] = near.reshape(len(population), n_asked)[:, 1:]
    return known[n_known]


def _reached(recruits: Indices, start: int, draw: Draw) -> Indices:
    """Return everybody in the order of recruiting; whom nobody brings comes last, at random."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    n, n_recruited = recruits.shape
    ends = np.arange(n + 1) * n_recruited
    knows = csr_array((np.ones(recruits.size), recruits.ravel(), ends), shape=(n, n))
    reached = breadth_first_order(knows, start, return_predecessors=False)
    key = draw.log_key.copy()
    key[reached] = -np.inf
    return np.concatenate([reached, np.argsort(key)[len(reached) :]])


def _typical(draw: Draw, rng: np.random.Generator) -> Indices:
    wanted = (draw.n, int(rng.integers(2**62)))
    kept = _typical_kept.get(draw.population)
    if kept is None or kept[0] != wanted:
        kept = (wanted, _find_typical(draw, np.random.default_rng(wanted[1])))
        _typical_kept[draw.population] = kept
    return kept[1]


def _find_typical(draw: Draw, rng: np.random.Generator) -> Indices:
    x = draw.population.x
    n_candidates = min(len(x), max(_N_CANDIDATES, draw.n + draw.n // 2))
    candidates = rng.permutation(len(x))[:n_candidates]
    return candidates[typical_of(x[candidates], draw.n, rng)]
