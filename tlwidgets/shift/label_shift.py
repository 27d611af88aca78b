"""Label shift: p(x | y) stays, p(y) changes; classes keep their looks, not their frequencies.

w_j = p_target(y = j) / p_known(y = j), found without any label of the target: from how often
each class is predicted there. With w, predictions are corrected and training re-weighted.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import _check
from .._check import Floats

LARGEST_RATIO = 100.0
LOWEST_RATIO = -0.5  # a class that is not there at all comes out a little below 0 by chance
# Measured on digits: at most 32 where the frequencies came out well, above 100 in 8 of 10 samples
# with about seven examples of each rare class, whose frequencies came out wrong.
LARGEST_CONDITION = 100.0
COLUMNS = "There is one column of probabilities for each class."


@dataclass(frozen=True, slots=True)
class BBSE:
    """Read the target's class frequencies off the predictions, through the confusion matrix.

    Solves C w = m: C[i, j] = p(predicted i, label j) where labels are known, m[i] = p(predicted
    i) on the target.

    Parameters
    ----------
    is_soft : bool, default True
        Whether predictions count by their probabilities, or only by the winner.
    ridge : float, 0..1, default 0
        Pull towards w = 1: minimises ‖C w - m‖^2 + ridge ‖w - 1‖^2.

    Warns
    -----
    RuntimeWarning
        If the ratios are impossible (below -0.5 or above 100; they are clipped to 0..100) or
        the confusion matrix hardly tells the classes apart (condition number above 100): a rare
        class of which too little is known.

    Notes
    -----
    The two limits, 100 for the condition number and 100 for a ratio, were measured on handwritten
    digits only. Other data may need others; a spread over several samples tells.

    References
    ----------
    Lipton et al. 2018, "Detecting and correcting for label shift with black box predictors",
    equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0, 0, 0, 1])
    >>> perfect = np.eye(2)
    >>> BBSE()(y, perfect[y], perfect[[0, 1, 1, 1]]).round(3).tolist()
    [0.333, 3.0]
    """

    is_soft: bool = True
    ridge: float = 0.0

    def __call__(
        self, y_known: ArrayLike, proba_known: ArrayLike, proba_target: ArrayLike
    ) -> Floats:
        """Return the label ratio, shape (k,), >= 0.

        From true labels of n_known examples that the model did not learn from, what it predicts
        for them, shape (n_known, k), and what it predicts on the target, shape (n_target, k).
        """
        ridge = _check.number("ridge", self.ridge, low=0, high=1, meaning="the pull towards 1")
        confusion, predicted, prior = _what_is_known(
            y_known, proba_known, proba_target, is_soft=self.is_soft
        )
        k = len(prior)
        left = np.vstack([confusion, np.sqrt(ridge) * np.eye(k)])
        right = np.concatenate([predicted, np.full(k, np.sqrt(ridge))])
        exact = np.linalg.lstsq(left, right, rcond=None)[0]
        _warn_of_explosion(exact, confusion, round(prior.min() * len(np.asarray(y_known))))
        return _normalised(np.clip(exact, 0, LARGEST_RATIO), prior)


@dataclass(frozen=True, slots=True)
class RLLS:
    """BBSE that trusts the confusion matrix only as far as its examples go.

    Minimises ‖C t - b‖ + D ‖t‖ for t = w - 1 >= -1 and b = m - C 1, where D falls with the number
    of examples.

    Parameters
    ----------
    is_soft : bool, default False
        Whether predictions count by their probabilities, or only by the winner.
    alpha : float, 0..10, default 0.01
        Scale of D = 3 alpha (2 log(2 k / 0.05) / (3 n) + sqrt(2 log(2 k / 0.05) / n)), as in
        the authors' experiments.

    References
    ----------
    Azizzadenesheli et al. 2019, "Regularized learning for domain adaptation under label shifts",
    equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0, 0, 0, 1])
    >>> perfect = np.eye(2)
    >>> RLLS()(y, perfect[y], perfect[[0, 1, 1, 1]]).round(1).tolist()
    [0.3, 3.0]
    """

    is_soft: bool = False
    alpha: float = 0.01

    def __call__(
        self, y_known: ArrayLike, proba_known: ArrayLike, proba_target: ArrayLike
    ) -> Floats:
        """Return the label ratio, shape (k,), >= 0; arguments as for `BBSE`."""
        alpha = _check.number("alpha", self.alpha, low=0, high=10, meaning="the scale of D")
        confusion, predicted, prior = _what_is_known(
            y_known, proba_known, proba_target, is_soft=self.is_soft
        )
        n, k = len(np.asarray(y_known)), len(prior)
        log_term = 2 * np.log(2 * k / 0.05)
        penalty = 3 * alpha * (log_term / (3 * n) + np.sqrt(log_term / n))
        return _normalised(regularised_ratio(confusion, predicted, penalty), prior)


@dataclass(frozen=True, slots=True)
class SaerensEM:
    """Find the class frequencies under which the target's predictions are most likely.

    Repeats: correct the predictions by the current ratio; their mean is the next guess of the
    frequencies. Needs calibrated probabilities, and no confusion matrix.

    Notes
    -----
    Over-confident probabilities mislead it, and nothing says so: of three classes with 0.1, 0.3
    and 0.6 of the target it finds 0.36, 0.27 and 0.38 where each probability is sharpened to
    p^4 / sum of p^4, and `BBSE`, which only needs the confusions, 0.11, 0.31 and 0.59 (measured).
    Calibrate first, or compare the two.

    Parameters
    ----------
    n_rounds : int, 1..100000, default 1000
        At most.
    tolerance : float, 0..1, default 1e-6
        Stops when no frequency moves by more.

    References
    ----------
    Saerens et al. 2002, "Adjusting the outputs of a classifier to new a priori probabilities",
    equation 9.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0, 0, 0, 1])
    >>> perfect = np.eye(2)
    >>> SaerensEM()(y, perfect[y], perfect[[0, 1, 1, 1]]).round(3).tolist()
    [0.333, 3.0]
    """

    n_rounds: int = 1000
    tolerance: float = 1e-6

    def __call__(
        self, y_known: ArrayLike, proba_known: ArrayLike, proba_target: ArrayLike
    ) -> Floats:
        """Return the label ratio, shape (k,), >= 0; arguments as for `BBSE`.

        Of `y_known` only the frequencies count: give the labels that the model learned from.
        """
        n_rounds = _check.whole_number(
            "n_rounds", self.n_rounds, low=1, high=100_000, meaning="at most"
        )
        tolerance = _check.number(
            "tolerance", self.tolerance, low=0, high=1, meaning="of a frequency"
        )
        _, _, prior = _what_is_known(y_known, proba_known, proba_target, is_soft=True)
        proba = np.asarray(proba_target, dtype=np.float64)
        frequency = prior
        for _ in range(n_rounds):
            ratio = frequency / prior
            likelihood = np.maximum(proba @ ratio, np.finfo(float).tiny)
            now = ratio * ((1 / likelihood) @ proba) / len(proba)
            moved = np.abs(now - frequency).max()
            frequency = now
            if moved <= tolerance:
                break
        return _normalised(frequency / prior, prior)


def estimate_confusion(y: ArrayLike, proba: ArrayLike, *, is_soft: bool = True) -> Floats:
    """Return the confusion matrix, shape (k, k): entry (i, j) is p(predicted i, label j)."""
    return _confusion("y", y, "proba", proba, is_soft=is_soft)


def _confusion(
    name: str, y: ArrayLike, name_proba: str, proba: ArrayLike, *, is_soft: bool
) -> Floats:
    proba = _check.probabilities(name_proba, proba)
    n, k = proba.shape
    y = _check.labels(name, y, n=n, k=k, next_step=COLUMNS)
    missing = np.flatnonzero(np.bincount(y, minlength=k) == 0).tolist()
    if missing:
        raise ValueError(
            f"`{name}` must hold every class; it has no example of {missing}. Add some, or drop "
            "these columns of the probabilities."
        )
    confusion: Floats = _votes(proba, is_soft=is_soft).T @ np.eye(k)[y] / n
    return confusion


def _votes(proba: Floats, *, is_soft: bool) -> Floats:
    return proba if is_soft else np.eye(proba.shape[1])[proba.argmax(1)]


def _what_is_known(
    y_known: ArrayLike, proba_known: ArrayLike, proba_target: ArrayLike, *, is_soft: bool
) -> tuple[Floats, Floats, Floats]:
    """Return the confusion matrix, how often each class is predicted on the target, the prior."""
    confusion = _confusion("y_known", y_known, "proba_known", proba_known, is_soft=is_soft)
    target = _check.probabilities("proba_target", proba_target, k=len(confusion))
    return confusion, _votes(target, is_soft=is_soft).mean(0), confusion.sum(0)


def regularised_ratio(confusion: Floats, predicted: Floats, penalty: float) -> Floats:
    """Return the ratio w >= 0 that minimises |C w - m| + penalty |w - 1|.

    The minimum of a sum of two norms lies on the path of the sum of their squares, where it is
    one least-squares problem for each ridge; along the path there is one valley.
    """
    from scipy.optimize import minimize_scalar, nnls

    k = len(predicted)

    def on_path(log_ridge: float) -> Floats:
        root = np.exp(log_ridge / 2)
        left = np.vstack([confusion, root * np.eye(k)])
        ratio: Floats = nnls(left, np.concatenate([predicted, np.full(k, root)]))[0]
        return ratio

    def objective(ratio: Floats) -> float:
        misfit = np.linalg.norm(confusion @ ratio - predicted)
        return float(misfit + penalty * np.linalg.norm(ratio - 1))

    best = minimize_scalar(lambda r: objective(on_path(r)), bounds=(-35.0, 5.0), method="bounded")
    # The path nears 1 but does not reach it; with a large penalty 1 itself is best.
    return min(on_path(best.x), np.ones(k), key=objective)


def correct_posterior(proba: ArrayLike, label_ratio: ArrayLike) -> Floats:
    """Correct predictions for classes that are more or less frequent than they were.

    Parameters
    ----------
    proba : array, shape (n, k)
        Predicted probabilities under the old frequencies.
    label_ratio : array, shape (k,), >= 0
        New frequency of each class by its old one.

    Returns
    -------
    array, shape (n, k)
        p_j w_j / sum of p_i w_i (Saerens et al. 2002, equation 4). A row that the ratio rules out
        altogether stays as it was.

    Examples
    --------
    >>> correct_posterior([[0.5, 0.5]], [1.0, 3.0]).tolist()
    [[0.25, 0.75]]
    """
    proba = _check.probabilities("proba", proba)
    ratio = np.asarray(label_ratio, dtype=np.float64)
    k = proba.shape[1]
    if ratio.shape != (k,) or not (ratio.min() >= 0 and 0 < ratio.max() < np.inf):
        raise ValueError(
            f"`label_ratio` must hold {k} finite numbers of at least 0, one per class and not all "
            f"0; got {np.array2string(ratio, threshold=12)}."
        )
    joint = proba * ratio
    total = joint.sum(1, keepdims=True)
    return np.where(total > 0, joint / np.where(total > 0, total, 1), proba)


def _warn_of_explosion(exact: Floats, confusion: Floats, n_rarest: int) -> None:
    condition = np.linalg.cond(confusion)
    is_possible = exact.min() > LOWEST_RATIO and exact.max() <= LARGEST_RATIO
    if is_possible and condition <= LARGEST_CONDITION:
        return
    warnings.warn(
        "BBSE is not to be trusted here: it finds label ratios (clipped afterwards) from "
        f"{exact.min():.3g} to {exact.max():.3g}, and the confusion matrix has the condition "
        f"number {condition:.3g}, because the rarest class has only {n_rarest} known examples or "
        "is hardly ever predicted. Use SaerensEM, RLLS or a ridge, or collect more of the rare.",
        RuntimeWarning,
        stacklevel=3,
    )


def _normalised(ratio: Floats, prior: Floats) -> Floats:
    """Return the ratio for which the target's frequencies sum to 1."""
    total = float(ratio @ prior)
    # Nothing left after clipping: no evidence of any shift.
    return ratio / total if total > 0 else np.ones(len(prior))
