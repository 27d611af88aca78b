"""The bias explorer as a figure that stays, drawn from what the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .._views.plot import ChartFigure
from .map_points import CHANGED, SELECTED, WRONG, Colouring, mark_bits
from .projecting import shown_on_map
from .state import State

_BAR = 0.36
_INSIDE = 0.16  # of the axis: a bar shorter than this holds no number


def figure_of_explorer(view: Mapping[str, Any], state: State, colouring: Colouring) -> Figure:
    """Return one figure: map and bars above, distributions below; pyplot does not know of it."""
    figure = ChartFigure(figsize=(12.5, 7.6), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(view["headline"], x=0.01, ha="left", fontsize="medium", fontweight="bold")
    above, below = figure.subfigures(2, 1, height_ratios=[5, 2])
    left, right = above.subfigures(1, 2, width_ratios=[5, 7])
    plot_map(view["map"], state, colouring, left.subplots())
    columns = view["bars"]["columns"]
    axes = right.subplots(1, len(columns), squeeze=False)[0]
    for i, (column, ax) in enumerate(zip(columns, axes, strict=True)):
        plot_bars(view["bars"], column, view["colours"], ax)
        if i:
            ax.set_yticklabels([])
    right.suptitle(view["bars"]["title"], x=0.02, ha="left", fontsize="medium", fontweight="bold")
    right.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    for panel, ax in zip(view["panels"], below.subplots(1, len(view["panels"])), strict=True):
        plot_panel(panel, view["colours"], ax)
    return figure


def plot_map(view: Mapping[str, Any], state: State, colouring: Colouring, ax: Axes) -> Axes:
    """Draw who was selected and who was missed.

    Parameters
    ----------
    view : dict
        The part "map" of what `to_view` gives.
    state : State
    colouring : Colouring
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.
    """
    shown = np.union1d(shown_on_map(state.population), state.result.selection.indices)
    marks = mark_bits(state.result)[shown]
    x, y = state.population.position[shown].T
    palette = np.asarray([colour for colour, _ in colouring.palette])
    colours = palette[colouring.codes[shown]]
    is_in, is_wrong = (marks & SELECTED) > 0, (marks & WRONG) > 0
    hollow, crossed, changed = ~is_in & ~is_wrong, ~is_in & is_wrong, (marks & CHANGED) > 0
    ax.scatter(x[hollow], y[hollow], 8, facecolors="none", edgecolors=colours[hollow], alpha=0.45)
    ax.scatter(x[crossed], y[crossed], 12, c=colours[crossed], marker="x", linewidths=1)
    ax.scatter(x[is_in], y[is_in], 28, c=colours[is_in], edgecolors="white", linewidths=0.6)
    both = is_in & is_wrong
    ax.scatter(x[both], y[both], 14, c="white", marker="x", linewidths=1.2)
    ax.scatter(x[changed], y[changed], 44, facecolors="none", edgecolors="black", linewidths=1.2)
    for at_x, at_y, name in view["labels"]:
        ax.text(at_x, at_y, name, ha="center", va="center", fontweight="bold")
    if view["region"]:
        left, bottom, right, top = view["region"]
        ax.add_patch(
            Rectangle((left, bottom), right - left, top - bottom, fill=False, linestyle="--")
        )
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=[], yticks=[])
    ax.set_title(view["title"], loc="left", fontsize="medium", fontweight="bold")
    ax.set_xlabel("filled: in my sample; hollow: missed; ×: the model is wrong", fontsize="small")
    names = [(c, name) for c, name in view["palette"] if name and not view["labels"]]
    handles = [ax.scatter([], [], 28, c=c, label=name) for c, name in names]
    if handles:
        ax.legend(handles=handles, fontsize="small", loc="best")
    return ax


def plot_bars(
    view: Mapping[str, Any], column: Mapping[str, Any], colours: Mapping[str, str], ax: Axes
) -> Axes:
    """Draw what the hold-out says (hollow) above what the population knows (filled).

    Parameters
    ----------
    view : dict
        The part "bars" of what `to_view` gives.
    column : dict
        One of its columns.
    colours : dict
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.
    """
    low, high = view["axis"]["low"], view["axis"]["high"]
    kinds = {
        "reported": {"color": colours["sample"], "alpha": 0.35, "label": "my hold-out says"},
        "actual": {"color": colours["population"], "label": "the population knows"},
    }
    for i, row in enumerate(column["rows"]):
        for j, (key, look) in enumerate(kinds.items()):
            value = row[key] if row else None
            place = i + (j - 0.5) * _BAR
            ax.barh(place, value or 0, _BAR * 0.94, **(look if i == 0 else {**look, "label": None}))
            if row:
                is_in = value is not None and value > low + _INSIDE * (high - low)
                inside = {"ha": "right", "color": "black" if key == "reported" else "white"}
                ax.annotate(
                    row[f"{key}_text"], (value or 0, place), (-4 if is_in else 4, 0),
                    textcoords="offset points", va="center", fontsize="small",
                    **(inside if is_in else {}),
                )  # fmt: skip
        if row and row["gap"]:
            is_in = row["actual"] > low + _INSIDE * (high - low)
            _plot_gap(row, i, colours["gap"], ax, beyond=4 if is_in else 34)
    ax.axvline(column["rule"][0], color="0.35", linestyle=":", linewidth=1)
    ax.set(xlim=(low, low + 1.3 * (high - low)), ylim=(len(view["names"]) - 0.4, -0.6))
    ax.set_xticks(*zip(*view["axis"]["ticks"], strict=True))
    ax.set_yticks(range(len(view["names"])), [name for name, _ in view["names"]])
    ax.set_title(column["name"], loc="left", fontsize="medium")
    ax.set_xlabel(f"{column['rule'][1]}; {view['better']}", fontsize="small")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_panel(panel: Mapping[str, Any], colours: Mapping[str, str], ax: Axes) -> Axes:
    """Draw a distribution: population, sample, and the sample after weighting.

    Parameters
    ----------
    panel : dict
        One of the parts "panels" of what `to_view` gives.
    colours : dict
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.
    """
    places: Sequence[int] = range(len(panel["names"]))
    ax.bar(places, panel["population"], 0.92, color=colours["population"], alpha=0.3,
           label="population")  # fmt: skip
    ax.bar(places, panel["sample"], 0.42, color=colours["sample"], label="my sample")
    if panel["weighted"]:
        ax.hlines(panel["weighted"], np.subtract(places, 0.46), np.add(places, 0.46), "black",
                  linewidth=2.5, label="after weighting")  # fmt: skip
    if panel["ticks"]:
        last = len(places) - 0.5
        ax.set_xticks([-0.5, (last - 0.5) / 2, last], panel["ticks"])
    else:
        ax.set_xticks(places, [name[:12] for name in panel["names"]])
    ax.set(yticks=[], ylim=(0, 1.35 * panel["high"]))
    ax.set_title(panel["title"], loc="left", fontsize="medium", fontweight="bold")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.legend(frameon=False, fontsize="small", ncols=3, loc="upper left")
    return ax


def _plot_gap(row: Mapping[str, Any], i: int, colour: str, ax: Axes, beyond: int) -> None:
    text, is_clear = row["gap"]
    low, high = sorted((row["reported"], row["actual"]))
    j = 1 if row["reported"] > row["actual"] else 0
    look = {"color": colour if is_clear else "0.5", "alpha": 0.35 if is_clear else 0.15}
    ax.barh(i + (j - 0.5) * _BAR, high - low, _BAR * 0.94, left=low, **look)
    weight = "bold" if is_clear else "normal"
    ax.annotate(text, (high, i + 0.5 * _BAR), (beyond, 0), textcoords="offset points", va="center",
                fontsize="small", fontweight=weight)  # fmt: skip
