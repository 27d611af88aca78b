"""The controls of the bias explorer: a tab for each mechanism, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from .._views.controls import FULL_WORDS, ROW, number_box, width_of
from .._views.widget import SHARED_CSS, SHARED_JS, LiveView
from ..shift.population import Population
from .choosing import MECHANISMS, SMALLEST_N, kinds_of, repairs_for
from .state import Choice

_HERE = Path(__file__).parent
_FILES = ("points.js", "brush.js", "map.js", "bars.js", "panels.js", "view.js")
EXPLORER_JS = "\n".join([SHARED_JS, *((_HERE / name).read_text("utf-8") for name in _FILES)])
_LARGEST_N = 2000  # of the slider; a line of code may ask for more
# What is turned in each tab, in the words of its mechanism: its kind, its strength.
_WORDS = {
    "domain shift": ("Draw", "How strongly"),
    "data skew": ("Draw", "How strongly"),
    "dataset quality": ("Damage", "How much"),
    "sampling strategy": ("Strategy", "How strictly"),
}
# Moved continuously: the quick model answers while they are dragged.
DRAGGED = ("strength", "n")


class ExplorerView(LiveView):
    """The map, the bars and the distributions."""

    _esm = f"""{EXPLORER_JS}
export default {{ render: ({{ model, el }}) => showExplorer(model, el) }};
"""
    _css = SHARED_CSS + (_HERE / "view.css").read_text("utf-8")

    positions = traitlets.Bytes(help="x and y of each point, two bytes each.").tag(sync=True)
    fields = traitlets.List(help="What can be told about a point: names, categories.").tag(
        sync=True
    )
    facts = traitlets.Bytes(help="The numbers of `fields`, four bytes each.").tag(sync=True)
    colours = traitlets.Bytes(help="The colour of each point, an index.").tag(sync=True)
    marks = traitlets.Bytes(help="Each point: selected, wrong, changed.").tag(sync=True)
    rest = traitlets.Bytes(help="Those of the sample who are not always shown.").tag(sync=True)
    # Without an echo: the page knows what it has sent, and a drag sends much.
    region = traitlets.List(help="left, bottom, right, top of the brush; or nothing.").tag(
        sync=True, echo_update=False
    )


class Tab:
    """The controls of one mechanism, by the name of what they choose."""

    def __init__(self, population: Population, mechanism: str) -> None:
        self._population, self.mechanism = population, mechanism
        kind, strength = _WORDS[mechanism]
        self.by_name: dict[str, Any] = {}
        if mechanism == "domain shift":
            self.by_name["covariate"] = dropdown("Covariate", list(population.covariates))
        kinds = kinds_of(population, mechanism)
        self.by_name["kind"] = dropdown(kind, kinds)
        self.by_name["strength"] = ipywidgets.FloatSlider(
            value=Choice().strength,
            min=0,
            max=1,
            step=0.02,
            description=strength,
            readout_format=".0%",
            style=FULL_WORDS,
            layout=width_of("24em"),
        )
        self.by_name["repair"] = dropdown("Repair", repairs_for(population, mechanism))
        self.is_possible = bool(kinds)
        self.box = row_of(*self.by_name.values())
        if not self.is_possible:
            needs = ipywidgets.Label("The outcome is a number, so there are no classes to skew.")
            self.box.children = [needs]
            close_all(*self.by_name.values())

    def chosen(self) -> dict[str, Any]:
        """Return what the controls of this tab stand at."""
        return {
            "mechanism": self.mechanism,
            **{name: control.value for name, control in self.by_name.items()},
        }

    def show(self, choice: Choice) -> None:
        """Move the controls to what is chosen; other kinds come with other covariates."""
        if self.mechanism == "domain shift":
            kinds = tuple(kinds_of(self._population, self.mechanism, choice.covariate))
            if self.by_name["kind"].options != kinds:
                self.by_name["kind"].options = kinds
        repair = self.by_name["repair"]
        if choice.repair not in repair.options:  # a line of code may try any
            repair.options = (*repair.options, choice.repair)
        for name, control in self.by_name.items():
            _move(control, getattr(choice, name))


class Controls:
    """All controls, and who is told when a hand moves one.

    Parameters
    ----------
    population : Population
    choice : Choice
    on_choice : callable (is_quick, name=value)
    """

    def __init__(
        self, population: Population, choice: Choice, on_choice: Callable[..., None]
    ) -> None:
        self._on_choice = on_choice
        self._is_showing = False
        self.tabs = {name: Tab(population, name) for name in MECHANISMS}
        largest = min(len(population), _LARGEST_N)
        self.shared: dict[str, Any] = {
            "n": ipywidgets.IntSlider(
                min=SMALLEST_N,
                max=max(largest, choice.n),
                description="Sample size",
                style=FULL_WORDS,
                layout=width_of("26em"),
            ),
            "seed": number_box("Seed", low=0, high=9999),
        }
        self.choose_tab = ipywidgets.Tab(
            [tab.box for tab in self.tabs.values()],
            titles=[name.capitalize() for name in self.tabs],
            layout=width_of("auto", max_width="1180px"),
        )
        self.show(choice)
        self.choose_tab.observe(self._turn_to, "selected_index")
        for tab in self.tabs.values():
            self._listen_to(tab.by_name)
        self._listen_to(self.shared)

    def show(self, choice: Choice) -> None:
        """Move every control to what is chosen; nobody is told."""
        with self._showing():
            self.tabs[choice.mechanism].show(choice)
            self.choose_tab.selected_index = list(self.tabs).index(choice.mechanism)
            n = self.shared["n"]
            n.max = max(n.max, choice.n)  # a slider would clip what it cannot show
            for name, control in self.shared.items():
                _move(control, getattr(choice, name))

    @contextmanager
    def _showing(self) -> Iterator[None]:
        self._is_showing = True  # other options move a list to the first of them, for a moment
        try:
            yield
        finally:
            self._is_showing = False

    def _listen_to(self, controls: dict[str, Any]) -> None:
        for name, control in controls.items():
            control.observe(partial(self._tell, name), "value")

    def _tell(self, name: str, change: Any) -> None:
        if not self._is_showing and change.new is not None:
            self._on_choice(name in DRAGGED, **{name: change.new})

    def _turn_to(self, change: Any) -> None:
        """Take what the other tab stands at: each keeps its own experiment."""
        if self._is_showing or change.new is None:
            return
        tab = list(self.tabs.values())[change.new]
        if tab.is_possible:
            self._on_choice(False, **tab.chosen())


def close_all(*widgets: Any) -> None:
    """Take widgets from the page, with what is in them and what they look like."""
    for widget in widgets:
        close_all(*getattr(widget, "children", ()))
        looks = (getattr(widget, "style", None), widget.layout)
        for part in (*filter(None, looks), widget):
            part.close()


def row_of(*widgets: ipywidgets.Widget) -> ipywidgets.HBox:
    """Return a row that wraps where the page is narrow."""
    return ipywidgets.HBox(widgets, layout=ipywidgets.Layout(**ROW, grid_gap="0 14px"))


def dropdown(text: str, options: list[str]) -> ipywidgets.Dropdown:
    """Return a list to choose from, as wide as its longest option."""
    return ipywidgets.Dropdown(
        options=options, description=text, style=FULL_WORDS, layout=width_of("auto")
    )


def _move(control: Any, value: Any) -> None:
    if value is not None and control.value != value:
        control.value = value
