"""Two pictures to look at before shipping: kept promises, and what a threshold costs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .. import _check, _palette
from .costs import COST_COLUMNS, cheapest_threshold, table_with

__all__ = ["plot_calibration", "plot_costs"]

_CALIBRATION_COLUMNS = ("claimed", "true_rate", "n")
_LARGEST_DOT = 260  # area in points squared
_COLOUR = _palette.VALIDATION


def plot_calibration(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw what was claimed against what came true; on the diagonal the two agree.

    Parameters
    ----------
    table : DataFrame
        As `calibration_table` gives. A dot's area is in proportion to its items; the bar through
        it is one standard error, ``sqrt(p (1 - p) / n)`` with one item added to each side.
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.
    """
    table = table_with("table", table, _CALIBRATION_COLUMNS, made_by="calibration_table")
    _check.axes("ax", ax)
    claimed, true_rate, n = (table[column].to_numpy(float) for column in _CALIBRATION_COLUMNS)
    # With nothing added a bin of ten, all true, would seem certain.
    guarded = (true_rate * n + 1) / (n + 2)
    error = np.sqrt(guarded * (1 - guarded) / n)
    ax.plot([0, 1], [0, 1], color=_palette.NEUTRAL, linestyle="--", label="claimed = true")
    ax.errorbar(claimed, true_rate, error, color=_COLOUR, linewidth=1.5, zorder=2)
    area = _LARGEST_DOT * n / n.max()
    ax.scatter(claimed, true_rate, area, color=_COLOUR, alpha=0.75, zorder=3, label="this model")
    ax.set(xlabel="probability claimed", ylabel="share that was true")
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    ax.legend(loc="upper left", frameon=False, markerscale=0.6)
    return ax


def plot_costs(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw what every threshold costs, and mark the cheapest.

    Parameters
    ----------
    table : DataFrame
        As `cost_by_threshold` gives.
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.
    """
    table = table_with("table", table, COST_COLUMNS, made_by="cost_by_threshold")
    _check.axes("ax", ax)
    best = cheapest_threshold(table)
    cost = table["cost_per_item"]
    ax.plot(table["threshold"], cost, color=_COLOUR, linewidth=1.5)
    ax.plot(best, cost.min(), "o", color=_COLOUR, markersize=8)
    # High above its dot: near the cheapest the curve is low.
    side = ("left", 0) if best < 0.5 else ("right", 1)
    ax.annotate(
        f"cheapest: {best:.2f}",
        (best, cost.min()),
        xytext=(best, 0.93),
        textcoords=("data", "axes fraction"),
        ha=side[0],
        va="top",
        arrowprops={
            "arrowstyle": "-",
            "linestyle": ":",
            "color": _palette.NEUTRAL,
            "relpos": (side[1], 0),
        },
    )
    ax.set(xlabel="threshold: an alarm from this probability on", ylabel="cost per item")
    ax.set(xlim=(0, 1), ylim=(0, None))
    return ax
