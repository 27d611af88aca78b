"""The lessons as a table, read from the notebooks themselves: nothing is listed twice."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from .notice import table_to_html

if TYPE_CHECKING:
    from .progress import Progress

_FILE = re.compile(r"(?P<number>\d\d)_[a-z0-9_]+\.ipynb")
_TITLE = re.compile(r"# (?P<number>\d\d) · (?P<question>.+\?)\s*$", re.M)
_LOOKS_LIKE_ONE = re.compile(r"# \d\d ·")
_COST = re.compile(
    r"^\*\*About (?P<minutes>\d+) minutes\*\* · needs (?P<needs>nothing|\d\d(?:, \d\d)*) · "
    r"(?P<cpu_seconds>\d+) CPU seconds\b.* · (?P<memory_gb>\d+\.\d) GB of memory\s*$",
    re.M,
)
_HEADER = (
    "'# NN · question?' and '**About 50 minutes** · needs 02 · 80 CPU seconds · "
    "1.4 GB of memory' in its first cell"
)
# Which type of transfer a lesson teaches, as its first cell's metadata say.
EVERY_TYPE = "every type"
TRANSFERS = ("inductive", "transductive", "unsupervised", EVERY_TYPE)
# What the field writes with a hyphen, and a file's name cannot.
_HYPHENATED = ("Fine tuning", "Multi task", "Self taught")


def shipped_lessons() -> Path:
    """Return the folder with the lessons of the course: in the wheel, or in a checkout."""
    in_wheel = Path(__file__).parents[1] / "notebooks"
    return in_wheel if in_wheel.is_dir() else Path(__file__).parents[2] / "notebooks"


def read_lessons(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Show me the lessons: what each asks, how long it takes, and what it needs.

    Parameters
    ----------
    folder : str or path, optional
        Where the notebooks are (`NN_slug.ipynb`, with a title like "# 02 · Can it?"; others
        are left out). By default the folder of the notebook that runs this; where it is there
        without the other lessons, those that came with the package.

    Returns
    -------
    pandas.DataFrame
        One row per lesson, indexed by its number ("00"): title, question, minutes, needs
        (tuple of numbers), cpu_seconds (the first time), memory_gb, transfer (its type) and method
        (for the map of types), exercises (how many it checks), file.
    """
    if folder is None:
        folder = shipped_lessons() if _is_alone() else "."
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(f"`folder` must be a folder with notebooks; got {folder!r}.")
    path = Path(folder)
    files = sorted(p for p in path.glob("*.ipynb") if _FILE.fullmatch(p.name))
    found = [lesson for file in files if (lesson := _read_lesson(file)) is not None]
    if not found:
        raise ValueError(
            f"`folder` must hold lessons, named like 02_feature_extraction.ipynb; got {folder!r} "
            f"({path.absolute()}), which has none. Give the folder `notebooks` of the course."
        )
    rows = pd.DataFrame(found)
    twice = rows["number"][rows["number"].duplicated()].tolist()
    if twice:
        names = ", ".join(rows.loc[rows["number"].isin(twice), "file"])
        raise ValueError(f"`folder` must hold each lesson once; got {names}. Move one elsewhere.")
    return rows.set_index("number").rename_axis("lesson")


def _is_alone() -> bool:
    """Tell whether the other lessons are missing here: in Colab, in a mail, where one is graded."""
    here = {path.name for path in Path().glob("*.ipynb") if _FILE.fullmatch(path.name)}
    course = {path.name for path in shipped_lessons().glob("*.ipynb")}
    return len(here) < 2 and here <= course


@dataclass(frozen=True, slots=True)
class LessonTable:
    """The lessons as a table whose titles open them, where they are; else a text."""

    rows: pd.DataFrame
    files: tuple[str, ...]

    def __repr__(self) -> str:
        return self.rows.to_string(index=False)

    def _repr_html_(self) -> str:
        links = self.rows.map(lambda cell: escape(str(cell)))
        titles = zip(self.files, links["lesson"], strict=True)
        links["lesson"] = [
            f'<a href="{quote(file)}">{title}</a>' if Path(file).exists() else title
            for file, title in titles
        ]
        return table_to_html(links, is_html=True)


