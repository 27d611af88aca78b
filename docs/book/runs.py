"""Run lessons, and keep what they gave until the lesson's code or the package changes."""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[2]
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
# A lesson takes two minutes; a machine under load ten times as long.
_CELL_SECONDS = 1800
# A lesson computes mostly in one thread.
_AT_A_TIME = 2


class LessonFailedError(RuntimeError):
    """A cell of a lesson raised an error, so there is no page of it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson by the files of its two notebooks."""

    student: Path

    @property
    def name(self) -> str:
        """The number and the slug: the name of its page."""
        return self.student.stem

    @property
    def solution(self) -> Path:
        """The notebook that is run."""
        return self.student.parent / "solutions" / self.student.name


def find_lessons(notebooks: Path, numbers: list[str]) -> list[Lesson]:
    """Return the lessons with these numbers, all of them where none is given.

    Parameters
    ----------
    notebooks : Path
        The folder of the students' notebooks, with one for the solutions in it.
    numbers : list of str
        For instance "00"; a whole name is taken, too. "none" alone is for none.

    Returns
    -------
    list of Lesson

    Raises
    ------
    ValueError
        If there is no such lesson.
    """
    if numbers == ["none"]:
        return []
    found = [Lesson(path) for path in sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))]
    for number in numbers:
        if not any(lesson.name.startswith(number) for lesson in found):
            known = ", ".join(lesson.name[:2] for lesson in found)
            raise ValueError(f"No lesson {number!r}. There are {known}.")
    return [x for x in found if not numbers or any(x.name.startswith(n) for n in numbers)]


def run_lessons(lessons: list[Lesson], kept: Path) -> dict[Lesson, Any]:
    """Run the solution of each lesson, or take what is kept of the same code.

    Parameters
    ----------
    lessons : list of Lesson
    kept : Path
        The folder where results are kept.

    Returns
    -------
    dict
        The notebook with its outputs, by lesson.

    Raises
    ------
    LessonFailedError
        If a cell fails, or an error is shown inside a widget.
    """
    kept.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_AT_A_TIME) as workers:
        done = workers.map(functools.partial(_run_or_take, kept=kept), lessons)
        return dict(zip(lessons, done, strict=True))


def _run_or_take(lesson: Lesson, kept: Path) -> Any:
    notebook = nbformat.read(lesson.solution, as_version=4)
    key, path = _key(notebook), kept / lesson.solution.name
    if path.is_file():
        before = nbformat.read(path, as_version=4)
        if before.metadata.get("book_key") == key:
            return before
    sys.stderr.write(f"{lesson.name}: running\n")
    _run(notebook, lesson)
    notebook.metadata["book_key"] = key
    half_written = path.with_suffix(".part")
    # A page says nothing about whose machine made it.
    text = nbformat.writes(notebook).replace(f"{Path.home()}/", "~/")
    half_written.write_text(text, "utf-8")
    half_written.replace(path)
    return nbformat.reads(text, as_version=4)


def _key(notebook: Any) -> str:
    """Say in one word what the outputs depend on: the code, and the files of the package."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    digest = hashlib.sha256(repr(code).encode())
    digest.update(_package_digest())
    return digest.hexdigest()


@functools.cache
def _package_digest() -> bytes:
    digest = hashlib.sha256()
    folders = [ROOT / "tlwidgets", ROOT / "datasets"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    texts = [path for path in files if path.suffix not in {".pyc", ".md"}]
    for path in sorted([*texts, Path(__file__).with_name("kernel.py")]):
        digest.update(f"{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.digest()


def _run(notebook: Any, lesson: Lesson) -> None:
    client = NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        resources={"metadata": {"path": str(lesson.student.parent)}},
        extra_arguments=[
            "--InteractiveShellApp.extra_extensions=docs.book.kernel",
            "--IPKernelApp.log_level=ERROR",  # it warns of the way it talks to us
        ],
    )
    try:
        client.execute(env=_environment())
    except CellExecutionError as error:
        cell = error.args[0].split("-" * 18)[1].strip().split("\n")[0]
        raise LessonFailedError(
            f"{lesson.name}: {error.ename}: {error.evalue}\n"
            f"It is in the solution notebook, in the cell that starts with: {cell}"
        ) from error
    if inside := _error_in_a_widget(notebook):
        raise LessonFailedError(f"{lesson.name}: a widget shows {inside}")


def _environment() -> dict[str, str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    own = {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "TLWIDGETS_STRICT_CHECKS": "1",
        "TLWIDGETS_PROGRESS": "off",  # whose machine makes the book is nobody's business
    }
    return {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ, **own}


def _error_in_a_widget(notebook: Any) -> str | None:
    # An Output widget swallows an error: the cell goes on, and the page would show it.
    models = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for model in models.values():
        for output in model["state"].get("outputs", []):
            if output["output_type"] == "error":
                return f"{output['ename']}: {output['evalue']}"
    return None
