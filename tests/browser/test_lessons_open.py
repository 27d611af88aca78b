"""Each lesson opens in JupyterLab, runs from top to bottom and shows no error."""

from pathlib import Path

import pytest

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
BADGE = "https://mybinder.org/badge_logo.svg"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_without_errors_and_without_the_network(path, notebook):
    notebook.open(path.name)
    notebook.run_all()
    assert notebook.errors() == []
    assert notebook.console_errors == []
    assert set(notebook.foreign_requests) <= {BADGE}
