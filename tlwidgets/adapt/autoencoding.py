"""Learn without labels to mend images that were damaged (denoising autoencoder).

A network turns an image with holes into a few features; a decoder has to draw the whole
image from them. With x the image, 0 to 1, and x' = decoder(network(x * mask)),

    loss = mean over pixels of  -x log x' - (1 - x) log(1 - x')
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops
from numpy.typing import ArrayLike, NDArray

from .. import _check
from . import example_errors as errors
from .compiled_steps import apply_in_parts, as_input
from .pretext import LEARNING_RATE, PretextLearner

HOLES = 0.4
_FILTERS = (32, 16)  # of the decoder's picture, before and after its first doubling


class DenoisingAutoencoder(PretextLearner):
    """Let my network learn from images without labels, by mending damaged ones.

    Parameters
    ----------
    network : keras.Model
        Turns an image of raw pixels, 0 to 255, into one row of features; height and width can
        be divided by 4. It is copied and stays as it is.
    holes : float, 0..0.95
        The share of the pixels that are set to 0 before the network sees them; with 0 it is a
        plain autoencoder.
    learning_rate : float, > 0
        Of Adam.
    seed : int, >= 0
        Of the decoder and of the holes.

    Attributes
    ----------
    network : keras.Model
        The copy that trains: what you want from it are its features.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.

    References
    ----------
    Vincent, Larochelle, Bengio and Manzagol (2008), Extracting and composing robust features
    with denoising autoencoders, ICML, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> keras.utils.set_random_seed(0)
    >>> images = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 1))
    >>> net = [keras.Input((8, 8, 1)), layers.Rescaling(1 / 255), layers.Flatten()]
    >>> learner = DenoisingAutoencoder(keras.Sequential([*net, layers.Dense(8, "relu")]))
    >>> losses = learner.fit(images, steps=30)
    >>> bool(losses[-1] < losses[0]), learner.rebuild(images).shape
    (True, (32, 8, 8, 1))
    """

    def __init__(
        self,
        network: keras.Model,
        *,
        holes: float = HOLES,
        learning_rate: float = LEARNING_RATE,
        seed: int = 0,
    ) -> None:
        self._holes = _check.number("holes", holes, low=0, high=0.95, meaning="a share of pixels")
        super().__init__(network, _decoder, learning_rate=learning_rate, seed=seed)

    def damage(self, images: ArrayLike) -> NDArray[Any]:
        """Return the images with holes, as training sees them."""
        return apply_in_parts(self._with_holes, self._checked(images))

    def rebuild(self, images: ArrayLike) -> NDArray[Any]:
        """Return what the decoder draws from the features of these images, 0..255."""

        def through(part: Any) -> Any:
            return 255 * ops.sigmoid(self._head(self.network(part)))

        return apply_in_parts(through, self._checked(images))

    def _checked(self, images: ArrayLike) -> NDArray[Any]:
        return super()._checked(_check.images("images", images))

    def _with_holes(self, images: Any) -> Any:
        drawn = keras.random.uniform(ops.shape(images), seed=self._steps.seeds)
        return images * ops.cast(drawn >= self._holes, images.dtype)

    def _loss(self, images: Any) -> Any:
        images = as_input(images)
        logits = self._head(self.network(self._with_holes(images), training=True))
        return ops.mean(ops.binary_crossentropy(images / 255, logits, from_logits=True))


def _decoder(network: keras.Model) -> keras.Model:
    """Return a network from features to the logit of every pixel."""
    errors.side_for_decoder(network.input_shape[1:])
    height, width, channels = network.input_shape[1:]
    n_first, n_second = _FILTERS
    return keras.Sequential(
        [
            keras.Input((network.output_shape[-1],)),
            layers.Dense(height // 4 * (width // 4) * n_first, activation="relu"),
            layers.Reshape((height // 4, width // 4, n_first)),
            layers.Conv2DTranspose(n_second, 4, 2, padding="same", activation="relu"),
            layers.Conv2DTranspose(channels, 4, 2, padding="same"),
        ]
    )
