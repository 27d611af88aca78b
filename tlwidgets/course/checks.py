"""Checks: an exercise is answered in one sentence, by what is right or by what to try next."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import _check
from .notice import Message, show
from .progress import keep_try

# The solution notebooks are run with this set: there a check that does not pass is an error.
STRICT_VARIABLE = "TLWIDGETS_STRICT_CHECKS"
# nbgrader sets it, from 0.8 on, where it grades or validates; a cell gets its points without error.
GRADER_VARIABLE = "NBGRADER_EXECUTION"


class CheckFailedError(AssertionError):
    """A check did not pass while the notebook with the solutions was run, or graded."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must hold for an answer, and what to say where it does not: see `expect`."""

    holds: Callable[[Any], object]
    hint: str


def expect(holds: Callable[[Any], object], hint: str) -> Expectation:
    """Say what must hold for an answer, and how to help where it does not.

    Parameters
    ----------
    holds : callable
        Takes the answer and returns whether it is as it should be.
    hint : str
        A kind sentence that leads on; never the solution.

    Returns
    -------
    Expectation
    """
    if not callable(holds):
        raise TypeError(f"`holds` must be a function of the answer; got {holds!r}.")
    return Expectation(holds, _check.text("hint", hint, meaning="a sentence that helps"))


@dataclass(frozen=True, slots=True, repr=False)
class Verdict(Message):
    """What a check found: shown as a coloured line in the notebook.

    Parameters
    ----------
    exercise : str
        Which exercise.
    passed : bool
        Whether every expectation holds.
    message : str
        The first hint that applies, or the praise.
    """

    exercise: str
    passed: bool
    message: str

    def _parts(self) -> tuple[str, str, str]:
        return ("good" if self.passed else "not yet", f"{self.exercise}:", self.message)


def check(exercise: str, answer: Any, *expectations: Expectation, well_done: str) -> Verdict:
    """Tell me whether my answer is right, and what to try next if it is not.

    Parameters
    ----------
    exercise : str
        Which exercise, for instance "Exercise 1".
    answer : object
        The learner's answer; `...` means that it was not touched yet.
    *expectations : Expectation
        From the simplest to the subtlest. The first that does not hold gives the hint.
    well_done : str
        What there is to see now, when all hold.

    Returns
    -------
    Verdict
        In a notebook it has shown itself.

    Raises
    ------
    CheckFailedError
        Only where solutions are run (`TLWIDGETS_STRICT_CHECKS=1`) or nbgrader grades, if the
        answer is wrong.

    Examples
    --------
    >>> check("Exercise 1", 4, expect(lambda a: a % 2, "Try an odd number."), well_done="Odd!")
    → Exercise 1: Try an odd number.
    """
    if not expectations:
        raise ValueError("`expectations` must hold at least one `expect(...)`; got none.")
    for expectation in expectations:
        if not isinstance(expectation, Expectation):
            raise TypeError(f"`expectations` must be made with `expect(...)`; got {expectation!r}.")
    hint = _first_hint(answer, expectations)
    verdict = Verdict(exercise, hint is None, well_done if hint is None else hint)
    strict = is_strict()
    if answer is not ... and not strict:  # an untouched stub is no try
        keep_try(exercise, passed=verdict.passed)
    if not verdict.passed and strict:
        raise CheckFailedError(repr(verdict))
    return show(verdict)


def is_strict() -> bool:
    """Tell whether a wrong answer is an error: where solutions are run, or a grader grades."""
    chosen = os.environ.get(STRICT_VARIABLE)
    return chosen == "1" or (chosen is None and GRADER_VARIABLE in os.environ)


def _first_hint(answer: Any, expectations: tuple[Expectation, ...]) -> str | None:
    if answer is ...:
        return "Not answered yet: replace the three dots above, run that cell, then this one."
    for expectation in expectations:
        try:
            holds = bool(expectation.holds(answer))
        except Exception as error:  # noqa: BLE001 - a learner's answer may fail in any way
            return f"{expectation.hint} (Trying your answer raised {type(error).__name__}: {error})"
        if not holds:
            return expectation.hint
    return None
