"""The lessons as data: their cells with kinds, tags and texts."""

import re
from dataclasses import dataclass
from pathlib import Path

import jupytext

SOURCES = sorted((Path(__file__).parents[2] / "notebooks" / "src").glob("[0-9][0-9]_*.py"))
NAMES = [path.stem for path in SOURCES]


# Drawn by our JavaScript: only a browser tells whether it shows. One lesson for each view is enough
# there, a quick one; in a kernel all of them run. No quick lesson shows live curves:
# they have a journey of their own in tests/browser/test_training_curves.py.
VIEWS = ("FreezeSlider", "BiasExplorer", "UploadImages")
IN_BROWSER = ("05_multi_task", "10_who_is_missing", "13_ship_an_inspector")


def views_in(path: Path) -> set[str]:
    """The views of ours that a lesson shows."""
    text = path.read_text("utf-8")
    return {view for view in VIEWS if re.search(rf"\b{view}\(", text)}


@dataclass(frozen=True)
class Cell:
    kind: str  # "markdown" or "code"
    text: str
    tags: frozenset[str]

    @property
    def n_lines(self) -> int:
        return sum(bool(line.strip()) for line in self.text.splitlines())

    @property
    def n_words(self) -> int:
        return len(re.findall(r"\w+", re.sub(r"\(http\S+\)", "", self.text)))


def cells_of(path: Path) -> list[Cell]:
    return cells_in(path.read_text("utf-8"))


def cells_in(source: str) -> list[Cell]:
    notebook = jupytext.reads(source, fmt="py:percent")
    return [
        Cell(cell.cell_type, cell.source, frozenset(cell.metadata.get("tags", [])))
        for cell in notebook.cells
    ]


def section(cells: list[Cell], heading: str) -> list[str]:
    """The lines of the markdown under a `## heading`, up to the next one."""
    lines = "\n".join(cell.text for cell in cells if cell.kind == "markdown").splitlines()
    start = lines.index(f"## {heading}") + 1
    ends = [i for i in range(start, len(lines)) if lines[i].startswith("## ")]
    return lines[start : min(ends, default=len(lines))]
