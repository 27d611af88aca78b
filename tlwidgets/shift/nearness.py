"""Sampling strategies that grow from somewhere: convenience, snowball, and their opposite.

Convenience and snowball narrow as strength grows: `n` examples are drawn at random among the
first m that are met, m = n_all (n / n_all)^strength, from everybody down to `n` themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .. import _check
from . import selection_errors as errors
from .clusters import typical_of
from .drawing import Draw, Floats, Indices, begin, first_of, place_in_stratum, pool_size, uniform
from .population import Population, Selection

N_CANDIDATES = 3000  # among which diverse examples are looked for, or 1.5 n if that is more

_acquaintances_kept: WeakKeyDictionary[Population, dict[int, Indices]] = WeakKeyDictionary()
# The latest per population, because a slider of the strength asks for the same ones again.
_typical_kept: WeakKeyDictionary[Population, tuple[tuple[int, int], Indices]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Convenience:
    """Take who is near at hand: those most similar to one example.

    Parameters
    ----------
    start : int, optional
        Index of that example; drawn at random where left out.
    is_per_class : bool, default False
        Take in each class those most similar to one example of that class, as when one person
        writes all the digits; `start` is left out then.

    Notes
    -----
    `Selection.probability` is the chance given the start: uniform among the near ones, 0 for
    all others.
    """

    start: int | None = None
    is_per_class: bool = False

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        draw = begin(population, strength, n, rng)
        start = _start(self.start, population, rng)
        if self.is_per_class:
            if self.start is not None:
                raise errors.start_of_each_class(self.start)
            k = errors.classes(population, task="an example to start from in each class")
            far = _distance(population.x, _one_of_each_class(draw, k)[population.y])
            far = place_in_stratum(far, population.y, rng.random(k))
            who = "most similar to one example of their class"
        else:
            far = _distance(population.x, start)
            who = f"most similar to example {start}"
        is_near = np.zeros(len(population), bool)
        is_near[first_of(far, pool_size(draw))] = True
        return _drawn_in_pool(draw, is_near, who)


@dataclass(frozen=True, slots=True)
class Snowball:
    """Ask one example for its acquaintances, those for theirs, and so on.

    Parameters
    ----------
    start : int, optional
        Index of the first one; drawn at random where left out.
    n_acquaintances : int, 1..50, default 10
        Whom each one knows: its nearest neighbours on the map.
    n_recruited : int, 1..n_acquaintances, default 3
        How many of them each one brings, picked at random.

    Notes
    -----
    Neighbours are those on the two-dimensional map, found once per population by a k-d tree:
    milliseconds, and what one sees. `Selection.probability` is the chance given the start and
    who recruits whom: uniform among those reached so far, 0 for all others.

    References
    ----------
    Goodman 1961, "Snowball sampling".
    """

    start: int | None = None
    n_acquaintances: int = 10
    n_recruited: int = 3

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        n_known = _check.whole_number(
            "n_acquaintances", self.n_acquaintances, low=1, high=50, meaning="whom each one knows"
        )
        n_recruited = _check.whole_number(
            "n_recruited", self.n_recruited, low=1, high=n_known, meaning="whom each one brings"
        )
        draw = begin(population, strength, n, rng)
        start = _start(self.start, population, rng)
        acquaintances = _acquaintances(population, n_known)
        wish = rng.random(acquaintances.shape).argsort(1)[:, :n_recruited]
        recruits = np.take_along_axis(acquaintances, wish, 1)
        is_reached = np.zeros(len(population), bool)
        is_reached[_reached(recruits, start, draw)[: pool_size(draw)]] = True
        return _drawn_in_pool(draw, is_reached, f"first reached by word of mouth from {start}")


@dataclass(frozen=True, slots=True)
class Diverse:
    """Take typical examples that differ from each other: the nearest to k-means centres.

    There is one centre per example of the sample; a share `strength` of it is taken this way,
    the rest at random.

    Notes
    -----
    Not by chance but by design; `Selection.probability` is that of the mixture given the centres.
    Centres are fitted to 3,000 examples at most (or 1.5 n), in a few rounds, which takes 10 to
    30 ms; another strength with the same `n` and seed finds them kept.

    References
    ----------
    Hacohen et al. 2022, "Active learning on a budget: opposite strategies suit high and low
    budgets" (TypiClust).
    """

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        draw = begin(population, strength, n, rng)
        if draw.strength == 0:
            return draw.at_random()
        typical = _typical(draw, rng)
        n_typical = min(len(typical), round(draw.strength * draw.n))
        key = draw.log_key.copy()
        is_typical = np.zeros(len(population), bool)
        is_typical[typical] = True
        key[typical[np.argsort(key[typical])[:n_typical]]] = -np.inf
        chance = (1 - draw.strength) / len(population) + draw.strength * uniform(is_typical)
        return draw.sample(
            first_of(key, draw.n),
            chance,
            f"{n_typical:,} of them as typical and different as can be (nearest to the centres of "
            f"{draw.n:,} clusters), the rest at random.",
        )


def _start(start: int | None, population: Population, rng: np.random.Generator) -> int:
    drawn = int(rng.integers(len(population)))
    if start is None:
        return drawn
    return _check.whole_number(
        "start", start, low=0, high=len(population) - 1, meaning="an example of the population"
    )


def _distance(x: Floats, start: int | Indices) -> Floats:
    """Return each example's squared distance to one example, the same or one for each."""
    difference = x - x[start]
    distance: Floats = np.einsum("ij,ij->i", difference, difference)
    return distance


