"""The charts of one training, and of several side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import _palette
from .._metrics import lower_is_better
from .._widgets.chart import Axis, Chart, Point, Series, axis_over
from .reading import batch_points, best_epoch, not_shown, read_run, smooth
from .run import LEARNING_RATE, SPLITS, Choices, Run, shown_metrics

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {"training": _palette.TRAINING, "validation": _palette.VALIDATION}
# What goes over the wire at each refresh is shared among the series: 5 kB in all.
LIVE_POINTS = 170
# With so many epochs or less each gets a dot, and the batches between them are drawn.
_FEW_EPOCHS = 30
_FEW_FOR_BATCHES = 10


def charts_of(runs: Sequence[Run], choices: Choices) -> list[Chart]:
    """Return the charts of the last run, with the one before as a ghost."""
    run = runs[-1] if runs else Run()
    ghost = runs[-2] if len(runs) > 1 else None
    chosen = shown_metrics(run, choices)
    charts = [_metric_chart(metric, run, ghost, choices) for metric in chosen]
    notes = [charts[0].description, *not_shown(run, choices)]
    charts[0] = replace(charts[0], description=" ".join(filter(None, notes)))
    rates = run.curve(LEARNING_RATE, "training")
    if len({rate for _, rate in rates}) > 1:
        charts.append(_rate_chart(run, rates))
    return charts


def points_per_series(charts: Sequence[Chart]) -> int:
    """Return how many points each series may have, so that all together are a small message."""
    n_points = sum(len(series.points) for chart in charts for series in chart.series)
    n_series = sum(len(chart.series) for chart in charts)
    return LIVE_POINTS if n_points <= LIVE_POINTS else max(12, LIVE_POINTS // n_series)


def comparison_of(named: Mapping[str, Sequence[Run]], choices: Choices) -> list[Chart]:
    """Return charts with one line for each training: its validation, or else its training."""
    runs = {name: run for name, found in named.items() for run in found}
    if not runs:
        return charts_of([], choices)
    chosen = shown_metrics(next(iter(runs.values())), choices)
    return [_comparison_chart(metric, runs, choices) for metric in chosen]


def _comparison_chart(metric: str, runs: Mapping[str, Run], choices: Choices) -> Chart:
    curves = {name: _ghost_of(run, metric) for name, run in runs.items()}
    lines = [
        Series(
            name=name,
            points=points,
            colour=_palette.SERIES[i % len(_palette.SERIES)],
            is_dashed=i % 2 == 1,
            has_dots=i % 4 > 1,
        )
        for i, (name, points) in enumerate(curves.items())
    ]
    ends = [f"{name} {points[-1][1]:.3g}" for name, points in curves.items() if points]
    chance = choices.chance_of(metric)
    values = [y for points in curves.values() for _, y in points]
    longest = max(runs.values(), key=lambda run: run.last_epoch)
    return Chart(
        title=metric.replace("_", " ").capitalize(),
        description=f"In the last epoch: {', '.join(ends)}.",
        x=_epoch_axis(longest, None, starts_at_0=False),
        y=_axes_of(metric, [*values, chance], choices)[0],
        series=lines,
        rules=[(chance, "chance")] if chance is not None else [],
    )


def _metric_chart(metric: str, run: Run, ghost: Run | None, choices: Choices) -> Chart:
    curves = {split: run.curve(metric, split) for split in SPLITS}
    has_batches = run.n_epochs < _FEW_FOR_BATCHES
    batches = batch_points(run, metric) if has_batches else []
    past = _ghost_of(ghost, metric)
    lines = [*_past_series(past), *_batch_series(batches)]
    gaps = []
    for split, points in curves.items():
        if points:
            lines += _split_series(split, points, choices.smoothing)
            gaps.append(len(lines) - 1)
    chance = choices.chance_of(metric)
    seen = [y for points in (*curves.values(), batches, past) for _, y in points]
    linear, other = _axes_of(metric, [*seen, chance], choices)
    best = best_epoch(metric, curves["validation"])
    x = _epoch_axis(run, ghost if past else None, starts_at_0=bool(batches))
    return Chart(
        title=metric.replace("_", " ").capitalize(),
        description=read_run(run).sentence if metric == "loss" else _describe(metric, curves),
        x=x,
        y=linear,
        y_other=other,
        series=lines,
        gaps=[(COLOURS["validation"], gaps[0], gaps[1])] if len(gaps) == 2 else [],
        bands=_bands_of(run, x),
        rules=[(chance, "chance")] if chance is not None else [],
        marks=[(best[0], best[1], f"best: epoch {best[0]:g}")] if best else [],
    )


def _split_series(split: str, points: Sequence[Point], smoothing: float) -> list[Series]:
    """Return the line of a split; a smoothed one never hides the raw points."""
    colour, is_dashed = COLOURS[split], split == "training"
    if not smoothing:
        has_dots = len(points) <= _FEW_EPOCHS
        return [
            Series(name=split, points=points, colour=colour, is_dashed=is_dashed, has_dots=has_dots)
        ]
    raw = Series(
        name="", points=points, colour=colour, has_line=False, has_dots=True, is_faint=True
    )
    line = smooth(points, smoothing)
    return [
        raw,
        Series(name=f"{split}, smoothed", points=line, colour=colour, is_dashed=is_dashed),
    ]


def _batch_series(points: Sequence[Point]) -> list[Series]:
    name = "training, within an epoch"
    return [Series(name=name, points=points, colour=COLOURS["training"], is_faint=True)] * bool(
        points
    )


def _past_series(points: Sequence[Point]) -> list[Series]:
    return [
        Series(name="run before", points=points, colour=COLOURS["validation"], is_faint=True)
    ] * bool(points)


def _ghost_of(ghost: Run | None, metric: str) -> list[Point]:
    return (ghost.curve(metric, "validation") or ghost.curve(metric, "training")) if ghost else []


def _axes_of(
    metric: str, values: Sequence[float | None], choices: Choices
) -> tuple[Axis, Axis | None]:
    """Return the axis of y, and for losses the other one to switch to."""
    known = [y for y in values if y is not None and math.isfinite(y)]
    ends = [min(known), max(known)] if known else []
    linear = axis_over(metric, ends)
    if "loss" not in metric or not known or ends[1] <= 0:
        return linear, None
    lowest = ends[0] if ends[0] > 0 else min(y for y in known if y > 0)
    logarithmic = axis_over(metric, [lowest, ends[1]], is_log=True)
    return (logarithmic, linear) if choices.log else (linear, logarithmic)


def _epoch_axis(run: Run, ghost: Run | None, *, starts_at_0: bool) -> Axis:
    last = max(run.n_planned, ghost.last_epoch if ghost else 0)
    start = min(run.start, ghost.start if ghost else run.start)
    first = start + (0 if starts_at_0 or last == start + 1 else 1)
    ticks = axis_over("epoch", [start, last], is_whole=True).ticks
    ticks = [(at, text) for at, text in ticks if first < at <= last]
    ticks.insert(0, (first, str(first)))
    return Axis(label="epoch", low=first, high=last, ticks=ticks)


def _bands_of(run: Run, x: Axis) -> list[tuple[float, float, str]]:
    """Return a band for each phase; a single one without a name needs none."""
    if len(run.phases) < 2 and not any(phase.name for phase in run.phases):
        return []
    ends = [*(phase.start for phase in run.phases[1:]), run.n_planned]
    return [
        (max(x.low, phase.start), max(x.low, end), phase.name or f"fit {number}")
        for number, (phase, end) in enumerate(zip(run.phases, ends, strict=True), 1)
    ]


def _describe(metric: str, curves: dict[str, list[Point]]) -> str:
    last = [f"{split} {points[-1][1]:.3g}" for split, points in curves.items() if points]
    if not last:
        return ""
    unknown = f" Whether more {metric} is better is not known, so no epoch is marked as the best."
    return (
        f"In the last epoch: {', '.join(last)}.{unknown if lower_is_better(metric) is None else ''}"
    )


def _rate_chart(run: Run, rates: Sequence[Point]) -> Chart:
    values = [rate for _, rate in rates if rate]
    is_wide = max(values, default=1) > 30 * min(values, default=1)
    return Chart(
        title="Learning rate",
        description="",
        x=_epoch_axis(run, None, starts_at_0=run.n_epochs < _FEW_FOR_BATCHES),
        y=axis_over("", values, is_log=is_wide, n_ticks=2),
        series=[Series(name="", points=_corners(rates), colour=_palette.NEUTRAL)],
        is_low=True,
    )


def _corners(points: Sequence[Point]) -> list[Point]:
    """Return the ends of level stretches; a step that was thinned out would look like a slope."""
    last = len(points) - 1
    return [
        point
        for i, point in enumerate(points)
        if i in (0, last) or not points[i - 1][1] == point[1] == points[i + 1][1]
    ]


# The curves as a figure that stays.


def plot_curves(charts: Sequence[Chart]) -> Figure:
    """Return a figure of charts; the notebook shows it, and pyplot does not know of it."""
    from .._widgets.still import figure_of

    return figure_of([chart.to_view() for chart in charts])


def curves_png(charts: Sequence[Chart]) -> bytes:
    """Return the same as PNG."""
    from .._widgets.still import png_of

    return png_of(plot_curves(charts))


# The Python that draws the curves again, without this package.

_SCRIPT = """\
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt

