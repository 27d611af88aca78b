"""What all our widgets share: live views, stock controls, a script to open, a still, an end."""

from __future__ import annotations

import base64
import os
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from .. import _check
from .chart import MAX_POINTS, Chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STATIC = Path(__file__).parent / "static"


class PageView(anywidget.AnyWidget):
    """A module of ours in the page."""

    def __init__(self, **traits: Any) -> None:
        unknown = sorted(set(traits) - set(self.trait_names()))
        if unknown:  # ipywidgets itself would only warn
            raise TypeError(f"{type(self).__name__} has no trait {unknown[0]!r}.")
        super().__init__(**traits)
        if os.environ.get("ANYWIDGET_HMR") != "1":
            # anywidget ties each view to its file for good: with all that it hears, a model and
            # its data too, it would outlive `close`.
            for kind in type(self).__mro__:
                for name in ("_esm", "_css"):
                    file: Any = vars(kind).get(name)
                    if hasattr(file, "changed"):
                        file.changed.disconnect()


class LiveView(PageView):
    """A picture in the page, drawn from one dictionary."""

    # Files, not texts: with ANYWIDGET_HMR=1 the page follows them while they are edited.
    _esm: Any = _STATIC / "tlwidgets.js"
    _css: Any = _STATIC / "tlwidgets.css"

    kind = traitlets.Unicode(help="What the module draws, a name in its `KINDS`.").tag(sync=True)
    view = traitlets.Dict(help="Everything that the picture shows.").tag(sync=True)


class HandleNames(PageView):
    """Gives the sliders around it names; see `names.js`."""

    _esm: Any = _STATIC / "names.js"

    question = traitlets.Unicode(help="The name of a slider without words.").tag(sync=True)

    def __init__(self, question: str = "") -> None:
        super().__init__(question=question, layout=width_of("1px", margin="0"))


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


# As wide as its words, none of them cut.
FULL_WORDS = {"description_width": "initial"}
# A row that wraps where the page is narrow.
ROW = {"flex_flow": "row wrap", "align_items": "center", "width": "100%"}


def width_of(width: str, **more: str) -> ipywidgets.Layout:
    """Return a layout of this width."""
    return ipywidgets.Layout(width=width, **more)


def row_of(*widgets: ipywidgets.Widget, gap: str = "0 14px") -> ipywidgets.HBox:
    """Return a row that wraps where the page is narrow."""
    return ipywidgets.HBox(widgets, layout=ipywidgets.Layout(**ROW, grid_gap=gap))


def button(name: str, style: str, press: Callable[[], object]) -> ipywidgets.Button:
    """Return a button that calls `press`."""
    made = ipywidgets.Button(description=name, button_style=style, layout=width_of("auto"))
    made.on_click(lambda _: press())
    return made


def number_box(text: str, *, low: int, high: int) -> ipywidgets.BoundedIntText:
    """Return a box for a whole number."""
    return ipywidgets.BoundedIntText(
        min=low, max=high, description=text, style=FULL_WORDS, layout=width_of("7em")
    )


def move(control: Any, value: Any) -> None:
    """Move a control to a value; None leaves it where it stands."""
    if value is not None and control.value != value:
        control.value = value


class Controls:
    """Stock controls by the name of what they choose; only a hand that moves one is heard.

    Parameters
    ----------
    on_choice : callable (name=value)
        Called when a hand moves a control.
    """

    def __init__(self, on_choice: Callable[..., None]) -> None:
        self._on_choice = on_choice
        self._is_showing = False

    def listen_to(self, controls: Mapping[str, Any]) -> None:
        """Tell of these from now on."""
        for name, control in controls.items():
            control.observe(partial(self._tell, name), "value")

    @contextmanager
    def showing(self) -> Iterator[None]:
        """While controls are moved to what is chosen, nobody is told."""
        self._is_showing = True  # other options move a list to the first of them, for a moment
        try:
            yield
        finally:
            self._is_showing = False

    def _tell(self, name: str, change: Any) -> None:
        if not self._is_showing and change.new is not None:
            self._on_choice(**{name: change.new})


class Drawer(LiveView):
    """What is folded away under a title; written only while it is open."""

    kind = traitlets.Unicode("drawer").tag(sync=True)
    is_open = traitlets.Bool(help="Whether it is unfolded.").tag(sync=True)

    def __init__(self, title: str, write: Callable[[], dict[str, Any]]) -> None:
        self._write = write
        super().__init__(view={"title": title}, layout=width_of("100%", margin="0"))
        self.observe(lambda _: self.refresh(), "is_open")

    def refresh(self, title: str | None = None) -> None:
        """Show what is there now, and by another title if there is one."""
        inside = self._write() if self.is_open else {}
        self.view = {"title": title or self.view["title"], **inside}


def code_drawer(script: Callable[[], str]) -> Drawer:
    """Return a fold with the script of what is seen."""
    return Drawer("Code of what you see", lambda: {"code": script()})


def chosen(name: str, meaning: str) -> property:
    """Return a property of a `TeachingWidget` that reads and changes one part of its choice."""

    def read(self: TeachingWidget) -> Any:
        return getattr(self._choice, name)

    def change(self: TeachingWidget, value: Any) -> None:
        self._choose(**{name: value})

    return property(read, change, doc=meaning)


class Panel(ipywidgets.VBox):
    """Widgets above each other, which leave the page together."""

    def close(self) -> None:
        """Leave the page with all that is in it."""
        # ipywidgets closes, too, what was refused before it was a widget.
        if self.comm is None:
            return
        close_all(*self.children)
        self.layout.close()
        super().close()


class TeachingWidget(Panel):
    """A widget that says in a sentence what it shows, and leaves a picture where no kernel is.

    A kind of it has `_choice`, a frozen record of what is chosen, `_choose(name=value)`, which
    raises what is impossible, `figure()`, and a sentence as its `repr`.
    """

    _choice: Any

    @abstractmethod
    def _choose(self, **changes: Any) -> None:
        """Change parts of the choice; raise what is impossible."""

    @abstractmethod
    def figure(self) -> Figure:
        """Give me what I see as a figure that stays."""

    def _has_picture(self) -> bool:
        return True

    def _stop(self) -> None:
        """End what works for it; called before it leaves the page."""

    def close(self) -> None:
        """Leave the page, and leave nothing behind: no work, no memory."""
        if self.comm is not None:
            self._stop()
        super().close()

    def __setattr__(self, name: str, value: object) -> None:
        # A misspelt name would otherwise be taken silently, and change nothing.
        kind = type(self)
        if not name.startswith("_") and not hasattr(kind, name):
            known = [n for n, v in vars(kind).items() if getattr(v, "fset", None)]
            _check.one_of("attribute", name, known, kind=f"choice of a {kind.__name__}")
        super().__setattr__(name, value)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Return the live widget, and what to show on a page without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = repr(self)
        if self._has_picture():
            from .still import png_of

            data["image/png"] = base64.b64encode(png_of(self.figure())).decode()
        return bundle


def close_all(*widgets: Any) -> None:
    """Take widgets from the page, with what is in them and what they look like."""
    for widget in widgets:
        close_all(*getattr(widget, "children", ()))
        looks = (getattr(widget, "style", None), widget.layout)
        for part in (*filter(None, looks), widget):
            part.close()
