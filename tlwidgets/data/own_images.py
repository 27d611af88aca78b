"""Your own pictures: a folder per class becomes images and labels, and nothing is lost silently."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .class_folders import LEAST_PER_CLASS, ClassFolders, find_class_folders, shown, too_few
from .decoding import UnreadableError, read_picture

if TYPE_CHECKING:
    import pandas as pd

_MOST_BYTES = 500_000_000  # a notebook on Binder has 2 GB, and TensorFlow takes 0.6 of them
_N_CLASSES_NAMED = 6
_SILENT_SECONDS = 2.0  # a bar for what takes longer


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
        Names of the subfolders, sorted.
    files : array of str, shape (n,)
        Where each image comes from, as "class/file".
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
            you who knows. `tlwidgets.shift.find_suspects` says how they are found.

        Raises
        ------
        TypeError, ValueError
            If there is not one row of finite numbers per image.
        """
        from ..shift import find_suspects

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

    Raises
    ------
    TypeError, ValueError
        If the folder does not exist or is laid out in another way, a class has fewer than 2
        pictures, all pictures together need more than 0.5 GB, or an argument is out of range.

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
    if min(n_read[name] for name in class_names) < LEAST_PER_CLASS:
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
    paths = [(name, path) for name, each in found.files_of.items() for path in each]
    for name, path in tqdm(
        paths, "reading pictures", unit="picture", disable=not progress, delay=_SILENT_SECONDS
    ):
        file = f"{name}/{shown(path.name)}"
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
    return file.split("/", 1)[0]


def _table(rows: Sequence[tuple[str, str]], what: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(sorted(rows), columns=["file", what], dtype="object")
