"""Groups of similar examples, at a bounded cost, and kept per population."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from .drawing import Floats, Indices
from .population import Population

N_ROUNDS = 6  # of Lloyd's algorithm; measured: more do not change what is drawn noticeably
N_FITTED = 3000  # examples that centres are fitted to; the others are only assigned
LARGEST_K = 64  # centres that are fitted together; more are fitted cluster by cluster

_kept: WeakKeyDictionary[Population, dict[int, Indices]] = WeakKeyDictionary()


def clusters_of(population: Population, k: int) -> Indices:
    """Return the cluster of each example, 0..k-1; found once per population."""
    known = _kept.setdefault(population, {})
    if k not in known:
        rng = np.random.default_rng(0)  # one population, one set of clusters
        x = population.x
        part = rng.permutation(len(x))[:N_FITTED]
        centres = k_means(x[part], min(k, len(part)), rng)
        known[k] = np.concatenate([_nearest(some, centres) for some in _chunks(x)])
    return known[k]


def _chunks(x: Floats) -> list[Floats]:
    return np.array_split(x, -(-len(x) // N_FITTED))


def k_means(x: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Return k centres (MacQueen 1967) after a few rounds of Lloyd's algorithm."""
    centres = x[rng.permutation(len(x))[:k]]
    for _ in range(N_ROUNDS):
        nearest = _nearest(x, centres)
        n_near = np.bincount(nearest, minlength=k)
        sums = np.eye(k)[nearest].T @ x
        has_some = n_near > 0
        centres[has_some] = sums[has_some] / n_near[has_some, None]
    return centres


def typical_of(x: Floats, k: int, rng: np.random.Generator) -> Indices:
    """Return up to k different examples, the nearest to the centres of k clusters.

    Many clusters are sought in two levels: coarse ones first, and in each of them as many as its
    share, which costs sqrt(k) instead of k distances per example.
    """
    if k >= len(x):
        return np.arange(len(x))
    if k <= LARGEST_K:
        return _nearest_to_centres(x, k_means(x, k, rng))
    n_coarse = int(np.sqrt(k))
    coarse = _nearest(x, k_means(x, n_coarse, rng))
    share = _shares(np.bincount(coarse, minlength=n_coarse), k)
    parts = [np.flatnonzero(coarse == c) for c in range(n_coarse)]
    return np.concatenate(
        [
            part[typical_of(x[part], int(some), rng)]
            for part, some in zip(parts, share, strict=True)
            if some
        ]
    )


def _nearest_to_centres(x: Floats, centres: Floats) -> Indices:
    distance = (x**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * x @ centres.T
    nearest = distance.argmin(1)
    order: Indices = np.lexsort((distance[np.arange(len(x)), nearest], nearest))
    firsts: Indices = np.unique(nearest[order], return_index=True)[1]
    return order[firsts]


def _shares(n_near: Indices, k: int) -> Indices:
    """Return how many of k centres each cluster gets: in proportion, the largest rests first."""
    exact = k * n_near / n_near.sum()
    share: Indices = np.floor(exact).astype(np.int64)
    share[np.argsort(share - exact)[: k - share.sum()]] += 1
    return share


def _nearest(x: Floats, centres: Floats) -> Indices:
    nearest: Indices = ((centres**2).sum(1) - 2 * x @ centres.T).argmin(1)
    return nearest
