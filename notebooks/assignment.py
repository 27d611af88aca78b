"""Build nbgrader assignments from the sources of lessons: `make assignment LESSONS="02 03"`.

The teacher's notebook is the one with the solutions; an exercise carries the stub that stands in
the learner's. `nbgrader_config.py` beside it has nbgrader put that stub into the release, instead
of one that is the same for every exercise, and gives a lesson the time that it needs.

Run with: python -m notebooks.assignment [--lessons 02 03] [--out build/assignment]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import nbformat

from notebooks.build import SOURCES, build

CONFIG = '''\
"""Settings of nbgrader for these assignments, written by notebooks/assignment.py."""

from nbgrader.converters.generate_assignment import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions


class OwnStubs(ClearSolutions):
    """Put each exercise's own stub where its solution was."""

    def preprocess_cell(self, cell, resources, cell_index):
        stub = cell.metadata.pop("stub", None)
        if stub is None:
            return super().preprocess_cell(cell, resources, cell_index)
        cell.source = stub
        return cell, resources


c = get_config()
c.GenerateAssignment.preprocessors = [
    OwnStubs if step is ClearSolutions else step
    for step in GenerateAssignment.preprocessors.default()
]
c.ExecutePreprocessor.timeout = 1800  # seconds for a cell, on a busy server
'''


def assignment(source: str) -> Any:
    """Return the teacher's notebook of a lesson, with what nbgrader must know of each cell.

    Parameters
    ----------
    source : str
        The lesson in the percent format, solutions included.

    Returns
    -------
    NotebookNode
        Its solutions are cleared by `nbgrader generate_assignment`; a check gives one point.
    """
    notebook, student = build(source, "solution"), build(source, "student")
    n_exercises = n_checks = 0
    for cell, for_learners in zip(notebook.cells, student.cells, strict=True):
        tags = for_learners.metadata.get("tags", [])
        if "exercise" in tags:
            n_exercises += 1
            cell.metadata["stub"] = for_learners.source
            cell.metadata["nbgrader"] = _of_nbgrader(f"exercise-{n_exercises}", solution=True)
        elif "check" in tags:
            n_checks += 1
            cell.metadata["nbgrader"] = _of_nbgrader(f"check-{n_checks}", grade=True)
    return notebook


def _of_nbgrader(name: str, *, grade: bool = False, solution: bool = False) -> dict[str, Any]:
    kind = {"grade": grade, "solution": solution, "locked": grade, "task": False}
    return {"schema_version": 3, "grade_id": name, **kind, **({"points": 1} if grade else {})}


def write(sources: list[Path], out: Path) -> None:
    """Write a course of nbgrader: its settings, and one assignment for each lesson."""
    for path in sources:
        folder = out / "source" / path.stem
        folder.mkdir(parents=True, exist_ok=True)
        text = nbformat.writes(assignment(path.read_text("utf-8")))  # type: ignore[no-untyped-call]
        (folder / f"{path.stem}.ipynb").write_text(text, "utf-8")
    (out / "nbgrader_config.py").write_text(CONFIG, "utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Write the assignments and say what to do with them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", nargs="*", default=[], help="their numbers; none means all")
    parser.add_argument("--out", type=Path, default=Path("build/assignment"))
    chosen = parser.parse_args(arguments)
    known = {path.stem[:2]: path for path in sorted(SOURCES.glob("[0-9][0-9]_*.py"))}
    unknown = sorted(set(chosen.lessons) - set(known))
    if unknown:
        parser.error(f"no lesson {', '.join(unknown)}; there are {', '.join(known)}")
    sources = [known[number] for number in chosen.lessons or known]
    write(sources, chosen.out)
    print(f"{len(sources)} assignments in {chosen.out}. There, for instance:")
    print(f"  nbgrader generate_assignment {sources[0].stem} --create")
    return 0


if __name__ == "__main__":
    sys.exit(main())
