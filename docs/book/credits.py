"""Whose data a page shows, and under which licence: read off the cards of the data sets."""

from __future__ import annotations

import re
from typing import Any

from .runs import ROOT

_OURS = "BSD-3-Clause"
# The explorer loads a population by its name; solar cells are what it starts with.
_OTHER_SIGNS = {"fetch_solar_cells": r"BiasExplorer\(\)|[\"']solar cells[\"']"}
_NON_COMMERCIAL = (
    "```{admonition} For non-commercial use only\n:class: important\n"
    "This page shows photographs of solar cells, made smaller, and pictures computed from them. "
    "They are under [CC BY-NC-SA 4.0](https://creativecommons.org/licenses/by-nc-sa/4.0/), and so "
    "is whatever of this page shows them.\n```\n\n"
)


def credits_for(notebook: Any) -> str:
    """Return the section that ends a page: the data sets in it and their licences.

    Parameters
    ----------
    notebook : NotebookNode

    Returns
    -------
    str
        Markdown; empty where a page uses no data of others.
    """
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    lines, notice = [], ""
    for path in sorted((ROOT / "datasets").glob("*/card.md")):
        card = path.read_text("utf-8")
        licence = _row(card, "licence")
        loader = re.search(r"^from tlwidgets import .*?(\w+)$", card, re.M)
        if loader is None or licence == _OURS or not _uses(code, loader[1]):
            continue
        notice = _NON_COMMERCIAL if "NC" in licence else notice
        title = card.splitlines()[0].removeprefix("# ")
        lines.append(f"- **{title}** ({licence}). {_row(card, 'source')}. {_about(card)}")
    return f"## Data on this page\n\n{notice}" + "\n".join(lines) if lines else ""


def _uses(code: str, loader: str) -> bool:
    return bool(re.search(_OTHER_SIGNS.get(loader, "$^") + rf"|\b{loader}\(", code))


def _row(card: str, name: str) -> str:
    found = re.search(rf"^\| {name} \| (.+) \|$", card, re.M)
    return found[1] if found else ""


def _about(card: str) -> str:
    """Return the card's section on the licence in one line, links as their texts."""
    section = re.search(r"^## Licence\n(.+?)(?=^## |\Z)", card, re.M | re.S)
    text = " ".join(section[1].split()) if section else ""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
