"""Learn without labels that two views of one image belong together (SimCLR, Chen et al. 2020).

Every image of a batch is bent twice, at random. For view i with partner j(i) among 2n views,
with s the cosine of the angle between projections and T the temperature,

    loss = mean over i of  -log( exp(s[i, j(i)] / T) / sum over k != i of exp(s[i, k] / T) )
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import keras
from keras import ops
from numpy.typing import ArrayLike, NDArray

from .. import _check
from . import example_errors as errors
from .compiled_steps import apply_in_parts, as_input
from .pretext import LEARNING_RATE, PretextLearner

TEMPERATURE = 0.2
N_PROJECTED = 64
_NEVER = 1e9  # subtracted from a logit that must not count


def contrastive_loss(first: Any, second: Any, *, temperature: float = TEMPERATURE) -> Any:
    """Tell me how badly each view finds its partner among all others (NT-Xent).

    Parameters
    ----------
    first, second : tensor or array, shape (n, d), n >= 2
        Projections of two views of the same n examples, row by row; their length is ignored.
    temperature : float, > 0
        The smaller, the more the most similar wrong partners count.

    Returns
    -------
    loss : scalar tensor, >= 0
        log(2n - 1) when all views look alike.

    Raises
    ------
    ValueError
        If the shapes differ, or there is only one example: then there is nothing to tell it
        from, and the loss would be 0 whatever the network does.

    References
    ----------
    Chen, Kornblith, Norouzi and Hinton (2020), A simple framework for contrastive learning of
    visual representations, ICML, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> views = np.eye(4)
    >>> round(float(contrastive_loss(views, views)), 3)
    0.04
    >>> round(float(contrastive_loss(views, np.roll(views, 1, axis=0))), 3)
    5.04
    """
    first, second = as_input(first), as_input(second)
    errors.pairs_of_views(first.shape, second.shape)
    temperature = _temperature(temperature)
    views = ops.concatenate([first, second], axis=0)
    # Not ops.normalize: its gradient is NaN where a projection is zero.
    length = ops.sqrt(ops.sum(views**2, axis=1, keepdims=True) + 1e-12)
    views = views / length
    n = ops.shape(views)[0]
    similarity = ops.matmul(views, ops.transpose(views)) / temperature
    similarity = similarity - _NEVER * ops.eye(n)
    partner = (ops.arange(n) + n // 2) % n
    return ops.mean(ops.sparse_categorical_crossentropy(partner, similarity, from_logits=True))


@dataclass(frozen=True, slots=True)
class RandomViews:
    """Bend images at random, in ways that leave a character what it is.

    Parameters
    ----------
    max_rotation : float, 0..180, degrees
    max_slant : float, 0..2
    max_zoom : float, 0..0.9
        0.2: between 20 % smaller and 20 % larger, in each direction on its own.
    max_shift_px : float, 0..1000

    Notes
    -----
    All 0 leaves the images as they are. What the views have in common is what the network
    learns; what differs between them it learns to ignore. Turned by up to 180 degrees, a 6
    and a 9 become the same.
    """

    max_rotation: float = 20.0
    max_slant: float = 0.3
    max_zoom: float = 0.2
    max_shift_px: float = 2.5

    def __post_init__(self) -> None:
        highest = {"max_rotation": 180, "max_slant": 2, "max_zoom": 0.9, "max_shift_px": 1000}
        for field in fields(self):
            value = getattr(self, field.name)
            meaning = "how far an image is bent at most"
            _check.number(field.name, value, low=0, high=highest[field.name], meaning=meaning)

    def __call__(self, images: Any, seeds: keras.random.SeedGenerator) -> Any:
        """Return the images, each bent in its own way; shape (n, height, width, channels)."""
        n, (height, width) = ops.shape(images)[0], images.shape[1:3]

        def draw(most: float) -> Any:
            return keras.random.uniform((n,), -most, most, seed=seeds)

        angle, slant = draw(math.radians(self.max_rotation)), draw(self.max_slant)
        zoom_x, zoom_y = 1 / (1 + draw(self.max_zoom)), 1 / (1 + draw(self.max_zoom))
        cos, sin = ops.cos(angle), ops.sin(angle)
        # From a pixel of the view to the place in the image that it shows: rotate, slant, zoom,
        # around the centre.
        a, b = zoom_x * cos, zoom_x * (sin + slant * cos)
        c, d = -zoom_y * sin, zoom_y * (cos - slant * sin)
        x, y = (width - 1) / 2, (height - 1) / 2
        to_x = x - a * x - b * y + draw(self.max_shift_px)
        to_y = y - c * x - d * y + draw(self.max_shift_px)
        transform = ops.stack([a, b, to_x, c, d, to_y, 0 * a, 0 * a], axis=1)
        return ops.image.affine_transform(as_input(images), transform, data_format="channels_last")


class ContrastiveLearner(PretextLearner):
    """Let my network learn from images without labels, by telling pairs of views apart.

    Parameters
    ----------
    network : keras.Model
        Turns an image into one row of features. It is copied and stays as it is.
    views : RandomViews
        How the two views of an image come about.
    temperature : float, > 0
    n_projected : int, >= 2
        Outputs of the projection head between features and loss; thrown away afterwards.
    learning_rate : float, > 0
        Of Adam.
    seed : int, >= 0
        Of the projection and of the views.

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
    Chen, Kornblith, Norouzi and Hinton (2020), A simple framework for contrastive learning of
    visual representations, ICML.

    Examples
    --------
    >>> import numpy as np
    >>> keras.utils.set_random_seed(0)
    >>> blocks = np.random.default_rng(0).integers(0, 256, (32, 4, 4, 1))
    >>> images = blocks.repeat(2, axis=1).repeat(2, axis=2)
    >>> layers = [keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    >>> learner = ContrastiveLearner(keras.Sequential([*layers, keras.layers.Dense(8)]))
    >>> losses = learner.fit(images, steps=30)
    >>> bool(losses[-1] < losses[0]), learner.network.predict(images, verbose=0).shape
    (True, (32, 8))
    """

    _min_batch = 2

    def __init__(
        self,
        network: keras.Model,
        *,
        views: RandomViews = RandomViews(),
        temperature: float = TEMPERATURE,
        n_projected: int = N_PROJECTED,
        learning_rate: float = LEARNING_RATE,
        seed: int = 0,
    ) -> None:
        n_projected = _check.whole_number("n_projected", n_projected, low=2, meaning="outputs")
        self._views, self._temperature = views, _temperature(temperature)

        def projection(network: keras.Model) -> keras.Model:
            features = keras.Input(network.output_shape[1:])
            return keras.Sequential([features, keras.layers.Dense(n_projected)])

        super().__init__(network, projection, learning_rate=learning_rate, seed=seed)

    def two_views(self, images: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return two random views of each image, as training sees them: look at them."""
        images = self._checked(images)
        first, second = (
            apply_in_parts(lambda part: self._views(part, self._steps.seeds), images)
            for _ in range(2)
        )
        return first, second

    def _loss(self, images: Any) -> Any:
        seeds = self._steps.seeds
        both = ops.concatenate([self._views(images, seeds), self._views(images, seeds)], axis=0)
        projected = self._head(self.network(both, training=True))
        n = ops.shape(images)[0]
        return contrastive_loss(projected[:n], projected[n:], temperature=self._temperature)


def _temperature(value: object) -> float:
    return errors.positive("temperature", value, high=1000, meaning="what cosines are divided by")
