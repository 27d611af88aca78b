"""Upload your own pictures, class by class, into a folder that `read_images` reads.

Names come from browsers and zip files: nothing in them may lead out of the folder.
"""

from __future__ import annotations

import atexit
import io
import shutil
import stat
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike, fsdecode
from pathlib import Path, PurePosixPath
from typing import Any

import ipywidgets
import pandas as pd

from .. import _check
from .._widgets.base import Panel
from .._widgets.files import FileChooser
from ..data.own_images import READABLE, UnreadableError, printable, read_picture, to_path
from .notice import table_to_html, to_html

MOST_FILE_BYTES = 100_000_000
MOST_ZIP_BYTES = 2_000_000_000  # unpacked
MOST_ZIP_FILES = 20_000
_LONGEST_NAME_BYTES = 120  # systems allow 255
# What Windows forbids in names, and so what a folder on a shared disk cannot have.
_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(("con", "prn", "aux", "nul", "com1", "com2", "com3", "lpt1", "lpt2", "lpt3"))
_TRIAL_SIZE_PX = 32


def safe_name(text: str) -> str:
    """Return a name that is one folder or file on every system; empty if nothing is left.

    Examples
    --------
    >>> safe_name("../my cats: <old>")
    '_my cats_ _old_'
    """
    kept = "".join(
        "_" if each in _FORBIDDEN or unicodedata.category(each) in ("Cc", "Cs") else each
        for each in unicodedata.normalize("NFC", text)
        if unicodedata.category(each) != "Cf"  # invisible, and able to turn the reading round
    )
    name = kept.strip().lstrip(".").rstrip(". ").strip()
    if not name.strip("_"):
        return ""
    if name.split(".")[0].lower() in _DEVICES:
        name = f"_{name}"
    return name.encode()[:_LONGEST_NAME_BYTES].decode(errors="ignore").rstrip(". ")


