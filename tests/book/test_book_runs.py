"""Lessons are run for the book, once; a lesson that fails gives no book."""

import subprocess
import sys

import nbformat
import pytest

from docs.book import runs

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# Each run of the lesson adds a line to a file beside it.
COUNTING = "with open('runs.txt', 'a') as file: file.write('run\\n')"


@pytest.fixture
def write_lesson(tmp_path):
    def write(*codes, text="# 99 · A lesson"):
        cells = [nbformat.v4.new_markdown_cell(text), *map(nbformat.v4.new_code_cell, codes)]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
        (tmp_path / "course" / "solutions").mkdir(parents=True, exist_ok=True)
        for folder in ("course", "course/solutions"):
            nbformat.write(notebook, tmp_path / folder / "99_lesson.ipynb")
        return runs.find_lessons(tmp_path / "course", [])

    return write


def n_runs(tmp_path):
    return len((tmp_path / "course" / "runs.txt").read_text("utf-8").splitlines())


def test_a_lesson_runs_again_only_when_its_code_has_changed(tmp_path, write_lesson):
    runs.run_lessons(write_lesson(COUNTING), tmp_path / "kept")
    runs.run_lessons(write_lesson(COUNTING, text="# 99 · Other prose"), tmp_path / "kept")
    assert n_runs(tmp_path) == 1
    runs.run_lessons(write_lesson(COUNTING, "1 + 1"), tmp_path / "kept")
    assert n_runs(tmp_path) == 2


def test_a_lesson_runs_again_when_the_package_has_changed(tmp_path, write_lesson, monkeypatch):
    runs.run_lessons(write_lesson(COUNTING), tmp_path / "kept")
    monkeypatch.setattr(runs, "_package_digest", lambda: b"another package")
    runs.run_lessons(write_lesson(COUNTING), tmp_path / "kept")
    assert n_runs(tmp_path) == 2


SWALLOWED = """\
import ipywidgets
out = ipywidgets.Output()
with out:
    1 / 0
out"""


@pytest.mark.parametrize("code", ["1 / 0", SWALLOWED], ids=["in a cell", "inside a widget"])
def test_an_error_stops_the_book_and_names_the_lesson(tmp_path, write_lesson, code):
    write_lesson(code)
    command = [sys.executable, "-m", "docs.book", "--notebooks", tmp_path / "course"]
    done = subprocess.run(
        [*command, "--out", tmp_path / "book", "--kept", tmp_path / "kept"],
        cwd=runs.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "No book: 99_lesson" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert not (tmp_path / "book").exists()


def test_an_unknown_lesson_is_refused(write_lesson):
    with pytest.raises(ValueError, match=r"No lesson '42'. There are 00, .*"):
        runs.find_lessons(runs.ROOT / "notebooks", ["42"])
