"""The controls of the freeze slider: the ribbon, and a stock widget for each choice."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from .._views.controls import FULL_WORDS, number_box, width_of
from .._views.widget import SHARED_CSS, SHARED_JS, LiveView
from .state import MAX_EPOCHS, Choice, State

_HERE = Path(__file__).parent
_STEPS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


class Ribbon(LiveView):
    """The blocks of the model, with the boundary to drag."""

    _esm = f"""{SHARED_JS}
{(_HERE / "view.js").read_text("utf-8")}
export default {{ render: ({{ model, el }}) => showRibbon(model, el) }};
"""
    _css = SHARED_CSS + (_HERE / "view.css").read_text("utf-8")

    # Without an echo: the page knows what it has sent, and a drag sends much.
    cut = traitlets.Int(0, help="Index of the first block that trains.").tag(
        sync=True, echo_update=False
    )


class Controls:
    """The controls by the name of what they choose, as in `Choice`.

    Parameters
    ----------
    state : State
    on_choice : callable (name=value)
        Called when a hand moves a control.
    """

    def __init__(self, state: State, on_choice: Callable[..., None]) -> None:
        subject, choice = state.subject, state.choice
        self._n_train = subject.n_train
        on_release = {"continuous_update": False, "style": FULL_WORDS}
        self.by_name: dict[str, Any] = {
            "cut": ipywidgets.IntSlider(
                max=len(subject.blocks) - 1,
                description="First block that trains",
                layout=width_of("34em"),
                **on_release,
            ),
            "n_labels": ipywidgets.SelectionSlider(
                options=self._label_steps(choice.n_labels),
                description="Labels",
                **on_release,
            ),
            "epochs": number_box("Epochs", low=1, high=MAX_EPOCHS),
            "learning_rate": ipywidgets.FloatLogSlider(
                min=-6,
                max=1,
                step=0.25,
                readout_format=".1e",
                description="Learning rate",
                disabled=choice.learning_rate is None,
                **on_release,
            ),
            "seed": number_box("Seed", low=0, high=9999),
            "keep_batchnorm_frozen": checkbox(
                "Keep BatchNorm frozen",
                disabled=not any(block.has_batchnorm for block in subject.blocks),
            ),
        }
        self._is_showing = False
        self.show(choice)
        for name, control in self.by_name.items():
            control.observe(partial(self._tell, on_choice, name), "value")

    def show(self, choice: Choice) -> None:
        """Move every control to what is chosen; nobody is told."""
        self._is_showing = True  # other options move a slider to the first of them, for a moment
        try:
            self._show(choice)
        finally:
            self._is_showing = False

    def _tell(self, on_choice: Callable[..., None], name: str, change: Any) -> None:
        if not self._is_showing:
            on_choice(**{name: change.new})

    def _show(self, choice: Choice) -> None:
        labels, rate = self.by_name["n_labels"], self.by_name["learning_rate"]
        if choice.n_labels not in labels.options:
            labels.options = self._label_steps(choice.n_labels)
        if choice.learning_rate is not None:  # a slider would clip what it cannot show
            power = math.log10(choice.learning_rate)
            rate.min, rate.max = min(rate.min, math.floor(power)), max(rate.max, math.ceil(power))
        for name, control in self.by_name.items():
            value = getattr(choice, name)
            if value is not None and control.value != value:
                control.value = value

    def _label_steps(self, chosen: int) -> list[int]:
        return sorted({*(n for n in _STEPS if n < self._n_train), self._n_train, chosen})


def checkbox(text: str, *, value: bool = False, disabled: bool = False) -> ipywidgets.Checkbox:
    """Return a checkbox as wide as its text."""
    return ipywidgets.Checkbox(
        value=value, disabled=disabled, description=text, indent=False, layout=width_of("auto")
    )