def file_picture(class_folder: Path, name: str, content: bytes) -> Path:
    """Write a picture into a class folder; raise `UnreadableError` with the reason if it is none.

    A picture that is there already is not written again; another one of the same name gets a
    number.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in READABLE:
        raise UnreadableError(f"{suffix or 'no type'} is not read: save it as JPEG or PNG")
    if len(content) > MOST_FILE_BYTES:
        raise UnreadableError(
            f"too large: {len(content) / 1e6:.0f} MB, at most {MOST_FILE_BYTES / 1e6:.0f}; make it "
            "smaller first"
        )
    stem = safe_name(PurePosixPath(name.replace("\\", "/")).stem) or "picture"
    class_folder.mkdir(parents=True, exist_ok=True)
    path, number = class_folder / f"{stem}{suffix}", 1
    while path.exists() or path.is_symlink():
        if path.is_file() and path.read_bytes() == content:
            raise UnreadableError("already there")
        number += 1
        path = class_folder / f"{stem} ({number}){suffix}"
    # Hidden until it is known to be a picture: nobody reads half of it.
    trial = class_folder / f".{path.name}"
    try:
        trial.write_bytes(content)
        read_picture(trial, _TRIAL_SIZE_PX)
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)
    return path


def pictures_in_zip(source: Path | bytes) -> Iterator[tuple[str, str, bytes | str]]:
    """Yield folder, file name and content of each picture in a zip file, or why it is left out.

    The folder is the innermost one, so that `pets/cat/1.jpg` is a cat. Nothing is unpacked to
    the disk. A whole file that cannot be read raises `UnreadableError`.
    """
    try:
        with zipfile.ZipFile(
            io.BytesIO(source) if isinstance(source, bytes) else source
        ) as archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
            _refuse_too_much(entries)
            for info in entries:
                path = info.filename.replace("\\", "/")
                *folders, name = [part for part in path.split("/") if part not in ("", ".")]
                if path.startswith("/") or ".." in folders or ":" in path.split("/")[0]:
                    yield "", path, "its path leads out of the zip file"
                elif not any(part.startswith(("__MACOSX", ".")) for part in (*folders, name)):
                    yield folders[-1] if folders else "", name, _content(archive, info, folders)
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadableError(f"not a zip file, or a damaged one ({error})") from None


def _refuse_too_much(entries: list[zipfile.ZipInfo]) -> None:
    n_bytes = sum(info.file_size for info in entries)
    if n_bytes > MOST_ZIP_BYTES or len(entries) > MOST_ZIP_FILES:
        raise UnreadableError(
            f"too much: {len(entries):,} files of {n_bytes / 1e6:,.0f} MB unpacked; at most "
            f"{MOST_ZIP_FILES:,} files and {MOST_ZIP_BYTES / 1e6:,.0f} MB. Make smaller zip files"
        )


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folders: list[str]) -> bytes | str:
    if not folders:
        return "in no folder: the zip file must have one folder per class"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link, not a picture"
    if PurePosixPath(info.filename).suffix.lower() not in READABLE:
        return "not of a type that is read: save it as JPEG or PNG"
    if info.file_size > MOST_FILE_BYTES:
        return f"too large: {info.file_size / 1e6:.0f} MB"
    try:
        return archive.read(info)  # never more than `file_size`, whatever is packed
    except (RuntimeError, NotImplementedError, EOFError, OSError, zipfile.BadZipFile) as error:
        return f"cannot be unpacked ({error})"


_N_SHOWN = 20  # of the skipped files, the newest
_HELP = (
    '<div style="line-height: 1.5">Type a class, choose its pictures, press Add. A .zip with one '
    "folder per class needs no class name.</div>"
)

Files = Iterable[str | PathLike[str]] | Mapping[str, bytes] | str | PathLike[str]


class UploadImages(Panel):
    """Let me upload my own pictures, class by class, and read them with `read_images`.

    Parameters
    ----------
    folder : str or path, optional
        Where the pictures are kept, one subfolder per class; made if it is not there. By default
        a temporary folder that goes when the kernel ends.

    Attributes
    ----------
    folder : Path
        For `read_images(upload.folder)`.
    taken : tuple of str
        The files that were taken, as "class/file".
    skipped : pandas.DataFrame
        Columns file and reason: the files that were not.

    Examples
    --------
    >>> from tlwidgets import image_strip
    >>> upload = UploadImages()
    >>> picture = image_strip([[[0, 100, 200]]])
    >>> upload.add("cat", {"1.png": picture, "notes.txt": b"a text"})
    >>> upload.taken, upload.skipped["file"].tolist()
    (('cat/1.png',), ['cat/notes.txt'])
    """

    def __init__(self, folder: str | PathLike[str] | None = None) -> None:
        self.folder, self._is_temporary = _made(folder), folder is None
        self.taken: tuple[str, ...] = ()
        self._skipped: list[tuple[str, str]] = []
        self._name = ipywidgets.Text(
            description="Class", placeholder="for instance: cat", continuous_update=True
        )
        self._chooser = FileChooser(
            "Choose pictures", accept=",".join((*sorted(READABLE), ".zip")), takes_many=True
        )
        self._button = ipywidgets.Button(
            description="Add", button_style="primary", layout=ipywidgets.Layout(width="6em")
        )
        self._button.on_click(self._add_chosen)
        self._line, self._table = ipywidgets.HTML(), ipywidgets.HTML()
        row = ipywidgets.HBox(
            [self._name, self._chooser, self._button],
            layout=ipywidgets.Layout(align_items="center", flex_flow="row wrap"),
        )
        super().__init__([ipywidgets.HTML(_HELP), row, self._line, self._table])
        self.add_class("tlwidgets-upload")

    def __repr__(self) -> str:
        n_of = Counter(file.split("/")[0] for file in self.taken)
        classes = ", ".join(f"{n} {name}" for name, n in sorted(n_of.items()))
        skipped = f"; {len(self._skipped)} skipped" if self._skipped else ""
        where = "a temporary folder" if self._is_temporary else printable(self.folder)
        return f"UploadImages({classes or 'no pictures yet'}{skipped}; {where})"

    @property
    def skipped(self) -> pd.DataFrame:
        """Columns file and reason: what was not taken."""
        return pd.DataFrame(self._skipped, columns=["file", "reason"], dtype="object")

    def add(self, class_name: str, files: Files) -> None:
        """Add pictures of one class, as the button does; what cannot be read is in `skipped`.

        Parameters
        ----------
        class_name : str
            Becomes the name of a folder: what no folder can be called is replaced by "_".
        files : path, list of paths, or dict of str to bytes
            Pictures on this machine, or their names and contents.
        """
        name = _folder_name(class_name)
        self._add(name, list(_named_contents(files)))
        if name != class_name.strip():
            self._line.value += to_html(
                "neutral", "Called:", f"the folder of this class is {name}."
            )

    def add_zip(self, file: str | PathLike[str] | bytes) -> None:
        """Add all pictures of a .zip file that has one folder per class, as `add` does.

        Parameters
        ----------
        file : path or bytes
            At most 20,000 files and 2 GB unpacked. Of `pets/cat/1.jpg` the class is cat.
        """
        if not isinstance(file, str | PathLike | bytes):
            raise TypeError(
                f"`file` must be the path of a .zip file or its bytes; got {type(file).__name__}."
            )
        source = file if isinstance(file, bytes) else Path(fsdecode(file)).expanduser()
        before = len(self.taken), len(self._skipped)
        try:
            for folder, name, content in pictures_in_zip(source):
                self._take(safe_name(folder), name, content)
        except UnreadableError as error:
            got = "its bytes" if isinstance(source, bytes) else repr(printable(source))
            raise ValueError(
                f"`file` must be a .zip file with one folder per class; got {got}: {error}."
            ) from None
        self._show(before)

    def _add(self, class_name: str, files: Iterable[tuple[str, bytes | str]]) -> None:
        before = len(self.taken), len(self._skipped)
        for file, content in files:
            self._take(class_name, file, content)
        self._show(before)

    def _take(self, class_name: str, file: str, content: bytes | str) -> None:
        """File one picture, or note why not; a text is a reason known beforehand."""
        try:
            if isinstance(content, str):
                raise UnreadableError(content)
            if not class_name:
                raise UnreadableError("the name of its folder cannot be used: rename it")
            path = file_picture(self.folder / class_name, file, content)
        except UnreadableError as reason:
            self._skipped.append((f"{class_name}/{file}" if class_name else file, str(reason)))
        else:
            self.taken += (f"{class_name}/{path.name}",)

    def _add_chosen(self, _button: ipywidgets.Button) -> None:
        """Add what was chosen; it stays chosen where something is wrong with all of it."""
        # Pairs: a phone calls each picture image.jpg.
        chosen = self._chooser.files
        pictures = [pair for pair in chosen if not pair[0].lower().endswith(".zip")]
        try:
            if self._chooser.is_receiving:
                raise ValueError(
                    "your pictures are still on their way. Press Add when the button counts them."
                )
            if not chosen:
                raise ValueError("no pictures are here. Choose some.")
            if pictures:
                if not self._name.value.strip():
                    raise ValueError("type the name of the class first; your pictures stay chosen.")
                self._add(_folder_name(self._name.value), pictures)
            for _, content in (pair for pair in chosen if pair not in pictures):
                self.add_zip(content)
        except (ValueError, OSError) as error:
            self._line.value = to_html("not yet", "Not added:", str(error).replace("`", ""))
        else:
            self._chooser.clear()

    def _show(self, before: tuple[int, int]) -> None:
        n_taken, n_skipped = len(self.taken) - before[0], len(self._skipped) - before[1]
        sentence = f"{n_taken} taken, {n_skipped} skipped."
        self._line.value = to_html("good" if n_taken else "not yet", "Added:", sentence)
        self._table.value = _to_table(self.taken, self._skipped)


def _made(folder: object) -> Path:
    if folder is None:
        path = Path(tempfile.mkdtemp(prefix="tlwidgets-"))
        # With the kernel, not with the widget: `read_images` may come later.
        atexit.register(shutil.rmtree, path, ignore_errors=True)
        return path
    path = to_path(folder)
    if path.exists() and not path.is_dir():
        raise ValueError(
            f"`folder` must be a folder; {printable(path)!r} is a file. Take another name."
        )
    path.mkdir(parents=True, exist_ok=True)
    return path


def _folder_name(class_name: str) -> str:
    name = safe_name(_check.text("class_name", class_name, meaning="the name of the class"))
    if not name:
        raise ValueError(
            "`class_name` must have a letter or a digit, because it becomes the name of a folder; "
            f"got {class_name!r}. Write for instance 'cat'."
        )
    return name


def _named_contents(files: Any) -> Iterator[tuple[str, bytes | str]]:
    """Yield names and contents; a path that cannot be read has the reason as its content."""
    if isinstance(files, Mapping):
        paths, contents = [], list(files.items())
    else:
        single = isinstance(files, str | PathLike)
        paths = [files] if single else list(files) if isinstance(files, Iterable) else [files]
        contents = []
    are_paths = all(isinstance(path, str | PathLike) for path in paths)
    if not are_paths or not all(isinstance(c, bytes) for _, c in contents):
        raise TypeError(
            "`files` must be paths of pictures, or a dict from file name to bytes; got "
            f"{type(files).__name__}."
        )
    if not paths and not contents:
        raise ValueError("`files` must hold at least one picture; got none. Choose some first.")
    yield from contents
    for path in (Path(fsdecode(each)).expanduser() for each in paths):
        try:
            yield printable(path.name), path.read_bytes()
        except OSError as error:
            yield printable(path.name), f"cannot be opened: {error.strerror}"


def _to_table(taken: Iterable[str], skipped: list[tuple[str, str]]) -> str:
    """Return how many pictures each class has, and what was skipped, as escaped HTML."""
    counts = Counter(file.split("/")[0] for file in taken)
    tables = table_to_html(pd.DataFrame(sorted(counts.items()), columns=["class", "pictures"]))
    if skipped:
        newest = skipped[: -_N_SHOWN - 1 : -1]
        tables += table_to_html(pd.DataFrame(newest, columns=["skipped", "why"]))
    if len(skipped) > _N_SHOWN:
        tables += f"<i>and {len(skipped) - _N_SHOWN} more: upload.skipped</i>"
    return f'<div style="font-size: 12px; line-height: 1.5">{tables}</div>'
