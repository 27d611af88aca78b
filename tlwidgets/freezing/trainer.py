"""Train the top of a model on what its frozen trunk gives, computed only once.

The parameters that come out are those of `set_trainable` and `Model.fit`, up to rounding;
the time is that of the blocks that train. Everything happens in a private copy: the
learner's model changes only when asked.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import keras
import pandas as pd
import tensorflow as tf
from numpy.typing import ArrayLike

from .. import _check
from . import errors
from .blocks import Block, paired_variables, read_layout
from .caching import OnProgress, ShouldStop, Trunk
from .compiled import check_examples, has_schedule, settings_of
from .costs import Costs
from .data_sets import DataSets
from .epochs import Epochs, OnEpoch
from .flags import set_flags
from .graph import build_model, copy_graph
from .moving import moved, snapshot_from
from .programs import Program, ProgramShelf, Source
from .runs import Estimate, Plan, Run, inference_notes

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
        if plan.learning_rate is not None and has_schedule(self._settings):
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
