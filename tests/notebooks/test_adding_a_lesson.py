"""The four steps of docs/teaching.md add a lesson to a copy of the course, and take it away."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.lessons import SOURCES
from tests.notebooks.running import run as run_notebook
from tests.notebooks.running import unseen

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "docs" / "new_lesson"
NUMBER = f"{int(SOURCES[-1].stem[:2]) + 1:02d}"
NAME = f"{NUMBER}_new_lesson"
ROW = f"| [{NUMBER} Labels](FOLDER{NAME}.ipynb) | How many labels are enough? |"

pytestmark = pytest.mark.keras


def run(course, *command):
    return subprocess.run(
        [sys.executable, *command], cwd=course, capture_output=True, text=True, check=False
    )


INDEX = "tests/test_docs.py"
FRESH = "tests/notebooks/test_notebook_build.py::test_the_committed_notebooks_are_fresh"
RULES = (INDEX, "tests/notebooks/test_lesson_style.py", "tests/notebooks/test_notebook_build.py")
# Its checks tell right from wrong.
RUNS = (
    "tests/notebooks/test_exercise_checks.py::"
    f"test_a_lesson_runs_and_its_checks_accept_the_solution_and_nothing_else[{NAME}]"
)


def ask(course, *rules):
    """Watch over a course by some of its rules: what pytest says, all in one process."""
    return run(course, "-m", "pytest", "-q", *rules)


def build(course):
    result = run(course, "notebooks/build.py")
    assert result.returncode == 0, result.stderr
    return result.stdout


def texts_of(course):
    found = (path for path in course.rglob("*") if path.is_file() and "cache" not in str(path))
    return {path.relative_to(course): path.read_bytes() for path in found}


def write_the_lesson(course):
    source = (TEMPLATE / "lesson.py").read_text("utf-8").replace("NN", NUMBER)
    (course / "notebooks" / "src" / f"{NAME}.py").write_text(source, "utf-8")


def say_that_it_is_there(course):
    shutil.copy(TEMPLATE / "wrong_answers.py", wrong_answers(course))
    for page, folder, end in (("notebooks/README.md", "", " 10 | 00 |"),
                              ("README.md", "notebooks/", "")):  # fmt: skip
        path = course / page
        lines = path.read_text("utf-8").splitlines()
        last = max(i for i, line in enumerate(lines) if re.match(r"\| \[\d\d ", line))
        lines.insert(last + 1, ROW.replace("FOLDER", folder) + end)
        path.write_text("\n".join(lines) + "\n", "utf-8")


def wrong_answers(course):
    return course / "tests" / "notebooks" / "wrong_answers" / f"{NAME}.py"


@pytest.fixture
def course(tmp_path):
    """A copy of what a teacher edits, and of the rules that watch over it."""
    for folder in ("notebooks", "tests", "docs", "datasets", "benchmarks", "hub"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.npz")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    files = ("pyproject.toml", "Makefile", "LICENSE", "CITATION.cff")
    for path in (*ROOT.glob("*.md"), *map(ROOT.joinpath, files)):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_four_steps_add_a_lesson_and_taking_it_away_leaves_nothing(course):
    before = texts_of(course)
    write_the_lesson(course)
    said = ask(course, INDEX, FRESH).stdout
    for missed in (f"minutes[{NAME}]", "test_the_readme_links_every_lesson", FRESH):
        assert re.search(rf"^FAILED .*{re.escape(missed)}", said, re.M), said
    assert f"wrote {NAME}.ipynb" in build(course)
    say_that_it_is_there(course)
    result = ask(course, *RULES, RUNS)
    assert result.returncode == 0, result.stdout
    student = nbformat.read(course / "notebooks" / f"{NAME}.ipynb", as_version=4)
    run_notebook(student, course / "notebooks", TLWIDGETS_STRICT_CLAIMS="1")
    assert not unseen(student), "it runs as a learner gets it, and shows what it says"

    (course / "notebooks" / "src" / f"{NAME}.py").unlink()
    wrong_answers(course).unlink()
    for page in ("README.md", "notebooks/README.md"):
        (course / page).write_bytes(before[Path(page)])
    assert f"removed {NAME}.ipynb" in build(course)
    assert texts_of(course) == before, "and the rules hold as before"
