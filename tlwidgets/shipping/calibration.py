"""Whether probabilities keep their word: of all items said to be 70 %, 70 % should be so.

Items are put into bins of equal width by the probability that was claimed; in each bin the mean
claim stands beside the share that was true (a reliability diagram). The expected calibration error
is the mean distance between the two, each bin counted by its items (Guo et al. 2017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check

if TYPE_CHECKING:
    import pandas as pd

N_BINS = 10
_MAX_BINS = 1000


def calibration_table(
    y: ArrayLike, probability: ArrayLike, *, n_bins: int = N_BINS
) -> pd.DataFrame:
    """Tell me whether the probabilities that a classifier claims come true.

    Parameters
    ----------
    y : array of int or bool, shape (n,), 0 or 1
        What was true: 1 where the item is of the class that is looked for.
    probability : array, shape (n,), 0..1
        What the classifier claimed for that class: ``predict_proba(x)[:, 1]``.
    n_bins : int, 2..1000
        Bins of equal width from 0 to 1.

    Returns
    -------
    DataFrame
        One row per bin that is not empty: `claimed` (mean probability), `true_rate` (share that
        was true), `n` (items).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above, or all of `y` is the same.

    Notes
    -----
    `true_rate` of a bin with n items is uncertain by about ``sqrt(p (1 - p) / n)``: a bin of ten
    items says little.

    References
    ----------
    Niculescu-Mizil and Caruana (2005), Predicting Good Probabilities with Supervised Learning,
    ICML.

    Examples
    --------
    >>> calibration_table([0, 0, 1, 0, 1, 1], [0.1, 0.1, 0.1, 0.9, 0.9, 0.9], n_bins=2)
       claimed  true_rate  n
    0      0.1   0.333333  3
    1      0.9   0.666667  3
    """
    import pandas as pd
    from sklearn.calibration import calibration_curve

    y, probability = truth_and_claim(y, probability)
    n_bins = _check.whole_number("n_bins", n_bins, low=2, high=_MAX_BINS, meaning="of equal width")
    true_rate, claimed = calibration_curve(y, probability, n_bins=n_bins, pos_label=1)
    # scikit-learn keeps the counts to itself; these are its bins, closed on the right.
    inner_edges = np.linspace(0.0, 1.0, n_bins + 1)[1:-1]
    counts = np.bincount(np.searchsorted(inner_edges, probability), minlength=n_bins)
    return pd.DataFrame({"claimed": claimed, "true_rate": true_rate, "n": counts[counts > 0]})


def calibration_error(y: ArrayLike, probability: ArrayLike, *, n_bins: int = N_BINS) -> float:
    """Tell me by how much claimed probabilities miss, on average.

    Parameters
    ----------
    y, probability, n_bins
        As for `calibration_table`.

    Returns
    -------
    float, 0..1
        The expected calibration error: 0.05 means that claims are off by 5 points on average.

    Raises
    ------
    TypeError, ValueError
        As `calibration_table` does.

    Notes
    -----
    ``sum over bins of n / n_all * |true_rate - claimed|``. It is never 0 by chance alone: few items
    or many bins make it larger. It says nothing on whether the classes are told apart: claiming the
    base rate for every item has an error of 0.

    References
    ----------
    Guo et al. (2017), On Calibration of Modern Neural Networks, ICML, arXiv 1706.04599, eq. 3.

    Examples
    --------
    >>> round(calibration_error([0, 0, 1, 1], [0.1, 0.1, 0.9, 0.9]), 3)
    0.1
    """
    table = calibration_table(y, probability, n_bins=n_bins)
    gaps = (table["true_rate"] - table["claimed"]).abs()
    return float(np.average(gaps, weights=table["n"]))


def truth_and_claim(
    y: ArrayLike, probability: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return labels 0 or 1 and as many probabilities."""
    claim = np.asarray(probability)
    if claim.ndim != 1 or claim.dtype.kind not in "uif" or len(claim) == 0:
        raise ValueError(
            "`probability` must have shape (n,), the probability of the class that is looked for; "
            f"got shape {claim.shape} and dtype {claim.dtype}. Take one column: "
            "predict_proba(x)[:, 1]."
        )
    low, high = float(claim.min()), float(claim.max())
    if not (low >= 0 and high <= 1):  # NaN fails this too
        raise ValueError(
            f"`probability` must be from 0 to 1; got values from {low:g} to {high:g}. Logits "
            "become probabilities through the sigmoid, 1 / (1 + exp(-logit))."
        )
    truth = _check.outcomes("y", y, len(claim))
    found = np.unique(truth)
    if truth.dtype.kind not in "uifb" or set(found.tolist()) != {0, 1}:
        shown = ", ".join(repr(label) for label in found[:5].tolist())
        raise ValueError(
            "`y` must hold 0 and 1, both at least once, with 1 for the class that is looked for; "
            f"got {shown}. Names become 0 and 1 with y == 'defective'."
        )
    return truth.astype(np.int64), claim.astype(np.float64)
