"""The same chart as a figure that stays: on a page without a kernel, in a report, on paper."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

_FAINT = 0.35
_GREY = "0.35"


def plot_chart(view: Mapping[str, Any], ax: Axes) -> Axes:
    """Draw what `Chart.to_view` gives on these axes.

    Parameters
    ----------
    view : dict
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.
    """
    for axis, name in ((ax.xaxis, "x"), (ax.yaxis, "y")):
        place = view[name]
        if place["log"]:
            axis.axes.set(**{f"{name}scale": "log"})
            axis.set_minor_locator(NullLocator())
        axis.set_ticks(*zip(*place["ticks"], strict=True))
        axis.axes.set(
            **{f"{name}lim": (place["low"], place["high"]), f"{name}label": place["label"]}
        )
    for i, (start, end, label) in enumerate(view["bands"]):
        ax.axvspan(start, end, color="black", alpha=0.04 + 0.05 * (i % 2), linewidth=0)
        ax.annotate(label, (start, 1), (4, -12), _BY_TOP, textcoords="offset points", color=_GREY)
    for colour, points in view["areas"]:
        ax.fill(*_columns(points), color=colour, alpha=0.14, linewidth=0)
    for y, label, is_below in view["rules"]:
        ax.axhline(y, color=_GREY, linestyle=":", linewidth=1)
        shift = (0, -12) if is_below else (0, 3)
        ax.annotate(label, (1, y), shift, _BY_RIGHT, textcoords="offset points", ha="right")
    for series in view["series"]:
        _plot_series(series, ax)
    for x, y, label in view["marks"]:
        ax.plot(x, y, "o", markerfacecolor="none", color="black", markersize=9)
        ax.annotate(label, (x, y), (7, 7), textcoords="offset points")
    ax.set_title(view["title"], loc="left", fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", alpha=0.25)
    if any(series["name"] for series in view["series"]):
        ax.legend(frameon=False)
    return ax


def figure_of(views: Sequence[Mapping[str, Any]], *, width: float = 5.2) -> Figure:
    """Return one figure with the charts side by side; pyplot does not know of it."""
    figure = Figure(figsize=(width * len(views), 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for ax, view in zip(figure.subplots(1, len(views), squeeze=False)[0], views, strict=True):
        plot_chart(view, ax)
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
        label=series["name"] or None,
    )


def _columns(points: Sequence[Sequence[float | None]]) -> tuple[list[float], list[float]]:
    xs = [float(x) for x, _ in points if x is not None]
    return xs, [float("nan") if y is None else y for _, y in points]
