"""Training curves that draw themselves while `fit` runs."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import _check
from .._keras import start_keras
from .._notebook import call_after_cell
from .._worker import Worker
from . import reading
from .charts import charts_of, comparison_of, to_code
from .page import Page, StopRow, Terminal, find_stage, still_bundle
from .run import LEARNING_RATE, Choices, Run, names_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

start_keras()

import keras

_DEFAULT = Choices()
# A refresh costs the kernel a few milliseconds; more often than this nobody sees.
_PAUSE_SECONDS = 0.2


class TrainingCurves(keras.callbacks.Callback):
    """Watch a model learn: loss and metrics draw themselves, and a sentence reads them.

    The same model again goes on where it was; another model begins a new run, and the run
    before stays as a ghost. In a terminal it writes one line for each epoch instead.

    Parameters
    ----------
    name : str
        What this training is called where several are compared.
    metrics : sequence of str, optional
        What gets a chart, without `val_`. By default the loss and the first three metrics.
    chance : float or dict of metric to float, optional
        What guessing would reach; a single number is meant for accuracies.
    smoothing : float, from 0 to 0.99
        Weight of the past in a smoothed line over the raw points; 0 draws none.
    log : bool
        Whether losses start on a logarithmic axis; the live view has a switch anyway.
    in_terminal : "text" or "silence"
        What to do where no picture can be shown.

    Examples
    --------
    >>> curves = TrainingCurves.from_history({"loss": [0.9, 0.5], "val_loss": [1.0, 0.7]})
    >>> curves
    TrainingCurves: 2 epochs. 2 epochs are too short to tell anything.
    """

    def __init__(
        self,
        *,
        name: str = _DEFAULT.name,
        metrics: Sequence[str] | None = _DEFAULT.metrics,
        chance: float | Mapping[str, float] | None = _DEFAULT.chance,
        smoothing: float = _DEFAULT.smoothing,
        log: bool = _DEFAULT.log,
        in_terminal: str = _DEFAULT.in_terminal,
    ) -> None:
        super().__init__()
        self.choices = Choices(
            name=name,
            metrics=metrics,
            chance=chance,
            smoothing=smoothing,
            log=log,
            in_terminal=in_terminal,
        )
        self.runs: list[Run] = []
        self.is_training = False
        self._clock = time.perf_counter
        self._start_seconds = self._last_refresh = -float("inf")
        self._stage: Page | Terminal | None = None
        self._model_of_run: Any = None
        self._is_new_run = True
        self._forget_cell: Any = lambda: None

    @classmethod
    def from_history(cls, history: Any, **choices: Any) -> TrainingCurves:
        """Return the curves of a training that is over.

        Parameters
        ----------
        history : keras History, dict, path or DataFrame
            What `fit` returned, its dict, the file of a `CSVLogger` or of `to_csv`, or a table:
            one column per metric, or as `to_frame` gives it.
        **choices
            As for `TrainingCurves`.

        Raises
        ------
        TypeError, ValueError
            If it is none of these, or holds no numbers; or if a chosen metric is not in it.
        """
        from .run import runs_from

        curves = cls(**choices)
        curves.runs = runs_from(history)
        curves.choices.check_names(curves._known_names())
        return curves

    def phase(self, name: str) -> PhaseCallback:
        """Return the callback for the next `fit`, which goes on with the same curves.

        Parameters
        ----------
        name : str
            Stands over its epochs, for instance "fine-tuning".
        """
        return PhaseCallback(self, _check.text("name", name, meaning="the name of the phase"))

    def new_run(self) -> None:
        """Let the next `fit` begin a new run, although the model is the same."""
        self._is_new_run = True

    def choose(self, **changes: Any) -> None:
        """Change how the curves are shown, now and from now on.

        Parameters
        ----------
        **changes
            As for `TrainingCurves`: for instance `log=True` or `smoothing=0.6`.

        Raises
        ------
        ValueError
            If a metric is named that no run has measured; nothing is changed then.
        """
        choices = replace(self.choices, **changes)
        if known := self._known_names():
            choices.check_names(known)
        self.choices = choices
        self._refresh()

    def redraw(self) -> None:
        """Show the live curves in this cell, with hovering, as they are now."""
        stage = self.stage
        if isinstance(stage, Page):
            stage.show()
        stage.finish(self.runs, self.choices)

    def figure(self) -> Figure:
        """Return the curves as a matplotlib Figure, for a report or for paper."""
        from .charts import plot_curves

        return plot_curves(charts_of(self.runs, self.choices))

    def compare(self, *others: TrainingCurves) -> Figure:
        """Return a figure with the last run of these curves and of others.

        Parameters
        ----------
        *others : TrainingCurves
            Give each a `name`.
        """
        from .charts import plot_curves

        for other in others:
            if not isinstance(other, TrainingCurves):
                raise TypeError(f"`others` must be TrainingCurves; got {other!r}.")
        named = {}
        for number, curves in enumerate((self, *others), 1):
            name = curves.choices.name or f"training {number}"
            named[f"{name} ({number})" if name in named else name] = curves.runs[-1:]
        return plot_curves(comparison_of(named, self.choices))

    def to_frame(self) -> pd.DataFrame:
        """Return every value as a tidy table.

        Returns
        -------
        DataFrame
            Columns `run`, `phase`, `epoch` (from 1), `step` (missing where the value is that
            of the whole epoch), `metric`, `split`, `value`, `seconds` (since the run began).
        """
        from .run import frame_of

        return frame_of(self.runs)

    def to_csv(self, path: str | Path) -> None:
        """Write the table to a file."""
        self.to_frame().to_csv(path, index=False)

    def code(self, path: str = "curves.csv") -> str:
        """Return Python that draws the curves from a file which `to_csv` wrote."""
        return to_code(self.runs, self.choices, _check.text("path", path, meaning="a file"))

    def __repr__(self) -> str:
        return f"TrainingCurves: {reading.describe(self.runs, self.choices)}"

    def __deepcopy__(self, memo: Any) -> PhaseCallback:
        # Tuners and cross-validation copy a callback for each model: all report here.
        return PhaseCallback(self, "")

    def _repr_mimebundle_(self, **_ignored: Any) -> dict[str, Any]:
        if not self.runs:
            return {"text/plain": repr(self)}
        return still_bundle(charts_of(self.runs, self.choices), repr(self))

    @property
    def stage(self) -> Page | Terminal:
        """Where the curves are shown."""
        if self._stage is None:
            self._stage = find_stage()
        return self._stage

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Begin a call of `fit`."""
        self.begin_phase("")

    def begin_phase(self, name: str) -> None:
        """Begin a call of `fit` as a phase of that name."""
        if self._is_new_run or not self.runs or not (name or self.model is self._model_of_run):
            self.runs.append(Run(number=len(self.runs) + 1))
        self._is_new_run = False
        self._model_of_run = self.model
        params = self.params or {}
        run = self.runs[-1]
        run.begin_phase(name, params.get("epochs"), params.get("steps"))
        self._start_seconds = self._clock() - (run.seconds[-1] if run.seconds else 0.0)
        self.is_training = True
        self._forget_cell = call_after_cell(self.on_train_end)
        self._show("begin")
        self._refresh()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Learn where this call of `fit` begins, which `initial_epoch` decides."""
        self._begin_by_hand()
        self.runs[-1].begin_at(epoch, (self.params or {}).get("epochs"))

    def _begin_by_hand(self) -> None:
        """Begin where a loop of one's own has not called `on_train_begin`."""
        if not self.is_training:
            self.begin_phase("")

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Take note of a batch."""
        self._begin_by_hand()
        now = self._clock()
        self.runs[-1].end_batch(batch, logs or {}, now - self._start_seconds)
        if now - self._last_refresh >= _PAUSE_SECONDS:
            self._refresh()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Take note of an epoch."""
        self._begin_by_hand()
        now = self._clock()
        values = {**self._learning_rate(), **(logs or {})}
        self.runs[-1].end_epoch(values, now - self._start_seconds)
        self._show("epoch", self.runs[-1], self.choices)
        if len(self.runs[-1].seconds) == 1:
            self._warn_of_names()
        if now - self._last_refresh >= _PAUSE_SECONDS:
            self._refresh()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Draw the last state, however training ended; Keras calls it only when it ended well."""
        if not self.is_training:
            return
        self.is_training = False
        self._forget_cell()
        self.runs[-1].end_phase()
        self._show("finish", self.runs, self.choices)

    def _learning_rate(self) -> dict[str, float]:
        """Return the learning rate of now; nothing where the model has none."""
        rate = getattr(getattr(self.model, "optimizer", None), "learning_rate", None)
        return {} if rate is None else {LEARNING_RATE: float(rate)}

    def _warn_of_names(self) -> None:
        """Say that a chosen metric has not come; an epoch was computed, so it is no error."""
        try:
            self.choices.check_names(self._known_names())
        except ValueError as error:
            warnings.warn(f"{error} So far it has no chart.", stacklevel=2)

    def _known_names(self) -> list[str]:
        return list(dict.fromkeys(name for run in self.runs for name in names_of(run)))

    def _refresh(self) -> None:
        self._last_refresh = self._clock()
        self._show("refresh", self.runs, self.choices)

    def _show(self, step: str, *arguments: Any) -> None:
        try:
            getattr(self.stage, step)(*arguments)
        except Exception as error:  # noqa: BLE001  hours of training must not die of a picture
            self._stage = Terminal()
            warnings.warn(f"The curves cannot be drawn any more: {error!r}", stacklevel=2)


class PhaseCallback(keras.callbacks.Callback):
    """One `fit` of several that the same curves show; see `TrainingCurves.phase`."""

    def __init__(self, curves: TrainingCurves, name: str) -> None:
        super().__init__()
        self.curves, self._name = curves, name
        self.on_epoch_begin = curves.on_epoch_begin
        self.on_train_batch_end = curves.on_train_batch_end
        self.on_epoch_end = curves.on_epoch_end
        self.on_train_end = curves.on_train_end

    def __deepcopy__(self, memo: Any) -> PhaseCallback:
        self.curves.new_run()
        return PhaseCallback(self.curves, self._name)

    def set_params(self, params: dict[str, Any]) -> None:
        """Take what `fit` was called with."""
        self.curves.set_params(params)

    def set_model(self, model: keras.Model) -> None:
        """Take the model that trains."""
        super().set_model(model)
        self.curves.set_model(model)

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Begin a call of `fit`."""
        self.curves.begin_phase(self._name)


