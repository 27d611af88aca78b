"""The four steps of docs/teaching.md add a lesson to a copy of the course, and take it away."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebooks.lessons import SOURCES

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


def the_rules_hold(course):
    rules = ("test_docs.py", "notebooks/test_lesson_style.py", "notebooks/test_notebook_build.py")
    result = run(course, "-m", "pytest", "-q", "-x", *(f"tests/{name}" for name in rules))
    return result.returncode == 0, result.stdout


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
    for folder in ("notebooks", "tests", "docs", "datasets", "benchmarks"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.npz")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for path in (*ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "LICENSE"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_four_steps_add_a_lesson_and_taking_it_away_leaves_nothing(course):
    before = texts_of(course)
    write_the_lesson(course)
    holds, said = the_rules_hold(course)
    assert not holds, "a lesson that is not built and not in the index must be noticed"
    assert f"wrote {NAME}.ipynb" in build(course)
    say_that_it_is_there(course)
    holds, said = the_rules_hold(course)
    assert holds, said
    for rule in (("-m", "keras", "tests/notebooks/test_exercise_checks.py", "-k", NAME),
                 ("--nbval-lax", "--nbval-current-env", f"notebooks/{NAME}.ipynb")):  # fmt: skip
        result = run(course, "-m", "pytest", "-q", *rule)
        assert result.returncode == 0, result.stdout

    (course / "notebooks" / "src" / f"{NAME}.py").unlink()
    wrong_answers(course).unlink()
    for page in ("README.md", "notebooks/README.md"):
        (course / page).write_bytes(before[Path(page)])
    assert f"removed {NAME}.ipynb" in build(course)
    holds, said = the_rules_hold(course)
    assert holds, said
    assert texts_of(course) == before
