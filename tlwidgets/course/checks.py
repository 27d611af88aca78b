"""Checks and claims: what is right or what to try next, and whether a sentence holds here.

A check answers an exercise in one sentence. A claim is a sentence of the lesson with a number in
it, asserted where it is said.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import _check
from .notice import Message
from .progress import keep_try

# The solution notebooks are run with this set: there a check that does not pass is an error.
STRICT_VARIABLE = "TLWIDGETS_STRICT_CHECKS"


class CheckFailedError(AssertionError):
    """A check did not pass while the notebook with the solutions was run."""


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

    Raises
    ------
    CheckFailedError
        Only where solutions are run (`TLWIDGETS_STRICT_CHECKS=1`), if the answer is wrong.

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
    strict = os.environ.get(STRICT_VARIABLE) == "1"
    if answer is not ... and not strict:  # an untouched stub is no try
        keep_try(exercise, passed=verdict.passed)
    if not verdict.passed and strict:
        raise CheckFailedError(repr(verdict))
    return verdict


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


class ClaimFailedError(AssertionError):
    """What the lesson says did not hold in this run."""


@dataclass(frozen=True, slots=True, repr=False)
class Claim(Message):
    """A sentence that held when the cell was run.

    Parameters
    ----------
    sentence : str
        What is claimed.
    measured : float
        What this run gave.
    bounds : str
        What was asked of it.
    """

    sentence: str
    measured: float
    bounds: str

    def _parts(self) -> tuple[str, str, str]:
        return "good", "Holds here:", f"{self.sentence} ({_short(self.measured)}; {self.bounds})"


def claim(
    sentence: str, measured: float, *, at_least: float | None = None, at_most: float | None = None
) -> Claim:
    """Assert a sentence of the lesson on the numbers of this run.

    Parameters
    ----------
    sentence : str
        What is claimed, in words.
    measured : float
        The number that this run gave; NaN never passes.
    at_least, at_most : float, optional
        The bounds, with a margin that holds over other seeds; one of them at least.

    Returns
    -------
    Claim

    Raises
    ------
    ClaimFailedError
        If the number is outside the bounds.

    Examples
    --------
    >>> claim("ImageNet beats raw pixels", 0.12, at_least=0.05)
    ✓ Holds here: ImageNet beats raw pixels (0.120; at least 0.050)
    """
    _check.text("sentence", sentence, meaning="what is claimed, in words")
    if at_least is None and at_most is None:
        raise ValueError(
            "`at_least` or `at_most` must be given; a claim without a bound says nothing."
        )
    try:
        measured = float(measured)
    except (TypeError, ValueError):
        raise TypeError(f"`measured` must be a number; got {measured!r}.") from None
    limits = {"at least": at_least, "at most": at_most}
    bounds = " and ".join(f"{word} {_short(x)}" for word, x in limits.items() if x is not None)
    low = -float("inf") if at_least is None else at_least
    high = float("inf") if at_most is None else at_most
    if not low <= measured <= high:
        raise ClaimFailedError(f"{sentence}: expected {bounds}, measured {_short(measured)}.")
    return Claim(sentence, measured, bounds)


def _short(x: float) -> str:
    if 0 < abs(x) < 0.001:
        return f"{x:.1e}"
    return f"{x:.3f}" if abs(x) < 10 else f"{x:,.0f}"
