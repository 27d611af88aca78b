"""Whole epochs of training in one compiled function.

`Model.fit` spends 5 to 7 ms of Python on every step (measured), which on kept activations is
nearly everything. Here the loop over the steps is compiled, too. Each step is Keras' own
`train_step`, so loss, optimizer and metrics do exactly what they do in `fit`.
"""

from __future__ import annotations

import gc
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from .. import _check, _keras
from .activations import ShouldStop, to_tensor
from .flags import fresh_optimizer

Rows = tuple[Any, ...]  # arrays, tensors or their specs with one row per example
Twins = Sequence[tuple[keras.Variable, keras.Variable]]
Labels = tuple[tf.Tensor, ...]  # y, and the sample weights if there are any

TRAINING, VALIDATION = "training", "validation"
# Stop is heard between calls of the compiled function, so one call should not last longer;
# a call costs about a millisecond, so it should not be much shorter either.
_SECONDS_PER_CALL = 0.1
# Of the compiled graph (measured with EfficientNet-Lite0: 34 MB for 143 layers).
_BYTES_PER_LAYER = 240_000
ENDINGS = {
    "finished": "All {n} epochs are done.",
    "stopped": "Stopped after {n} whole epochs; what was learnt so far is kept.",
    "early": "Stopped early after {n} epochs without gain; the best epoch's parameters are kept.",
    "diverged": (
        "The loss became infinite or undefined in epoch {next}; the parameters of the last good "
        "epoch are kept. Try a learning rate ten times smaller."
    ),
}


