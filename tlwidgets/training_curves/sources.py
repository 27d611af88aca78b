"""From and to other forms: a tidy table, its file, a Keras History, a dict, a CSVLogger's file."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from .state import SPLITS, Batch, Run, split_name

COLUMNS = ("run", "phase", "epoch", "step", "metric", "split", "value", "seconds")
_MISSING = {"", "NA"}  # what CSVLogger writes where there is no value; "nan" is one
_EXPECTED = (
    "a Keras History, its dict, the path of a CSVLogger's file or of one that `to_csv` wrote, or "
    "a DataFrame with a column per metric or with those of `to_frame`"
)


def frame_of(runs: Sequence[Run]) -> pd.DataFrame:
    """Return all values as a tidy table.

    Returns
    -------
    DataFrame
        Columns `run`, `phase`, `epoch` (from 1), `step` (missing where the value is that of the
        whole epoch), `metric`, `split`, `value`, `seconds` (since the run began).
    """
    rows = [row for run in runs for row in (*_epoch_rows(run), *_batch_rows(run))]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.astype({"run": int, "epoch": int, "step": "Int64", "value": float})
    return frame.sort_values(["run", "epoch", "step"], kind="stable", ignore_index=True)


def _epoch_rows(run: Run) -> list[tuple[Any, ...]]:
    return [
        (run.number, run.phase_of(x), x, None, metric, split, y, run.seconds[int(x) - 1])
        for (metric, split), points in run.points.items()
        for x, y in points
    ]


def _batch_rows(run: Run) -> list[tuple[Any, ...]]:
    return [
        (run.number, run.phase_of(b.epoch), b.epoch, b.step, *split_name(name), value, b.seconds)
        for b in run.batches
        for name, value in b.values.items()
    ]


def runs_from(history: Any) -> list[Run]:
    """Return the runs that a history of any known form holds.

    Parameters
    ----------
    history : keras History, dict, path or DataFrame

    Returns
    -------
    list of Run

    Raises
    ------
    TypeError, ValueError
        If it is none of these, or holds no numbers.
    """
    if isinstance(history, pd.DataFrame):
        if set(COLUMNS) <= set(history.columns):
            return _runs_of_frame(history)
        return [_run_of_columns(_columns_of_frame(history))]
    if isinstance(history, str | Path):
        return _runs_of_file(Path(history))
    columns = getattr(history, "history", history)
    if not isinstance(columns, Mapping):
        raise TypeError(f"`history` must be {_EXPECTED}; got {history!r}.")
    return [_run_of_columns(_columns_of_dict(columns))]


def _columns_of_dict(history: Mapping[str, Sequence[float]]) -> dict[str, list[float | None]]:
    try:
        known = {str(k): [float(v) for v in values] for k, values in history.items()}
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`history` must hold a list of numbers for each metric; got {dict(history)!r}."
        ) from error
    n = max(map(len, known.values()), default=0)
    return {name: _spread(name, values, n) for name, values in known.items()}


def _spread(name: str, values: list[float], n: int) -> list[float | None]:
    """Return a value or None for each of n epochs.

    Keras leaves no gap where it did not validate: with `validation_freq=k` the values are those
    of every k-th epoch. Another metric that is too short came late.
    """
    if not values or len(values) == n:
        return list(values)
    every = n // len(values) if name.startswith("val_") else 1
    if every == 1:
        return [None] * (n - len(values)) + values
    spread: list[float | None] = [None] * n
    for i, value in enumerate(values):
        spread[(i + 1) * every - 1] = value
    return spread


def _runs_of_file(path: Path) -> list[Run]:
    if not path.is_file():
        raise ValueError(f"`history` must be {_EXPECTED}; got {str(path)!r}, and no such file.")
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if set(COLUMNS) <= set(reader.fieldnames or ()):
            return _runs_of_frame(_table_of_rows(path, list(reader)))
        return [_run_of_columns(_columns_of_rows(path, list(reader)))]


def _table_of_rows(path: Path, rows: list[dict[str, str]]) -> pd.DataFrame:
    """Return what `to_csv` wrote: nothing is guessed, a phase called "NA" or "007" stays that."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    try:
        for name in ("run", "epoch", "step", "value", "seconds"):
            frame[name] = [float(text) if text else math.nan for text in frame[name]]
    except ValueError as error:
        raise ValueError(
            f"`history`: {path.name!r} must hold a table as `to_csv` writes it; {error}."
        ) from error
    return frame


