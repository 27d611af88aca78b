"""What the curves know, every value that Keras reported, and how they are to be shown.

A `Run` grows with each epoch, so it is not frozen: copying it would make training slower the
longer it lasts. Nothing but its own methods changes it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import _check
from .._widgets.chart import MAX_POINTS, Point, thin_out

Split = str
Columns = Mapping[str, Sequence[Any]]  # of what was measured: a value for each epoch
SPLITS = ("training", "validation")
LEARNING_RATE = "learning_rate"

# Of batches every n-th is kept; n doubles when they become more than this.
MAX_BATCHES = 500
IN_TERMINAL = ("text", "silence")
_MAX_CHARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How curves are shown; `TrainingCurves` tells what each part is."""

    name: str = ""
    metrics: Sequence[str] | None = None
    chance: float | Mapping[str, float] | None = None
    smoothing: float = 0.0
    log: bool = False
    in_terminal: str = "text"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"`name` must be text; got {self.name!r}.")
        if self.metrics is not None and (
            isinstance(self.metrics, str) or not all(isinstance(m, str) for m in self.metrics)
        ):
            raise TypeError(f"`metrics` must be a list of metric names; got {self.metrics!r}.")
        if self.metrics is not None and len(self.metrics) != (len(set(self.metrics)) or 1):
            raise ValueError(
                "`metrics` must name at least one metric, and each once; got "
                f"{list(self.metrics)!r}. Leave it out for the loss and the first three."
            )
        levels = [] if self.chance is None else [self.chance]
        for level in self.chance.values() if isinstance(self.chance, Mapping) else levels:
            _check.number("chance", level, low=-1e12, high=1e12, meaning="what guessing gives")
        meaning = "the weight of the past in the smoothed line"
        _check.number("smoothing", self.smoothing, low=0, high=0.99, meaning=meaning)
        if not isinstance(self.log, bool):
            raise TypeError(f"`log` must be True or False; got {self.log!r}.")
        _check.one_of("in_terminal", self.in_terminal, IN_TERMINAL, kind="way")

    def chance_of(self, metric: str) -> float | None:
        """Return what guessing would reach, if that is known."""
        if isinstance(self.chance, Mapping):
            return self.chance.get(metric)
        return self.chance if "acc" in metric.lower() else None

    def check_names(self, known: Sequence[str]) -> None:
        """Raise where a metric is chosen that has not been measured; name the nearest."""
        levels = self.chance if isinstance(self.chance, Mapping) else {}
        for argument, names in (("metrics", self.metrics or ()), ("chance", levels)):
            for name in names:
                _check.one_of(argument, name, known, kind="metric")


class Phase(NamedTuple):
    """One `fit` within a run: its name, the epochs done before it, the epochs it asked for."""

    name: str
    start: int
    n_planned: int | None


class Batch(NamedTuple):
    """What Keras reported within an epoch: its means since the epoch began."""

    epoch: int
    step: int
    values: dict[str, float]
    seconds: float


