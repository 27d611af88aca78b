"""One short message in a notebook: a coloured edge, a symbol, a sentence; never raw HTML."""

from __future__ import annotations

import re
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, TypeVar

import pandas as pd

from .. import _palette
from .._notebook import notebook_shell, running_cell

# The text takes the theme's own colour; only the edge and the symbol are coloured.
_STYLE = (
    "border-left: 4px solid {colour}; padding: 4px 12px; margin: 4px 0; max-width: 60em; "
    "color: var(--jp-content-font-color1, inherit)"
)
COLOUR_OF = {"good": _palette.GOOD, "not yet": _palette.BAD, "neutral": _palette.NEUTRAL}
# No space inside of the marks, so that a product stays a product.
_INLINE = tuple(
    (re.compile(rf"{mark}(?!\s)([^*`]+?)(?<!\s){mark}"), tag)
    for mark, tag in (("`", "code"), (r"\*\*", "strong"), (r"\*", "em"))
)
_SYMBOL_OF = {"good": "✓", "not yet": "→", "neutral": "•"}


def ink(colour: str) -> str:
    """Return a colour for text: drawn to the theme's own, to be read on white and black."""
    return f"color-mix(in srgb, {colour} 65%, var(--jp-content-font-color1, {colour}))"


def prose(text: str) -> str:
    """Return a line of Markdown as HTML: `code`, *emphasis* and **strong**; all else is escaped.

    Examples
    --------
    >>> prose("`fit` takes *all* of 3 * 4 * 5 cells, <b>")
    '<code>fit</code> takes <em>all</em> of 3 * 4 * 5 cells, &lt;b&gt;'
    """
    html = escape(text)
    for mark, tag in _INLINE:
        html = mark.sub(rf"<{tag}>\1</{tag}>", html)
    return html


def to_html(kind: str, title: str, sentence: str) -> str:
    """Return a message as HTML with everything that came from people escaped."""
    colour = COLOUR_OF[kind]
    return (
        f'<div role="status" style="{_STYLE.format(colour=colour)}">'
        f'<b style="color: {ink(colour)}" aria-hidden="true">{_SYMBOL_OF[kind]}</b> '
        f"<b>{prose(title)}</b> {prose(sentence)}</div>"
    )


def to_text(kind: str, title: str, sentence: str) -> str:
    """Return the same message for a terminal."""
    return f"{_SYMBOL_OF[kind]} {title} {sentence}"


def table_to_html(table: pd.DataFrame, *, is_html: bool = False) -> str:
    """Return a table whose texts are whole and stand to the left; JupyterLab sets them right."""
    with pd.option_context("display.max_colwidth", None):
        html = table.to_html(index=False, border=0, justify="left", escape=not is_html)
    return re.sub("<(td|th)>", r'<\1 style="padding: 2px 9px; text-align: left">', html)


def publish(html: str, text: str, *, display_id: bool = False) -> Any:
    """Put an output below the running cell; returns the handle that can change it."""
    from IPython.display import display

    bundle = {"text/html": html, "text/plain": text}
    return display(bundle, raw=True, display_id=display_id or None)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True, repr=False)
class Message(ABC):
    """What is shown as one line in the notebook: kind, title and sentence."""

    # The cell that has shown it: there, the last expression is not shown again.
    shown_in: int | None = field(default=None, kw_only=True, compare=False)

    @abstractmethod
    def _parts(self) -> tuple[str, str, str]:
        """Return kind, title and sentence."""

    def __repr__(self) -> str:
        return to_text(*self._parts())

    def _repr_html_(self) -> str:
        return to_html(*self._parts())

    def _ipython_display_(self) -> None:
        if notebook_shell() is None:
            sys.stdout.write(f"{self!r}\n")
        elif self.shown_in != running_cell():
            publish(self._repr_html_(), repr(self))


AMessage = TypeVar("AMessage", bound=Message)


def show(message: AMessage) -> AMessage:
    """Show a message in the running cell, wherever in it the call stands; a script has its text."""
    cell = running_cell()
    if cell is None:
        return message
    publish(message._repr_html_(), repr(message))
    return replace(message, shown_in=cell)


@dataclass(frozen=True, slots=True, repr=False)
class Notice(Message):
    """What was done."""

    title: str
    sentence: str

    def _parts(self) -> tuple[str, str, str]:
        return "neutral", self.title, self.sentence
