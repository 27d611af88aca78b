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
from . import errors
from .activations import ShouldStop, to_tensor
from .flags import fresh_optimizer

# What the learner passed to `compile`, and labels that fit it.

Labels = tuple[tf.Tensor, ...]  # y, and the sample weights if there are any


def settings_of(model: keras.Model) -> dict[str, Any]:
    """Return what a model was compiled with; refuse one that `fit` would train otherwise."""
    settings = _keras.compile_settings(model) if model.compiled else {"loss": None}
    if settings["loss"] is None:
        raise errors.compiled_for_fit(model.name)
    for method in ("train_step", "compute_loss"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise errors.own_training(model.name, method)
    errors.one_input_and_output(model.name, len(model.inputs), len(model.outputs))
    return settings


def check_examples(
    model: keras.Model, name: str, x: ArrayLike, y: ArrayLike
) -> tuple[NDArray, NDArray]:
    """Return examples and labels when the model can learn from them."""
    inputs = errors.model_input(f"{name}x", x, model.inputs[0].shape[1:])
    labels = errors.labels_for_head(
        f"{name}y",
        y,
        n=len(inputs),
        loss=_loss_name(_keras.compile_settings(model)["loss"]),
        output_shape=model.outputs[0].shape[1:],
    )
    return inputs, labels


def label_tensors(y: NDArray, class_weight: Mapping[int, float] | None) -> Labels:
    """Return the labels and, with class weights, how much each example counts."""
    labels = tf.constant(y.astype(keras.config.floatx()) if y.dtype.kind == "f" else y)
    if class_weight is None:
        return (labels,)
    classes = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y)).round()
    sample_weight = np.ones(len(y), keras.config.floatx())
    for label, value in class_weight.items():
        sample_weight[classes == label] = value
    return labels, tf.constant(sample_weight)


def _loss_name(loss: Any) -> str:
    """Return the name of a loss in small letters, however the learner gave it."""
    flat = keras.tree.flatten(loss)  # it may stand in a list or a dict
    loss = flat[0] if len(flat) == 1 else "several losses"
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return name.replace("_", "").lower()


# Stop is heard between calls of the compiled function, so one call should not last longer;
# a call costs about a millisecond, so it should not be much shorter either.
_SECONDS_PER_CALL = 0.1
# Of the compiled graph (measured with EfficientNet-Lite0: 34 MB for 143 layers).
_BYTES_PER_LAYER = 240_000


