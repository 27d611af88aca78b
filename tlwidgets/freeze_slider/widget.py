"""The freeze slider in the page: controls, live pictures, and the wiring between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from .._widgets.base import (
    FULL_WORDS,
    ChartsView,
    CodeDrawer,
    Controls,
    LiveView,
    TeachingWidget,
    button,
    chosen,
    move,
    number_box,
    row_of,
    width_of,
)
from ..freezing import Run, set_trainable
from .code import to_code
from .experiment import MAX_EPOCHS, Choice, Experiment, Pair, State
from .words import (
    curve_charts,
    depth_chart,
    describe,
    describe_progress,
    html_of,
    progress,
    ribbon_view,
    table_of,
)

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.figure import Figure

# The controls of the freeze slider: the ribbon, and a stock widget for each choice.

_STEPS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


class Ribbon(LiveView):
    """The blocks of the model, with the boundary to drag."""

    kind = traitlets.Unicode("ribbon").tag(sync=True)
    # Without an echo: the page knows what it has sent, and a drag sends much.
    cut = traitlets.Int(0, help="Index of the first block that trains.").tag(
        sync=True, echo_update=False
    )


class SliderControls(Controls):
    """The controls by the name of what they choose, as in `Choice`.

    Parameters
    ----------
    state : State
    on_choice : callable (name=value)
        Called when a hand moves a control.
    """

    def __init__(self, state: State, on_choice: Callable[..., None]) -> None:
        super().__init__(on_choice)
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
        self.show(choice)
        self.listen_to(self.by_name)

    def show(self, choice: Choice) -> None:
        """Move every control to what is chosen."""
        with self.showing():
            self._show(choice)

    def _show(self, choice: Choice) -> None:
        labels, rate = self.by_name["n_labels"], self.by_name["learning_rate"]
        if choice.n_labels not in labels.options:
            labels.options = self._label_steps(choice.n_labels)
        if choice.learning_rate is not None:  # a slider would clip what it cannot show
            power = math.log10(choice.learning_rate)
            rate.min, rate.max = min(rate.min, math.floor(power)), max(rate.max, math.ceil(power))
        for name, control in self.by_name.items():
            move(control, getattr(choice, name))

    def _label_steps(self, chosen: int) -> list[int]:
        return sorted({*(n for n in _STEPS if n < self._n_train), self._n_train, chosen})


def checkbox(text: str, *, value: bool = False, disabled: bool = False) -> ipywidgets.Checkbox:
    """Return a checkbox as wide as its text."""
    return ipywidgets.Checkbox(
        value=value, disabled=disabled, description=text, indent=False, layout=width_of("auto")
    )


class FreezeSlider(TeachingWidget):
    """Let me drag what is frozen, train the rest, and see what that does.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional, nested backbones too; compiled. Exploring never changes it,
        only `apply()` does.
    train : (x, y)
        Training examples, as the model takes them, and their labels.
    validation : (x, y), optional
        Examples that only measure.
    label_order : "random" or "given"
        Which examples to learn from when fewer labels than all are chosen: drawn with the seed,
        or the first ones, for data that come in an order of their own.

    Attributes
    ----------
    cut : int, 0..n_blocks - 1
        Index of the first block that trains.
    epochs, n_labels, seed, learning_rate, keep_batchnorm_frozen
        What the next run will do; the same as the controls.

    Raises
    ------
    TypeError, ValueError
        If the model cannot be cut or has not been compiled, or the data do not fit it.

    References
    ----------
    Yosinski et al. (2014), How transferable are features in deep neural networks?, NeurIPS.
    """

    cut = chosen("cut", "Index of the first block that trains.")
    epochs = chosen("epochs", "Passes over the data.")
    learning_rate = chosen("learning_rate", "Step size; None if the model has a schedule.")
    n_labels = chosen("n_labels", "How many training examples may be used.")
    seed = chosen("seed", "Decides which examples are used, and their order.")
    keep_batchnorm_frozen = chosen(
        "keep_batchnorm_frozen", "Whether BatchNormalization stays as it is where blocks train."
    )

    def __init__(
        self,
        model: keras.Model,
        *,
        train: Pair,
        validation: Pair | None = None,
        label_order: str = "random",
    ) -> None:
        self._model = model
        self._ribbon = Ribbon()
        self._charts = ChartsView(layout=width_of("100%"))
        self._status, self._table = ipywidgets.HTML(), ipywidgets.HTML()
        self._progress = ipywidgets.FloatProgress(max=1, layout=width_of("12em"))
        self._shown: State | None = None
        self._experiment = Experiment(model, train, validation, label_order)
        self._controls = SliderControls(self._experiment.state, self._choose_by_hand)
        self._auto = checkbox("Retrain when I let go, if it takes a moment only", value=True)
        self._buttons = {
            "Train": button("Train", "primary", self._experiment.start),
            "Stop": button("Stop", "", self._experiment.stop),
            "Sweep all depths": button("Sweep all depths", "", self._start_sweep),
        }
        self._code = CodeDrawer(self.code)
        self._ribbon.observe(lambda change: self._experiment.choose(cut=change.new), "cut")
        self._ribbon.on_msg(lambda *_: self._let_go())
        super().__init__(self._rows(), layout=width_of("100%"))
        self.add_class("tlwidgets-freeze-slider")
        self._experiment.follow(self._refresh)

    def train(self) -> Run:
        """Train what is chosen, and wait for it.

        Returns
        -------
        Run

        Raises
        ------
        RuntimeError
            If it is training already; whatever else training raises.

        Notes
        -----
        Interrupting the kernel stops after the current step and keeps what was learnt.
        """
        return self._wait_for(None)[-1]

    def sweep(self, seeds: Sequence[int] | None = None) -> pd.DataFrame:
        """Train at every depth, from the head to the whole network, and wait for it.

        Parameters
        ----------
        seeds : sequence of int, optional
            One sweep for each; by default the chosen one.

        Returns
        -------
        DataFrame
            All runs so far, as `runs`.
        """
        self._wait_for(self._experiment.all_depths(seeds))
        return self.runs

    @property
    def model(self) -> keras.Model:
        """My own model; exploring does not change it."""
        return self._model

    @property
    def runs(self) -> pd.DataFrame:
        """All runs so far, one row each, in the order in which they were trained."""
        return table_of(self._experiment.state)

    def moved(self) -> pd.DataFrame:
        """Show me which variables moved in the last run, and which did not.

        Returns
        -------
        DataFrame
            As `tlwidgets.freezing.moved` gives.
        """
        return self._experiment.trainer.moved()

    def apply(self, *, with_parameters: bool = False) -> None:
        """Put what is chosen on my own model: flags, and a fresh compile.

        Parameters
        ----------
        with_parameters : bool
            Also copy what the last run has learnt.
        """
        choice = self._experiment.state.choice
        set_trainable(self._model, choice.cut, keep_batchnorm_frozen=choice.keep_batchnorm_frozen)
        if choice.learning_rate is not None:
            self._model.optimizer.learning_rate = choice.learning_rate
        if with_parameters:
            self._experiment.trainer.write_to_model(self._model)

    def code(self) -> str:
        """Give me the Keras script of what I see."""
        state = self._experiment.state
        return to_code(state.subject, state.choice)

    def figure(self) -> Figure:
        """Give me what I see as a figure that stays."""
        from .words import figure_of_slider

        state = self._experiment.state
        charts = (*curve_charts(state), depth_chart(state))
        views = [chart.to_view() for chart in charts]
        return figure_of_slider(ribbon_view(state), views, state.choice.cut)

    def __repr__(self) -> str:
        state = self._experiment.state
        return f"FreezeSlider({state.subject.model_name!r}): {describe(state)}"

    @property
    def _choice(self) -> Choice:
        return self._experiment.state.choice

    def _choose(self, **changes: Any) -> None:
        self._experiment.choose(**changes)

    def _has_picture(self) -> bool:
        return bool(self._experiment.state.records)

    def _stop(self) -> None:
        self._experiment.close()

    def _rows(self) -> list[ipywidgets.Widget]:
        controls = self._controls.by_name
        row = partial(row_of, gap="2px 12px")
        first, *others = controls.values()
        return [
            self._ribbon,
            row(first, self._auto),
            row(*others),
            row(*self._buttons.values(), self._progress, self._status),
            self._charts,
            self._table,
            self._code.button,
            self._code.page,
        ]

    def _choose_by_hand(self, **choice: object) -> None:
        self._experiment.choose(**choice)
        self._let_go()

    def _let_go(self) -> None:
        if self._auto.value:
            self._experiment.restart_if_quick()

    def _start_sweep(self) -> None:
        self._experiment.start(self._experiment.all_depths())

    def _wait_for(self, choices: Sequence[Choice] | None) -> list[Run]:
        if not self._experiment.start(choices):
            raise RuntimeError(self._experiment.state.message)
        return self._experiment.wait()

    def _refresh(self, state: State) -> None:
        """Show a new state; only what has changed is sent."""
        before, self._shown = self._shown, state
        with self._ribbon.hold_sync():
            self._ribbon.view, self._ribbon.cut = ribbon_view(state), state.choice.cut
        if before is None or before.choice != state.choice:
            self._controls.show(state.choice)
            self._code.refresh()
        if before is None or (before.live, before.records) != (state.live, state.records):
            self._charts.show((*curve_charts(state), depth_chart(state)), is_narrow=True)
            self._refresh_progress(state)
            self._table.value = html_of(self.runs)
        if before is None or before.message != state.message or state.live is not before.live:
            self._status.value = f'<span role="status">{escape(describe_progress(state))}</span>'

    def _refresh_progress(self, state: State) -> None:
        self._buttons["Stop"].disabled = state.live is None
        for name in ("Train", "Sweep all depths"):
            self._buttons[name].disabled = state.live is not None
        self._progress.value = progress(state)
        # Its place is kept, so that nothing jumps.
        self._progress.layout.visibility = "hidden" if state.live is None else "visible"