def _one_of_each_class(draw: Draw, k: int) -> Indices:
    """Return an example of each class, drawn at random; 0 where a class has none."""
    order = np.argsort(draw.log_key)
    classes, first = np.unique(draw.population.y[order], return_index=True)
    starts = np.zeros(k, np.int64)
    starts[classes] = order[first]
    return starts


def _drawn_in_pool(draw: Draw, is_met: NDArray[np.bool_], who: str) -> Selection:
    if draw.strength == 0:
        return draw.at_random()
    description = f"drawn at random among the {is_met.sum():,} {who}; nobody else."
    return draw.sample(draw.among(is_met), uniform(is_met), description)


def _acquaintances(population: Population, n_known: int) -> Indices:
    """Return the nearest others on the map, shape (n_population, n_known)."""
    from scipy.spatial import cKDTree  # a tenth of a second to load: only for those who use it

    known = _acquaintances_kept.setdefault(population, {})
    if n_known not in known:
        n_asked = min(n_known + 1, len(population))
        # Oneself comes first, or a twin at the same place does, who is as good.
        _, near = cKDTree(population.position).query(population.position, n_asked)
        known[n_known] = near.reshape(len(population), n_asked)[:, 1:]
    return known[n_known]


def _reached(recruits: Indices, start: int, draw: Draw) -> Indices:
    """Return everybody in the order of recruiting; whom nobody brings comes last, at random."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    n, n_recruited = recruits.shape
    ends = np.arange(n + 1) * n_recruited
    knows = csr_array((np.ones(recruits.size), recruits.ravel(), ends), shape=(n, n))
    reached = breadth_first_order(knows, start, return_predecessors=False)
    key = draw.log_key.copy()
    key[reached] = -np.inf
    return np.concatenate([reached, np.argsort(key)[len(reached) :]])


def _typical(draw: Draw, rng: np.random.Generator) -> Indices:
    wanted = (draw.n, int(rng.integers(2**62)))
    kept = _typical_kept.get(draw.population)
    if kept is None or kept[0] != wanted:
        kept = (wanted, _find_typical(draw, np.random.default_rng(wanted[1])))
        _typical_kept[draw.population] = kept
    return kept[1]


def _find_typical(draw: Draw, rng: np.random.Generator) -> Indices:
    x = draw.population.x
    n_candidates = min(len(x), max(N_CANDIDATES, draw.n + draw.n // 2))
    candidates = rng.permutation(len(x))[:n_candidates]
    return candidates[typical_of(x[candidates], draw.n, rng)]
