"""What can be chosen for a population, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .. import _check
from ..shift.population import Population
from .groups import is_numeric
from .state import Choice

MECHANISMS = ("domain shift", "data skew", "dataset quality", "sampling strategy")
REPAIRS = (
    "none",
    "importance weighting",
    "class weighting",
)
SMALLEST_N = 20


def kinds_of(population: Population, mechanism: str, covariate: str = "") -> list[str]:
    """Return the ways of a mechanism that this population can be drawn by.

    Parameters
    ----------
    population : Population
    mechanism : str
        One of `MECHANISMS`.
    covariate : str, optional
        What a domain shift depends on; by default the first.
    """
    _check.one_of("mechanism", mechanism, MECHANISMS, kind="mechanism")
    if mechanism == "domain shift":
        values = population.covariates[covariate or next(iter(population.covariates))]
        if is_numeric(values):
            return ["more of the high", "more of the low"]
        return [f"more of {category}" for category in sorted(set(values.tolist()))]
    if mechanism == "data skew":
        return ["half the classes", "long tail"] if population.has_classes else []
    return []


def repairs_for(population: Population, mechanism: str) -> list[str]:
    """Return the repairs that make sense for this mechanism, "none" first."""
    _check.one_of("mechanism", mechanism, MECHANISMS, kind="mechanism")
    return list(REPAIRS)


def completed(population: Population, choice: Choice, **changes: Any) -> Choice:
    """Return the choice with some of it changed and the rest made to fit; refuse a wrong one."""
    new = replace(choice, **changes)
    if not new.covariate:
        new = replace(new, covariate=next(iter(population.covariates)))
    _check.one_of("covariate", new.covariate, population.covariates, kind="covariate")
    kinds = kinds_of(population, new.mechanism, new.covariate)
    if "kind" not in changes and new.kind not in kinds:
        new = replace(new, kind=kinds[0])
    _check.one_of("kind", new.kind, kinds, kind=f"way of {new.mechanism}")
    _check.one_of("repair", new.repair, REPAIRS, kind="repair")
    _check.number("strength", new.strength, low=0, high=1, meaning="how biased the sample is")
    _check.whole_number(
        "n", new.n, low=SMALLEST_N, high=len(population), meaning="the size of the sample"
    )
    _check.whole_number("seed", new.seed, low=0, meaning="the number of a random draw")
    return new
