"""Every check accepts the solution, and rejects the untouched stub and wrong answers.

A lesson runs once up to each exercise; then its exercise cell is replaced and only the check
runs again. The figures' backend is the quiet one.
"""

import os
import re
from pathlib import Path

import pytest

from notebooks import build
from tests.notebooks.lessons import NAMES, SOURCES, cells_in

os.environ.setdefault("MPLBACKEND", "agg")
WRONG = Path(__file__).parent / "wrong_answers"
MIN_WRONG = 3

pytestmark = pytest.mark.keras


def wrong_answers(path):
    """The wrong answers of a lesson, as pairs of exercise number and code."""
    parts = re.split(r"^# %% Exercise (\d+)\n", (WRONG / path.name).read_text("utf-8"), flags=re.M)
    return [(int(n), code) for n, code in zip(parts[1::2], parts[2::2], strict=True)]


def run(code, namespace):
    """Run a cell as a notebook does and return the value of its last line."""
    lines = code.rstrip().splitlines()
    start = max(i for i, line in enumerate(lines) if line[:1] not in (" ", ")", "]", "}", ""))
    exec("\n".join(lines[:start]), namespace)
    return eval("\n".join(lines[start:]), namespace)


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_checks_accept_the_solution_and_reject_everything_else(path, monkeypatch):
    monkeypatch.delenv("TLWIDGETS_STRICT_CHECKS", raising=False)
    monkeypatch.chdir(path.parents[1])  # a notebook runs in its own folder
    source = path.read_text("utf-8")
    solution = build.build(source, "solution").cells
    student = build.build(source, "student").cells
    tags = [cell.tags for cell in cells_in(source)]
    wrong, namespace, number = wrong_answers(path), {"__name__": "lesson"}, 0
    for i, cell in enumerate(solution):
        if cell.cell_type == "code" and "check" not in tags[i]:
            exec(cell.source, namespace)
        if "exercise" not in tags[i]:
            continue
        number += 1
        assert "check" in tags[i + 1], "a check follows its exercise at once"
        check = solution[i + 1].source
        tries = [code for n, code in wrong if n == number]
        assert len(tries) >= MIN_WRONG
        for code in [student[i].source, *tries]:
            exec(code, namespace)
            assert not run(check, namespace).passed, f"accepted as exercise {number}:\n{code}"
        exec(cell.source, namespace)
        verdict = run(check, namespace)
        assert verdict.passed, verdict
