"""Build the student and the solution notebook of each lesson from its one source.

A source is a Python file in the percent format (`# %%` starts a cell). In cells with the tag
`exercise`, a line that ends with `#:` is part of the solution; what follows `#:` stands in
its place in the student's notebook (nothing: the line is left out):

    best = scores.idxmax()  #: best = ...

Cells that a learner runs but need not read are folded: the imports, guesses, claims and checks
(which hold the answers). A click opens them. What trains or defines something is to be read.

Each notebook gets badges under its title that open this very file elsewhere, and a first cell that
installs the package where it is opened in Colab or on Kaggle.

Everything is deterministic: the committed notebooks are tested to equal a fresh build.

Run with: python notebooks/build.py [--check]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import jupytext
import nbformat

FOLDER = Path(__file__).parent
SOURCES = FOLDER / "src"
Kind = Literal["student", "solution"]

# What stands on the bar of a folded cell: its first line.
FOLDED = {
    "claim": "# The sentences above, asserted on the numbers of this run.",
    "check": "# Run this cell to check your answer.",
}
# Badge and link by what a badge does; links end in the notebook's own path.
REPOSITORY = "tlwidgets/tlwidgets"
_ON_GITHUB = f"github.com/{REPOSITORY}/blob/main/notebooks/"
BADGES = {
    "Open on Binder": (
        "https://mybinder.org/badge_logo.svg",
        f"https://mybinder.org/v2/gh/{REPOSITORY}/main?labpath=notebooks/",
    ),
    "Open in Colab": (
        "https://colab.research.google.com/assets/colab-badge.svg",
        f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/",
    ),
    "Open in Kaggle": (
        "https://kaggle.com/static/images/open-in-kaggle.svg",
        f"https://kaggle.com/kernels/welcome?src=https://{_ON_GITHUB}",
    ),
    "Read in nbviewer": (
        "https://raw.githubusercontent.com/jupyter/design/main/logos/Badges/nbviewer_badge.svg",
        f"https://nbviewer.org/{_ON_GITHUB.replace('.com', '', 1)}",
    ),
}
# `google` alone comes with protobuf, too; where it is missing, its parts must not be asked for.
INSTALL = """\
# In Colab and on Kaggle this installs what the lesson needs. Elsewhere it does nothing.
import os
import subprocess
import sys
from importlib.util import find_spec

in_colab = find_spec("google") and find_spec("google.colab")
if (in_colab or "KAGGLE_KERNEL_RUN_TYPE" in os.environ) and not find_spec("tlwidgets"):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "tlwidgets[data]"]
    if subprocess.run(pip).returncode != 0:
        raise ImportError("tlwidgets was not installed: is this notebook's internet turned on?")
    print("tlwidgets is installed. Restart the session now, then run all cells.")"""
_TO_BE_READ = re.compile(r"^\s*def |\.(fit|compile|load_model)\(|\bset_trainable\(", re.M)
_GUESS = re.compile(r"^(\w+) = Prediction\(.*\)(  # fmt: skip)?\n\1$", re.S)
_SOLUTION_LINE = re.compile(r"^(?P<indent>\s*).*?\s*#:(?P<stub>.*)$")
_SOLUTION_MARK = re.compile(r"\s*#:.*$")
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def build(source: str, kind: Kind, file: str | None = None) -> Any:
    """Return one notebook of a lesson.

    Parameters
    ----------
    source : str
        The lesson in the percent format, solutions included.
    kind : {"student", "solution"}
        Which of the two.
    file : str, optional
        Where it will stand below `notebooks/`: what its badges lead to. Without it the notebook is
        the source's cells and nothing else.

    Returns
    -------
    NotebookNode
        Valid, without outputs, with ids that depend only on the cells' texts.
    """
    notebook = jupytext.reads(source, fmt="py:percent")
    seen: Counter[str] = Counter()
    setup = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _fold(cell, is_setup=cell is setup)
        if "exercise" in cell.metadata.get("tags", []):
            _turn_exercise(cell, kind)
    if file is not None:
        _open_to_others(notebook.cells, file)
    for cell in notebook.cells:
        cell["id"] = _cell_id(cell, seen)
    notebook.metadata.clear()
    notebook.metadata.update({"kernelspec": _KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def _open_to_others(cells: list[Any], file: str) -> None:
    links = [f"[![{does}]({badge})]({to}{file})" for does, (badge, to) in BADGES.items()]
    heading, _, rest = cells[0].source.partition("\n")
    cells[0].source = f"{heading}\n\n{' '.join(links)}\n{rest}"
    about = {"tags": ["install"], "jupyter": {"source_hidden": True}}
    install = nbformat.v4.new_code_cell(INSTALL, metadata=about)  # type: ignore[no-untyped-call]
    cells.insert(1, install)


def _fold(cell: Any, *, is_setup: bool) -> None:
    labels = [FOLDED[tag] for tag in cell.metadata.get("tags", []) if tag in FOLDED]
    if labels == [FOLDED["claim"]] and _TO_BE_READ.search(cell.source):
        return
    if labels:
        cell.source = f"{labels[0]}\n{cell.source}"
    if labels or is_setup or _GUESS.match(cell.source):
        cell.metadata["jupyter"] = {"source_hidden": True}


def _turn_exercise(cell: Any, kind: Kind) -> None:
    lines = cell.source.split("\n")
    if kind == "solution":
        cell.source = "\n".join(_SOLUTION_MARK.sub("", line) for line in lines)
        cell.metadata["tags"] = ["solution"]
        return
    cell.source = "\n".join(stub for line in lines if (stub := _stub_of(line)) is not None)


def _stub_of(line: str) -> str | None:
    match = _SOLUTION_LINE.match(line)
    if match is None:
        return line
    stub = match["stub"].strip()
    return match["indent"] + stub if stub else None


def _cell_id(cell: Any, seen: Counter[str]) -> str:
    digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def outputs() -> dict[Path, str]:
    """Return the text of every notebook of the course, by the path where it belongs."""
    texts = {}
    for path in sorted(SOURCES.glob("[0-9][0-9]_*.py")):
        source = path.read_text("utf-8")
        for kind, folder in (("student", ""), ("solution", "solutions/")):
            file = f"{folder}{path.stem}.ipynb"
            notebook = build(source, kind, file)  # type: ignore[arg-type]
            texts[FOLDER / file] = (
                json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
            )
    return texts


def stale(texts: dict[Path, str]) -> list[Path]:
    """Return the notebooks on disk that differ from the build, or that no source makes."""
    on_disk = {*FOLDER.glob("*.ipynb"), *(FOLDER / "solutions").glob("*.ipynb")}
    differ = [p for p, text in texts.items() if not p.is_file() or p.read_text("utf-8") != text]
    return sorted({*differ, *(on_disk - set(texts))})


def main(arguments: list[str]) -> int:
    """Write the notebooks, or with --check only say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail if stale")
    only_check = parser.parse_args(arguments).check
    texts = outputs()
    for path in stale(texts):
        if only_check:
            print(f"stale: {path.name}; run `make notebooks`")
        elif path in texts:
            path.parent.mkdir(exist_ok=True)
            path.write_text(texts[path], "utf-8")
            print(f"wrote {path.relative_to(FOLDER)}")
        else:
            path.unlink()
            print(f"removed {path.relative_to(FOLDER)}, which has no source")
    return int(only_check and bool(stale(texts)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
