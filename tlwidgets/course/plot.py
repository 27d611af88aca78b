"""Pictures of the course itself."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from statistics import fmean
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Patch

from .. import _check, _palette
from .lessons import EVERY_TYPE, check_lessons, count_passed
from .progress import CLOSE, describe_calibration, scaled_guesses

if TYPE_CHECKING:
    from .progress import Progress

# Pan and Yang (2010), Table 2: how the types differ in where there are labels.
_QUESTION = "Where do you have labels?"
_ANSWERS = ("in the target", "only in the source", "in neither")
_COLOUR_OF = {
    "inductive": _palette.TARGET,
    "transductive": _palette.SOURCE,
    "unsupervised": _palette.NEUTRAL,
    EVERY_TYPE: "#333333",
}
_LINE = "#777777"
_MOST_SIGNS = 26  # of a method in its column

# Of the width of a column and the height of a row; the rest is for the arrows.
_BOX_WIDTH, _BOX_HEIGHT = 0.84, 0.74


def plot_transfer_map(lessons: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the map of transfer types with the lesson that teaches each.

    Parameters
    ----------
    lessons : DataFrame
        From `read_lessons()`: each says its own place.
    ax : matplotlib Axes
        What stood there is kept; its axis lines are hidden. Best at about 10 x 4.2 inches.

    Returns
    -------
    matplotlib Axes
        The same.

    References
    ----------
    Pan and Yang (2010), A Survey on Transfer Learning, IEEE TKDE 22(10), Table 2.
    """
    check_lessons(lessons)
    _check.axes("ax", ax)
    ax.set(xlim=(0, 12), ylim=(0, 6))
    ax.axis("off")
    _box(ax, (6, 5.4), _QUESTION, width=4.4, colour="#333333")
    ax.plot([6, 6], [5.08, 4.75], [2, 10], [4.75, 4.75], color=_LINE)
    for x, answer, name in zip((2, 6, 10), _ANSWERS, _COLOUR_OF, strict=False):
        ax.annotate("", (x, 4.02), (x, 4.77), arrowprops={"arrowstyle": "-|>", "color": _LINE})
        ax.text(x + 0.15, 4.48, answer, va="center", fontsize=10)
        _box(ax, (x, 3.72), name.upper(), width=3.4, colour=_COLOUR_OF[name])
        lines = [line for method in _taught(lessons, name) for line in _folded(method, _MOST_SIGNS)]
        ax.text(x, 3.2, "\n".join(lines), ha="center", va="top", fontsize=11, linespacing=1.6)
    text: dict[str, Any] = {"ha": "center", "va": "center"}
    ax.text(6, 0.95, f"for {EVERY_TYPE}", fontsize=9, color="#555555", **text)
    for_all = "      ".join(_taught(lessons, EVERY_TYPE))
    ax.text(6, 0.4, for_all, fontsize=10, color=_COLOUR_OF[EVERY_TYPE], **text)
    return ax


def _taught(lessons: pd.DataFrame, transfer: str) -> list[str]:
    some = lessons[lessons["transfer"] == transfer]
    return [f"{method}  {number}" for number, method in some["method"].items()]


def _folded(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, most, break_on_hyphens=False, break_long_words=False)


def _box(ax: Axes, centre: tuple[float, float], label: str, *, width: float, colour: str) -> None:
    x, y = centre
    patch = FancyBboxPatch(
        (x - width / 2, y - 0.3),
        width,
        0.6,
        boxstyle="round,pad=0.02,rounding_size=0.15",
        color=colour,
    )
    ax.add_patch(patch)
    ax.text(x, y, label, ha="center", va="center", color="white", fontsize=11, weight="bold")


def plot_course(lessons: pd.DataFrame, ax: Axes, progress: Progress | None = None) -> Axes:
    """Draw all lessons, what each needs before it, and what I have passed.

    Parameters
    ----------
    lessons : DataFrame
        From `read_lessons()`.
    ax : matplotlib Axes
        What stood there is kept; its axis lines are hidden. Best at about 10 x 5 inches, with
        `layout="constrained"`.
    progress : Progress, optional
        From `progress()`: lessons of which I passed all exercises are filled.

    Returns
    -------
    matplotlib Axes
        The same.
    """
    check_lessons(lessons)
    _check.axes("ax", ax)
    passed = [0] * len(lessons) if progress is None else count_passed(lessons, progress)
    direct = direct_needs(dict(zip(lessons.index, lessons["needs"], strict=True)))
    places = lay_out(direct)
    columns, rows = zip(*places.values(), strict=True)
    ax.set(xlim=(-0.02, max(columns) + _BOX_WIDTH + 0.02), ylim=(max(rows) + 1.2, min(rows) - 0.5))
    ax.axis("off")
    style = {"arrowstyle": "-|>", "color": _LINE}
    for name, needed in direct.items():
        for one in needed:
            start = places[one][0] + _BOX_WIDTH, places[one][1]
            ax.annotate("", places[name], start, arrowprops=style, zorder=0)
    for (number, lesson), n in zip(lessons.iterrows(), passed, strict=True):
        _lesson_box(ax, places[str(number)], str(number), lesson, n)
    _legend_of_types(ax, lessons["transfer"], with_passed=progress is not None)
    return ax


