"""One short message in a notebook: a coloured edge, a symbol, a sentence; never raw HTML."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape

import pandas as pd

from .. import _palette

# The text takes the theme's own colour; only the edge and the symbol are coloured.
_STYLE = (
    "border-left: 4px solid {colour}; padding: 4px 12px; margin: 4px 0; max-width: 60em; "
    "color: var(--jp-content-font-color1, inherit)"
)
COLOUR_OF = {"good": _palette.GOOD, "not yet": _palette.BAD, "neutral": _palette.NEUTRAL}
_SYMBOL_OF = {"good": "✓", "not yet": "→", "neutral": "•"}


def to_html(kind: str, title: str, sentence: str) -> str:
    """Return a message as HTML with everything that came from people escaped."""
    colour = COLOUR_OF[kind]
    return (
        f'<div role="status" style="{_STYLE.format(colour=colour)}">'
        f'<b style="color: {colour}" aria-hidden="true">{_SYMBOL_OF[kind]}</b> '
        f"<b>{escape(title)}</b> {escape(sentence)}</div>"
    )


def to_text(kind: str, title: str, sentence: str) -> str:
    """Return the same message for a terminal."""
    return f"{_SYMBOL_OF[kind]} {title} {sentence}"


def table_to_html(table: pd.DataFrame, *, is_html: bool = False) -> str:
    """Return a table whose texts are whole and stand to the left; JupyterLab sets them right."""
    with pd.option_context("display.max_colwidth", None):
        html = table.to_html(index=False, border=0, justify="left", escape=not is_html)
    return re.sub("<(td|th)>", r'<\1 style="padding: 2px 9px; text-align: left">', html)


class Message(ABC):
    """What is shown as one line in the notebook: kind, title and sentence."""

    __slots__ = ()

    @abstractmethod
    def _parts(self) -> tuple[str, str, str]:
        """Return kind, title and sentence."""

    def __repr__(self) -> str:
        return to_text(*self._parts())

    def _repr_html_(self) -> str:
        return to_html(*self._parts())


@dataclass(frozen=True, slots=True, repr=False)
class Notice(Message):
    """What was done."""

    title: str
    sentence: str

    def _parts(self) -> tuple[str, str, str]:
        return "neutral", self.title, self.sentence
