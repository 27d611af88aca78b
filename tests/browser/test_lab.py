"""The helper sees each kind of error, so that the tests that find none mean something."""

import pytest
from playwright.sync_api import expect

IN_A_CELL = "1 / 0"
IN_AN_OUTPUT_WIDGET = """\
import ipywidgets
output = ipywidgets.Output()
with output:
    1 / 0
output"""
NO_MODEL = """\
from IPython.display import display
view = {"version_major": 2, "version_minor": 0, "model_id": "there is none"}
display({"application/vnd.jupyter.widget-view+json": view}, raw=True)"""
NO_VIEW = """\
import ipywidgets, traitlets
class Broken(ipywidgets.DOMWidget):
    _view_name = traitlets.Unicode("NoSuchView").tag(sync=True)
Broken()"""
# What TensorFlow's C++ code logs comes this way.
FROM_C = "import os; os.write(2, b'division by zero: ZeroDivisionError');"
AFTER_IT = "'this cell runs, or is skipped after an error'"
ON_THE_CONSOLE = """\
from IPython.display import HTML
HTML("<img src='/no-such-image.png' alt='none'>")"""


@pytest.mark.parametrize(
    "cell", [IN_A_CELL, IN_AN_OUTPUT_WIDGET, FROM_C], ids=["cell", "Output", "C"]
)
def test_an_error_is_found(cell, notebook, write_notebook):
    notebook.open(write_notebook("error.ipynb", cell, AFTER_IT))
    notebook.run_all()
    expect(notebook.outputs.get_by_text("division by zero").first).to_be_visible()
    assert any("ZeroDivisionError" in error for error in notebook.errors())


@pytest.mark.parametrize(
    ("cell", "shown"),
    [(NO_MODEL, "Error displaying widget"), (NO_VIEW, "Click to show javascript error")],
    ids=["model", "view"],
)
def test_a_widget_that_cannot_be_shown_is_found(cell, shown, notebook, write_notebook):
    notebook.open(write_notebook("view.ipynb", cell))
    notebook.run_all()
    expect(notebook.outputs.get_by_text(shown)).to_be_visible()
    assert any(shown in error for error in notebook.errors())


def test_an_error_on_the_console_is_found(notebook, write_notebook):
    notebook.open(write_notebook("console.ipynb", ON_THE_CONSOLE))
    with notebook.page.expect_console_message(lambda message: message.type == "error"):
        notebook.run_all()
    assert any("404" in error for error in notebook.console_errors)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_theme_can_be_chosen(theme, notebook, write_notebook):
    notebook.open(write_notebook("theme.ipynb", "1"))
    notebook.use_theme(theme)
    colour = "document.body.computedStyleMap().get('--jp-layout-color0').toString()"
    assert (notebook.page.evaluate(colour).strip() in {"white", "#fff"}) == (theme == "light")
