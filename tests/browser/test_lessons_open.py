"""Each lesson opens in JupyterLab; for each view of ours one runs, and shows no error.

All of them run in a kernel alone, too (tests/notebooks/test_exercise_checks.py).
"""

import pytest

from notebooks import build
from tests.notebooks.lessons import IN_BROWSER, SOURCES, views_in

BADGES = {badge for badge, _ in build.BADGES.values()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_lesson_shows_no_error_and_needs_no_network(path, notebook):
    notebook.open(f"{path.stem}.ipynb")
    if path.stem in IN_BROWSER:
        notebook.run_all()
    assert notebook.errors() == []
    assert notebook.console_errors == []
    assert set(notebook.foreign_requests) <= BADGES


def test_every_view_that_a_lesson_shows_is_seen_here():
    shown = {view for path in SOURCES if path.stem in IN_BROWSER for view in views_in(path)}
    assert shown == {view for path in SOURCES for view in views_in(path)}
