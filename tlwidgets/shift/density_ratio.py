"""How much each example of a biased sample should count.

That is the density ratio p_population(x) / p_sample(x): above 1 where the sample has too few,
below 1 where it has too many (importance weights under covariate shift, Shimodaira 2000). All
ratios here have mean 1 over the sample, and need overlap: wherever the population is, the sample
must be, too. A kernel k(a, b) = exp(-|a - b|^2 / (2 bandwidth^2)) says
how alike two examples are; its distances need features on one scale.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _check
from .._check import Floats, Indices

_MAX_ITERATIONS = 300  # of the logistic regression
# Of each sample: enough for a median, whose error is then about one percent, in 1 ms.
_N_FOR_MEDIAN = 200
# KLIEP: tried, in multiples of the median distance.
BANDWIDTHS = (0.2, 0.3, 0.5, 0.7, 1.0, 1.5)
# Where one example would have to count as much as this share of the sample, nobody stands in.
_LARGEST_STAND_IN = 0.2
_SMALLEST_SAMPLE = 50  # below, that share of it is so small a ratio that luck reaches it
LEAST_OVERLAP = 0.8  # below it no weights are to be trusted
_N_FOR_OVERLAP = 1000  # of each sample
_GAP = 0.03  # nats per example that a longer search could still win
_MAX_STEPS = 1000
_TINY = 1e-300


def true_ratio(probability: ArrayLike) -> Floats:
    """Return the density ratio when it is known who was drawn with which chance.

    Parameters
    ----------
    probability : array, shape (n_sample,), > 0
        The chance of each example of the sample to be drawn, up to a common factor:
        `selection.probability[selection.indices]`.

    Returns
    -------
    array of float64, shape (n_sample,), > 0, mean 1

    Notes
    -----
    Whoever is drawn half as often counts twice (Horvitz & Thompson, 1952). Whoever is never drawn
    is not in the sample, and no ratio brings them back.

    Examples
    --------
    >>> true_ratio([0.2, 0.2, 0.4]).round(2).tolist()
    [1.2, 1.2, 0.6]
    """
    chance = _check.ratios("probability", probability)
    if chance.min() <= 0:
        raise ValueError(
            f"`probability` must be above 0; got {chance.min():g}. Give the chances of those who "
            "were drawn: probability[indices]."
        )
    return _mean_one(chance.min() / chance)


def clip_ratio(density_ratio: ArrayLike, largest: float) -> Floats:
    """Let no example count more than `largest` times the average one.

    Parameters
    ----------
    density_ratio : array, shape (n,), >= 0
    largest : float, >= 1
        In multiples of the mean ratio.

    Returns
    -------
    array of float64, shape (n,), >= 0, mean 1
        Brought back to mean 1 after the clipping, and so a little above `largest` at most.

    Notes
    -----
    Less variance for some bias: the effective sample size never falls (Ionides, 2008).

    Examples
    --------
    >>> clip_ratio([1, 1, 10], 2).round(2).tolist()
    [0.3, 0.3, 2.4]
    """
    ratio = _mean_one(_check.ratios("density_ratio", density_ratio))
    limit = _check.number(
        "largest", largest, low=1, high=float("inf"), meaning="in multiples of the mean ratio"
    )
    return _mean_one(np.minimum(ratio, limit))


def overlap(x_sample: ArrayLike, x_population: ArrayLike) -> float:
    """Return the share of the population for which somebody in the sample stands in.

    Parameters
    ----------
    x_sample : array, shape (n_sample, d)
    x_population : array, shape (n_population, d)

    Returns
    -------
    float, 0..1
        Below 0.8 no weights are to be trusted: the estimators of this module then warn.

    Notes
    -----
    A logistic regression learns on one half to tell the two apart; on the other half its scores
    become probabilities again (Platt 1999), and these a density ratio at each example of the
    population. There somebody stands in if one example of the sample need not count more than a
    fifth of the sample. The mean of the ratio over the sample, which is 1 where there is overlap,
    would be the nearer measure: but kernel mean matching and KLIEP hold it at 1, and of a
    classifier judged where it learned it falls to 0.02 without any shift, as soon as there are
    more features than examples (measured). A hole in the middle, which no line can separate,
    is not seen.

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines, Advances in Large Margin
    Classifiers.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> here, there = rng.normal(0, 1, (300, 2)), rng.normal(0.5, 1, (300, 2))
    >>> overlap(here, there), overlap(here, there + 9)
    (1.0, 0.0)
    """
    return _overlap(*on_one_scale(x_sample, x_population))


def _overlap(sample: Floats, population: Floats) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rng = np.random.default_rng(0)
    parts = [_some_rows(x, _N_FOR_OVERLAP, rng) for x in (sample, population)]
    is_population = np.repeat([0, 1], [len(part) for part in parts])
    score = cross_val_predict(
        LogisticRegression(max_iter=_MAX_ITERATIONS),
        np.concatenate(parts),
        is_population,
        cv=StratifiedKFold(2, shuffle=True, random_state=0),
        method="decision_function",
    )
    score = (score / max(float(score.std()), 1e-12))[:, None]
    honest = LogisticRegression(C=1e4, max_iter=_MAX_ITERATIONS).fit(score, is_population)
    log_odds = honest.decision_function(score[len(parts[0]) :])
    log_ratio = log_odds + np.log(len(parts[0]) / len(parts[1]))
    largest = _LARGEST_STAND_IN * max(len(sample), _SMALLEST_SAMPLE)
    return float(np.mean(log_ratio < np.log(largest)))


def _warn_of_no_overlap(sample: Floats, population: Floats) -> None:
    share = _overlap(sample, population)
    if share >= LEAST_OVERLAP:
        return
    warnings.warn(
        "`x_sample` and `x_population` hardly overlap: for "
        f"{100 * (1 - share):.0f} % of the population nobody in the sample stands in. Weights "
        "cannot bring back who is not there, and a large effective sample size means nothing "
        "here. Take a sample from the whole population, or a few labels of the missing.",
        RuntimeWarning,
        stacklevel=3,
    )


@dataclass(frozen=True, slots=True)
class LogisticRatio:
    """Ask a classifier whether an example comes from the population or from the sample.

    Parameters
    ----------
    C : float, > 0
        Inverse strength of the penalty on the coefficients, as in scikit-learn.

    Warns
    -----
    RuntimeWarning
        Where the two hardly `overlap`: no weights are to be trusted then.

    Notes
    -----
    With the odds of "population", ratio = odds * n_sample / n_population. It is exact where the
    log ratio is linear in the features (two Gaussians with the same covariance); anything bent is
    missed. Quick enough for a slider: about 10 ms of CPU at 3,000 + 3,000 examples of 50
    features, and 20 for the warning.

    References
    ----------
    Bickel, Brueckner & Scheffer (2009), Discriminative learning under covariate shift, JMLR 10.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ratio = LogisticRatio()(rng.normal(0, 1, (500, 1)), rng.normal(1, 1, (500, 1)))
    >>> ratio.shape, round(float(ratio.mean()), 6)
    ((500,), 1.0)
    """

    C: float = 1.0

    def __post_init__(self) -> None:
        _check.positive("C", self.C, meaning="the inverse strength of the penalty")

    def __call__(self, x_sample: ArrayLike, x_population: ArrayLike) -> Floats:
        """Return the density ratio at each example of the sample, shape (n_sample,), mean 1."""
        sample, population = on_one_scale(x_sample, x_population)
        _warn_of_no_overlap(sample, population)
        return self._ratio(sample, population)

    def unwarned(self, x_sample: ArrayLike, x_population: ArrayLike) -> Floats:
        """Return the same for who asks for the `overlap` himself."""
        return self._ratio(*on_one_scale(x_sample, x_population))

    def _ratio(self, sample: Floats, population: Floats) -> Floats:
        from sklearn.linear_model import LogisticRegression

        is_population = np.repeat([0, 1], [len(sample), len(population)])
        model = LogisticRegression(C=self.C, max_iter=_MAX_ITERATIONS)
        model.fit(np.concatenate([sample, population]), is_population)
        log_odds: Floats = model.decision_function(sample)
        return _mean_one(np.exp(log_odds - log_odds.max()))  # the largest is 1: no overflow


def _mean_one(ratio: Floats) -> Floats:
    safe: Floats = ratio / ratio.max()  # first, so that the sum cannot overflow
    mean: float = safe.mean()
    return safe / mean


def _estimated(ratio: Floats) -> Floats:
    """Return an estimate with mean 1, or say that there is nothing to weight with."""
    if not ratio.any():
        raise ValueError(
            "`x_sample` and `x_population` must overlap; got a density ratio of 0 at every one of "
            f"the {len(ratio)} examples of the sample: nobody in it is like the population. Take "
            "a sample from the whole population, or a wider `bandwidth`."
        )
    return _mean_one(ratio)


def on_one_scale(x_sample: ArrayLike, x_population: ArrayLike) -> tuple[Floats, Floats]:
    """Return both with standard deviation 1 in each feature, over the two together.

    A feature that is constant becomes 0 and counts nothing.
    """
    sample, population = _check.two_tables(
        ("x_sample", "x_population"), (x_sample, x_population), least=2
    )
    both = np.concatenate([sample, population])
    center = both.mean(axis=0)
    both -= center
    spread = np.sqrt(np.einsum("ij,ij->j", both, both) / len(both))
    # Rounding leaves a constant feature with a spread of 1e-16 times its value.
    scale = np.where(spread > 1e-12 * (1 + np.abs(center)), spread, np.inf)
    both /= scale
    return both[: len(sample)], both[len(sample) :]


def gaussian_kernel(a: Floats, b: Floats, bandwidth: float) -> Floats:
    """Return the similarity of each of `a` to each of `b`, shape (n_a, n_b), 0..1."""
    from sklearn.metrics.pairwise import rbf_kernel

    similarity: Floats = rbf_kernel(a, b, gamma=0.5 / bandwidth**2)
    return similarity


def median_distance(a: Floats, b: Floats, rng: np.random.Generator) -> float:
    """Return the median distance between two examples of both samples; 1 if they are all equal."""
    from sklearn.metrics.pairwise import euclidean_distances

    both = np.concatenate([_some_rows(a, _N_FOR_MEDIAN, rng), _some_rows(b, _N_FOR_MEDIAN, rng)])
    squared = euclidean_distances(both, squared=True)[np.triu_indices(len(both), k=1)]
    apart = squared[squared > 1e-12 * both.shape[1]]
    return float(np.sqrt(np.median(apart))) if len(apart) else 1.0


def _some_rows(x: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Return at most `n` rows, drawn without replacement."""
    return x if len(x) <= n else x[rng.choice(len(x), n, replace=False)]