def _columns_of_rows(path: Path, rows: list[dict[str, str]]) -> dict[str, list[float | None]]:
    names = [name for name in (rows[0] if rows else {}) if name != "epoch"]
    try:
        return {
            name: [None if row[name] in _MISSING else float(row[name]) for row in rows]
            for name in names
        }
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`history`: {path.name!r} must hold numbers, as Keras' CSVLogger writes them; {error}."
        ) from error


def _columns_of_frame(frame: pd.DataFrame) -> dict[str, list[float | None]]:
    """Return its columns; a missing validation was not measured, a missing loss is undefined."""
    numeric = frame.drop(columns="epoch", errors="ignore").select_dtypes("number")
    return {
        str(name): [
            None if math.isnan(v) and str(name).startswith("val_") else float(v) for v in column
        ]
        for name, column in numeric.items()
    }


def _run_of_columns(columns: Mapping[str, Sequence[float | None]]) -> Run:
    n = max((len(values) for values in columns.values()), default=0)
    if n == 0:
        raise ValueError(f"`history` must be {_EXPECTED}; got one without numbers: {columns!r}.")
    run = Run()
    run.begin_phase("", None, None)
    for i in range(n):
        logs = {name: values[i] for name, values in columns.items() if i < len(values)}
        known = {name: value for name, value in logs.items() if value is not None}
        run.end_epoch(known, math.nan)
    return run


def _runs_of_frame(frame: pd.DataFrame) -> list[Run]:
    runs = []
    for number, rows in frame.groupby("run"):
        run = Run(number=int(number))  # type: ignore[call-overload]
        is_whole = rows["step"].isna()
        n_epochs = int(rows.loc[is_whole, "epoch"].max()) if is_whole.any() else 0
        for epoch in range(1, int(rows["epoch"].max()) + 1):
            _begin_phase(run, rows.loc[rows["epoch"] == epoch, "phase"])
            if epoch <= n_epochs:  # the last may have been stopped within
                _add_epoch(run, rows[is_whole & (rows["epoch"] == epoch)])
        _add_batches(run, rows[~is_whole])
        runs.append(run)
    if not runs:
        raise ValueError(f"`history` must be {_EXPECTED}; got a table without rows.")
    return runs


def _begin_phase(run: Run, names: pd.Series[Any]) -> None:
    phase = "" if names.empty or pd.isna(names.iloc[0]) else str(names.iloc[0])
    if not run.phases or (not names.empty and phase != run.phases[-1].name):
        run.begin_phase(phase, None, None)


def _add_epoch(run: Run, rows: pd.DataFrame) -> None:
    run.end_epoch(_logs_of(rows), float(rows["seconds"].iloc[0]) if len(rows) else math.nan)


def _logs_of(rows: pd.DataFrame) -> dict[str, float]:
    """Return the values as Keras reports them."""
    prefix = {split: "val_" * (split == "validation") for split in SPLITS}
    return {
        prefix[row.split] + row.metric: float(row.value) for row in rows.itertuples(index=False)
    }


def _add_batches(run: Run, rows: pd.DataFrame) -> None:
    for (epoch, step), group in rows.groupby(["epoch", "step"]):
        seconds = float(group["seconds"].iloc[0])
        run.batches.append(Batch(int(epoch), int(step), _logs_of(group), seconds))
    if run.batches:
        run.n_steps = max(batch.step for batch in run.batches)
