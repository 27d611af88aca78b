"""What is known of a learner's way through the course, as plain records and as JSON.

A record holds what a check or a prediction showed on screen, never code, data or a path. What
comes from a file is somebody's text: each value is checked before it is believed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

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
