"""Which lesson this kernel runs, and what of it is kept.

Jupyter Server gives each kernel the path of its notebook in the environment; VS Code sets a
variable in the notebook. Only the file's name is used. Without either (scripts, tests, nbval,
nbconvert), in a notebook with solutions and where solutions are run, nothing is kept.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from . import keeping
from .records import Answer, GuessRecord, plain, short, to_iso, with_guess, with_try

_SERVER_VARIABLE = "JPY_SESSION_NAME"
_VS_CODE_NAME = "__vsc_ipynb_file__"
# "RTC:" and the like name a drive of JupyterLab; "-Copy1" is what it calls a duplicate.
_NOTEBOOK = re.compile(r"([^/\\:]+?)(-Copy\d+)?\.ipynb$")
_SOLUTIONS = re.compile(r"(^|[/\\:])solutions[/\\][^/\\]+$")

_is_paused: ContextVar[bool] = ContextVar("is_paused", default=False)


def lesson_of(path: object) -> str | None:
    """Return the name of a lesson from the path of its notebook, None where it is none.

    Parameters
    ----------
    path : object
        What a front end says; anything but the path of a notebook gives None.

    Returns
    -------
    str or None

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
    ipython = sys.modules.get("IPython")  # a kernel has it loaded; a script needs none
    shell = ipython.get_ipython() if ipython else None
    # A script that a notebook starts inherits its environment, but is no notebook.
    if shell is None or not hasattr(shell, "kernel"):
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
    lesson, path = this_lesson(), keeping.progress_file()
    if lesson and path:
        now = datetime.now(UTC)
        keeping.change(path, lambda r: with_try(r, lesson, exercise, passed=passed, now=now))


def keep_guess(
    question: str,
    guess: Answer,
    *,
    span: tuple[float, float] | None,
    measured: Any = None,
    close: bool | None = None,
) -> None:
    """Keep a guess of this lesson, with what was measured once that is known."""
    lesson, path = this_lesson(), keeping.progress_file()
    answer, result = plain(guess), None if measured is None else plain(measured)
    if not lesson or not path or answer is None or (close is not None and result is None):
        return
    low, high = span or (None, None)
    at = to_iso(datetime.now(UTC))
    record = GuessRecord(lesson, question, answer, at, result, close, low, high)
    keeping.change(path, lambda records: with_guess(records, record))
