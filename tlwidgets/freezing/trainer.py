"""Train the top of a model on what its frozen trunk gives, computed only once.

The parameters that come out are those of `set_trainable` and `Model.fit`, up to rounding;
the time is that of the blocks that train. Everything happens in a private copy: the
learner's model changes only when asked.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .blocks import Block, Layout, read_layout
from .caching import ActivationCache, ActivationStore, OnProgress, ShouldStop, Trunk
from .costs import is_worth_keeping
from .epochs import Epochs, OnEpoch
from .flags import set_flags
from .graph import build_model, copy_graph
from .layer_facts import is_random_in_training
from .moving import moved, snapshot_from
from .programs import Labels, Program, Source
from .runs import Plan, Run

_MEMORY_BUDGET = 300_000_000

# Room for the optimizers' state of the cuts that can be revisited without compiling again.
_PROGRAM_BUDGET = 200_000_000


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

    Raises
    ------
    TypeError, ValueError
        If the model cannot be cut or has not been compiled, or the data do not fit it.

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
        self._learners_layout = read_layout(model)
        self._settings = _settings_of(model)
        _check.one_input_and_output(model.name, len(model.inputs), len(model.outputs))
        sets = {"": (x, y)} if validation is None else {"": (x, y), "validation ": validation}
        checked = {name: self._check_data(model, name, *pair) for name, pair in sets.items()}
        # Folding needs a copy in which every layer is called once: before any top is built.
        graph, self.model, tensors = copy_graph(self._learners_layout.graph, name=model.name)
        self._layout = replace(self._learners_layout, graph=graph)
        self._trunk = Trunk(self._layout, tensors)
        self._start = {id(variable): variable.numpy() for variable in self.model.variables}
        self._touched: list[keras.Variable] = []
        self._programs: OrderedDict[tuple[int, bool, bool], Program] = OrderedDict()
        self._store = ActivationStore(memory_budget)
        self._sets = {
            name: (ActivationCache(x, self._trunk, self._store), y)
            for name, (x, y) in checked.items()
        }
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
        for cache, _ in self._sets.values():
            cache.clear()
        self._store.close()

    def train(
        self,
        cut: int,
        plan: Plan | None = None,
        *,
        stop: threading.Event | None = None,
        on_epoch: OnEpoch | None = None,
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
        on_progress : callable (share from 0 to 1), optional
            Called while the activations of a data set are computed.

        Returns
        -------
        Run

        Raises
        ------
        TypeError, ValueError
            If the cut is out of range, leaves nothing to train, or the plan does not fit.
        RuntimeError
            If this trainer is training already.
        """
        plan = plan or Plan()
        cut = self._layout.check_cut(cut)
        should_stop = stop.is_set if stop is not None else lambda: False
        run = Run(
            cut=cut,
            block=self.blocks[cut].name,
            n_trained=self._count_trained(cut, plan.keep_batchnorm_frozen),
            notes=tuple(self._notes(cut)),
        )
        epochs = Epochs(plan, len(self._sets[""][0].x), should_stop, on_epoch)
        if not self._busy.acquire(blocking=False):
            raise _check.already_training()
        try:
            began = time.perf_counter()
            prepared = self._prepare(cut, plan, should_stop, on_progress)
            middle = time.perf_counter()
            ending, history = ("stopped", {}) if prepared is None else epochs.run(*prepared)
        finally:
            self._busy.release()
        return replace(
            run,
            ending=ending,
            history=history,
            preparation_seconds=middle - began,
            seconds=time.perf_counter() - middle,
        )

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

        Raises
        ------
        ValueError
            If its parameters have other shapes.
        """
        pairs = zip(_layers(read_layout(model)), _layers(self._layout), strict=False)
        variables = [
            (v, w) for a, b in pairs for v, w in zip(a.variables, b.variables, strict=False)
        ]
        same = len(variables) == len(self.model.variables) == len(model.variables)
        if not same or any(v.shape != w.shape for v, w in variables):
            raise _check.other_architecture(model.name, self.model.name)
        for variable, learnt in variables:
            variable.assign(learnt)

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
        is_kept = is_worth_keeping(self._layout, cut)
        (_, dtype), *_ = self._trunk.shapes(0)
        sources = {}
        for name, (cache, y) in self._sets.items():
            rows: Any = cache.x
            if is_kept:
                rows = cache.get(cut, should_stop=should_stop, on_progress=on_progress)
            if rows is None:
                return None
            class_weight = None if name else plan.class_weight
            sources[name] = Source(rows, _labels(y, class_weight), dtype)
        program = self._program(cut, plan, is_kept, sources)
        self._touched = list(program.top.variables)
        program.reset(plan.learning_rate)
        return program, sources

    def _program(self, cut: int, plan: Plan, is_kept: bool, sources: dict[str, Source]) -> Program:
        key = (cut, plan.keep_batchnorm_frozen, plan.class_weight is not None)
        if key not in self._programs:
            graph, start = self._layout.graph, self._layout.starts[cut]
            top = build_model(graph, start, len(graph.steps), name=f"{self.model.name}_top")
            shapes = self._trunk.shapes(cut if is_kept else 0)
            self._programs[key] = Program(
                top,
                self._settings,
                None if is_kept or cut == 0 else self._trunk.function(0, cut),
                [tf.TensorSpec((None, *shape), dtype) for shape, dtype in shapes],
                {name: source.labels for name, source in sources.items()},
            )
        self._programs.move_to_end(key)
        # Each holds its optimizer's state: of the deep cuts of a large network, only the last.
        while sum(p.n_bytes for p in self._programs.values()) > _PROGRAM_BUDGET:
            if len(self._programs) == 1:
                break
            self._programs.popitem(last=False)
        return self._programs[key]

    def _count_trained(self, cut: int, keep_batchnorm_frozen: bool) -> int:
        blocks = self.blocks[cut:]
        n = sum(b.count_trained(keep_batchnorm_frozen=keep_batchnorm_frozen) for b in blocks)
        if n == 0:
            raise _check.cut_leaves_nothing(cut, blocks[0].name)
        return n

    def _notes(self, cut: int) -> list[str]:
        trunk = self._layout.graph.steps[: self._layout.starts[cut]]
        names = [step.name for step in trunk if is_random_in_training(step.operation)]
        if not names:
            return []
        listed = ", ".join(dict.fromkeys(names))
        return [
            f"The frozen blocks hold {listed}, random in training; here they run in inference "
            "mode, because their output is computed only once."
        ]

    def _check_data(
        self, model: keras.Model, name: str, x: ArrayLike, y: ArrayLike
    ) -> tuple[NDArray, NDArray]:
        images = _check.model_input(f"{name}x", x, model.inputs[0].shape[1:])
        labels = _check.labels_for_head(
            f"{name}y",
            y,
            n=len(images),
            loss=_loss_name(self._settings["loss"]),
            output_shape=model.outputs[0].shape[1:],
        )
        return images, labels


def _settings_of(model: keras.Model) -> dict[str, Any]:
    """Return what the learner passed to `compile`."""
    if not model.compiled or model._compile_config.config["loss"] is None:
        raise _check.compiled_for_fit(model.name)
    return dict(model._compile_config.config)


def _loss_name(loss: Any) -> str:
    """Return the name of a loss in small letters, however the learner gave it."""
    if isinstance(loss, dict | list | tuple):
        flat = keras.tree.flatten(loss)
        loss = flat[0] if len(flat) == 1 else "several losses"
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return name.replace("_", "").lower()


def _labels(y: NDArray, class_weight: Mapping[int, float] | None) -> Labels:
    """Return the labels, and how much each example counts, as tensors."""
    labels = tf.constant(y.astype(keras.config.floatx()) if y.dtype.kind == "f" else y)
    if class_weight is None:
        return (labels,)
    classes = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y)).round()
    sample_weight = np.ones(len(y), keras.config.floatx())
    for label, value in class_weight.items():
        sample_weight[classes == label] = value
    return labels, tf.constant(sample_weight)


def _layers(layout: Layout) -> list[keras.Layer]:
    return [layer for i in range(len(layout.blocks)) for layer in layout.layers_of(i)]
