"""One picture file of any kind as a small square of RGB, and what had to be done to it."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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

# What Pillow raises on broken files, besides its own error, which is an OSError.
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
    ArithmeticError, AssertionError, RuntimeError, MemoryError, struct.error,
)  # fmt: skip


class UnreadableError(Exception):
    """A file that gives no picture; the text is the reason."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A square picture, shape (size_px, size_px, 3), and what was done to it."""

    pixels: NDArray[np.uint8]
    notes: tuple[str, ...]


def decode(path: Path, size_px: int) -> Decoded:
    """Read one file; raise `UnreadableError` with the reason where that fails."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        # What is odd in a file is in the notes; Pillow's words would stand there in red.
        warnings.simplefilter("ignore")
        try:
            if path.stat().st_size == 0:
                raise UnreadableError("empty: the file has 0 bytes")
            Image.init()
            formats = [name for name in _FORMATS if name in Image.OPEN]  # AVIF is optional
            with Image.open(path, formats=formats) as image:
                return _to_square(image, size_px)
        except Image.DecompressionBombError:
            raise UnreadableError(
                f"too large: over {2 * MOST_PIXELS / 1e6:.0f} million pixels; make it smaller first"
            ) from None
        except UnidentifiedImageError:
            raise UnreadableError(_what_it_is(path)) from None
        except _BROKEN as error:
            raise UnreadableError(_reason(error)) from None


def _to_square(image: Image, size_px: int) -> Decoded:
    width, height = image.size
    _refuse_too_large(image)
    notes = _notes_on_shape(width, height, size_px)
    # A JPEG decodes at 1/2, 1/4 or 1/8 at a fraction of the memory; twice the size for quality.
    image.draft(None, (2 * size_px, 2 * size_px))
    if getattr(image, "is_animated", False) and image.format != "MPO":  # MPO: phones' second views
        notes.append("several frames: the first was taken")
    image.load()
    orientation = image.getexif().get(0x0112, 1)  # after load(): TIFF turns itself
    rgb = _to_rgb(image, notes)
    square = _middle(rgb, size_px)
    return Decoded(np.asarray(_turned(square, orientation, notes)), tuple(notes))


def _refuse_too_large(image: Image) -> None:
    width, height = image.size
    most = MOST_JPEG_PIXELS if image.format in ("JPEG", "MPO") else MOST_PIXELS
    if width * height > most:
        raise UnreadableError(
            f"too large: {width} x {height} pixels are {width * height / 1e6:.0f} million, at "
            f"most {most / 1e6:.0f} million of a {image.format} are read; make it smaller first"
        )


def _notes_on_shape(width: int, height: int, size_px: int) -> list[str]:
    notes, short = [], min(width, height)
    if width * height > _HUGE_PIXELS:
        notes.append(f"made smaller from a huge one: {width} x {height} pixels")
    if short < size_px:
        notes.append(f"enlarged: it has only {width} x {height} pixels")
    if short / max(width, height) < _LEAST_SHARE_KEPT:
        notes.append(f"only the middle {short / max(width, height):.0%} was kept, to be square")
    return notes


def _middle(image: Image, size_px: int) -> Image:
    """Resize the short side and cut out the middle, in one step."""
    from PIL import Image

    width, height = image.size
    short = min(width, height)
    left, top = (width - short) / 2, (height - short) / 2
    return image.resize(
        (size_px, size_px),
        Image.Resampling.BICUBIC,
        box=(left, top, left + short, top + short),
        reducing_gap=3.0,
    )


def _to_rgb(image: Image, notes: list[str]) -> Image:
    from PIL import Image

    if image.mode[0] in "IF":  # 16 or 32 bits of grey, decimals
        image = Image.fromarray(_to_eight_bits(image, notes))
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


def _to_eight_bits(image: Image, notes: list[str]) -> NDArray[np.uint8]:
    """Scale grey of 16 bits by its range, so that pictures keep comparable brightness."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    low, high = 0.0, float(_BRIGHTEST_16_BIT)
    if image.mode in ("I", "F"):
        low, high = float(values.min()), float(values.max())
        notes.append(f"grey of 32 bits: {low:g} became black and {high:g} white")
    else:
        notes.append("grey of 16 bits: 65,535 became white")
    values -= low
    values *= 255 / max(high - low, 1e-9)
    return np.clip(values, 0, 255, out=values).astype(np.uint8)


def _turned(image: Image, orientation: int, notes: list[str]) -> Image:
    """Turn a square as EXIF says: cheaper than the whole picture, and the middle stays."""
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


def _what_it_is(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(16)
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
