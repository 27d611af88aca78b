"""Read a loss curve in one sentence, with no more certainty than the curve has.

A change counts when it is larger than the jitter of the curve, which is estimated from how far
each value lies from the middle of its neighbours, and larger than a few per cent.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .._metrics import lower_is_better
from .._widgets.chart import Point
from .run import SPLITS, Choices, Run, metrics_of, shown_metrics

# Fewer epochs than this show a direction only by luck.
MIN_EPOCHS = 4
# A change of the loss below this part of it is not worth a word.
_SMALL = 0.03
# How much the training loss must have fallen for the model to have learnt something.
_LEARNT = 0.1
_JITTERS = 2.0
_NOISY = 0.2
# A fall of so many jitters is one, however uneven.
_CLEAR = 3.0
# Of a jump up so much must be left at the end; a loss that has come down again has recovered.
_STAYS = 0.5
_N_END = 3
# Of what is not drawn, so many are named.
_N_NAMED = 12
_DEFAULT = Choices()
_N_FOR_JITTER = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """What a curve says."""

    # One of "nothing", "undefined", "too short", "nothing to learn", "diverging", "overfitting",
    # "underfitting", "plateau", "healthy", "unclear"
    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Curve:
    """The losses of one split, and the epoch of each."""

    epochs: Sequence[int]
    values: Sequence[float]

    def end(self) -> float:
        """Return the level of the last epochs."""
        return _mean(self.values[-_N_END:])

    def jitter(self) -> float:
        """Return how far values typically lie from the middle of their neighbours.

        Where the curve goes on in one direction, that is its curvature and no jitter.
        """
        v = self.values[-_N_FOR_JITTER:]
        around = zip(v, v[1:], v[2:], strict=False)
        off = [abs(b - (a + c) / 2) if (b - a) * (c - b) < 0 else 0.0 for a, b, c in around]
        # The factor makes it a standard deviation: measured on 4,000 curves of pure noise, of 20
        # and of 100 epochs (1.37 and 1.36).
        return 1.36 * statistics.median(off) if len(off) > 1 else 0.0

    def margin(self) -> float:
        """Return what a change at the end must exceed to count."""
        return max(_JITTERS * self.jitter(), _SMALL * abs(self.end()))

    def is_noisy(self) -> bool:
        """Whether the jitter is so large that levels mean little."""
        # Near zero every value jitters by more than itself; beside the fall it is nothing.
        fall = self.values[0] - min(self.values)
        return self.jitter() > _NOISY * max(abs(self.end()), _LEARNT * fall)

    def best(self) -> int:
        """Return the index of the lowest loss."""
        return min(range(len(self.values)), key=self.values.__getitem__)

    def is_falling(self) -> bool:
        """Whether the last third of the curve lies below what was before it."""
        return self._change() < -self.margin()

    def is_rising(self) -> bool:
        """Whether the last third of the curve lies above what was before it."""
        return self._change() > self.margin()

    def is_level(self) -> bool:
        """Whether the last third of the curve neither rises nor falls."""
        return abs(self._change()) <= self.margin()

    def n_recent(self) -> int:
        """Return how many of the values count as the end of the curve."""
        return min(max(3, len(self.values) // 3), len(self.values) - 1)

    def _change(self) -> float:
        n = self.n_recent()
        return self.values[-1] - self.values[-n - 1] if len(self.values) > n else 0.0


def read_curve(
    training: Sequence[float | None], validation: Sequence[float | None] = (), first_epoch: int = 1
) -> Reading:
    """Say in one sentence what a loss curve shows.

    Examples
    --------
    >>> read_curve([2.0, 1.2, 0.8, 0.5, 0.3, 0.2], [2.1, 1.4, 1.1, 1.2, 1.4, 1.7]).sentence
    'Validation loss was lowest in epoch 3 (1.1) and rose to 1.7 while training loss kept \
falling: overfitting since about epoch 3.'
    """
    for split, losses in (("Training", training), ("Validation", validation)):
        for epoch, loss in enumerate(losses, first_epoch):
            if loss is not None and not math.isfinite(loss):
                return _undefined(split, epoch, loss)
    train, valid = _known(training, first_epoch), _known(validation, first_epoch)
    n = len(train.values)
    if n == 0:
        return Reading("nothing", "No loss has been measured yet.")
    if n < MIN_EPOCHS:
        epochs = "epoch is" if n == 1 else "epochs are"
        return Reading("too short", f"{n} {epochs} too short to tell anything.")
    if not any(train.values):
        return _nothing_to_learn(train)
    found = _is_diverging(train) or (_overfitting(train, valid) if _can_judge(valid) else None)
    found = found or _underfitting(train, valid)
    if found is None and not (train.is_noisy() or (_can_judge(valid) and valid.is_noisy())):
        found = _level_or_falling(train, valid)
    return found or _uneven(train, valid)


def _known(losses: Sequence[float | None], first_epoch: int) -> _Curve:
    known = [(epoch, v) for epoch, v in enumerate(losses, first_epoch) if v is not None]
    return _Curve([epoch for epoch, _ in known], [value for _, value in known])


def _can_judge(valid: _Curve) -> bool:
    return len(valid.values) >= 3


def _undefined(split: str, epoch: int, loss: float) -> Reading:
    word = "undefined (NaN)" if math.isnan(loss) else "infinite"
    return Reading(
        "undefined",
        f"{split} loss became {word} in epoch {epoch}. Often the learning rate is too high, or "
        "the data hold values that are not finite.",
    )


def _nothing_to_learn(train: _Curve) -> Reading:
    return Reading(
        "nothing to learn",
        f"Training loss was 0 from epoch {train.epochs[0]} on: there was nothing to learn. Often "
        "all labels are the same, or the loss does not fit them.",
    )


def _is_diverging(train: _Curve) -> Reading | None:
    """Tell of a loss that rises, or that has jumped up and stays there."""
    low, last = train.values[train.best()], train.values[-1]
    rise, fall = last - low, train.values[0] - low
    highest = max(train.values[train.best() :])
    # A doubling near zero is nothing beside the fall that led there.
    is_high = last > train.values[0] or rise > max(abs(low), 0.1 * fall)
    is_back = rise < _STAYS * (highest - low)
    if not is_high or is_back or rise <= 2 * train.margin():
        return None
    what = "it diverges" if train.is_rising() else "it jumped up and stayed there"
    return Reading(
        "diverging",
        f"Training loss rose from {_short(low)} in epoch {train.epochs[train.best()]} to "
        f"{_short(last)}: {what}. A smaller learning rate usually helps.",
    )


def _overfitting(train: _Curve, valid: _Curve) -> Reading | None:
    best = valid.best()
    lowest, last = valid.values[best], valid.values[-1]
    since = [value for epoch, value in zip(train.epochs, train.values, strict=True)
             if epoch >= valid.epochs[best]]  # fmt: skip
    after = valid.values[best + 1 :]
    if len(after) < 2 or _mean(after[-_N_END:]) - lowest <= valid.margin():
        return None
    if len(since) < 2 or since[0] - since[-1] <= _SMALL * abs(since[0]):
        return None
    epoch = valid.epochs[best]
    return Reading(
        "overfitting",
        f"Validation loss was lowest in epoch {epoch} ({_short(lowest)}) and rose to "
        f"{_short(last)} while training loss kept falling: overfitting since about epoch {epoch}.",
    )


def _underfitting(train: _Curve, valid: _Curve) -> Reading | None:
    first, end = train.values[0], train.end()
    # In neither direction: what rose by more has not "hardly moved".
    if max(first - min(train.values), end - first) > _LEARNT * abs(first):
        return None
    neither = ", and validation loss neither" if _can_judge(valid) and valid.is_level() else ""
    return Reading(
        "underfitting",
        f"Training loss hardly moved, from {_short(first)} to {_short(end)}{neither}: it looks "
        "like underfitting, unless the model was good when it started. A higher learning rate, "
        "a larger model or better features may help.",
    )


def _level_or_falling(train: _Curve, valid: _Curve) -> Reading | None:
    if not _can_judge(valid):
        return _without_validation(train)
    gap = valid.end() - train.end()
    is_wide = gap > max(0.5 * abs(train.end()), valid.margin())
    if valid.is_falling():
        also = ", though well above training loss" if is_wide else ""
        return Reading(
            "healthy",
            f"Validation loss is still falling ({_short(valid.values[-1])}){also}: no sign of "
            "overfitting, and more epochs may help.",
        )
    if not valid.is_level():
        return None
    recently = f"over the last {valid.epochs[-1] - valid.epochs[-valid.n_recent() - 1]} epochs"
    if train.is_falling():
        return Reading(
            "plateau",
            f"Validation loss hardly changed {recently} (about {_short(valid.end())}) while "
            "training loss still falls: more epochs alone will hardly help.",
        )
    return Reading(
        "plateau",
        f"Training and validation loss hardly changed {recently} (about {_short(train.end())} "
        f"and {_short(valid.end())}): a plateau.",
    )


def _uneven(train: _Curve, valid: _Curve) -> Reading:
    """Say what the whole curve tells where single epochs go up and down: direction before level."""
    name, curve = ("Validation", valid) if _can_judge(valid) else ("Training", train)
    first, end = curve.values[0], curve.end()
    if first - end <= _CLEAR * max(curve.jitter(), _SMALL * abs(end)):
        return Reading("unclear", "The loss goes up and down too much to read a direction from it.")
    return Reading(
        "healthy",
        f"{name} loss fell from {_short(first)} to about {_short(end)}, up and down from epoch to "
        "epoch: too uneven to say more.",
    )


def _without_validation(train: _Curve) -> Reading | None:
    end = "Without validation data nobody can tell whether it carries over."
    if train.is_falling():
        start = f"Training loss is still falling ({_short(train.values[-1])})."
        return Reading("healthy", f"{start} {end}")
    if train.is_level():
        return Reading(
            "plateau",
            f"Training loss hardly changed over the last {train.n_recent()} epochs "
            f"(about {_short(train.end())}): a plateau. {end}",
        )
    return None


def _mean(values: Sequence[float]) -> float:
    return sum(value / len(values) for value in values)  # a sum of the largest ones overflows


def _short(value: float) -> str:
    return f"{value:.3g}"


# What the curves say, in words and numbers: pure, without Keras and without a page.


def read_run(run: Run) -> Reading:
    """Read the loss of a run; where it has phases, of the last one."""
    start = run.phases[-1].start if run.phases else run.start
    training, validation = (_losses(run, split, start) for split in SPLITS)
    if run.n_epochs and not any(metric == "loss" for metric, _ in run.points):
        reading = _read_others(run, start)
    else:
        reading = read_curve(training, validation, first_epoch=start + 1)
    if len(run.phases) > 1 and run.phases[-1].name:
        return Reading(reading.kind, f"In “{run.phases[-1].name}”: {reading.sentence}")
    return reading


def _losses(run: Run, split: str, start: int, metric: str = "loss") -> list[float | None]:
    known = dict(run.points.get((metric, split), []))
    return [known.get(epoch) for epoch in range(start + 1, run.last_epoch + 1)]


def _read_others(run: Run, start: int) -> Reading:
    """Read a loop of one's own, which has no "loss": its only other one, or where several went."""
    training, validation = SPLITS
    curves = {
        m: (_losses(run, training, start, m), _losses(run, validation, start, m))
        for m in metrics_of(run)
    }
    losses = {metric: curve for metric, curve in curves.items() if "loss" in metric.lower()}
    for metric, curve in losses.items():
        reading = read_curve(*curve, first_epoch=start + 1)
        if len(losses) == 1 or reading.kind == "undefined":
            return Reading(reading.kind, f"{metric}: {reading.sentence}")
    went = ", ".join(_went(metric, *curve) for metric, curve in (losses or curves).items())
    if losses:
        end = (
            "Losses that work against each other, as in a GAN, need not fall: judge what it makes."
        )
    else:
        end = "There is no loss to read."
    return Reading("several" if losses else "nothing", f"{went}. {end}")


