"""The curves as a figure that stays."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from .._views.chart import Chart
from .._views.plot import figure_of, png_of


def plot_curves(charts: Sequence[Chart]) -> Figure:
    """Return a figure of charts; the notebook shows it, and pyplot does not know of it."""
    return figure_of([chart.to_view() for chart in charts])


def curves_png(charts: Sequence[Chart]) -> bytes:
    """Return the same as PNG."""
    return png_of(plot_curves(charts))
