"""Pictures of the course itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Patch

from .. import _check, _palette
from .lessons import check_lessons, count_passed
from .progress import CLOSE, describe_calibration, scaled_guesses

if TYPE_CHECKING:
    from .progress import Progress

# Where each lesson stands on the map: in a column by its depth, with few crossing arrows.
#
# A layered drawing after Sugiyama, Tagawa and Toda (1981): columns by the longest way from a
# start, arrows that others imply left out, the order in each column by the mean place of the
# neighbours, then swaps of neighbours as long as one helps.

Edges = list[tuple[str, str]]
Columns = list[list[str]]

_SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Where boxes stand and where arrows go, as (column, row).

    Columns count from 0; rows are at least 1 apart in a column. An arrow is a list of places
    from the needed lesson to the other one; those between are free places to pass through.
    """

    boxes: dict[str, tuple[int, float]]
    arrows: list[list[tuple[int, float]]]


def lay_out(needs: Mapping[str, Sequence[str]]) -> Layout:
    """Return where each lesson and each arrow goes.

    Parameters
    ----------
    needs : mapping from str to list of str
        The lessons, in their order, with those each needs; unknown ones are left out.

    Returns
    -------
    Layout

    Raises
    ------
    ValueError
        If lessons need each other in a circle.

    Examples
    --------
    >>> lay_out({"00": [], "01": ["00"], "02": ["00"]}).boxes
    {'00': (0, 0.5), '01': (1, 0.0), '02': (1, 1.0)}
    """
    depth = _depths(needs)
    ways, columns = _ways(direct_edges(needs), depth)
    edges = [edge for way in ways for edge in pairwise(way)]
    columns = _with_few_crossings(columns, edges)
    rows = _rows(columns, edges)
    at = {name: (i, rows[name]) for i, column in enumerate(columns) for name in column}
    return Layout({name: at[name] for name in needs}, [[at[name] for name in way] for way in ways])


def direct_edges(needs: Mapping[str, Sequence[str]]) -> Edges:
    """Return the pairs (needed, lesson) that no longer way implies."""
    behind = _all_needed(needs)
    return [
        (one, name)
        for name, direct in needs.items()
        for one in direct
        if one in needs and not any(one in behind[other] for other in direct if other in needs)
    ]


