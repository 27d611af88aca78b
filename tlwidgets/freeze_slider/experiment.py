"""What is chosen, what is known of it, and the training of it in a thread; no widget, no page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._keras import compile_settings, has_schedule
from .._worker import Throttle, Worker
from ..freezing import Block, CachedTrainer, Estimate, Plan, Run
from ..freezing.blocks import read_parts
from ..freezing.examples import Examples, Stream, check_kind, is_data_set
from ..freezing.loop import has_penalties
from .code import PLAIN_TAKE, CompileCode, Keys, code_that_takes, compile_code, keys_of

if TYPE_CHECKING:
    import keras
    import pandas as pd

MAX_EPOCHS = 1000
# A run that takes longer does not begin by itself when the boundary is let go.
AUTO_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What stays the same: the model and the data."""

    model_name: str
    blocks: tuple[Block, ...]
    # How the model was compiled; None if that cannot be written with Keras alone.
    compile_code: CompileCode | None
    # Numbers of examples; no validation set is 0.
    n_train: int
    n_validation: int
    # Share of the most frequent class among the examples that measure, if there are classes.
    majority: float | None = None
    # Which examples `n_labels` are: drawn with the seed, or the first ones.
    label_order: str = "random"
    plan: Plan = field(default_factory=Plan)  # what all runs have
    own_blocks: Mapping[str, Sequence[str]] | None = None
    keys: Keys = ()  # how a script finds the layers of each block
    # How a script takes some of the learner's examples, and whether they count differently.
    take_x: str = PLAIN_TAKE
    take_y: str = PLAIN_TAKE
    has_sample_weight: bool = False
    # Too large to be read: a data set in batches of its own.
    is_streamed: bool = False
    is_validation_streamed: bool = False
    is_penalised: bool = False  # by `kernel_regularizer` and so on: of each depth by others


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the learner has chosen for the next run."""

    cut: int  # 0..n_blocks - 1: index of the first block that trains
    n_labels: int  # how many training examples may be used
    learning_rate: float | None = None  # by default that of the model's optimizer
    epochs: int = 5
    keep_batchnorm_frozen: bool = True
    seed: int = 0  # decides which examples are used, and their order
    batch_size: int = 32

    def changed(self, subject: Subject, **changes: object) -> Choice:
        """Return the choice with some of it changed; an impossible one is refused."""
        new = replace(self, **changes)  # type: ignore[arg-type]
        last = len(subject.blocks) - 1
        _check.whole_number(
            "cut", new.cut, low=0, high=last, meaning="the index of the first block that trains"
        )
        _check.whole_number(
            "n_labels",
            new.n_labels,
            low=subject.n_train if subject.is_streamed else 1,
            high=subject.n_train,
            meaning="how many training examples to use"
            + (": all, because they are streamed" if subject.is_streamed else ""),
        )
        _check.whole_number(
            "epochs", new.epochs, low=1, high=MAX_EPOCHS, meaning="the passes over the data"
        )
        _check.whole_number("seed", new.seed, low=0, meaning="the number of a random draw")
        _check.whole_number("batch_size", new.batch_size, low=1, meaning="examples in one step")
        if not isinstance(new.keep_batchnorm_frozen, bool):
            raise TypeError(
                f"`keep_batchnorm_frozen` must be True or False; got {new.keep_batchnorm_frozen!r}."
            )
        if new.learning_rate is not None:
            _check.number(
                "learning_rate", new.learning_rate, low=1e-12, high=1e6, meaning="the step size"
            )
        return new


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run, and what was chosen for it."""

    choice: Choice
    run: Run

    @property
    def score_name(self) -> str:
        """Name of the number that judges it, as in Keras' history."""
        return score_name(self.run.history)

    @property
    def score(self) -> float:
        """That number after the last epoch."""
        return self.run.history[self.score_name][-1]

    @property
    def is_complete(self) -> bool:
        """Whether it trained as long as it was meant to."""
        return self.run.ending in ("finished", "early")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerMove:
    """Whether, and how far, the parameters of one layer moved in the last run."""

    layer: str
    has_moved: bool
    largest_change: float
    # Length of the change by that of the values before, of the layer's largest variable; None
    # where those were all zero.
    relative_change: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A run that goes on now."""

    choice: Choice
    prepared: float = 0.0  # 0..1: how much of the activations is computed
    history: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # as Keras'
    place: str = ""  # which run of a sweep it is; empty for a single one


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the views show."""

    subject: Subject
    choice: Choice
    estimate: Estimate | None = None  # of the next run
    sweep_seconds: float | None = None  # about how long all depths would take
    live: Live | None = None
    records: tuple[Record, ...] = ()  # in the order in which they were trained
    moves: tuple[LayerMove, ...] = ()  # after the last run
    message: str = ""  # what to tell the learner
    # What the validation set said before any training, as in Keras' history.
    before: Mapping[str, float] = field(default_factory=dict)


