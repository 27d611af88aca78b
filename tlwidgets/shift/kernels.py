"""Gaussian kernels, and two samples on one scale.

A kernel k(a, b) = exp(-|a - b|^2 / (2 bandwidth^2)) says how alike two examples are: 1 for the
same ones, near 0 beyond a few bandwidths. Distances need features on one scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check

Array = NDArray[np.float64]
# Of each sample: enough for a median, whose error is then about one percent, in 1 ms.
_N_FOR_MEDIAN = 200


def on_one_scale(x_sample: ArrayLike, x_population: ArrayLike) -> tuple[Array, Array]:
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


def squared_distances(a: Array, b: Array) -> Array:
    """Return |a_i - b_j|^2, shape (n_a, n_b)."""
    squared: Array = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.maximum(squared, 0, out=squared)  # rounding can make it -1e-16


def gaussian_kernel(a: Array, b: Array, bandwidth: float) -> Array:
    """Return the similarity of each of `a` to each of `b`, shape (n_a, n_b), 0..1."""
    return gaussian(squared_distances(a, b), bandwidth)


def gaussian(squared: Array, bandwidth: float) -> Array:
    """Return the similarities at squared distances."""
    return np.exp(squared * (-0.5 / bandwidth**2))


def median_distance(a: Array, b: Array, rng: np.random.Generator) -> float:
    """Return the median distance between two examples of both samples; 1 if they are all equal."""
    both = np.concatenate([some_rows(a, _N_FOR_MEDIAN, rng), some_rows(b, _N_FOR_MEDIAN, rng)])
    squared = squared_distances(both, both)[np.triu_indices(len(both), k=1)]
    apart = squared[squared > 1e-12 * both.shape[1]]
    return float(np.sqrt(np.median(apart))) if len(apart) else 1.0


def some_rows(x: Array, n: int, rng: np.random.Generator) -> Array:
    """Return at most `n` rows, drawn without replacement."""
    return x if len(x) <= n else x[rng.choice(len(x), n, replace=False)]
