"""How well a model does: overall and for each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .state import Score

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Turns predictions into scores.

    Parameters
    ----------
    names : tuple of str
        Of the groups.
    codes : array of int64, shape (n_population,)
        The group of each example of the population.
    has_classes : bool
        Whether accuracy counts, and not the root mean squared error.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    has_classes: bool

    def quality(self, prediction: NDArray[Any], y: NDArray[Any]) -> Floats:
        """Return for each example 1 if it is right, else 0; for a number its squared error."""
        if self.has_classes:
            return np.asarray(prediction == y, np.float64)
        return np.asarray((prediction - y) ** 2)

    def score(self, quality: Floats, indices: NDArray[Any] | slice, sample_weight: Floats) -> Score:
        """Return the weighted score of some examples of the population, overall and by group."""
        group, n_groups = self.codes[indices], len(self.names)
        total = np.bincount(group, sample_weight, n_groups)
        sums = np.bincount(group, sample_weight * quality, n_groups)
        with np.errstate(invalid="ignore", divide="ignore"):
            means, overall = sums / total, sums.sum() / total.sum()
        if not self.has_classes:
            means, overall = np.sqrt(means), np.sqrt(overall)
        by_group = dict(zip(self.names, means.tolist(), strict=True))
        return Score(overall=float(overall), by_group=by_group)


def make_judge(groups: NDArray[np.str_], *, has_classes: bool) -> Judge:
    """Return who scores by these groups of the population."""
    names, codes = np.unique(groups, return_inverse=True)
    return Judge(tuple(names.tolist()), codes, has_classes)