frame = pd.read_csv({path!r})  # written by curves.to_csv({path!r})
last = frame[(frame["run"] == frame["run"].max()) & frame["step"].isna()]
metrics = {metrics!r}

sns.set_theme(style="ticks")
figure, axes = plt.subplots(1, len(metrics), figsize=({width}, 3.4), squeeze=False)
for metric, ax in zip(metrics, axes[0]):
    sns.lineplot(
        last[last["metric"] == metric],
        x="epoch",
        y="value",
        hue="split",
        style="split",
        hue_order={splits!r},
        style_order={order!r},
        palette={palette!r},
        ax=ax,
    )
    ax.set(ylabel=metric{scale})
{extras}sns.despine(figure)
figure.tight_layout()
"""
_CHANCE = """\
for metric, level in {levels!r}.items():
    axes[0][metrics.index(metric)].axhline(level, color="0.35", linestyle=":")
"""
_PHASES = """\
for start, name in {starts!r}:
    for ax in axes[0]:
        ax.axvline(start, color="0.8", zorder=0)
        ax.text(start, 1, name, transform=ax.get_xaxis_transform(), va="top")
"""


def to_code(runs: Sequence[Run], choices: Choices, path: str) -> str:
    """Return a script that draws the last run from the table in a file."""
    run = runs[-1] if runs else Run()
    metrics = shown_metrics(run, choices)
    levels = {m: choices.chance_of(m) for m in metrics if choices.chance_of(m) is not None}
    starts = [(phase.start, phase.name) for phase in run.phases if phase.name]
    extras = _CHANCE.format(levels=levels) * bool(levels)
    extras += _PHASES.format(starts=starts) * bool(starts)
    return _SCRIPT.format(
        path=path,
        metrics=metrics,
        width=round(5.2 * len(metrics), 1),
        splits=list(COLOURS),
        order=list(reversed(COLOURS)),  # the first style is the solid one
        palette=dict(COLOURS),
        scale=', yscale="log" if "loss" in metric else "linear"' if choices.log else "",
        extras=extras,
    )
