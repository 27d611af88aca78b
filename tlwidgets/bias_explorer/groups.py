"""Whose score is told apart, and by what a sample can be divided into strata."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..shift.population import Population
from .state import Choice

N_BANDS = 5  # of a numeric covariate, for stratified re-sampling
_THIRDS = ("low", "middle", "high")


def groups_of(population: Population, choice: Choice) -> NDArray[np.str_]:
    """Return the group of each example of the population.

    Where classes are skewed these are the classes; else the population's own groups; and where
    it has none, the categories of the chosen covariate or thirds of it.
    """
    if choice.mechanism == "data skew" and population.has_classes:
        return np.asarray(population.class_names)[population.y]
    if (population.group != population.group[0]).any():
        return population.group
    return strata_of(population, choice.covariate)


def strata_of(population: Population, covariate: str) -> NDArray[np.str_]:
    """Return the category of each example, or which third of a numeric covariate it is in."""
    values = population.covariates[covariate]
    if not is_numeric(values):
        return values
    cuts = np.quantile(values, [1 / 3, 2 / 3])
    names = np.array([f"{third} {covariate}" for third in _THIRDS])
    return names[np.searchsorted(cuts, values, side="left")]


def bands_of(population: Population, covariate: str) -> NDArray[np.int64]:
    """Return the number of each example's category, or of its band of equal size."""
    values = population.covariates[covariate]
    if not is_numeric(values):
        return np.unique(values, return_inverse=True)[1]
    edges = np.quantile(values, np.arange(1, N_BANDS) / N_BANDS)
    return np.searchsorted(edges, values, side="right")


def is_numeric(values: NDArray[Any]) -> bool:
    """Tell whether a covariate holds numbers, and not categories."""
    return values.dtype.kind == "f"
