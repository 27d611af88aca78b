"""One picture of any kind as a small square of RGB, and what had to be done to it.

Training and a shipped inspector read with the same function: what differs, the model never learned.
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check

if TYPE_CHECKING:
    from PIL.Image import Image

READABLE = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif")
)
# Pictures, but not for Pillow: whoever has them wants to know.
UNREADABLE = frozenset(
    (".heic", ".heif", ".svg", ".psd", ".dng", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".jxl")
)
# By content, whatever the name says. Not all of Pillow's: EPS would start another program.
_FORMATS = ("JPEG", "MPO", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
# A JPEG is made smaller while it is decoded, others are held at full size: 4 bytes a pixel.
MOST_JPEG_PIXELS = 120_000_000
MOST_PIXELS = 50_000_000
_HUGE_PIXELS = 40_000_000
_LEAST_SHARE_KEPT = 0.5  # of the picture; a square out of 16:9 keeps 0.56
_BRIGHTEST_16_BIT = 65_535
_LYING = (5, 6, 7, 8)  # EXIF: height and width change places

# What Pillow raises on broken files, besides its own error, which is an OSError.
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
    ArithmeticError, AssertionError, RuntimeError, MemoryError, struct.error,
)  # fmt: skip


class UnreadableError(Exception):
    """A file that gives no picture; the text is the reason."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture of shape (size_px, size_px, 3), and what was done to it."""

    pixels: NDArray[np.uint8]
    notes: tuple[str, ...]


def read_picture(
    file: ArrayLike | Image | bytes | str | Path, size_px: int | tuple[int, int]
) -> Decoded:
    """Read a path, the content of a file, a picture of Pillow's or an array.

    The middle is cut out, in the shape of `size_px`: a side, or height and width. Raise
    `UnreadableError` with the reason where reading fails, and `ValueError` for an array that is no
    picture.
    """
    from PIL import Image

    if not isinstance(file, Image.Image | bytes | str | Path):
        file = _from_array(file)
    size = (size_px, size_px) if isinstance(size_px, int) else size_px
    with warnings.catch_warnings():
        # What is odd in a file is in the notes; Pillow's words would stand there in red.
        warnings.simplefilter("ignore")
        try:
            if isinstance(file, Image.Image):
                return _to_size(file.copy(), size)  # theirs stays as large as it is
            with _opened(file) as image:
                return _to_size(image, size)
        except Image.DecompressionBombError:
            raise UnreadableError(
                f"too large: over {2 * MOST_PIXELS / 1e6:.0f} million pixels; make it smaller first"
            ) from None
        except _BROKEN as error:
            raise UnreadableError(_reason(error)) from None


def _opened(file: bytes | str | Path) -> Image:
    from PIL import Image, UnidentifiedImageError

    if not (len(file) if isinstance(file, bytes) else Path(file).stat().st_size):
        raise UnreadableError("empty: the file has 0 bytes")
    Image.init()
    formats = [name for name in _FORMATS if name in Image.OPEN]  # AVIF is optional
    try:
        return Image.open(io.BytesIO(file) if isinstance(file, bytes) else file, formats=formats)
    except UnidentifiedImageError:
        raise UnreadableError(_what_it_is(file)) from None


def _from_array(image: Any) -> Image:
    """Return an array as the picture that it would be in a file."""
    from PIL import Image

    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in (1, 3):
        raise ValueError(
            "`image` must be one image of shape (height, width), (height, width, 1) or (height, "
            f"width, 3), or the path of a picture; got an array of shape {np.shape(image)}. Of a "
            "batch take one: images[0]."
        )
    white = _white(array) if array.size and array.dtype.kind in "uif" else None
    if white not in (1, _BRIGHTEST_16_BIT):
        array, white = _check.images("image", array[None])[0], 255
    if array.dtype != np.uint8:
        array = _to_eight_bits(array, 0, white)
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def _to_size(image: Image, size: tuple[int, int]) -> Decoded:
    width, height = image.size
    _refuse_too_large(image)
    # A JPEG decodes at 1/2, 1/4 or 1/8 at a fraction of the memory; twice the size for quality.
    image.draft(None, (2 * max(size), 2 * max(size)))
    notes = _notes_on_shape(width, height, size)
    if getattr(image, "is_animated", False) and image.format != "MPO":  # MPO: phones' second views
        notes.append("several frames: the first was taken")
    image.load()
    orientation = image.getexif().get(0x0112, 1)  # after load(): TIFF turns itself
    rgb = _to_rgb(image, notes)
    middle = _middle(rgb, size[::-1] if orientation in _LYING else size)
    return Decoded(np.asarray(_turned(middle, orientation, notes)), tuple(notes))


