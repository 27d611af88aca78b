"""A linear classifier that believes no label blindly: generalised cross-entropy by L-BFGS.

(1 - p_y^q) / q lies between cross-entropy (q to 0) and the mean absolute error (q = 1); an
example that the model finds impossible hardly pulls at it (Zhang and Sabuncu 2018).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import _check
from . import label_checks as checks
from .drawing import Floats, Indices


def fit_robust_linear(
    x: ArrayLike,
    y: ArrayLike,
    n_classes: int,
    *,
    q: float = 0.7,
    ridge: float = 1e-3,
    n_rounds: int = 100,
) -> tuple[Floats, Floats]:
    """Fit a linear softmax classifier that tolerates wrong labels.

    Parameters
    ----------
    x : array, shape (n, d)
        Features, best of similar scale.
    y : array of int, shape (n,)
        Labels 0..n_classes-1, some of them wrong.
    n_classes : int, >= 2
    q : float, 0..1, default 0.7
        0: cross-entropy. Larger: more robust, and slower to learn.
    ridge : float, 0..1e6, default 1e-3
        Added is ridge ‖kernel‖^2.
    n_rounds : int, 1..100000, default 100
        Of L-BFGS at most.

    Returns
    -------
    kernel : array, shape (d, n_classes)
    bias : array, shape (n_classes,)
        The prediction is (x @ kernel + bias).argmax(1).

    Raises
    ------
    ValueError
        If shapes, labels or numbers do not fit, or x is not finite.

    References
    ----------
    Zhang and Sabuncu 2018, "Generalized cross entropy loss for training deep neural networks with
    noisy labels", equation 6.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.r_[np.full((20, 1), -1.0), np.full((20, 1), 1.0)]
    >>> y = np.r_[np.zeros(20, int), np.ones(20, int)]
    >>> y[:6] = 1  # wrong
    >>> kernel, bias = fit_robust_linear(x, y, 2)
    >>> int((x @ kernel + bias).argmax(1)[0])
    0
    """
    from scipy.optimize import minimize

    n_classes = _check.whole_number("n_classes", n_classes, low=2, meaning="the classes")
    q = _check.number("q", q, low=0, high=1, meaning="0 is cross-entropy")
    ridge = _check.number("ridge", ridge, low=0, high=1e6, meaning="the pull towards 0")
    n_rounds = _check.whole_number("n_rounds", n_rounds, low=1, high=100_000, meaning="at most")
    features = checks.features("x", x)
    n, d = features.shape
    labels = checks.labels("y", y, n=n, k=n_classes)
    with_one = np.column_stack([features, np.ones(n)])

    def value_and_gradient(flat: Floats) -> tuple[float, Floats]:
        kernel = flat.reshape(d + 1, n_classes)
        loss, slope = gce_and_slope(with_one @ kernel, labels, q)
        gradient = with_one.T @ slope
        gradient[:d] += 2 * ridge * kernel[:d]
        return loss + ridge * float((kernel[:d] ** 2).sum()), gradient.ravel()

    found = minimize(
        value_and_gradient,
        np.zeros((d + 1) * n_classes),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": n_rounds},
    )
    kernel = found.x.reshape(d + 1, n_classes)
    return kernel[:d], kernel[d]


def gce_and_slope(logits: Floats, y: Indices, q: float) -> tuple[float, Floats]:
    """Return the mean loss and its slope in the logits, shape (n, k)."""
    n = len(y)
    rows = np.arange(n)
    logits = logits - logits.max(1, keepdims=True)
    log_p = logits[rows, y] - np.log(np.exp(logits).sum(1))
    pull = np.exp(q * log_p)
    # expm1, because 1 - p^q loses all digits for a small q.
    loss = -log_p if q == 0 else -np.expm1(q * log_p) / q
    proba = np.exp(logits)
    proba /= proba.sum(1, keepdims=True)
    proba[rows, y] -= 1
    return float(loss.mean()), proba * (pull / n)[:, None]
