"""Your own pictures: a folder per class becomes images and labels, and nothing is lost silently.

Training and a shipped inspector read a picture with the same function, `read_picture`: what
differs, the model never learned. Each picture becomes a small square of RGB, with notes on what
had to be done to it; each file that gives none is listed with the reason.
"""

from __future__ import annotations

import difflib
import io
import os
import struct
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check

if TYPE_CHECKING:
    import pandas as pd
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

_LEAST_PER_CLASS = 2  # one to learn from, one to test with
_LAYOUT = (
    "one subfolder per class, named like the class: cat/1.jpg, cat/2.jpg, dog/1.jpg and so on."
)
_NO_CLASSES = frozenset(("__MACOSX", "__pycache__"))  # macOS puts the first into zip files
_MOST_BYTES = 500_000_000  # a notebook on Binder has 2 GB, and TensorFlow takes 0.6 of them
_N_NAMED, _N_CLASSES_NAMED = 3, 6
_SILENT_SECONDS = 2.0  # a bar for what takes longer

# What Pillow raises on broken files, besides its own error, which is an OSError.
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
    ArithmeticError, AssertionError, RuntimeError, MemoryError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class OwnImages:
    """Pictures from a folder of yours, their classes, and what became of the other files.

    Parameters
    ----------
    images : array of uint8, shape (n, size_px, size_px, 3), 0..255
        RGB.
    labels : array of int64, shape (n,)
        Numbers of the classes, in the order of `class_names`.
    class_names : tuple of str
        Names of the subfolders, sorted; two that differ only in how an accent is stored are one.
    files : array of str, shape (n,)
        Where each image comes from, as "folder/file".
    skipped : pandas.DataFrame
        Columns file and reason: pictures that were not taken.
    notes : pandas.DataFrame
        Columns file and note: what was done to pictures that were taken. One row per note.
    n_ignored : int, >= 0
        Other files, such as texts, which nobody would take for pictures.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    files: NDArray[np.str_]
    skipped: pd.DataFrame
    notes: pd.DataFrame
    n_ignored: int = 0

    def __repr__(self) -> str:
        n, size_px = self.images.shape[:2]
        n_of = np.bincount(self.labels, minlength=len(self.class_names))
        classes = f"{len(n_of)} classes of {n_of.min()} to {n_of.max()}"
        if len(n_of) <= _N_CLASSES_NAMED:
            classes = ", ".join(
                f"{k} {name}" for k, name in zip(n_of, self.class_names, strict=True)
            )
        counts = {
            "skipped": len(self.skipped),
            "with notes": self.notes["file"].nunique(),
            "other files ignored": self.n_ignored,
        }
        rest = "".join(f"; {count} {what}" for what, count in counts.items() if count)
        return f"OwnImages({n:,} images of {size_px} x {size_px} pixels: {classes}{rest})"

    def suspects(self, features: ArrayLike) -> pd.DataFrame:
        """List the files that look like another class than their folder says.

        Parameters
        ----------
        features : array, shape (n, d)
            What a pretrained network sees in `images`, as `tlwidgets.extract_features` gives.

        Returns
        -------
        pandas.DataFrame
            Columns file, label, suggested and probability, the surest first. Look at them: it is
            you who knows. A picture is doubtful to a model that has not seen it (Northcutt et al.
            2021).
        """
        from ..shift.label_noise import find_suspects

        n_rows = len(np.atleast_1d(np.asarray(features)))
        if n_rows != len(self.files):
            raise ValueError(
                f"`features` must have {len(self.files)} rows, one per image; got {n_rows}. Take "
                "extract_features(network, own.images) of these very images."
            )
        return find_suspects(
            features, self.labels, files=self.files.tolist(), class_names=self.class_names
        )


def read_images(
    folder: str | PathLike[str], size_px: int = 160, *, progress: bool = True
) -> OwnImages:
    """Give me my own pictures, sorted into one subfolder per class.

    Parameters
    ----------
    folder : str or path
        Holds one subfolder per class, named like the class, with at least 2 pictures: JPEG, PNG,
        GIF, WebP, BMP, TIFF or AVIF.
    size_px : int, 32..512, pixels
        Side of the square images. The short side of a picture is resized to it (bicubic) and the
        middle is cut out: what stands at the ends of the long side is lost.
    progress : bool
        Show a progress bar where reading takes more than 2 seconds.

    Returns
    -------
    OwnImages
        Look at its `skipped` and `notes` before you train.

    Notes
    -----
    Skipped are files that cannot be read, pictures of more than 120 million pixels (JPEG) or 50
    million (others), and repeated ones. Two files are the same picture where all pixels of their
    squares are equal. Of one twice in a class the first is kept: a copy in the test of what was
    trained on would be known by heart. One in two classes is dropped in both: one label is wrong.
    A picture saved again with other pixels, or a second shot of one scene, is not recognised.

    Examples
    --------
    >>> import pathlib, tempfile, PIL.Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for i, name in enumerate(["cat", "cat", "dog", "dog"]):
    ...     (folder / name).mkdir(exist_ok=True)
    ...     PIL.Image.new("L", (64, 64), i).save(folder / name / f"{i}.png")
    >>> read_images(folder, size_px=32)
    OwnImages(4 images of 32 x 32 pixels: 2 cat, 2 dog; 4 with notes)
    """
    size_px = _check.whole_number(
        "size_px", size_px, low=32, high=512, meaning="the side of an image in pixels"
    )
    found = find_class_folders(folder)
    n = sum(len(files) for files in found.files_of.values())
    _refuse_too_many(n, size_px)
    images, files, notes = _decode_all(found, n, size_px, progress)
    kept = _without_repeats(images, files, found)
    files = [files[i] for i in kept]
    class_names = tuple(found.files_of)
    n_read = Counter(_class_of(file) for file in files)
    if min(n_read[name] for name in class_names) < _LEAST_PER_CLASS:
        raise too_few(found, n_read)
    return OwnImages(
        images=images if len(kept) == len(images) else images[kept],
        labels=np.array([class_names.index(_class_of(file)) for file in files], np.int64),
        class_names=class_names,
        files=np.array(files),
        skipped=_table(found.skipped, "reason"),
        notes=_table([row for row in notes if row[0] in set(files)], "note"),
        n_ignored=found.n_ignored,
    )


def _refuse_too_many(n: int, size_px: int) -> None:
    n_bytes = n * size_px**2 * 3
    if n_bytes > _MOST_BYTES:
        raise ValueError(
            f"`folder` must hold at most {_MOST_BYTES // (size_px**2 * 3):,} pictures at "
            f"`size_px`={size_px}, which need {_MOST_BYTES / 1e9:.1f} GB of memory; got {n:,}. "
            "Take a smaller `size_px` or move some pictures away."
        )


def _decode_all(
    found: ClassFolders, n: int, size_px: int, progress: bool
) -> tuple[NDArray[np.uint8], list[str], list[tuple[str, str]]]:
    """Read one file after the other into one array; what fails is added to what was skipped."""
    from tqdm.auto import tqdm

    images = np.empty((n, size_px, size_px, 3), np.uint8)
    files: list[str] = []
    notes: list[tuple[str, str]] = []
    paths = [path for each in found.files_of.values() for path in each]
    for path in tqdm(
        paths, "reading pictures", unit="picture", disable=not progress, delay=_SILENT_SECONDS
    ):
        file = f"{printable(path.parent.name)}/{printable(path.name)}"
        try:
            decoded = read_picture(path, size_px)
        except UnreadableError as error:
            found.skipped.append((file, str(error)))
            continue
        images[len(files)] = decoded.pixels
        files.append(file)
        notes += [(file, note) for note in decoded.notes]
    return images[: len(files)], files, notes


def _without_repeats(
    images: NDArray[np.uint8], files: Sequence[str], found: ClassFolders
) -> list[int]:
    """Return the positions to keep; what is there twice is added to what was skipped."""
    same: dict[bytes, list[int]] = defaultdict(list)
    for i, image in enumerate(images):
        same[blake2b(image.data, digest_size=16).digest()].append(i)
    reason_of: dict[int, str] = {}
    for group in same.values():
        for i in group:
            others = [j for j in group if _class_of(files[j]) != _class_of(files[i])]
            if others:
                reason_of[i] = f"the same picture as {files[others[0]]}: one of the labels is wrong"
            elif i != group[0]:
                reason_of[i] = f"the same picture as {files[group[0]]}: it would leak into the test"
    found.skipped += [(files[i], reason) for i, reason in sorted(reason_of.items())]
    return [i for i in range(len(files)) if i not in reason_of]


def _class_of(file: str) -> str:
    return _class_name(file.split("/", 1)[0])


def _class_name(folder: str) -> str:
    # Where a letter has an accent macOS writes two signs and others one: "é" is one name.
    return unicodedata.normalize("NFC", folder)


def _table(rows: Sequence[tuple[str, str]], what: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(sorted(rows), columns=["file", what], dtype="object")


@dataclass(slots=True)
class ClassFolders:
    """The files of each class, and what is no picture to read."""

    root: Path
    files_of: dict[str, list[Path]] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    n_ignored: int = 0


def find_class_folders(folder: object) -> ClassFolders:
    """List a folder of class folders; raise an error that explains the layout otherwise."""
    root = _existing_folder(folder)
    entries = _visible(root)
    loose = [path.name for path in entries if _is_picture(path)]
    found = ClassFolders(root, n_ignored=sum(path.is_file() for path in entries))
    for place in (path for path in entries if path.is_dir()):
        _list_class(found, place)
    found.files_of = dict(sorted(found.files_of.items()))
    n_pictures = sum(len(files) for files in found.files_of.values())
    if loose:
        raise ValueError(
            f"`folder` must hold {_LAYOUT} {printable(root)!r} holds "
            f"{_count(len(loose), 'picture')} of no class ({_named(loose)}) and "
            f"{_folders(found)}. Make a folder for each class and move every picture into its own."
        )
    if n_pictures == 0 or len(found.files_of) < 2:
        inside = f" with {_count(n_pictures, 'picture')} to read" if found.files_of else ""
        raise ValueError(
            f"`folder` must hold {_LAYOUT} {printable(root)!r} holds {_folders(found)}{inside}. "
            f"{_next_step(root, found)}"
        )
    return found


def too_few(found: ClassFolders, n_read: Counter[str]) -> ValueError:
    """Return the error for classes of which not enough could be read."""
    short = {name: n_read[name] for name in found.files_of if n_read[name] < _LEAST_PER_CLASS}
    reasons = [f"{file}: {reason}" for file, reason in found.skipped if _class_of(file) in short]
    why = f" Skipped: {'; '.join(reasons[:_N_NAMED])}." if reasons else ""
    return ValueError(
        f"`folder` must hold at least {_LEAST_PER_CLASS} pictures of each class, one to learn from "
        f"and one to test with; got {', '.join(f'{n} of {name!r}' for name, n in short.items())} "
        f"in {printable(found.root)!r}.{why} Add pictures, or take the folder away."
    )


def printable(path: Path | str) -> str:
    """Return a path as text; Linux allows names with bytes that are none."""
    return os.fsencode(path).decode("utf-8", "replace")


def to_path(folder: object) -> Path:
    """Return `folder` as a path, with ~ expanded."""
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(
            f"`folder` must be the path of a folder; got {folder!r} ({type(folder).__name__})."
        )
    return Path(os.fsdecode(folder)).expanduser()


def _existing_folder(folder: object) -> Path:
    path = to_path(folder)
    if path.is_file():
        unpack = " Unpack it first." if path.suffix.lower() == ".zip" else ""
        raise ValueError(
            f"`folder` must be a folder with {_LAYOUT} {printable(path)!r} is a file.{unpack} Give "
            f"the folder above the class folders, for instance {printable(path.parent.parent)!r}."
        )
    if not path.is_dir():
        siblings = [each.name for each in _visible(path.parent) if each.is_dir()]
        close = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.5)
        hint = f" Did you mean {printable(path.parent / close[0])!r}?" if close else ""
        raise ValueError(
            f"`folder`: no folder {printable(path)!r}, looked for in {printable(Path.cwd())!r}. It "
            f"must hold {_LAYOUT}{hint}"
        )
    return path


def _visible(folder: Path) -> list[Path]:
    """Return what is not hidden, sorted; hidden are .ipynb_checkpoints, ._1.jpg of macOS, ..."""
    if not folder.is_dir():
        return []
    entries = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(path for path in entries if path.name not in _NO_CLASSES)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in READABLE | UNREADABLE and not path.is_dir()


def _list_class(found: ClassFolders, place: Path) -> None:
    name = printable(place.name)
    pictures = found.files_of.setdefault(_class_name(name), [])
    for path in _visible(place):
        suffix = path.suffix.lower()
        file = f"{name}/{printable(path.name)}"
        if path.is_dir():
            reason = "a folder inside a class folder is not read: move its pictures up"
            found.skipped.append((file, reason))
        elif suffix in UNREADABLE:
            reason = f"{suffix} cannot be read: save it as JPEG or PNG"
            found.skipped.append((file, reason))
        elif suffix in READABLE and (path.is_file() or path.is_symlink()):
            pictures.append(path)
        else:
            found.n_ignored += 1


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
    return ", ".join(repr(printable(name)) for name in names[:_N_NAMED]) + more


def _folders(found: ClassFolders) -> str:
    names = list(found.files_of)
    return f"{_count(len(names), 'subfolder')} ({_named(names)})" if names else "no subfolder"


def _count(n: int, what: str) -> str:
    return f"{n or 'no'} {what}{'' if n == 1 else 's'}"


def _next_step(root: Path, found: ClassFolders) -> str:
    """Say where the class folders may be: one level down, as after unpacking a zip file."""
    for name in sorted(found.files_of, key=lambda name: "train" not in name.casefold()):
        inner = [path for path in _visible(root / name) if path.is_dir()]
        if len(inner) >= 2:
            names = _named([path.name for path in inner])
            return f"Did you mean {printable(root / name)!r}? It holds {names}."
    if len(found.files_of) == 1:
        return "To learn, a network needs at least two classes: add a folder of another one."
    if found.skipped:
        return f"Skipped: {'; '.join(': '.join(row) for row in found.skipped[:_N_NAMED])}."
    return f"Put pictures into the folders: {', '.join(sorted(READABLE))}."


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
        brightest = int(values.max())
        dark = f", and it is nearly black: its brightest is {brightest:,}" * (brightest < white / 8)
        notes.append(f"grey of 16 bits: 65,535 became white{dark}")
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