def _went(metric: str, training: Sequence[float | None], validation: Sequence[float | None]) -> str:
    known = [v for v in training if v is not None] or [v for v in validation if v is not None]
    return f"{metric} went from {_short(known[0])} to {_short(known[-1])}" if known else metric


def describe(runs: Sequence[Run], choices: Choices = _DEFAULT) -> str:
    """Return the state of the curves as text."""
    if not runs:
        return "No training yet: pass it to fit(..., callbacks=[curves])."
    run = runs[-1]
    count = f"{run.n_epochs} epoch{'' if run.n_epochs == 1 else 's'}"
    which = f"run {run.number}, {count}" if len(runs) > 1 else count
    return " ".join([f"{which}. {read_run(run).sentence}", *not_shown(run, choices)])


def not_shown(run: Run, choices: Choices) -> list[str]:
    """Return sentences that name what was measured and has no chart."""
    found = []
    others = [metric for metric in metrics_of(run) if metric not in shown_metrics(run, choices)]
    if others and choices.metrics is None:
        more = f" and {len(others) - _N_NAMED} more" if len(others) > _N_NAMED else ""
        named = f"{', '.join(others[:_N_NAMED])}{more}"
        found.append(f"Measured, too: {named}; `metrics` chooses what is shown.")
    if run.left_out:
        named = ", ".join(sorted(run.left_out)[:_N_NAMED])
        found.append(f"No curve of {named}: no single number.")
    return found


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
        if (points := run.curve(metric, split)) and points[-1][0] == run.last_epoch
    ]
    phase = run.phase_of(run.last_epoch)
    return f"{phase and phase + ', '}epoch {run.last_epoch}/{run.n_planned}: {', '.join(values)}"


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
