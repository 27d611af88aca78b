"""The freeze slider as a figure that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .._views.plot import plot_chart


def plot_ribbon(view: Mapping[str, Any], cut: int, ax: Axes) -> Axes:
    """Draw the blocks, frozen ones before the cut, on these axes.

    Parameters
    ----------
    view : dict
        As `ribbon_view` gives.
    cut : int
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.
    """
    left = 0.0
    for i, block in enumerate(view["blocks"]):
        colour = view["colours"]["frozen" if i < cut else "trainable"]
        ax.barh(0, block["share"], left=left, color=colour, edgecolor="white")
        middle = left + block["share"] / 2
        ax.text(middle, 0, block["name"], color="white", ha="center", va="center", fontsize=8)
        left += block["share"]
    ax.set(xlim=(0, left), yticks=[], xticks=[])
    ax.set_title(view["sentence"], loc="left", fontsize="medium")
    ax.spines[:].set_visible(False)
    return ax


def figure_of_slider(
    ribbon: Mapping[str, Any], charts: Sequence[Mapping[str, Any]], cut: int
) -> Figure:
    """Return one figure: the ribbon above, the charts below; pyplot does not know of it."""
    figure = Figure(figsize=(4.6 * len(charts), 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subfigures(2, 1, height_ratios=[1, 3])
    plot_ribbon(ribbon, cut, above.subplots())
    for view, ax in zip(charts, below.subplots(1, len(charts)), strict=True):
        plot_chart(view, ax)
    return figure
