"""Learn without labels that two views of one image belong together (SimCLR, Chen et al. 2020).

Every image of a batch is bent twice, at random. For view i with partner j(i) among 2n views,
with s the cosine of the angle between projections and T the temperature,

    loss = mean over i of  -log( exp(s[i, j(i)] / T) / sum over k != i of exp(s[i, k] / T) )
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .compiled_steps import (
    CompiledSteps,
    apply_in_parts,
    as_input,
    copy_network,
    draw_batches,
    n_steps_of,
    size_of_batch,
    trainable_network,
)

# What learners from images without labels have in common: a network, a head, and steps.

LEARNING_RATE = 0.002
BATCH_SIZE = 64


class PretextLearner(ABC):
    """A network that learns by a task of which nobody needs to write down the answers.

    What `make_head` gives solves the task with the features, and is thrown away afterwards.
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
        self.network = copy_network(trainable_network("network", network, image=True))
        self._head = make_head(self.network)
        self._steps = CompiledSteps(
            lambda groups: self._loss(groups[0][0]),
            self.network,
            [self._head],
            learning_rate=learning_rate,
            seed=seed,
        )

    def restart(self, network: keras.Model, *, seed: int = 0) -> None:
        """Begin again from the parameters of a network of the same layers; nothing is compiled.

        `seed` is that of what else is drawn: the head's first parameters, and views or holes.
        """
        self._steps.restart(network, seed=seed)

    def fit(
        self, images: ArrayLike, *, steps: int, batch_size: int = BATCH_SIZE, seed: int = 0
    ) -> NDArray[Any]:
        """Train on images without labels; return the loss of each step.

        Parameters
        ----------
        images : array, shape (n, height, width, channels)
        steps : int, >= 1
        batch_size : int, >= 1 (>= 2 where the images of a batch are compared)
        seed : int, >= 0
            Of the order of the images.
        """
        images = self._checked(images)
        size = size_of_batch(batch_size, len(images), low=self._min_batch)
        batches = draw_batches(len(images), n_steps_of(steps), size, _check.seed(seed))
        return self._steps.run([(images,)], [batches])

    def _checked(self, images: ArrayLike) -> NDArray[Any]:
        return _check.model_input("images", images, self.network.input_shape[1:])

    @abstractmethod
    def _loss(self, images: Any) -> Any:
        """Return how badly the task is solved on a batch."""


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
    if len(first.shape) != 2 or tuple(first.shape) != tuple(second.shape):
        raise ValueError(
            "`first` and `second` must have the same shape (n, d), two views of the same n "
            f"examples; got {tuple(first.shape)} and {tuple(second.shape)}."
        )
    if first.shape[0] is not None and first.shape[0] < 2:
        raise ValueError(
            "`first` must hold at least 2 examples, because each is told from the others; got "
            f"{first.shape[0]}. Use a larger batch."
        )
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
    return _check.positive("temperature", value, high=1000, meaning="what cosines are divided by")


# Learn without labels to mend images that were damaged (denoising autoencoder).
#
# A network turns an image with holes into a few features; a decoder has to draw the whole
# image from them. With x the image, 0 to 1, and x' = decoder(network(x * mask)),
#
#     loss = mean over pixels of  -x log x' - (1 - x) log(1 - x')

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
    height, width, channels = network.input_shape[1:]
    if height is None or width is None or height % 4 or width % 4:
        raise ValueError(
            "`network` must take images whose height and width can be divided by 4, because the "
            f"decoder doubles its picture twice; got {height} x {width}. Pad the images."
        )
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


# Learn small patches from images without labels, and see an image as where they occur.
#
# Patches of 6 x 6 pixels are brought to the same brightness and contrast, decorrelated
# (whitened), and grouped by k-means. An image is then encoded by how near each of its places
# is to each centre c_k ("triangle"): with d_k the distance to centre k,
#
#     f_k = max(0, mean over j of d_j - d_k),    averaged over n_parts x n_parts (3 x 3) parts.

