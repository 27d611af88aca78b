"""Wrong labels, found by what a model that has not seen them thinks: confident learning.

C[i, j] counts examples labelled i that confidently look like j; off the diagonal stand the
errors (Northcutt et al. 2021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import label_checks as checks
from .drawing import Floats, Indices


def find_label_errors(y: ArrayLike, proba: ArrayLike) -> NDArray[np.bool_]:
    """Find the examples that confidently look like another class than their label says.

    Parameters
    ----------
    y : array of int, shape (n,)
        Labels 0..k-1, some of them wrong.
    proba : array, shape (n, k)
        Predicted out of sample, for instance by `cross_val_predict`; a model that has learned the
        wrong labels by heart finds nothing.

    Returns
    -------
    array of bool, shape (n,)

    Notes
    -----
    "Confident" is a probability of at least the mean that the class reaches on examples with its
    label. Rare noise of one class into its neighbour is found well; where most labels of a class
    are wrong, they look right.

    References
    ----------
    Northcutt et al. 2021, "Confident learning: estimating uncertainty in dataset labels",
    equation 1 and section 3.2, method 2 (off-diagonals of the confident joint).

    Examples
    --------
    >>> find_label_errors([0, 0, 1, 1], [[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]).tolist()
    [False, True, False, False]
    """
    proba, labels = _checked(y, proba)
    looks_like = _confident_class(labels, proba)
    is_error: NDArray[np.bool_] = (looks_like >= 0) & (looks_like != labels)
    return is_error


def estimate_confident_joint(y: ArrayLike, proba: ArrayLike) -> Floats:
    """Count how many examples of each label are, by the looks of them, of each class.

    Parameters
    ----------
    y : array of int, shape (n,)
        Labels 0..k-1, some of them wrong.
    proba : array, shape (n, k)
        Predicted out of sample.

    Returns
    -------
    array, shape (k, k), >= 0
        Entry (i, j): labelled i and really j, scaled so that row i sums to the number of examples
        labelled i.

    References
    ----------
    Northcutt et al. 2021, equations 1 and 3.

    Examples
    --------
    >>> proba = [[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    >>> estimate_confident_joint([0, 0, 1, 1], proba).tolist()
    [[1.0, 1.0], [0.0, 2.0]]
    """
    proba, labels = _checked(y, proba)
    k = proba.shape[1]
    looks_like = _confident_class(labels, proba)
    is_sure = looks_like >= 0
    counts = np.bincount(labels[is_sure] * k + looks_like[is_sure], minlength=k * k)
    counts = counts.reshape(k, k).astype(np.float64)
    n_per_class = np.bincount(labels, minlength=k)
    # A label of which no example is clear is taken at its word.
    unclear = np.flatnonzero(counts.sum(1) == 0)
    counts[unclear, unclear] = 1
    scaled: Floats = counts * (n_per_class / counts.sum(1))[:, None]
    return scaled


def estimate_noise_transition(confident_joint: ArrayLike) -> Floats:
    """Estimate how often each class gets which label.

    Parameters
    ----------
    confident_joint : array, shape (k, k), >= 0
        Of `estimate_confident_joint`.

    Returns
    -------
    array, shape (k, k)
        Entry (j, i) is p(labelled i | really j); each row sums to 1.

    Examples
    --------
    >>> estimate_noise_transition([[3.0, 1.0], [0.0, 3.0]]).tolist()
    [[1.0, 0.0], [0.25, 0.75]]
    """
    by_class = checks.counts("confident_joint", confident_joint).T
    total = by_class.sum(1, keepdims=True)
    # A class that no example looks like: nothing says that its labels are wrong.
    return np.where(total > 0, by_class / np.where(total > 0, total, 1), np.eye(len(by_class)))


def _checked(y: ArrayLike, proba: ArrayLike) -> tuple[Floats, Indices]:
    checked = checks.probabilities("proba", proba)
    return checked, checks.labels("y", y, n=len(checked), k=checked.shape[1])


def _confident_class(labels: Indices, proba: Floats) -> Indices:
    """Return the class that each example confidently looks like, -1 where there is none."""
    n, k = proba.shape
    n_per_class = np.bincount(labels, minlength=k)
    own = np.bincount(labels, proba[np.arange(n), labels], minlength=k)
    # A class without any label has no threshold that could be reached.
    threshold = np.where(n_per_class > 0, own / np.maximum(n_per_class, 1), np.inf)
    # A mean of equal numbers may exceed them by the last bit.
    confident = np.where(proba >= threshold - 1e-12, proba, -1.0)
    best = confident.argmax(1)
    return np.where(confident[np.arange(n), best] >= 0, best, -1)
