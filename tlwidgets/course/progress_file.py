"""The file with a learner's progress, on this machine only: nothing is ever sent.

Each change reads the file, changes what was read and replaces the file in one step, under a
lock of the operating system, which a kernel that dies gives back. So two kernels lose nothing
of each other, and a reader sees a whole file. A file that cannot be understood is set aside
under another name. A folder that cannot be written costs the progress, never the lesson.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

# What is known of a learner's way through the course, as plain records and as JSON.
#
# A record holds what a check or a prediction showed on screen, never code, data or a path. What
# comes from a file is somebody's text: each value is checked before it is believed.

# The key that tells such a file from other JSON, and the version of its layout.
_FORMAT, _VERSION = "tlwidgets_progress", 1
_MAX_TEXT = 500
# Wide enough for every question; far from where a range overflows when it is scaled.
_MAX_NUMBER = 1e15
# A course of a hundred lessons fills a tenth of it.
MAX_BYTES = 2_000_000

Answer = float | str


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """An exercise: when it was first passed, if it was, and in how many tries."""

    lesson: str
    exercise: str
    tries: int
    passed_at: str | None = None


@dataclass(frozen=True, slots=True)
class GuessRecord:
    """A guess in a range or among choices, and what was measured, if it was."""

    lesson: str
    question: str
    guess: Answer
    at: str
    measured: Answer | None = None
    close: bool | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """All records of one learner, one for each exercise and each question of a lesson."""

    checks: tuple[CheckRecord, ...] = ()
    guesses: tuple[GuessRecord, ...] = ()
    name: str | None = None


def short(text: object) -> str:
    """Return a text that a record may hold: not empty, not too long, and writable."""
    whole = str(text).encode("utf-8", "replace").decode("utf-8") or "(no name)"
    return whole if len(whole) <= _MAX_TEXT else whole[: _MAX_TEXT - 1] + "…"


def plain(value: object) -> Answer | None:
    """Return an answer as a record may hold it, or None for a number that is none."""
    if isinstance(value, str):
        return short(value)
    number = float(value)  # type: ignore[arg-type]  # whatever NumPy calls a number
    return number if abs(number) <= _MAX_NUMBER else None  # NaN fails this too


def with_try(
    records: Records, lesson: str, exercise: str, *, passed: bool, now: datetime
) -> Records:
    """Return the records after one more try at an exercise; after the first pass none counts."""
    known = {(r.lesson, r.exercise): r for r in records.checks}
    key = lesson, short(exercise)
    before = known.get(key, CheckRecord(*key, tries=0))
    if before.passed_at is None:
        at = to_iso(now) if passed else None
        known[key] = replace(before, tries=before.tries + 1, passed_at=at)
    return replace(records, checks=tuple(known.values()))


def with_guess(records: Records, new: GuessRecord) -> Records:
    """Return the records with a guess; one that has met its result stays as it is.

    Whoever guesses again has seen the answer, so a later guess would say nothing.
    """
    new = replace(new, question=short(new.question))
    known = {(r.lesson, r.question): r for r in records.guesses}
    before = known.get((new.lesson, new.question))
    if before is None or before.measured is None:
        known[new.lesson, new.question] = new
    return replace(records, guesses=tuple(known.values()))


def to_iso(now: datetime) -> str:
    """Return a time in UTC, to the second."""
    return now.astimezone(UTC).isoformat(timespec="seconds")


def to_json(records: Records) -> str:
    """Return the records as text that `from_json` reads."""
    content = {
        _FORMAT: _VERSION,
        "name": records.name,
        "checks": [asdict(r) for r in records.checks],
        "predictions": [asdict(r) for r in records.guesses],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Records:
    """Return the records in a text.

    Parameters
    ----------
    text : str
        What `to_json` wrote; unknown keys are left out.

    Returns
    -------
    Records

    Raises
    ------
    ValueError
        With what is wrong, if it is something else.
    """
    try:
        return _records(json.loads(text, parse_constant=_no_constant))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _records(content: object) -> Records:
    if not isinstance(content, dict) or _FORMAT not in content:
        raise ValueError(f"it has no key '{_FORMAT}'")
    if content[_FORMAT] != _VERSION:
        raise ValueError(f"its layout is {short(content[_FORMAT])!r}, not {_VERSION}")
    checks = [_check_record(entry) for entry in _entries(content, "checks")]
    guesses = [_guess_record(entry) for entry in _entries(content, "predictions")]
    _refuse_twice((r.lesson, r.exercise) for r in checks)
    _refuse_twice((r.lesson, r.question) for r in guesses)
    return Records(tuple(checks), tuple(guesses), _text(content, "name", may_lack=True))


def _no_constant(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _entries(content: Mapping[str, Any], key: str) -> list[Any]:
    entries = content.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"'{key}' is no list of records")
    return entries


def _check_record(entry: Mapping[str, Any]) -> CheckRecord:
    tries = entry.get("tries")
    if type(tries) is not int or not 1 <= tries < 2**31:
        raise ValueError(f"'tries' is {short(tries)!r}, not a count")
    lesson, exercise = _text(entry, "lesson"), _text(entry, "exercise")
    return CheckRecord(lesson, exercise, tries, _time(entry, "passed_at", may_lack=True))


def _guess_record(entry: Mapping[str, Any]) -> GuessRecord:
    close = entry.get("close")
    if close is not None and type(close) is not bool:
        raise ValueError(f"'close' is {short(close)!r}, neither true nor false")
    guess, measured = _answer(entry, "guess"), _answer(entry, "measured", may_lack=True)
    low, high = _number(entry, "low"), _number(entry, "high")
    if (low is None) != (high is None) or (low is not None and not low < high):  # type: ignore[operator]
        raise ValueError(f"the range from {low} to {high} is none")
    if low is not None and (isinstance(guess, str) or not low <= guess <= high):
        raise ValueError(f"the guess {guess!r} is outside its range from {low} to {high}")
    return GuessRecord(
        lesson=_text(entry, "lesson"),
        question=_text(entry, "question"),
        guess=guess,
        at=_time(entry, "at"),
        measured=measured,
        close=close,
        low=low,
        high=high,
    )


def _text(entry: Mapping[str, Any], key: str, *, may_lack: bool = False) -> Any:
    value = entry.get(key)
    if value is None and may_lack:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise ValueError(f"'{key}' is {short(value)!r}, not a text of at most {_MAX_TEXT} signs")
    value.encode("utf-8")  # half a surrogate pair is text in JSON only; ValueError
    return value


def _time(entry: Mapping[str, Any], key: str, *, may_lack: bool = False) -> Any:
    value = _text(entry, key, may_lack=may_lack)
    if value is None:
        return None
    time = datetime.fromisoformat(value)  # its ValueError names the value
    if time.tzinfo is None or not 2000 <= time.year <= 2200:  # pandas ends in 2262
        raise ValueError(f"'{key}' is {value!r}, not a time of this century with its zone")
    return to_iso(time)


def _answer(entry: Mapping[str, Any], key: str, *, may_lack: bool = False) -> Any:
    if isinstance(entry.get(key), str):
        return _text(entry, key)
    value = _number(entry, key)
    if value is None and not may_lack:
        raise ValueError(f"'{key}' is missing")
    return value


def _number(entry: Mapping[str, Any], key: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if type(value) not in (int, float) or not abs(value) <= _MAX_NUMBER:  # NaN too
        raise ValueError(f"'{key}' is {short(value)!r}, not a number")
    return float(value)


def _refuse_twice(keys: Iterable[tuple[str, str]]) -> None:
    seen: set[tuple[str, str]] = set()
    for key in keys:
        if key in seen:
            raise ValueError(f"{key[1]!r} of {key[0]!r} stands there twice")
        seen.add(key)


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
