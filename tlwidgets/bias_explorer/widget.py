"""The bias explorer in the page: controls, the live picture, and the wiring between them."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets

from .._widgets.base import (
    FULL_WORDS,
    Controls,
    Drawer,
    HandleNames,
    LiveView,
    TeachingWidget,
    button,
    chosen,
    close_all,
    code_drawer,
    move,
    number_box,
    row_of,
    width_of,
)
from ..shift import population as selection_errors
from ..shift.mechanisms import MECHANISMS, Box, find_kind
from ..shift.population import Population
from .choice import Choice, from_url_state, to_url_state
from .code import to_code
from .data import DEFAULT, built_in, read_population
from .experiment import (
    FIRST_REGION,
    SMALLEST_N,
    State,
    begin,
    changed,
    kinds_of,
    report,
)
from .picture import (
    colour_options,
    colour_points,
    facts_of,
    groups_view,
    marks_bytes,
    png_of_example,
    position_bytes,
    rest_bytes,
    shown_on_map,
    to_view,
)
from .words import describe, read

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# The controls of the bias explorer: a tab for each mechanism, and what all of them share.

_LARGEST_N = 2000  # of the slider; a line of code may ask for more


class ExplorerView(LiveView):
    """The numbers, the map, the distribution, the scores and the repairs."""

    kind = traitlets.Unicode("explorer").tag(sync=True)
    positions = traitlets.Bytes(help="x and y of each point, two bytes each.").tag(sync=True)
    fields: Any = traitlets.List(help="What can be told about a point: names, categories.").tag(
        sync=True
    )
    facts = traitlets.Bytes(help="The numbers of `fields`, four bytes each.").tag(sync=True)
    colours = traitlets.Bytes(help="The colour of each point, an index.").tag(sync=True)
    marks = traitlets.Bytes(help="Each point: selected, wrong, changed.").tag(sync=True)
    rest = traitlets.Bytes(help="Those of the sample who are not always shown.").tag(sync=True)
    has_pictures = traitlets.Bool(help="Whether a point can show its example.").tag(sync=True)
    # Without an echo: the page knows what it has sent, and a drag sends much.
    region: Any = traitlets.List(help="left, bottom, right, top of the brush; or nothing.").tag(
        sync=True, echo_update=False
    )


class Tab:
    """The controls of one mechanism, by the name of what they choose."""

    def __init__(self, population: Population, mechanism: str, *shared: Any) -> None:
        self._population, self.mechanism = population, mechanism
        family = MECHANISMS[mechanism]
        self.by_name: dict[str, Any] = {}
        if mechanism == "domain shift":
            self.by_name["covariate"] = dropdown("Covariate", list(population.covariates))
        kinds = kinds_of(population, mechanism)
        self.by_name["kind"] = dropdown(family.kind_label, kinds)
        self.by_name["strength"] = ipywidgets.FloatSlider(
            value=Choice().strength,
            min=0,
            max=1,
            step=0.02,
            description=family.strength_label,
            readout_format=".0%",
            style=FULL_WORDS,
            layout=width_of("14em"),
        )
        self.repair = Choice().repair  # the page shows the repairs beside what they change
        self.is_possible = bool(kinds)
        self.box = row_of(*self.by_name.values(), *shared)
        if not self.is_possible:
            needs = ipywidgets.Label("The outcome is a number, so there are no classes to skew.")
            self.box.children = [needs, *shared]
            close_all(*self.by_name.values())

    def chosen(self) -> dict[str, Any]:
        """Return what the controls of this tab stand at."""
        return {
            "mechanism": self.mechanism,
            "repair": self.repair,
            **{name: control.value for name, control in self.by_name.items()},
        }

    def show(self, choice: Choice) -> None:
        """Move the controls to what is chosen; other kinds come with other covariates."""
        if self.mechanism == "domain shift":
            kinds = tuple(kinds_of(self._population, self.mechanism, choice.covariate))
            if self.by_name["kind"].options != kinds:
                self.by_name["kind"].options = kinds
        self.repair = choice.repair
        for name, control in self.by_name.items():
            move(control, getattr(choice, name))
        self._switch_strength(find_kind(self.mechanism, choice.kind).has_strength)

    def _switch_strength(self, has_effect: bool) -> None:
        """Switch the strength off where it would change nothing, and say why."""
        strength, label = self.by_name["strength"], MECHANISMS[self.mechanism].strength_label
        strength.disabled = not has_effect
        strength.description = label if has_effect else f"{label}: no effect"
        strength.tooltip = None if has_effect else "Chance alone draws a simple random sample."


class ExplorerControls(Controls):
    """A tab for each mechanism, and what all of them share."""

    def __init__(
        self, population: Population, choice: Choice, on_choice: Callable[..., None]
    ) -> None:
        super().__init__(on_choice)
        largest = min(len(population), _LARGEST_N)
        self.shared: dict[str, Any] = {
            "n": ipywidgets.IntSlider(
                min=SMALLEST_N,
                max=max(largest, choice.n),
                description="Sample size",
                style=FULL_WORDS,
                layout=width_of("14em"),
            ),
            "seed": number_box("Seed", low=0, high=9999),
        }
        shared = self.shared.values()  # each tab has a view of its own of them
        self.tabs = {name: Tab(population, name, *shared) for name in MECHANISMS}
        self.choose_tab = ipywidgets.Tab(
            [tab.box for tab in self.tabs.values()],
            titles=[name.capitalize() for name in self.tabs],
            layout=width_of("auto", max_width="1180px"),
        )
        self.show(choice)
        self.choose_tab.observe(self._turn_to, "selected_index")
        for tab in self.tabs.values():
            self.listen_to(tab.by_name)
        self.listen_to(self.shared)

    def show(self, choice: Choice) -> None:
        """Move every control to what is chosen; nobody is told."""
        with self.showing():
            self.tabs[choice.mechanism].show(choice)
            self.choose_tab.selected_index = list(self.tabs).index(choice.mechanism)
            n = self.shared["n"]
            n.max = max(n.max, choice.n)  # a slider would clip what it cannot show
            for name, control in self.shared.items():
                move(control, getattr(choice, name))

    def _turn_to(self, change: Any) -> None:
        """Take what the other tab stands at: each keeps its own experiment."""
        if self._is_showing or change.new is None:
            return
        tab = list(self.tabs.values())[change.new]
        if tab.is_possible:
            self._on_choice(**tab.chosen())


def dropdown(text: str, options: list[str]) -> ipywidgets.Dropdown:
    """Return a list to choose from, as wide as its longest option."""
    return ipywidgets.Dropdown(
        options=options, description=text, style=FULL_WORDS, layout=width_of("auto")
    )


# What a gesture means: which parts of the choice it changes.

_BY_REGION = {"mechanism": "sampling strategy", "kind": "region"}


def brushed(state: State, region: Box | None, wanted_n: int) -> dict[str, Any]:
    """Return what changes when a region of the map is brushed, or let go (None)."""
    choice = state.choice
    if region is None:
        kind = {"kind": "simple random"} if choice.kind == "region" else {}
        return sized(state, {**kind, "region": None}, wanted_n)
    region = selection_errors.box(region, "region")
    # The first stroke means: only there.
    strength = choice.strength if choice.kind == "region" else 1.0
    return sized(state, {**_BY_REGION, "region": region, "strength": strength}, wanted_n)


def sized(state: State, changes: Mapping[str, Any], wanted_n: int) -> dict[str, Any]:
    """Return changes with a sample as large as wanted, or as large as a region can give."""
    choice = state.choice
    kind, strength, region = (
        changes.get(name, getattr(choice, name)) for name in ("kind", "strength", "region")
    )
    if kind == "region":
        n = min(wanted_n, _n_possible(state.population, region or FIRST_REGION, strength))
        return {**changes, "n": max(SMALLEST_N, n)}
    return {**changes, "n": wanted_n} if choice.kind == "region" else dict(changes)


def _n_possible(population: Population, region: Box, strength: float) -> int:
    left, bottom, right, top = region
    x, y = population.position.T
    n_inside = int(np.sum((x >= left) & (x <= right) & (y >= bottom) & (y <= top)))
    return int(n_inside / strength) if strength else len(population)


class BiasExplorer(TeachingWidget):
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
        What colours the points: "class" (or "outcome"), "group", or a covariate. Another tab
        begins with what it is about.

    Raises
    ------
    TypeError, ValueError
        If a population cannot be made of the arrays, or there is none of that name.

    References
    ----------
    Quiñonero-Candela et al. (2009), Dataset Shift in Machine Learning, MIT Press.
    """

    mechanism = chosen("mechanism", "Why the sample differs: one of the four tabs.")
    kind = chosen("kind", "Which of the mechanism's ways.")
    covariate = chosen("covariate", "What a domain shift depends on.")
    strength = chosen("strength", "From 0, a random sample, to 1, as biased as can be.")
    n = chosen("n", "How many are drawn.")
    repair = chosen("repair", "What is done against the bias; 'none' for nothing.")
    seed = chosen("seed", "Decides who is drawn.")

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
        return report(self._state)

    def code(self) -> str:
        """Give me the script that reproduces what I see."""
        return to_code(self._state)

    def to_url_state(self) -> str:
        """Give me a short text from which `from_state` makes the same explorer again."""
        return to_url_state(self._state.choice)

    def figure(self) -> Figure:
        """Give me what I see as a figure that stays."""
        from .picture import figure_of_explorer

        state = self._state
        return figure_of_explorer(self._view_of(state), state, self._colouring)

    def reset(self) -> None:
        """Go back to where it began."""
        with self._lock:
            self._wanted_n = self._first.choice.n
            self._refresh(self._first)

    def __repr__(self) -> str:
        state = self._state
        return f"BiasExplorer({state.population.name!r}): {describe(state)}"

    @property
    def _choice(self) -> Choice:
        return self._state.choice

    def _show_at_first(self, state: State) -> None:
        # Callbacks may come on another thread than the cells (ipykernel 7.0 to 7.3).
        self._lock = threading.RLock()
        self._first = self._state = state
        self._wanted_n = state.choice.n
        population = state.population
        options = colour_options(population)
        self._subject, self._colouring = "", colour_points(population, options[0])
        self._shown = shown_on_map(population)
        fields, facts = facts_of(population, self._shown)
        self._view = ExplorerView(
            positions=position_bytes(population, self._shown),
            fields=fields,
            facts=facts,
            has_pictures=population.picture is not None,
        )
        self._groups = Drawer("By group", lambda: groups_view(self._state))
        self._code = code_drawer(self.code)
        self._controls = ExplorerControls(population, state.choice, self._choose_by_hand)
        reset = button("Reset", "", self.reset)
        reset.add_class("tlw-reset")
        parts = [self._controls.choose_tab, reset, self._view, self._groups, self._code]
        super().__init__([*parts, HandleNames()], layout=width_of("100%"))
        self.add_class("tlwidgets-bias-explorer")
        self._refresh(state)
        self._view.on_msg(lambda _, content, __: self._hear(content))
        self._view.observe(self._brush, "region")

    def _choose(self, **changes: Any) -> None:
        """Change the choice from code: what is impossible is raised."""
        with self._lock:
            self._refresh(changed(self._state, **changes))
            self._wanted_n = self._state.choice.n

    def _choose_by_hand(self, **changes: Any) -> None:
        """Change the choice from the page: what is impossible is said there."""
        with self._lock:
            self._wanted_n = changes.get("n", self._wanted_n)
            self._try(sized(self._state, changes, self._wanted_n))

    def _hear(self, content: Mapping[str, Any]) -> None:
        """Do what a hand has asked for."""
        if content["kind"] == "look":
            self._show_example(int(content["point"]))
        elif content["name"] == "colour_by":
            self.colour_by = content["value"]
        else:
            self._choose_by_hand(**{content["name"]: content["value"]})

    def _show_example(self, point: int) -> None:
        """Send the picture of a point when it is pointed at: 5,000 would be many megabytes."""
        picture = self.population.picture
        if picture is not None and 0 <= point < len(self._shown):
            png = png_of_example(picture(int(self._shown[point])))
            source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
            self._view.send({"kind": "look", "point": point, "source": source})

    def _brush(self, change: Any) -> None:
        with self._lock:
            region = tuple(change.new) or None
            if region != self._state.choice.region:
                self._try(brushed(self._state, region, self._wanted_n))

    def _try(self, changes: dict[str, Any]) -> None:
        try:
            self._refresh(changed(self._state, **changes))
        except (TypeError, ValueError) as error:
            self._refresh(self._state, trouble=str(error))

    def _refresh(self, state: State, trouble: str = "") -> None:
        """Show a new state; only what has changed is sent, the picture in one message."""
        self._state = state
        if (subject := _subject_of(state) or self._subject) != self._subject:
            self._subject, self._colouring = subject, colour_points(state.population, subject)
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
        self._groups.refresh()
        self._code.refresh()

    def _view_of(self, state: State, trouble: str = "") -> dict[str, Any]:
        return to_view(state, self._colouring, reading=read(state), trouble=trouble)


def _subject_of(state: State) -> str | None:
    """Return what a tab is about, to colour the map by; None where that is who is drawn."""
    if state.choice.mechanism == "domain shift":
        return state.choice.covariate
    return (
        None
        if state.choice.mechanism == "sampling strategy"
        else colour_options(state.population)[0]
    )


def _population_of(x: Any, y: Any, **options: Any) -> Population:
    if isinstance(x, Population):
        return x
    if isinstance(x, str):
        if y is not None or options:
            argument = "y" if y is not None else next(iter(options))
            raise TypeError(
                f"`{argument}` must be left out where `x` is the name of a population; got it with "
                f"{x!r}. For your own data, give arrays or a DataFrame as `x`."
            )
        return built_in(x)
    return read_population(x, y, **options)
