"""A cache on disk for what is slow to make: decoded images, extracted features.

A file's name holds a hash of everything that its content depends on, so a stale entry is
never found. Files are written beside their place and moved in one step, so a reader sees a
whole file or none, and two processes may race. A zip's own checksums are verified on read.
A cache that cannot be written costs time, never the result. Several folders make a chain: what a
class shares is read first, and what is new is kept in the last, one's own.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

# Learners on a shared or small disk can move the cache, and a test can point it elsewhere. Folders
# are parted as in PATH (":", on Windows ";"); "off" keeps nothing.
FOLDER_VARIABLE = "TLWIDGETS_CACHE"
OFF = "off"

# What is written beside its place; nobody writes for a day.
_HALF, _OLD_SECONDS = re.compile(r"\.[0-9a-f]{32}\.part"), 86_400.0

_said_read_only = False


class CacheWarning(UserWarning):
    """The cache was damaged or cannot be used; results are right, only slower to get."""


def cache_folders() -> tuple[Path, ...]:
    """Return the folders that are read, in their order: the chosen ones, or the user's own."""
    chosen = os.environ.get(FOLDER_VARIABLE, "").strip()
    if chosen.lower() == OFF:
        return ()
    parts = [part for part in chosen.split(os.pathsep) if part]
    # Where no shell has read it (a Dockerfile, an .env file), "~" is still there.
    return tuple(Path(part).expanduser() for part in parts) or (
        Path(platformdirs.user_cache_dir("tlwidgets")),
    )


def cache_folder() -> Path | None:
    """Return the folder where new results are kept, the last of the chain; None if none is."""
    folders = cache_folders()
    return folders[-1] if folders else None


def is_writable() -> bool:
    """Tell whether slow results can be kept on this machine."""
    folder = cache_folder()
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            with whole_file(folder / "try"):
                pass
            (folder / "try").unlink(missing_ok=True)
    except OSError:
        return False
    return folder is not None


def digest(*parts: str | int | float | bytes | NDArray[Any]) -> str:
    """Return a short hash of all that a cached result depends on; arrays count with their dtype.

    Examples
    --------
    >>> digest("cells", 96) == digest("cells", 96), digest("cells", 96) == digest("cells", 9, 6)
    (True, False)
    """
    state = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f"array{part.dtype.str}{part.shape}".encode())
            state.update(np.ascontiguousarray(part).data)
        else:
            data = part if isinstance(part, bytes) else repr(part).encode()
            state.update(f"{type(part).__name__}{len(data)}:".encode() + data)
    return state.hexdigest()[:16]


def cached(name: str, key: str, build: Callable[[], Mapping[str, NDArray[Any]]]) -> Arrays:
    """Return named arrays from the cache, or build them once and keep them.

    `name` begins the file's name, for people who look into the folder; `key` is from `digest`.
    """
    file = f"{name}-{key}.npz"
    for folder in cache_folders():
        if (found := _read(folder / file)) is not None:
            return found
    arrays = dict(build())
    if (own := cache_folder()) is not None:
        _write(own / file, arrays)
    return arrays


def _read(path: Path) -> Arrays | None:
    try:
        _verify_zip(path)
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None  # where nothing can be read, writing says so, once
    except Exception as error:  # noqa: BLE001 - a damaged zip fails in many ways
        warnings.warn(
            f"The cached file {path.name} cannot be read ({error}); it is made again.",
            CacheWarning,
            stacklevel=4,
        )
        return None


def _verify_zip(path: Path) -> None:
    """Raise unless every member is there and whole; NumPy alone would miss some damage."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        file.seek(-22, os.SEEK_END)  # the end record, which counts the members
        n_members = int.from_bytes(file.read()[10:12], "little")
        if len(archive.namelist()) != n_members or archive.testzip() is not None:
            raise zipfile.BadZipFile("its checksums do not fit")


def _write(path: Path, arrays: Arrays) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes a bool for any name
    except OSError as error:
        _say_read_only(path.parent, error)


@contextmanager
def whole_file(path: Path, *, is_private: bool = False) -> Iterator[IO[bytes]]:
    """Open a file beside `path` and move it there at the end: it is whole, or not there.

    Others may read it as the user's umask says; `tempfile` would make every file private.
    """
    _forget_halves(path.parent)
    temporary = path.with_name(f".{uuid.uuid4().hex}.part")
    mode = 0o600 if is_private else 0o666
    with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        try:
            yield file
            file.close()
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _forget_halves(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left here."""
    for half in folder.glob(".*.part"):
        with suppress(OSError):  # another has done it, or it is somebody else's
            if _HALF.fullmatch(half.name) and time.time() - half.stat().st_mtime > _OLD_SECONDS:
                half.unlink()


def _say_read_only(folder: Path, error: OSError) -> None:
    global _said_read_only
    if _said_read_only:
        return
    _said_read_only = True
    warnings.warn(
        f"Nothing can be kept in the cache folder {folder} ({error.strerror or error}): all works, "
        f"but slow steps run again each time. Set {FOLDER_VARIABLE} to a folder you may write to.",
        CacheWarning,
        stacklevel=5,
    )
