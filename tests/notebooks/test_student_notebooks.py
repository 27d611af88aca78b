"""The student's notebook of each lesson runs as it comes, and shows what it says.

For each view of ours one runs in a browser instead (tests/browser/test_lessons_open.py).
"""

import nbformat
import pytest

from tests.notebooks.lessons import IN_BROWSER, SOURCES
from tests.notebooks.running import run, unseen

pytestmark = pytest.mark.keras
PLAIN = [path for path in SOURCES if path.stem not in IN_BROWSER]


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
def test_a_lesson_runs_as_it_comes(path):
    folder = path.parents[1]
    notebook = nbformat.read(folder / f"{path.stem}.ipynb", as_version=4)
    run(notebook, folder, TLWIDGETS_STRICT_CLAIMS="1")
    assert not unseen(notebook), "a learner sees every claim, and an answer to every guess"