@dataclass(slots=True)
class Run:
    """One model's training, over one or several calls of `fit`.

    Parameters
    ----------
    number : int
        The first run of some curves is 1.
    start : int
        Epochs that were done before it, which `initial_epoch` says.
    phases : list of Phase
    points : dict of (metric, split) to list of (epoch, value)
        Epochs count from `start` + 1, over all phases. A value that is not finite is kept as it is.
    drawn : dict of (metric, split) to list of (epoch, value)
        The same for a picture: of a long training the peaks and valleys, so that drawing
        does not become slower with each epoch.
    seconds : list of float
        When each epoch ended, since the run began.
    batches : list of Batch
        A selection; see `MAX_BATCHES`.
    n_steps : int or None
        Steps of an epoch, where known.
    left_out : set of str
        What was reported and is no single number, such as a value for each class.
    """

    number: int = 1
    start: int = 0
    phases: list[Phase] = field(default_factory=list)
    points: dict[tuple[str, Split], list[Point]] = field(default_factory=dict)
    drawn: dict[tuple[str, Split], list[Point]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    n_steps: int | None = None
    left_out: set[str] = field(default_factory=set)
    _stride: int = 1

    @property
    def n_epochs(self) -> int:
        """Number of epochs that have ended."""
        return len(self.seconds)

    @property
    def last_epoch(self) -> int:
        """The epoch that ended last, as Keras counts from `initial_epoch` on."""
        return self.start + self.n_epochs

    @property
    def n_planned(self) -> int:
        """The last epoch of the current phase, as far as is known."""
        last = self.phases[-1] if self.phases else Phase("", 0, None)
        return max(self.last_epoch, last.start + (last.n_planned or 0), self.start + 1)

    def begin_phase(self, name: str, n_planned: int | None, n_steps: int | None) -> None:
        """Begin a call of `fit`; what the one before left of an unfinished epoch is dropped."""
        self.batches = [batch for batch in self.batches if batch.epoch <= self.last_epoch]
        if self.phases and self.phases[-1].start == self.last_epoch:
            self.phases.pop()  # nothing came of it
        self.phases.append(Phase(name, self.last_epoch, n_planned))
        self.n_steps = n_steps

    def begin_at(self, epoch: int, n_epochs: int | None) -> None:
        """Take note of the epoch, from 0, with which the current call of `fit` begins, and ends."""
        if not self.seconds:
            self.start = epoch
            self.phases[-1] = self.phases[-1]._replace(start=epoch)
        if n_epochs and self.phases[-1].start == self.last_epoch:
            self.phases[-1] = self.phases[-1]._replace(n_planned=n_epochs - epoch)

    def end_batch(self, step: int, logs: Mapping[str, float], seconds: float) -> None:
        """Keep what Keras reports after a batch, counted from 0 within its epoch."""
        n_done = step + 1
        if n_done % self._stride and n_done != self.n_steps:
            return
        values = {metric: float(value) for metric, value in logs.items() if _is_number(value)}
        self.batches.append(Batch(self.last_epoch + 1, n_done, values, seconds))
        if len(self.batches) > MAX_BATCHES:
            self._stride *= 2
            self.batches = [b for b in self.batches if b.step % self._stride == 0]

    def end_epoch(self, logs: Mapping[str, float], seconds: float) -> None:
        """Keep what Keras reports after an epoch."""
        self.seconds.append(seconds)
        for name, value in logs.items():
            if _is_number(value):
                self._add(split_name(name), (self.last_epoch, float(value)))
            elif value is not None:
                self.left_out.add(split_name(name)[0])
        of_epoch = [batch.step for batch in self.batches if batch.epoch == self.last_epoch]
        if self.n_steps is None and of_epoch:  # a generator of unknown length has ended once
            self.n_steps = of_epoch[-1]

    def _add(self, which: tuple[str, Split], point: Point) -> None:
        self.points.setdefault(which, []).append(point)
        drawn = self.drawn.setdefault(which, [])
        drawn.append(point)
        if len(drawn) > 2 * MAX_POINTS:
            drawn[:] = thin_out(drawn, MAX_POINTS)

    def end_phase(self) -> None:
        """Forget epochs that were planned and did not come."""
        if self.phases:
            self.phases[-1] = self.phases[-1]._replace(n_planned=None)

    def phase_of(self, epoch: int) -> str:
        """Return the name of the phase that an epoch belongs to."""
        return next((p.name for p in reversed(self.phases) if p.start < epoch), "")

    def curve(self, metric: str, split: Split) -> list[Point]:
        """Return the points of one curve to draw; none where it was not measured."""
        return self.drawn.get((metric, split), [])


def split_name(name: str) -> tuple[str, Split]:
    """Return metric and split of a name in Keras' logs.

    Examples
    --------
    >>> split_name("val_loss")
    ('loss', 'validation')
    """
    return (name[4:], "validation") if name.startswith("val_") else (name, "training")


def names_of(run: Run) -> list[str]:
    """Return the names of all curves, without `val_`, the loss first."""
    names = [metric for metric, _ in run.points]
    names += [metric for batch in run.batches[-1:] for metric in batch.values]
    return sorted(dict.fromkeys(names), key=lambda n: n != "loss")


def metrics_of(run: Run) -> list[str]:
    """Return what was measured, the loss first; the learning rate is no such thing."""
    return [name for name in names_of(run) if name != LEARNING_RATE]


def shown_metrics(run: Run, choices: Choices) -> list[str]:
    """Return the metrics that get a chart; before the first value, those that will."""
    chosen, known = list(choices.metrics or ()), names_of(run)
    found = [metric for metric in chosen if metric in known or not known]
    return found or metrics_of(run)[:_MAX_CHARTS] or ["loss"]


def _is_number(value: object) -> bool:
    # A metric may report a vector (one value per class): there is no curve of it.
    return getattr(value, "shape", ()) == () and hasattr(value, "__float__")


# From and to other forms: a tidy table, its file, a Keras History, a dict, a CSVLogger's file.

COLUMNS = ("run", "phase", "epoch", "step", "metric", "split", "value", "seconds")
_MISSING = {"", "NA"}  # what CSVLogger writes where there is no value; "nan" is one
_EXPECTED = (
    "a Keras History, its dict, the path of a CSVLogger's file or of one that `to_csv` wrote, or "
    "a DataFrame with a column per metric or with those of `to_frame`"
)


def frame_of(runs: Sequence[Run]) -> pd.DataFrame:
    """Return all values as a tidy table."""
    rows = [row for run in runs for row in (*_epoch_rows(run), *_batch_rows(run))]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.astype({"run": int, "epoch": int, "step": "Int64", "value": float})
    return frame.sort_values(["run", "epoch", "step"], kind="stable", ignore_index=True)


def _epoch_rows(run: Run) -> list[tuple[Any, ...]]:
    return [
        (
            run.number,
            run.phase_of(int(x)),
            x,
            None,
            metric,
            split,
            y,
            run.seconds[int(x) - run.start - 1],
        )
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
    """Return the runs that a history of any known form holds."""
    if isinstance(history, pd.DataFrame):
        if set(COLUMNS) <= set(history.columns):
            return _runs_of_frame(history)
        return [_run_of_columns(_columns_of_frame(history), _first_epoch(history.get("epoch", ())))]
    if isinstance(history, str | Path):
        return _runs_of_file(Path(history))
    columns = getattr(history, "history", history)
    if not isinstance(columns, Mapping):
        raise TypeError(f"`history` must be {_EXPECTED}; got {history!r}.")
    first = (getattr(history, "epoch", None) or [0])[0]
    return [_run_of_columns(_columns_of_dict(columns), first)]


def _columns_of_dict(history: Mapping[str, Sequence[Any]]) -> Columns:
    try:
        known = {
            str(k): [v if isinstance(v, list) or np.ndim(v) else float(v) for v in values]
            for k, values in history.items()
        }
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`history` must hold a list of numbers for each metric; got {dict(history)!r}."
        ) from error
    n = max(map(len, known.values()), default=0)
    return {name: _spread(name, values, n) for name, values in known.items()}


def _spread(name: str, values: list[Any], n: int) -> list[Any]:
    """Return a value or None for each of n epochs.

    Keras leaves no gap where it did not validate: with `validation_freq=k` the values are those
    of every k-th epoch. Another metric that is too short came late.
    """
    if not values or len(values) == n:
        return list(values)
    every = n // len(values) if name.startswith("val_") else 1
    if every == 1:
        return [None] * (n - len(values)) + values
    spread: list[Any] = [None] * n
    for i, value in enumerate(values):
        spread[(i + 1) * every - 1] = value
    return spread


def _runs_of_file(path: Path) -> list[Run]:
    if not path.is_file():
        raise ValueError(f"`history` must be {_EXPECTED}; got {str(path)!r}, and no such file.")
    with path.open(newline="", encoding="utf-8") as file:
        # CSVLogger begins with the epoch, and what follows is the separator that it was given.
        head, _, separator = file.read(len("epoch") + 1).partition("epoch")
        file.seek(0)
        separator = "," if head else separator.strip("\r\n") or ","
        reader = csv.DictReader(file, delimiter=separator)
        if set(COLUMNS) <= set(reader.fieldnames or ()):
            return _runs_of_frame(_table_of_rows(path, list(reader)))
        rows = list(reader)
    return [
        _run_of_columns(_columns_of_rows(path, rows), _first_epoch([r.get("epoch") for r in rows]))
    ]


def _first_epoch(epochs: Iterable[Any]) -> int:
    """Return the first of a column of epochs, which Keras counts from 0."""
    first = str(next(iter(epochs), "")).removesuffix(".0")
    return int(first) if first.isdigit() else 0


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


def _columns_of_rows(path: Path, rows: list[dict[str, str]]) -> Columns:
    names = [name for name in (rows[0] if rows else {}) if name != "epoch"]
    try:
        return {name: [_value_of(row[name]) for row in rows] for name in names}
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`history`: {path.name!r} must hold numbers, as Keras' CSVLogger writes them; {error}."
        ) from error


