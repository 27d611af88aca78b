"""Any photograph as the pixels that a model expects: its size, its channels, 0 to 255."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .. import _check

# From 16 bits, which cameras for electroluminescence give, to 8: 65535 becomes 255.
_SIXTEEN_BITS = 257.0
_GREY_MODES = ("1", "L", "LA", "La")


def read_pixels(
    image: ArrayLike | Image.Image | str | Path, size_px: tuple[int, int], channels: int
) -> NDArray[np.float32]:
    """Return one image as an array of shape (height, width, channels), 0..255.

    The whole picture is stretched to the size, bicubic as in `fetch_solar_cells`. An array that
    has the size and the channels already stays as it is.
    """
    if not isinstance(image, str | Path | Image.Image):
        image = _checked(image)
        if image.shape == (*size_px, channels):
            return image.astype(np.float32)
    height, width = size_px
    picture = to_picture(image).convert("L" if channels == 1 else "RGB")
    resized = picture.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32).reshape(height, width, channels)


def to_picture(image: ArrayLike | Image.Image | str | Path) -> Image.Image:
    """Return any kind of image as a picture with 8 bits a pixel, grey or RGB."""
    if isinstance(image, str | Path):
        image = _open(Path(image))
    if not isinstance(image, Image.Image):
        return _from_array(image)
    if image.mode.startswith("I"):  # 16 or 32 bits a pixel, which Pillow would cut off at 255
        array = np.asarray(image, np.float32)
        return _from_array(array / _SIXTEEN_BITS if array.max() > 255 else array)
    if image.mode == "F":
        return _from_array(np.asarray(image))
    return image.convert("L" if image.mode in _GREY_MODES else "RGB")


def to_thumbnail(image: ArrayLike | Image.Image | str | Path, side_px: int) -> bytes:
    """Return a PNG whose longer side has at most so many pixels."""
    picture = to_picture(image)
    picture.thumbnail((side_px, side_px))
    file = io.BytesIO()
    picture.save(file, "png")
    return file.getvalue()


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


def _from_array(image: Any) -> Image.Image:
    rounded = np.rint(_checked(image)).astype(np.uint8)
    return Image.fromarray(rounded[..., 0] if rounded.shape[-1] == 1 else rounded)


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
