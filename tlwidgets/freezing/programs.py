"""Whole epochs of training in one compiled function.

`Model.fit` spends 5 to 7 ms of Python on every step (measured), which on kept activations is
nearly everything. Here the loop over the steps is compiled, too. Each step is Keras' own
`train_step`, so loss, optimizer and metrics do exactly what they do in `fit`.
"""

from __future__ import annotations

import gc
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from .caching import ShouldStop, to_tensor
from .compiled import Labels
from .flags import fresh_optimizer

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
    # One replica has nothing to sum. Keras asks TensorFlow to sum all the same, which registers
    # a gradient function under a new name, for good, and with it the whole compiled graph and
    # the optimizer's state (tensorflow#97697; measured: 90 MB for each deep cut of Lite0).
    optimizer._all_reduce_sum_gradients = lambda pairs: pairs
    top.compile(
        optimizer=optimizer,
        loss=settings["loss"],
        loss_weights=settings["loss_weights"],
        jit_compile=False,
        **metrics,
    )


def build_state(top: keras.Model, example: Labels) -> None:
    """Create the variables of optimizer and metrics: a compiled loop cannot."""
    x = keras.tree.map_structure(lambda t: tf.zeros((1, *t.shape[1:]), t.dtype), top.inputs)
    labels = [array[:1] for array in example]
    top._symbolic_build(data_batch=(x[0] if len(x) == 1 else x, *labels))


def _fresh_metric(metric: Any) -> Any:
    is_object = isinstance(metric, keras.metrics.Metric)
    return type(metric).from_config(metric.get_config()) if is_object else metric


def _compressed(values: NDArray) -> NDArray:
    """Return one number for an array of equal ones, as most optimizers begin with."""
    is_constant = values.size > 0 and bool((values == values.flat[0]).all())
    return values.flat[0] if is_constant else values.copy()
