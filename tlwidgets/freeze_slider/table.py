"""The table of runs."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
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
_CELL = "padding: 2px 9px; text-align: right; white-space: nowrap"


def table_of(state: State) -> pd.DataFrame:
    """Return all runs, one row each, in the order in which they were trained."""
    return pd.DataFrame([_row(state.subject, record) for record in state.records])


def html_of(runs: pd.DataFrame) -> str:
    """Return the newest runs as an HTML table; texts in it are escaped."""
    if runs.empty:
        return ""
    newest = runs.iloc[::-1].head(_N_SHOWN)
    names = [_SHORT.get(name, name.replace("_", " ")) for name in runs.columns]
    rows = [_html_row("td", row) for row in newest.itertuples(index=False)]
    table = f'<table style="font-size: 12px">{_html_row("th", names)}{"".join(rows)}</table>'
    return f'<div style="overflow-x: auto">{table}</div>'


def _html_row(tag: str, values: Iterable[Any]) -> str:
    cells = (f'<{tag} style="{_CELL}">{escape(_text(value))}</{tag}>' for value in values)
    return f"<tr>{''.join(cells)}</tr>"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if value is None:
        return ""
    return str(value) if isinstance(value, bool | str) else f"{value:,}"


def _row(subject: Subject, record: Record) -> dict[str, object]:
    """Return one run as a row of the table of runs."""
    choice, run = record.choice, record.run
    return {
        "cut": choice.cut,
        "block": subject.blocks[choice.cut].name,
        "n_labels": choice.n_labels,
        **{name: values[-1] for name, values in run.history.items()},
        "seconds": run.seconds,
        "preparation_seconds": run.preparation_seconds,
        "trained_parameters": run.n_trained,
        "epochs": run.n_epochs,
        "learning_rate": choice.learning_rate,
        "keep_batchnorm_frozen": choice.keep_batchnorm_frozen,
        "seed": choice.seed,
        "ending": run.ending,
    }
