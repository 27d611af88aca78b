"""Data skew: some classes are drawn far more often than others.

p(x | y) stays, p(y) changes: the label shift of Saerens et al. (2002) and Lipton et al. (2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import selection_errors as errors
from .drawing import Draw, Floats, Indices, begin, first_of, normalised
from .population import Population, Selection

AT_LEAST = 2  # of each class: one to learn from, one to test with
LARGEST_ODDS = 100.0


@dataclass(frozen=True, slots=True)
class ClassSkew:
    """Draw mostly examples of some classes; the others become rare.

    Each class keeps at least two examples (or its only one), so that a model can know of it.

    Parameters
    ----------
    favoured : tuple of int or str, default ()
        Classes by number or name. Empty: the first half of the classes. At strength s an example
        of another class has 1 - 0.99 s of the chance of a favoured one.

    Raises
    ------
    ValueError
        If there are no classes, a class has no example, or `n` is too small for two of each.

    Notes
    -----
    `Selection.probability` is the chance by class alone; it does not know of the two that each
    class keeps, which matters only where a class would have none or one otherwise.
    """

    favoured: tuple[int | str, ...] = ()

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        draw = begin(population, strength, n, rng)
        k = errors.classes(population, task="a skew of the classes")
        favoured = errors.class_numbers("favoured", self.favoured, population.class_names)
        favoured = favoured or list(range((k + 1) // 2))
        chance = np.full(k, 1 - draw.strength * (1 - 1 / LARGEST_ODDS))
        chance[favoured] = 1.0
        return _drawn_by_class(draw, chance, favoured)


@dataclass(frozen=True, slots=True)
class LongTail:
    """Draw a few classes often and most of them ever more rarely, as in nature.

    Class c of k keeps 100^(-s c / (k - 1)) of its chance at strength s, and at least two
    examples.

    Raises
    ------
    ValueError
        If there are no classes, a class has no example, or `n` is too small for two of each.

    Notes
    -----
    `Selection.probability` as in `ClassSkew`.

    References
    ----------
    Cui et al. 2019, "Class-balanced loss based on effective number of samples", section 5.1.
    """

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        draw = begin(population, strength, n, rng)
        k = errors.classes(population, task="a long tail of classes")
        return _drawn_by_class(draw, LARGEST_ODDS ** (-draw.strength * np.arange(k) / (k - 1)), [0])


def _drawn_by_class(draw: Draw, chance: Floats, favoured: list[int]) -> Selection:
    if draw.strength == 0:
        return draw.at_random()
    y = draw.population.y
    names = draw.population.class_names
    n_per_class = np.bincount(y, minlength=len(names))
    errors.room_for_every_class(draw.n, AT_LEAST, n_per_class, names)
    log_chance = np.log(chance)[y]
    key = draw.log_key - log_chance
    key[_first_of_each_class(key, y, len(names))] = -np.inf
    indices = first_of(key, draw.n)
    n_drawn = np.bincount(y[indices], minlength=len(names))
    rare = int(np.argmin(n_drawn))
    often = max(favoured, key=lambda c: n_drawn[c])
    description = (
        f"drawn more often from some classes: {names[often]!r} stands in it {n_drawn[often]:,} "
        f"times, {names[rare]!r} only {n_drawn[rare]:,}."
    )
    return draw.sample(indices, normalised(log_chance), description)


def _first_of_each_class(key: Floats, y: Indices, k: int) -> Indices:
    """Return where the first `AT_LEAST` of each class are, or the only one.

    They come first in any case where a class has enough; where not, they push out others.
    """
    order: Indices = np.lexsort((key, y))
    starts = np.searchsorted(y[order], np.arange(k))
    is_first = np.arange(len(y)) - starts[y[order]] < AT_LEAST
    return order[is_first]
