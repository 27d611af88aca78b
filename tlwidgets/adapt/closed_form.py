"""Bring two domains together without any training: change features, not parameters.

For features X of shape (n, d) with mean m, standard deviation s and covariance C in each domain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from . import errors

_LARGEST_SHRINKAGE = 1e6


@errors.never_takes_target_labels
def standardise_per_domain(
    source: ArrayLike, target: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give every feature mean 0 and standard deviation 1, in each domain by itself.

    Parameters
    ----------
    source, target : array, shape (n_source, d) and (n_target, d), n >= 2
        Features.

    Returns
    -------
    source, target : arrays of float64
        ``(X - m) / s`` with each domain's own m and s. A feature that is constant becomes 0.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a domain has fewer than 2 examples, or labels are passed.

    Notes
    -----
    It assumes that the classes are mixed alike in both domains: else a difference that means
    something (more defects) is removed as if it were one of the camera. It is what AdaBN
    (Li et al. 2016, eq. 2) does inside a network.

    Examples
    --------
    >>> a, b = standardise_per_domain([[0.0], [2.0]], [[100.0], [500.0]])
    >>> a.ravel().tolist() == b.ravel().tolist() == [-1.0, 1.0]
    True
    """
    source, target = _tables(source, target)
    return _standardised(source), _standardised(target)


@errors.never_takes_target_labels
def align_covariance(
    source: ArrayLike, target: ArrayLike, *, shrinkage: float = 1.0
) -> NDArray[Any]:
    """Give the features of the source the mean and the covariance of the target.

    Parameters
    ----------
    source, target : array, shape (n_source, d) and (n_target, d), n >= 2
        Features.
    shrinkage : float, >= 0
        Is added to the diagonal of both covariances; 1 as in the paper, which standardises its
        features. With 0 there must be more examples than features.

    Returns
    -------
    array of float64, shape (n_source, d)
        ``(X_s - m_s) C_s^(-1/2) C_t^(1/2) + m_t``: train on these, with the labels of the source,
        and test on the target as it is.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a domain has fewer than 2 examples, or labels are passed.

    References
    ----------
    Sun, Feng and Saenko (2016), Return of Frustratingly Easy Domain Adaptation, AAAI, algorithm 1.

    Examples
    --------
    >>> moved = align_covariance([[0.0], [2.0]], [[10.0], [14.0]], shrinkage=0)
    >>> moved.ravel().round(6).tolist()
    [10.0, 14.0]
    """
    source, target = _tables(source, target)
    shrinkage = _check.number(
        "shrinkage", shrinkage, low=0, high=_LARGEST_SHRINKAGE, meaning="added to the diagonal"
    )
    ridge = shrinkage * np.eye(source.shape[1])
    whiten = _power(np.atleast_2d(np.cov(source.T)) + ridge, -0.5)
    colour = _power(np.atleast_2d(np.cov(target.T)) + ridge, 0.5)
    return np.asarray((source - source.mean(0)) @ whiten @ colour + target.mean(0))


def _tables(source: ArrayLike, target: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    errors.two_sets("source", source, "target", target)
    return errors.feature_table("source", source), errors.feature_table("target", target)


def _standardised(features: NDArray[Any]) -> NDArray[Any]:
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1))


def _power(covariance: NDArray[Any], exponent: float) -> NDArray[Any]:
    """Return a power of a symmetric matrix; directions without any spread stay without."""
    values, vectors = np.linalg.eigh(covariance)
    is_flat = values <= values.max() * 1e-12
    powers = np.where(is_flat, 0, np.where(is_flat, 1, values) ** exponent)
    return np.asarray((vectors * powers) @ vectors.T)
