"""Which pretrained network suits my task? Three answers without training one.

Each scores features (or predictions) of a few labelled target examples; higher is better. All use
the target's labels, and so see what distances between the inputs cannot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check

Array = NDArray[np.float64]
_MAX_STEPS = 50
_STEP_TOLERANCE = 1e-4  # relative change of alpha / beta, far below what moves the evidence
_TINY = 1e-12


def log_me(features: ArrayLike, y: ArrayLike) -> float:
    """Score features by the evidence of a linear model on them (LogME).

    Parameters
    ----------
    features : array, shape (n, d)
        Of the labelled target examples, by the pretrained network.
    y : array, shape (n,)
        Classes as whole numbers or text; decimal numbers are an outcome to regress.

    Returns
    -------
    float
        Log evidence per example (nats), the mean over the classes; higher is better. Comparable
        between features of the same examples only.

    Raises
    ------
    ValueError
        NaN, one example, one class, or labels that do not fit the features.

    Notes
    -----
    log p(y | features), with the weights of a Bayesian linear regression integrated out and its
    two precisions set to their most likely values by a fixed point. Each class is a 0/1 outcome.
    Features are used as they are: no intercept, no scaling.

    References
    ----------
    You, Liu, Wang & Long (2021), LogME: practical assessment of pre-trained models for transfer
    learning, ICML, algorithm 1. You et al. (2022), JMLR 23, for the fixed point.

    Examples
    --------
    >>> y = np.array([0, 0, 1, 1])
    >>> log_me([[0.0], [0], [1], [1]], y) > log_me([[0.0], [1], [0], [1]], y)
    True
    """
    x = _check.table("features", features)
    values = _check.outcomes("y", y, len(x))
    outcomes = values[:, None] if values.dtype.kind == "f" else _one_hot("y", values)
    left, singular, _ = np.linalg.svd(x, full_matrices=False)
    return float(np.mean([_evidence(left, singular**2, x.shape, one) for one in outcomes.T]))


def _evidence(left: Array, spectrum: Array, shape: tuple[int, int], outcome: Array) -> float:
    """Return the largest log evidence per example of one outcome."""
    n, d = shape
    along = (left.T @ outcome) ** 2
    outside = max(float((outcome**2).sum() - along.sum()), 0.0)  # what no weights can reach
    alpha = beta = 1.0
    for _ in range(_MAX_STEPS):
        precision = alpha + beta * spectrum
        used = (beta * spectrum / precision).sum()  # gamma: how many directions the data decide
        size = (beta**2 * spectrum * along / precision**2).sum()  # |mean weights|^2
        missed = (along * (alpha / precision) ** 2).sum() + outside
        before = alpha / beta
        alpha = max(used, _TINY) / max(size, _TINY)
        beta = max(n - used, _TINY) / max(missed, _TINY)
        if abs(alpha / beta - before) <= _STEP_TOLERANCE * before:
            break
    precision = alpha + beta * spectrum
    size = (beta**2 * spectrum * along / precision**2).sum()
    missed = (along * (alpha / precision) ** 2).sum() + outside
    log_det = np.log(precision).sum() + (d - len(spectrum)) * np.log(alpha)
    evidence = d * np.log(alpha) + n * np.log(beta / (2 * np.pi)) - log_det
    return float((evidence - beta * missed - alpha * size) / (2 * n))


def leep(source_proba: ArrayLike, y: ArrayLike) -> float:
    """Score a source model by how much its own classes tell of the target's (LEEP).

    Parameters
    ----------
    source_proba : array, shape (n, k_source), 0..1
        What the source model, head included, makes of the labelled target examples; rows sum to 1.
    y : array, shape (n,)
        The target's classes.

    Returns
    -------
    float, <= 0
        Mean log likelihood (nats) of y when it is read off the source's classes; higher is better.

    Notes
    -----
    With the empirical joint distribution of target and source classes, mean over the examples of
    log sum_z p(y | z) source_proba(z). No head is trained.

    References
    ----------
    Nguyen, Hassner, Seeger & Archambeau (2020), LEEP: a new measure to evaluate transferability
    of learned representations, ICML, equation 2.

    Examples
    --------
    >>> leep([[1.0, 0], [1, 0], [0, 1], [0, 1]], ["cat", "cat", "dog", "dog"])
    0.0
    """
    proba = _check.probabilities("source_proba", source_proba)
    membership = _one_hot("y", _check.outcomes("y", y, len(proba)))
    joint = membership.T @ proba  # n p(y, z)
    of_y_given_z = joint / np.maximum(joint.sum(axis=0), _TINY)
    likelihood = ((proba @ of_y_given_z.T) * membership).sum(axis=1)
    return float(np.log(np.maximum(likelihood, _TINY)).mean())


def h_score(features: ArrayLike, y: ArrayLike) -> float:
    """Score features by how much of their spread is between the classes (H-score).

    Parameters
    ----------
    features : array, shape (n, d)
        Of the labelled target examples, by the pretrained network.
    y : array, shape (n,)
        The target's classes.

    Returns
    -------
    float, 0..min(d, k - 1)
        Higher is better.

    Notes
    -----
    tr(S^-1 B), with S the covariance of the features and B that of the class means. With fewer
    examples than features S cannot be inverted, so S is shrunk as Ledoit & Wolf (2004) do, and B
    by the same share: without it, 100 examples of 512 features would score k - 1 always.

    References
    ----------
    Bao, Li, Huang, Zhang, Zheng, Zamir & Guibas (2019), An information-theoretic approach to
    transferability in task transfer learning, ICIP. Ibrahim, Ponomareva & Mazumder
    (2021), Newer is not always better: rethinking transferability metrics, arXiv 2110.06893.

    Examples
    --------
    >>> y = np.array([0, 0, 1, 1])
    >>> h_score([[0.0], [1], [10], [11]], y) > h_score([[0.0], [10], [1], [11]], y)
    True
    """
    from sklearn.covariance import ledoit_wolf

    x = _check.table("features", features)
    membership = _one_hot("y", _check.outcomes("y", y, len(x)))
    x = x - x.mean(axis=0)
    if not x.any():
        return 0.0
    covariance, shrinkage = ledoit_wolf(x, assume_centered=True)
    counts = membership.sum(axis=0)
    means = membership.T @ x / counts[:, None]
    between = (1 - shrinkage) * (means.T * counts) @ means / len(x)
    # A direction in which nothing varies has nothing between the classes either.
    return float(np.trace(np.linalg.pinv(covariance, hermitian=True) @ between))


def _one_hot(name: str, values: NDArray[np.generic]) -> Array:
    """Return the membership of classes, shape (n, k)."""
    classes, place = np.unique(_check.labels(name, values, len(values)), return_inverse=True)
    return np.eye(len(classes))[place]
