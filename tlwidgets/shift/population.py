"""A population to draw from, what a draw gives, and how many examples that is worth.

Drawing is without replacement, so that a sample moves gently when its bias does. Each example gets
a random key e ~ Exp(1); the n smallest e / chance are a sample drawn one by one with these chances
(inclusion probabilities; Efraimidis and Spirakis 2006). Keys depend on the seed alone: a slightly
stronger bias exchanges a few examples, not the whole sample.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .._cache import cached, digest
from .._check import Floats, Indices


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
        The subgroup of each example: metrics are given by subgroup, and the worst one counts.
    position : array of float64, shape (n, 2), 0..1, optional
        Where each example lies on the map; left out: among those with similar features, computed
        when somebody first looks.
    note : str
        What was done to the data on the way in; empty if nothing.
    picture : callable, optional
        What an example looks like, by its index: an array, shape (height, width[, 3]). A map
        shows it to whoever points at the example.
    """

    name: str
    x: Floats
    y: NDArray[Any]
    class_names: tuple[str, ...]
    covariates: Mapping[str, NDArray[Any]]
    group: NDArray[np.str_]
    position: Floats = None  # type: ignore[assignment]  # until it is looked at
    note: str = ""
    picture: Callable[[int], NDArray[Any]] | None = None

    def __post_init__(self) -> None:
        if self.position is None:
            object.__delattr__(self, "position")

    def __getattr__(self, name: str) -> Any:
        # Python asks here only for what is missing.
        if name != "position":
            raise AttributeError(f"a Population has no {name!r}")
        object.__setattr__(self, "position", map_positions(self.x))
        return self.position

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

    indices: Indices
    probability: Floats
    labels: NDArray[Any]
    x: Floats
    description: str
    was_changed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def __len__(self) -> int:
        return len(self.indices)


# The map of a population: places in the plane such that neighbours are alike.

# Raise it when maps are made in another way, so that old cache entries are not found.
_MAP_VERSION = 1
# Measured on 5,000 digits: 1.4 CPU seconds, and half of the ten nearest on the map have the same
# class; two principal components: a quarter.
_N_LANDMARKS = 800
_N_NEAREST = 4
_PERPLEXITY = 30.0


def effective_sample_size(density_ratio: ArrayLike) -> float:
    """Return how many examples a weighted sample is worth.

    Parameters
    ----------
    density_ratio : array, shape (n,), >= 0

    Returns
    -------
    float, 1..n
        n if all count the same, 1 if a single one counts.

    Notes
    -----
    It measures how unequal the weights are and nothing else. Whoever was never drawn has no weight:
    where sample and population hardly `overlap`, all weights may be alike again, and the size
    rises although nothing was repaired.

    References
    ----------
    Kish (1965), Survey Sampling: (sum of r)^2 / (sum of r^2).

    Examples
    --------
    >>> effective_sample_size([1, 1, 0, 0])
    2.0
    """
    ratio = _check.ratios("density_ratio", density_ratio)
    ratio = ratio / ratio.max()  # first, so that no square can overflow
    return float(np.clip(ratio.sum() ** 2 / (ratio**2).sum(), 1, len(ratio)))


def map_positions(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where each example lies on the map, shape (n, 2), 0..1; computed once, then kept.

    t-SNE (van der Maaten and Hinton, 2008) places 800 landmarks; everybody else lies between the
    four nearest of them.
    """
    key = digest(_MAP_VERSION, x)
    return cached("population-map", key, lambda: {"position": _placed(x)})["position"]


def _placed(x: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.neighbors import NearestNeighbors

    landmarks = np.random.default_rng(0).permutation(len(x))[:_N_LANDMARKS]
    places = _embedded(x[landmarks])
    n_nearest = min(_N_NEAREST, len(landmarks))
    distance, nearest = NearestNeighbors(n_neighbors=n_nearest).fit(x[landmarks]).kneighbors(x)
    closeness = 1 / (distance**2 + 1e-9)  # a landmark itself stays where it is
    closeness /= closeness.sum(axis=1, keepdims=True)
    position = np.einsum("ij,ijk->ik", closeness, places[nearest])
    position -= position.min(axis=0)
    return np.asarray(position / np.maximum(position.max(axis=0), 1e-12))


def _embedded(x: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    if x.shape[1] == 1:
        return np.column_stack([x[:, 0], np.zeros(len(x))])
    start = PCA(2, random_state=0).fit_transform(x)
    if len(np.unique(x, axis=0)) < 10:
        return np.asarray(start)
    start *= 1e-4 / start[:, 0].std()
    perplexity = min(_PERPLEXITY, (len(x) - 1) / 3)
    embed = TSNE(2, init=start, perplexity=perplexity, max_iter=500, random_state=0)
    # Where the other core is busy, threads wait for each other in each step: 24 to 81 s, not 3.
    with threadpool_limits(limits=1):
        return np.asarray(embed.fit_transform(x), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """What is known before anybody is drawn."""

    population: Population
    strength: float
    n: int
    log_key: Floats  # who comes first when all have the same chance
    place: Floats  # where in the sample each would stand: who stays in it also keeps the place

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


class Mechanism(ABC):
    """How a sample comes to be: draws `n` examples of a population with a bias of 0..1."""

    __slots__ = ()

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        return self._draw(begin(population, strength, n, rng), rng)

    @abstractmethod
    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection: ...


def begin(population: object, strength: object, n: object, rng: object) -> Draw:
    """Check what was asked for and draw the random keys."""
    if not isinstance(population, Population):
        raise TypeError(
            f"`population` must be a Population; got {type(population).__name__}. "
            "Make one of your arrays first."
        )
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"`rng` must be a random generator, np.random.default_rng(seed); got {rng!r}."
        )
    n_all = len(population)
    strength = _check.number("strength", strength, low=0, high=1, meaning="0 is no bias at all")
    n = _check.whole_number("n", n, low=1, high=n_all, meaning="at most the whole population")
    log_key = np.log(rng.exponential(size=n_all))
    return Draw(population, strength, n, log_key, rng.random(n_all))


def count_classes(population: Population, *, task: str) -> int:
    """Return the number of classes; refuse a numeric outcome or a single class."""
    if not population.has_classes:
        raise ValueError(
            f"`population` must have classes for {task}; the outcome of {population.name!r} is a "
            "number. Choose a domain shift or a sampling strategy instead."
        )
    k = len(population.class_names)
    if k < 2:
        raise ValueError(
            f"`population` must have at least two classes for {task}; {population.name!r} has "
            f"only {population.class_names[0]!r}. Choose a domain shift instead."
        )
    return k


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


def box(value: object, name: str = "box") -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of a region of the map."""
    hint = "(left, bottom, right, top), each from 0 to 1"
    if not isinstance(value, tuple | list) or len(value) != 4:
        raise TypeError(f"`{name}` must be {hint}; got {value!r}. Brush a region of the map first.")
    left, bottom, right, top = (
        _check.number(name, side, low=0, high=1, meaning="a place on the map") for side in value
    )
    if not (left < right and bottom < top):
        raise ValueError(f"`{name}` must be {hint}, left < right and bottom < top; got {value!r}.")
    return left, bottom, right, top
