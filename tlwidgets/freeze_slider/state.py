"""What a freeze slider knows: the model and data it is about, what is chosen, what has come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import keras

from .. import _check

if TYPE_CHECKING:
    from ..freezing import Block, Estimate, Run

MAX_EPOCHS = 1000
# A run that takes longer does not begin by itself when the boundary is let go.
AUTO_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What stays the same: the model and the data.

    Parameters
    ----------
    model_name : str
    blocks : tuple of Block
    compile_code : CompileCode
        How the model was compiled, as code.
    n_train, n_validation : int
        Numbers of examples; no validation set is 0.
    majority : float, 0..1, optional
        Share of the most frequent class among the examples that measure, if there are classes.
    """

    model_name: str
    blocks: tuple[Block, ...]
    compile_code: CompileCode
    n_train: int
    n_validation: int
    majority: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the learner has chosen for the next run.

    Parameters
    ----------
    cut : int, 0..n_blocks - 1
        Index of the first block that trains.
    n_labels : int, >= 1
        How many training examples may be used.
    learning_rate : float, > 0, optional
        By default that of the model's optimizer.
    epochs : int, 1..1000
    keep_batchnorm_frozen : bool
    seed : int, >= 0
        Decides which examples are used, and their order.
    batch_size : int, >= 1
    """

    cut: int
    n_labels: int
    learning_rate: float | None = None
    epochs: int = 5
    keep_batchnorm_frozen: bool = True
    seed: int = 0
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
            low=1,
            high=subject.n_train,
            meaning="how many training examples to use",
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
    """Whether the parameters of one layer moved in the last run."""

    layer: str
    has_moved: bool
    largest_change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A run that goes on now.

    Parameters
    ----------
    choice : Choice
    prepared : float, 0..1
        How much of the activations is computed.
    history : dict of str to tuple of float
        As Keras' own, so far.
    place : str
        Which run of a sweep it is; empty for a single one.
    """

    choice: Choice
    prepared: float = 0.0
    history: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the views show.

    Parameters
    ----------
    subject : Subject
    choice : Choice
    estimate : Estimate, optional
        Of the next run.
    live : Live, optional
    records : tuple of Record
        In the order in which they were trained.
    moves : tuple of LayerMove
        After the last run.
    message : str
        What to tell the learner.
    """

    subject: Subject
    choice: Choice
    estimate: Estimate | None = None
    live: Live | None = None
    records: tuple[Record, ...] = ()
    moves: tuple[LayerMove, ...] = ()
    message: str = ""


def score_name(history: Mapping[str, object]) -> str:
    """Return which entry of a history judges a run: a metric before the loss, unseen data first.

    Examples
    --------
    >>> score_name({"loss": [0.3], "accuracy": [0.9], "val_loss": [0.5], "val_accuracy": [0.8]})
    'val_accuracy'
    >>> score_name({"loss": [0.3]})
    'loss'
    """
    metrics = [name for name in history if name != "loss" and not name.startswith("val_")]
    name = metrics[0] if metrics else "loss"
    return f"val_{name}" if f"val_{name}" in history else name


# How a model was compiled, written as the Python that would do it again.


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileCode:
    """The arguments of `compile`, as code.

    Parameters
    ----------
    optimizer : str
        The class, for instance "keras.optimizers.Adam".
    options : tuple of str
        Its arguments that are not the default, without the learning rate.
    learning_rate : float or None
        None where a schedule decides it.
    loss, metrics : str
        What is not Keras' own is taken from the learner's model: "model.loss".
    """

    optimizer: str
    options: tuple[str, ...]
    learning_rate: float | None
    loss: str
    metrics: str


def compile_code(settings: Mapping[str, Any], learning_rate: float | None) -> CompileCode:
    """Return how to compile with these settings (of a model's `compile`)."""
    optimizer = settings["optimizer"]
    name = _public_name(optimizer, "optimizers")
    options = _options(optimizer) if name else None
    metrics = settings["metrics"] or []
    metrics = metrics if isinstance(metrics, list) else [metrics]
    written = [_object_code(metric, "metrics") for metric in metrics]
    return CompileCode(
        optimizer=name or "type(model.optimizer)",
        options=tuple(options or ()),
        learning_rate=learning_rate,
        loss=_object_code(settings["loss"], "losses") or "model.loss",
        metrics=(
            f"[{', '.join(code for code in written if code)}]"
            if all(written)
            else "model._compile_config.config['metrics']"
        ),
    )


def _object_code(value: Any, home: str) -> str | None:
    """Return the code of a loss or metric; None if it is not one of Keras' own."""
    if isinstance(value, str):
        return repr(value)
    name = _public_name(value, home)
    options = _options(value) if name else None
    return None if options is None else f"{name}({', '.join(options)})"


def _public_name(value: Any, home: str) -> str | None:
    name = type(value).__name__
    is_public = getattr(getattr(keras, home), name, None) is type(value)
    return f"keras.{home}.{name}" if is_public else None


def _options(value: Any) -> list[str] | None:
    """Return "argument=value" for what differs from the default; None if it cannot be written."""
    try:
        default = type(value)().get_config()
    except TypeError:  # an argument without a default
        default = {}
    skipped = ("name", "learning_rate", "dtype")
    options = {
        key: setting
        for key, setting in value.get_config().items()
        if key not in skipped and setting != default.get(key)
    }
    if any(not isinstance(v, int | float | str | type(None)) for v in options.values()):
        return None
    return [f"{key}={setting!r}" for key, setting in options.items()]