@dataclass(frozen=True, slots=True)
class KLIEP:
    """Fit bumps to the density ratio by maximum likelihood.

    The ratio is a sum of Gaussian bumps around some of the population's examples. Their heights
    make the mean log ratio over the population largest, with mean 1 over the sample.

    Parameters
    ----------
    bandwidth : float, > 0, optional
        Of the Gaussian bumps, in multiples of the median distance between examples. By default
        the best of `BANDWIDTHS` in cross-validation.
    n_centers : int, >= 1
        How many of the population's examples get a bump.
    n_folds : int, >= 2
        Of the cross-validation over the population.
    seed : int, >= 0
        Draws the centers and the folds.

    Warns
    -----
    RuntimeWarning
        Where the two hardly `overlap`: no weights are to be trusted then.

    Notes
    -----
    For a slider fix `bandwidth=0.5, n_centers=50` (measured: 10 to 13 ms of CPU at samples of 300
    to 3,000 with 50 features; 150 ms with the choice). Heights times
    each bump's mean over the sample are the proportions of a mixture, so that expectation
    maximisation finds them: no step size, never outside the constraints, and it stops when at
    most 0.03 nats per example are left to win.

    References
    ----------
    Sugiyama, Suzuki, Nakajima, Kashima, von Buenau & Kawanabe (2008), Direct importance estimation
    for covariate shift adaptation, Annals of the Institute of Statistical Mathematics 60.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ratio = KLIEP()(rng.normal(0, 1, (500, 1)), rng.normal(1, 1, (500, 1)))
    >>> ratio.shape, round(float(ratio.mean()), 6)
    ((500,), 1.0)
    """

    bandwidth: float | None = None
    n_centers: int = 100
    n_folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.bandwidth is not None:
            _check.positive(
                "bandwidth", self.bandwidth, meaning="in multiples of the median distance"
            )
        _check.whole_number("n_centers", self.n_centers, low=1, meaning="the number of bumps")
        _check.whole_number("n_folds", self.n_folds, low=2, meaning="of the cross-validation")
        _check.seed(self.seed)

    def __call__(self, x_sample: ArrayLike, x_population: ArrayLike) -> Floats:
        """Return the density ratio at each example of the sample, shape (n_sample,), mean 1."""
        sample, population = on_one_scale(x_sample, x_population)
        _warn_of_no_overlap(sample, population)
        rng = np.random.default_rng(self.seed)
        unit = median_distance(sample, population, rng)
        centers = _some_rows(population, self.n_centers, rng)
        n_folds = min(self.n_folds, len(sample), len(population))
        folds = [rng.permutation(len(x)) % n_folds for x in (sample, population)]

        def bumps(bandwidth: float) -> list[Floats]:
            return [gaussian_kernel(x, centers, bandwidth * unit) for x in (sample, population)]

        best = self.bandwidth or max(
            BANDWIDTHS, key=lambda bandwidth: _held_out_likelihood(bumps(bandwidth), folds)
        )
        on_sample, on_population = bumps(best)
        return _estimated(on_sample @ _heights(on_sample, on_population))