N_PATCHES = 100
SIDE_PX = 6
_STRIDE = 2
_N_PARTS = 3  # along each side
_N_SEEN = 20_000  # patches that k-means learns from
_CONTRAST_FLOOR = 0.01  # added to the variance of a patch: an empty one stays empty
_WHITENING_FLOOR = 0.1  # added to every variance: directions of noise stay small
_EMPTY = 0.05  # standard deviation below which a patch shows nothing
_CHUNK = 250  # images encoded at once: their patches stay in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class PatchFeatures:
    """Patches that were learned, and how to see an image with them.

    Parameters
    ----------
    centres : array, shape (n_patches, side * side)
        Centres of the groups, whitened.
    mean : array, shape (side * side,)
    whitening : array, shape (side * side, side * side)
    n_parts : int, >= 1
        Along each side: in each part of the image the nearness to a patch is averaged (pooled).

    Examples
    --------
    The control that has never seen an image, noise instead of patches:

    >>> noise = np.random.default_rng(0).normal(size=(10, 36))
    >>> PatchFeatures(noise, np.zeros(36), np.eye(36))(np.zeros((2, 28, 28))).shape
    (2, 90)
    """

    centres: NDArray[np.float32]
    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    n_parts: int = _N_PARTS

    def __call__(self, images: ArrayLike) -> NDArray[np.float32]:
        """Return features, shape (n, n_parts**2 * n_patches): each patch in each part."""
        grey = _grey(images, self.side_px, self.n_parts)
        chunks = [grey[start : start + _CHUNK] for start in range(0, len(grey), _CHUNK)]
        return np.concatenate([self._encode(chunk) for chunk in chunks])

    @property
    def side_px(self) -> int:
        """Side of a patch."""
        return int(np.sqrt(self.centres.shape[1]))

    def pictures(self) -> NDArray[np.float32]:
        """Return the centres as patches that can be looked at, shape (n_patches, side, side)."""
        seen = self.centres @ np.linalg.inv(self.whitening) + self.mean
        return seen.reshape(-1, self.side_px, self.side_px)

    def _encode(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        side = self.side_px
        windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
        windows = windows[:, ::_STRIDE, ::_STRIDE]
        n, height, width = windows.shape[:3]
        patches = (_normalised(windows.reshape(-1, side * side)) - self.mean) @ self.whitening
        nearness = _triangle(patches, self.centres).reshape(n, height, width, -1)
        rows, columns = (_parts(length, self.n_parts) for length in (height, width))
        parts = [nearness[:, r, c].mean((1, 2)) for r in rows for c in columns]
        return np.concatenate(parts, axis=1)


def learn_patches(
    images: ArrayLike, n_patches: int = N_PATCHES, *, side_px: int = SIDE_PX, seed: int = 0
) -> PatchFeatures:
    """Find me the small patches that images are made of, without any label.

    Parameters
    ----------
    images : array, shape (n, height, width) or (n, height, width, 1), 0..255
    n_patches : int, >= 2
        How many kinds.
    side_px : int, >= 2
        Side of a patch; small against that of the image.
    seed : int, >= 0

    Returns
    -------
    PatchFeatures
        Call it with images.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above, or nearly all of the images are empty.

    References
    ----------
    Coates, Lee and Ng (2011), An analysis of single-layer networks in unsupervised feature
    learning, AISTATS, sections 3.1 and 3.2. Coates and Ng (2012), Learning feature
    representations with k-means, in: Neural Networks: Tricks of the Trade.

    Examples
    --------
    >>> from tlwidgets.data import make_glyphs
    >>> images = make_glyphs(60).images
    >>> features = learn_patches(images, 10)
    >>> features(images).shape, features.pictures().shape
    ((60, 90), (10, 6, 6))
    """
    from sklearn.cluster import MiniBatchKMeans

    n_patches = _check.whole_number("n_patches", n_patches, low=2, meaning="kinds of patches")
    side = _check.whole_number("side_px", side_px, low=2, meaning="the side of a patch")
    rng = np.random.default_rng(_check.seed(seed))
    seen = _normalised(_draw_patches(_grey(images, side, _N_PARTS), side, n_patches, rng))
    mean = seen.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(seen - mean, rowvar=False))
    whitening = (directions / np.sqrt(variances + _WHITENING_FLOOR)) @ directions.T
    means = MiniBatchKMeans(n_patches, n_init=1, max_iter=30, random_state=seed)
    means.fit((seen - mean) @ whitening)
    centres, mean, whitening = (
        np.asarray(array, np.float32) for array in (means.cluster_centers_, mean, whitening)
    )
    return PatchFeatures(centres, mean, whitening)


def _grey(images: ArrayLike, side: int, n_parts: int) -> NDArray[np.float32]:
    array = _check.images("images", images)
    if array.shape[-1] != 1 or min(array.shape[1:3]) < side + (n_parts - 1) * _STRIDE:
        raise ValueError(
            "`images` must be grey, (n, height, width), and large enough for "
            f"{n_parts} x {n_parts} parts of patches of {side} x {side} pixels; got "
            f"{array.shape}. Average the colours, or take a smaller `side_px`."
        )
    return np.asarray(array[..., 0], np.float32) / np.float32(255)


def _draw_patches(
    images: NDArray[np.float32], side: int, n_patches: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return patches from random places, without the empty ones; shape (n, side * side)."""
    n, height, width = images.shape
    which = rng.integers(0, n, _N_SEEN)
    top, left = (rng.integers(0, length - side + 1, _N_SEEN) for length in (height, width))
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    patches: NDArray[np.float32] = windows[which, top, left].reshape(_N_SEEN, -1)
    patches = patches[patches.std(axis=1) > _EMPTY]
    if len(patches) < n_patches:
        raise ValueError(
            f"`images`: only {len(patches)} of the patches drawn from them show anything, fewer "
            f"than the {n_patches} kinds wanted. Pixels go from 0 to 255; are the images empty?"
        )
    return patches


def _normalised(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return patches of the same brightness and contrast."""
    centred = patches - patches.mean(axis=1, keepdims=True)
    contrast = np.sqrt(centred.var(axis=1, keepdims=True) + _CONTRAST_FLOOR)
    return np.asarray(centred / contrast)


def _triangle(patches: NDArray[Any], centres: NDArray[np.float32]) -> NDArray[Any]:
    """Return how much nearer than average each patch is to each centre; 0 for the others."""
    squares = (patches**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squares - 2 * patches @ centres.T, 0))
    return np.asarray(np.maximum(distance.mean(axis=1, keepdims=True) - distance, 0))


def _parts(length: int, n_parts: int) -> list[slice]:
    """Return a side of the image in parts; the last one takes what is left."""
    edges = [i * (length // n_parts) for i in range(n_parts)] + [length]
    return [slice(*pair) for pair in pairwise(edges)]
