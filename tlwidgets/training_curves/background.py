"""Training in the background: the page stays alive, so that Stop is heard."""

from __future__ import annotations

import threading
from typing import Any

import keras

from .._worker import Worker
from .callback import PhaseCallback, TrainingCurves
from .widget import Page, StopRow


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
        """Wait until training is over and return what `fit` returns.

        Raises
        ------
        Exception
            What `fit` raised.
        """
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