def table_of_lessons(lessons: pd.DataFrame, progress: Progress | None = None) -> LessonTable:
    """Show me the lessons as a table whose titles open them.

    Parameters
    ----------
    lessons : DataFrame
        From `read_lessons()`, read in the folder of the notebook that shows the table.
    progress : Progress, optional
        From `progress()`: adds how many exercises I have passed.

    Returns
    -------
    LessonTable
        Shown as a table. All texts are escaped.
    """
    check_lessons(lessons)
    rows = pd.DataFrame(
        {
            "lesson": lessons.index + " " + lessons["title"],
            "question": lessons["question"],
            "minutes": lessons["minutes"],
            "you need": [", ".join(needs) or "nothing" for needs in lessons["needs"]],
        }
    )
    if progress is not None:
        n_passed = count_passed(lessons, progress)
        of = zip(n_passed, lessons["exercises"], strict=True)
        rows["passed"] = [f"{n} of {whole}" for n, whole in of]
    return LessonTable(rows, tuple(lessons["file"]))


def count_passed(lessons: pd.DataFrame, progress: Progress) -> list[int]:
    """Return how many exercises of each lesson were passed."""
    if not hasattr(progress, "checks"):
        raise TypeError(f"`progress` must come from progress(); got {progress!r}.")
    checks = progress.checks
    passed = checks[checks["passed_at"].notna()].groupby("lesson").size()
    return [int(passed.get(file.removesuffix(".ipynb"), 0)) for file in lessons["file"]]


def check_lessons(lessons: Any) -> None:
    """Raise unless `lessons` is a table from `read_lessons`."""
    needed = {"title", "question", "minutes", "needs", "transfer", "method", "exercises", "file"}
    if not isinstance(lessons, pd.DataFrame) or not needed <= set(lessons.columns):
        raise TypeError(f"`lessons` must be a table from read_lessons(); got {lessons!r}.")


def short_title(stem: str) -> str:
    """Return a title from the name of a lesson's file.

    Examples
    --------
    >>> short_title("03_fine_tuning"), short_title("01_why_transfer")
    ('Fine-tuning', 'Why transfer')
    """
    title = re.sub(r"^\d\d_", "", stem).replace("_", " ")
    title = title[:1].upper() + title[1:]
    return title.replace(" ", "-") if title in _HYPHENATED else title


def label(lesson: str) -> str:
    """Return how a lesson is called on screen, from the name of its notebook."""
    if re.match(r"\d\d_.", lesson):
        return f"{lesson[:2]} {short_title(lesson)}"
    return lesson


def _read_lesson(file: Path) -> dict[str, object] | None:
    """Return what a lesson says of itself, None for a learner's own notebook."""
    cells = _read_cells(file)
    cell = next((c for c in cells if c.get("cell_type") == "markdown"), {"source": ""})
    first = _source(cell)
    if not _LOOKS_LIKE_ONE.match(first):
        return None
    title, cost = _TITLE.match(first), _COST.search(first)
    number = file.name[:2]
    if title is None or cost is None or title["number"] != number:
        raise ValueError(
            f"`folder`: {file.name} must have {_HEADER}; got {first[:80]!r}. Mend it, or, if it is "
            "no lesson, give it another title."
        )
    short = short_title(file.stem)
    question = title["question"].removeprefix(f"{short}: ")
    return {
        "number": number,
        "title": short,
        "question": question[0].upper() + question[1:],
        "minutes": int(cost["minutes"]),
        "needs": () if cost["needs"] == "nothing" else tuple(cost["needs"].split(", ")),
        "cpu_seconds": int(cost["cpu_seconds"]),
        "memory_gb": float(cost["memory_gb"]),
        **_place_on_map(file, cell.get("metadata", {})),
        "exercises": sum("check" in c.get("metadata", {}).get("tags", ()) for c in cells),
        "file": file.name,
    }


def _place_on_map(file: Path, metadata: Any) -> dict[str, str]:
    transfer, method = metadata.get("transfer"), metadata.get("method")
    if transfer not in TRANSFERS or not isinstance(method, str) or not method.strip():
        raise ValueError(
            f"`folder`: {file.name} must say its place on the map of lesson 00 in the metadata of "
            f"its first cell: transfer, one of {', '.join(TRANSFERS)}, and method, a few words; "
            f"got {transfer!r} and {method!r}. Its source begins like "
            '# %% [markdown] transfer="inductive" method="fine-tuning"'
        )
    return {"transfer": transfer, "method": method}


def _read_cells(file: Path) -> list[dict[str, Any]]:
    try:
        cells = json.loads(file.read_text("utf-8"))["cells"]
        if all(isinstance(_source(cell), str) for cell in cells):
            return list(cells)
        raise TypeError("a cell without text")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"`folder`: {file.name} cannot be read as a notebook ({type(error).__name__}: {error})."
            " Get it again, or move it elsewhere."
        ) from None


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
