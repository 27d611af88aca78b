"""The table of a state: three models, each as its own test set reports it and as it is."""

from __future__ import annotations

import pandas as pd

from .state import Outcome, Score, State

REPORTED, ACTUAL = "its own test set", "the population"


def report(state: State) -> pd.DataFrame:
    """Return who says what of which model, overall, for the worst group and for each group.

    Parameters
    ----------
    state : State

    Returns
    -------
    DataFrame
        A row for each model ("naive", "repaired" if there is a repair, "ideal") and judge ("its
        own test set", "the population"). Accuracy, 0..1; for a numeric outcome the root mean
        squared error, and what each sample says its mean is.
    """
    has_classes = state.population.has_classes
    rows = {}
    for outcome in shown_outcomes(state):
        rows[outcome.name, REPORTED] = _row(outcome.reported, has_classes)
        rows[outcome.name, ACTUAL] = _row(outcome.actual, has_classes)
        if not has_classes:
            rows[outcome.name, REPORTED]["mean outcome"] = outcome.mean_outcome
            rows[outcome.name, ACTUAL]["mean outcome"] = float(state.population.y.mean())
    index = pd.MultiIndex.from_tuples(list(rows), names=["model", "says"])
    return pd.DataFrame(list(rows.values()), index=index)


def shown_outcomes(state: State) -> list[Outcome]:
    """Return the outcomes that differ: without a repair, nothing is repaired."""
    result = state.result
    repaired = [] if state.choice.repair == "none" else [result.repaired]
    return [result.naive, *repaired, result.ideal]


def worst_group(score: Score, *, has_classes: bool) -> tuple[str, float]:
    """Return the group with the lowest accuracy (or largest error), and its score.

    Examples
    --------
    >>> worst_group(Score(overall=0.8, by_group={"a": 0.9, "b": 0.5}), has_classes=True)
    ('b', 0.5)
    """
    known = {name: value for name, value in score.by_group.items() if value == value}
    if not known:
        return "", float("nan")
    worst = (min if has_classes else max)(known, key=lambda name: known[name])
    return worst, known[worst]


def _row(score: Score, has_classes: bool) -> dict[str, float]:
    worst = worst_group(score, has_classes=has_classes)[1]
    return {"overall": score.overall, "worst group": worst, **score.by_group}
