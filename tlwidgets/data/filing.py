"""Put pictures of somebody else's naming into class folders, safely, one at a time.

Names come from browsers and zip files: nothing in them may lead out of the folder.
"""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .decoding import READABLE, UnreadableError, read_picture

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
