"""The ingredients with which adversarial training works on a small machine.

Batch normalization, which sees one domain at a time; a network that begins with random parameters,
not with ones that have made up their mind; and the optimizer of Ganin et al. (2016, section 5.2.2)
with the share p of the training that is done: ``rate(p) = initial / (1 + 10 p)^0.75``.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from .. import _check

_LEARNING_RATE = 0.1  # the paper takes 0.01, without batch normalization
_MOMENTUM, _ALPHA, _BETA = 0.9, 10.0, 0.75
_SIZE_PX, _N_FEATURES, _N_CLASSES = 28, 64, 10
_CONVOLUTIONS = ((16, 5), (32, 3), (64, 3))  # filters, side of the kernel
# Averages over some tens of batches: a lesson trains for some hundreds.
_BATCHNORM_MOMENTUM = 0.9


def annealed_sgd(steps: int, *, learning_rate: float = _LEARNING_RATE) -> keras.optimizers.SGD:
    """Give me the optimizer of the paper on domain-adversarial training.

    Parameters
    ----------
    steps : int, >= 1
        Length of the training.
    learning_rate : float, 1e-6..10
        Of the first step.

    Returns
    -------
    keras.optimizers.SGD
        With momentum 0.9, and a rate that falls to a sixth.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.

    Examples
    --------
    >>> rate = annealed_sgd(100)._learning_rate
    >>> round(float(rate(0)), 3), round(float(rate(100)), 3)
    (0.1, 0.017)
    """
    steps = _check.whole_number("steps", steps, low=1, meaning="the length of training")
    learning_rate = _check.number(
        "learning_rate", learning_rate, low=1e-6, high=10, meaning="of the first step"
    )
    return keras.optimizers.SGD(_Annealed(learning_rate, steps), momentum=_MOMENTUM)


def digit_network(
    channels: int = 1, *, has_batchnorm: bool = True, standardises_images: bool = False
) -> keras.Model:
    """Give me a small network that can learn to read digits in one domain or in two.

    Parameters
    ----------
    channels : 1 or 3
        Grey or colour images of 28 x 28 raw pixels, 0 to 255.
    has_batchnorm : bool
        After each layer but the last.
    standardises_images : bool
        Give each image mean 0 and standard deviation 1 in every channel first.

    Returns
    -------
    keras.Model
        Random parameters; three strided convolutions, the layer "features" with 64 numbers, and
        logits for ten classes.

    Raises
    ------
    TypeError, ValueError
        If `channels` is not 1 or 3.

    Examples
    --------
    >>> digit_network().output_shape
    (None, 10)
    """
    channels = _check.whole_number("channels", channels, low=1, high=3, meaning="of an image")
    parts = [keras.Input((_SIZE_PX, _SIZE_PX, channels)), layers.Rescaling(1 / 255)]
    if standardises_images:
        parts.append(layers.GroupNormalization(channels, center=False, scale=False))
    for filters, side in _CONVOLUTIONS:
        convolution = layers.Conv2D(
            filters, side, strides=2, padding="same", use_bias=not has_batchnorm
        )
        parts += [convolution, *_normalised(has_batchnorm), layers.ReLU()]
    dense = layers.Dense(_N_FEATURES, use_bias=not has_batchnorm)
    parts += [layers.Flatten(), dense, *_normalised(has_batchnorm), layers.ReLU(name="features")]
    return keras.Sequential([*parts, layers.Dense(_N_CLASSES, name="head")])


def _normalised(has_batchnorm: bool) -> list[Any]:
    return [layers.BatchNormalization(momentum=_BATCHNORM_MOMENTUM)] if has_batchnorm else []


@keras.saving.register_keras_serializable("tlwidgets")
class _Annealed(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, initial: float, steps: int) -> None:
        self.initial, self.steps = initial, steps

    def __call__(self, step: Any) -> Any:
        share = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0)
        return self.initial / (1 + _ALPHA * share) ** _BETA

    def get_config(self) -> dict[str, Any]:
        return {"initial": self.initial, "steps": self.steps}
