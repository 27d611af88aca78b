"""Whose score is told apart, and by what a sample can be divided into strata."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..shift import Population
from .state import Choice

N_BANDS = 5  # of a numeric covariate, for stratified re-sampling


class Grouping(Enum):
    """What makes the groups."""

    CLASSES = "classes"
    OWN = "the population's own groups"
    CATEGORIES = "categories of the covariate"
    THIRDS = "thirds of the covariate"


def grouping(population: Population, choice: Choice) -> Grouping:
    """Return what makes the groups.

    Where classes are skewed it is the classes; else the population's own groups; and where it has
    none, the covariate that was chosen.
    """
    if choice.mechanism == "data skew" and population.has_classes:
        return Grouping.CLASSES
    if (population.group != population.group[0]).any():
        return Grouping.OWN
    is_number = is_numeric(population.covariates[choice.covariate])
    return Grouping.THIRDS if is_number else Grouping.CATEGORIES


def groups_of(population: Population, choice: Choice) -> NDArray[np.str_]:
    """Return the group of each example of the population."""
    how = grouping(population, choice)
    if how is Grouping.CLASSES:
        return np.array(population.class_names, np.str_).take(population.y)
    if how is Grouping.OWN:
        return population.group
    values = population.covariates[choice.covariate]
    if how is Grouping.CATEGORIES:
        return values
    cuts = np.quantile(values, [1 / 3, 2 / 3])
    return np.array(names_of_thirds(choice.covariate))[np.searchsorted(cuts, values)]


def names_of_thirds(covariate: str) -> tuple[str, ...]:
    """Return what the thirds of a numeric covariate are called, the lowest first."""
    return tuple(f"{third} {covariate}" for third in ("low", "middle", "high"))


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
