"""A layer that does nothing forward and turns the gradient round backward.

What stands after it learns to tell the domains apart; what stands before it learns to make that
impossible. With lambda >= 0 and the gradient g that comes from above (Ganin et al. 2016, eq. 17):
forward R(x) = x, backward dR/dx = -lambda * g.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .. import _check

_LARGEST = 1e6


@keras.saving.register_keras_serializable("tlwidgets")
class GradientReversal(keras.layers.Layer):
    """Turn the gradient round, so that the layers before work against those after.

    Parameters
    ----------
    strength : float, >= 0
        Lambda: how much of the gradient goes on, with the other sign. It can be set at any time,
        also between the steps of a compiled training.
    **kwargs
        Of `keras.layers.Layer`.

    Raises
    ------
    TypeError, ValueError
        If `strength` is not a number of at least 0.

    References
    ----------
    Ganin et al. (2016), Domain-Adversarial Training of Neural Networks, JMLR 17(59), eq. 17.

    Examples
    --------
    >>> layer = GradientReversal(0.5)
    >>> float(keras.ops.sum(layer(keras.ops.ones((2, 3)))))
    6.0
    """

    def __init__(self, strength: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        initial = _check.number("strength", strength, low=0, high=_LARGEST, meaning="lambda")
        self._strength = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(initial), trainable=False,
            name="strength",
        )  # fmt: skip

    @property
    def strength(self) -> Any:
        """Lambda, a Keras variable."""
        return self._strength

    @strength.setter
    def strength(self, value: Any) -> None:
        self._strength.assign(value)

    def call(self, inputs: Any) -> Any:
        """Return the inputs as they are."""
        strength = ops.cast(self._strength, inputs.dtype)

        @ops.custom_gradient
        def reverse(x: Any) -> tuple[Any, Any]:
            def grad(*args: Any, upstream: Any = None) -> Any:
                return -strength * (args[0] if upstream is None else upstream)

            return ops.multiply(x, 1), grad

        return reverse(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer anew."""
        return super().get_config() | {"strength": float(ops.convert_to_numpy(self._strength))}
