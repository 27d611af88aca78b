"""The front page of the book, and the glossary: pages in Markdown whose links lead to pages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .runs import ROOT

_BADGE = re.compile(r"\[!\[([^\]]*)\]\(https?://[^)]*\)\]\(([^)]*)\)")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)]+)\)")
# The course, not the library: the rest of the README speaks to people with an editor open.
_SECTIONS = ("Start", "Licences")
_REFERENCE = (
    "[The glossary](glossary.md) has the field's words. "
    "[The reference](api/index.rst) says of every public name what it takes and gives.\n"
)
_SHOWN_HERE = "A page of this book that shows them, or other people's data, says so at its end."


def front_page(pages: Mapping[str, str]) -> str:
    """Return the front page in Markdown; `pages` are those that there are, by lesson number."""
    pitch, *sections = re.split(r"^## ", (ROOT / "README.md").read_text("utf-8"), flags=re.M)
    kept = {title: text for text in sections if (title := text.split("\n")[0]) in _SECTIONS}
    index = (ROOT / "notebooks/README.md").read_text("utf-8")
    table = "\n".join(line for line in index.split("\n") if line.startswith("|"))
    parts = [
        _BADGE.sub(r"[\1](\2)", pitch).replace("](docs/", "]("),
        f"## Lessons\n\n{table}\n",
        *(f"## {'Run it yourself' if title == 'Start' else title}{text.removeprefix(title)}"
          for title, text in kept.items()),
        f"{_SHOWN_HERE}\n",
    ]  # fmt: skip
    text = _LINK.sub(lambda link: _to_page(link, set(pages.values())), "\n".join(parts))
    return "\n".join([text, f"## Words and names\n\n{_REFERENCE}", _contents(pages, table)])


def glossary_page(pages: Mapping[str, str]) -> str:
    """Return the glossary in Markdown; `pages` are those that there are, by lesson number."""
    text = (ROOT / "docs/glossary.md").read_text("utf-8")
    return _LINK.sub(lambda link: _to_page(link, set(pages.values())), text)


def _to_page(link: re.Match[str], pages: set[str]) -> str:
    """Lead to a page where there is one; a file of the repository is only named."""
    text, goal = link[1], link[2]
    if goal.startswith("http"):
        return link[0]
    name = goal.rsplit("/", 1)[-1].removesuffix(".ipynb")
    return f"[{text}]({name}.ipynb)" if name in pages else text


def _contents(pages: Mapping[str, str], table: str) -> str:
    titles = {goal.removesuffix(".ipynb"): text for text, goal in _LINK.findall(table)}
    lines = [f"{titles.get(name, name)} <{name}>" for name in pages.values()]
    lines += ["Glossary <glossary>", "API reference <api/index>"]
    return "```{toctree}\n:hidden:\n\n" + "\n".join(lines) + "\n```\n"
