"""Train the top of a model on what its frozen trunk gives, computed only once.

The parameters that come out are those of `set_trainable` and `Model.fit`, up to rounding;
the time is that of the blocks that train. Everything happens in a private copy: the
learner's model changes only when asked.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from .. import _check, _keras
from .activations import (
    ActivationCache,
    ActivationStore,
    OnProgress,
    ShouldStop,
    Trunk,
    gives_the_same,
)
from .blocks import Block, Layout, count_multiplications, paired_layers, read_layout
from .flags import moved, set_flags, snapshot_from
from .graph import build_model, copy_graph
from .loop import (
    TRAINING,
    VALIDATION,
    Epochs,
    Estimate,
    Labels,
    OnEpoch,
    OnStart,
    Plan,
    Program,
    ProgramShelf,
    Run,
    Source,
)

Examples = tuple[NDArray[Any], NDArray[Any]]  # x and y
OnComputed = Callable[[int, int, int, float], None]  # from cut, to cut, n examples, seconds

_MEMORY_BUDGET = 150_000_000
# Bytes for what lets cuts be revisited without compiling again.
_PROGRAM_BUDGET = 100_000_000
# Measured with EfficientNet-Lite0 at 96 px: keeping the output of the stem (1 % saved, 2.7
# times the images) or of stage 1 (2 %, 1.3 times) makes no epoch shorter; that of stage 3
# (12 %) saves 15 %.
_WORTH_SAVING = 0.1
_BYTES = 4
# So many examples show whether a copy is the model.
_N_PROOF = 3
# What a step costs besides its arithmetic (measured with a dense head).
_SECONDS_PER_STEP = 0.0003


class CachedTrainer:
    """Retrain a model from any cut in a fraction of the time of `Model.fit`.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional, nested backbones too; compiled; one input, one output. Its
        parameters as they are now are where every run starts. It is not changed.
    x : array, shape (n, ...)
        Training examples, as `model` takes them. Not copied: do not change them.
    y : array, shape (n, ...)
        Their labels.
    validation : (x, y), optional
        Examples that only measure.
    memory_budget : int, bytes
        How much of the activations to keep in memory; the rest goes to temporary files,
        which are removed by `close()`, or when the trainer is no longer used.

    Attributes
    ----------
    model : keras.Model
        The private copy, flat, with the parameters of the last run.
    blocks : list of Block
        What a cut lies between.

    Notes
    -----
    Frozen blocks run in inference mode. Where they hold Dropout or augmentation, `fit` would
    have drawn new random numbers in each epoch: `Run.notes` says so then.
    """

    def __init__(
        self,
        model: keras.Model,
        x: ArrayLike,
        y: ArrayLike,
        *,
        validation: tuple[ArrayLike, ArrayLike] | None = None,
        memory_budget: int = _MEMORY_BUDGET,
    ) -> None:
        _check.whole_number("memory_budget", memory_budget, low=0, meaning="bytes of activations")
        layout = read_layout(model)
        self._learners_model = model
        self._settings = _settings_of(model)
        sets = {TRAINING: _checked_examples(model, "", x, y)}
        if validation is not None:
            sets[VALIDATION] = _checked_examples(model, "validation ", *validation)
        # Folding needs a copy in which every layer is called once: before any top is built.
        graph, self.model, tensors = copy_graph(layout.graph, name=model.name)
        self._twins = [
            pair
            for one, two in zip(layout.graph.steps, graph.steps, strict=True)
            if isinstance(one.operation, keras.Layer)
            for pair in zip(one.operation.variables, two.operation.variables, strict=True)
        ]
        some = sets[TRAINING][0][:_N_PROOF]
        _refuse_another(model, self.model, some)
        self._layout = replace(layout, graph=graph)
        self._trunk = Trunk(self._layout, tensors, some)
        self._costs = Costs(self._layout)
        self._start = {id(variable): variable.numpy() for variable in self.model.variables}
        self._touched: list[keras.Variable] = []
        self._programs = ProgramShelf(_PROGRAM_BUDGET)
        self._sets = DataSets(sets, self._trunk, memory_budget)
        self._busy = threading.Lock()

    @property
    def blocks(self) -> list[Block]:
        """The blocks of the model, from the input to the output."""
        return list(self._layout.blocks)

    def __enter__(self) -> CachedTrainer:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the activations and remove their files; later runs compute them again."""
        self._sets.close()

    def restart(self, model: keras.Model, x: ArrayLike, y: ArrayLike) -> None:
        """Begin anew from these parameters and examples, without compiling again.

        Parameters
        ----------
        model : keras.Model
            Of the same architecture; its parameters as they are now are the new start.
        x, y : array, shape (n, ...)
            New examples to learn from. The validation set stays.
        """
        examples = _checked_examples(self._learners_model, "", x, y)
        pairs = paired_layers(self._layout, read_layout(model), model.name, self.model.name)
        with self._alone():
            for own, other in pairs:
                _keras.carry_state(other, own)
            try:
                _refuse_another(model, self.model, examples[0][:_N_PROOF])
            except TypeError:
                for variable in self.model.variables:
                    variable.assign(self._start[id(variable)])
                raise
            self._start = {id(variable): variable.numpy() for variable in self.model.variables}
            self._trunk.update()
            self._sets.replace_examples(*examples)

    def train(
        self,
        cut: int,
        plan: Plan | None = None,
        *,
        stop: threading.Event | None = None,
        on_epoch: OnEpoch | None = None,
        on_start: OnStart | None = None,
        on_progress: OnProgress | None = None,
    ) -> Run:
        """Train the blocks from this cut on, starting from the model's own parameters.

        Parameters
        ----------
        cut : int, 0..n_blocks - 1
            Index of the first block that trains.
        plan : Plan, optional
            Epochs, batch size, learning rate and so on.
        stop : threading.Event, optional
            Set it, from another thread, to stop between two steps.
        on_epoch : callable (epoch, logs), optional
            Called after each epoch, with the entries of Keras' history.
        on_start : callable (logs), optional
            Called before the first epoch, with the validation set's entries of Keras' history.
        on_progress : callable (share from 0 to 1), optional
            Called while the activations of a data set are computed.

        Returns
        -------
        Run
        """
        plan = plan or Plan()
        cut = self._layout.check_cut(cut)
        should_stop = stop.is_set if stop is not None else lambda: False
        run = Run(
            cut=cut,
            block=self.blocks[cut].name,
            n_trained=self._layout.count_trained(cut, plan.keep_batchnorm_frozen),
            notes=_inference_notes(self._layout, cut),
        )
        self._refuse_what_differs_from_fit(cut, plan)
        epochs = Epochs(plan, self._sets.n_examples, should_stop, on_epoch, on_start)
        with self._alone():
            began = time.perf_counter()
            prepared = self._prepare(cut, plan, should_stop, on_progress)
            middle = time.perf_counter()
            ending, history = ("stopped", {}) if prepared is None else epochs.run(*prepared)
        return replace(
            run,
            ending=ending,
            history=history,
            preparation_seconds=middle - began,
            seconds=time.perf_counter() - middle,
        )

    def estimate(self, cut: int, plan: Plan | None = None) -> Estimate:
        """Tell me what a run would cost.

        Parameters
        ----------
        cut : int, 0..n_blocks - 1
            Index of the first block that trains.
        plan : Plan, optional

        Returns
        -------
        Estimate
            Without seconds until this machine's speed has been measured by a first run.
        """
        plan = plan or Plan()
        cut = self._layout.check_cut(cut)
        n = self._sets.n_examples if plan.examples is None else len(plan.examples)
        program = self._programs.known(_program_key(cut, plan))
        step_seconds = program.seconds_per_step if program is not None else None
        return self._costs.estimate(cut, plan, n, self._sets.caches, step_seconds)

    def moved(self) -> pd.DataFrame:
        """Show me which layers moved in the last run, and which did not.

        Returns
        -------
        DataFrame
            As `tlwidgets.freezing.moved` gives.
        """
        return moved(snapshot_from(self.model, self._start), self.model)

    def write_to_model(self, model: keras.Model) -> None:
        """Give my model the parameters of the last run.

        Parameters
        ----------
        model : keras.Model
            The model that the trainer was made with, or one of the same architecture.
        """
        names = model.name, self.model.name
        for layer, trained in paired_layers(read_layout(model), self._layout, *names):
            for variable, learnt in zip(layer.variables, trained.variables, strict=True):
                variable.assign(learnt)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            raise RuntimeError(
                "This trainer is training already. Wait until that run has ended, or set its stop "
                "event."
            )
        try:
            yield
        finally:
            self._busy.release()

    def _refuse_what_differs_from_fit(self, cut: int, plan: Plan) -> None:
        if plan.learning_rate is not None and _keras.has_schedule(self._settings["optimizer"]):
            raise ValueError(
                "`learning_rate` must be None here, because the model's optimizer follows a "
                f"schedule; got {plan.learning_rate:g}. Compile the model with a number instead of "
                "the schedule."
            )
        if cut and self._trunk.is_masked(cut):
            raise ValueError(
                "`cut` must not lie where a mask (of padded sequences) is handed on, because kept "
                f"activations have none; got {cut}, before {self.blocks[cut].name!r}. Take 0, or a "
                "cut after the layer that uses the mask."
            )

    def _prepare(
        self,
        cut: int,
        plan: Plan,
        should_stop: ShouldStop,
        on_progress: OnProgress | None,
    ) -> tuple[Program, dict[str, Source]] | None:
        """Return the compiled program and its data; None if stopped."""
        for variable in self._touched:
            variable.assign(self._start[id(variable)])
        set_flags(self.model, self._layout, cut, plan.keep_batchnorm_frozen)
        is_kept = self._costs.is_worth_keeping(cut)
        sources = self._sets.sources(
            cut if is_kept else 0,
            plan.class_weight,
            self._costs.learn,
            should_stop=should_stop,
            on_progress=on_progress,
        )
        if sources is None:
            return None
        program = self._program(cut, plan, is_kept, sources)
        self._touched = list(program.top.variables)
        program.reset(plan.learning_rate)
        return program, sources

    def _program(self, cut: int, plan: Plan, is_kept: bool, sources: dict[str, Source]) -> Program:
        def build() -> Program:
            graph, start = self._layout.graph, self._layout.starts[cut]
            shapes = self._trunk.shapes(cut if is_kept else 0)
            return Program(
                build_model(graph, start, len(graph.steps), name=f"{self.model.name}_top"),
                self._settings,
                None if is_kept or cut == 0 else self._trunk.function(0, cut),
                [tf.TensorSpec((None, *shape), dtype) for shape, dtype in shapes],
                {name: source.labels for name, source in sources.items()},
                self._twins,
            )

        return self._programs.get(_program_key(cut, plan), build)


