"""My way through the course: what I passed, how I guessed; on this machine only.

Which lesson this kernel runs is told by Jupyter Server, which gives each kernel the path of its
notebook in the environment, or by VS Code, which sets a variable in the notebook. Only the file's
name is used. Without either (scripts, tests, nbconvert), in a notebook with solutions and
where solutions are run, nothing is kept.

How good guesses are: each is scaled to the range that its question left, 0 its low end and 1 the
high one, so that percents, seconds and images can stand in one picture.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import _check
from .._notebook import notebook_shell
from . import progress_file
from .lessons import label, read_lessons, shipped_lessons
from .notice import Notice
from .progress_file import (
    Answer,
    CheckRecord,
    GuessRecord,
    Records,
    from_json,
    plain,
    short,
    to_iso,
    to_json,
    with_guess,
    with_try,
)

_CHECK_COLUMNS = ["lesson", "exercise", "passed_at", "tries"]
_GUESS_COLUMNS = ["lesson", "question", "guess", "measured", "low", "high", "close", "at"]
_COUNTED = ("passed", "tries", "guesses", "close")
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
        """
        target = _check_export_path(path)
        if name is not None:
            name = _check.text("name", name, meaning="what to call me")
            if len(name) > 100:
                raise ValueError(f"`name` must have at most 100 signs; got {len(name)}: {name!r}.")
        progress_file.replace_file(target, to_json(replace(self.records, name=name)))
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
        """
        if confirm is not True:
            raise ValueError(
                f"`confirm` must be True to delete {_summary(self.records)} for good; got "
                f"{confirm!r}. Write progress().forget(confirm=True)."
            )
        n_files = progress_file.remove(self.file) if self.file else 0
        return Notice("Forgotten:", f"{n_files} {'file' if n_files == 1 else 'files'} deleted.")

    def _lines(self) -> list[str]:
        return [
            f"{label(lesson)}: {_count(n['passed'], 'exercise')} passed, "
            f"{_count(n['guesses'], 'guess')} ({n['close']} close)"
            for lesson, n in _by_lesson(self.records).items()
        ]

    def _where(self) -> str:
        if self.file is None:
            return f"Nothing is kept: {progress_file.PROGRESS_VARIABLE} is {progress_file.OFF!r}."
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
    path = progress_file.progress_file()
    return Progress(Records() if path is None else progress_file.read(path), path)


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
        passed and exercises (how many there are; missing for a lesson that is none of the
        course), tries, guesses, close, file. A file without records has one row with an empty
        lesson, so that nobody is lost.
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
    table = pd.DataFrame(rows, columns=["learner", "lesson", *_COUNTED, "file"])
    table.insert(3, "exercises", table["lesson"].map(_totals()).astype("Int64"))
    return table


def _totals() -> dict[str, int]:
    """Return how many exercises each lesson of the course has, by the name of its file."""
    lessons = read_lessons(shipped_lessons())
    names = lessons["file"].str.removesuffix(".ipynb")
    return dict(zip(names, lessons["exercises"], strict=True))


def write_grades(
    table: pd.DataFrame, path: str | os.PathLike[str], *, system: str = "Moodle"
) -> pd.DataFrame:
    """Write a class's progress as a file that the gradebook of Moodle or Canvas imports.

    Parameters
    ----------
    table : DataFrame
        From `merge_progress`. Each learner needs the name that the gradebook knows: in Moodle the
        e-mail address, in Canvas the login; `progress().export(file, name="ada@uni.example")`.
    path : str or path
        The file to write, .csv.
    system : "Moodle" or "Canvas"

    Returns
    -------
    pandas.DataFrame
        What was written: one row per learner, one column per lesson with the exercises passed.
        For Canvas the first row holds the points possible.

    Raises
    ------
    TypeError, ValueError
        If the table is none of `merge_progress`, or a learner is in it twice.

    Notes
    -----
    In Moodle: Grades, Import, CSV file; map "Email address" to the user's, and each lesson to a
    new grade item. In Canvas: Grades, Import; a lesson that is not there yet becomes an
    assignment. A lesson that somebody has not begun stays empty, which changes no grade.
    """
    _check.one_of("system", system, _GRADEBOOKS, kind="gradebook")
    if not isinstance(table, pd.DataFrame) or not {"learner", "exercises", "file"} <= {*table}:
        raise TypeError(f"`table` must come from merge_progress(); got {table!r}.")
    files = table.groupby("learner")["file"].nunique()
    if (files > 1).any():
        twice = ", ".join(files.index[files > 1])
        raise ValueError(
            f"`table` must hold each learner once; got two files of {twice}. Leave one out."
        )
    of_course = table[table["exercises"].notna()]
    passed = of_course.pivot_table(index="learner", columns="lesson", values="passed")
    passed = passed.reindex(table["learner"].unique()).astype("Int64")
    most = of_course.groupby("lesson")["exercises"].first()
    named = {lesson: label(str(lesson)) for lesson in passed}
    made = _GRADEBOOKS[system](passed.rename(columns=named), most.rename(named))
    made.to_csv(
        _check_path("path", path, "a file to write, for instance 'grades.csv'"), index=False
    )
    return made


def _for_moodle(passed: pd.DataFrame, _most: pd.Series[Any]) -> pd.DataFrame:
    return passed.rename_axis(index="Email address", columns=None).reset_index()


def _for_canvas(passed: pd.DataFrame, most: pd.Series[Any]) -> pd.DataFrame:
    # Canvas knows a learner by one of these, and wants all the columns; empty ones do no harm.
    rows = passed.rename_axis(index="SIS Login ID", columns=None).reset_index()
    whole = pd.DataFrame([{"Student": "Points Possible", **most}])
    made = pd.concat([whole, rows], ignore_index=True)
    return made.reindex(
        columns=["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *passed.columns]
    )


_GRADEBOOKS = {"Moodle": _for_moodle, "Canvas": _for_canvas}


def _rows_of(file: Path) -> list[dict[str, object]]:
    records = _read_export(file)
    learner = records.name or file.stem
    found = _by_lesson(records) or {"": Counter()}
    return [
        {"learner": learner, "lesson": lesson, **{k: n[k] for k in _COUNTED}, "file": str(file)}
        for lesson, n in found.items()
    ]


def _by_lesson(records: Records) -> dict[str, Counter[str]]:
    """Return how much of each kind of `_COUNTED` there is in each lesson."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for check in records.checks:
        found[check.lesson].update(passed=int(check.passed_at is not None), tries=check.tries)
    for guess in records.guesses:
        found[guess.lesson].update(guesses=1, close=int(guess.close is True))
    return dict(sorted(found.items()))


