"""Learn small patches from images without labels, and see an image as where they occur.

Patches of 6 x 6 pixels are brought to the same brightness and contrast, decorrelated
(whitened), and grouped by k-means. An image is then encoded by how near each of its places
is to each centre c_k ("triangle"): with d_k the distance to centre k,

    f_k = max(0, mean over j of d_j - d_k),    averaged over the 3 x 3 parts of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from . import example_errors as errors

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
    """

    centres: NDArray[np.float32]
    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]

    def __call__(self, images: ArrayLike) -> NDArray[np.float32]:
        """Return features, shape (n, 9 * n_patches): every patch in every part of the image.

        Parameters
        ----------
        images : array, shape (n, height, width) or (n, height, width, 1), 0..255
        """
        grey = _grey(images, self.side_px)
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
        rows, columns = (_parts(length) for length in (height, width))
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
    rng = np.random.default_rng(errors.seed(seed))
    seen = _normalised(_draw_patches(_grey(images, side), side, n_patches, rng))
    mean = seen.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(seen - mean, rowvar=False))
    whitening = (directions / np.sqrt(variances + _WHITENING_FLOOR)) @ directions.T
    means = MiniBatchKMeans(n_patches, n_init=1, max_iter=30, random_state=seed)
    means.fit((seen - mean) @ whitening)
    centres, mean, whitening = (
        np.asarray(array, np.float32) for array in (means.cluster_centers_, mean, whitening)
    )
    return PatchFeatures(centres, mean, whitening)


def _grey(images: ArrayLike, side: int) -> NDArray[np.float32]:
    array = _check.images("images", images)
    if array.shape[-1] != 1 or min(array.shape[1:3]) < side + (_N_PARTS - 1) * _STRIDE:
        raise errors.images_for_patches(array.shape, side, _N_PARTS)
    return array[..., 0].astype(np.float32) / 255


def _draw_patches(
    images: NDArray[np.float32], side: int, n_patches: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return patches from random places, without the empty ones; shape (n, side * side)."""
    n, height, width = images.shape
    which = rng.integers(0, n, _N_SEEN)
    top, left = (rng.integers(0, length - side + 1, _N_SEEN) for length in (height, width))
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    patches = windows[which, top, left].reshape(_N_SEEN, -1)
    patches = patches[patches.std(axis=1) > _EMPTY]
    if len(patches) < n_patches:
        raise errors.too_few_patches(len(patches), n_patches)
    return patches


def _normalised(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return patches of the same brightness and contrast."""
    centred = patches - patches.mean(axis=1, keepdims=True)
    return centred / np.sqrt(centred.var(axis=1, keepdims=True) + _CONTRAST_FLOOR)


def _triangle(patches: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[Any]:
    """Return how much nearer than average each patch is to each centre; 0 for the others."""
    squares = (patches**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squares - 2 * patches @ centres.T, 0))
    return np.maximum(distance.mean(axis=1, keepdims=True) - distance, 0)


def _parts(length: int) -> list[slice]:
    """Return a side of the image in three parts; the last one takes what is left."""
    third = length // _N_PARTS
    return [slice(0, third), slice(third, 2 * third), slice(2 * third, length)]
