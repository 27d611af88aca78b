"""Train the top of a model on what its frozen trunk gives, computed only once.

The parameters that come out are those of `set_trainable` and `Model.fit`, up to rounding;
the time is that of the blocks that train. Everything happens in a private copy: the
learner's model changes only when asked.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import keras
import pandas as pd
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .._keras import has_schedule
from . import errors
from .activations import ActivationCache, ActivationStore, OnProgress, ShouldStop, Trunk
from .blocks import Block, Layout, count_multiplications, paired_variables, read_layout
from .flags import moved, set_flags, snapshot_from
from .graph import build_model, copy_graph
from .loop import (
    Epochs,
    Estimate,
    OnEpoch,
    Plan,
    Program,
    ProgramShelf,
    Run,
    Source,
    check_examples,
    inference_notes,
    label_tensors,
    settings_of,
)

# What a block costs to compute and to keep, and whether a cut is worth a cache.

# Measured with EfficientNet-Lite0 at 96 px: keeping the output of the stem (1 % saved, 2.7
# times the images) or of stage 1 (2 %, 1.3 times) makes no epoch shorter; that of stage 3
# (12 %) saves 15 %.
_WORTH_SAVING = 0.1
_BYTES = 4
# What a step costs besides its arithmetic (measured with a dense head).
_SECONDS_PER_STEP = 0.0003


class Costs:
    """Arithmetic and memory of the blocks of a model, and the machine's speed once known."""

    def __init__(self, layout: Layout) -> None:
        n_blocks = range(len(layout.blocks))
        self._multiplications = [count_multiplications(layout, block) for block in n_blocks]
        crossing = [layout.graph.crossing(start) for start in layout.starts]
        self._n_values = [sum(_size(layout, slot) for slot in slots) for slots in crossing]
        self._seconds_per_multiplication: float | None = None

    def saved_share(self, cut: int) -> float:
        """Return the share of an epoch's arithmetic that keeping the trunk's output saves.

        A pass forward costs its multiplications, training three times that.
        """
        trunk, top = sum(self._multiplications[:cut]), sum(self._multiplications[cut:])
        return trunk / max(1, trunk + 3 * top)

    def is_worth_keeping(self, cut: int) -> bool:
        """Tell whether to keep what crosses a cut, or to compute it again in every epoch."""
        is_small = self._n_values[cut] <= self._n_values[0]
        return cut > 0 and (is_small or self.saved_share(cut) >= _WORTH_SAVING)

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
        speed = self._seconds_per_multiplication
        if speed is None and (seconds_per_step is None or missing):
            return Estimate(n_bytes=n_bytes, seconds=None)
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


# The examples of a trainer, with their labels and what the frozen blocks made of them.

# From which cut to which, how many examples, in how many seconds.
OnComputed = Callable[[int, int, int, float], None]


class DataSets:
    """The training set, named "", and perhaps a validation set.

    Parameters
    ----------
    sets : dict of str to (x, y)
        Checked already.
    trunk : Trunk
    memory_budget : int, bytes
        For kept activations of all sets together.
    """

    def __init__(
        self, sets: Mapping[str, tuple[NDArray, NDArray]], trunk: Trunk, memory_budget: int
    ) -> None:
        self._trunk = trunk
        self._store = ActivationStore(memory_budget)
        self._sets = {
            name: (ActivationCache(x, trunk, self._store), y) for name, (x, y) in sets.items()
        }

    @property
    def n_examples(self) -> int:
        """Number of examples in the training set."""
        return len(self._sets[""][0].x)

    @property
    def caches(self) -> list[ActivationCache]:
        """The kept activations of each set."""
        return [cache for cache, _ in self._sets.values()]

    def close(self) -> None:
        """Give back all kept activations and their files."""
        for cache in self.caches:
            cache.clear()
        self._store.close()

    def replace_examples(self, x: NDArray, y: NDArray) -> None:
        """Learn from other examples; forget all activations, for the trunk is another."""
        self.close()
        self._sets[""] = (ActivationCache(x, self._trunk, self._store), y)

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
            rows: object = cache.x
            if cut:
                begin, start = time.perf_counter(), cache.nearest(cut)
                rows = cache.get(cut, should_stop=should_stop, on_progress=on_progress)
                if rows is None:
                    return None
                on_computed(start, cut, len(cache.x), time.perf_counter() - begin)
            labels = label_tensors(y, None if name else class_weight)
            found[name] = Source(rows, labels, dtype)
        return found


_MEMORY_BUDGET = 150_000_000

# Bytes for what lets cuts be revisited without compiling again.
_PROGRAM_BUDGET = 100_000_000


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
        layout = read_layout(model)
        self._learners_model = model
        self._settings = settings_of(model)
        sets = {"": (x, y)} if validation is None else {"": (x, y), "validation ": validation}
        checked = {name: check_examples(model, name, *pair) for name, pair in sets.items()}
        # Folding needs a copy in which every layer is called once: before any top is built.
        graph, self.model, tensors = copy_graph(layout.graph, name=model.name)
        self._layout = replace(layout, graph=graph)
        self._trunk = Trunk(self._layout, tensors)
        self._costs = Costs(self._layout)
        self._start = {id(variable): variable.numpy() for variable in self.model.variables}
        self._touched: list[keras.Variable] = []
        self._programs = ProgramShelf(_PROGRAM_BUDGET)
        self._sets = DataSets(checked, self._trunk, memory_budget)
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

        Raises
        ------
        TypeError, ValueError
            If one of them does not fit; nothing is changed then.
        """
        examples = check_examples(self._learners_model, "", x, y)
        pairs = paired_variables(self._layout, read_layout(model), model.name, self.model.name)
        if not self._busy.acquire(blocking=False):
            raise errors.already_training()
        try:
            for own, other in pairs:
                self._start[id(own)] = other.numpy()
                own.assign(other)
            self._trunk.update()
            self._sets.replace_examples(*examples)
        finally:
            self._busy.release()

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
            n_trained=self._layout.count_trained(cut, plan.keep_batchnorm_frozen),
            notes=inference_notes(self._layout.random_layers_before(cut)),
        )
        if plan.learning_rate is not None and has_schedule(self._settings["optimizer"]):
            raise errors.scheduled_learning_rate(plan.learning_rate)
        if cut and self._trunk.is_masked(cut):
            raise errors.cut_in_masked_sequence(cut, run.block)
        epochs = Epochs(plan, self._sets.n_examples, should_stop, on_epoch)
        if not self._busy.acquire(blocking=False):
            raise errors.already_training()
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

        Raises
        ------
        ValueError
            If its parameters have other shapes.
        """
        names = model.name, self.model.name
        for variable, learnt in paired_variables(read_layout(model), self._layout, *names):
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
            )

        return self._programs.get(_program_key(cut, plan), build)


def _program_key(cut: int, plan: Plan) -> tuple[int, bool, bool]:
    return cut, plan.keep_batchnorm_frozen, plan.class_weight is not None
