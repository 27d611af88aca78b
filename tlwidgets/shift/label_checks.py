"""Checks of labels and predicted probabilities, and the wording of their errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .population import Floats, Indices

TOLERANCE = 1e-3  # of probabilities that should sum to 1; float32 softmax stays well inside


def probabilities(name: str, value: ArrayLike, *, k: int | None = None) -> Floats:
    """Return predicted probabilities, shape (n, k), whose rows sum to 1."""
    array = np.asarray(value)
    if array.ndim != 2 or len(array) == 0 or array.shape[1] < 2 or k not in (None, array.shape[1]):
        columns = "k >= 2" if k is None else k
        raise ValueError(
            f"`{name}` must have shape (n, {columns}), one column per class; got {array.shape}. "
            "For two classes and one column p, stack 1 - p and p."
        )
    if array.dtype.kind not in "fiub":
        raise TypeError(f"`{name}` must hold numbers from 0 to 1; got dtype {array.dtype}.")
    proba = array.astype(np.float64)
    sums = proba.sum(1)
    # NaN fails both.
    if not (proba.min() >= 0 and np.abs(sums - 1).max() <= TOLERANCE):
        raise ValueError(
            f"`{name}` must be probabilities, each row from 0 to 1 with sum 1; got values from "
            f"{proba.min():g} to {proba.max():g} and sums from {sums.min():g} to {sums.max():g}. "
            "Apply a softmax to logits."
        )
    return proba


def labels(name: str, value: ArrayLike, *, n: int, k: int) -> Indices:
    """Return n labels 0..k-1."""
    array = np.asarray(value)
    if array.shape != (n,):
        raise ValueError(
            f"`{name}` must have shape ({n},), one label per row of probabilities; got "
            f"{array.shape}."
        )
    if array.dtype.kind not in "iu" and not _are_whole(array):
        raise TypeError(
            f"`{name}` must hold whole numbers, the classes; got dtype {array.dtype}. Number them "
            "in the order of the columns, for instance with np.unique(..., return_inverse=True)."
        )
    if array.min() < 0 or array.max() >= k:
        raise ValueError(
            f"`{name}` must be classes from 0 to {k - 1}, because there are {k} columns of "
            f"probabilities; got {array.min():g} to {array.max():g}."
        )
    return array.astype(np.int64)


def _are_whole(array: NDArray[np.generic]) -> bool:
    return array.dtype.kind == "f" and np.array_equal(array, np.floor(array))


def every_class(name: str, n_per_class: Indices) -> None:
    """Refuse labels in which a class is missing: nothing is known of it."""
    missing = np.flatnonzero(n_per_class == 0).tolist()
    if missing:
        raise ValueError(
            f"`{name}` must hold every class; it has no example of {missing}. Add some, or drop "
            "these columns of the probabilities."
        )


def label_ratio(name: str, value: ArrayLike, *, k: int) -> Floats:
    """Return how much more frequent each of k classes is."""
    array = np.asarray(value, dtype=np.float64)
    if array.shape != (k,) or not (array.min() >= 0 and 0 < array.max() < np.inf):
        raise ValueError(
            f"`{name}` must hold {k} finite numbers of at least 0, one per class and not all 0; "
            f"got {np.array2string(array, threshold=12)}."
        )
    return array


def features(name: str, value: ArrayLike) -> Floats:
    """Return finite features of shape (n, d)."""
    array = np.asarray(value)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiub":
        raise ValueError(
            f"`{name}` must be numbers of shape (n, d), one row per example; got shape "
            f"{array.shape} and dtype {array.dtype}."
        )
    if not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be finite; got NaN or infinity. Fill or drop such rows.")
    return array.astype(np.float64)
