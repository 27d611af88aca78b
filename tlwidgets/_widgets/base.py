"""The base of every live view, and the view of a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from .chart import MAX_POINTS, Chart

_STATIC = Path(__file__).parent / "static"


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

    # Files, not texts: with ANYWIDGET_HMR=1 the page follows them while they are edited.
    _esm = _STATIC / "tlwidgets.js"
    _css = _STATIC / "tlwidgets.css"

    kind = traitlets.Unicode(help="What the module draws, a name in its `KINDS`.").tag(sync=True)
    view = traitlets.Dict(help="Everything that the picture shows.").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        unknown = sorted(set(traits) - set(self.trait_names()))
        if unknown:
            raise TypeError(f"{type(self).__name__} has no trait {unknown[0]!r}.")
        super().__init__(**traits)


class ChartsView(LiveView):
    """Charts side by side that follow their data, with one message for all."""

    kind = traitlets.Unicode("charts").tag(sync=True)
    still = traitlets.Unicode(
        help="The class of a picture that stays, hidden while the charts are on the page."
    ).tag(sync=True)

    def show(
        self, charts: Sequence[Chart], n_points: int = MAX_POINTS, *, is_narrow: bool = False
    ) -> None:
        """Draw these now, with about so many points in each series; narrow ones fit three a row."""
        views = [chart.to_view(n_points) for chart in charts]
        self.view = {"charts": views, "narrow": is_narrow}


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