def direct_needs(needs: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return what each lesson needs, from the first to the last, without what others imply.

    Lessons that are not there are left out.

    Examples
    --------
    >>> direct_needs({"00": [], "01": ["00"], "02": ["00", "01"]})
    {'00': [], '01': ['00'], '02': ['01']}
    """
    known = {name: [one for one in some if one in needs] for name, some in needs.items()}
    try:
        order = list(TopologicalSorter(known).static_order())
    except CycleError as error:
        circle = ", ".join(error.args[1])
        raise ValueError(f"`needs` must not go in a circle; got {circle}.") from None
    behind: dict[str, set[str]] = {}
    direct = {}
    for name in order:
        implied = set[str]().union(*(behind[one] for one in known[name]))
        behind[name] = implied.union(known[name])
        direct[name] = [one for one in known[name] if one not in implied]
    return direct


def lay_out(direct: Mapping[str, Collection[str]]) -> dict[str, tuple[int, float]]:
    """Return column and row of each lesson, from `direct_needs`.

    Its column is the longest way from a start. In a column the order is that of what they need,
    so that few arrows cross; each column is spread over the height of the longest.

    Examples
    --------
    >>> lay_out({"00": [], "01": ["00"], "02": ["00"]})
    {'00': (0, 1.0), '01': (1, 0.5), '02': (1, 1.5)}
    """
    columns: defaultdict[int, list[str]] = defaultdict(list)  # filled from the left
    column_of: dict[str, int] = {}
    for name, needed in direct.items():
        column_of[name] = max((column_of[one] + 1 for one in needed), default=0)
        columns[column_of[name]].append(name)
    height = max(map(len, columns.values()), default=0)
    row_of: dict[str, float] = {}
    for column in columns.values():
        near = {name: fmean([row_of[one] for one in direct[name]] or [0.0]) for name in column}
        column.sort(key=lambda name: (near[name], name))
        row_of |= {name: (i + 0.5) * height / len(column) for i, name in enumerate(column)}
    return {name: (column_of[name], row_of[name]) for name in direct}


def _lesson_box(
    ax: Axes, at: tuple[int, float], number: str, lesson: pd.Series[Any], n: int
) -> None:
    (x, y), colour = at, _COLOUR_OF[lesson["transfer"]]
    is_passed = 0 < lesson["exercises"] <= n
    box = FancyBboxPatch(
        (x, y - _BOX_HEIGHT / 2),
        _BOX_WIDTH,
        _BOX_HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.06",
        mutation_aspect=2,
        facecolor=colour if is_passed else "white",
        edgecolor=colour,
        linewidth=1.8,
    )
    ax.add_patch(box)
    ink = "white" if is_passed else "#222222"
    below = f"{lesson['minutes']} min"
    if n:
        below += " · passed" if is_passed else f" · {n} of {lesson['exercises']} passed"
    middle = x + _BOX_WIDTH / 2
    text: dict[str, Any] = {"ha": "center", "va": "center", "color": ink, "parse_math": False}
    ax.text(middle, y - 0.14, f"{number} {lesson['title']}", fontsize=9, weight="bold", **text)
    ax.text(middle, y + 0.18, below, fontsize=8, **text)


def _legend_of_types(ax: Axes, taught: Iterable[str], *, with_passed: bool) -> None:
    handles = [
        Patch(facecolor="white", edgecolor=colour, linewidth=1.8, label=name)
        for name, colour in _COLOUR_OF.items() if name in set(taught)
    ]  # fmt: skip
    if with_passed:
        handles.append(Patch(color=_LINE, label="filled: passed"))
    ax.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False, fontsize=9)


def plot_predictions(progress: Progress, ax: Axes) -> Axes:
    """Draw my guesses against what was measured, and say how I guess.

    Parameters
    ----------
    progress : Progress
        From `progress()`. Guesses in a range count, each scaled to its range.
    ax : matplotlib Axes
        Best about square.

    Returns
    -------
    matplotlib Axes
        The same; the title says whether I lean to one side, from five guesses on.
    """
    if not hasattr(progress, "predictions"):
        raise TypeError(f"`progress` must come from progress(); got {progress!r}.")
    _check.axes("ax", ax)
    scaled = scaled_guesses(progress.predictions)
    ax.fill_between([0, 1], [-CLOSE, 1 - CLOSE], [CLOSE, 1 + CLOSE], color="#E3E3E3", zorder=0)
    ax.plot([0, 1], [0, 1], color=_LINE, linewidth=1, zorder=1)
    for is_close, colour, marker, word in (
        (True, _palette.GOOD, "o", "close"),
        (False, _palette.BAD, "X", "not close"),
    ):
        some = scaled[scaled["close"] == is_close]
        ax.scatter(
            some["measured"], some["guess"], s=60, color=colour, marker=marker, linewidth=0,
            label=f"{word}: {len(some)}", clip_on=False, zorder=2,
        )  # fmt: skip
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    ax.set_xlabel("measured, from 0 (low end of the question) to 1 (high end)")
    ax.set_ylabel("my guess, on the same scale")
    ax.text(0.06, 0.9, "too high", color=_LINE)
    ax.text(0.94, 0.1, "too low", color=_LINE, ha="right")
    ax.set_title(describe_calibration(scaled).replace(". ", ".\n"), fontsize=11)
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False)
    return ax
