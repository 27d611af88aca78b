"""One sentence that reads the state."""

from __future__ import annotations

from .state import State


def describe(state: State) -> str:
    """Return one sentence on what the sample believes and what is so."""
    result = state.result
    shown = result.naive if state.choice.repair == "none" else result.repaired
    if not state.population.has_classes:
        return f"Your own test set says an error of {shown.reported.overall:.1f}, the population says {shown.actual.overall:.1f}."
    return (
        f"Your own test set says {shown.reported.overall:.0%}, the population says "
        f"{shown.actual.overall:.0%}."
    )
