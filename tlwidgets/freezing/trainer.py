"""Train the top of a model on what its frozen trunk gives, computed only once.

The parameters that come out are those of `set_trainable` and `Model.fit`, up to rounding;
the time is that of the blocks that train. Everything happens in a private copy: the
learner's model changes only when asked.
"""

from __future__ import annotations

import contextlib
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
    NoRoomError,
    OnProgress,
    ShouldStop,
    Trunk,
    gives_the_same,
)
from .blocks import (
    Block,
    Layout,
    Listed,
    paired_layers,
    read_parts,
)
from .costs import Costs
from .examples import Examples, Stream, read_examples
from .flags import moved, set_flags, snapshot_from
from .graph import Graph, Step, build_model, copy_graph
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
    Twins,
    has_penalties,
)
from .plain import (
    PlainWay,
    borrowed,
    gives_vectors,
    restless_variables,
    why_plain,
    why_plain_at,
)

OnComputed = Callable[[int, int, int, float], None]  # from cut, to cut, n examples, seconds

_MEMORY_BUDGET = 150_000_000
# Bytes for what lets cuts be revisited without compiling again.
_PROGRAM_BUDGET = 100_000_000
# So many examples show whether a copy is the model.
_N_PROOF = 3


class CachedTrainer:
    """Retrain a model from any cut in a fraction of the time of `Model.fit`.

    Parameters
    ----------
    model : keras.Model
        Of any kind, compiled. Its parameters as they are now are where every run starts.
    x : array, shape (n, ...), or several as `model` takes them, or a data set
        Training examples. A tf.data.Dataset, a keras.utils.PyDataset or a generator gives batches
        of (x, y) or (x, y, sample_weight) and is read once; beyond 600 MB it is read in each epoch,
        in its own batches, by Keras' own `fit`. Not copied: do not change them.
    y : array, shape (n, ...), optional
        Their labels; None with a data set.
    sample_weight : array, shape (n,), >= 0, optional
        How much each example counts.
    validation : (x, y), (x, y, sample_weight) or a data set, optional
        Examples that only measure.
    blocks : dict of str to list of str, optional
        Blocks of your own, as for `read_blocks`.
    as_fit : bool
        Train by Keras' own `fit` at every depth: what is random in the frozen blocks (augmentation,
        Dropout) is drawn anew in each epoch, which is slower.
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

    What kept activations cannot follow is trained by `Model.fit` itself, with the right flags,
    more slowly; `Run.notes` says why. A model that cannot be copied is then trained itself, and
    put back when the run has ended; only there `model` is the learner's own.
    """

    def __init__(
        self,
        model: keras.Model,
        x: Any,
        y: Any = None,
        *,
        sample_weight: ArrayLike | None = None,
        validation: Any = None,
        blocks: Mapping[str, Sequence[str]] | None = None,
        as_fit: bool = False,
        memory_budget: int = _MEMORY_BUDGET,
    ) -> None:
        _check.whole_number("memory_budget", memory_budget, low=0, meaning="bytes of activations")
        self._given_blocks, self._as_fit = blocks, as_fit
        layout = read_parts(model, blocks)
        self._learners_model = model
        self._settings = _settings_of(model)
        sets = {TRAINING: _training_set(model, x, y, sample_weight)}
        if validation is not None:
            sets[VALIDATION] = read_examples(model, "validation", validation)
        self.sets = sets
        why = "it was asked for" if as_fit else why_plain(model, layout, sets)
        copied, why = self._copied(layout, sets[TRAINING], why)
        graph, self.model, tensors = copied or (layout.graph, model, {})
        self._is_borrowed = copied is None
        self._layout = replace(layout, graph=graph)
        self._twins: Twins = [] if self._is_borrowed else _twins_of(layout.graph, graph)
        self._start = _values_of(self.model)
        self._touched: list[keras.Variable] = []
        self._proof: pd.DataFrame | None = None
        self._learnt: dict[int, NDArray[Any]] = {}
        self._no_room: dict[int, str] = {}  # by cut: why its activations are not kept
        self._busy = threading.Lock()
        self._plain = PlainWay(self.model, self._layout, self._settings, self._twins)
        self._whys = [why] * len(layout.blocks)
        if not why:
            self._prepare_caches(tensors, memory_budget)

    def _copied(
        self, layout: Layout, some: Examples, why: str
    ) -> tuple[tuple[Graph, keras.Model, dict[int, Any]] | None, str]:
        """Return a copy that is proven, None where there is none, and why `fit` has to train."""
        model = self._learners_model
        if isinstance(layout, Listed) or _keras.trains_in_its_own_way(model):
            return None, why
        x = some.first(_N_PROOF)[0]
        try:
            # Folding needs a copy in which every layer is called once: before any top is built.
            copied = copy_graph(layout.graph, name=model.name)
            _refuse_another(model, copied[1], x)
        except (TypeError, ValueError):
            return None, why or (
                "no copy of it gives what it gives, so that the model itself trains, and is put "
                "back afterwards"
            )
        if not why and gives_vectors(model, self._settings, some, _N_PROOF):
            why = "a metric gives several numbers"
        return copied, why

    def _prepare_caches(self, tensors: dict[int, Any], memory_budget: int) -> None:
        some = self.sets[TRAINING].x[:_N_PROOF]
        self._trunk = Trunk(self._layout, tensors, some)
        self._costs = Costs(self._layout)
        self._programs = ProgramShelf(_PROGRAM_BUDGET)
        self._data = DataSets(self.sets, self._trunk, memory_budget)
        restless = restless_variables(self.model, self._start, self.sets[TRAINING], _N_PROOF)
        cuts = range(len(self._whys))
        self._whys = [why_plain_at(self._layout, self._trunk, cut, restless) for cut in cuts]

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
        self._no_room.clear()
        if self._is_kept:
            self._data.close()

    @property
    def n_bytes_kept(self) -> int:
        """Of activations, in memory and in temporary files."""
        return self._data.n_bytes if self._is_kept else 0

    @property
    def _is_kept(self) -> bool:
        """Whether activations can be kept at all."""
        return hasattr(self, "_data")

    def restart(self, model: keras.Model, x: Any, y: Any = None) -> None:
        """Begin anew from these parameters and examples, without compiling again.

        Parameters
        ----------
        model : keras.Model
            Of the same architecture; its parameters as they are now are the new start.
        x, y : array, shape (n, ...)
            New examples to learn from. The validation set stays.
        """
        examples = _training_set(self._learners_model, x, y, None)
        other = read_parts(model, self._given_blocks)
        pairs = paired_layers(self._layout, other, model.name, self.model.name)
        if self._is_borrowed:
            self._learners_model = self.model = model
            self._layout, self._start = other, _values_of(model)
            self._plain = PlainWay(model, other, self._settings, [])
            self.sets[TRAINING] = examples
            return
        with self._alone():
            for own, given in pairs:
                _keras.carry_state(given, own)
            try:
                _refuse_another(model, self.model, examples.first(_N_PROOF)[0])
            except TypeError:
                for variable in self.model.variables:
                    variable.assign(self._start[id(variable)])
                raise
            self._start = _values_of(self.model)
            self.sets[TRAINING] = examples
            if self._is_kept:
                self._trunk.update()
                self._data.replace_examples(examples)

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
            notes=self.sets[TRAINING].notes,
        )
        self.check_plan(plan)
        n, is_penalised = len(self.sets[TRAINING]), has_penalties(self.model)
        epochs = Epochs(plan, n, should_stop, on_epoch, on_start, is_penalised=is_penalised)
        with self._alone():
            if why := self._why_plain(cut, plan):
                return self._train_plainly(run, why, plan, should_stop, on_epoch, on_start)
            began = time.perf_counter()
            prepared = self._prepare(cut, plan, should_stop, on_progress)
            middle = time.perf_counter()
            ending, history = ("stopped", {}) if prepared is None else epochs.run(*prepared)
        return replace(
            run,
            ending=ending,
            history=history,
            notes=(*run.notes, *_inference_notes(self._layout, cut), *self._room_notes(cut)),
            preparation_seconds=middle - began,
            seconds=time.perf_counter() - middle,
        )

    def _room_notes(self, cut: int) -> tuple[str, ...]:
        if cut not in self._no_room:
            return ()
        return (
            "What the frozen blocks give is computed anew in each epoch, more slowly, because "
            f"{self._no_room[cut]}. Free some, or set TMPDIR to a larger folder before Python "
            "starts.",
        )

    def _why_plain(self, cut: int, plan: Plan) -> str:
        is_odd = plan.callbacks and not self._whys[cut]
        return "only it calls your callbacks" if is_odd else self._whys[cut]

    def _train_plainly(
        self,
        run: Run,
        why: str,
        plan: Plan,
        should_stop: ShouldStop,
        on_epoch: OnEpoch | None,
        on_start: OnStart | None,
    ) -> Run:
        began = time.perf_counter()
        lent = borrowed(self.model) if self._is_borrowed else contextlib.nullcontext()
        with lent:
            for variable in self.model.variables:
                if id(variable) in self._start:
                    variable.assign(self._start[id(variable)])
            self._touched = [v for v in self.model.variables if id(v) in self._start]
            ending, history, notes = self._plain.run(
                run.cut,
                plan,
                self.sets,
                should_stop=should_stop,
                on_epoch=on_epoch,
                on_start=on_start,
            )
            self._proof = moved(snapshot_from(self.model, self._start), self.model)
            if self._is_borrowed:
                self._learnt = _values_of(self.model)
        note = f"Trained with Keras' own fit, more slowly, because {why}."
        return replace(
            run,
            ending=ending,
            history=history,
            notes=(*run.notes, note, *notes),
            seconds=time.perf_counter() - began,
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
        n = len(self.sets[TRAINING]) if plan.examples is None else len(plan.examples)
        if self._why_plain(cut, plan):
            n_steps = plan.epochs * self.sets[TRAINING].n_steps(n, plan.batch_size)
            return Estimate(n_bytes=0, seconds=self._plain.seconds(cut, n_steps))
        is_kept = self._keeps(cut)
        program = self._programs.known(_program_key(cut, plan, is_kept=is_kept))
        step_seconds = program.seconds_per_step if program is not None else None
        caches = self._data.caches
        missing = [cache for cache in caches if is_kept and cache.nearest(cut) < cut]
        return self._costs.estimate(
            cut, plan, n, missing, is_kept=is_kept, seconds_per_step=step_seconds
        )

    def moved(self) -> pd.DataFrame:
        """Show me which layers moved in the last run, and which did not.

        Returns
        -------
        DataFrame
            As `tlwidgets.freezing.moved` gives.
        """
        if self._is_borrowed and self._proof is not None:  # the model itself is as it was
            return self._proof
        return moved(snapshot_from(self.model, self._start), self.model)

    def write_to_model(self, model: keras.Model) -> None:
        """Give my model the parameters of the last run.

        Parameters
        ----------
        model : keras.Model
            The model that the trainer was made with, or one of the same architecture.
        """
        names = model.name, self.model.name
        given = read_parts(model, self._given_blocks)
        for layer, trained in paired_layers(given, self._layout, *names):
            for variable, learnt in zip(layer.variables, trained.variables, strict=True):
                variable.assign(self._learnt.get(id(learnt), learnt))

    def start_values(self, model: keras.Model) -> list[NDArray[Any]]:
        """Return the parameters with which every run begins.

        Parameters
        ----------
        model : keras.Model
            The model that the trainer was made with, or one of the same architecture.

        Returns
        -------
        list of array
            One for each of `model.variables`, in their order.
        """
        names = model.name, self.model.name
        pairs = paired_layers(read_parts(model, self._given_blocks), self._layout, *names)
        starts = {
            id(variable): self._start[id(own)]
            for layer, copied in pairs
            for variable, own in zip(layer.variables, copied.variables, strict=True)
        }
        # What no block has, such as an optimizer's counter, no run begins with.
        return [starts.get(id(variable), variable.numpy()) for variable in model.variables]

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

    def check_plan(self, plan: Plan) -> None:
        """Refuse what this model or these examples cannot be trained with."""
        if plan.learning_rate is not None and _keras.has_schedule(self._settings["optimizer"]):
            raise ValueError(
                "`learning_rate` must be None here, because the model's optimizer follows a "
                f"schedule; got {plan.learning_rate:g}. Compile the model with a number instead of "
                "the schedule."
            )
        if plan.class_weight is not None:
            self._check_class_weight(plan.class_weight)
        if plan.examples is not None and isinstance(self.sets[TRAINING], Stream):
            raise ValueError(
                "`examples` must be None here, because the data do not fit into memory and are "
                f"read in their own order; got {len(plan.examples)} row numbers. Take them from "
                "the data set: dataset.take(n)."
            )

    def _check_class_weight(self, class_weight: Mapping[int, float]) -> None:
        training = self.sets[TRAINING]
        if not isinstance(training.y, np.ndarray) or training.y.ndim > 2:
            raise ValueError(
                "`class_weight` must be None here, because it needs one class per example, and "
                f"this model has several outputs or places; got {dict(class_weight)}. Give a "
                "sample_weight instead."
            )
        if training.sample_weight is not None:
            raise ValueError(
                "`class_weight` must be None here, because each example has its own "
                f"sample_weight; got {dict(class_weight)}. Multiply it into sample_weight."
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
        sources = self._sources(cut, plan, should_stop, on_progress)
        if sources is None:
            return None
        program = self._program(cut, plan, sources)
        self._touched = list(program.top.variables)
        program.reset(plan.learning_rate)
        return program, sources

    def _sources(
        self, cut: int, plan: Plan, should_stop: ShouldStop, on_progress: OnProgress | None
    ) -> dict[str, Source] | None:
        """Return the data as they cross a cut, or as they are where that is not kept."""

        def at(place: int) -> dict[str, Source] | None:
            return self._data.sources(
                place,
                plan.class_weight,
                self._costs.learn,
                should_stop=should_stop,
                on_progress=on_progress,
            )

        if not self._keeps(cut):
            return at(0)
        try:
            return at(cut)
        except NoRoomError as error:
            self._no_room[cut] = str(error)
            return at(0)

    def _keeps(self, cut: int) -> bool:
        return cut not in self._no_room and self._costs.is_worth_keeping(cut)

    def _program(self, cut: int, plan: Plan, sources: dict[str, Source]) -> Program:
        is_kept = self._keeps(cut)

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

        return self._programs.get(_program_key(cut, plan, is_kept=is_kept), build)


def _training_set(model: keras.Model, x: Any, y: Any, sample_weight: Any) -> Examples:
    if y is None and sample_weight is None:  # a data set, or all in one as for the slider
        return read_examples(model, "train", x)
    return read_examples(model, "train", (x, y) if sample_weight is None else (x, y, sample_weight))


def _values_of(model: keras.Model) -> dict[int, NDArray[Any]]:
    return {id(variable): variable.numpy() for variable in model.variables}


def _twins_of(one: Graph, two: Graph) -> Twins:
    pairs = zip(one.steps, two.steps, strict=True)
    return [pair for old, new in pairs for pair in _paired_variables(old, new)]


def _paired_variables(old: Step, new: Step) -> Twins:
    if not isinstance(old.operation, keras.Layer):
        return []
    return list(zip(old.operation.variables, new.operation.variables, strict=True))


def _program_key(cut: int, plan: Plan, *, is_kept: bool) -> tuple[int, bool, bool, bool]:
    return cut, plan.keep_batchnorm_frozen, plan.class_weight is not None, is_kept


def _settings_of(model: keras.Model) -> dict[str, Any]:
    """Return what a model was compiled with; refuse one of which that is not known."""
    settings = _keras.compile_settings(model) if model.compiled else {"loss": None}
    if settings["loss"] is None and not (model.compiled and _keras.trains_in_its_own_way(model)):
        raise ValueError(
            f"`model` must be compiled, so that loss, optimizer and metrics are known; "
            f"{model.name!r} is not. Call model.compile(optimizer=..., loss=..., metrics=[...]) "
            "first."
        )
    if _keras.own_ways(model, ("compile", "fit")):
        raise TypeError(
            f"`model` must be compiled and trained by keras.Model's own `compile` and `fit`, so "
            f"that each depth can begin anew; {type(model).__name__} has its own. Train it with "
            "set_trainable and your `fit` instead."
        )
    return settings


def _refuse_another(model: keras.Model, twin: keras.Model, x: Any) -> None:
    """Refuse a model whose copy gives something else: its numbers would be of no model."""
    if not gives_the_same(model, twin, x):
        raise TypeError(
            f"`model` must be what its layers' `get_config` and variables say, so that it can be "
            f"copied; a copy of {model.name!r} gives other outputs for the first "
            "examples. Let the layer that keeps more define `save_own_variables` and "
            "`load_own_variables`, or train with `set_trainable` and `fit`."
        )


def _label_tensors(examples: Examples, class_weight: Mapping[int, float] | None) -> Labels:
    """Return the labels and, where examples count differently, how much each counts."""
    y, given = examples.y, examples.sample_weight
    labels = tf.constant(y.astype(keras.config.floatx()) if y.dtype.kind == "f" else y)
    if given is not None:
        return labels, tf.constant(given.astype(keras.config.floatx()))
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
            name: (ActivationCache(examples.x, trunk, self._store), examples)
            for name, examples in sets.items()
        }

    @property
    def caches(self) -> list[ActivationCache]:
        """The kept activations of each set."""
        return [cache for cache, _ in self._sets.values()]

    @property
    def n_bytes(self) -> int:
        """Of what is kept, in memory and in files."""
        return self._store.n_bytes_in_memory + self._store.n_bytes_on_disk

    def close(self) -> None:
        """Give back all kept activations and their files."""
        for cache in self.caches:
            cache.clear()
        self._store.close()

    def replace_examples(self, examples: Examples) -> None:
        """Learn from other examples; forget all activations, for the trunk is another."""
        self.close()
        cache = ActivationCache(examples.x, self._trunk, self._store)
        self._sets[TRAINING] = (cache, examples)

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
        for name, (cache, examples) in self._sets.items():
            rows: Any = cache.x
            if cut:
                begin, start = time.perf_counter(), cache.nearest(cut)
                rows = cache.get(cut, should_stop=should_stop, on_progress=on_progress)
                if rows is None:
                    return None
                on_computed(start, cut, len(cache.x), time.perf_counter() - begin)
            labels = _label_tensors(examples, class_weight if name == TRAINING else None)
            found[name] = Source(rows, labels, dtype)
        return found
