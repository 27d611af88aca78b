"""The sample that was chosen, a fair one of the same size, and how both are divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..shift import Population, Selection, SimpleRandom, make_mechanism
from .state import Choice

HOLD_OUT = 0.3
# Each use of chance has a stream of its own, so that none disturbs another.
SPLIT, FAIR, FOLDS = 1, 2, 3


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A selection, and which of it a model learns from."""

    selection: Selection
    is_train: NDArray[np.bool_]

    @property
    def training_part(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Features and labels to learn from."""
        return self.selection.x[self.is_train], self.selection.labels[self.is_train]


def draw(population: Population, choice: Choice) -> Sample:
    """Return the biased sample."""
    mechanism = make_mechanism(
        choice.mechanism, choice.kind, covariate=choice.covariate, region=choice.region
    )
    rng = np.random.default_rng(choice.seed)
    selection = mechanism(population, choice.strength, choice.n, rng)
    return Sample(selection, split(selection.labels, choice.seed, population.has_classes))


def draw_fairly(population: Population, choice: Choice) -> Sample:
    """Return a simple random sample of the same size."""
    rng = np.random.default_rng([choice.seed, FAIR])
    selection = SimpleRandom()(population, 0.0, choice.n, rng)
    return Sample(selection, split(selection.labels, choice.seed, population.has_classes))


def split(labels: NDArray[Any], seed: int, has_classes: bool) -> NDArray[np.bool_]:
    """Choose seven tenths to learn from; of each class alike, to one example."""
    n = len(labels)
    order = shuffled(labels, np.random.default_rng([seed, SPLIT]), has_classes)
    is_train = np.ones(n, bool)
    is_train[order[np.diff(np.floor(np.arange(n + 1) * HOLD_OUT)) == 1]] = False
    return is_train


def shuffled(
    labels: NDArray[Any], rng: np.random.Generator, has_classes: bool
) -> NDArray[np.int64]:
    """Return a random order in which the examples of a class follow one another."""
    luck = rng.random(len(labels))
    return np.lexsort((luck, labels)) if has_classes else np.argsort(luck)