def _all_needed(needs: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    depth = _depths(needs)
    behind: dict[str, set[str]] = {}
    for name in sorted(needs, key=lambda name: depth[name]):
        known = [one for one in needs[name] if one in needs]
        behind[name] = set(known).union(*(behind[one] for one in known))
    return behind


def _depths(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    depth: dict[str, int] = {}
    while len(depth) < len(needs):
        ready = [
            name for name in needs
            if name not in depth and all(one in depth or one not in needs for one in needs[name])
        ]  # fmt: skip
        if not ready:
            stuck = ", ".join(name for name in needs if name not in depth)
            raise ValueError(f"`needs` must not go in a circle; got one among {stuck}.")
        for name in ready:
            depth[name] = max((depth[one] + 1 for one in needs[name] if one in needs), default=0)
    return depth


def _ways(edges: Edges, depth: Mapping[str, int]) -> tuple[list[list[str]], Columns]:
    """Give an arrow over several columns a place in each, so that it passes between boxes."""
    columns: Columns = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in depth:
        columns[depth[name]].append(name)
    for column in columns:
        column.sort()
    ways = []
    for one, other in edges:
        way = [one]
        for between in range(depth[one] + 1, depth[other]):
            way.append(f"{one}>{other}@{between}")
            columns[between].append(way[-1])
        ways.append([*way, other])
    return ways, columns


def _with_few_crossings(columns: Columns, edges: Edges) -> Columns:
    best = [list(column) for column in columns]
    now = [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        order = range(1, len(now)) if sweep % 2 == 0 else range(len(now) - 2, -1, -1)
        for i in order:
            beside = now[i - 1] if sweep % 2 == 0 else now[i + 1]
            places = {name: k for k, name in enumerate(beside)}
            now[i].sort(key=lambda name: _mean_place(name, places, edges))
        if _n_crossings(now, edges) < _n_crossings(best, edges):
            best = [list(column) for column in now]
    return _after_swaps(best, edges)


def _mean_place(name: str, places: Mapping[str, int], edges: Edges) -> float:
    near = [places[a if b == name else b] for a, b in edges
            if (b == name and a in places) or (a == name and b in places)]  # fmt: skip
    return sum(near) / len(near) if near else len(places) / 2


def _n_crossings(columns: Columns, edges: Edges) -> int:
    place = {name: k for column in columns for k, name in enumerate(column)}
    of_column = {name: i for i, column in enumerate(columns) for name in column}
    return sum(
        (place[a] - place[c]) * (place[b] - place[d]) < 0
        for (a, b), (c, d) in combinations(edges, 2)
        if of_column[a] == of_column[c]
    )


def _after_swaps(columns: Columns, edges: Edges) -> Columns:
    fewest, improved = _n_crossings(columns, edges), True
    while improved and fewest:
        improved = False
        for column in columns:
            for k in range(len(column) - 1):
                column[k], column[k + 1] = column[k + 1], column[k]
                n = _n_crossings(columns, edges)
                if n < fewest:
                    fewest, improved = n, True
                else:
                    column[k], column[k + 1] = column[k + 1], column[k]
    return columns


def _rows(columns: Columns, edges: Edges) -> dict[str, float]:
    rows = {name: float(k) for column in columns for k, name in enumerate(column)}
    longest = max((len(column) for column in columns), default=0)
    for _ in range(_SWEEPS):
        for column in columns:
            if len(column) == longest:
                continue
            wanted = []
            for name in column:
                near = [rows[a if b == name else b] for a, b in edges if name in (a, b)]
                wanted.append(sum(near) / len(near) if near else rows[name])
            rows.update(zip(column, _spread(wanted), strict=True))
    return rows


def _spread(wanted: list[float]) -> list[float]:
    """Return the nearest places that are at least 1 apart and keep the order."""
    # Pushing down and pushing up err to opposite sides; their mean is apart as well.
    down, up = list(wanted), list(wanted)
    for k in range(1, len(wanted)):
        down[k] = max(down[k], down[k - 1] + 1)
    for k in range(len(wanted) - 2, -1, -1):
        up[k] = min(up[k], up[k + 1] - 1)
    return [(a + b) / 2 for a, b in zip(down, up, strict=True)]


# Pan and Yang (2010), Table 3: the type follows from where there are labels.
_QUESTION = "Where do you have labels?"
_TYPES = (
    ("in the target", "INDUCTIVE", _palette.TARGET),
    ("only in the source", "TRANSDUCTIVE", _palette.SOURCE),
    ("in neither", "UNSUPERVISED", _palette.NEUTRAL),
)
_METHODS = (
    ("feature extraction  02", "fine-tuning  03", "multi-task  05", "self-taught  06"),
    ("domain adaptation  07", "sample-selection bias  10"),
    ("clustering and", "dimension reduction  08"),
)
_EVERY_TYPE = ("for every type", "#333333")
_LINE = "#777777"
_FOR_ALL = "why  01      pretrained models  04      what to transfer from  09      capstone  11"

# Of the width of a column and the height of a row; the rest is for the arrows.
_BOX_WIDTH, _BOX_HEIGHT = 0.84, 0.74


def plot_transfer_map(ax: Axes) -> Axes:
    """Draw the map of transfer types with the lesson that teaches each.

    Parameters
    ----------
    ax : matplotlib Axes
        What stood there is kept; its axis lines are hidden. Best at about 10 x 4.2 inches.

    Returns
    -------
    matplotlib Axes
        The same.

    References
    ----------
    Pan and Yang (2010), A Survey on Transfer Learning, IEEE TKDE 22(10), Table 3.
    """
    _check.axes("ax", ax)
    ax.set(xlim=(0, 12), ylim=(0, 6))
    ax.axis("off")
    _box(ax, (6, 5.4), _QUESTION, width=4.4, colour="#333333")
    ax.plot([6, 6], [5.08, 4.75], [2, 10], [4.75, 4.75], color=_LINE)
    for x, (answer, name, colour), methods in zip((2, 6, 10), _TYPES, _METHODS, strict=True):
        ax.annotate("", (x, 4.02), (x, 4.77), arrowprops={"arrowstyle": "-|>", "color": _LINE})
        ax.text(x + 0.15, 4.48, answer, va="center", fontsize=10)
        _box(ax, (x, 3.72), name, width=3.4, colour=colour)
        ax.text(x, 3.2, "\n".join(methods), ha="center", va="top", fontsize=11, linespacing=1.6)
    ax.text(6, 0.4, _FOR_ALL, ha="center", va="center", fontsize=10, color=_EVERY_TYPE[1])
    ax.text(6, 0.95, _EVERY_TYPE[0], ha="center", va="center", fontsize=9, color="#555555")
    return ax


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

    Raises
    ------
    TypeError, ValueError
        If `lessons` or `progress` is something else, or lessons need each other in a circle.
    """
    check_lessons(lessons)
    _check.axes("ax", ax)
    passed = [0] * len(lessons) if progress is None else count_passed(lessons, progress)
    layout = lay_out(dict(zip(lessons.index, lessons["needs"], strict=True)))
    columns, rows = zip(*layout.boxes.values(), strict=True)
    ax.set(xlim=(-0.02, max(columns) + _BOX_WIDTH + 0.02), ylim=(max(rows) + 1.2, min(rows) - 0.5))
    ax.axis("off")
    for way in layout.arrows:
        _arrow(ax, way)
    for (number, lesson), n in zip(lessons.iterrows(), passed, strict=True):
        _lesson_box(ax, layout.boxes[str(number)], str(number), lesson, n)
    _legend_of_types(ax, lessons.index, with_passed=progress is not None)
    return ax


def _arrow(ax: Axes, way: list[tuple[int, float]]) -> None:
    """Draw a line from the right of one box to the left of another, past those between."""
    points = [(x + side, y) for x, y in way for side in (0, _BOX_WIDTH)][1:-1]
    ax.plot(*zip(*points[:-1], strict=True), color=_LINE, linewidth=1, zorder=0)
    ax.annotate("", points[-1], points[-2], arrowprops={"arrowstyle": "-|>", "color": _LINE})


def _lesson_box(
    ax: Axes, at: tuple[int, float], number: str, lesson: pd.Series[Any], n: int
) -> None:
    (x, y), colour = at, _type_of(number)[1]
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
    text = {"ha": "center", "va": "center", "color": ink, "parse_math": False}
    ax.text(middle, y - 0.14, f"{number} {lesson['title']}", fontsize=9, weight="bold", **text)
    ax.text(middle, y + 0.18, below, fontsize=8, **text)


def _type_of(number: str) -> tuple[str, str]:
    """Return name and colour of the type of transfer that a lesson teaches."""
    for (_, name, colour), methods in zip(_TYPES, _METHODS, strict=True):
        if any(number in method for method in methods):
            return name.lower(), colour
    return _EVERY_TYPE


def _legend_of_types(ax: Axes, numbers: Iterable[str], *, with_passed: bool) -> None:
    names = {name.lower(): colour for _, name, colour in _TYPES} | dict([_EVERY_TYPE])
    taught = {_type_of(number)[0] for number in numbers}
    handles = [
        Patch(facecolor="white", edgecolor=colour, linewidth=1.8, label=name)
        for name, colour in names.items() if name in taught
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

    Raises
    ------
    TypeError
        If `progress` or `ax` is something else.
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
