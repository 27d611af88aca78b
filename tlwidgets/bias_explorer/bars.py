"""The bars: what a test set claims, and what is so, for three models."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._views.chart import axis_over
from ..shift.population import Population
from .describe import Verdict, score_text, verdict
from .groups import groups_of
from .state import Outcome, Score, State

# A gap this many standard errors wide is not luck of the draw.
_CLEAR = 2.0


def bars_view(state: State) -> dict[str, Any]:
    """Return the three models, for everybody and for the worst group, as JSON holds it."""
    population, result = state.population, state.result
    everybody = np.ones(len(population), bool)
    columns = [_column("Everybody", lambda score: score.overall, everybody, state)]
    worst = worst_group(result.naive, is_error=not population.has_classes)
    if len(result.naive.actual.by_group) > 1 and worst is not None:
        of_worst = groups_of(population, state.choice) == worst
        what = "class" if state.choice.mechanism == "data skew" else "group"
        name = f"Worst {what}: {worst}"
        columns.append(_column(name, lambda score: score.by_group[worst], of_worst, state))
    return {
        "title": "What the test set claims, and what is true",
        "axis": _axis(population, columns),
        "columns": columns,
        "names": _names(state),
        "better": "higher is better" if population.has_classes else "lower is better",
    }


def worst_group(outcome: Outcome, *, is_error: bool) -> str | None:
    """Return the group for which a model does worst in the population.

    Parameters
    ----------
    outcome : Outcome
    is_error : bool
        Whether a high score is bad.
    """
    known = {name: v for name, v in outcome.actual.by_group.items() if math.isfinite(v)}
    if not known:
        return None
    return max(known, key=lambda name: known[name] if is_error else -known[name])


def _column(
    name: str, score_of: Callable[[Score], float], members: NDArray[np.bool_], state: State
) -> dict[str, Any]:
    result = state.result
    rows: list[dict[str, Any] | None] = [
        {
            "reported": _finite(score_of(outcome.reported)),
            "actual": _finite(score_of(outcome.actual)),
            "reported_text": _text(state, score_of(outcome.reported)) or "nobody to test on",
            "actual_text": _text(state, score_of(outcome.actual)) or "unknown",
            "gap": _gap(score_of, outcome, members, state),
        }
        for outcome in (result.naive, result.repaired, result.ideal)
    ]
    if state.choice.repair == "none":
        rows[1] = None
    return {"name": name, "rows": rows, "rule": _rule(state, members)}


def _text(state: State, value: float) -> str:
    return score_text(state, value) if math.isfinite(value) else ""


def _gap(
    score_of: Callable[[Score], float],
    outcome: Outcome,
    members: NDArray[np.bool_],
    state: State,
) -> list[Any] | None:
    """Return in words how wrong a hold-out is, and whether by more than luck."""
    reported, actual = score_of(outcome.reported), score_of(outcome.actual)
    if not (math.isfinite(reported) and math.isfinite(actual)):
        return None
    if state.population.has_classes:
        flattery = reported - actual
        size = str(abs(round(100 * reported) - round(100 * actual)))
        noise = math.sqrt(max(actual * (1 - actual), 0.01))
    else:  # with as many decimals as the scores have
        flattery = actual - reported
        n_decimals = max(0, 2 - math.floor(math.log10(max(reported, actual, 1e-12))))
        size = f"{abs(flattery):.{n_decimals}f}"
        noise = actual / math.sqrt(2)
    if float(size) == 0:
        return ["right", False]
    if members.all():
        is_clear = verdict(state, outcome) is not Verdict.RIGHT
    else:
        is_clear = abs(flattery) > _CLEAR * noise / math.sqrt(_n_tested(outcome, members, state))
    return [f"{size} {'too good' if flattery > 0 else 'too bad'}", is_clear]


def _n_tested(outcome: Outcome, members: NDArray[np.bool_], state: State) -> float:
    """Return how many of a group a hold-out holds, about; at least one."""
    result = state.result
    hold_out = result.selection.indices[~result.is_train]
    if outcome.name == "ideal":
        return max(1.0, len(hold_out) * float(members.mean()))
    share = 1.0
    if outcome.name == "repaired":  # unequal weights leave less to go by
        share = result.effective_sample_size / max(1, len(result.selection))
    return max(1.0, share * float(members[hold_out].sum()))


def _rule(state: State, members: NDArray[np.bool_]) -> list[Any]:
    """Return the score of who says the same of everybody: the commonest class, or the mean."""
    y = state.population.y
    if state.population.has_classes:
        score = float(np.mean(y[members] == np.argmax(np.bincount(y))))
    else:
        score = float(np.sqrt(np.mean((y[members] - y.mean()) ** 2)))
    return [round(score, 4), f"guessing: {score_text(state, score)}"]


def _axis(population: Population, columns: list[dict[str, Any]]) -> dict[str, Any]:
    if population.has_classes:
        return {"low": 0, "high": 1, "ticks": [[0, "0"], [1, "100 %"]]}
    rows = [row for column in columns for row in column["rows"] if row]
    values = [row[key] or 0.0 for row in rows for key in ("reported", "actual")]
    axis = axis_over("", [0.0, *values, *(column["rule"][0] for column in columns)], n_ticks=3)
    return {"low": 0, "high": axis.high, "ticks": [[0, "0"], list(axis.ticks[-1])]}


def _names(state: State) -> list[list[str]]:
    choice = state.choice
    return [
        ["Naive", "learned from my sample as it is"],
        [
            "Repaired",
            f"with {choice.repair}"
            if choice.repair != "none"
            else "nothing yet: choose a repair above",
        ],
        ["Ideal", f"learned from a random sample of {len(state.result.selection):,}"],
    ]


def _finite(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
