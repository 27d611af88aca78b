"""Any photograph as the pixels that a model expects: its size, its channels, 0 to 255."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .. import _check

# From 16 bits, which cameras for electroluminescence give, to 8: 65535 becomes 255.
_SIXTEEN_BITS = 257.0


def read_pixels(
    image: ArrayLike | Image.Image | str | Path, size_px: tuple[int, int], channels: int
) -> NDArray[np.float32]:
    """Return one image as an array of shape (height, width, channels), 0..255.

    The whole picture is stretched to the size, bicubic as in `fetch_solar_cells`. An array that
    has the size and the channels already stays as it is.
    """
    if isinstance(image, str | Path):
        image = _open(Path(image))
    array = _array_of(image, channels) if isinstance(image, Image.Image) else _checked(image)
    if array.shape == (*size_px, channels):
        return array.astype(np.float32)
    rounded = np.rint(array).astype(np.uint8)
    picture = Image.fromarray(rounded[..., 0] if rounded.shape[-1] == 1 else rounded)
    height, width = size_px
    resized = picture.convert(_mode(channels)).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32).reshape(height, width, channels)


def open_picture(file: Any, name: str) -> Image.Image:
    """Return a picture from a file or what was uploaded, upright and fully read."""
    try:
        with Image.open(file) as picture:
            picture.load()
            return ImageOps.exif_transpose(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        reason = "it is no picture" if isinstance(error, UnidentifiedImageError) else str(error)
        raise ValueError(
            f"`image` must be a picture that Pillow can read, for instance PNG or JPEG; got "
            f"{name!r}: {reason}. Save it as PNG and try again."
        ) from None


def _open(path: Path) -> Image.Image:
    if not path.is_file():
        raise ValueError(
            f"`image` must be an array or the path of a picture; got '{path}', and there is no "
            "such file."
        )
    return open_picture(path, path.name)


def _array_of(picture: Image.Image, channels: int) -> NDArray[Any]:
    if picture.mode.startswith("I"):  # 16 or 32 bits a pixel, which Pillow would cut off at 255
        array = np.asarray(picture, np.float32)
        return _checked(array / _SIXTEEN_BITS if array.max() > 255 else array)
    if picture.mode == "F":
        return _checked(np.asarray(picture))
    array = np.asarray(picture.convert(_mode(channels)))
    return array.reshape(*array.shape[:2], channels)


def _checked(image: Any) -> NDArray[Any]:
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in (1, 3):
        raise ValueError(
            "`image` must be one image of shape (height, width), (height, width, 1) or (height, "
            f"width, 3), or the path of a picture; got an array of shape {np.shape(image)}. Of a "
            "batch take one: images[0]."
        )
    checked: NDArray[Any] = _check.images("image", array[None])[0]
    return checked


def _mode(channels: int) -> str:
    return "L" if channels == 1 else "RGB"
