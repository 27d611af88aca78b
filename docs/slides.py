"""Slides of a lesson: `make slides LESSONS="02"`, from the source, with the pictures of a run.

A section begins a slide with its question and the guess; each picture or table has one of its own,
and what is claimed of it comes with the next key. Explanations are the speaker's notes (press S);
setup, exercises and code stay in the notebook.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from docs.book.runs import ROOT, LessonFailedError, find_lessons, run_lessons

# A widget needs a kernel or a network; its picture and its text are in the notebook.
PICTURES_FIRST = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]
_SECTION = re.compile(r"^#{1,2} ", re.M)
_FIRST_SECTION = re.compile(r"^## 1\. ", re.M)
_LEFT_OUT = re.compile(r"^(\*\*Exercise|## (Exercises|Play|Setup))", re.M)
_GUESS = re.compile(r"^\w+ = Prediction\(", re.M)
_UNSEEN = {"parameters", "exercise", "solution", "check"}


def mark_slides(notebook: Any) -> Any:
    """Write into each cell what it is on a slide, as `nbconvert --to slides` reads it.

    Parameters
    ----------
    notebook : NotebookNode
        Run, because what has a picture is seen from the outputs.

    Returns
    -------
    NotebookNode
        The same one.
    """
    has_begun = False
    for cell in notebook.cells:
        has_begun = has_begun or bool(_FIRST_SECTION.search(cell.source))
        kind = _text_kind(cell) if cell.cell_type == "markdown" else _code_kind(cell, has_begun)
        cell.metadata["slideshow"] = {"slide_type": kind}
    return notebook


def _text_kind(cell: Any) -> str:
    if _LEFT_OUT.match(cell.source):
        return "skip"
    return "slide" if _SECTION.search(cell.source) else "notes"


def _code_kind(cell: Any, has_begun: bool) -> str:
    tags = {*cell.metadata.get("tags", [])}
    if tags & _UNSEEN or not has_begun:
        return "skip"
    if "claim" in tags or _GUESS.search(cell.source):
        return "fragment"
    shown = [output.get("data", {}) for output in cell.get("outputs", [])]
    return "subslide" if any({"image/png", "text/html"} & {*data} for data in shown) else "skip"


def to_slides(notebook: Any, name: str) -> str:
    """Return marked slides as one HTML page; reveal.js comes from the network."""
    from nbconvert import SlidesExporter
    from traitlets.config import Config

    chosen = Config()
    chosen.NbConvertBase.display_data_priority = PICTURES_FIRST
    chosen.TemplateExporter.exclude_input = True
    chosen.TemplateExporter.exclude_output_prompt = True
    title = {"metadata": {"name": name}}
    page: str = SlidesExporter(config=chosen).from_notebook_node(mark_slides(notebook), title)[0]
    return page


def main(arguments: list[str] | None = None) -> int:
    """Run the lessons that have changed, and write their slides."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", nargs="*", default=[], help="numbers; none means all")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "slides")
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "book-runs")
    chosen = parser.parse_args(arguments)
    try:
        runs = run_lessons(find_lessons(ROOT / "notebooks", chosen.lessons), chosen.kept)
    except (LessonFailedError, ValueError) as error:
        sys.stderr.write(f"No slides: {error}\n")
        return 1
    chosen.out.mkdir(parents=True, exist_ok=True)
    for lesson, notebook in runs.items():
        path = chosen.out / f"{lesson.name}.slides.html"
        path.write_text(to_slides(notebook, lesson.name), "utf-8")
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
