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

from .. import _check, _keras
from ..freezing.loop import compile_loop

Rows = tuple[NDArray[Any], ...]  # arrays with one row per example: x, or x and y
Loss = Callable[[Sequence[tuple[Any, ...]]], Any]

LEARNING_RATE = 0.001


class CompiledSteps:
    """Steps of Adam on one loss of a network, whose parameters `restart` gives, and of new heads.

    The loss gets a tuple of tensors for each group of examples.
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
        rate = _check.positive("learning_rate", learning_rate, high=10, meaning="Adam's step")
        self._optimizer = keras.optimizers.Adam(rate)
        self._optimizer.build(self._variables)
        _keras.train_on_one_replica(self._optimizer)
        self._loops: dict[str, Any] = {}
        self.restart(network, seed=seed)

    def restart(self, network: keras.Model, *, seed: int) -> None:
        """Begin again from the parameters of `network`, with new heads."""
        values = _same_parameters("network", network, self._network)
        for variable, value in zip(self._network.variables, values, strict=True):
            variable.assign(value)
        rng = np.random.default_rng(_check.seed(seed))
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
        return _finite_losses(losses.numpy())

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


def n_steps_of(value: object) -> int:
    """Return a number of steps."""
    return _check.whole_number("steps", value, low=1, meaning="the steps of training")


def trainable_network(name: str, value: Any, *, image: bool = False) -> Any:
    """Return `value` when it turns examples into one row of features each."""
    _check.functional_model(name, value)
    shapes = [tensor.shape[1:] for tensor in (*value.inputs, *value.outputs)]
    wanted = "one image (height, width, channels)" if image else "one input"
    fits = len(shapes) == 2 and len(shapes[1]) == 1 and (not image or len(shapes[0]) == 3)
    if not fits:
        raise ValueError(
            f"`{name}` must take {wanted} and give one row of features; {value.name!r} has the "
            f"shapes {shapes}. Cut it before its head, and flatten or pool."
        )
    if not value.trainable_variables:
        raise ValueError(
            f"`{name}` must have parameters that train; in {value.name!r} all layers are frozen. "
            f"Set {name}.trainable = True."
        )
    return value


def size_of_batch(value: object, n: int, *, low: int = 1) -> int:
    """Return the number of examples in a batch, no more than there are."""
    meaning = "the examples of one step"
    if low > 1:
        meaning += ", which are compared with each other"
    size = _check.whole_number("batch_size", value, low=low, meaning=meaning)
    if n < low:
        raise ValueError(
            f"`images` must hold at least {low} images, {meaning}; got {n}. One alone has "
            "nothing to differ from."
        )
    return min(size, n)


def _same_parameters(name: str, value: Any, ours: keras.Model) -> list[NDArray[Any]]:
    """Return the parameters of a network when they fit ours."""
    if not isinstance(value, keras.Model):
        raise TypeError(f"`{name}` must be a Keras model; got {value!r}.")
    want, got = ([tuple(v.shape) for v in model.variables] for model in (ours, value))
    if want != got:
        raise ValueError(
            f"`{name}` must have the layers of the network that this learner was made for; got "
            f"parameters of the shapes {got}, expected {want}. Make a new learner for it."
        )
    return [variable.numpy() for variable in value.variables]


def _finite_losses(losses: NDArray[Any]) -> NDArray[Any]:
    """Return the losses of all steps when none of them is NaN or infinite."""
    if not np.isfinite(losses).all():
        first = int(np.argmin(np.isfinite(losses)))
        raise FloatingPointError(
            f"Training diverged: the loss of step {first} is {losses[first]}. Lower "
            "`learning_rate`, look for NaN in the examples, and restart()."
        )
    return losses
