"""Many small steps of training inside one compiled function, again and again.

The loop is compiled once for all sizes of the data; `restart` gives the networks new parameters
and lets the optimizer forget, without compiling again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from .. import _keras
from ..freezing.loop import compile_loop
from . import example_errors as errors

Rows = tuple[NDArray[Any], ...]  # arrays with one row per example: x, or x and y
Loss = Callable[[Sequence[tuple[Any, ...]]], Any]

LEARNING_RATE = 0.001


class CompiledSteps:
    """Steps of Adam on one loss.

    Parameters
    ----------
    loss : callable (groups of batches) -> scalar tensor
        Gets a tuple of tensors for each group of examples.
    network : keras.Model
        Takes part with the parameters that `restart` gives it.
    heads : sequence of keras.Model
        New at every start.
    learning_rate : float, > 0
    seed : int, >= 0
        Of the heads' first parameters and of `seeds`.
    """

    def __init__(
        self,
        loss: Loss,
        network: keras.Model,
        heads: Sequence[keras.Model],
        *,
        learning_rate: float,
        seed: int,
    ) -> None:
        self.seeds = keras.random.SeedGenerator(0)  # for a loss that draws
        self._loss, self._network, self._heads = loss, network, list(heads)
        self._variables = [v for part in (network, *heads) for v in part.trainable_variables]
        rate = errors.positive("learning_rate", learning_rate, high=10, meaning="Adam's step")
        self._optimizer = keras.optimizers.Adam(rate)
        self._optimizer.build(self._variables)
        _keras.train_on_one_replica(self._optimizer)
        self._loops: dict[str, Any] = {}
        self.restart(network, seed=seed)

    def restart(self, network: keras.Model, *, seed: int) -> None:
        """Begin again from the parameters of `network`, with new heads."""
        values = errors.same_parameters("network", network, self._network)
        for variable, value in zip(self._network.variables, values, strict=True):
            variable.assign(value)
        rng = np.random.default_rng(errors.seed(seed))
        for variable in (v for head in self._heads for v in head.variables):
            variable.assign(_first_values(variable.shape, rng))
        for variable in _keras.state_of(self._optimizer):
            variable.assign(ops.zeros_like(variable))
        self.seeds.state.assign(np.array([seed, 0]))

    def run(self, groups: Sequence[Rows], batches: Sequence[NDArray[np.int32]]) -> NDArray[Any]:
        """Take a step for each row of the batches; return the loss of each step."""
        kinds = str([[(array.dtype, array.shape[1:]) for array in group] for group in groups])
        if kinds not in self._loops:
            self._loops[kinds] = compile_loop(self._step, groups)
        rows = [tuple(tf.constant(array) for array in group) for group in groups]
        losses = self._loops[kinds](rows, [tf.constant(batch) for batch in batches])
        return errors.finite_losses(losses.numpy())

    def _step(self, groups: Sequence[tuple[Any, ...]]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(groups)
        gradients = tape.gradient(loss, [variable.value for variable in self._variables])
        self._optimizer.apply(gradients, self._variables)
        return loss


def draw_batches(n: int, n_steps: int, batch_size: int, seed: Any) -> NDArray[np.int32]:
    """Return row numbers, shape (n_steps, batch_size): every example in turn, in random order."""
    rng = np.random.default_rng(seed)
    n_rounds = -(-n_steps * batch_size // n)
    order = np.concatenate([rng.permutation(n) for _ in range(n_rounds)])
    return order[: n_steps * batch_size].reshape(n_steps, batch_size).astype(np.int32)


def copy_network(network: keras.Model) -> keras.Model:
    """Return a network of the same layers and parameters, so that the learner's stays as it is."""
    copied = keras.models.clone_model(network)
    copied.set_weights(network.get_weights())
    return copied


def apply_in_parts(function: Callable[[Any], Any], x: NDArray[Any]) -> NDArray[Any]:
    """Return what a network makes of many examples, a thousand at a time."""
    parts = [x[start : start + 1000] for start in range(0, len(x), 1000)]
    return np.concatenate([ops.convert_to_numpy(function(as_input(part))) for part in parts])


def as_input(x: Any) -> Any:
    """Return a batch as decimal numbers, whatever the dtype of the pixels."""
    return ops.cast(ops.convert_to_tensor(x), keras.config.floatx())


def _first_values(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Return zeros for biases, and for kernels what Glorot and Bengio (2010) advise."""
    if len(shape) < 2:
        return np.zeros(shape)
    n_places = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (n_places * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape)
