"""Slides: question, guess, picture, claim; and pictures where a widget would be dead."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from ipywidgets import Widget

from docs.book.runs import WIDGET_STATE
from docs.slides import PICTURES_FIRST, mark_slides, to_slides
from notebooks import build
from tests.notebooks.lessons import SOURCES
from tlwidgets import BiasExplorer, Prediction

TEACHING = Path(__file__).parents[2] / "docs" / "teaching.md"
PNG = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}
CELLS = [
    ("markdown", "# 02 · Can it?", {}, "slide"),
    ("code", "budget()", {"data": {"text/html": "<b>1 GB</b>"}}, "skip"),
    ("markdown", "## 1. Transfer", {}, "slide"),
    ("code", "# folded\nguess = Prediction('How many?')\nguess", {}, "fragment"),
    ("code", "x = load()", {}, "skip"),
    ("markdown", "Read it from the left.", {}, "notes"),
    ("code", "plot(x)", {"data": PNG}, "subslide"),
    ("code", "pd.DataFrame(x)", {"data": {"text/html": "<table></table>"}}, "subslide"),
    ("code", "claim('It helps', 1)", {"tags": ["claim"], "data": PNG}, "fragment"),
    ("markdown", "## Exercises\n\n**Exercise 1.** How many?", {}, "skip"),
    ("code", "answer = 4", {"tags": ["solution"], "data": PNG}, "skip"),
    ("code", "check('Exercise 1')", {"tags": ["check"], "data": PNG}, "skip"),
    ("markdown", "**Exercise 2.** And now?", {}, "skip"),
    ("markdown", "## You can now\n\n- measure", {}, "slide"),
]


def cell_of(kind, source, tags=(), data=None):
    if kind == "markdown":
        return nbformat.v4.new_markdown_cell(source)
    outputs = [nbformat.v4.new_output("display_data", data)] if data else []
    return nbformat.v4.new_code_cell(source, outputs=outputs, metadata={"tags": [*tags]})


def test_each_cell_is_on_the_slide_where_it_belongs():
    cells = [cell_of(kind, source, **more) for kind, source, more, _ in CELLS]
    marked = mark_slides(nbformat.v4.new_notebook(cells=cells))
    found = [cell.metadata["slideshow"]["slide_type"] for cell in marked.cells]
    assert found == [expected for *_, expected in CELLS]
    page = to_slides(marked, "02_lesson")
    assert "<title>02_lesson slides</title>" in page
    assert page.count("data:image/png;base64,iVBORw0KGgo=") == 2
    assert "load()" not in page and "Exercise" not in page
    assert re.search(r'<aside class="notes">.*?Read it from the left', page, re.S)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_each_part_of_a_lesson_begins_a_slide_and_shows_its_claims(source):
    marked = mark_slides(build.build(source.read_text("utf-8"), "solution"))
    kind_of = {cell.id: cell.metadata["slideshow"]["slide_type"] for cell in marked.cells}
    parts = [cell for cell in marked.cells if re.search(r"^## \d\.", cell.source, re.M)]
    claims = [cell for cell in marked.cells if "claim" in cell.metadata.get("tags", [])]
    assert len(parts) >= 2 and {kind_of[cell.id] for cell in parts} == {"slide"}
    assert claims and {kind_of[cell.id] for cell in claims} == {"fragment"}


@pytest.mark.parametrize("priority", [PICTURES_FIRST, None])
def test_the_documented_line_shows_pictures_instead_of_dead_widgets(priority):
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    documented = re.search(r"display_data_priority='(.*?)'", TEACHING.read_text("utf-8"))
    assert json.loads(documented[1]) == PICTURES_FIRST
    x = np.random.default_rng(0).normal(size=(60, 2))
    widgets = [BiasExplorer(x, x[:, 0] > 0), Prediction("How many?", low=0, high=9)]
    bundles = [widget._repr_mimebundle_() for widget in widgets]
    bundles = [bundle[0] if isinstance(bundle, tuple) else bundle for bundle in bundles]
    assert all("application/vnd.jupyter.widget-view+json" in bundle for bundle in bundles)
    cells = [cell_of("code", "", data=bundle) for bundle in bundles]
    config = Config()
    if priority:
        config.NbConvertBase.display_data_priority = priority
    state = {WIDGET_STATE: Widget.get_manager_state()}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"widgets": state})
    page = HTMLExporter(config=config).from_notebook_node(notebook)[0]
    page = re.sub(
        r'<script type="application/vnd.jupyter.widget-state.*?</script>', "", page, flags=re.S
    )
    shown = [bool(re.search(r"<img[^>]* src=.data:image/png", page)), "How many?" in page]
    assert shown == [bool(priority)] * 2
