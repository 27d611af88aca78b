"""Rendered letters and digits: as many as you like, each a little different.

The 62 characters are drawn from the fonts that matplotlib ships, scaled and centred as MNIST
was, and then bent: another width of the stroke, an affine map (rotation, slant, scale, shift)
and a smooth elastic warp (Simard et al. 2003). A source with labels that cost nothing.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .. import _check

KINDS = {
    "digits": string.digits,
    "letters": string.ascii_uppercase + string.ascii_lowercase,
    "all": string.digits + string.ascii_uppercase + string.ascii_lowercase,
}
# Symbols, or letters of the same shape as in another file.
_NOT_FOR_READING = ("STIXSiz", "NonUni", "LastResort", "Display", "cmex", "cmsy", "cmmi")

_SIZE_PX = 28
_DRAWING_PX = 56  # twice as fine, so that bending does not blur
_BOX_PX = 40  # MNIST: the longer side takes 20 of the 28 pixels
_FONT_PX = 80

_MAX_ROTATION = np.deg2rad(15)
_MAX_SLANT = 0.25
_SCALES = (0.85, 1.15)
_MAX_SHIFT_PX = 1.0
_WARP_PX = 1.2  # standard deviation of the elastic displacement
_WARP_NODES = 5  # it is drawn on a grid of 5 x 5 points and is smooth between them

# Arrays of this many images stay in the processor's cache (measured: 7 times faster than 16,000
# at once, and 1 GB less memory).
_CHUNK = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """Images of single characters with their labels.

    Parameters
    ----------
    images : array of uint8, shape (n, 28, 28), 0..255
        White ink on black.
    labels : array of int64, shape (n,), 0..n_classes - 1
        Position of the character in `characters`.
    characters : str
        The classes: `characters[label]` is what was drawn.
    fonts : array of int64, shape (n,), 0..n_fonts - 1
        In which font: another question that the same images answer.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    characters: str
    fonts: NDArray[np.int64]

    def __repr__(self) -> str:
        n, height, width = self.images.shape
        classes = len(self.characters)
        return f"Glyphs({n:,} images of {height} x {width} pixels, {classes} classes)"


def make_glyphs(n: int, kind: str = "letters", *, seed: int = 0) -> Glyphs:
    """Draw me letters or digits, each a little different, for pretraining.

    Parameters
    ----------
    n : int, >= 1
        How many; every class gets the same number, or one more.
    kind : "letters", "digits" or "all"
        A to Z and a to z; 0 to 9; or both.
    seed : int, >= 0
        The same seed gives the same images.

    Returns
    -------
    Glyphs
        28 x 28 pixels in random order, made like MNIST: white on black, the longer side about
        20 pixels, the centre of the ink in the middle.

    References
    ----------
    Simard, Steinkraus and Platt (2003), Best practices for convolutional neural networks
    applied to visual document analysis, ICDAR.

    Examples
    --------
    >>> glyphs = make_glyphs(104, seed=1)
    >>> glyphs
    Glyphs(104 images of 28 x 28 pixels, 52 classes)
    >>> glyphs.characters[:3], (glyphs.labels == 0).sum().item()
    ('ABC', 2)
    """
    n = _check.whole_number("n", n, low=1, meaning="the images to draw")
    characters = KINDS[_check.one_of("kind", kind, KINDS, kind="set of characters")]
    seed = _check.whole_number("seed", seed, low=0, meaning="the number of a random draw")
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % len(characters))
    drawings = _drawings()
    positions = np.array([KINDS["all"].index(character) for character in characters])[labels]
    images, fonts = np.empty((n, _SIZE_PX, _SIZE_PX), np.uint8), np.empty(n, np.int64)
    for start in range(0, n, _CHUNK):
        part = slice(start, start + _CHUNK)
        n_part = len(positions[part])
        strokes, fonts[part] = (rng.integers(0, k, n_part) for k in drawings.shape[:2])
        images[part] = _bend(drawings[strokes, fonts[part], positions[part]], rng)
    return Glyphs(images, labels, characters, fonts)


@cache
def _drawings() -> NDArray[np.uint8]:
    """Return clean drawings, shape (strokes, fonts, characters, 56, 56)."""
    from scipy.ndimage import maximum_filter, minimum_filter

    plain = np.array([[_draw(font, c) for c in KINDS["all"]] for font in _fonts()])
    # A grey minimum makes the stroke thinner, a maximum bolder.
    thinner, thin = (minimum_filter(plain, (1, 1, k, k)) for k in (3, 2))
    return np.stack([thinner, thin, plain, maximum_filter(plain, (1, 1, 3, 3))])