def _read_export(file: Path) -> Records:
    try:
        return from_json(progress_file.read_text(file))
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
            from_json(progress_file.read_text(path))
        except (OSError, ValueError):
            raise ValueError(
                f"`path` must be {_EXPORT}; {path} is there and is no export. Choose another name."
            ) from None
    return path


# What `Prediction` calls close where its question says nothing else, as a part of the range.
CLOSE = 1 / 20
# Of fewer guesses no lean can be told from luck.
LEAST = 5
# Two-sided: five of five, six of six, seven of eight on one side.
_LUCK = 0.1


def scaled_guesses(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return guess, measured (both 0 to 1, or at the end of the range) and close, as columns.

    Questions with choices are left out, and guesses whose result is not known yet.
    """
    known = predictions[predictions["low"].notna() & predictions["close"].notna()]
    low = known["low"].to_numpy(float)
    width = known["high"].to_numpy(float) - low
    columns = {
        name: np.clip((pd.to_numeric(known[name], errors="coerce") - low) / width, 0, 1)
        for name in ("guess", "measured")
    }
    return pd.DataFrame({**columns, "close": known["close"].astype(bool)}).dropna()


def describe_calibration(scaled: pd.DataFrame) -> str:
    """Return what the guesses, from `scaled_guesses`, say about the one who guesses.

    Examples
    --------
    >>> guesses = pd.DataFrame({"guess": 0.8, "measured": [0.5] * 6, "close": False})
    >>> describe_calibration(guesses)
    'You guess too high: 6 of 6, in the middle by 30 % of the range. Close: 0 of 6.'
    """
    from scipy.stats import binomtest

    n, n_close = len(scaled), int(scaled["close"].sum())
    if n < LEAST:
        left = LEAST - n
        return f"{left} more {'guess' if left == 1 else 'guesses'}, and you can read how you guess."
    error = (scaled["guess"] - scaled["measured"]).to_numpy()
    n_high, n_low = int((error > 0).sum()), int((error < 0).sum())
    end = f" Close: {n_close} of {n}."
    # How often a fair coin would split at least as unevenly.
    if n_high == n_low or binomtest(n_high, n_high + n_low).pvalue > _LUCK:
        return f"You lean to neither side: {n_high} too high, {n_low} too low.{end}"
    side, most = ("high", n_high) if n_high > n_low else ("low", n_low)
    middle = 100 * abs(float(np.median(error)))
    lean = f"You guess too {side}: {most} of {n}, in the middle by {middle:.0f} % of the range."
    return lean + end


_SERVER_VARIABLE = "JPY_SESSION_NAME"
_VS_CODE_NAME = "__vsc_ipynb_file__"
# "RTC:" and the like name a drive of JupyterLab; "-Copy1" is what it calls a duplicate.
_NOTEBOOK = re.compile(r"([^/\\:]+?)(-Copy\d+)?\.ipynb$")
_SOLUTIONS = re.compile(r"(^|[/\\:])solutions[/\\][^/\\]+$")

_is_paused: ContextVar[bool] = ContextVar("is_paused", default=False)


def lesson_of(path: object) -> str | None:
    """Return the name of a lesson from the path of its notebook, None where it is none.

    Examples
    --------
    >>> lesson_of("/home/me/notebooks/02_feature_extraction.ipynb")
    '02_feature_extraction'
    >>> lesson_of("console-1") is None
    True
    """
    if not isinstance(path, str) or _SOLUTIONS.search(path):
        return None
    found = _NOTEBOOK.search(path)
    return short(found[1]) if found else None


def this_lesson() -> str | None:
    """Return the name of the lesson that this kernel runs, or None."""
    if _is_paused.get():
        return None
    # A script that a notebook starts inherits its environment, but is no notebook.
    shell = notebook_shell()
    if shell is None:
        return None
    return lesson_of(shell.user_ns.get(_VS_CODE_NAME) or os.environ.get(_SERVER_VARIABLE))


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Keep nothing of what is done inside: the self-test is no learner."""
    token = _is_paused.set(True)
    try:
        yield
    finally:
        _is_paused.reset(token)


def keep_try(exercise: str, *, passed: bool) -> None:
    """Keep one try at an exercise of this lesson."""
    lesson, path = this_lesson(), progress_file.progress_file()
    if lesson and path:
        now = datetime.now(UTC)
        progress_file.change(path, lambda r: with_try(r, lesson, exercise, passed=passed, now=now))


def keep_guess(
    question: str,
    guess: Answer,
    *,
    span: tuple[float, float] | None,
    measured: Any = None,
    close: bool | None = None,
) -> None:
    """Keep a guess of this lesson, with what was measured once that is known."""
    lesson, path = this_lesson(), progress_file.progress_file()
    answer, result = plain(guess), None if measured is None else plain(measured)
    if not lesson or not path or answer is None or (close is not None and result is None):
        return
    low, high = span or (None, None)
    at = to_iso(datetime.now(UTC))
    record = GuessRecord(lesson, question, answer, at, result, close, low, high)
    progress_file.change(path, lambda records: with_guess(records, record))
