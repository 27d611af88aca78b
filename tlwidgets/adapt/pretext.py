"""What learners from images without labels have in common: a network, a head, and steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import keras
from numpy.typing import ArrayLike, NDArray

from . import example_errors as errors
from .compiled_steps import CompiledSteps, copy_network, draw_batches

LEARNING_RATE = 0.002
BATCH_SIZE = 64


class PretextLearner(ABC):
    """A network that learns by a task of which nobody needs to write down the answers.

    Parameters
    ----------
    network : keras.Model
        Turns an image into one row of features.
    make_head : callable (network) -> keras.Model
        What solves the task with the features; thrown away afterwards.
    learning_rate : float, > 0
    seed : int, >= 0
    """

    _min_batch = 1

    def __init__(
        self,
        network: keras.Model,
        make_head: Callable[[keras.Model], keras.Model],
        *,
        learning_rate: float,
        seed: int,
    ) -> None:
        self.network = copy_network(errors.network("network", network, image=True))
        self._head = make_head(self.network)
        self._steps = CompiledSteps(
            lambda groups: self._loss(groups[0][0]),
            self.network,
            [self._head],
            learning_rate=learning_rate,
            seed=seed,
        )

    def restart(self, network: keras.Model, *, seed: int = 0) -> None:
        """Begin again from the parameters of this network, without compiling again.

        Parameters
        ----------
        network : keras.Model
            Of the same layers as the one that this learner was made for.
        seed : int, >= 0
            Of what else is drawn: the head's first parameters, and views or holes.
        """
        self._steps.restart(network, seed=seed)

    def fit(
        self, images: ArrayLike, *, steps: int, batch_size: int = BATCH_SIZE, seed: int = 0
    ) -> NDArray[Any]:
        """Train on images without labels.

        Parameters
        ----------
        images : array, shape (n, height, width, channels)
        steps : int, >= 1
        batch_size : int, >= 1 (>= 2 where the images of a batch are compared)
        seed : int, >= 0
            Of the order of the images.

        Returns
        -------
        losses : array, shape (steps,)

        Raises
        ------
        TypeError, ValueError
            If an argument is not as above.
        FloatingPointError
            If the training diverges.
        """
        images = self._checked(images)
        size = errors.batch_size(batch_size, len(images), low=self._min_batch)
        batches = draw_batches(len(images), errors.steps(steps), size, errors.seed(seed))
        return self._steps.run([(images,)], [batches])

    def _checked(self, images: ArrayLike) -> NDArray[Any]:
        return errors.examples("images", images, self.network.input_shape[1:])

    @abstractmethod
    def _loss(self, images: Any) -> Any:
        """Return how badly the task is solved on a batch."""
