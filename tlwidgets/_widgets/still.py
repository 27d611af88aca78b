"""The same chart as a figure that stays: on a page without a kernel, in a report, on paper."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator

_FAINT = 0.35
_GREY = "0.35"


def plot_chart(view: Mapping[str, Any], ax: Axes) -> Axes:
    """Draw what `Chart.to_view` gives on these axes."""
    for axis, name in ((ax.xaxis, "x"), (ax.yaxis, "y")):
        place = view[name]
        if place["log"]:
            axis.axes.set(**{f"{name}scale": "log"})
            axis.set_minor_locator(NullLocator())
        axis.set_ticks([at for at, _ in place["ticks"]], [text for _, text in place["ticks"]])
        axis.axes.set(
            **{f"{name}lim": (place["low"], place["high"]), f"{name}label": place["label"]}
        )
    for i, (start, end, label) in enumerate(view["bands"]):
        ax.axvspan(start, end, color="black", alpha=0.04 + 0.05 * (i % 2), linewidth=0)
        ax.annotate(label, (start, 1), (2, 3), _BY_TOP, textcoords="offset points", color=_GREY)
    for colour, i, j in view["gaps"]:
        _fill_between(view["series"][i]["points"], view["series"][j]["points"], colour, ax)
    for y, label, is_below in view["rules"]:
        ax.axhline(y, color=_GREY, linestyle=":", linewidth=1)
        shift = (0, -12) if is_below else (0, 3)
        ax.annotate(label, (1, y), shift, _BY_RIGHT, textcoords="offset points", ha="right")
    for series in view["series"]:
        _plot_series(series, ax)
    for x, y, label, is_left in view["marks"]:
        ax.plot(x, y, "o", mfc="none", color="black", markersize=9, clip_on=False)
        place, side = ((-7, 7), "right") if is_left else ((7, 7), "left")
        note = ax.annotate(label, (x, y), place, textcoords="offset points", ha=side)
        note.set_path_effects([withStroke(linewidth=3, foreground="white")])
    # The names of the bands stand between title and picture.
    pad = 18 if view["bands"] else 6
    ax.set_title(view["title"], loc="left", fontsize="medium", fontweight="bold", pad=pad)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", alpha=0.25)
    if any(series["name"] for series in view["series"]):
        ax.legend(frameon=False)
    return ax


class ChartFigure(Figure):
    """A figure that a notebook shows although pyplot does not know of it."""

    def _repr_png_(self) -> bytes:
        return png_of(self)


def figure_of(views: Sequence[Mapping[str, Any]], *, width: float = 5.2) -> Figure:
    """Return one figure with the charts side by side; pyplot does not know of it.

    A low chart stands below the first of them.
    """
    high = [view for view in views if not view["low"]]
    low = [view for view in views if view["low"]]
    heights = [2.6, 0.8] if low else [1]
    figure = ChartFigure(figsize=(width * len(high), 4.4 if low else 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(heights), len(high), squeeze=False, height_ratios=heights)
    for ax, view in zip(axes[0], high, strict=True):
        plot_chart(view, ax)
    if low:
        for ax, view in itertools.zip_longest(axes[1], low):
            plot_chart(view, ax) if view else ax.axis("off")
    return figure


def png_of(figure: Figure) -> bytes:
    """Return a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()


_BY_TOP = ("data", "axes fraction")
_BY_RIGHT = ("axes fraction", "data")


def _plot_series(series: Mapping[str, Any], ax: Axes) -> None:
    ax.plot(
        *_columns(series["points"]),
        color=series["colour"],
        alpha=_FAINT if series["faint"] else 1.0,
        linestyle=("--" if series["dashed"] else "-") if series["line"] else "none",
        marker="o" if series["dots"] else None,
        markersize=4,
        clip_on=False,  # a dot on an axis is a whole dot
        label=series["name"] or None,
    )


def _fill_between(
    one: Sequence[Sequence[float | None]],
    other: Sequence[Sequence[float | None]],
    colour: str,
    ax: Axes,
) -> None:
    around = [(x, y) for x, y in [*one, *reversed(other)] if y is not None]
    ax.fill(*_columns(around), color=colour, alpha=0.14, linewidth=0)


def _columns(points: Sequence[Sequence[float | None]]) -> tuple[list[float], list[float]]:
    xs = [float(x) for x, _ in points if x is not None]
    return xs, [float("nan") if y is None else y for _, y in points]
