"""`python -m tlwidgets lessons FOLDER`: the lessons of an installed package as files to open."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .course.lessons import shipped_lessons


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return 1 where it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tlwidgets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    lessons = commands.add_parser("lessons", help="copy the lessons into a folder of yours")
    lessons.add_argument("folder", type=Path, help="where to; it is made if it is not there")
    lessons.add_argument("--solutions", action="store_true", help="with the solutions, to teach")
    chosen = parser.parse_args(arguments)
    return copy_lessons(chosen.folder, with_solutions=chosen.solutions)


def copy_lessons(folder: Path, *, with_solutions: bool) -> int:
    """Copy the lessons; a file that is there already is somebody's work and stays."""
    source = shipped_lessons()
    patterns = ["[0-9][0-9]_*.ipynb", *["solutions/[0-9][0-9]_*.ipynb"] * with_solutions]
    found = [path for pattern in patterns for path in sorted(source.glob(pattern))]
    kept = [path for path in found if (folder / path.relative_to(source)).exists()]
    try:
        for path in found:
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path not in kept:
                shutil.copyfile(path, target)
    except OSError as error:
        sys.stderr.write(f"Cannot write to {folder}: {error.strerror or error}. Name another.\n")
        return 1
    stayed = f" {len(kept)} stayed as they were." if kept else ""
    sys.stdout.write(
        f"{len(found) - len(kept)} lessons copied to {folder}.{stayed}\n"
        f"Open the first: jupyter lab {folder / '00_start_here.ipynb'}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
