"""The base of every live view, and the view of a chart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from .chart import MAX_POINTS, Chart

_HERE = Path(__file__).parent
SHARED_JS = (_HERE / "shared.js").read_text("utf-8")
SHARED_CSS = (_HERE / "shared.css").read_text("utf-8")


class LiveView(anywidget.AnyWidget):
    """A picture in the page, drawn from one dictionary.

    Parameters
    ----------
    **traits
        Initial values of its traits.

    Raises
    ------
    TypeError
        If it has no trait of that name; ipywidgets itself would only warn.
    """

    view = traitlets.Dict(help="Everything that the picture shows.").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        unknown = sorted(set(traits) - set(self.trait_names()))
        if unknown:
            raise TypeError(f"{type(self).__name__} has no trait {unknown[0]!r}.")
        super().__init__(**traits)


CHART_JS = SHARED_JS + "\n" + (_HERE / "chart.js").read_text("utf-8")
CHARTS_JS = CHART_JS + "\n" + (_HERE / "charts.js").read_text("utf-8")


class ChartView(LiveView):
    """A chart that follows its data."""

    _esm = f"""{CHART_JS}
export default {{ render: ({{ model, el }}) => showChart(model, el) }};
"""
    _css = SHARED_CSS

    def show(self, chart: Chart) -> None:
        """Draw this now."""
        self.view = chart.to_view()


class ChartsView(LiveView):
    """Several charts side by side that follow their data, with one message for all."""

    _esm = f"""{CHARTS_JS}
export default {{ render: ({{ model, el }}) => showCharts(model, el) }};
"""
    _css = SHARED_CSS

    def show(self, charts: Sequence[Chart], n_points: int = MAX_POINTS) -> None:
        """Draw these now, with about so many points in each series."""
        self.view = {"charts": [chart.to_view(n_points) for chart in charts]}
