"""Where each lesson stands on the map: in a column by its depth, with few crossing arrows.

A layered drawing after Sugiyama, Tagawa and Toda (1981): columns by the longest way from a
start, arrows that others imply left out, the order in each column by the mean place of the
neighbours, then swaps of neighbours as long as one helps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

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