# Training in the background: the page stays alive, so that Stop is heard.


def fit_in_background(
    model: keras.Model,
    *data: Any,
    curves: TrainingCurves | PhaseCallback | None = None,
    **options: Any,
) -> BackgroundFit:
    """Train without blocking the notebook: curves, a Stop button, and the next cell runs.

    Until it has ended, leave the model alone: another `fit` or `predict` would get in its way.

    Parameters
    ----------
    model : keras Model
        Compiled.
    *data
        As for `Model.fit`.
    curves : TrainingCurves or one of its phases, optional
        What draws; by default new ones.
    **options
        As for `Model.fit`; `verbose` is 0 unless it is given, because a thread's prints are lost.

    Returns
    -------
    BackgroundFit
        With `stop()`, `wait()` and `history`.

    Raises
    ------
    TypeError
        If `model` has no `fit`, or `curves` are none.

    Examples
    --------
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile(loss="mse")
    >>> x = keras.ops.ones((4, 1))
    >>> quiet = TrainingCurves(in_terminal="silence")
    >>> len(fit_in_background(model, x, x, curves=quiet, epochs=3).wait().history["loss"])
    3
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a compiled Keras model; got {model!r}.")
    if not isinstance(curves, TrainingCurves | PhaseCallback | None):
        raise TypeError(f"`curves` must be TrainingCurves or a phase of them; got {curves!r}.")
    return BackgroundFit(model, data, curves or TrainingCurves(), options)


class BackgroundFit:
    """A training that runs in the background."""

    def __init__(
        self,
        model: keras.Model,
        data: tuple[Any, ...],
        callback: TrainingCurves | PhaseCallback,
        options: dict[str, Any],
    ) -> None:
        self.curves = callback.curves if isinstance(callback, PhaseCallback) else callback
        self._model, self._worker = model, Worker[keras.callbacks.History]()
        self._row = StopRow(self.stop)
        if isinstance(self.curves.stage, Page):
            self.curves.stage.show(self._row)
        callbacks = [*(options.pop("callbacks", None) or []), callback]
        options = {"verbose": 0, **options}

        def work(stop: threading.Event) -> keras.callbacks.History:
            try:
                return model.fit(*data, callbacks=[*callbacks, _StopWhenAsked(stop)], **options)
            finally:  # Keras does not tell a callback that `fit` has failed
                self.curves.on_train_end()
                self._row.end("Stopped." if stop.is_set() else "Training is over.")

        self._worker.start(work)

    @property
    def is_running(self) -> bool:
        """Whether it still trains."""
        return self._worker.is_running

    @property
    def history(self) -> dict[str, list[float]]:
        """The values of the epochs so far, as in Keras' `History.history`."""
        return dict(getattr(getattr(self._model, "history", None), "history", {}))

    def stop(self) -> None:
        """End training after the current batch; returns at once, and the model stays usable."""
        self._worker.stop()

    def wait(self) -> keras.callbacks.History:
        """Wait until training is over and return what `fit` returns."""
        return self._worker.wait()

    def __repr__(self) -> str:
        return f"BackgroundFit ({'running' if self.is_running else 'over'}). {self.curves!r}"


class _StopWhenAsked(keras.callbacks.Callback):
    """Ends `fit` after the batch in which somebody asked."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._stop.is_set():
            self.model.stop_training = True
