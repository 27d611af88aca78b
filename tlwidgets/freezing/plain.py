"""Train what kept activations cannot follow: by Keras' own `fit`, with the right flags.

Slower than `Program`, but it takes whatever `fit` takes: several inputs and outputs, masks, classes
with a training step of their own, callbacks. A model of which no copy can be made is trained itself
and put back afterwards.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from .. import _keras
from .activations import ShouldStop, Trunk
from .blocks import Layout, Listed
from .examples import Examples, Stream
from .flags import is_same, set_flags
from .loop import (
    TRAINING,
    VALIDATION,
    OnEpoch,
    OnStart,
    Plan,
    Twins,
    compile_like,
    fresh_metric,
    has_penalties,
    is_better,
    row_numbers,
    with_data_loss,
)

History = dict[str, list[float]]
_UNSEEN = (
    "Only the first batch was looked at before: undefined numbers (NaN) in a later one would end "
    "it in the same way."
)


def why_plain(model: keras.Model, layout: Layout, sets: Mapping[str, Examples]) -> str:
    """Return why kept activations cannot follow this model or these data at any cut, or ""."""
    if keras.backend.backend() != "tensorflow":
        return f"Keras runs on {keras.backend.backend()}, and only TensorFlow keeps activations"
    if any(isinstance(examples, Stream) for examples in sets.values()):
        return "the data do not fit into memory, so that they are read anew in each epoch"
    if isinstance(layout, Listed):
        return "its layers are wired in code, so there is no graph to be cut"
    if _keras.trains_in_its_own_way(model):
        return "its class has a training step of its own"
    if (len(model.inputs), len(model.outputs)) != (1, 1):
        return f"it has several inputs or outputs ({len(model.inputs)} and {len(model.outputs)})"
    if not all(examples.is_simple for examples in sets.values()):
        return "its examples are texts or several arrays"
    if None in model.inputs[0].shape[1:] or model.inputs[0].dtype == "string":
        return "its input has no fixed size"
    layers_ = [step.operation for step in layout.graph.steps]
    if any(getattr(layer, "stateful", False) for layer in layers_):
        return "it remembers what passed through it"
    if model.run_eagerly:
        return "it runs eagerly"
    return ""


def why_plain_at(layout: Layout, trunk: Trunk, cut: int, restless: Collection[int]) -> str:
    """Return why kept activations cannot follow at this cut, or "".

    `restless` are the ids of variables that a step of training changes where they are frozen, too.
    """
    if cut and trunk.is_masked(cut):
        return "a mask (of padded sequences) is handed on at this depth"
    frozen = [step.operation for step in layout.graph.steps[: layout.starts[cut]]]
    if any(_keras.call_losses(operation) for operation in frozen):
        return "a frozen layer adds to the loss"
    for operation in frozen:
        if any(id(v) in restless for layer in _keras.layers_in(operation) for v in layer.weights):
            return (
                f"{operation.name} changes its parameters in each step of training, even where it "
                "is frozen"
            )
    return ""


def restless_variables(
    model: keras.Model, start: Mapping[int, NDArray[Any]], some: Examples, n_proof: int
) -> set[int]:
    """Return the ids of variables that change though all is frozen: spectral normalisation's.

    The model is called in training, and put back to `start`, by id; its flags stay frozen.
    """
    model.trainable = False
    _keras.infer(model, some.first(n_proof)[0], training=True)
    changed = [v for v in model.variables if not is_same(v.numpy(), start[id(v)])]
    for variable in changed:
        variable.assign(start[id(variable)])
    return {id(v) for v in model.weights} & {id(v) for v in changed}


def gives_vectors(
    model: keras.Model, settings: Mapping[str, Any], some: Examples, n_proof: int
) -> bool:
    """Tell whether a metric gives several numbers, for instance one per class."""
    given = keras.tree.flatten([settings["metrics"], settings["weighted_metrics"]])
    objects = [fresh_metric(m) for m in given if isinstance(m, keras.metrics.Metric)]
    if not objects:
        return False
    x, y, _ = some.first(n_proof)
    (outputs,) = _keras.infer(model, x)
    for metric in objects:
        try:
            metric.update_state(y, outputs)
        except (ValueError, TypeError):
            return True  # Keras knows how to shape the labels for it
        if isinstance(metric.result(), dict) or np.ndim(metric.result()):
            return True
    return False


class PlainWay:
    """Trains a model with `fit`: the trainer's copy, or the learner's own, which is lent."""

    def __init__(
        self,
        model: keras.Model,
        layout: Layout,
        settings: Mapping[str, Any],
        twins: Twins,
    ) -> None:
        self.model, self._layout = model, layout
        self._settings, self._twins = dict(settings), twins
        self._seconds_per_step: dict[int, float] = {}

    def seconds(self, cut: int, n_steps: int) -> float | None:
        """Return what a run would take; None if this cut has not been trained yet."""
        step = self._seconds_per_step.get(cut)
        return step and step * n_steps

    def run(
        self,
        cut: int,
        plan: Plan,
        sets: Mapping[str, Examples],
        *,
        should_stop: ShouldStop,
        on_epoch: OnEpoch | None,
        on_start: OnStart | None,
    ) -> tuple[str, History, tuple[str, ...]]:
        """Train from the parameters as they are; return the ending, the history and notes."""
        if should_stop():
            return "stopped", {}, ()
        set_flags(self.model, self._layout, cut, plan.keep_batchnorm_frozen)
        compile_like(self.model, self._settings, self._twins)
        if plan.learning_rate is not None:
            self.model.optimizer.learning_rate = plan.learning_rate
        training, validation = sets[TRAINING], sets.get(VALIDATION)
        measured = validation and _for_measuring(validation, plan.batch_size)
        if on_start and measured is not None:
            given = (
                {"x": measured[0], "y": measured[1], "sample_weight": measured[2]}
                if isinstance(measured, tuple)
                else {"x": measured}
            )
            size = plan.batch_size if isinstance(measured, tuple) else None
            logs = self.model.evaluate(**given, batch_size=size, verbose=0, return_dict=True)
            said = {f"val_{name}": value for name, value in _numbers_in(logs).items()}
            on_start(with_data_loss(said, self.model) if has_penalties(self.model) else said)
        watch = Watch(plan, should_stop, on_epoch)
        began = time.perf_counter()
        self._fit(plan, training, measured, watch)
        if watch.n_steps:
            self._seconds_per_step[cut] = (time.perf_counter() - began) / watch.n_steps
        is_unseen = watch.ending == "diverged" and isinstance(training, Stream)
        return watch.ending, watch.history, (*watch.notes, *([_UNSEEN] if is_unseen else []))

    def _fit(self, plan: Plan, training: Examples, measured: Any, watch: Watch) -> None:
        weight = None if plan.class_weight is None else dict(plan.class_weight)
        fixed = {
            "epochs": plan.epochs,
            "verbose": 0,
            "class_weight": weight,
            "shuffle": False,  # of the batches, which Keras would mix once more
            "validation_data": measured,
            "validation_batch_size": plan.batch_size if isinstance(measured, tuple) else None,
        }
        callbacks = [*plan.callbacks, watch]
        if isinstance(training, Stream):
            self.model.fit(training.for_fit(plan.batch_size), callbacks=callbacks, **fixed)
        elif plan.shuffle:
            batches = Batches(training, plan)
            draw = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.draw())
            self.model.fit(batches, callbacks=[draw, *callbacks], **fixed)
        else:
            x, y, sample_weight = training.take(row_numbers(plan.examples, len(training)))
            size = plan.batch_size
            self.model.fit(
                x, y, sample_weight=sample_weight, batch_size=size, callbacks=callbacks, **fixed
            )
        watch.finish()


def _for_measuring(examples: Examples, batch_size: int) -> Any:
    if isinstance(examples, Stream):
        return examples.for_fit(batch_size)
    return examples.take(np.arange(len(examples)))


class Batches(keras.utils.PyDataset):
    """The chosen examples, in another order in each epoch."""

    def __init__(self, examples: Examples, plan: Plan) -> None:
        super().__init__()
        self._examples, self._size = examples, plan.batch_size
        self.rows = row_numbers(plan.examples, len(examples))
        self._rng = np.random.default_rng(plan.seed)
        self._order = self.rows

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self._size)

    def __getitem__(self, i: int) -> Any:
        x, y, weight = self._examples.take(self._order[i * self._size : (i + 1) * self._size])
        # What Keras reads batch by batch may hold tuples, but no lists.
        x, y = (tuple(part) if isinstance(part, list) else part for part in (x, y))
        return (x, y) if weight is None else (x, y, weight)

    def draw(self) -> None:
        """Take another order: that of `Epochs` for the same seed."""
        self._order = self._rng.permutation(self.rows)


class Watch(keras.callbacks.Callback):
    """Writes the history of a run, and ends it: on demand, early, or when it diverges."""

    def __init__(self, plan: Plan, should_stop: ShouldStop, on_epoch: OnEpoch | None) -> None:
        super().__init__()
        self._plan, self._should_stop, self._on_epoch = plan, should_stop, on_epoch
        self.history: History = {}
        self.ending = "finished"
        self.notes: tuple[str, ...] = ()
        self.n_steps = 0
        self._n_without_gain = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Remember where it starts."""
        self._good = self._best = self._values()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop within an epoch."""
        self.n_steps += 1
        if self._should_stop():
            self._end("stopped")
        elif not np.isfinite(np.asarray((logs or {}).get("loss", 0.0))).all():
            self._end("diverged")

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Do not measure what nobody waits for."""
        if self.ending != "finished" or self._should_stop():
            self.model.stop_evaluating = True
            self._end(self.ending if self.ending != "finished" else "stopped")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep what the epoch gave; see whether it goes on."""
        if self.ending != "finished":
            return
        found = _numbers_in(logs)
        if has_penalties(self.model):
            found = with_data_loss(found, self.model)
        self._say_what_is_left_out(logs, found)
        now = self._values()
        if not np.isfinite(found.get("loss", 0.0)) or not all(np.isfinite(v).all() for v in now):
            self._end("diverged")
            return
        is_gain = "loss" not in found or is_better(found, self.history)
        self._good, self._best = now, now if is_gain else self._best
        self._n_without_gain = 0 if is_gain else self._n_without_gain + 1
        for name, value in found.items():
            self.history.setdefault(name, []).append(value)
        if self._on_epoch:
            self._on_epoch(epoch, found)
        is_last = epoch + 1 == self._plan.epochs
        if self._plan.patience and self._n_without_gain >= self._plan.patience:
            self._end("finished" if is_last else "early")
        elif not is_last and self._should_stop():
            self._end("stopped")
        elif not is_last and self.model.stop_training:  # a callback of the learner's
            self._end("early")

    def finish(self) -> None:
        """Put the parameters in place that this ending promises."""
        if self.ending == "diverged":
            self._assign(self._good)
        elif self._plan.patience and self.ending != "stopped":
            self._assign(self._best)

    def _end(self, ending: str) -> None:
        self.ending, self.model.stop_training = ending, True

    def _say_what_is_left_out(self, logs: Any, found: Mapping[str, float]) -> None:
        left_out = [name for name in logs or {} if name not in found and name[:4] != "val_"]
        if left_out:
            self.notes = (
                f"Left out: {', '.join(left_out)}, which gives several numbers. One that gives "
                "their mean can be shown, for instance F1Score(average='macro').",
            )

    def _moving(self) -> list[keras.Variable]:
        found: list[keras.Variable] = list(self.model.trainable_variables)
        return found if self._plan.keep_batchnorm_frozen else list(self.model.weights)

    def _values(self) -> list[NDArray[Any]]:
        return [variable.numpy() for variable in self._moving()]

    def _assign(self, values: list[NDArray[Any]]) -> None:
        for variable, value in zip(self._moving(), values, strict=True):
            variable.assign(value)


def _numbers_in(logs: Any) -> dict[str, float]:
    return {name: float(value) for name, value in (logs or {}).items() if np.ndim(value) == 0}


@contextlib.contextmanager
def borrowed(model: keras.Model) -> Iterator[None]:
    """Lend the learner's own model: parameters, flags and optimizer are put back afterwards."""
    settings, optimizer = _keras.compile_settings(model), model.optimizer
    kept = [*model.variables, *_keras.memory_of(model)]
    values = [(variable, variable.numpy()) for variable in kept]
    flags = [(layer, layer.trainable) for layer in _keras.layers_in(model)]
    single = [(v, v.trainable) for v in model.variables]
    try:
        yield
    finally:
        for layer, is_trainable in flags:  # from the outside in
            layer.trainable = is_trainable
        for variable, is_trainable in single:
            variable.trainable = is_trainable
        for variable, value in values:
            variable.assign(value)
        model.compile(**{**settings, "optimizer": optimizer})