def score_name(history: Mapping[str, object]) -> str:
    """Return which entry of a history judges a run: a metric before the loss, unseen data first.

    Examples
    --------
    >>> score_name({"loss": [0.3], "accuracy": [0.9], "val_loss": [0.5], "val_accuracy": [0.8]})
    'val_accuracy'
    >>> score_name({"loss": [0.3]})
    'loss'
    >>> score_name({"loss": [0.3], "val_loss": [0.5], "val_data_loss": [0.4]})
    'val_data_loss'
    """
    metrics = [name for name in history if name != "loss" and not name.startswith("val_")]
    if not metrics and "val_data_loss" in history:
        return "val_data_loss"
    name = metrics[0] if metrics else "loss"
    return f"val_{name}" if f"val_{name}" in history else name


def count_trained(subject: Subject, choice: Choice) -> int:
    """Return how many parameters train."""
    return sum(
        block.count_trained(keep_batchnorm_frozen=choice.keep_batchnorm_frozen)
        for block in subject.blocks[choice.cut :]
    )


class Experiment:
    """Everything that a freeze slider does, without the page.

    Parameters
    ----------
    model : keras.Model
    train, validation : (x, y), (x, y, sample_weight) or a data set
    label_order : "random" or "given"
        Which training examples are used when not all are.
    plan, blocks, as_fit
        As for `FreezeSlider`.
    """

    def __init__(
        self,
        model: keras.Model,
        train: Any,
        validation: Any,
        label_order: str = "random",
        *,
        plan: Plan | None = None,
        blocks: Mapping[str, Sequence[str]] | None = None,
        as_fit: bool = False,
    ) -> None:
        _check.one_of("label_order", label_order, ("random", "given"), kind="order")
        check_kind("train", train)
        if validation is not None:
            check_kind("validation", validation)
        plan = plan or Plan()
        self.options: dict[str, Any] = {
            "label_order": label_order, "plan": plan, "blocks": blocks, "as_fit": as_fit,
        }  # fmt: skip
        self.trainer = CachedTrainer(
            model, train, validation=validation, blocks=blocks, as_fit=as_fit
        )
        self.trainer.check_plan(plan)
        settings = compile_settings(model)
        optimizer = settings["optimizer"]
        rate = None if has_schedule(optimizer) else _short(optimizer.learning_rate)
        subject = replace(
            _subject_of(self.trainer, model.name, train),
            compile_code=compile_code(settings),
            keys=keys_of(model, read_parts(model, blocks)),
            label_order=label_order,
            plan=plan,
            own_blocks=blocks,
        )
        self.state = State(subject=subject, choice=_first_choice(subject, rate))
        self._on_change: Callable[[State], None] = lambda state: None
        self._worker: Worker[list[Run]] = Worker()
        self._lock = threading.RLock()
        self._is_wanted_again = False
        self.choose()

    def follow(self, on_change: Callable[[State], None]) -> None:
        """Call this now and after each change, from the thread that made the change."""
        self._on_change = on_change
        self._change()

    def all_depths(self, seeds: Sequence[int] | None = None) -> list[Choice]:
        """Return what a sweep trains: from the head, which is quick, to the whole network."""
        subject, choice = self.state.subject, self.state.choice
        seeds = [choice.seed] if seeds is None else list(seeds)
        return [
            found
            for seed in seeds
            for cut in range(len(subject.blocks) - 1, -1, -1)
            if count_trained(subject, found := choice.changed(subject, cut=cut, seed=seed))
        ]

    def choose(self, **changes: object) -> None:
        """Change what the next run will do; an impossible choice is refused."""
        with self._lock:
            choice = self.state.choice.changed(self.state.subject, **changes)
            plan = self.plan_of(choice)
            cuts = range(len(self.state.subject.blocks))
            each = [self.trainer.estimate(cut, plan) for cut in cuts]
            known = [estimate.seconds for estimate in each if estimate.seconds is not None]
            sweep_seconds = sum(known) if len(known) == len(each) else None
            self._change(choice=choice, estimate=each[choice.cut], sweep_seconds=sweep_seconds)

    def start(self, choices: Sequence[Choice] | None = None) -> bool:
        """Begin to train what is chosen, or these; False if something trains already."""
        with self._lock:
            if self._worker.is_running:
                self._change(message="It is training already: stop it first, or wait.")
                return False
            self._is_wanted_again = False
            self._worker.start(lambda stop: self._work(choices, stop))
            return True

    def add(self, records: Sequence[Record], before: Mapping[str, float]) -> None:
        """Show runs that were trained elsewhere, each once, after those of here."""
        with self._lock:
            kept = self.state.records
            kept += tuple(found for found in records if found.run.n_epochs and found not in kept)
            # What moved is known of the last run, and only where it was trained.
            self._change(records=kept, before=self.state.before or before, moves=())

    def restart_if_quick(self) -> None:
        """Train what is chosen now, instead of what is training, if it takes a moment only."""
        with self._lock:
            seconds = self.state.estimate.seconds if self.state.estimate else None
            if seconds is None or seconds > AUTO_SECONDS:
                self._change(message="Press Train to see what this choice gives.")
            elif self._worker.is_running:
                self._is_wanted_again = True
                self._worker.stop()
            else:
                self.start()

    def stop(self) -> None:
        """Ask it to stop after the current step; what it has learnt is kept."""
        with self._lock:
            self._is_wanted_again = False
            self._worker.stop()

    def wait(self) -> list[Run]:
        """Return the runs when they are done, or raise what went wrong."""
        return self._worker.wait()

    def close(self) -> None:
        """Stop, and give back the memory."""
        self.stop()
        self._worker.close()
        self.trainer.close()

    def _change(self, **changes: Any) -> None:
        with self._lock:
            self.state = replace(self.state, **changes)
            self._on_change(self.state)

    def plan_of(self, choice: Choice) -> Plan:
        """Return how a choice is trained."""
        subject = self.state.subject
        if subject.is_streamed:
            return replace(_common_plan(subject, choice), shuffle=False)
        n_drawn = choice.n_labels if subject.label_order == "given" else subject.n_train
        order = np.random.default_rng(choice.seed).permutation(n_drawn)
        return replace(
            _common_plan(subject, choice),
            shuffle=False,  # always in this order, which a short script can repeat
            examples=order[: choice.n_labels],
        )

    def _work(self, choices: Sequence[Choice] | None, stop: threading.Event) -> list[Run]:
        """Train one after the other; this is what the thread does."""
        found = []
        try:
            queue = list(choices or [self.state.choice])
            n = len(queue)
            while queue:
                place = f"Depth {n - len(queue) + 1} of {n}" if n > 1 else ""
                found.append(self._train(queue.pop(0), stop, place))
                with self._lock:
                    if self._is_wanted_again:
                        self._is_wanted_again = False
                        stop.clear()
                        queue, n = [self.state.choice], 1
                    elif stop.is_set():
                        break
        except Exception as error:
            self._change(live=None, message=f"{type(error).__name__}: {error}")
            raise
        return found

    def _train(self, choice: Choice, stop: threading.Event, place: str) -> Run:
        throttle = Throttle()
        history: dict[str, tuple[float, ...]] = {}
        live = Live(choice=choice, place=place)

        def show(**changes: Any) -> None:
            if throttle.is_due():
                self._change(live=replace(live, history=dict(history), **changes))

        def on_epoch(_epoch: int, logs: dict[str, float]) -> None:
            for name, value in logs.items():
                history[name] = (*history.get(name, ()), value)
            show(prepared=1.0)

        self._change(live=live, message="")
        run = self.trainer.train(
            choice.cut,
            self.plan_of(choice),
            stop=stop,
            on_epoch=on_epoch,
            on_start=None if self.state.before else lambda logs: self._change(before=logs),
            on_progress=lambda share: show(prepared=share),
        )
        if not self._is_wanted_again:  # otherwise another choice has taken its place
            self._finish(choice, run)
        return run

    def _finish(self, choice: Choice, run: Run) -> None:
        """Show the result first; the proof, which compares all parameters, after it."""
        kept = (Record(choice=choice, run=run),) if run.n_epochs else ()
        with self._lock:
            records = self.state.records + kept
            message = " ".join([run.describe(), *run.notes])
            self._change(records=records, live=None, message=message)
            self.choose()  # the speed is known better now
        self._change(moves=tuple(_layer_moves(self.trainer.moved())))


