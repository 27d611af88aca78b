"""A chart as plain data: lines, dots and rules over two axes.

All decisions fall here. The live view (`tlwidgets.js`) and the figure that stays (`still.py`) only
draw what `Chart.to_view` says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Point = tuple[float, float | None]

# More points than pixels say nothing; see `thin_out`.
MAX_POINTS = 400
_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis, with its ticks decided."""

    label: str
    # What the axis covers; above 0 where it is logarithmic.
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]  # where to write what
    is_log: bool = False

    def share_below(self, value: float) -> float:
        """Return which part of the axis lies before a value: 0 at its beginning, 1 at its end."""
        place = math.log10 if self.is_log else float
        if self.is_log and value <= 0:  # has no place there
            return 0.0
        low, high = place(self.low), place(self.high)
        return (place(value) - low) / (high - low or 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Points that belong together."""

    name: str  # stands in the legend; an empty one does not
    # In the order in which a line runs; y is None where the line has a gap.
    points: Sequence[Point]
    colour: str
    has_line: bool = True
    has_dots: bool = False
    is_dashed: bool = False
    is_faint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a chart shows."""

    title: str
    # One sentence that says what can be read off it, also for those who cannot see it.
    description: str
    x: Axis
    y: Axis
    series: Sequence[Series]  # later ones are drawn over earlier ones
    # From, to, label: spans of x with a name above.
    bands: Sequence[tuple[float, float, str]] = field(default=())
    # Horizontal lines, for instance the level of chance.
    rules: Sequence[tuple[float, str]] = field(default=())
    # x, y, label: single points with a name beside.
    marks: Sequence[tuple[float, float, str]] = field(default=())
    # Colour, index, index: shaded between two of the series, behind the lines.
    gaps: Sequence[tuple[str, int, int]] = field(default=())
    # Another way to see y (logarithmic instead of linear); the live view gets a switch.
    y_other: Axis | None = None
    is_low: bool = False  # a strip below another chart, not a chart of full height

    def to_view(self, n_points: int = MAX_POINTS) -> dict[str, Any]:
        """Return what the drawers need, as JSON holds it: small, finite, nothing else."""
        return {
            "title": self.title,
            "description": self.description,
            "x": _axis_view(self.x),
            "y": _axis_view(self.y),
            "series": [_series_view(series, n_points) for series in self.series],
            "bands": [[_round(start), _round(end), label] for start, end, label in self.bands],
            # There is no room for a label above a rule near the top, and right of a far mark.
            "rules": [[_round(y), label, self.y.share_below(y) > 0.9] for y, label in self.rules],
            "marks": [
                [_round(x), _round(y), label, self.x.share_below(x) > 0.7]
                for x, y, label in self.marks
            ],
            "gaps": [list(gap) for gap in self.gaps],
            "y_other": self.y_other and _axis_view(self.y_other),
            "low": self.is_low,
        }


def axis_over(
    label: str,
    values: Iterable[float | None],
    *,
    is_log: bool = False,
    is_whole: bool = False,
    n_ticks: int = 5,
) -> Axis:
    """Return an axis that covers all finite values, with round ticks.

    Where `is_whole`, what it counts has no halves, and no tick says so.

    Examples
    --------
    >>> axis_over("loss", [0.2, 0.93]).ticks
    [(0.2, '0.2'), (0.4, '0.4'), (0.6, '0.6'), (0.8, '0.8'), (1, '1')]
    """
    known = [v for v in values if v is not None and math.isfinite(v) and (v > 0 or not is_log)]
    low, high = (min(known), max(known)) if known else (1.0, 10.0) if is_log else (0.0, 1.0)
    if is_log:
        first = math.floor(math.log10(low) + 1e-9)
        last = max(first + 1, math.ceil(math.log10(high) - 1e-9))
        powers = range(first, last + 1)
        ticks = [(10.0**power, f"{10.0**power:g}") for power in powers]
        return Axis(label=label, low=ticks[0][0], high=ticks[-1][0], ticks=ticks, is_log=True)
    if high - low < 1e-9:
        room = abs(high) / 10 or 0.5
        low, high = low - room, high + room
    step = _round_step((high - low) / n_ticks)
    if is_whole:
        step = max(1.0, _round_step(step) if step != 2.5 else 5.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [(_round(i * step), f"{_round(i * step):g}") for i in range(first, last + 1)]
    return Axis(label=label, low=ticks[0][0], high=ticks[-1][0], ticks=ticks)


def thin_out(points: Sequence[Point], n: int = MAX_POINTS) -> list[Point]:
    """Return at most about `n` points that still show every peak and every valley.

    The points are taken in groups; of each group the lowest and the highest stay, in order.
    The first and the last always stay.

    Examples
    --------
    >>> thin_out([(x, 9 if x == 41 else 0) for x in range(100)], n=8)
    [(0, 0), (25, 0), (41, 9), (50, 0), (75, 0), (99, 0)]
    """
    if len(points) <= n:
        return list(points)
    n_groups = max(1, n // 2)
    kept = {0, len(points) - 1}
    values = [y if y is not None and math.isfinite(y) else None for _, y in points]
    for group in range(n_groups):
        start, end = (len(points) * i // n_groups for i in (group, group + 1))
        of_group = values[start:end]
        known = [y for y in of_group if y is not None]
        if len(known) < len(of_group):  # a gap must not be bridged
            kept.add(start + of_group.index(None))
        if known:
            kept.add(start + of_group.index(min(known)))
            kept.add(start + of_group.index(max(known)))
    return [points[i] for i in sorted(kept)]


def _round_step(step: float) -> float:
    """Return the smallest of 1, 2, 2.5, 5 times a power of ten that is at least `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(f * power for f in (1, 2, 2.5, 5, 10) if f * power >= step * (1 - 1e-9))


def _axis_view(axis: Axis) -> dict[str, Any]:
    return {
        "label": axis.label,
        "low": _round(axis.low),
        "high": _round(axis.high),
        "ticks": [[_round(at), text] for at, text in axis.ticks],
        "log": axis.is_log,
    }


def _series_view(series: Series, n_points: int) -> dict[str, Any]:
    return {
        "name": series.name,
        "points": _short(thin_out(series.points, n_points)),
        "colour": series.colour,
        "line": series.has_line,
        "dots": series.has_dots,
        "dashed": series.is_dashed,
        "faint": series.is_faint,
    }


def _short(points: Sequence[Point]) -> list[list[float | None]]:
    """Return points with few digits; y is None where it cannot be drawn."""
    return [
        [
            x if isinstance(x, int) else _round(x),
            None if y is None or not math.isfinite(y) else _round(y),
        ]
        for x, y in points
    ]


def _round(value: float) -> float:
    """Return about four digits, which is more than a screen shows, as quickly as possible."""
    size = abs(value)
    if 0.1 <= size < 1:
        return round(value, _DIGITS)
    if isinstance(value, int) or size >= 10**_DIGITS or value == int(value):
        return round(value)  # a whole number is shorter as such
    return round(value, _DIGITS - 1) if size > 1 else float(f"{value:.{_DIGITS}g}")
