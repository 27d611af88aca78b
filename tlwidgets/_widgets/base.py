"""The base of every live view, and the view of a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
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


# Stock controls as all widgets of ours have them: as wide as their words, none of them cut.

FULL_WORDS = {"description_width": "initial"}
# A row that wraps where the page is narrow.
ROW = {"flex_flow": "row wrap", "align_items": "center", "width": "100%"}


def width_of(width: str, **more: str) -> ipywidgets.Layout:
    """Return a layout of this width."""
    return ipywidgets.Layout(width=width, **more)


def button(name: str, style: str, press: Callable[[], object]) -> ipywidgets.Button:
    """Return a button that calls `press`."""
    made = ipywidgets.Button(description=name, button_style=style, layout=width_of("auto"))
    made.on_click(lambda _: press())
    return made


def number_box(text: str, *, low: int, high: int) -> ipywidgets.BoundedIntText:
    """Return a box for a whole number."""
    return ipywidgets.BoundedIntText(
        min=low, max=high, description=text, style=FULL_WORDS, layout=width_of("9em")
    )