def _held_out_likelihood(on_both: list[Floats], folds: list[Indices]) -> float:
    """Return the mean log ratio of examples that were not fitted.

    The paper leaves out examples of the population only. Leaving out the sample's too, for the
    mean of 1, keeps small samples from bumps so narrow that they meet one example (measured: a
    third of the error at 300 examples of 2 features).
    """
    (on_sample, on_population), scores = on_both, []
    for fold in range(folds[0].max() + 1):
        own, other = folds[0] == fold, folds[1] == fold
        heights = _heights(on_sample[~own], on_population[~other])
        log_ratio = np.log(np.maximum(on_population[other] @ heights, _TINY)).mean()
        scores.append(log_ratio - np.log(max((on_sample[own] @ heights).mean(), _TINY)))
    return float(np.mean(scores))


def _heights(on_sample: Floats, on_population: Floats) -> Floats:
    """Return the heights of the bumps, shape (k,)."""
    mean_bump = np.maximum(on_sample.mean(axis=0), _TINY)
    bumps = on_population / mean_bump  # each now has mean 1 over the sample
    share = np.full(len(mean_bump), 1 / len(mean_bump))
    for _ in range(_MAX_STEPS):
        gain = (1 / np.maximum(bumps @ share, _TINY)) @ bumps / len(bumps)
        if gain.max() <= 1 + _GAP:  # the gap to the best log likelihood is at most log(max gain)
            break
        share *= gain
    heights: Floats = share / mean_bump
    return heights


