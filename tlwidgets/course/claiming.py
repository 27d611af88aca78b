"""Claims: a sentence of the lesson with a number in it, asserted where it is said."""

from __future__ import annotations

from dataclasses import dataclass

from .. import _check
from ._message import to_html, to_text


class ClaimFailedError(AssertionError):
    """What the lesson says did not hold in this run."""


@dataclass(frozen=True, slots=True)
class Claim:
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

    def __repr__(self) -> str:
        return to_text(*self._parts())

    def _repr_html_(self) -> str:
        return to_html(*self._parts())


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
    TypeError, ValueError
        If `measured` is no number, or no bound is given, so that the claim could not fail.
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