def _program_key(cut: int, plan: Plan) -> tuple[int, bool, bool]:
    return cut, plan.keep_batchnorm_frozen, plan.class_weight is not None


def _settings_of(model: keras.Model) -> dict[str, Any]:
    """Return what a model was compiled with; refuse one that `fit` would train otherwise."""
    settings = _keras.compile_settings(model) if model.compiled else {"loss": None}
    if settings["loss"] is None:
        raise ValueError(
            f"`model` must be compiled, so that loss, optimizer and metrics are known; "
            f"{model.name!r} is not. Call model.compile(optimizer=..., loss=..., metrics=[...]) "
            "first."
        )
    for method in ("train_step", "compute_loss"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise TypeError(
                f"`model` must train as keras.Model does; {model.name!r} has a `{method}` of its "
                "own, which kept activations cannot follow. Train it with set_trainable and "
                "model.fit instead."
            )
    if (len(model.inputs), len(model.outputs)) != (1, 1):
        raise ValueError(
            f"`model` must have one input and one output; {model.name!r} has {len(model.inputs)} "
            f"and {len(model.outputs)}. Train it with set_trainable and model.fit instead."
        )
    return settings


def _refuse_another(model: keras.Model, twin: keras.Model, x: NDArray[Any]) -> None:
    """Refuse a model whose copy gives something else: its numbers would be of no model."""
    if not gives_the_same(model, twin, x):
        raise TypeError(
            f"`model` must be what its layers' `get_config` and variables say, so that it can be "
            f"copied; a copy of {model.name!r} gives other outputs for the first {len(x)} "
            "examples. Let the layer that keeps more define `save_own_variables` and "
            "`load_own_variables`, or train with `set_trainable` and `fit`."
        )


def _checked_examples(model: keras.Model, prefix: str, x: ArrayLike, y: ArrayLike) -> Examples:
    """Return examples and labels when the model can learn from them."""
    inputs, shape = np.asarray(x), model.inputs[0].shape[1:]
    fits = inputs.ndim == len(shape) + 1 and all(
        want in (None, got) for want, got in zip(shape, inputs.shape[1:], strict=False)
    )
    if not fits or len(inputs) == 0:
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(
            f"`{prefix}x` must have shape (n, {expected}), n examples of the model's input; got "
            f"{inputs.shape}. Resize the data or build the model for this shape."
        )
    labels = np.asarray(y)
    if labels.ndim == 0 or len(labels) != len(inputs):
        raise ValueError(
            f"`{prefix}y` must hold {len(inputs)} labels, one per example; got {labels.shape}."
        )
    loss = _loss_name(_keras.compile_settings(model)["loss"])
    _check_labels(f"{prefix}y", labels, loss, model.outputs[0].shape[1:])
    return inputs, labels


def _check_labels(
    name: str, labels: NDArray[Any], loss: str, output_shape: Sequence[int | None]
) -> None:
    """Refuse labels that the model's last layer and its loss cannot learn from."""
    n, width = len(labels), output_shape[-1] if output_shape else None
    if "sparsecategorical" in loss:
        _check_class_numbers(name, labels, width)
    elif "categorical" in loss and labels.shape[1:] != tuple(output_shape):
        raise ValueError(
            f"`{name}` must have shape ({n}, {width}), one column per class of the head, for the "
            f"loss {loss}; got {labels.shape}. With class numbers as labels, compile with "
            "loss='sparse_categorical_crossentropy'."
        )
    elif "binary" in loss and not (labels.min() >= 0 and labels.max() <= 1):
        raise ValueError(
            f"`{name}` must be from 0 to 1 for the loss {loss}; got values from "
            f"{labels.min():g} to {labels.max():g}. Number two classes 0 and 1."
        )
    elif "binary" in loss and labels.size != n * (width or 1):
        raise ValueError(
            f"`{name}` must hold {width} labels per example, one for each output of the head; "
            f"got shape {labels.shape}. Give the head 1 output for one yes-or-no question."
        )


def _check_class_numbers(name: str, labels: NDArray[Any], n_classes: int | None) -> None:
    n = len(labels)
    if labels.shape not in ((n,), (n, 1)) or not np.array_equal(labels, np.floor(labels)):
        raise ValueError(
            f"`{name}` must have shape ({n},) and hold whole numbers, the classes; got shape "
            f"{labels.shape} and dtype {labels.dtype}. For one column per class, compile with "
            "loss='categorical_crossentropy'."
        )
    if n_classes is not None and not (labels.min() >= 0 and labels.max() < n_classes):
        raise ValueError(
            f"`{name}` must be classes from 0 to {n_classes - 1}, because the head has "
            f"{n_classes} outputs; got {labels.min():g} to {labels.max():g}. Renumber the classes, "
            f"or give the head {int(labels.max()) + 1} outputs."
        )


def _loss_name(loss: Any) -> str:
    """Return the name of a loss in small letters, however the learner gave it."""
    flat = keras.tree.flatten(loss)  # it may stand in a list or a dict
    loss = flat[0] if len(flat) == 1 else "several losses"
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return str(name).replace("_", "").lower()


def _label_tensors(y: NDArray[Any], class_weight: Mapping[int, float] | None) -> Labels:
    """Return the labels and, with class weights, how much each example counts."""
    labels = tf.constant(y.astype(keras.config.floatx()) if y.dtype.kind == "f" else y)
    if class_weight is None:
        return (labels,)
    classes = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y)).round()
    sample_weight = np.ones(len(y), keras.config.floatx())
    for label, value in class_weight.items():
        sample_weight[classes == label] = value
    return labels, tf.constant(sample_weight)


