"""Assignments for nbgrader: solutions get every point, an untouched notebook none."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from notebooks import assignment, build
from tests.notebooks.lessons import SOURCES

LESSON = """\
# %% [markdown]
# # 13 · Is it even?

# %%
from tlwidgets import check, expect

# %% tags=["exercise"]
even = 4  #: even = ...

# %% tags=["check"]
check("Exercise 1", even, expect(lambda a: a % 2 == 0, "Even."), well_done="Yes.")

# %% tags=["exercise"]
def double(x):
    return 2 * x  #: return ...

# %% tags=["check"]
check("Exercise 2", double(2), expect(lambda a: a == 4, "Twice as much."), well_done="Yes.")
"""


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_each_exercise_has_its_stub_and_each_check_its_point(source):
    text = source.read_text("utf-8")
    cells = assignment.assignment(text).cells
    graded = [cell for cell in cells if "nbgrader" in cell.metadata]
    names = [cell.metadata["nbgrader"]["grade_id"] for cell in graded]
    n_checks = sum(name.startswith("check") for name in names)
    assert len(set(names)) == len(names)
    assert names.index("check-1") > names.index("exercise-1")
    assert sum(cell.metadata["nbgrader"].get("points", 0) for cell in graded) == n_checks >= 1
    learner = build.build(text, "student").cells
    for cell, stub in zip(cells, learner, strict=True):
        if "stub" in cell.metadata:
            assert cell.metadata["stub"] == stub.source != cell.source


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Let nbgrader grade three learners: what each got, and what was handed out."""
    pytest.importorskip("nbgrader")
    folder = tmp_path_factory.mktemp("course")
    source = folder / "13_even.py"
    source.write_text(LESSON, "utf-8")
    assignment.write([source], folder)
    home = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{home}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("TLWIDGETS_STRICT_CHECKS", None)

    def nbgrader(*command):
        subprocess.run(
            [home / "nbgrader", *command],
            cwd=folder, env=environment, check=True, capture_output=True,
        )  # fmt: skip

    nbgrader("generate_assignment", "13_even", "--create")
    handed_out = folder / "release" / "13_even" / "13_even.ipynb"
    handed_in = {"untouched": handed_out, "solved": folder / "source" / "13_even" / "13_even.ipynb"}
    for learner in (*handed_in, "wrong"):
        place = folder / "submitted" / learner / "13_even"
        place.mkdir(parents=True)
        shutil.copy(handed_in.get(learner, handed_out), place)
    wrong = nbformat.read(place / "13_even.ipynb", 4)
    for cell in wrong.cells:
        cell.source = cell.source.replace("...", "3")
    nbformat.write(wrong, place / "13_even.ipynb")
    nbgrader("autograde", "13_even", "--create")
    nbgrader("export")
    with (folder / "grades.csv").open(newline="") as file:
        grades = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return grades, nbformat.read(handed_out, 4)


def test_solutions_get_every_point_and_nobody_else_gets_one(graded):
    grades, _ = graded
    assert grades == {"solved": 2, "untouched": 0, "wrong": 0}


def test_what_is_handed_out_has_our_own_stubs_and_no_solution(graded):
    _, handed_out = graded
    stubs = [c.source for c in handed_out.cells if c.metadata.get("nbgrader", {}).get("solution")]
    assert stubs == ["even = ...", "def double(x):\n    return ..."]
    assert not any("stub" in cell.metadata for cell in handed_out.cells)


def test_an_unknown_lesson_is_named(capsys):
    with pytest.raises(SystemExit):
        assignment.main(["--lessons", "77"])
    assert "no lesson 77; there are 00, 01" in capsys.readouterr().err
