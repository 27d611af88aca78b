"""The map of a population: places in the plane such that neighbours are alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..data.cache import cached, digest
from ..shift import Population

# More points than this make a slow picture and a map on which one sees no less.
N_SHOWN = 5000
# Raise it when maps are made in another way, so that old cache entries are not found.
_VERSION = 1
# Measured on 5,000 digits: 1.4 CPU seconds, and half of the ten nearest on the map have the same
# class; two principal components: a quarter.
_N_LANDMARKS = 800
_N_NEAREST = 4
_PERPLEXITY = 30.0


def shown_on_map(population: Population) -> NDArray[np.int64]:
    """Return which examples a map shows: all, or 5,000 drawn at random."""
    n = len(population)
    if n <= N_SHOWN:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).permutation(n)[:N_SHOWN])


def map_positions(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where each example lies on the map, shape (n, 2), 0..1; computed once, then kept.

    t-SNE (van der Maaten and Hinton, 2008) places 800 landmarks; everybody else lies between the
    four nearest of them.

    Parameters
    ----------
    x : array, shape (n, d)
    """
    key = digest(_VERSION, x)
    return cached("population-map", key, lambda: {"position": _placed(x)})["position"]


def _placed(x: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.neighbors import NearestNeighbors

    landmarks = np.random.default_rng(0).permutation(len(x))[:_N_LANDMARKS]
    places = _embedded(x[landmarks])
    n_nearest = min(_N_NEAREST, len(landmarks))
    distance, nearest = NearestNeighbors(n_neighbors=n_nearest).fit(x[landmarks]).kneighbors(x)
    closeness = 1 / (distance**2 + 1e-9)  # a landmark itself stays where it is
    closeness /= closeness.sum(axis=1, keepdims=True)
    position = np.einsum("ij,ijk->ik", closeness, places[nearest])
    position -= position.min(axis=0)
    return np.asarray(position / np.maximum(position.max(axis=0), 1e-12))


def _embedded(x: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if x.shape[1] == 1:
        return np.column_stack([x[:, 0], np.zeros(len(x))])
    start = PCA(2, random_state=0).fit_transform(x)
    if len(np.unique(x, axis=0)) < 10:
        return np.asarray(start)
    start *= 1e-4 / start[:, 0].std()
    perplexity = min(_PERPLEXITY, (len(x) - 1) / 3)
    return np.asarray(
        TSNE(2, init=start, perplexity=perplexity, max_iter=500, random_state=0).fit_transform(x),
        np.float64,
    )