def _common_plan(subject: Subject, choice: Choice) -> Plan:
    return replace(
        subject.plan,
        epochs=choice.epochs,
        batch_size=choice.batch_size,
        learning_rate=choice.learning_rate,
        keep_batchnorm_frozen=choice.keep_batchnorm_frozen,
    )


def _subject_of(trainer: CachedTrainer, name: str, train: Any) -> Subject:
    training, measured = trainer.sets["training"], trainer.sets.get("validation")
    is_pair = isinstance(train, tuple | list) and not is_data_set(train[0])
    given = train if is_pair else (training.x, training.y)
    return Subject(
        model_name=name,
        blocks=tuple(trainer.blocks),
        compile_code=None,
        n_train=len(training),
        n_validation=0 if measured is None else len(measured),
        majority=_majority(measured or training),
        take_x=code_that_takes(given[0], training.x)
        if not isinstance(training, Stream)
        else "train"
        if training.n_batches
        else "train.batch({size})",
        take_y=code_that_takes(given[1], training.y),
        has_sample_weight=training.sample_weight is not None,
        is_streamed=isinstance(training, Stream),
        is_validation_streamed=isinstance(measured, Stream),
        is_penalised=has_penalties(trainer.model),
    )


def _first_choice(subject: Subject, rate: float | None) -> Choice:
    plan = subject.plan
    return Choice(
        cut=len(subject.blocks) - 1,
        n_labels=subject.n_train,
        learning_rate=rate if plan.learning_rate is None else plan.learning_rate,
        epochs=plan.epochs,
        keep_batchnorm_frozen=plan.keep_batchnorm_frozen,
        seed=plan.seed,
        batch_size=plan.batch_size,
    )


