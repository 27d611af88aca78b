"""Self-training: let the classifier label those examples of the target it is sure of."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from . import errors


@errors.never_takes_target_labels
def pseudo_label(
    probabilities: ArrayLike, *, confidence: float = 0.9
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose the examples that the classifier is sure of, and what it says about them.

    Parameters
    ----------
    probabilities : array, shape (n, classes), 0..1, rows sum to 1
        What the classifier says about the target.
    confidence : float, 0..1
        Only examples whose largest probability is higher are chosen.

    Returns
    -------
    chosen : array of int64, shape (n_chosen,)
        Positions of the examples; there may be none.
    labels : array of int64, shape (n_chosen,)
        Their most probable classes. They are guesses: train on them and the source together.

    Raises
    ------
    TypeError, ValueError
        If the rows are no probabilities, or labels are passed.

    References
    ----------
    Lee (2013), Pseudo-Label, ICML workshop, eq. 14; with a threshold as in Sohn et al. (2020),
    FixMatch, NeurIPS, eq. 4.

    Examples
    --------
    >>> pseudo_label([[0.05, 0.95], [0.6, 0.4], [0.97, 0.03]])
    (array([0, 2]), array([1, 0]))
    """
    errors.examples_only("probabilities", probabilities)
    p = np.asarray(probabilities, np.float64)
    is_table = p.ndim == 2 and len(p) > 0 and p.shape[1] > 1
    if not is_table or p.min() < 0 or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise ValueError(
            "`probabilities` must have shape (n, classes), 2 classes or more, each row summing to "
            f"1; got shape {p.shape}. Logits become probabilities by a softmax."
        )
    low = _check.number("confidence", confidence, low=0, high=1, meaning="a probability")
    chosen = np.flatnonzero(p.max(axis=1) > low)
    return chosen, p[chosen].argmax(axis=1)
