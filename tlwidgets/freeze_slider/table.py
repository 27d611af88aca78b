"""The table of runs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from .state import Record, State, Subject

_N_SHOWN = 8
_SHORT = {
    "trained_parameters": "parameters",
    "n_labels": "labels",
    "keep_batchnorm_frozen": "BN frozen",
    "preparation_seconds": "prepared in",
}
_CELL = {"selector": "th, td", "props": "padding: 2px 9px; text-align: right; white-space: nowrap"}
_TABLE = {"selector": "", "props": "border-collapse: collapse; font-size: 12px"}


def table_of(state: State) -> pd.DataFrame:
    """Return all runs, one row each, in the order in which they were trained."""
    return pd.DataFrame([_row(state.subject, record) for record in state.records])


def html_of(runs: pd.DataFrame) -> str:
    """Return the newest runs as an HTML table; texts in it are escaped."""
    if runs.empty:
        return ""
    shown = (
        runs.iloc[::-1].head(_N_SHOWN).rename(columns=lambda n: _SHORT.get(n, n.replace("_", " ")))
    )
    style = shown.style.format(_number, escape="html").set_table_styles([_CELL, _TABLE])
    return f'<div style="overflow-x: auto">{style.to_html()}</div>'


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.3g}"
    return value if isinstance(value, bool | str) else f"{value:,}"


def _row(subject: Subject, record: Record) -> dict[str, object]:
    """Return one run as a row of the table of runs."""
    choice, run = record.choice, record.run
    return {
        "cut": choice.cut,
        "block": subject.blocks[choice.cut].name,
        "trained_parameters": run.n_trained,
        "n_labels": choice.n_labels,
        "epochs": run.n_epochs,
        "learning_rate": choice.learning_rate,
        "keep_batchnorm_frozen": choice.keep_batchnorm_frozen,
        "seed": choice.seed,
        **{name: values[-1] for name, values in run.history.items()},
        "seconds": run.seconds,
        "preparation_seconds": run.preparation_seconds,
        "ending": run.ending,
    }
