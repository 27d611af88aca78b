"""A population to draw from, and what a draw gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Population:
    """Everybody there is: examples with features, labels, and what a selection may depend on.

    Parameters
    ----------
    name : str
    x : array of float64, shape (n, d)
        What a model learns from.
    y : array, shape (n,)
        Labels 0..k-1 as int64; or a numeric outcome as float64, and then there are no classes.
    class_names : tuple of str
        Of the k classes; empty for a numeric outcome.
    covariates : mapping of str to array, shape (n,)
        What the selection may depend on: numbers (float64) or categories (str).
    group : array of str, shape (n,)
        Whose score is told apart; the worst of them counts.
    position : array of float64, shape (n, 2), 0..1
        Where each example lies on the map.
    note : str
        What was done to the data on the way in; empty if nothing.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[Any]
    class_names: tuple[str, ...]
    covariates: Mapping[str, NDArray[Any]]
    group: NDArray[np.str_]
    position: NDArray[np.float64]
    note: str = ""

    def __len__(self) -> int:
        return len(self.x)

    @property
    def has_classes(self) -> bool:
        """Whether the labels are classes, and not a numeric outcome."""
        return bool(self.class_names)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Selection:
    """Who was drawn from a population, and what the sample knows of them.

    Parameters
    ----------
    indices : array of int64, shape (n,)
        Into the population, in random order, so that any part of a sample is a fair part of
        it; duplicated examples stand here more than once.
    probability : array of float64, shape (n_population,), >= 0
        The chance of each example to be the first one drawn; they sum to 1. 0: never drawn.
        Where a sample grows from a start or a cluster, given that start or cluster.
    labels : array, shape (n,)
        As the sample has them, right or wrong.
    x : array of float64, shape (n, d)
        Features as the sample has them, corrupted or not.
    description : str
        One sentence: how this sample was drawn.
    was_changed : array of bool, shape (n,)
        Whose label or features are not those of the population.
    """

    indices: NDArray[np.int64]
    probability: NDArray[np.float64]
    labels: NDArray[Any]
    x: NDArray[np.float64]
    description: str
    was_changed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def __len__(self) -> int:
        return len(self.indices)
