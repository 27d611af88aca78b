"""Where curves are shown: a page that draws them live, or a terminal that gets lines of text."""

from __future__ import annotations

import base64
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Protocol

import ipywidgets
from IPython.display import display

from .._notebook import notebook_shell, running_cell
from .._widgets.base import ChartsView
from .._widgets.chart import Chart
from .charts import charts_of, points_per_series
from .reading import describe, epoch_line
from .run import Choices, Run

# In JupyterLab, an output whose widget is gone says "Error displaying widget". Next to the
# picture that replaces it, that is one message too many.
_NO_DEAD_VIEW = (
    "<style>.jp-OutputArea-child:not(:has(.tlw)):has(> .jp-OutputArea-output.jupyter-widgets)"
    ":has(+ .jp-OutputArea-child .{still}) {{ display: none; }}</style>"
)


class Stage(Protocol):
    """Where curves are shown."""

    def begin(self) -> None:
        """Show them in the cell that runs now."""

    def refresh(self, runs: Sequence[Run], choices: Choices) -> None:
        """Draw them as they are now."""

    def epoch(self, run: Run, choices: Choices) -> None:
        """Take note of an epoch that has ended."""

    def finish(self, runs: Sequence[Run], choices: Choices) -> None:
        """Leave what stays when training is over, however it ended."""


class Page:
    """A notebook: live curves, and at the end a picture for when the kernel is gone."""

    def __init__(self) -> None:
        self.view = _new_view()
        self._still: Any = None
        self._cell: int | None = -1

    def begin(self) -> None:
        """Show the curves in this cell; once, however many trainings it runs."""
        cell = running_cell()
        # A thread belongs to no cell: who started it has shown them.
        if threading.current_thread() is threading.main_thread() and cell != self._cell:
            if self._still is not None:  # the cell before keeps what it showed
                self.view = _new_view()
            self._cell = cell
            self.show()

    def show(self, *above: ipywidgets.Widget) -> None:
        """Show the curves here and now, with controls above them."""
        display(ipywidgets.VBox([*above, self.view]) if above else self.view)  # type: ignore[no-untyped-call]
        # Its place right below is kept from the start, because more output may follow.
        nothing = {"text/html": "", "text/plain": ""}
        self._still = display(nothing, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def refresh(self, runs: Sequence[Run], choices: Choices) -> None:
        """Send what changed: one small message."""
        charts = charts_of(runs, choices)
        self.view.show(charts, points_per_series(charts))

    def epoch(self, run: Run, choices: Choices) -> None:
        """Do nothing: the picture says it."""

    def finish(self, runs: Sequence[Run], choices: Choices) -> None:
        """Put the picture where the live one is, for pages that have no kernel."""
        self.refresh(runs, choices)
        if self._still is not None:
            charts = charts_of(runs, choices)
            self._still.update(
                still_bundle(charts, describe(runs, choices), self.view.still), raw=True
            )


def _new_view() -> ChartsView:
    return ChartsView(still=f"tlw-still-{uuid.uuid4().hex[:12]}")


class Terminal:
    """No page: one line of text for each epoch, or nothing."""

    def begin(self) -> None:
        """Do nothing."""

    def refresh(self, runs: Sequence[Run], choices: Choices) -> None:
        """Do nothing."""

    def epoch(self, run: Run, choices: Choices) -> None:
        """Write the epoch as a line."""
        if choices.in_terminal == "text":
            sys.stdout.write(f"{epoch_line(run)}\n")

    def finish(self, runs: Sequence[Run], choices: Choices) -> None:
        """Write what the curve says."""
        if choices.in_terminal == "text":
            sys.stdout.write(f"{describe(runs, choices)}\n")


def find_stage() -> Page | Terminal:
    """Return a page where there is one: a kernel, as opposed to a terminal or a script."""
    return Page() if notebook_shell() is not None else Terminal()


def still_bundle(charts: Sequence[Chart], sentence: str, still: str = "") -> dict[str, Any]:
    """Return a picture for pages without a kernel, with its text."""
    from .charts import curves_png

    png = base64.b64encode(curves_png(charts)).decode("ascii")
    bundle = {"image/png": png, "text/plain": sentence}
    if still:
        source = f"data:image/png;base64,{png}"
        bundle["text/html"] = (
            f'<div class="{still}"><img alt="training curves" src="{source}">'
            f"<p>{escape(sentence)}</p></div>" + _NO_DEAD_VIEW.format(still=still)
        )
    return bundle


class StopRow(ipywidgets.HBox):
    """A Stop button, and a line that says how it stands."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._button = ipywidgets.Button(
            description="Stop", icon="stop", tooltip="End training after the current batch"
        )
        self._line = ipywidgets.Label("Training in the background.")
        self._button.on_click(lambda _button: self._ask(stop))
        super().__init__([self._button, self._line])

    def _ask(self, stop: Callable[[], None]) -> None:
        self._button.disabled = True
        self._line.value = "Stopping after this batch ..."
        stop()

    def end(self, sentence: str) -> None:
        """Say that it is over."""
        self._button.disabled = True
        self._line.value = sentence
