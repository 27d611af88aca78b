"""What the curves know, every value that Keras reported, and how they are to be shown.

A `Run` grows with each epoch, so it is not frozen: copying it would make training slower the
longer it lasts. Nothing but its own methods changes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .. import _check
from .._views.chart import MAX_POINTS, Point, thin_out

Split = str
SPLITS = ("training", "validation")
LEARNING_RATE = "learning_rate"

# Of batches every n-th is kept; n doubles when they become more than this.
MAX_BATCHES = 500
IN_TERMINAL = ("text", "silence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How curves are shown.

    Parameters
    ----------
    name : str
        What this training is called where several are compared.
    metrics : sequence of str, optional
        What gets a chart, without `val_`. By default the loss and the first three metrics.
    chance : float or dict of metric to float, optional
        What guessing would reach; a single number is meant for accuracies.
    smoothing : float, from 0 to 0.99
        Weight of the past in a smoothed line over the raw points; 0 draws none.
    log : bool
        Whether losses start on a logarithmic axis; the live view has a switch anyway.
    in_terminal : "text" or "silence"
        What to do where no picture can be shown.
    """

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
        return self.chance if "acc" in metric else None


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
    phases : list of Phase
    points : dict of (metric, split) to list of (epoch, value)
        Epochs count from 1, over all phases. A value that is not finite is kept as it is.
    drawn : dict of (metric, split) to list of (epoch, value)
        The same for a picture: of a long training the peaks and valleys, so that drawing
        does not become slower with each epoch.
    seconds : list of float
        When each epoch ended, since the run began.
    batches : list of Batch
        A selection; see `MAX_BATCHES`.
    n_steps : int or None
        Steps of an epoch, where known.
    """

    number: int = 1
    phases: list[Phase] = field(default_factory=list)
    points: dict[tuple[str, Split], list[Point]] = field(default_factory=dict)
    drawn: dict[tuple[str, Split], list[Point]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    n_steps: int | None = None
    _stride: int = 1

    @property
    def n_epochs(self) -> int:
        """Number of epochs that have ended."""
        return len(self.seconds)

    @property
    def n_planned(self) -> int:
        """Number of epochs when the current phase is over, as far as is known."""
        last = self.phases[-1] if self.phases else Phase("", 0, None)
        return max(self.n_epochs, last.start + (last.n_planned or 0), 1)

    def begin_phase(self, name: str, n_planned: int | None, n_steps: int | None) -> None:
        """Begin a call of `fit`; what the one before left of an unfinished epoch is dropped."""
        self.batches = [batch for batch in self.batches if batch.epoch <= self.n_epochs]
        if self.phases and self.phases[-1].start == self.n_epochs:
            self.phases.pop()  # nothing came of it
        self.phases.append(Phase(name, self.n_epochs, n_planned))
        self.n_steps = n_steps

    def expect(self, n_planned: int) -> None:
        """Correct how many epochs the current call of `fit` asked for."""
        if self.phases[-1].start == self.n_epochs:
            self.phases[-1] = self.phases[-1]._replace(n_planned=n_planned)

    def end_batch(self, step: int, logs: Mapping[str, float], seconds: float) -> None:
        """Keep what Keras reports after a batch, counted from 0 within its epoch."""
        n_done = step + 1
        if n_done % self._stride and n_done != self.n_steps:
            return
        values = {metric: float(value) for metric, value in logs.items() if _is_number(value)}
        self.batches.append(Batch(self.n_epochs + 1, n_done, values, seconds))
        if len(self.batches) > MAX_BATCHES:
            self._stride *= 2
            self.batches = [b for b in self.batches if b.step % self._stride == 0]

    def end_epoch(self, logs: Mapping[str, float], seconds: float) -> None:
        """Keep what Keras reports after an epoch."""
        self.seconds.append(seconds)
        for name, value in logs.items():
            if _is_number(value):
                self._add(split_name(name), (self.n_epochs, float(value)))
        of_epoch = [batch.step for batch in self.batches if batch.epoch == self.n_epochs]
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


def metrics_of(run: Run) -> list[str]:
    """Return what was measured, the loss first; the learning rate is no such thing."""
    names = [metric for metric, _ in run.points]
    names += [metric for batch in run.batches[-1:] for metric in batch.values]
    return sorted(dict.fromkeys(n for n in names if n != LEARNING_RATE), key=lambda n: n != "loss")


def is_finite(value: float | None) -> bool:
    """Whether a value can be drawn."""
    return value is not None and math.isfinite(value)


def _is_number(value: object) -> bool:
    # A metric may report a vector (one value per class): there is no curve of it.
    return getattr(value, "shape", ()) == () and hasattr(value, "__float__")
