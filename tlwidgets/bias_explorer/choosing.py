"""What can be chosen for a population; a choice is made whole, or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .. import _check
from ..shift import MECHANISMS, Population
from ..shift.mechanisms import MORE_OF
from ..shift.selection_errors import box
from . import repairs
from .groups import is_numeric
from .state import Box, Choice

SMALLEST_N = 20
# Until a region of the map is brushed: its left half.
FIRST_REGION: Box = (0.0, 0.0, 0.5, 1.0)
REPAIRS = ("none", *repairs.REPAIRS)

_NUMERIC_REPAIRS = ("importance weighting", "known chances", "stratified re-sampling")
_SENSIBLE = {
    "domain shift": ("importance weighting", "known chances", "stratified re-sampling"),
    "data skew": ("class weighting", "label-shift correction", "stratified re-sampling"),
    "dataset quality": ("label cleaning",),
    "sampling strategy": ("importance weighting", "class weighting", "stratified re-sampling"),
}
# Of the mechanisms, for a numeric outcome.
_NEED_CLASSES = ("symmetric noise", "pair flip", "feature-dependent noise")


def kinds_of(population: Population, mechanism: str, covariate: str = "") -> list[str]:
    """Return the ways of a mechanism that this population can be drawn by.

    Parameters
    ----------
    population : Population
    mechanism : str
        A key of `MECHANISMS`.
    covariate : str, optional
        What a domain shift depends on; by default the first.

    Returns
    -------
    list of str
        Empty for a skew of classes where there are none.
    """
    kinds = MECHANISMS[_check.one_of("mechanism", mechanism, MECHANISMS, kind="mechanism")]
    if mechanism == "domain shift":
        values = population.covariates[covariate or next(iter(population.covariates))]
        if not is_numeric(values):
            return [f"{MORE_OF}{category}" for category in sorted(set(values.tolist()))]
    if len(population.class_names) < 2:
        return [kind for kind in kinds if mechanism != "data skew" and kind not in _NEED_CLASSES]
    return list(kinds)


def repairs_for(population: Population, mechanism: str) -> list[str]:
    """Return the repairs that make sense for a mechanism, "none" first; others may be tried too."""
    _check.one_of("mechanism", mechanism, MECHANISMS, kind="mechanism")
    known = repairs_of(population)
    return ["none", *(name for name in _SENSIBLE[mechanism] if name in known)]


def repairs_of(population: Population) -> list[str]:
    """Return all repairs that are defined for a population."""
    return [
        name for name in REPAIRS if population.has_classes or name in ("none", *_NUMERIC_REPAIRS)
    ]


def completed(population: Population, choice: Choice, **changes: Any) -> Choice:
    """Return the choice with some of it changed.

    What was not chosen is made to fit: a region selects the sampling strategy "region", another
    mechanism its first kind.

    Raises
    ------
    TypeError, ValueError
        If something of it is impossible.
    """
    if changes.get("region") is not None and not {"mechanism", "kind"} & changes.keys():
        changes |= {"mechanism": "sampling strategy", "kind": "region"}
    new = replace(choice, **changes)
    if not new.covariate:
        new = replace(new, covariate=next(iter(population.covariates)))
    _check.one_of("covariate", new.covariate, population.covariates, kind="covariate")
    kinds = kinds_of(population, new.mechanism, new.covariate)
    if "kind" not in changes and new.kind not in kinds and kinds:
        new = replace(new, kind=kinds[0])
    _check.one_of("kind", new.kind, kinds, kind=f"way of {new.mechanism}")
    if new.kind == "region" and new.region is None:
        new = replace(new, region=FIRST_REGION)
    _check.one_of("repair", new.repair, repairs_of(population), kind="repair")
    n_all = len(population)
    return replace(
        new,
        strength=_check.number(
            "strength", new.strength, low=0, high=1, meaning="how biased the sample is"
        ),
        n=_check.whole_number(
            "n", new.n, low=SMALLEST_N, high=n_all, meaning="the size of the sample"
        ),
        region=None if new.region is None else box(new.region, "region"),
        seed=_check.whole_number("seed", new.seed, low=0, meaning="the number of a random draw"),
    )
