"""What a gesture means: which parts of the choice it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..shift import selection_errors
from ..shift.population import Population
from .choosing import FIRST_REGION, SMALLEST_N
from .state import Box, State

_BY_REGION = {"mechanism": "sampling strategy", "kind": "region"}


def brushed(state: State, region: Box | None, wanted_n: int) -> dict[str, Any]:
    """Return what changes when a region of the map is brushed, or let go (None).

    Parameters
    ----------
    state : State
    region : Box, optional
    wanted_n : int
        The size of the sample that was last asked for.

    Raises
    ------
    TypeError, ValueError
        If it is no region of the map.
    """
    choice = state.choice
    if region is None:
        kind = {"kind": "simple random"} if choice.kind == "region" else {}
        return sized(state, {**kind, "region": None}, wanted_n)
    region = selection_errors.box(region, "region")
    # The first stroke means: only there.
    strength = choice.strength if choice.kind == "region" else 1.0
    return sized(state, {**_BY_REGION, "region": region, "strength": strength}, wanted_n)


def sized(state: State, changes: Mapping[str, Any], wanted_n: int) -> dict[str, Any]:
    """Return changes with a sample as large as wanted, or as large as a region can give."""
    choice = state.choice
    kind, strength, region = (
        changes.get(name, getattr(choice, name)) for name in ("kind", "strength", "region")
    )
    if kind == "region":
        n = min(wanted_n, _n_possible(state.population, region or FIRST_REGION, strength))
        return {**changes, "n": max(SMALLEST_N, n)}
    return {**changes, "n": wanted_n} if choice.kind == "region" else dict(changes)


def _n_possible(population: Population, region: Box, strength: float) -> int:
    left, bottom, right, top = region
    x, y = population.position.T
    n_inside = int(np.sum((x >= left) & (x <= right) & (y >= bottom) & (y <= top)))
    return int(n_inside / strength) if strength else len(population)
