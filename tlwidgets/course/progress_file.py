"""The file with a learner's progress, on this machine only: nothing is ever sent.

A record holds what a check or a prediction showed on screen, never code, data or a path. What
comes from a file is somebody's text: each value is checked before it is believed.

Each change reads the file, changes what was read and replaces the file in one step, under a
lock of the operating system, which a kernel that dies gives back. So two kernels lose nothing
of each other, and a reader sees a whole file. A file that cannot be understood is set aside
under another name. A folder that cannot be written costs the progress, never the lesson.
"""

from __future__ import annotations

import json
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import filelock
import platformdirs

from .._cache import whole_file

# A class can put the file elsewhere, and tests and learners can switch it off.
PROGRESS_VARIABLE = "TLWIDGETS_PROGRESS"
OFF = "off"
_FILE_NAME = "progress.json"
# A change takes a millisecond; whoever waits longer waits for a kernel that was halted.
_WAIT_SECONDS, _POLL_SECONDS = 3.0, 0.01

# The key that tells such a file from other JSON, and the version of its layout.
_FORMAT, _VERSION = "tlwidgets_progress", 1
_MAX_TEXT = 500
# A machine without a battery begins in 1970; pandas ends in 2262.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
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


Record = TypeVar("Record", CheckRecord, GuessRecord)


def short(text: object) -> str:
    """Return a text that a record may hold: not empty, not too long, and writable."""
    whole = str(text).encode("utf-8", "replace").decode("utf-8") or "(no name)"
    return whole if len(whole) <= _MAX_TEXT else whole[: _MAX_TEXT - 1] + "…"


def plain(value: object) -> Answer | None:
    """Return a text, shortened, or a number; None for NaN and what is too large to draw."""
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
    """Return a time in UTC, to the second; one that no clock should show is brought near."""
    return min(max(now, _EARLIEST), _LATEST).astimezone(UTC).isoformat(timespec="seconds")


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
    """Return the records in a text of `to_json`; ValueError with the reason if it is none.

    Unknown keys are left out.
    """
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(content, dict) or _FORMAT not in content:
        raise ValueError(f"it has no key '{_FORMAT}'")
    if content[_FORMAT] != _VERSION:
        raise ValueError(f"its layout is {short(content[_FORMAT])!r}, not {_VERSION}")
    checks = _entries(content, "checks", CheckRecord)
    guesses = _entries(content, "predictions", GuessRecord)
    _refuse_twice((r.lesson, r.exercise) for r in checks)
    _refuse_twice((r.lesson, r.question) for r in guesses)
    for record in guesses:
        _check_range(record)
    return Records(tuple(checks), tuple(guesses), _value(content, "name", may_lack=True))


def _no_constant(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _entries(content: Mapping[str, Any], key: str, kind: type[Record]) -> list[Record]:
    entries = content.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"'{key}' is no list of records")
    # What has a default may be missing.
    lacking = {field.name: field.default is None for field in fields(kind)}
    return [
        kind(**{name: _value(entry, name, may_lack=may) for name, may in lacking.items()})
        for entry in entries
    ]


def _value(entry: Mapping[str, Any], name: str, *, may_lack: bool) -> Any:
    value = entry.get(name)
    if value is None and may_lack:
        return None
    try:
        return _READ[name](value)
    except ValueError as error:
        raise ValueError(f"'{name}' is {short(value)!r}: {error}") from None


def _text(value: object) -> str:
    if not isinstance(value, str) or value != short(value):  # half a surrogate pair differs, too
        raise ValueError(f"expected a text of 1 to {_MAX_TEXT} signs")
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 1 <= value < 2**31:
        raise ValueError("expected a count")
    return value


def _time(value: object) -> str:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is None or not _EARLIEST <= time <= _LATEST:
        raise ValueError(f"expected a time from {_EARLIEST.year} to {_LATEST.year} with its zone")
    return to_iso(time)


def _number(value: object) -> float:
    if type(value) not in (int, float) or not abs(value) <= _MAX_NUMBER:  # type: ignore[arg-type]
        raise ValueError("expected a number")
    return float(value)  # type: ignore[arg-type]  # an int or a float, see above


def _answer(value: object) -> Answer:
    return _text(value) if isinstance(value, str) else _number(value)


def _truth(value: object) -> bool:
    if type(value) is not bool:
        raise ValueError("expected true or false")
    return value


_READ: dict[str, Callable[[object], Any]] = {
    "name": _text,
    "lesson": _text,
    "exercise": _text,
    "question": _text,
    "tries": _count,
    "passed_at": _time,
    "at": _time,
    "guess": _answer,
    "measured": _answer,
    "low": _number,
    "high": _number,
    "close": _truth,
}


def _check_range(record: GuessRecord) -> None:
    low, high, guess = record.low, record.high, record.guess
    if low is None and high is None:
        return
    if low is None or high is None or not low < high:
        raise ValueError(f"the range from {low} to {high} is none")
    if isinstance(guess, str) or not low <= guess <= high:
        raise ValueError(f"the guess {guess!r} is outside its range from {low} to {high}")


def _refuse_twice(keys: Iterable[tuple[str, str]]) -> None:
    for (lesson, name), n in Counter(keys).items():
        if n > 1:
            raise ValueError(f"{name!r} of {lesson!r} stands there twice")


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
    return Path(chosen).expanduser()


def change(path: Path, step: Callable[[Records], Records]) -> None:
    """Read the file, apply a step and replace the file; say once what prevents it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock(path):
            before = _read_or_set_aside(path)
            after = step(before)
            if after != before:
                replace_file(path, to_json(after), is_private=True)
    except filelock.Timeout:
        _say_not_kept(path, f"another notebook has held it for {_WAIT_SECONDS:.0f} seconds")
    except OSError as error:
        _say_not_kept(path, error.strerror or error)


def read(path: Path) -> Records:
    """Return what the file holds: nothing where there is none; a broken one is set aside."""
    try:
        return from_json(read_text(path))
    except FileNotFoundError:
        return Records()
    except OSError as error:
        _say_not_kept(path, error.strerror or error)
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


def replace_file(path: Path, text: str, *, is_private: bool = False) -> None:
    """Write a file so that it is whole or not there."""
    with whole_file(path, is_private=is_private) as file:
        file.write(text.encode())


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


def _lock(path: Path) -> AbstractContextManager[object]:
    lock = filelock.FileLock(_lock_file(path))
    return lock.acquire(timeout=_WAIT_SECONDS, poll_interval=_POLL_SECONDS)


def _say_not_kept(path: Path, reason: object) -> None:
    global _said_not_kept
    if _said_not_kept:
        return
    _said_not_kept = True
    warnings.warn(
        f"Your progress cannot be kept in {path} ({reason}); all else works. Set "
        f"{PROGRESS_VARIABLE} to a file that you may write, or to {OFF} to keep nothing.",
        ProgressWarning,
        stacklevel=3,
    )
