"""The file with a learner's progress, on this machine only: nothing is ever sent.

Each change reads the file, changes what was read and replaces the file in one step, under a
lock of the operating system, which a kernel that dies gives back. So two kernels lose nothing
of each other, and a reader sees a whole file. A file that cannot be understood is set aside
under another name. A folder that cannot be written costs the progress, never the lesson.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

from .records import MAX_BYTES, Records, from_json, to_json

# A class can put the file elsewhere, and tests and learners can switch it off.
PROGRESS_VARIABLE = "TLWIDGETS_PROGRESS"
OFF = "off"
_FILE_NAME = "progress.json"
# A change takes a millisecond; whoever waits longer waits for a kernel that was halted.
_WAIT_SECONDS, _POLL_SECONDS = 3.0, 0.01

_said_not_kept = False


class ProgressWarning(UserWarning):
    """Progress was not kept, or a file with it was set aside; the lesson goes on."""


def progress_file() -> Path | None:
    """Return the file with the progress, or None where `TLWIDGETS_PROGRESS` is "off"."""
    chosen = os.environ.get(PROGRESS_VARIABLE, "").strip()
    if chosen.lower() == OFF:
        return None
    if not chosen:
        return Path(platformdirs.user_data_dir("tlwidgets")) / _FILE_NAME
    return Path(chosen)


def change(path: Path, step: Callable[[Records], Records]) -> None:
    """Read the file, apply a step and replace the file; say once what prevents it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock(path):
            before = _read_or_set_aside(path)
            after = step(before)
            if after != before:
                replace_file(path, to_json(after))
    except OSError as error:
        _say_not_kept(path, error)


def read(path: Path) -> Records:
    """Return what the file holds: nothing where there is none; a broken one is set aside."""
    try:
        return from_json(read_text(path))
    except FileNotFoundError:
        return Records()
    except OSError as error:
        _say_not_kept(path, error)
    except ValueError:
        change(path, lambda records: records)  # under the lock: another kernel may be at it
    return Records()


def remove(path: Path) -> int:
    """Delete the file, its lock and those set aside; return how many of them held something."""
    siblings = path.parent.iterdir() if path.parent.is_dir() else iter(())
    start = _aside(path, "").stem
    found = [p for p in siblings if p.name.startswith(start)]
    found += [path] if path.exists() else []
    for each in [*found, _lock_file(path)]:
        each.unlink(missing_ok=True)
    return len(found)


def read_text(path: Path) -> str:
    """Return the text of a file, unless it is far too long to be one of ours."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is longer than {MAX_BYTES:,} bytes")
    return content.decode("utf-8")


def replace_file(path: Path, text: str) -> None:
    """Write a file beside its place and move it there, so that it is whole or not there."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.close()
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _read_or_set_aside(path: Path) -> Records:
    try:
        return from_json(read_text(path))
    except FileNotFoundError:
        return Records()
    except ValueError as error:  # bad UTF-8 and bad JSON are among them
        aside = _aside(path, f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
        path.rename(aside)
        warnings.warn(
            f"The file with your progress could not be understood ({error}). It is kept as "
            f"{aside}, and a new one is begun.",
            ProgressWarning,
            stacklevel=2,
        )
        return Records()


def _aside(path: Path, when: str) -> Path:
    return path.with_name(f"{path.stem}.broken-{when}{path.suffix}")


def _lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with _lock_file(path).open("a+b") as file:
        deadline = time.monotonic() + _WAIT_SECONDS
        while not _try_to_lock(file):
            if time.monotonic() > deadline:
                raise TimeoutError(f"another notebook has held it for {_WAIT_SECONDS:.0f} seconds")
            time.sleep(_POLL_SECONDS)
        yield  # closing the file gives the lock back


def _try_to_lock(file: Any) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the latter is how Windows says it
        return False
    return True


def _say_not_kept(path: Path, error: OSError) -> None:
    global _said_not_kept
    if _said_not_kept:
        return
    _said_not_kept = True
    warnings.warn(
        f"Your progress cannot be kept in {path} ({error.strerror or error}); all else works. Set "
        f"{PROGRESS_VARIABLE} to a file that you may write, or to {OFF} to keep nothing.",
        ProgressWarning,
        stacklevel=3,
    )
