"""Six photographs of everyday things, for asking a network what it sees."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check

# Shipped inside scikit-image and scikit-learn; licences stand in the card.
_IN_SKIMAGE = ("chelsea", "coffee", "rocket", "astronaut")
_IN_SKLEARN = ("china", "flower")
PHOTOGRAPHS = (*_IN_SKIMAGE, *_IN_SKLEARN)


@dataclass(frozen=True, slots=True, eq=False)
class Photographs:
    """Square photographs and the short names of what they show.

    Parameters
    ----------
    images : array of uint8, shape (6, size_px, size_px, 3), 0..255
        RGB.
    names : tuple of str
        Short name of each photograph.
    """

    images: NDArray[np.uint8]
    names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Photographs({', '.join(self.names)}; {self.images.shape[1]} px)"


def load_photographs(size_px: int = 224) -> Photographs:
    """Give me six photographs of everyday things.

    Parameters
    ----------
    size_px : int, 32..512, pixels
        Side of the square. The middle 7/8 of the shorter side is cut out and resized
        (bicubic), as ImageNet networks are usually evaluated.

    Returns
    -------
    Photographs

    Raises
    ------
    ImportError
        If scikit-image, which ships four of them, is not installed.

    Examples
    --------
    >>> load_photographs(64)
    Photographs(chelsea, coffee, rocket, astronaut, china, flower; 64 px)
    """
    size_px = _check.whole_number(
        "size_px", size_px, low=32, high=512, meaning="the side of a photograph in pixels"
    )
    images = [_square(read_photograph(name), size_px) for name in PHOTOGRAPHS]
    return Photographs(np.stack(images), PHOTOGRAPHS)


def read_photograph(name: str) -> NDArray[np.uint8]:
    """Return a photograph at its full size, one of `PHOTOGRAPHS`."""
    if name in _IN_SKLEARN:
        from sklearn.datasets import load_sample_image

        return np.asarray(load_sample_image(f"{name}.jpg"))
    try:
        from skimage import data
    except ImportError:
        raise _check.missing_package(
            "scikit-image", needed_for="load_photographs()", extra="data"
        ) from None
    return np.asarray(getattr(data, name)())


def _square(image: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    from PIL import Image

    height, width = image.shape[:2]
    side = round(min(height, width) * 0.875)
    top, left = (height - side) // 2, (width - side) // 2
    crop = Image.fromarray(image[top : top + side, left : left + side])
    return np.asarray(crop.resize((size_px, size_px), Image.Resampling.BICUBIC))


# Images side by side as one PNG, for widgets that change quickly.


def image_strip(*rows: ArrayLike) -> bytes:
    r"""Put images side by side, in one row or several, for an image widget.

    Parameters
    ----------
    *rows : array, shape (n, height, width) or (n, height, width, 1 or 3), 0..255
        At least one row; all of the same shape.

    Returns
    -------
    bytes
        A PNG.

    Examples
    --------
    >>> image_strip(np.zeros((2, 8, 8), np.uint8))[:4]
    b'\x89PNG'
    """
    from PIL import Image

    checked = [_check.images("rows", row) for row in rows]
    if not checked or len({row.shape for row in checked}) > 1:
        raise ValueError(
            "`rows` must be at least one row of images, all of one shape; "
            f"got {[row.shape for row in checked]}."
        )
    picture = np.vstack([np.hstack(list(row)) for row in checked]).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "png")
    return file.getvalue()
