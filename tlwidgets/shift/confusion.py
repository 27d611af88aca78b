"""How often a model predicts each class for each class: the joint confusion matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import label_checks as checks
from .drawing import Floats


def estimate_confusion(y: ArrayLike, proba: ArrayLike, *, is_soft: bool = True) -> Floats:
    """Return how often each class is predicted for each class.

    Parameters
    ----------
    y : array of int, shape (n,)
        True labels, 0..k-1; every class at least once.
    proba : array, shape (n, k)
        Predicted probabilities.
    is_soft : bool, default True
        Whether predictions count by their probabilities, or only by the winner.

    Returns
    -------
    array, shape (k, k)
        Entry (i, j) is p(predicted i, label j); they sum to 1. `np.linalg.cond` of it says how
        much BBSE blows up an error of the predictions.

    Examples
    --------
    >>> estimate_confusion([0, 1, 1, 1], [[1, 0], [0, 1], [0, 1], [1, 0]]).tolist()
    [[0.25, 0.25], [0.0, 0.5]]
    """
    proba = checks.probabilities("proba", proba)
    n, k = proba.shape
    y = checks.labels("y", y, n=n, k=k)
    checks.every_class("y", np.bincount(y, minlength=k))
    votes = proba if is_soft else np.eye(k)[proba.argmax(1)]
    confusion: Floats = votes.T @ np.eye(k)[y] / n
    return confusion


def what_is_known(
    y_known: ArrayLike, proba_known: ArrayLike, proba_target: ArrayLike, *, is_soft: bool
) -> tuple[Floats, Floats, Floats]:
    """Return the confusion matrix, how often each class is predicted on the target, the prior."""
    known = checks.probabilities("proba_known", proba_known)
    n, k = known.shape
    target = checks.probabilities("proba_target", proba_target, k=k)
    y = checks.labels("y_known", y_known, n=n, k=k)
    n_per_class = np.bincount(y, minlength=k)
    checks.every_class("y_known", n_per_class)
    votes = target if is_soft else np.eye(k)[target.argmax(1)]
    return estimate_confusion(y, known, is_soft=is_soft), votes.mean(0), n_per_class / n
