"""Drawing without replacement, so that a sample moves gently when its bias does.

Each example gets a random key e ~ Exp(1). The n smallest e / chance are a sample drawn one by
one with these chances (Efraimidis and Spirakis 2006). Keys depend on the seed alone: a slightly
stronger bias exchanges a few examples, not the whole sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import selection_errors as errors
from .population import Population, Selection

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Mechanism(Protocol):
    """How a sample comes to be: draws `n` examples of a population with a bias of 0..1."""

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """What is known before anybody is drawn.

    Parameters
    ----------
    population : Population
    strength : float, 0..1
    n : int, 1..n_population
    log_key, place : array, shape (n_population,)
        Who comes first when all have the same chance; where in the sample each would stand, so
        that who stays in a sample also keeps the place in it.
    """

    population: Population
    strength: float
    n: int
    log_key: Floats
    place: Floats

    def first(self, log_chance: Floats | float = 0.0) -> Indices:
        """Return the `n` examples that are drawn with these chances, the first one first."""
        return first_of(self.log_key - log_chance, self.n)

    def among(self, is_drawable: NDArray[np.bool_]) -> Indices:
        """Return `n` examples drawn at random among some."""
        return self.first(np.where(is_drawable, 0.0, -np.inf))

    def equal_chance(self) -> Floats:
        """Return the same chance for everybody."""
        return np.full(len(self.population), 1 / len(self.population))

    def sample(
        self,
        indices: Indices,
        probability: Floats,
        description: str,
        *,
        seats: Indices | None = None,
        **changes: NDArray[Any],
    ) -> Selection:
        """Return the selection of these examples, with what is changed in them.

        Each stands in the sample where the example in `seats` would (itself, if left out).
        """
        known = {
            "labels": self.population.y[indices],
            "x": self.population.x[indices],
            "was_changed": np.zeros(len(indices), bool),
        } | changes
        order = np.argsort(self.place[indices if seats is None else seats])
        rows = {name: values[order] for name, values in known.items()}
        return Selection(
            indices=indices[order],
            probability=probability,
            description=f"{self.how_many()} {description}",
            **rows,
        )

    def how_many(self) -> str:
        """Return the beginning of each description."""
        return f"{self.n:,} of {len(self.population):,} examples of {self.population.name},"

    def at_random(self) -> Selection:
        """Return a simple random sample."""
        description = "drawn at random: everybody had the same chance."
        return self.sample(self.first(), self.equal_chance(), description)


def begin(population: Population, strength: float, n: int, rng: np.random.Generator) -> Draw:
    """Check what was asked for and draw the random keys."""
    strength, n = errors.drawing(population, strength, n, rng)
    log_key = np.log(rng.exponential(size=len(population)))
    return Draw(population, strength, n, log_key, rng.random(len(population)))


def first_of(keys: Floats, n: int) -> Indices:
    """Return where the `n` smallest keys are, in ascending order of the keys."""
    smallest: Indices = np.argpartition(keys, n - 1)[:n]
    order: Indices = np.argsort(keys[smallest])
    return smallest[order]


def normalised(log_chance: Floats) -> Floats:
    """Return chances that sum to 1."""
    chance: Floats = np.exp(log_chance - log_chance.max())
    total: np.float64 = chance.sum()
    return chance / total


def uniform(is_drawable: NDArray[np.bool_]) -> Floats:
    """Return the same chance for all that can be drawn."""
    chance: Floats = is_drawable / is_drawable.sum()
    return chance


def place_in_stratum(key: Floats, stratum: Indices, luck: Floats) -> Floats:
    """Return where each example stands in its stratum, 0..1, in the order of the keys.

    The r-th of N stands at (r + luck) / N: the n first of all strata together are as many of
    each as its share of the population, but for rounding.
    """
    n_per_stratum = np.bincount(stratum, minlength=len(luck))
    order = np.lexsort((key, stratum))
    starts = np.cumsum(n_per_stratum) - n_per_stratum
    rank = np.empty(len(key))
    rank[order] = np.arange(len(key)) - starts[stratum[order]]
    place: Floats = (rank + luck[stratum]) / n_per_stratum[stratum]
    return place


def pool_size(draw: Draw) -> int:
    """Return how many a narrowing sample is drawn from: all at strength 0, `n` at strength 1."""
    n_all = len(draw.population)
    narrowed = n_all * float(draw.n / n_all) ** draw.strength
    return int(min(n_all, max(draw.n, round(narrowed))))