def _value_of(text: str) -> float | str | None:
    # CSVLogger writes a vector as "[0.1, 0.2]", in quotes: no number, and no mistake.
    is_vector = text.strip('"').startswith("[")
    return None if text in _MISSING else text if is_vector else float(text)


def _columns_of_frame(frame: pd.DataFrame) -> Columns:
    """Return its columns; a missing validation was not measured, a missing loss is undefined."""
    columns = frame.drop(columns="epoch", errors="ignore")
    numeric = columns.select_dtypes("number")
    return {
        str(name): [
            None if math.isnan(v) and str(name).startswith("val_") else float(v) for v in column
        ]
        if name in numeric
        else list(column)
        for name, column in columns.items()
    }


def _run_of_columns(columns: Columns, first: int) -> Run:
    run = Run(start=first)
    run.begin_phase("", None, None)
    for i in range(max((len(values) for values in columns.values()), default=0)):
        run.end_epoch({name: v[i] for name, v in columns.items() if i < len(v)}, math.nan)
    if not run.points:
        raise ValueError(f"`history` must be {_EXPECTED}; got one without numbers: {columns!r}.")
    return run


def _runs_of_frame(frame: pd.DataFrame) -> list[Run]:
    runs = []
    for number in sorted(set(frame["run"])):
        rows = frame[frame["run"] == number]
        first = int(rows["epoch"].min())
        run = Run(number=int(number), start=first - 1)
        is_whole = rows["step"].isna()
        last = int(rows.loc[is_whole, "epoch"].max()) if is_whole.any() else 0
        for epoch in range(first, int(rows["epoch"].max()) + 1):
            _begin_phase(run, rows.loc[rows["epoch"] == epoch, "phase"])
            if epoch <= last:  # the last may have been stopped within
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
    columns = (rows[name].tolist() for name in ("metric", "split", "value"))
    return {prefix[split] + metric: float(y) for metric, split, y in zip(*columns, strict=True)}


def _add_batches(run: Run, rows: pd.DataFrame) -> None:
    for _, group in rows.groupby(["epoch", "step"]):
        epoch, step, seconds = group[["epoch", "step", "seconds"]].iloc[0].astype(float)
        run.batches.append(Batch(int(epoch), int(step), _logs_of(group), seconds))
    if run.batches:
        run.n_steps = max(batch.step for batch in run.batches)
