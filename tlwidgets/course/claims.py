"""Claims: a sentence of the lesson with a number in it, asserted and shown where it is said.

All claims of a cell stand in one table. Where a learner has changed a number of the lesson, a claim
may not hold: it then shows what was measured, and the lesson goes on.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from html import escape
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from .. import _check, _palette
from .._notebook import running_cell
from .checks import STRICT_VARIABLE
from .notice import Message, ink, publish, table_to_html

# The student's notebooks are tested with this set: their claims must hold, their stubs need not.
STRICT_CLAIMS_VARIABLE = "TLWIDGETS_STRICT_CLAIMS"

_IF_NOT = (
    "The sentences were written for the numbers as they came with the lesson. With the numbers of "
    "this run, what is marked does not hold: that is a result, too."
)


class ClaimFailedError(AssertionError):
    """What the lesson says did not hold in this run."""


@dataclass(frozen=True, slots=True, repr=False)
class Claim(Message):
    """A sentence, and what this run gave.

    Parameters
    ----------
    sentence : str
        What is claimed.
    measured : float
        What this run gave.
    bounds : str
        What was asked of it.
    holds : bool
        Whether it is inside the bounds.
    shown : str
        The measured number as it is shown.
    control : str, optional
        What the arm gave that lacks only the cause.
    """

    sentence: str
    measured: float
    bounds: str
    holds: bool = True
    shown: str = ""
    control: str = ""

    def _parts(self) -> tuple[str, str, str]:
        control = f"; control {self.control}" if self.control else ""
        numbers = f"({self.shown}; {self.bounds}{control})"
        if self.holds:
            return "good", "Holds here:", f"{self.sentence} {numbers}"
        return "not yet", "Does not hold here:", f"{self.sentence} {numbers}"


def claim(
    sentence: str,
    measured: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    control: float | None = None,
) -> Claim:
    """Assert a sentence of the lesson on the numbers of this run, and show it.

    Parameters
    ----------
    sentence : str
        What is claimed, in words.
    measured : float
        The number that this run gave; NaN never holds.
    at_least, at_most : float, optional
        The bounds, with a margin that holds over other seeds; one of them at least.
    control : float, optional
        The same number without the one thing that the sentence names as the cause.

    Returns
    -------
    Claim
        In a notebook it stands in the table of its cell.

    Raises
    ------
    ClaimFailedError
        If the number is outside the bounds, in a script or where lessons are tested
        (`TLWIDGETS_STRICT_CLAIMS=1`). A learner's notebook goes on and shows the number.

    Examples
    --------
    >>> claim("ImageNet beats raw pixels", 0.12, at_least=0.05)
    ✓ Holds here: ImageNet beats raw pixels (0.120; at least 0.050)
    >>> claim("Accuracy with bends", 0.85, at_least=0.8, control=0.70)
    ✓ Holds here: Accuracy with bends (0.850; at least 0.800; control 0.700)
    """
    _check.text("sentence", sentence, meaning="what is claimed, in words")
    if at_least is None and at_most is None:
        raise ValueError(
            "`at_least` or `at_most` must be given; a claim without a bound says nothing."
        )
    made = _make(sentence, measured, at_least, at_most, control)
    cell = running_cell()
    if not made.holds and (cell is None or _is_strict()):
        raise ClaimFailedError(f"{sentence}: expected {made.bounds}, measured {made.shown}.")
    if cell is not None:
        _table.add(made, cell)
    return made


def _make(
    sentence: str,
    measured: float,
    at_least: float | None,
    at_most: float | None,
    control: float | None,
) -> Claim:
    number = _number("measured", measured)
    limits = {"at least": at_least, "at most": at_most}
    bounds = " and ".join(
        f"{word} {_short(x, like=measured)}" for word, x in limits.items() if x is not None
    )
    low = -math.inf if at_least is None else at_least
    high = math.inf if at_most is None else at_most
    if control is not None:
        _number("control", control)
    return Claim(
        sentence,
        number,
        bounds,
        holds=low <= number <= high,
        shown=_short(measured, like=measured),
        control="" if control is None else _short(control, like=measured),
        shown_in=running_cell(),
    )


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be a number; got {value!r}.") from None


def _short(x: float, *, like: object) -> str:
    """Return a number as it is shown; counts, and the bounds of counts, have no decimals."""
    is_count = isinstance(like, Integral | np.bool_)
    x = float(x)
    if is_count and x.is_integer():
        return f"{x:,.0f}"
    if 0 < abs(x) < 0.001:
        return f"{x:.1e}"
    return f"{x:.3f}" if abs(x) < 10 else f"{x:,.0f}"


def _is_strict() -> bool:
    return any(os.environ.get(v) == "1" for v in (STRICT_VARIABLE, STRICT_CLAIMS_VARIABLE))


class _ClaimTable:
    """The claims of the cell that runs: one table, which grows."""

    def __init__(self) -> None:
        self._cell: int | None = None
        self._claims: list[Claim] = []
        self._handle: Any = None

    def add(self, claim: Claim, cell: int) -> None:
        """Show one more claim."""
        if cell != self._cell:
            self._cell, self._claims, self._handle = cell, [], None
        self._claims.append(claim)
        html, text = claims_to_html(self._claims), "\n".join(map(repr, self._claims))
        if self._handle is None:
            self._handle = publish(html, text, display_id=True)
        else:
            self._handle.update({"text/html": html, "text/plain": text}, raw=True)


_table = _ClaimTable()


def claims_to_html(claims: list[Claim]) -> str:
    """Return claims as one table: whether each holds, its sentence, its numbers."""
    rows = pd.DataFrame(
        {
            "": [_mark(c) for c in claims],
            "claim": [escape(c.sentence) for c in claims],
            "measured": [c.shown for c in claims],
            "control": [c.control for c in claims],
            "asked": [c.bounds for c in claims],
        }
    )
    if not any(c.control for c in claims):
        rows = rows.drop(columns="control")
    note = "" if all(c.holds for c in claims) else f"<div>{_IF_NOT}</div>"
    return f'<div class="tlw-claims" role="status">{table_to_html(rows, is_html=True)}{note}</div>'


def _mark(claim: Claim) -> str:
    colour, symbol, word = (
        (_palette.GOOD, "✓", "holds") if claim.holds else (_palette.BAD, "✗", "does not hold")
    )
    return f'<b style="color: {ink(colour)}" role="img" aria-label="{word}">{symbol}</b>'
