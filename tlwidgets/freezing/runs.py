"""What to do in a run of training, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .. import _check
from . import errors

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