def _inference_notes(layout: Layout, cut: int) -> tuple[str, ...]:
    """Return what to say when frozen blocks would have been random under `fit`."""
    trunk = layout.graph.steps[: layout.starts[cut]]
    names = [step.name for step in trunk if _keras.is_random_in_training(step.operation)]
    if not names:
        return ()
    return (
        f"The frozen blocks hold {', '.join(dict.fromkeys(names))}, random in training; here they "
        "run in inference mode, because their output is computed only once.",
    )


class DataSets:
    """The training set and perhaps a validation set, with what the frozen blocks made of them."""

    def __init__(self, sets: Mapping[str, Examples], trunk: Trunk, memory_budget: int) -> None:
        self._trunk = trunk
        self._store = ActivationStore(memory_budget)
        self._sets = {
            name: (ActivationCache(x, trunk, self._store), y) for name, (x, y) in sets.items()
        }

    @property
    def n_examples(self) -> int:
        """Number of examples in the training set."""
        return len(self._sets[TRAINING][0].x)

    @property
    def caches(self) -> list[ActivationCache]:
        """The kept activations of each set."""
        return [cache for cache, _ in self._sets.values()]

    def close(self) -> None:
        """Give back all kept activations and their files."""
        for cache in self.caches:
            cache.clear()
        self._store.close()

    def replace_examples(self, x: NDArray[Any], y: NDArray[Any]) -> None:
        """Learn from other examples; forget all activations, for the trunk is another."""
        self.close()
        self._sets[TRAINING] = (ActivationCache(x, self._trunk, self._store), y)

    def sources(
        self,
        cut: int,
        class_weight: Mapping[int, float] | None,
        on_computed: OnComputed,
        *,
        should_stop: ShouldStop,
        on_progress: OnProgress | None,
    ) -> dict[str, Source] | None:
        """Return each set as it crosses a cut, the input itself at 0; None if stopped."""
        (_, dtype), *_ = self._trunk.shapes(0)
        found = {}
        for name, (cache, y) in self._sets.items():
            rows: Any = cache.x
            if cut:
                begin, start = time.perf_counter(), cache.nearest(cut)
                rows = cache.get(cut, should_stop=should_stop, on_progress=on_progress)
                if rows is None:
                    return None
                on_computed(start, cut, len(cache.x), time.perf_counter() - begin)
            labels = _label_tensors(y, class_weight if name == TRAINING else None)
            found[name] = Source(rows, labels, dtype)
        return found


