"""What the curves say, in words and numbers: pure, without Keras and without a page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .._metrics import lower_is_better
from .._views.chart import Point
from .reading import Reading, read_curve
from .state import SPLITS, Run, metrics_of


def read_run(run: Run) -> Reading:
    """Read the loss of a run; where it has phases, of the last one."""
    start = run.phases[-1].start if run.phases else 0
    training, validation = (_losses(run, split, start) for split in SPLITS)
    reading = read_curve(training, validation, first_epoch=start + 1)
    if len(run.phases) > 1 and run.phases[-1].name:
        return Reading(reading.kind, f"In “{run.phases[-1].name}”: {reading.sentence}")
    return reading


def _losses(run: Run, split: str, start: int) -> list[float | None]:
    known = dict(run.points.get(("loss", split), []))
    return [known.get(epoch) for epoch in range(start + 1, run.n_epochs + 1)]


def describe(runs: Sequence[Run]) -> str:
    """Return the state of the curves as text."""
    if not runs:
        return "No training yet: pass it to fit(..., callbacks=[curves])."
    run = runs[-1]
    count = f"{run.n_epochs} epoch{'' if run.n_epochs == 1 else 's'}"
    which = f"run {run.number}, {count}" if len(runs) > 1 else count
    return f"{which}. {read_run(run).sentence}"


def epoch_line(run: Run) -> str:
    """Return the last epoch as one line for a terminal.

    Examples
    --------
    >>> run = Run()
    >>> run.begin_phase("", n_planned=5, n_steps=None)
    >>> run.end_epoch({"loss": 0.5, "val_loss": 0.625}, seconds=1.0)
    >>> epoch_line(run)
    'epoch 1/5: loss 0.5, val_loss 0.625'
    """
    values = [
        f"{'val_' if split == 'validation' else ''}{metric} {points[-1][1]:.4g}"
        for metric in metrics_of(run)
        for split in SPLITS
        if (points := run.curve(metric, split)) and points[-1][0] == run.n_epochs
    ]
    phase = run.phase_of(run.n_epochs)
    return f"{phase and phase + ', '}epoch {run.n_epochs}/{run.n_planned}: {', '.join(values)}"


def best_epoch(metric: str, points: Sequence[Point]) -> tuple[float, float] | None:
    """Return the best point of a curve; None where nobody knows which direction is better."""
    known = [y for _, y in points if y is not None and math.isfinite(y)]
    is_low = lower_is_better(metric)
    if len(known) < 2 or is_low is None:
        return None
    best = min(known) if is_low else max(known)
    return next(x for x, y in points if y == best), best


def smooth(points: Sequence[Point], smoothing: float) -> list[Point]:
    """Return an exponential mean of a curve, without the pull of its first value.

    Examples
    --------
    >>> smooth([(1, 4.0), (2, 0.0), (3, 4.0)], 0.5)
    [(1, 4.0), (2, 1.3333333333333333), (3, 2.857142857142857)]
    """
    past, share = 0.0, 0.0
    smoothed: list[Point] = []
    for x, y in points:
        if y is None or not math.isfinite(y):
            smoothed.append((x, None))
            continue
        past, share = smoothing * past + (1 - smoothing) * y, smoothing * share + 1 - smoothing
        smoothed.append((x, past / share))
    return smoothed


def batch_points(run: Run, metric: str) -> list[Point]:
    """Return a metric within the epochs, with a gap where Keras begins its mean anew."""
    longest = max((batch.step for batch in run.batches), default=1)
    points: list[Point] = []
    for batch in run.batches:
        if points and batch.epoch - 1 >= points[-1][0]:
            points.append((batch.epoch - 1, None))
        x = batch.epoch - 1 + min(1.0, batch.step / (run.n_steps or longest))
        points.append((x, batch.values.get(metric)))
    return points
