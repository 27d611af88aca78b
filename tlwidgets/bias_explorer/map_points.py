"""The map of a population as bytes: what goes to the page once, and what with each update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check
from .._palette import CATEGORIES, RAMP
from ..shift.population import Population
from .groups import is_numeric
from .state import Result

SELECTED, WRONG, CHANGED = 1, 2, 4

_MAX_FACTS = 8
_MAX_LABELS = 12
_NEAR = 0.06
_FULL = 65535
_ENDS = (2, 98)  # percentiles where the scale of colours ends: one far outlier must not grey all
_OF_REST = np.dtype([("x", "<u2"), ("y", "<u2"), ("colour", "u1"), ("mark", "u1")])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Colouring:
    """How points are coloured.

    Parameters
    ----------
    by : str
    codes : array of uint8, shape (n_population,)
        Index into `palette`.
    palette : sequence of (colour, name)
        Names are empty where the colours are a scale.
    ends : (str, str), optional
        What the first and the last colour of a scale stand for.
    labels : sequence of (x, y, name)
        Where the middle of each category lies on the map.
    """

    by: str
    codes: NDArray[np.uint8]
    palette: Sequence[tuple[str, str]]
    ends: tuple[str, str] | None = None
    labels: Sequence[tuple[float, float, str]] = ()


def position_bytes(population: Population, shown: NDArray[np.int64]) -> bytes:
    """Return x and y of each point, in 65,535ths of the map."""
    return _places(population, shown).tobytes()


def marks_bytes(result: Result, shown: NDArray[np.int64]) -> bytes:
    """Return one byte per point: selected, wrong, changed by the drawing."""
    return mark_bits(result)[shown].tobytes()


def rest_bytes(
    population: Population, result: Result, colouring: Colouring, shown: NDArray[np.int64]
) -> bytes:
    """Return those of the sample who are not always on the map: place, colour and mark."""
    rest = np.setdiff1d(result.selection.indices, shown)
    points = np.zeros(len(rest), _OF_REST)
    points["x"], points["y"] = _places(population, rest).T
    points["colour"], points["mark"] = colouring.codes[rest], mark_bits(result)[rest]
    return points.tobytes()


def facts_of(population: Population, shown: NDArray[np.int64]) -> tuple[list[Any], bytes]:
    """Return what can be told about each point: names (and categories), and all numbers."""
    columns = list(_columns(population).items())[:_MAX_FACTS]
    fields: list[Any] = []
    numbers = np.zeros((len(columns), len(shown)), "<f4")
    for row, (name, values) in zip(numbers, columns, strict=True):
        if is_numeric(values):
            row[:] = values[shown]
            fields.append([name, None])
        else:
            categories, codes = np.unique(values, return_inverse=True)
            row[:] = codes[shown]
            fields.append([name, [str(category) for category in categories]])
    return fields, numbers.tobytes()


def colour_options(population: Population) -> list[str]:
    """Return by what the points can be coloured."""
    return list(_columns(population))


def colour_points(population: Population, by: str) -> Colouring:
    """Return a colour for each of the population.

    Raises
    ------
    ValueError
        If `by` is not one of `colour_options`.
    """
    columns = _columns(population)
    _check.one_of("colour_by", by, columns, kind="way to colour the points")
    values = columns[by]
    return _by_number(by, values) if is_numeric(values) else _by_name(population, by, values)


def class_labels(population: Population) -> NDArray[np.str_]:
    """Return the name of each one's class."""
    names: NDArray[np.str_] = np.asarray(population.class_names)[population.y]
    return names


def _columns(population: Population) -> dict[str, NDArray[Any]]:
    y = class_labels(population) if population.has_classes else population.y
    columns: dict[str, NDArray[Any]] = {"class" if population.has_classes else "outcome": y}
    if len(np.unique(population.group)) > 1:
        columns["group"] = population.group
    return columns | {n: v for n, v in population.covariates.items() if n not in columns}


def _by_number(by: str, values: NDArray[Any]) -> Colouring:
    low, high = np.nanpercentile(values, _ENDS)
    steps = (values - low) / max(high - low, 1e-12) * len(RAMP)
    codes = np.clip(np.nan_to_num(steps), 0, len(RAMP) - 1).astype(np.uint8)
    palette = [(colour, "") for colour in RAMP]
    return Colouring(by=by, codes=codes, palette=palette, ends=(f"{low:.3g}", f"{high:.3g}"))


def _by_name(population: Population, by: str, values: NDArray[Any]) -> Colouring:
    names, codes = np.unique(values, return_inverse=True)
    if by == "class":  # in the order in which the learner gave them, not in that of the alphabet
        names, codes = np.asarray(population.class_names), population.y
    if len(names) > len(CATEGORIES):
        names, codes = _with_others(names, codes)
    palette = [(colour, str(name)) for colour, name in zip(CATEGORIES, names, strict=False)]
    labels = _middles(population.position, codes, names) if 4 < len(names) <= _MAX_LABELS else []
    if _are_crowded(labels):
        labels = []
    return Colouring(by=by, codes=codes.astype(np.uint8), palette=palette, labels=labels)


def _with_others(
    names: NDArray[Any], codes: NDArray[Any]
) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Keep the commonest; all others share the last colour."""
    n_kept = len(CATEGORIES) - 1
    kept = np.sort(np.argsort(-np.bincount(codes, minlength=len(names)), kind="stable")[:n_kept])
    new_code = np.full(len(names), n_kept)
    new_code[kept] = np.arange(n_kept)
    return np.append(names[kept], f"{len(names) - n_kept} others"), new_code[codes]


def _middles(
    position: NDArray[np.float64], codes: NDArray[Any], names: NDArray[Any]
) -> list[tuple[float, float, str]]:
    middles = []
    for code, name in enumerate(names):
        inside = position[codes == code]
        if len(inside):
            x, y = np.median(inside, axis=0)
            middles.append((round(float(x), 3), round(float(y), 3), str(name)))
    return middles


def _are_crowded(labels: Sequence[tuple[float, float, str]]) -> bool:
    """Whether two names would lie on each other."""
    places = np.array([(x, y) for x, y, _ in labels]).reshape(-1, 2)
    apart = np.abs(places[:, None] - places).max(axis=2)
    np.fill_diagonal(apart, 1)
    return bool((apart < _NEAR).any())


def _places(population: Population, indices: NDArray[np.int64]) -> NDArray[np.uint16]:
    return np.rint(np.clip(population.position[indices], 0, 1) * _FULL).astype("<u2")


def mark_bits(result: Result) -> NDArray[np.uint8]:
    """Return for each of the population whether it is selected, wrong, changed."""
    marks = np.where(result.is_wrong, WRONG, 0).astype(np.uint8)
    marks[result.selection.indices] |= SELECTED
    changed = result.selection.was_changed
    if len(changed):
        marks[result.selection.indices[changed]] |= CHANGED
    return marks
