"""Features of two domains in a plane, the same plane before, during and after adaptation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import errors

Frames = Mapping[str, tuple[ArrayLike, ArrayLike]]

_MARGIN = 0.05  # of the width of the picture, on each side


@dataclass(frozen=True, slots=True, eq=False)
class ProjectedDomains:
    """Source and target in a plane, at several moments.

    Parameters
    ----------
    names : tuple of str
        Of the moments, for instance "before" and "after".
    source, target : tuple of arrays, shape (n_source, 2) and (n_target, 2)
        One pair for each moment.
    limits : array, shape (2, 2)
        Lowest and highest x, lowest and highest y of all moments, with a margin: steady axes.
    """

    names: tuple[str, ...]
    source: tuple[NDArray[Any], ...]
    target: tuple[NDArray[Any], ...]
    limits: NDArray[Any]

    def __len__(self) -> int:
        return len(self.names)


def project_domains(frames: Frames) -> ProjectedDomains:
    """Lay the features of both domains at several moments into one plane.

    Parameters
    ----------
    frames : dict from name to pair of arrays (source, target), shapes (n_source, d), (n_target, d)
        Features at each moment, in order.

    Returns
    -------
    ProjectedDomains

    Raises
    ------
    TypeError, ValueError
        If there is no moment, or features do not fit each other.

    Notes
    -----
    The plane is that of the two first principal components of all moments together, each scaled
    to the same total variance: a network that only shrinks its features does not look adapted.

    Examples
    --------
    >>> x = np.eye(4)
    >>> projected = project_domains({"before": (x, x + 3), "after": (x, x)})
    >>> projected.names, projected.source[0].shape
    (('before', 'after'), (4, 2))
    """
    tables = list(_tables(frames))
    scaled = [_scaled(*pair) for pair in tables]
    everything = np.concatenate([table for pair in scaled for table in pair])
    axes = np.linalg.svd(everything, full_matrices=False)[2][:2].T
    flat = [tuple(table @ axes for table in pair) for pair in scaled]
    points = np.concatenate([table for pair in flat for table in pair])
    limits = np.array([points.min(axis=0), points.max(axis=0)]).T
    margin = _MARGIN * np.ptp(limits, axis=1) + 1e-9
    return ProjectedDomains(
        tuple(frames),
        tuple(source for source, _ in flat),
        tuple(target for _, target in flat),
        np.array([limits[:, 0] - margin, limits[:, 1] + margin]).T,
    )


def _tables(frames: Frames) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    if not isinstance(frames, Mapping) or not frames:
        raise TypeError(
            "`frames` must be a dict with at least one moment, "
            '{"before": (h_source, h_target)}; '
            f"got {type(frames).__name__}{' that is empty' if not frames else ''}."
        )
    for name, pair in frames.items():
        if not isinstance(pair, Sequence) or len(pair) != 2:
            raise TypeError(f"`frames[{name!r}]` must be a pair (source, target); got {pair!r}.")
        errors.two_sets(f"frames[{name!r}][0]", pair[0], f"frames[{name!r}][1]", pair[1])
        source, target = (errors.feature_table(f"frames[{name!r}]", table) for table in pair)
        if source.shape[1] < 2:
            raise ValueError(f"`frames[{name!r}]` must have at least 2 features; got 1.")
        yield source, target


def _scaled(source: NDArray[Any], target: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Centre both together, and scale to a total variance of 1."""
    both = np.concatenate([source, target])
    centre, spread = both.mean(axis=0), np.sqrt(both.var(axis=0).sum())
    scale = spread if spread > 0 else 1.0
    return (source - centre) / scale, (target - centre) / scale
