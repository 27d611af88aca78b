"""My way through the course: what I passed, how I guessed; on this machine only."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path

import pandas as pd

from .. import _check
from . import keeping
from ._message import Notice
from .lessons import label
from .records import CheckRecord, GuessRecord, Records, from_json, to_json

_CHECK_COLUMNS = ["lesson", "exercise", "passed_at", "tries"]
_GUESS_COLUMNS = ["lesson", "question", "guess", "measured", "low", "high", "close", "at"]
_EXPORT = "a file to write, for instance 'my_progress.json'"


@dataclass(frozen=True, slots=True)
class Progress:
    """What is kept of me, as it was when I asked.

    Parameters
    ----------
    records : Records
        One for each exercise and each question.
    file : Path or None
        Where they are kept; None where nothing is kept.
    """

    records: Records
    file: Path | None

    @property
    def checks(self) -> pd.DataFrame:
        """The exercises that I tried: lesson, exercise, passed_at (UTC; NaT: not yet), tries."""
        table = _table(self.records.checks, _CHECK_COLUMNS)
        return table.assign(passed_at=pd.to_datetime(table["passed_at"], utc=True))

    @property
    def predictions(self) -> pd.DataFrame:
        """My guesses.

        Columns lesson, question, guess and measured (number or text), low and high (NaN for
        choices), close (None: not measured yet), at (UTC).
        """
        table = _table(self.records.guesses, _GUESS_COLUMNS)
        ends = {end: pd.to_numeric(table[end]) for end in ("low", "high")}
        return table.assign(**ends, at=pd.to_datetime(table["at"], utc=True))

    def export(self, path: str | os.PathLike[str], name: str | None = None) -> Notice:
        """Write my progress to a file that I can give to my teacher.

        Parameters
        ----------
        path : str or path
            Where to write the JSON file. Only an older export is overwritten.
        name : str, optional
            What to call me. Without it the file holds no name.

        Returns
        -------
        Notice
            Says what the file holds. It stays on this machine until you hand it over.

        Raises
        ------
        TypeError, ValueError
            If `path` or `name` is none, or another file stands there.
        """
        target = _check_export_path(path)
        if name is not None:
            name = _check.text("name", name, meaning="what to call me")
            if len(name) > 100:
                raise ValueError(f"`name` must have at most 100 signs; got {len(name)}: {name!r}.")
        keeping.replace_file(target, to_json(replace(self.records, name=name)))
        who = f"the name {name!r}" if name else "no name"
        return Notice(
            f"Wrote {target}:",
            f"{_summary(self.records)}; lessons, exercises, questions, answers and times, {who}. "
            "No code, nothing else, and nothing was sent.",
        )

    def forget(self, *, confirm: bool = False) -> Notice:
        """Delete all that is kept of me.

        Parameters
        ----------
        confirm : bool
            True to really do it; it cannot be undone.

        Returns
        -------
        Notice

        Raises
        ------
        ValueError
            If it is not confirmed; nothing is deleted then.
        """
        if confirm is not True:
            raise ValueError(
                f"`confirm` must be True to delete {_summary(self.records)} for good; got "
                f"{confirm!r}. Write progress().forget(confirm=True)."
            )
        n_files = keeping.remove(self.file) if self.file else 0
        return Notice("Forgotten:", f"{n_files} {'file' if n_files == 1 else 'files'} deleted.")

    def _lines(self) -> list[str]:
        checks = Counter(r.lesson for r in self.records.checks if r.passed_at)
        guesses = Counter(r.lesson for r in self.records.guesses)
        close = Counter(r.lesson for r in self.records.guesses if r.close)
        tried = {r.lesson for r in self.records.checks}
        return [
            f"{label(lesson)}: {_count(checks[lesson], 'exercise')} passed, "
            f"{_count(guesses[lesson], 'guess')} ({close[lesson]} close)"
            for lesson in sorted({*tried, *guesses})
        ]

    def _where(self) -> str:
        if self.file is None:
            return f"Nothing is kept: {keeping.PROGRESS_VARIABLE} is {keeping.OFF!r}."
        if not self._lines():
            return f"Nothing is kept yet. Place: {_from_home(self.file)}, on this machine only."
        return f"Kept in {_from_home(self.file)}, on this machine only."

    def __repr__(self) -> str:
        return "\n".join([*self._lines(), self._where()])

    def _repr_html_(self) -> str:
        lines = "".join(f"<div>{escape(line)}</div>" for line in self._lines())
        return f'{lines}<div style="opacity: 0.75">{escape(self._where())}</div>'


def progress() -> Progress:
    """Show me what I have passed and how I have guessed.

    Returns
    -------
    Progress
        Read from the file of this machine: `TLWIDGETS_PROGRESS`, or the user's data folder.
    """
    path = keeping.progress_file()
    return Progress(Records() if path is None else keeping.read(path), path)


def merge_progress(paths: Iterable[str | os.PathLike[str]]) -> pd.DataFrame:
    """Put the exports of a class into one table.

    Parameters
    ----------
    paths : list of str or path
        Files that learners wrote with `progress().export(...)`.

    Returns
    -------
    pandas.DataFrame
        One row per file and lesson: learner (the name in the file, else the file's own), lesson,
        passed (exercises), tries, guesses, close, file. A file without records has one row with
        an empty lesson, so that nobody is lost.

    Raises
    ------
    TypeError, ValueError
        If a path is given twice, or a file cannot be read or is no such export; named.
    """
    if isinstance(paths, str | bytes | os.PathLike) or not isinstance(paths, Iterable):
        raise TypeError(f"`paths` must be a list of files; got {paths!r}. Write [{paths!r}].")
    files = [_check_path("paths", path, "exported files") for path in paths]
    twice = [str(file) for file, n in Counter(file.absolute() for file in files).items() if n > 1]
    if not files or twice:
        raise ValueError(
            f"`paths` must name at least one file, each once; got {', '.join(twice) or 'none'}"
            f"{' twice' if twice else ''}."
        )
    rows = [row for file in files for row in _rows_of(file)]
    columns = ["learner", "lesson", "passed", "tries", "guesses", "close", "file"]
    return pd.DataFrame(rows, columns=columns)


def _rows_of(file: Path) -> list[dict[str, object]]:
    records = _read_export(file)
    checks, guesses = records.checks, records.guesses
    found = sorted({r.lesson for r in checks} | {r.lesson for r in guesses})
    return [
        {
            "learner": records.name or file.stem,
            "lesson": lesson,
            "passed": sum(r.passed_at is not None for r in checks if r.lesson == lesson),
            "tries": sum(r.tries for r in checks if r.lesson == lesson),
            "guesses": sum(r.lesson == lesson for r in guesses),
            "close": sum(r.close is True for r in guesses if r.lesson == lesson),
            "file": str(file),
        }
        for lesson in found or [""]
    ]


def _read_export(file: Path) -> Records:
    try:
        return from_json(keeping.read_text(file))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"`paths`: {file} is no progress that tlwidgets exported ({reason}). Expected a file "
            "from progress().export(...); leave this one out."
        ) from None


def _table(records: tuple[CheckRecord | GuessRecord, ...], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame([asdict(r) for r in records], columns=columns, dtype=object)


def _from_home(file: Path) -> str:
    # The path often holds the learner's own name, and this line is in pictures and saved pages.
    try:
        return str(Path("~") / file.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # it is elsewhere, or there is no home
        return str(file)


def _count(n: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}"


def _summary(records: Records) -> str:
    passed = sum(r.passed_at is not None for r in records.checks)
    return f"{_count(passed, 'exercise')} passed and {_count(len(records.guesses), 'guess')}"


def _check_path(name: str, value: object, meaning: str) -> Path:
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise TypeError(f"`{name}` must be {meaning}; got {value!r}.")
    return Path(value)


def _check_export_path(value: object) -> Path:
    path = _check_path("path", value, _EXPORT)
    if not path.parent.is_dir():
        raise ValueError(f"`path` must be {_EXPORT}; the folder {path.parent} is not there.")
    if path.exists():
        try:
            from_json(keeping.read_text(path))
        except (OSError, ValueError):
            raise ValueError(
                f"`path` must be {_EXPORT}; {path} is there and is no export. Choose another name."
            ) from None
    return path