@dataclass(frozen=True, slots=True)
class KernelMeanMatching:
    """Weight the sample until its mean, seen through a kernel, is the population's.

    With features phi(x) of a Gaussian kernel, find ratios r with the least
    ``‖mean of r_i phi(x_i) - mean of phi over the population‖²``, where ``0 <= r_i <= largest``
    and the mean of r is within `tolerance` of 1.

    Parameters
    ----------
    bandwidth : float, > 0
        Of the Gaussian kernel, in multiples of the median distance between examples.
    largest : float, >= 1
        Largest ratio that one example may get (B of the paper).
    tolerance : float, 0..1
        How far the mean of the ratios may be from 1 (epsilon of the paper).
    penalty : float, > 0
        Among weightings that match about equally well, prefer the one with the larger effective
        sample size.
    n_landmarks : int, >= 2
        The kernel's features are similarities to this many examples (Nystroem features); more
        are more exact and slower.
    seed : int, >= 0
        Draws the landmarks.

    Warns
    -----
    RuntimeWarning
        Where the two hardly `overlap`: no weights are to be trusted then.

    Raises
    ------
    ImportError
        When called without the solver, which the extras `kmm`, `data` and `lessons` bring.

    Notes
    -----
    For a slider take `n_landmarks=30` (measured: 13 ms of CPU at a sample of 300 with 50 features,
    25 ms at 1,000, 55 ms at 3,000; with 100 landmarks 400 ms at 3,000). Nothing is said about new
    examples: the ratios belong to this sample. With a bandwidth much
    too small nobody is like anybody, and all ratios are equal.

    References
    ----------
    Huang, Smola, Gretton, Borgwardt & Schoelkopf (2006), Correcting sample selection bias by
    unlabeled data, NIPS 19. Williams & Seeger (2001), Using the Nystroem method to speed up kernel
    machines, NIPS 13.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x_sample, x_population = rng.normal(0, 1, (300, 1)), rng.normal(0.5, 1, (300, 1))
    >>> ratio = KernelMeanMatching()(x_sample, x_population)
    >>> round(float(ratio @ x_sample[:, 0]) / 300 - float(x_population.mean()), 1)
    0.0
    """

    bandwidth: float = 1.0
    largest: float = 1000.0
    tolerance: float = 0.01
    penalty: float = 1e-3
    n_landmarks: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        _check.positive("bandwidth", self.bandwidth, meaning="in multiples of the median distance")
        _check.positive("penalty", self.penalty, meaning="the weight of equal ratios")
        _check.number("largest", self.largest, low=1, high=1e12, meaning="the largest ratio")
        _check.number("tolerance", self.tolerance, low=0, high=1, meaning="off the mean of 1")
        _check.whole_number("n_landmarks", self.n_landmarks, low=2, meaning="the kernel's features")
        _check.seed(self.seed)

    def __call__(self, x_sample: ArrayLike, x_population: ArrayLike) -> Floats:
        """Return the density ratio at each example of the sample, shape (n_sample,), mean 1."""
        _piqp()  # before a learner waits
        sample, population = on_one_scale(x_sample, x_population)
        _warn_of_no_overlap(sample, population)
        rng = np.random.default_rng(self.seed)
        bandwidth = self.bandwidth * median_distance(sample, population, rng)
        landmarks = _some_rows(np.concatenate([sample, population]), self.n_landmarks, rng)
        to_features = _half_inverse(gaussian_kernel(landmarks, landmarks, bandwidth))
        features = gaussian_kernel(sample, landmarks, bandwidth) @ to_features
        goal = gaussian_kernel(population, landmarks, bandwidth).mean(axis=0) @ to_features
        return _estimated(self._match(features, goal))

    def _match(self, features: Floats, goal: Floats) -> Floats:
        """Solve the quadratic program."""
        piqp = _piqp()
        from scipy import sparse

        n, k = features.shape
        # z = mean of r_i phi_i as variables of their own: k columns are dense instead of n x n.
        n_times_cost = sparse.diags_array(np.r_[np.full(n, self.penalty), np.full(k, float(n))])
        means = sparse.hstack([sparse.csc_array(features.T / n), -sparse.eye_array(k)])
        mean_ratio = sparse.csc_array(np.r_[np.full(n, 1 / n), np.zeros(k)][None])
        solver = piqp.SparseSolver()
        solver.setup(
            sparse.csc_matrix(n_times_cost),
            np.r_[np.zeros(n), -n * goal],
            sparse.csc_matrix(means),
            np.zeros(k),
            sparse.csc_matrix(mean_ratio),
            np.array([1 - self.tolerance]),
            np.array([1 + self.tolerance]),
            np.r_[np.zeros(n), np.full(k, -np.inf)],
            np.r_[np.full(n, self.largest), np.full(k, np.inf)],
        )
        status = solver.solve()
        if status != piqp.PIQP_SOLVED:
            raise RuntimeError(f"kernel mean matching found no solution: {status.name}.")
        found: Floats = solver.result.x[:n]
        return np.maximum(found, 0)  # an inner point may end at -1e-12


def _piqp() -> Any:
    try:
        import piqp
    except ModuleNotFoundError:
        raise _check.missing_package("piqp", needed_for="KernelMeanMatching", extra="kmm") from None
    return piqp


def _half_inverse(kernel: Floats) -> Floats:
    """Return a W with W W' = kernel^-1, without the directions that are rounding errors."""
    values, vectors = np.linalg.eigh(kernel)
    is_real = values > 1e-8 * values[-1]
    scaled: Floats = vectors[:, is_real] / np.sqrt(values[is_real])
    return scaled
