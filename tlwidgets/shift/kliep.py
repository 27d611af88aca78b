"""The density ratio by likelihood: make the weighted sample explain the population best.

The ratio is a sum of Gaussian bumps around some of the population's examples. Its heights a >= 0
make the mean of log ratio over the population largest, while the mean ratio over the sample is 1
(Sugiyama et al., 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .density_ratio import estimated, positive
from .kernels import gaussian, median_distance, on_one_scale, some_rows, squared_distances

Array = NDArray[np.float64]
BANDWIDTHS = (0.2, 0.3, 0.5, 0.7, 1.0, 1.5)  # tried, in multiples of the median distance
_GAP = 0.03  # nats per example that a longer search could still win
_MAX_STEPS = 1000
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class KLIEP:
    """Fit bumps to the density ratio by maximum likelihood.

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
            positive("bandwidth", self.bandwidth, meaning="in multiples of the median distance")
        _check.whole_number("n_centers", self.n_centers, low=1, meaning="the number of bumps")
        _check.whole_number("n_folds", self.n_folds, low=2, meaning="of the cross-validation")
        _check.whole_number("seed", self.seed, low=0, meaning="which draws centers and folds")

    def __call__(self, x_sample: ArrayLike, x_population: ArrayLike) -> Array:
        """Return the density ratio at each example of the sample, shape (n_sample,), mean 1."""
        sample, population = on_one_scale(x_sample, x_population)
        rng = np.random.default_rng(self.seed)
        unit = median_distance(sample, population, rng)
        centers = some_rows(population, self.n_centers, rng)
        to_sample, to_population = (squared_distances(x, centers) for x in (sample, population))
        n_folds = min(self.n_folds, len(sample), len(population))
        folds = [rng.permutation(len(x)) % n_folds for x in (sample, population)]
        bandwidth = self.bandwidth
        if bandwidth is None:
            bandwidth = max(
                BANDWIDTHS,
                key=lambda b: _held_out_likelihood(
                    gaussian(to_sample, b * unit), gaussian(to_population, b * unit), folds
                ),
            )
        on_sample = gaussian(to_sample, bandwidth * unit)
        return estimated(on_sample @ _heights(on_sample, gaussian(to_population, bandwidth * unit)))


def _held_out_likelihood(
    on_sample: Array, on_population: Array, folds: list[NDArray[np.intp]]
) -> float:
    """Return the mean log ratio of examples that were not fitted.

    The paper leaves out examples of the population only. Leaving out the sample's too, for the
    mean of 1, keeps small samples from bumps so narrow that they meet one example (measured: a
    third of the error at 300 examples of 2 features).
    """
    scores = []
    for fold in range(folds[0].max() + 1):
        own, other = folds[0] == fold, folds[1] == fold
        heights = _heights(on_sample[~own], on_population[~other])
        log_ratio = np.log(np.maximum(on_population[other] @ heights, _TINY)).mean()
        scores.append(log_ratio - np.log(max((on_sample[own] @ heights).mean(), _TINY)))
    return float(np.mean(scores))


def _heights(on_sample: Array, on_population: Array) -> Array:
    """Return the heights of the bumps, shape (k,)."""
    mean_bump = np.maximum(on_sample.mean(axis=0), _TINY)
    bumps = on_population / mean_bump  # each now has mean 1 over the sample
    share = np.full(len(mean_bump), 1 / len(mean_bump))
    for _ in range(_MAX_STEPS):
        gain = (1 / np.maximum(bumps @ share, _TINY)) @ bumps / len(bumps)
        if gain.max() <= 1 + _GAP:  # the gap to the best log likelihood is at most log(max gain)
            break
        share *= gain
    heights: Array = share / mean_bump
    return heights
