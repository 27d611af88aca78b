"""Each lesson opens in JupyterLab; those with a view of ours run, and show no error.

The others run without a browser (tests/notebooks/test_student_notebooks.py).
"""

import pytest

from tests.notebooks.lessons import SOURCES, has_live_view

BADGE = "https://mybinder.org/badge_logo.svg"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_lesson_shows_no_error_and_needs_no_network(path, notebook):
    notebook.open(f"{path.stem}.ipynb")
    if has_live_view(path):
        notebook.run_all()
    assert notebook.errors() == []
    assert notebook.console_errors == []
    assert set(notebook.foreign_requests) <= {BADGE}
