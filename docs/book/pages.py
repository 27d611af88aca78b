"""From a lesson that has run to the notebook that Sphinx makes a page of.

The reader sees the student's notebook with the outputs of one run. Each exercise is followed by
its solution, what that gives and what the check says of it, in closed folds.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import nbformat

from .credits import credits_for
from .runs import WIDGET_STATE
from .stills import Stills, UnknownWidgetError

PICTURES = "pictures"
_VIEW = "application/vnd.jupyter.widget-view+json"
_BADGE = re.compile(r"\[!\[([^\]]*)\]\(https?://[^)]*\)\]\(([^)]*)\)")
_LESSON = re.compile(r"(?<![\[\w])([Ll]esson (\d\d))\b|(?<=needs )((\d\d))\b")
_LESSON_ANCHOR = re.compile(r'<a href="(\d\d_\w+)\.ipynb">(.*?)</a>')
_STILL_CURVES = "tlw-still"  # the class of that picture
_STILL = "A still picture of the widget: it moves when you run the lesson."
_SOLUTION = {"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
_VERDICT = {"code_prompt_show": "Show the check and what it says", "code_prompt_hide": "Hide it"}
_CODE = {"code_prompt_show": "Show the code", "code_prompt_hide": "Hide the code"}


class PageMaker:
    """Turns notebooks into pages.

    Parameters
    ----------
    folder : Path
        Where the pictures are put, in a folder of their own.
    pages : dict
        The names of the pages that there will be, by the number of the lesson.
    """

    def __init__(self, folder: Path, pages: Mapping[str, str]) -> None:
        self._folder, self._pages = folder / PICTURES, pages
        self._folder.mkdir(parents=True, exist_ok=True)

    def make(self, student: Any, ran: Any, name: str) -> Any:
        """Return the page of a lesson.

        Parameters
        ----------
        student : NotebookNode
            What the learner starts from, without outputs.
        ran : NotebookNode
            The notebook with the solutions and all outputs, with as many cells.
        name : str
            Of the page.

        Returns
        -------
        NotebookNode
        """
        models = ran.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
        self._stills = Stills(models, self._inner_html, self._image_in_widget)
        cells = []
        for cell, with_outputs in zip(student.cells, ran.cells, strict=True):
            if cell.cell_type == "markdown":
                cells.append(nbformat.v4.new_markdown_cell(self._prose(cell.source, name)))
            else:
                cells += self._code(cell, with_outputs)
        cells.append(nbformat.v4.new_markdown_cell(credits_for(ran)))
        page = nbformat.v4.new_notebook(cells=cells)
        page.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        page.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
        return page

    def _prose(self, text: str, name: str) -> str:
        text = _BADGE.sub(r"[\1](\2)", text)
        lines = text.split("\n")
        return "\n".join(x if x.startswith("#") else self._linked(x, name) for x in lines)

    def _linked(self, line: str, name: str) -> str:
        def link(match: re.Match[str]) -> str:
            page = self._pages.get(match[2] or match[4])
            return match[0] if page in (None, name) else f"[{match[0]}]({page}.ipynb)"

        return _LESSON.sub(link, line)

    def _code(self, cell: Any, ran: Any) -> list[Any]:
        tags = cell.metadata.get("tags", [])
        if "install" in tags:  # for a notebook that is opened elsewhere; a page is read
            return []
        outputs = [self._shown(output) for output in _without_doubles(ran.outputs)]
        if "exercise" in tags:
            task = nbformat.v4.new_code_cell(cell.source)
            return [task, _folded(ran.source, outputs, "hide-cell", _SOLUTION)]
        if "check" in tags:
            return [_folded(cell.source, outputs, "hide-cell", _VERDICT)]
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            return [_folded(cell.source, outputs, "hide-input", _CODE)]
        return [nbformat.v4.new_code_cell(cell.source, outputs=outputs)]

    def _shown(self, output: Any) -> Any:
        if "data" not in output:
            return output
        html = self._html(output)
        data = {"text/plain": output.data["text/plain"]} if html is None else {"text/html": html}
        return nbformat.v4.new_output("display_data", data)

    def _html(self, output: Any) -> str | None:
        """Return an output as HTML, or None for plain text."""
        data, text = output["data"], output["data"].get("text/plain", "")
        about = output.get("metadata", {}).get("image/png", {})
        if _VIEW in data:
            return self._widget(data, text)
        if "image/png" in data:
            return self.picture(data["image/png"], about.get("alt") or text, about.get("width"))
        html = data.get("text/html")
        return None if html is None else _LESSON_ANCHOR.sub(self._page_anchor, html)

    def _page_anchor(self, link: re.Match[str]) -> str:
        """Lead from a table of lessons to their pages."""
        is_there = link[1] in self._pages.values()
        return f'<a href="{link[1]}.html">{link[2]}</a>' if is_there else link[2]

    def _widget(self, data: Mapping[str, Any], text: str) -> str:
        try:
            still = self._stills.draw(data[_VIEW]["model_id"])
        except UnknownWidgetError:
            if "image/png" not in data:  # the picture that it shows where there is no kernel
                raise
            return self.picture(data["image/png"], text) + _note(text)
        return f'<div class="still">{still}</div>' + _note(text if "still-view" in still else "")

    def _inner_html(self, output: Mapping[str, Any]) -> str:
        """Return what stands inside of an Output widget."""
        if "data" not in output:
            return f"<pre>{escape(output.get('text', ''))}</pre>"
        return self._html(output) or f"<pre>{escape(output['data']['text/plain'])}</pre>"

    def _image_in_widget(self, png: str, width: Any) -> str:
        return self.picture(png, "What the widget shows for these choices", width)

    def picture(self, png: str, alt: str, width: Any = None) -> str:
        """Put a picture beside the pages and return the element that shows it."""
        content = base64.b64decode(png)
        file = f"{hashlib.sha256(content).hexdigest()[:16]}.png"
        (self._folder / file).write_bytes(content)
        size = f' width="{int(float(width))}"' if width else ""
        return f'<img src="{PICTURES}/{file}" alt="{escape(alt)}"{size} loading="lazy">'


def _without_doubles(outputs: list[Any]) -> list[Any]:
    """Leave out the picture that replaces live curves without a kernel; keep what it says."""
    kept: list[Any] = []
    for output in outputs:
        data = output.get("data", {})
        if kept and _STILL_CURVES in data.get("text/html", "") and _VIEW in kept[-1].data:
            kept[-1].data["text/plain"] = data["text/plain"]
        else:
            kept.append(output)
    return kept


def _folded(source: str, outputs: list[Any], tag: str, prompts: dict[str, str]) -> Any:
    metadata = {"tags": [tag], "mystnb": prompts}
    return nbformat.v4.new_code_cell(source, outputs=outputs, metadata=metadata)


def _note(says: str) -> str:
    says = f"{says.rstrip('.')}. " if says else ""
    return f'<p class="still-note">{escape(says + _STILL)}</p>'