class Program:
    """The top of a model, compiled for training on what crosses a cut.

    Parameters
    ----------
    top : keras.Model
        With the flags of its layers set.
    settings : dict
        What the model was compiled with.
    trunk : callable, optional
        Applied to the rows first, in inference mode: for cuts that are not worth a cache.
    row_specs : list of TensorSpec
        Of the rows that come in.
    examples : dict of str to Labels
        Of the training set, "", and perhaps of a validation set; for their shapes and types.
    """

    def __init__(
        self,
        top: keras.Model,
        settings: dict[str, Any],
        trunk: Callable[..., list[tf.Tensor]] | None,
        row_specs: Sequence[tf.TensorSpec],
        examples: dict[str, Labels],
    ) -> None:
        self.top = top
        self._trunk = trunk
        self._row_specs = list(row_specs)
        compile_like(top, settings)
        build_state(top, examples[""])
        self._initial = [_compressed(v.numpy()) for v in top.optimizer.variables]
        self._log_names = sorted(top.get_metrics_result())
        self._reset_metrics = self._compiled_reset()
        self._loops = {
            name: self._loop(top.test_step if name else top.train_step, example)
            for name, example in examples.items()
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
        return self._seconds_per_step.get("")

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
        batches: Sequence[NDArray],
        *,
        should_stop: ShouldStop,
    ) -> dict[str, float] | None:
        """Train ("") or test one epoch; None if it was stopped. NaN ends it early."""
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

    def _steps_per_call(self, name: str) -> int:
        seconds = self._seconds_per_step.get(name)
        return 1 if seconds is None else max(1, int(_SECONDS_PER_CALL / seconds))

    def _call(self, name: str, arguments: Sequence[Any], n_steps: int) -> dict[str, float]:
        """Do some steps; return the epoch's mean loss and metrics so far."""
        is_full_call = n_steps >= self._steps_per_call(name)
        began = time.perf_counter()
        values = self._loops[name](*arguments).numpy()
        if is_full_call:
            self._seconds_per_step[name] = (time.perf_counter() - began) / n_steps
        return dict(zip(self._log_names, values.tolist(), strict=True))

    def _compiled_reset(self) -> Any:
        reset = tf.function(self.top.reset_metrics, autograph=False, jit_compile=False)
        # Compiled before it is called: TensorFlow warns of many functions that compile when called.
        return reset.get_concrete_function()

    def _loop(self, step: Callable[..., Any], example: Labels) -> Any:
        """Compile a loop over steps; rows, labels and batches of indices come from outside."""
        label_specs = [tf.TensorSpec((None, *t.shape[1:]), t.dtype) for t in example]
        signature = [self._row_specs, label_specs, tf.TensorSpec((None, None), tf.int32)]

        @tf.function(input_signature=signature, autograph=False, jit_compile=False)
        def loop(rows: Any, labels: Any, batches: tf.Tensor) -> tf.Tensor:
            def body(i: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                x = [tf.gather(array, batches[i]) for array in rows]
                x = self._trunk(*x) if self._trunk else x
                rest = [tf.gather(array, batches[i]) for array in labels]
                logs = step((x[0] if len(x) == 1 else x, *rest))
                return i + 1, tf.stack([tf.cast(logs[k], tf.float32) for k in self._log_names])

            n_steps = tf.shape(batches)[0]
            begin = tf.zeros(len(self._log_names))
            return tf.while_loop(lambda i, _: i < n_steps, body, (0, begin))[1]

        # Now, so that the time of compiling is known as such; called as it is, without a search
        # for the trace that fits.
        return loop.get_concrete_function()


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
    """Rows to train on: activations that are kept, or the model's input.

    Parameters
    ----------
    rows : tuple of tensor, or array
        Kept activations, gathered in the compiled function; or the input, taken here.
    labels : Labels
    dtype : str
        Of the model's input.
    """

    def __init__(self, rows: tuple[tf.Tensor, ...] | NDArray, labels: Labels, dtype: str) -> None:
        self.labels = labels
        self._rows, self._dtype = rows, dtype

    def __len__(self) -> int:
        return len(self.labels[0])

    def take(self, batches: NDArray) -> tuple[list[tf.Tensor], list[tf.Tensor], tf.Tensor]:
        """Return the arguments of the compiled loop for some batches of indices."""
        if isinstance(self._rows, tuple):
            return list(self._rows), list(self.labels), tf.constant(batches)
        # The whole input as decimal numbers may be four times the learner's bytes.
        flat = batches.ravel()
        labels = [tf.gather(array, flat) for array in self.labels]
        places = np.arange(flat.size, dtype=np.int32).reshape(batches.shape)
        return [to_tensor(self._rows[flat], self._dtype)], labels, tf.constant(places)


def compile_like(top: keras.Model, settings: dict[str, Any]) -> None:
    """Compile with the same settings, and an optimizer and metrics of its own."""
    metrics = {
        name: keras.tree.map_structure(_fresh_metric, settings[name])
        for name in ("metrics", "weighted_metrics")
    }
    optimizer = fresh_optimizer(settings["optimizer"])
    _keras.train_on_one_replica(optimizer)
    top.compile(
        optimizer=optimizer,
        loss=settings["loss"],
        loss_weights=settings["loss_weights"],
        jit_compile=False,
        **metrics,
    )


def build_state(top: keras.Model, example: Labels) -> None:
    """Create the variables of optimizer and metrics."""
    x = keras.tree.map_structure(lambda t: tf.zeros((1, *t.shape[1:]), t.dtype), top.inputs)
    labels = [array[:1] for array in example]
    _keras.build_training(top, (x[0] if len(x) == 1 else x, *labels))


def _fresh_metric(metric: Any) -> Any:
    is_object = isinstance(metric, keras.metrics.Metric)
    return type(metric).from_config(metric.get_config()) if is_object else metric


def _compressed(values: NDArray) -> NDArray:
    """Return one number for an array of equal ones, as most optimizers begin with."""
    is_constant = values.size > 0 and bool((values == values.flat[0]).all())
    return values.flat[0] if is_constant else values.copy()


# What to do in a run of training, and what came of it.

ENDINGS = {
    "finished": "All {n} epochs are done.",
    "stopped": "Stopped after {n} whole epochs; what was learnt so far is kept.",
    "early": "Stopped early after {n} epochs without gain; the best epoch's parameters are kept.",
    "diverged": (
        "The loss became infinite or undefined in epoch {next}; the parameters of the last good "
        "epoch are kept. Try a learning rate ten times smaller."
    ),
}


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
    """

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float | None = None
    keep_batchnorm_frozen: bool = True
    class_weight: Mapping[int, float] | None = None
    patience: int | None = None
    shuffle: bool = True
    seed: int = 0
    examples: NDArray[np.integer] | None = None

    def __post_init__(self) -> None:
        _check.whole_number("epochs", self.epochs, low=1, meaning="the passes over the data")
        _check.whole_number(
            "batch_size", self.batch_size, low=1, meaning="the examples in one step"
        )
        _check.whole_number("seed", self.seed, low=0, meaning="the number of a random order")
        if self.learning_rate is not None:
            _check.number(
                "learning_rate", self.learning_rate, low=1e-12, high=1e6, meaning="the step size"
            )
        errors.class_weights("class_weight", self.class_weight)
        if self.patience is not None:
            _check.whole_number("patience", self.patience, low=1, meaning="epochs without gain")


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
    seconds : float or None
        None until this machine's speed has been measured.
    """

    n_bytes: int
    seconds: float | None


def inference_notes(random_layers: Sequence[str]) -> tuple[str, ...]:
    """Return what to say when frozen blocks would have been random under `fit`."""
    if not random_layers:
        return ()
    return (
        f"The frozen blocks hold {', '.join(random_layers)}, random in training; here they run "
        "in inference mode, because their output is computed only once.",
    )


# Epoch after epoch: order of the examples, early stopping, and what to do when it diverges.

OnEpoch = Callable[[int, dict[str, float]], None]


class Epochs:
    """The course of one run.

    Parameters
    ----------
    plan : Plan
    n : int
        Number of examples that there are; the plan may take some of them.
    should_stop : callable
        Asked between steps.
    on_epoch : callable (epoch, logs), optional
    """

    def __init__(
        self, plan: Plan, n: int, should_stop: ShouldStop, on_epoch: OnEpoch | None
    ) -> None:
        self._plan, self._should_stop, self._on_epoch = plan, should_stop, on_epoch
        self._examples = errors.example_indices("examples", plan.examples, n)
        self._rng = np.random.default_rng(plan.seed)

    def run(
        self, program: Program, sources: dict[str, Source]
    ) -> tuple[str, dict[str, list[float]]]:
        """Train; return how it ended (a key of `ENDINGS`) and the history."""
        history: dict[str, list[float]] = {}
        good = best = _values(program)
        n_without_gain = 0
        for epoch in range(self._plan.epochs):
            logs = self._train_and_test(program, sources)
            if logs is None:
                return "stopped", history
            now = _values(program)
            if not math.isfinite(logs["loss"]) or not _are_finite(now):
                _assign(program, good)
                return "diverged", history
            good = now
            n_without_gain = 0 if _is_better(logs, history) else n_without_gain + 1
            best = best if n_without_gain else now
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

    def _train_and_test(
        self, program: Program, sources: dict[str, Source]
    ) -> dict[str, float] | None:
        shuffled = self._rng.permutation(self._examples) if self._plan.shuffle else self._examples
        found: dict[str, float] = {}
        for name, source in sources.items():
            order = np.arange(len(source)) if name else shuffled
            batches = _batches(order, self._plan.batch_size)
            logs = program.run(name, source, batches, should_stop=self._should_stop)
            if logs is None:
                return None
            found |= {f"val_{key}" if name else key: value for key, value in logs.items()}
            if not math.isfinite(found["loss"]):
                return found
        return found


def _batches(order: NDArray, batch_size: int) -> list[NDArray]:
    """Return the full batches and, as Keras does it, a smaller last one."""
    n_full = len(order) // batch_size * batch_size
    full = order[:n_full].reshape(-1, batch_size)
    last = order[n_full:].reshape(1, -1)
    return [group.astype(np.int32) for group in (full, last) if group.size]


def _is_better(logs: dict[str, float], history: dict[str, list[float]]) -> bool:
    monitored = "val_loss" if "val_loss" in logs else "loss"
    return logs[monitored] < min(history.get(monitored, [math.inf]))


def _values(program: Program) -> list[NDArray]:
    return [variable.numpy() for variable in program.top.variables]


def _assign(program: Program, values: list[NDArray]) -> None:
    variables: list[keras.Variable] = program.top.variables
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _are_finite(values: list[NDArray]) -> bool:
    return all(np.isfinite(value).all() for value in values)
