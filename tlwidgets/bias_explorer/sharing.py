"""A choice as a short text, as in a link, and back again."""

from __future__ import annotations

from dataclasses import fields
from urllib.parse import parse_qsl, urlencode

from . import errors
from .state import Choice, State

# Of the fields of a choice, in one or two letters: the text should be short.
_LETTERS = {
    "mechanism": "m",
    "kind": "k",
    "covariate": "c",
    "strength": "s",
    "n": "n",
    "repair": "r",
    "region": "b",
    "seed": "seed",
}
_NAMES = {letter: name for name, letter in _LETTERS.items()}


def to_url_state(state: State) -> str:
    """Return the choice of a state as the part of a link that comes after `#`.

    Only what is not the default is in it. The data are not: who opens the link needs the same
    population.

    Examples
    --------
    >>> choice = Choice(strength=0.9, seed=3)
    >>> encoded(choice)
    's=0.9&seed=3'
    """
    return encoded(state.choice)


def encoded(choice: Choice) -> str:
    """Return a choice as text; `from_url_state` reads it."""
    parts = {}
    for field in fields(Choice):
        value = getattr(choice, field.name)
        if value != field.default:
            is_box = field.name == "region"
            text = ",".join(map(repr, map(float, value))) if is_box else str(value)
            parts[_LETTERS[field.name]] = text
    return urlencode(parts)


def from_url_state(text: str) -> Choice:
    """Return the choice that a text of `to_url_state` holds.

    Parameters
    ----------
    text : str
        A leading `#` or `?` does not matter.

    Raises
    ------
    ValueError
        If it is no such text. Whether the choice fits a population is not checked here.

    Examples
    --------
    >>> from_url_state("s=0.9&seed=3").strength
    0.9
    """
    try:
        pairs = parse_qsl(
            text.lstrip("#?"), keep_blank_values=True, strict_parsing=bool(text.strip("#?"))
        )
        found = {_NAMES[letter]: value for letter, value in pairs}
        return Choice(**{name: _read(name, value) for name, value in found.items()})  # type: ignore[arg-type]
    except (ValueError, KeyError) as error:
        raise errors.no_state(text) from error


def _read(name: str, text: str) -> object:
    if name == "region":
        left, bottom, right, top = map(float, text.split(","))
        return left, bottom, right, top
    if name in ("n", "seed"):
        return int(text)
    return float(text) if name == "strength" else text
