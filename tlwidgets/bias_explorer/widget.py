"""The bias explorer in the page: controls, the live picture, and the wiring between them."""

from __future__ import annotations

import base64
import threading
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from .. import _check
from .._views.controls import button, width_of
from ..shift.population import Population
from . import errors
from .code import to_code
from .compute import begin, changed
from .controls import Controls, ExplorerView, close_all, dropdown, row_of
from .describe import describe
from .gestures import brushed, sized
from .map_points import (
    colour_options,
    colour_points,
    facts_of,
    marks_bytes,
    position_bytes,
    rest_bytes,
)
from .populations import DEFAULT, built_in
from .projecting import shown_on_map
from .reading import read_population
from .sharing import from_url_state, to_url_state
from .state import Box, State
from .table import report
from .views import to_view

if TYPE_CHECKING:
    import pandas as pd

    from .plot import Figure


def _chosen(name: str, meaning: str) -> property:
    """Return a property that reads and changes one part of the choice."""

    def read(self: BiasExplorer) -> Any:
        return getattr(self._state.choice, name)

    def change(self: BiasExplorer, value: Any) -> None:
        self._choose(**{name: value})

    return property(read, change, doc=meaning)


class BiasExplorer(ipywidgets.VBox):
    """Let me draw a biased sample, see what it makes a model believe, and try to repair it.

    Parameters
    ----------
    x : str, array or DataFrame, shape (n, d), or images, shape (n, height, width[, channels])
        The name of a population that comes with the package ("solar cells", "digits",
        "diabetes"), or my own data.
    y : array, shape (n,), or str
        My own labels: classes, or a numeric outcome; or the name of a column of `x`.
    **options
        Of my own data: `feature_names`, `groups` (whose score is told apart), `class_names`,
        `backbone` (a Keras model through which images are seen), `name`.

    Attributes
    ----------
    mechanism, kind, covariate, strength, n, repair, seed
        What is chosen; the same as the controls.
    region : (left, bottom, right, top), each 0..1, or None
        The part of the map that is sampled; the same as the brush.
    colour_by : str
        What colours the points: "class" (or "outcome"), "group", or a covariate.

    Raises
    ------
    TypeError, ValueError
        If a population cannot be made of the arrays, or there is none of that name.

    References
    ----------
    Quiñonero-Candela et al. (2009), Dataset Shift in Machine Learning, MIT Press.
    """

    mechanism = _chosen("mechanism", "Why the sample differs: one of the four tabs.")
    kind = _chosen("kind", "Which of the mechanism's ways.")
    covariate = _chosen("covariate", "What a domain shift depends on.")
    strength = _chosen("strength", "From 0, a random sample, to 1, as biased as can be.")
    n = _chosen("n", "How many are drawn.")
    repair = _chosen("repair", "What is done against the bias; 'none' for nothing.")
    seed = _chosen("seed", "Decides who is drawn.")

    def __init__(self, x: Any = DEFAULT, y: Any = None, **options: Any) -> None:
        self._show_at_first(begin(_population_of(x, y, **options)))

    @classmethod
    def from_state(cls, text: str, x: Any = DEFAULT, y: Any = None, **options: Any) -> BiasExplorer:
        """Give me the explorer that `to_url_state` wrote down, on the same population.

        Parameters
        ----------
        text : str
        x, y, **options
            As for a new explorer.
        """
        explorer = cls.__new__(cls)
        explorer._show_at_first(begin(_population_of(x, y, **options), from_url_state(text)))
        return explorer

    @property
    def population(self) -> Population:
        """Everybody there is."""
        return self._state.population

    @property
    def region(self) -> Box | None:
        """The part of the map that is sampled, or None."""
        return self._state.choice.region

    @region.setter
    def region(self, region: Box | None) -> None:
        self._choose(**brushed(self._state, region, self._wanted_n))

    @property
    def colour_by(self) -> str:
        """What colours the points."""
        return self._colouring.by

    @colour_by.setter
    def colour_by(self, by: str) -> None:
        with self._lock:
            self._colouring = colour_points(self.population, by)
            self._refresh(self._state)

    def report(self) -> pd.DataFrame:
        """Give me all scores: naive, repaired, ideal; claimed and true; overall and by group."""
        return report(self._settled())

    def code(self) -> str:
        """Give me the script that reproduces what I see."""
        return to_code(self._settled())

    def to_url_state(self) -> str:
        """Give me a short text from which `from_state` makes the same explorer again."""
        return to_url_state(self._settled())

    def figure(self) -> Figure:
        """Give me what I see as a figure that stays."""
        from .plot import figure_of_explorer

        state = self._settled()
        return figure_of_explorer(self._view_of(state), state, self._colouring)

    def reset(self) -> None:
        """Go back to where it began."""
        with self._lock:
            self._wanted_n = self._first.choice.n
            self._refresh(self._first)

    def close(self) -> None:
        """Leave the page, and leave nothing behind."""
        if getattr(self, "_controls", None) is None:  # it was refused; ipywidgets calls this, too
            return
        close_all(*self.children)
        self.layout.close()
        super().close()

    def __repr__(self) -> str:
        state = self._settled()
        return f"BiasExplorer({state.population.name!r}): {describe(state)}"

    def __setattr__(self, name: str, value: object) -> None:
        # A misspelt name would otherwise be taken silently, and change nothing.
        if not name.startswith("_") and not hasattr(type(self), name):
            known = [n for n, v in vars(BiasExplorer).items() if getattr(v, "fset", None)]
            _check.one_of("attribute", name, known, kind="choice of a BiasExplorer")
        super().__setattr__(name, value)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Return the live widget, and what to show on a page without a kernel."""
        from .._views.plot import png_of

        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = repr(self)
        data["image/png"] = base64.b64encode(png_of(self.figure())).decode()
        return bundle

    def _show_at_first(self, state: State) -> None:
        # Callbacks may come on another thread than the cells (ipykernel 7.0 to 7.3).
        self._lock = threading.RLock()
        self._first = self._state = state
        self._wanted_n = state.choice.n
        population = state.population
        options = colour_options(population)
        self._colouring = colour_points(population, options[0])
        self._shown = shown_on_map(population)
        fields, facts = facts_of(population, self._shown)
        self._view = ExplorerView(
            positions=position_bytes(population, self._shown), fields=fields, facts=facts
        )
        self._code = ipywidgets.HTML(layout=width_of("100%"))
        self._controls = Controls(population, state.choice, self._choose_by_hand)
        self._colour = dropdown("Colour points by", options)
        self._show_code = ipywidgets.ToggleButton(description="Show code", layout=width_of("9em"))
        shared, reset = self._controls.shared.values(), button("Reset", "", self.reset)
        row = row_of(*shared, self._colour, reset, self._show_code)
        super().__init__(
            [self._controls.choose_tab, row, self._view, self._code], layout=width_of("100%")
        )
        self.add_class("tlwidgets-bias-explorer")
        self._refresh(state)
        self._colour.observe(lambda change: setattr(self, "colour_by", change.new), "value")
        self._show_code.observe(lambda _: self._refresh_code(), "value")
        self._view.observe(self._brush, "region")
        self._view.on_msg(lambda *_: self._settled())

    def _choose(self, **changes: Any) -> None:
        """Change the choice from code: what is impossible is raised."""
        with self._lock:
            self._refresh(changed(self._state, **changes))
            self._wanted_n = self._state.choice.n

    def _choose_by_hand(self, is_quick: bool, **changes: Any) -> None:
        """Change the choice from the page: what is impossible is said there."""
        with self._lock:
            self._wanted_n = changes.get("n", self._wanted_n)
            self._try(sized(self._state, changes, self._wanted_n), is_quick)

    def _brush(self, change: Any) -> None:
        with self._lock:
            region = tuple(change.new) or None
            if region != self._state.choice.region:
                self._try(brushed(self._state, region, self._wanted_n), is_quick=True)

    def _try(self, changes: dict[str, Any], is_quick: bool) -> None:
        try:
            self._refresh(changed(self._state, is_quick=is_quick, **changes))
        except (TypeError, ValueError) as error:
            self._refresh(self._state, trouble=str(error))

    def _settled(self) -> State:
        """Return the state as the careful model has it; dragging leaves that of a quick one."""
        with self._lock:
            if self._state.result.is_quick:
                self._refresh(changed(self._state))
            return self._state

    def _refresh(self, state: State, trouble: str = "") -> None:
        """Show a new state; only what has changed is sent, the picture in one message."""
        self._state = state
        region = state.choice.region
        with self._view.hold_sync():
            self._view.view = self._view_of(state, trouble)
            self._view.colours = self._colouring.codes[self._shown].tobytes()
            self._view.marks = marks_bytes(state.result, self._shown)
            self._view.rest = rest_bytes(
                state.population, state.result, self._colouring, self._shown
            )
            self._view.region = list(region) if region else []
        self._controls.show(state.choice)
        self._colour.value = self._colouring.by
        if not state.result.is_quick:
            self._refresh_code()

    def _view_of(self, state: State, trouble: str = "") -> dict[str, Any]:
        return to_view(state, self._colouring, sentence=describe(state), trouble=trouble)

    def _refresh_code(self) -> None:
        is_open = self._show_code.value
        self._show_code.description = "Hide code" if is_open else "Show code"
        script = escape(self.code()) if is_open else ""
        self._code.value = f'<pre class="tlwidgets-code">{script}</pre>' if is_open else ""


def _population_of(x: Any, y: Any, **options: Any) -> Population:
    if isinstance(x, Population):
        return x
    if isinstance(x, str):
        if y is not None or options:
            raise errors.named_and_more(x, "y" if y is not None else next(iter(options)))
        return built_in(x)
    return read_population(x, y, **options)