def _fonts() -> list[Any]:
    from PIL import ImageFont

    # Found, not imported: matplotlib takes longer to import than all the rest here.
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise _check.missing_package("matplotlib", needed_for="make_glyphs()", extra="lessons")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    files = [
        p for p in sorted(folder.glob("*.ttf")) if not any(x in p.name for x in _NOT_FOR_READING)
    ]
    return [ImageFont.truetype(str(file), _FONT_PX) for file in files]


def _draw(font: Any, character: str) -> NDArray[np.uint8]:
    """Return one character, scaled into the box and with its centre of ink in the middle."""
    from PIL import Image, ImageDraw

    canvas = Image.new("L", (2 * _FONT_PX, 2 * _FONT_PX))
    ImageDraw.Draw(canvas).text((_FONT_PX // 2, _FONT_PX // 4), character, fill=255, font=font)
    ink = canvas.crop(canvas.getbbox())
    scale = _BOX_PX / max(ink.size)
    size = [max(1, round(side * scale)) for side in ink.size]
    ink = ink.resize(size, Image.Resampling.LANCZOS)
    drawing = Image.new("L", (_DRAWING_PX, _DRAWING_PX))
    x, y = (_corner(np.asarray(ink).sum(axis), side) for axis, side in enumerate(size))
    drawing.paste(ink, (x, y))
    return np.asarray(drawing)


def _corner(profile: NDArray[Any], side: int) -> int:
    """Return where a side begins so that its centre of ink lies in the middle, nothing cut off."""
    centre = float(profile @ np.arange(side)) / float(profile.sum())
    return int(np.clip(round((_DRAWING_PX - 1) / 2 - centre), 0, _DRAWING_PX - side))


def _bend(drawings: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Rotate, slant, scale, shift and warp each drawing; return images of half the size."""
    n = len(drawings)
    at = (np.arange(_SIZE_PX) - (_SIZE_PX - 1) / 2).astype(np.float32)
    grid = np.stack(np.meshgrid(at, at))  # x and y of every pixel, from the centre
    shift = rng.uniform(-_MAX_SHIFT_PX, _MAX_SHIFT_PX, (n, 2, 1, 1)).astype(np.float32)
    where = np.einsum("nab,bij->naij", _affine(n, rng), grid) + shift + _warp(n, rng)
    where = where * (_DRAWING_PX / _SIZE_PX) + (_DRAWING_PX - 1) / 2
    return np.rint(_interpolate(drawings, where)).astype(np.uint8)


def _affine(n: int, rng: Generator) -> NDArray[np.float32]:
    """Return matrices from a pixel of the image to the place in the drawing that it shows."""
    angle = rng.uniform(-_MAX_ROTATION, _MAX_ROTATION, n)
    slant = rng.uniform(-_MAX_SLANT, _MAX_SLANT, n)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shear = np.array([[np.ones(n), slant], [np.zeros(n), np.ones(n)]])
    scale = rng.uniform(*_SCALES, (2, n))
    matrices = np.einsum("abn,bcn->nac", shear, rotation) / scale.T[:, :, None]
    return np.asarray(matrices, np.float32)


def _warp(n: int, rng: Generator) -> NDArray[np.float32]:
    """Return a smooth random displacement of every pixel, in pixels."""
    nodes = rng.normal(0, _WARP_PX, (n, 2, _WARP_NODES, _WARP_NODES)).astype(np.float32)
    at = np.linspace(0, _WARP_NODES - 1, _SIZE_PX)
    distance = np.minimum(np.abs(at[:, None] - np.arange(_WARP_NODES)), 1)
    # Between two nodes a cubic that is flat at both: no kinks (a "smoothstep").
    spread = (1 - distance**2 * (3 - 2 * distance)).astype(np.float32)
    return np.asarray(spread @ nodes @ spread.T)


def _interpolate(drawings: NDArray[np.uint8], where: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the drawings' brightness at places (x, y) between their pixels (bilinear)."""
    where = where.clip(0, _DRAWING_PX - 1.001)
    corner = where.astype(np.int32)
    x, y = np.moveaxis(where - corner, 1, 0)
    start = np.arange(len(drawings), dtype=np.int32)[:, None, None] * _DRAWING_PX**2
    here = start + corner[:, 1] * _DRAWING_PX + corner[:, 0]
    flat = drawings.astype(np.float32).ravel()
    above = flat[here] * (1 - x) + flat[here + 1] * x
    below = flat[here + _DRAWING_PX] * (1 - x) + flat[here + _DRAWING_PX + 1] * x
    return np.asarray(above * (1 - y) + below * y)