def compile_loop(step: Callable[[list[Rows]], Any], groups: Sequence[Rows]) -> Any:
    """Compile `loop(groups, batches)`: a step for each batch, until there is none left.

    The batches hold row numbers, shape (n_steps, batch_size), for each group of examples. A
    step takes the rows of one batch of each group; what the steps return comes out stacked.
    Variables must exist already. Serves any number of rows of these shapes and dtypes.
    """

    def loop(rows: Sequence[Rows], batches: Sequence[tf.Tensor]) -> tf.Tensor:
        def body(i: tf.Tensor, results: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            pairs = zip(rows, batches, strict=True)
            taken = [tuple(tf.gather(a, batch[i]) for a in group) for group, batch in pairs]
            return i + 1, results.write(i, step(taken))

        n_steps = tf.shape(batches[0])[0]
        results = tf.TensorArray(tf.float32, n_steps)
        return tf.while_loop(lambda i, _: i < n_steps, body, (0, results))[1].stack()

    specs = [tuple(tf.TensorSpec((None, *a.shape[1:]), a.dtype) for a in g) for g in groups]
    signature = [specs, [tf.TensorSpec((None, None), tf.int32) for _ in groups]]
    # No XLA: on a processor it compiles for seconds and then runs slower (measured: 10 times).
    compiled = tf.function(loop, input_signature=signature, autograph=False, jit_compile=False)
    # Now, so that the time of compiling is known as such; called as it is, without a search for
    # the trace that fits. TensorFlow warns of many functions that compile when called.
    return compiled.get_concrete_function()


class Program:
    """The top of a model, compiled for training on what crosses a cut.

    The flags of its layers are set, and it is compiled with `settings`, those of the model. A
    `trunk` is applied to the rows first, in inference mode: for cuts that are not worth a cache.
    Rows and labels (`examples`, of each data set) tell their shapes and types;
    `twins` which variable of the top stands for which of the model's.
    """

    def __init__(
        self,
        top: keras.Model,
        settings: dict[str, Any],
        trunk: Callable[..., list[tf.Tensor]] | None,
        row_specs: Sequence[tf.TensorSpec],
        examples: dict[str, Labels],
        twins: Twins,
    ) -> None:
        self.top = top
        self._trunk, self._n_rows = trunk, len(row_specs)
        compile_like(top, settings, twins)
        x = [tf.zeros((1, *t.shape[1:]), t.dtype) for t in top.inputs]
        labels = [array[:1] for array in examples[TRAINING]]
        _keras.build_training(top, (x[0] if len(x) == 1 else x, *labels))
        self._initial = [_compressed(v.numpy()) for v in top.optimizer.variables]
        self._log_names = sorted(top.get_metrics_result())
        reset = tf.function(top.reset_metrics, autograph=False, jit_compile=False)
        self._reset_metrics = reset.get_concrete_function()
        steps = {TRAINING: top.train_step, VALIDATION: top.test_step}
        self._loops = {
            name: compile_loop(self._logged(steps[name]), [(*row_specs, *labels)])
            for name, labels in examples.items()
        }
        self._seconds_per_step: dict[str, float] = {}

    @property
    def n_bytes(self) -> int:
        """Memory of the optimizer's state and, roughly, of the compiled graph."""
        state = sum(4 * int(np.prod(v.shape)) for v in self.top.optimizer.variables)
        return state + len(self.top.layers) * _BYTES_PER_LAYER

    @property
    def seconds_per_step(self) -> float | None:
        """Of training, as measured; None before the first step."""
        return self._seconds_per_step.get(TRAINING)

    def reset(self, learning_rate: float | None) -> None:
        """Let the optimizer forget everything."""
        optimizer = self.top.optimizer
        for variable, value in zip(optimizer.variables, self._initial, strict=True):
            variable.assign(np.broadcast_to(value, variable.shape))
        if learning_rate is not None:
            optimizer.learning_rate = learning_rate

    def run(
        self,
        name: str,
        source: Source,
        batches: Sequence[NDArray[np.int32]],
        *,
        should_stop: ShouldStop,
    ) -> dict[str, float] | None:
        """Train on the training set, or test on the validation set, for one epoch.

        Returns the mean loss and metrics; None if stopped. An epoch ends when its loss is NaN.
        """
        self._reset_metrics()
        logs: dict[str, float] = {}
        for group in batches:  # full batches, and the last one if it is smaller
            done = 0
            while done < len(group):
                if should_stop():
                    return None
                n_steps = min(self._steps_per_call(name), len(group) - done)
                logs = self._call(name, source.take(group[done : done + n_steps]), n_steps)
                if not np.isfinite(logs["loss"]):
                    return logs
                done += n_steps
        return logs

    def _logged(self, step: Callable[..., Any]) -> Callable[[list[Rows]], Any]:
        """Return a step of Keras that takes one group of rows and gives its logs as a vector."""

        def logged(groups: list[Rows]) -> tf.Tensor:
            rows, labels = groups[0][: self._n_rows], groups[0][self._n_rows :]
            x = self._trunk(*rows) if self._trunk else rows
            logs = step((x[0] if len(x) == 1 else list(x), *labels))
            return tf.stack([tf.cast(logs[name], tf.float32) for name in self._log_names])

        return logged

    def _steps_per_call(self, name: str) -> int:
        seconds = self._seconds_per_step.get(name)
        return 1 if seconds is None else max(1, int(_SECONDS_PER_CALL / seconds))

    def _call(self, name: str, arguments: Sequence[Any], n_steps: int) -> dict[str, float]:
        """Do some steps; return the epoch's mean loss and metrics so far."""
        is_full_call = n_steps >= self._steps_per_call(name)
        began = time.perf_counter()
        values = self._loops[name](*arguments).numpy()[-1]
        if is_full_call:
            self._seconds_per_step[name] = (time.perf_counter() - began) / n_steps
        return dict(zip(self._log_names, values.tolist(), strict=True))


def compile_like(top: keras.Model, settings: dict[str, Any], twins: Twins) -> None:
    """Compile with the same settings, and an optimizer and metrics of its own."""
    metrics = {
        name: keras.tree.map_structure(fresh_metric, settings[name])
        for name in ("metrics", "weighted_metrics")
    }
    optimizer = fresh_optimizer(settings["optimizer"], twins)
    _keras.train_on_one_replica(optimizer)
    top.compile(
        optimizer=optimizer,
        loss=settings["loss"],
        loss_weights=settings["loss_weights"],
        run_eagerly=settings.get("run_eagerly", False),
        jit_compile=False,
        **metrics,
    )


def fresh_metric(metric: Any) -> Any:
    """Return a metric of the same configuration that has not seen any example."""
    if not isinstance(metric, keras.metrics.Metric):
        return metric
    fresh = _keras.rebuilt(metric)
    if fresh is None:
        fresh = _keras.unsaved_copy(metric)
        fresh.reset_state()
    return fresh


def _compressed(values: NDArray[Any]) -> Any:
    """Return one number for an array of equal ones, as most optimizers begin with."""
    is_constant = values.size > 0 and bool((values == values.flat[0]).all())
    return values.flat[0] if is_constant else values.copy()


class ProgramShelf:
    """Compiled programs, to be used again when a cut is revisited.

    Beyond a budget of bytes those that were not used for longest are dropped: of the deep cuts
    of a large network only the last one stays.
    """

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self._programs: OrderedDict[Hashable, Program] = OrderedDict()

    def known(self, key: Hashable) -> Program | None:
        """Return a program that is on the shelf."""
        return self._programs.get(key)

    def get(self, key: Hashable, build: Callable[[], Program]) -> Program:
        """Return a program from the shelf, or build it and put it there."""
        if key not in self._programs:
            self._programs[key] = build()
        self._programs.move_to_end(key)
        n_before = len(self._programs)
        while len(self._programs) > 1 and self._total() > self._n_bytes:
            self._programs.popitem(last=False)
        if len(self._programs) < n_before:
            gc.collect()  # compiled functions and models refer to each other
        return self._programs[key]

    def _total(self) -> int:
        return sum(program.n_bytes for program in self._programs.values())


class Source:
    """Examples to train on: activations that are kept, or the model's input.

    Kept activations (a tuple of tensors) are gathered in the compiled function; of the input (an
    array) the rows of each call are taken here, and given `dtype`.
    """

    def __init__(
        self, rows: tuple[tf.Tensor, ...] | NDArray[Any], labels: Labels, dtype: str
    ) -> None:
        self.labels = labels
        self._rows, self._dtype = rows, dtype

    def __len__(self) -> int:
        return len(self.labels[0])

    def take(self, batches: NDArray[np.int32]) -> tuple[list[Rows], list[tf.Tensor]]:
        """Return the arguments of the compiled loop for some batches of row numbers."""
        if isinstance(self._rows, tuple):
            return [(*self._rows, *self.labels)], [tf.constant(batches)]
        # The whole input as decimal numbers may be four times the learner's bytes.
        flat = batches.ravel()
        labels = [tf.gather(array, flat) for array in self.labels]
        places = np.arange(flat.size, dtype=np.int32).reshape(batches.shape)
        return [(to_tensor(self._rows[flat], self._dtype), *labels)], [tf.constant(places)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """How to train: the same choices as `Model.fit`, with its defaults where it has some.

    Parameters
    ----------
    epochs : int, >= 1
    batch_size : int, >= 1
    learning_rate : float, > 0, optional
        By default that of the model's optimizer.
    keep_batchnorm_frozen : bool
        Whether BatchNormalization stays in inference mode in the blocks that train.
    class_weight : dict of int to float, optional
        How much an example of each class counts; 1 where a class is not named.
    patience : int, >= 1, optional
        Stop after so many epochs without a lower loss (of the validation set if there is
        one), and go back to the best epoch.
    shuffle : bool
        Take the examples in another order in each epoch.
    seed : int, >= 0
        Decides these orders.
    examples : array of int, optional
        Which examples to learn from; by default all.
    callbacks : sequence of keras.callbacks.Callback
        Of your own. Only Keras' own `fit` calls them, so it trains then, more slowly.
    """

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float | None = None
    keep_batchnorm_frozen: bool = True
    class_weight: Mapping[int, float] | None = None
    patience: int | None = None
    shuffle: bool = True
    seed: int = 0
    examples: NDArray[np.integer[Any]] | None = None
    callbacks: Sequence[keras.callbacks.Callback] = ()

    def __post_init__(self) -> None:
        whole, number = _check.whole_number, _check.number
        whole("epochs", self.epochs, low=1, meaning="the passes over the data")
        whole("batch_size", self.batch_size, low=1, meaning="the examples in one step")
        whole("seed", self.seed, low=0, meaning="the number of a random order")
        if self.learning_rate is not None:
            number(
                "learning_rate", self.learning_rate, low=1e-12, high=1e6, meaning="the step size"
            )
        if self.patience is not None:
            whole("patience", self.patience, low=1, meaning="epochs without gain")
        for callback in self.callbacks:
            if not isinstance(callback, keras.callbacks.Callback):
                raise TypeError(
                    "`callbacks` must be a list of objects such as "
                    "keras.callbacks.ReduceLROnPlateau(); got "
                    f"{callback!r} ({type(callback).__name__})."
                )
        if self.class_weight is not None and not isinstance(self.class_weight, Mapping):
            raise TypeError(
                "`class_weight` must be a dict from class to number, for instance "
                f"{{0: 1.0, 1: 3.0}}; got {self.class_weight!r} "
                f"({type(self.class_weight).__name__})."
            )
        for label, factor in (self.class_weight or {}).items():
            number(
                f"class_weight[{label!r}]", factor, low=0, high=1e9, meaning="how much it counts"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of one training.

    Parameters
    ----------
    cut : int
        Index of the first block that trained.
    block : str
        Its name.
    n_trained : int
        Number of parameters that trained.
    history : dict of str to list of float
        As Keras' own: loss, metrics, and their `val_` twins; one number for each whole epoch.
        Where layers have penalties (`kernel_regularizer`), `val_data_loss` is without them.
    ending : "finished", "stopped", "early" or "diverged"
    notes : tuple of str
        Sentences on what was done otherwise than by `Model.fit`.
    seconds : float
        Of training and validation.
    preparation_seconds : float
        Of computing activations and compiling; next to nothing when a cut is revisited.
    """

    cut: int
    block: str
    n_trained: int
    history: dict[str, list[float]] = field(default_factory=dict)
    ending: str = "finished"
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    preparation_seconds: float = 0.0

    @property
    def n_epochs(self) -> int:
        """Number of whole epochs."""
        return len(self.history.get("loss", []))

    def describe(self) -> str:
        """Return how it ended, in one sentence or two."""
        return ENDINGS[self.ending].format(n=self.n_epochs, next=self.n_epochs + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run would cost.

    Parameters
    ----------
    n_bytes : int
        Of activations that it would add; 0 when they are kept already or not worth keeping.
    n_bytes_on_disk : int
        Those of them for which there is no room in memory: they would go to temporary files.
    seconds : float or None
        None until this machine's speed has been measured.
    """

    n_bytes: int
    n_bytes_on_disk: int = 0
    seconds: float | None


OnEpoch = Callable[[int, dict[str, float]], None]
OnStart = Callable[[dict[str, float]], None]


class Epochs:
    """The course of one run on some of `n` examples: order, early stopping, and divergence.

    `should_stop` is asked between steps; `on_epoch(epoch, logs)` is called after each epoch,
    `on_start(logs)` before the first, with what the validation set says then.
    """

    def __init__(
        self,
        plan: Plan,
        n: int,
        should_stop: ShouldStop,
        on_epoch: OnEpoch | None,
        on_start: OnStart | None = None,
        *,
        is_penalised: bool = False,
    ) -> None:
        self._plan, self._should_stop, self._is_penalised = plan, should_stop, is_penalised
        self._on_epoch, self._on_start = on_epoch, on_start
        self._examples = row_numbers(plan.examples, n)
        self._rng = np.random.default_rng(plan.seed)

    def run(
        self, program: Program, sources: dict[str, Source]
    ) -> tuple[str, dict[str, list[float]]]:
        """Train; return how it ended (a key of `ENDINGS`) and the history."""
        history: dict[str, list[float]] = {}
        good = best = _values(program)
        n_without_gain = 0
        if self._on_start and (logs := self._test(program, sources)):
            self._on_start(logs)
        for epoch in range(self._plan.epochs):
            logs = self._train_and_test(program, sources)
            if logs is None:
                return "stopped", history
            now = _values(program)
            is_finite = all(np.isfinite(value).all() for value in now)
            if not math.isfinite(logs["loss"]) or not is_finite:
                _assign(program, good)
                return "diverged", history
            good = now
            n_without_gain = 0 if is_better(logs, history) else n_without_gain + 1
            best = best if n_without_gain and self._plan.patience else now
            for name, value in logs.items():
                history.setdefault(name, []).append(value)
            if self._on_epoch:
                self._on_epoch(epoch, logs)
            if self._plan.patience and n_without_gain >= self._plan.patience:
                break
        program.top.optimizer.finalize_variable_values(program.top.trainable_variables)
        if self._plan.patience:
            _assign(program, best)
        is_early = len(history["loss"]) < self._plan.epochs
        return "early" if is_early else "finished", history

    def _test(self, program: Program, sources: dict[str, Source]) -> dict[str, float] | None:
        """Return what the validation set says now; None if there is none, or if stopped."""
        if VALIDATION not in sources:
            return None
        batches = _batches(np.arange(len(sources[VALIDATION])), self._plan.batch_size)
        logs = program.run(VALIDATION, sources[VALIDATION], batches, should_stop=self._should_stop)
        return logs and self._completed(
            {f"val_{key}": value for key, value in logs.items()}, program
        )

    def _completed(self, logs: dict[str, float], program: Program) -> dict[str, float]:
        return with_data_loss(logs, program.top) if self._is_penalised else logs

    def _train_and_test(
        self, program: Program, sources: dict[str, Source]
    ) -> dict[str, float] | None:
        shuffled = self._rng.permutation(self._examples) if self._plan.shuffle else self._examples
        found: dict[str, float] = {}
        for name, source in sources.items():
            order = shuffled if name == TRAINING else np.arange(len(source))
            batches = _batches(order, self._plan.batch_size)
            logs = program.run(name, source, batches, should_stop=self._should_stop)
            if logs is None:
                return None
            prefix = "" if name == TRAINING else "val_"
            found |= {f"{prefix}{key}": value for key, value in logs.items()}
            if not math.isfinite(found["loss"]):
                return found
        return self._completed(found, program)


def has_penalties(model: keras.Model) -> bool:
    """Tell whether a variable of a model adds to the loss (`kernel_regularizer` and so on)."""
    return any(getattr(v, "regularizer", None) is not None for v in model.weights)


def with_data_loss(logs: dict[str, float], model: keras.Model) -> dict[str, float]:
    """Add the validation loss without penalties: those of frozen layers are in no loss of Keras.

    So with it, not with the loss, one depth can be compared with another.
    """
    if "val_loss" not in logs:
        return logs
    penalties = (
        v.regularizer(v) for v in model.trainable_weights if getattr(v, "regularizer", None)
    )
    return {**logs, "val_data_loss": logs["val_loss"] - sum(map(float, penalties))}


def row_numbers(value: ArrayLike | None, n: int) -> NDArray[Any]:
    """Return the examples to learn from; all `n` for None."""
    if value is None:
        return np.arange(n)
    array = np.asarray(value)
    if array.ndim != 1 or len(array) == 0 or array.dtype.kind not in "iu":
        raise ValueError(
            "`examples` must be a list of at least one whole number, indices of examples; got "
            f"shape {array.shape} and dtype {array.dtype}."
        )
    if array.min() < 0 or array.max() >= n:
        raise ValueError(
            f"`examples` must be from 0 to {n - 1}, because there are {n} examples; got "
            f"{array.min()} to {array.max()}."
        )
    return array


def _batches(order: NDArray[Any], batch_size: int) -> list[NDArray[Any]]:
    """Return the full batches and, as Keras does it, a smaller last one."""
    n_full = len(order) // batch_size * batch_size
    full = order[:n_full].reshape(-1, batch_size)
    last = order[n_full:].reshape(1, -1)
    return [group.astype(np.int32) for group in (full, last) if group.size]


def is_better(logs: Mapping[str, float], history: Mapping[str, Sequence[float]]) -> bool:
    """Tell whether an epoch has the lowest loss so far, of the validation set if there is one."""
    monitored = "val_loss" if "val_loss" in logs else "loss"
    return logs[monitored] < min(history.get(monitored, [math.inf]))


def _values(program: Program) -> list[NDArray[Any]]:
    return [variable.numpy() for variable in program.top.variables]


def _assign(program: Program, values: list[NDArray[Any]]) -> None:
    variables: list[keras.Variable] = program.top.variables
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
