"""The freeze slider in the page: the view, what a hand chooses in it, and what it shows."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import traitlets

from .._widgets.base import Drawer, LiveView, TeachingWidget, chosen, code_drawer, width_of
from ..freezing import Plan, Run, set_trainable
from .code import to_code
from .elsewhere import train_elsewhere
from .experiment import MAX_EPOCHS, Choice, Experiment, State
from .words import describe, runs_view, slider_view, table_of

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.figure import Figure

_LABELS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_POWERS = (-6.0, 1.0)  # of ten, between which learning rates are offered


class Ribbon(LiveView):
    """The blocks of the model with the boundary to drag, what was measured, and the controls."""

    kind = traitlets.Unicode("ribbon").tag(sync=True)
    # Without an echo: the page knows what it has sent, and a drag sends much.
    cut = traitlets.Int(0, help="Index of the first block that trains.").tag(
        sync=True, echo_update=False
    )
    controls: Any = traitlets.List(help="What else is chosen: see `controls_of`.").tag(sync=True)


def controls_of(state: State, *, is_auto: bool) -> list[dict[str, Any]]:
    """Return the controls in their order: what each chooses, and where it stands."""
    subject, choice = state.subject, state.choice
    rate, has_norm = choice.learning_rate, any(b.has_batchnorm for b in subject.blocks)
    labels = [n for n in _LABELS if n < subject.n_train] + [subject.n_train]
    powers = [power / 4 for power in range(int(4 * _POWERS[0]), int(4 * _POWERS[1]) + 1)]
    rates = [float(f"{10**power:.2g}") for power in powers]
    return [
        _steps("n_labels", "labels", labels, choice.n_labels, "{:,}"),
        _steps("learning_rate", "learning rate", rates, rates[0] if rate is None else rate, "{:g}")
        | {"why": "The model has a schedule of its own." if rate is None else ""},
        _box("epochs", choice.epochs, 1, MAX_EPOCHS),
        _box("seed", choice.seed, 0, 9999),
        _check("keep_batchnorm_frozen", "keep BatchNorm frozen", choice.keep_batchnorm_frozen)
        | {"why": "" if has_norm else "The model has no BatchNormalization."},
        _check("auto", "retrain when I let go, if it takes a moment only", is_auto),
    ]


def _steps(
    name: str, label: str, offered: Sequence[float], value: float, form: str
) -> dict[str, Any]:
    """Return a slider over steps; what code has chosen between two of them is a step, too."""
    known = [n for n in offered if not math.isclose(n, value, rel_tol=1e-6)]
    options = sorted([*known, value])
    texts = [[n, form.format(n)] for n in options]
    return {"name": name, "label": label, "kind": "steps", "options": texts,
            "value": options.index(value), "low": 0, "high": len(options) - 1}  # fmt: skip


def _box(name: str, value: int, low: int, high: int) -> dict[str, Any]:
    return {"name": name, "label": name, "kind": "number", "value": value, "low": low,
            "high": high, "more": True}  # fmt: skip


def _check(name: str, label: str, value: bool) -> dict[str, Any]:
    return {"name": name, "label": label, "kind": "check", "value": value, "more": True}


class FreezeSlider(TeachingWidget):
    """Let me drag what is frozen, train the rest, and see what that does.

    Parameters
    ----------
    model : keras.Model
        Of any kind, compiled. Exploring never changes it, only `apply()` does; one of which no
        copy can be made trains itself, and is put back after each run.
    train : (x, y), (x, y, sample_weight) or a data set
        Training examples, as the model takes them, and their labels. A tf.data.Dataset, a
        keras.utils.PyDataset or a generator is read once; beyond 600 MB it is read in each epoch.
    validation : (x, y), (x, y, sample_weight) or a data set, optional
        Examples that only measure.
    label_order : "random" or "given"
        Which examples to learn from when fewer labels than all are chosen: drawn with the seed,
        or the first ones, for data that come in an order of their own.
    plan : Plan, optional
        What the runs begin with (epochs, learning rate, seed and so on, which the controls change)
        and what they all have: batch_size, class_weight, patience to stop early, callbacks of your
        own. Which examples, and in which order, the slider decides.
    blocks : dict of str to list of str, optional
        Blocks of your own: a name, and the names of its layers; as for `read_blocks`.
    as_fit : bool
        Draw augmentation and Dropout of the frozen blocks anew in each epoch, as `fit` does, which
        is slower.

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
        train: Any,
        validation: Any = None,
        label_order: str = "random",
        plan: Plan | None = None,
        blocks: Mapping[str, Sequence[str]] | None = None,
        as_fit: bool = False,
    ) -> None:
        self._model = model
        self._shown: State | None = None
        self._is_auto = True
        self._experiment = Experiment(
            model, train, validation, label_order, plan=plan, blocks=blocks, as_fit=as_fit
        )
        self._ribbon = Ribbon(layout=width_of("100%", margin="0"))
        self._table = Drawer("Runs (0)", lambda: runs_view(self._experiment.state))
        self._code = code_drawer(self.code)
        self._ribbon.observe(lambda change: self._experiment.choose(cut=change.new), "cut")
        self._ribbon.on_msg(lambda _, content, __: self._hear(content))
        super().__init__([self._ribbon, self._table, self._code], layout=width_of("100%"))
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

    def sweep(
        self,
        seeds: Sequence[int] | None = None,
        *,
        executor: Executor | int | None = None,
        keep: str | os.PathLike[str] | None = None,
    ) -> pd.DataFrame:
        """Train at every depth, from the head to the whole network, and wait for it.

        Parameters
        ----------
        seeds : sequence of int, optional
            One sweep for each; by default the chosen one.
        executor : Executor or int, optional
            Who computes, as for `tlwidgets.sweep`: an open `concurrent.futures.Executor`, or how
            many processes of this machine. By default this process, which shows each run at once.
        keep : str or path, optional
            A .csv file of finished runs. What stands in it is not computed again; it knows what was
            chosen, not that the model or the data are others.

        Returns
        -------
        DataFrame
            All runs so far, as `runs`.

        Raises
        ------
        RuntimeError
            If it is training already; with `executor` or `keep` if runs failed, when all others are
            finished and kept.

        Notes
        -----
        With an executor the model and the data are sent once for each seed, and numbers come back:
        what was learnt stays there, so that `moved` and `apply` speak of the last run of here.
        Layers and functions of your own must stand in a module that the worker can import, and be
        registered with `keras.saving.register_keras_serializable`.
        """
        choices = self._experiment.all_depths(seeds)
        if executor is None and keep is None:
            self._wait_for(choices)
        else:
            train_elsewhere(self._model, self._experiment, choices, executor=executor, keep=keep)
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
        set_trainable(
            self._model,
            choice.cut,
            keep_batchnorm_frozen=choice.keep_batchnorm_frozen,
            blocks=self._experiment.state.subject.own_blocks,
        )
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
        return figure_of_slider(slider_view(state), state.choice.cut)

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

    def _hear(self, content: Mapping[str, Any]) -> None:
        """Do what a hand has asked for."""
        kind = content["kind"]
        if kind == "train":
            self._experiment.start()
        elif kind == "sweep":
            self._experiment.start(self._experiment.all_depths())
        elif kind == "stop":
            self._experiment.stop()
        elif kind == "choose":
            self._choose_by_hand(content["name"], content["value"])
        elif self._is_auto:  # the handle was let go
            self._experiment.restart_if_quick()

    def _choose_by_hand(self, name: str, value: object) -> None:
        if name == "auto":
            self._is_auto = bool(value)
            self._show_controls(self._experiment.state)
            return
        self._experiment.choose(**{name: value})
        if self._is_auto:
            self._experiment.restart_if_quick()

    def _wait_for(self, choices: Sequence[Choice] | None) -> list[Run]:
        if not self._experiment.start(choices):
            raise RuntimeError(self._experiment.state.message)
        return self._experiment.wait()

    def _refresh(self, state: State) -> None:
        """Show a new state; only what has changed is sent."""
        before, self._shown = self._shown, state
        with self._ribbon.hold_sync():
            self._ribbon.view, self._ribbon.cut = slider_view(state), state.choice.cut
            self._show_controls(state)
        if before is None or before.choice != state.choice:
            self._code.refresh()
        if before is None or before.records != state.records:
            self._table.refresh(f"Runs ({len(state.records)})")

    def _show_controls(self, state: State) -> None:
        self._ribbon.controls = controls_of(state, is_auto=self._is_auto)