def _short(rate: keras.Variable) -> float:
    """Return the number as the learner wrote it: 0.001, not its 32-bit neighbour."""
    return float(str(np.float32(rate)))


def _layer_moves(moved: pd.DataFrame) -> list[LayerMove]:
    return [_layer_move(str(layer), rows) for layer, rows in moved.groupby("layer", sort=False)]


def _layer_move(layer: str, rows: pd.DataFrame) -> LayerMove:
    has_moved = bool(rows["moved"].any())
    # A bias that began near zero would drown what the kernel did.
    largest = int(np.argmax(np.where(rows["moved"], rows["parameters"], -1)))
    change = float(rows["relative_change"].iloc[largest])
    return LayerMove(
        layer=layer,
        has_moved=has_moved,
        largest_change=float(rows["largest_change"].max()),
        relative_change=change if has_moved and np.isfinite(change) else None,
    )


def _majority(examples: Examples) -> float | None:
    """Return the share of the most frequent class; None for labels that are not classes."""
    labels = examples.y
    if isinstance(examples, Stream):  # nobody has seen them all
        return None
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "biuf":
        return None
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(axis=1)
    labels = labels.reshape(len(labels), -1)
    if labels.shape[1] > 1 or not np.array_equal(labels, labels.round()):
        return None
    return float(np.unique(labels, return_counts=True)[1].max() / len(labels))
