"""A small network that learned to read letters: fine-tuned in a second, not in a minute.

Four strided convolutions and a dense layer, 98,400 parameters. `datasets/glyph_net/train.py`
trained it on rendered letters; it has never seen a digit.
"""

from __future__ import annotations

import keras
from keras import layers

from .. import _check
from .shipped import read_shipped

_SIZE_PX = 28
_N_FEATURES = 64
# name, filters, side of the kernel, stride
_CONVOLUTIONS = (("conv1", 16, 5, 2), ("conv2", 32, 3, 1), ("conv3", 32, 3, 2), ("conv4", 64, 3, 2))


def load_glyph_net(checkpoint: str | None = "letters") -> keras.Model:
    """Give me a small network that learned to read letters, for digits or glyphs.

    Parameters
    ----------
    checkpoint : "letters" or None
        Pretrained on the 52 letters of `make_glyphs`, or random parameters.

    Returns
    -------
    keras.Model
        Takes grey images of 28 x 28 raw pixels (0 to 255, white on black), gives 64 features.
        Five blocks: conv1, conv2, conv3, conv4, dense1. Put a head of your own on it.

    Raises
    ------
    ValueError
        If `checkpoint` is neither, or the shipped file was changed.

    Examples
    --------
    >>> network = load_glyph_net()
    >>> network.output_shape, network.count_params()
    ((None, 64), 98400)
    """
    _check.one_of("checkpoint", str(checkpoint), ("letters", "None"), kind="checkpoint")
    network = _build()
    if checkpoint is not None:
        read_shipped(network, "glyph_net", what="load_glyph_net()")
    return network


def _build() -> keras.Model:
    inputs = keras.Input((_SIZE_PX, _SIZE_PX, 1), name="image")
    x = layers.Rescaling(1 / 255, name="preprocessing")(inputs)
    for name, filters, side, stride in _CONVOLUTIONS:
        convolution = layers.Conv2D(
            filters, side, strides=stride, padding="same", activation="relu", name=name
        )
        x = convolution(x)
    x = layers.Flatten(name="flatten")(x)
    outputs = layers.Dense(_N_FEATURES, activation="relu", name="dense1")(x)
    return keras.Model(inputs, outputs, name="glyph_net")