class Costs:
    """Arithmetic and memory of the blocks of a model, and the machine's speed once known."""

    def __init__(self, layout: Layout) -> None:
        n_blocks = range(len(layout.blocks))
        self._multiplications = [count_multiplications(layout, block) for block in n_blocks]
        crossings = layout.graph.crossings()
        self._n_values = [sum(_size(layout, s) for s in crossings[i]) for i in layout.starts]
        self._seconds_per_multiplication: float | None = None

    def is_worth_keeping(self, cut: int) -> bool:
        """Tell whether to keep what crosses a cut, or to compute it again in every epoch."""
        # A pass forward costs its multiplications, training three times that.
        trunk, top = sum(self._multiplications[:cut]), sum(self._multiplications[cut:])
        saved_share = trunk / max(1, trunk + 3 * top)
        is_small = self._n_values[cut] <= self._n_values[0]
        return cut > 0 and (is_small or saved_share >= _WORTH_SAVING)

    def learn(self, start: int, cut: int, n: int, seconds: float) -> None:
        """Learn the machine's speed from a pass over the blocks from `start` to `cut`."""
        done = n * sum(self._multiplications[start:cut])
        if done:
            self._seconds_per_multiplication = seconds / done

    def estimate(
        self,
        cut: int,
        plan: Plan,
        n: int,
        caches: Sequence[ActivationCache],
        seconds_per_step: float | None,
    ) -> Estimate:
        """Return what a run on `n` examples would cost; the caches tell what is kept."""
        is_kept = self.is_worth_keeping(cut)
        missing = [cache for cache in caches if is_kept and cache.nearest(cut) < cut]
        n_bytes = sum(len(cache.x) for cache in missing) * self._n_values[cut] * _BYTES
        n_steps = plan.epochs * math.ceil(n / plan.batch_size)
        if self._seconds_per_multiplication is None and (seconds_per_step is None or missing):
            return Estimate(n_bytes=n_bytes, seconds=None)
        speed = self._seconds_per_multiplication or 0.0  # not known, not needed
        seconds = sum(
            len(cache.x) * sum(self._multiplications[cache.nearest(cut) : cut]) * speed
            for cache in missing
        )
        if seconds_per_step is None:
            trunk = 0 if is_kept else sum(self._multiplications[:cut])
            work = trunk + 3 * sum(self._multiplications[cut:])
            seconds_per_step = _SECONDS_PER_STEP + plan.batch_size * work * speed
        return Estimate(n_bytes=n_bytes, seconds=seconds + n_steps * seconds_per_step)


def _size(layout: Layout, slot: int) -> int:
    return math.prod(size or 1 for size in layout.graph.tensors[slot].shape[1:])
