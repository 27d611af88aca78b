"""A model card as Markdown and as HTML; what people wrote into it stays text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# What Markdown reads inside of a line, and at its start.
_INSIDE = re.compile(r"([\\`*_\[\]|~$])")
_AT_START = re.compile(r"^([#+=-]|\d+(?=[.)](?:\s|$)))")
_BOX = (
    "max-width: 60em; padding: 2px 18px 10px; border: 1px solid var(--jp-border-color2, #ccc); "
    "border-radius: 6px; line-height: 1.5; color: var(--jp-content-font-color1, inherit)"
)
_HEADING = "margin: 14px 0 2px; font-size: 1em; font-weight: 600"
_SHORT = 24  # letters
_CELL = (
    "text-align: left; padding: 3px 18px 3px 0; vertical-align: top; "
    "border-bottom: 1px solid var(--jp-border-color2, #ccc)"
)


def markdown_line(text: str) -> str:
    """Return one line of Markdown that shows this text and nothing else."""
    line = _INSIDE.sub(r"\\\1", escape(" ".join(text.split()), quote=False))
    return _AT_START.sub(lambda found: _not_a_list(found[0]), line)


def _not_a_list(start: str) -> str:
    # "1." begins a list, and so does "-": digits cannot be escaped, the dot after them can.
    return f"{start}\\" if start.isdigit() else f"\\{start}"


def markdown_section(content: str | tuple[str, ...] | pd.DataFrame) -> str:
    """Return paragraphs, a list or a table."""
    if isinstance(content, str):
        return "\n\n".join(markdown_line(part) for part in _paragraphs(content))
    if isinstance(content, tuple):
        return "\n".join(f"- {markdown_line(item)}" for item in content)
    rows = [list(content.columns), ["---"] * len(content.columns), *_cells(content)]
    lines = [[cell if cell == "---" else markdown_line(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def to_html(name: str, sections: Sequence[tuple[str, Any]]) -> str:
    """Return the whole card; JupyterLab would take dollars for mathematics without the classes."""
    parts = [f'<h3 style="margin: 10px 0 4px">Model card: {escape(name)}</h3>']
    for title, content in sections:
        parts += [f'<h4 style="{_HEADING}">{escape(title)}</h4>', _html_section(content)]
    return (
        f'<section class="tlwidgets-card tex2jax_ignore mathjax_ignore" style="{_BOX}" '
        f'aria-label="Model card of {escape(name)}">{"".join(parts)}</section>'
    )


def _html_section(content: str | tuple[str, ...] | pd.DataFrame) -> str:
    if isinstance(content, str):
        return "".join(f'<p style="margin: 2px 0">{escape(p)}</p>' for p in _paragraphs(content))
    if isinstance(content, tuple):
        items = "".join(f"<li>{escape(item)}</li>" for item in content)
        return f'<ul style="margin: 2px 0; padding-left: 1.4em">{items}</ul>'
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(c)}</th>' for c in content.columns)
    rows = [
        "".join(f'<td style="{_CELL}{_unbroken(cell)}">{escape(cell)}</td>' for cell in row)
        for row in _cells(content)
    ]
    body = "".join(f'<tr style="background: none">{row}</tr>' for row in rows)
    return (
        '<div style="overflow-x: auto"><table style="border-collapse: collapse; margin: 0">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _unbroken(cell: str) -> str:
    """Return a style that keeps a short cell, such as "86.2% ± 1.2%", in one line."""
    return "; white-space: nowrap" if len(cell) <= _SHORT else ""


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _cells(table: pd.DataFrame) -> list[list[str]]:
    return [
        [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row]
        for row in table.itertuples(index=False, name=None)
    ]
