"""Sampling strategies that leave it to chance: simple random, stratified, cluster, a region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _check
from . import selection_errors as errors
from .clusters import clusters_of
from .drawing import Draw, Floats, begin, first_of, normalised, place_in_stratum, pool_size, uniform
from .population import Population, Selection

Box = tuple[float, float, float, float]  # left, bottom, right, top on the map, each 0..1
N_CLUSTERS = 30
N_BANDS = 5  # into which stratified sampling cuts a number


@dataclass(frozen=True, slots=True)
class SimpleRandom:
    """Draw everybody with the same chance, whatever the strength."""

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        return begin(population, strength, n, rng).at_random()


@dataclass(frozen=True, slots=True)
class Stratified:
    """Draw from each class (or other stratum) as many as its share of the population.

    Not a bias but the opposite: at strength 1 the shares are exact but for rounding.

    Parameters
    ----------
    by : str, default "class"
        "class", or a name in the population's `covariates`; a number is cut into five bands of
        equal size. Where the outcome is a number, "class" means bands of the outcome.

    Notes
    -----
    `Selection.probability` is uniform: nobody is favoured, only luck is taken out.
    """

    by: str = "class"

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        known = ("class", *population.covariates)
        _check.one_of("by", self.by, known, kind="class or covariate")
        draw = begin(population, strength, n, rng)
        if draw.strength == 0:
            return draw.at_random()
        stratum = _strata(population, self.by)
        place = place_in_stratum(draw.log_key, stratum, rng.random(int(stratum.max()) + 1))
        chance = -np.expm1(-np.exp(draw.log_key))  # uniform in 0..1, in the order of the keys
        indices = first_of((1 - draw.strength) * chance + draw.strength * place, draw.n)
        description = (
            f"drawn at random from each of {len(np.unique(stratum))} strata of {self.by!r}, in "
            "proportion to their size."
        )
        return draw.sample(indices, draw.equal_chance(), description)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Draw whole clusters of similar examples, as one visits a few schools instead of all.

    The stronger, the fewer clusters: at strength 1 as few as hold `n` examples. Clusters are
    found in the features by k-means, once per population.

    Notes
    -----
    `Selection.probability` is the chance once the clusters are picked: uniform in them, 0
    elsewhere. Before that everybody has the same chance; it is luck that misleads, not a rule.
    """

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        draw = begin(population, strength, n, rng)
        cluster = clusters_of(population, N_CLUSTERS)
        n_per_cluster = np.bincount(cluster, minlength=N_CLUSTERS)
        visit = rng.permutation(N_CLUSTERS)
        reached = np.cumsum(n_per_cluster[visit])
        n_visited = int(np.searchsorted(reached, pool_size(draw))) + 1
        is_visited = np.isin(cluster, visit[:n_visited])
        return draw.sample(
            draw.among(is_visited),
            uniform(is_visited),
            f"drawn at random in {np.sum(n_per_cluster[visit[:n_visited]] > 0)} of "
            f"{np.sum(n_per_cluster > 0)} clusters of similar examples; nobody from the others.",
        )


@dataclass(frozen=True, slots=True)
class Region:
    """Draw inside a region of the map: a share `strength` of the sample, the rest anywhere.

    Parameters
    ----------
    box : (left, bottom, right, top), each 0..1
        On the population's map.

    Raises
    ------
    ValueError
        If the region holds too few examples.
    """

    box: Box

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        left, bottom, right, top = errors.box(self.box)
        draw = begin(population, strength, n, rng)
        across, up = population.position.T
        is_inside = (across >= left) & (across <= right) & (up >= bottom) & (up <= top)
        n_inside = int(is_inside.sum())
        n_needed = max(1, int(np.ceil(draw.strength * draw.n)))
        if n_inside < n_needed:
            raise errors.empty_region(n_inside, n_needed)
        if draw.strength == 0:
            return draw.at_random()
        return _drawn_in_region(draw, is_inside)


def _drawn_in_region(draw: Draw, is_inside: NDArray[np.bool_]) -> Selection:
    outside = (1 - draw.strength) / len(is_inside)
    chance: Floats = np.where(is_inside, draw.strength / is_inside.sum() + outside, outside)
    with np.errstate(divide="ignore"):
        log_chance = np.log(chance)
    indices = draw.first(log_chance)
    share = 100 * np.mean(is_inside[indices])
    description = (
        f"{share:.0f} % of them drawn inside the region of the map, where "
        f"{100 * np.mean(is_inside):.0f} % of the population is."
    )
    return draw.sample(indices, normalised(log_chance), description)


def _strata(population: Population, by: str) -> NDArray[np.int64]:
    """Return the number of each example's stratum."""
    if by == "class" and population.has_classes:
        return population.y.astype(np.int64)
    values = population.y if by == "class" else np.asarray(population.covariates[by])
    if values.dtype.kind in "iufb":
        edges = np.nanquantile(values, np.arange(1, N_BANDS) / N_BANDS)
        return np.searchsorted(edges, values, side="right").astype(np.int64)
    return np.unique(values.astype(str), return_inverse=True)[1].astype(np.int64)