def _refuse_too_large(image: Image) -> None:
    if image.format is None:  # no file: it is in memory already
        return
    width, height = image.size
    most = MOST_JPEG_PIXELS if image.format in ("JPEG", "MPO") else MOST_PIXELS
    if width * height > most:
        raise UnreadableError(
            f"too large: {width} x {height} pixels are {width * height / 1e6:.0f} million, at "
            f"most {most / 1e6:.0f} million of a {image.format} are read; make it smaller first"
        )


def _notes_on_shape(width: int, height: int, size: tuple[int, int]) -> list[str]:
    notes, (kept_width, kept_height) = [], _kept(width, height, size)
    share = kept_width * kept_height / (width * height)
    if width * height > _HUGE_PIXELS:
        notes.append(f"made smaller from a huge one: {width} x {height} pixels")
    if kept_height < size[0]:
        notes.append(f"enlarged: it has only {width} x {height} pixels")
    if share < _LEAST_SHARE_KEPT:
        notes.append(f"only the middle {share:.0%} was kept, to be square")
    return notes


def _kept(width: int, height: int, size: tuple[int, int]) -> tuple[float, float]:
    """Return width and height of the largest part that has the shape of `size`."""
    if width * size[0] > height * size[1]:
        return height * size[1] / size[0], height
    return width, width * size[0] / size[1]


def _middle(image: Image, size: tuple[int, int]) -> Image:
    """Cut out the middle and resize it, in one step."""
    from PIL import Image

    kept_width, kept_height = _kept(*image.size, size)
    left, top = (image.width - kept_width) / 2, (image.height - kept_height) / 2
    return image.resize(
        size[::-1],
        Image.Resampling.BICUBIC,
        box=(left, top, left + kept_width, top + kept_height),
        reducing_gap=3.0,
    )


def _to_rgb(image: Image, notes: list[str]) -> Image:
    from PIL import Image

    if image.mode[0] in "IF":  # 16 or 32 bits of grey, decimals
        image = Image.fromarray(_grey_of(image, notes))
    if image.mode in ("1", "L", "LA", "La"):
        notes.append("grey: turned to colour")
    if image.mode == "CMYK":
        notes.append("CMYK, made for print: turned to RGB, its colours may have changed")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        if alpha.getextrema() != (255, 255):
            notes.append("transparent: put on white")
            white = Image.new("RGB", image.size, "white")
            white.paste(image, mask=alpha)
            return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _grey_of(image: Image, notes: list[str]) -> NDArray[np.uint8]:
    values = np.nan_to_num(np.asarray(image))
    white = _white(values)
    if white == _BRIGHTEST_16_BIT:
        notes.append("grey of 16 bits: 65,535 became white")
        return _to_eight_bits(values, 0, white)
    low, high = (0, white) if white else (float(values.min()), float(values.max()))
    notes.append(f"grey of 32 bits: {low:g} became black and {high:g} white")
    return _to_eight_bits(values, low, high)


def _white(values: NDArray[Any]) -> int | None:
    """Return the number that is white, so that pictures keep comparable brightness."""
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        return _BRIGHTEST_16_BIT
    if values.min() < 0 or not values.max() <= 255:  # NaN, too
        return None
    return 1 if values.dtype.kind == "f" and values.max() <= 1 else 255


def _to_eight_bits(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    scaled = values.astype(np.float32)
    scaled -= low
    scaled *= 255 / max(high - low, 1e-9)
    return np.clip(np.rint(scaled, out=scaled), 0, 255, out=scaled).astype(np.uint8)


def _turned(image: Image, orientation: int, notes: list[str]) -> Image:
    """Turn the middle as EXIF says: cheaper than the whole picture, and the middle stays."""
    from PIL import Image

    turn = Image.Transpose
    by_orientation = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }
    if orientation not in by_orientation:
        return image
    notes.append("turned upright, as its EXIF says")
    return image.transpose(by_orientation[orientation])


def _what_it_is(file: bytes | str | Path) -> str:
    with io.BytesIO(file) if isinstance(file, bytes) else Path(file).open("rb") as opened:
        start = opened.read(16)
    if start[4:8] == b"ftyp" and start[8:11] in (b"hei", b"hev", b"mif"):
        return "a HEIC file, whatever its name says: save it as JPEG or PNG"
    return "not a picture, whatever its name says, or its beginning is damaged"


def _reason(error: BaseException) -> str:
    text = str(error)
    if "truncated" in text or isinstance(error, EOFError):
        return f"cut off: the end of the file is missing ({text})"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be opened: {error.strerror}"
    return f"damaged ({text or type(error).__name__})"
