"""Everything that the page and the figure show of a state, as one small dictionary."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._palette import BAD, SOURCE, TARGET
from .bars import bars_view
from .map_points import Colouring
from .panels import panels_view
from .projecting import shown_on_map
from .state import State

# The sample is where a model learns, the population where it is used.
COLOURS = {"sample": SOURCE, "population": TARGET, "gap": BAD}
_FEW = 0.5  # of the sample: below this the meter warns


def to_view(
    state: State, colouring: Colouring, *, sentence: str, trouble: str = ""
) -> dict[str, Any]:
    """Return what the drawers need, as JSON holds it.

    Parameters
    ----------
    state : State
    colouring : Colouring
        As `colour_points` gives.
    sentence : str
        What `describe` says of the state.
    trouble : str
        Why the last gesture was refused; empty if it was not.
    """
    headline, _, details = sentence.partition(". ")
    return {
        "headline": f"{headline.rstrip('.')}.",
        "details": details,
        "warning": " ".join(filter(None, (trouble, state.result.warning))),
        "refused": bool(trouble),
        "drawn": state.result.selection.description,
        "quick": state.result.is_quick,
        "map": map_view(state, colouring),
        "bars": bars_view(state),
        "meter": meter_view(state),
        "panels": panels_view(state),
        "colours": COLOURS,
    }


def map_view(state: State, colouring: Colouring) -> dict[str, Any]:
    """Return what stands around the points: counts, the legend, the region."""
    population, result = state.population, state.result
    n_shown, n = len(shown_on_map(population)), len(population)
    n_drawn = len(np.unique(result.selection.indices))
    title = f"Who is in my sample: {n_drawn:,} of {n:,}"
    region = state.choice.region if is_by_region(state) else None
    return {
        "title": title if n_shown == n else f"{title} (others shown: {n_shown:,})",
        "by": colouring.by,
        "palette": [list(entry) for entry in colouring.palette],
        "ends": list(colouring.ends) if colouring.ends else None,
        "labels": [list(label) for label in colouring.labels],
        "region": [round(float(edge), 4) for edge in region] if region else None,
        "damaged": bool(result.selection.was_changed.any()),
        "note": population.note,
    }


def is_by_region(state: State) -> bool:
    """Whether the sample is drawn from a region of the map."""
    return state.choice.kind == "region" and state.choice.region is not None


def meter_view(state: State) -> dict[str, Any]:
    """Return how many examples the weighted sample is worth."""
    n, effective = len(state.result.selection), state.result.effective_sample_size
    return {
        "share": round(min(1.0, effective / max(1, n)), 3),
        "is_low": bool(effective < _FEW * n),
        "text": f"Effective sample size: {effective:,.0f} of {n:,}",
    }
