"""Everything that the page and the figure show of a state, as one small dictionary."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _check
from .._palette import BAD, CATEGORIES, RAMP, SOURCE, TARGET
from .._widgets.chart import axis_over
from ..shift.population import Population
from .data import N_SHOWN
from .experiment import Outcome, Result, State, worst_group
from .learner import Score, groups_of, is_numeric
from .words import Verdict, overall, score_text, verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The bars: what a test set claims, and what is so, for three models.


def bars_view(state: State) -> dict[str, Any]:
    """Return the three models, for everybody and for the worst group, as JSON holds it."""
    population, result = state.population, state.result
    everybody = np.ones(len(population), bool)
    columns = [_column("Everybody", overall, everybody, state)]
    worst, _ = worst_group(result.naive.actual, has_classes=population.has_classes)
    if len(result.naive.actual.by_group) > 1 and worst:
        of_worst = groups_of(population, state.choice) == worst
        what = "class" if state.choice.mechanism == "data skew" else "group"
        name = f"Worst {what}: {worst}"
        columns.append(_column(name, lambda score: score.by_group[worst], of_worst, state))
    return {
        "title": "What the test set claims, and what is true",
        "axis": _axis(population, columns),
        "columns": columns,
        "names": _names(state),
        "better": "higher is better" if population.has_classes else "lower is better",
    }


def _column(
    name: str, score_of: Callable[[Score], float], members: NDArray[np.bool_], state: State
) -> dict[str, Any]:
    result = state.result
    rows: list[dict[str, Any] | None] = [
        {
            "reported": _finite(score_of(outcome.reported)),
            "actual": _finite(score_of(outcome.actual)),
            "reported_text": _text(state, score_of(outcome.reported)) or "nobody to test on",
            "actual_text": _text(state, score_of(outcome.actual)) or "unknown",
            "gap": _gap(score_of, outcome, members, state),
        }
        for outcome in (result.naive, result.repaired, result.ideal)
    ]
    if state.choice.repair == "none":
        rows[1] = None
    return {"name": name, "rows": rows, "rule": _rule(state, members)}


def _text(state: State, value: float) -> str:
    return score_text(state, value) if math.isfinite(value) else ""


def _gap(
    score_of: Callable[[Score], float],
    outcome: Outcome,
    members: NDArray[np.bool_],
    state: State,
) -> list[Any] | None:
    """Return by how much a hold-out says too much, and whether that is more than luck."""
    reported, actual = score_of(outcome.reported), score_of(outcome.actual)
    if not (math.isfinite(reported) and math.isfinite(actual)):
        return None
    if state.population.has_classes:
        size, unit = str(abs(round(100 * reported) - round(100 * actual))), " points"
    else:  # with as many decimals as the scores have
        n_decimals = max(0, 2 - math.floor(math.log10(max(reported, actual, 1e-12))))
        size, unit = f"{abs(actual - reported):.{n_decimals}f}", ""
    if float(size) == 0:
        return ["right", False]
    sign = "+" if reported > actual else "−"
    is_clear = verdict(state, outcome, score_of, members) is not Verdict.RIGHT
    return [f"{sign}{size}{unit.removesuffix('s') if size == '1' else unit}", is_clear]


def _rule(state: State, members: NDArray[np.bool_]) -> list[Any]:
    """Return the score of who says the same of everybody: the commonest class, or the mean."""
    y = state.population.y
    if state.population.has_classes:
        score = float(np.mean(y[members] == np.argmax(np.bincount(y))))
    else:
        score = float(np.sqrt(np.mean((y[members] - y.mean()) ** 2)))
    return [round(score, 4), f"guessing: {score_text(state, score)}"]


def _axis(population: Population, columns: list[dict[str, Any]]) -> dict[str, Any]:
    if population.has_classes:
        return {"low": 0, "high": 1, "ticks": [[0, "0"], [1, "100 %"]]}
    rows = [row for column in columns for row in column["rows"] if row]
    values = [row[key] or 0.0 for row in rows for key in ("reported", "actual")]
    axis = axis_over("", [0.0, *values, *(column["rule"][0] for column in columns)], n_ticks=3)
    return {"low": 0, "high": axis.high, "ticks": [[0, "0"], list(axis.ticks[-1])]}


def _names(state: State) -> list[list[str]]:
    choice = state.choice
    return [
        ["Naive", "learned from my sample as it is"],
        [
            "Repaired",
            f"with {choice.repair}"
            if choice.repair != "none"
            else "nothing yet: choose a repair above",
        ],
        ["Ideal", f"learned from a random sample of {len(state.result.selection):,}"],
    ]


def _finite(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


# The map of a population as bytes: what goes to the page once, and what with each update.

SELECTED, WRONG, CHANGED = 1, 2, 4

_MAX_FACTS = 8
_MAX_LABELS = 12
_NEAR = 0.06
_FULL = 65535
_ENDS = (2, 98)  # percentiles where the scale of colours ends: one far outlier must not grey all
_OF_REST = np.dtype([("x", "<u2"), ("y", "<u2"), ("colour", "u1"), ("mark", "u1")])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Colouring:
    """How points are coloured."""

    by: str
    codes: NDArray[np.uint8]  # shape (n_population,): index into `palette`
    palette: Sequence[tuple[str, str]]  # colours; names are empty in a scale
    # What the first and the last colour of a scale stand for.
    ends: tuple[str, str] | None = None
    # x, y, name: where the middle of each category lies on the map.
    labels: Sequence[tuple[float, float, str]] = ()


def shown_on_map(population: Population) -> NDArray[np.int64]:
    """Return which examples a map shows: all, or 5,000 drawn at random."""
    n = len(population)
    if n <= N_SHOWN:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).permutation(n)[:N_SHOWN])


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
    """Return a colour for each of the population."""
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


# The distributions: population against sample, before and after weighting.

N_BINS = 16
_MAX_CATEGORIES = 12
OTHERS = "others"


def panels_view(state: State) -> list[dict[str, Any]]:
    """Return a panel for the covariate and one for the classes (or the outcome)."""
    population, result = state.population, state.result
    indices, labels = result.selection.indices, result.selection.labels
    name = state.choice.covariate
    values = population.covariates[name]
    panels = [_panel(name, values, values[indices], state)]
    if population.has_classes:
        names = np.asarray(population.class_names)
        order = list(population.class_names)
        panels.append(
            _panel("class", class_labels(population), names[labels.astype(int)], state, order)
        )
    else:
        panels.append(_panel("outcome", population.y, labels.astype(float), state))
    return panels


def _panel(
    name: str,
    everybody: NDArray[Any],
    sample: NDArray[Any],
    state: State,
    order: Sequence[str] | None = None,
) -> dict[str, Any]:
    ratio = state.result.density_ratio
    is_weighted = bool(np.ptp(ratio) > 1e-9) if len(ratio) else False
    three = [(everybody, np.ones(len(everybody))), (sample, np.ones(len(sample))), (sample, ratio)]
    if is_numeric(everybody):
        edges = _edges(everybody)
        names = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
        shares = [_binned(values, edges, counts_as) for values, counts_as in three]
        ticks = [f"{edges[0]:.3g}", f"{(edges[0] + edges[-1]) / 2:.3g}", f"{edges[-1]:.3g}"]
    else:
        names, ticks = _category_names(everybody, sample, order), []
        shares = [_counted(values, names, counts_as) for values, counts_as in three]
    high = max(float(np.max(share)) for share in shares)
    return {
        "title": name,
        "names": names,
        "ticks": ticks,
        "population": _rounded(shares[0]),
        "sample": _rounded(shares[1]),
        "weighted": _rounded(shares[2]) if is_weighted else [],
        "high": round(high, 4) or 1.0,
        "description": _reading(name, names, shares, is_weighted=is_weighted),
    }


def _edges(values: NDArray[Any]) -> NDArray[np.float64]:
    whole = np.unique(values)
    if whole[-1] - whole[0] < N_BINS and np.all(whole == np.rint(whole)):  # counts: a bin each
        return np.arange(whole[0] - 0.5, whole[-1] + 1)
    ends = np.nanpercentile(values, (0.5, 99.5))  # a far outlier leaves room for the others
    return np.array([at for at, _ in axis_over("", map(float, ends), n_ticks=N_BINS).ticks])


def _binned(
    values: NDArray[Any], edges: NDArray[np.float64], counts_as: NDArray[np.float64]
) -> NDArray[np.float64]:
    inside = np.clip(values, edges[0], edges[-1])
    counts, _ = np.histogram(inside, edges, weights=counts_as)
    return counts / max(float(counts_as.sum()), 1e-12)


def _category_names(
    everybody: NDArray[Any], sample: NDArray[Any], order: Sequence[str] | None
) -> list[str]:
    """Return the categories in order; of very many those that the sample distorts most."""
    found = [str(name) for name in (order or np.unique(everybody))]
    if len(found) <= _MAX_CATEGORIES:
        return found
    truth = _counted(everybody, found, np.ones(len(everybody)))
    distance = np.abs(truth - _counted(sample, found, np.ones(len(sample))))
    kept = np.sort(np.argsort(-distance, kind="stable")[: _MAX_CATEGORIES - 1])
    return [*(found[i] for i in kept), OTHERS]


def _counted(
    values: NDArray[Any], names: Sequence[str], counts_as: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of each category, the last one of all others if it is called so."""
    total = max(float(counts_as.sum()), 1e-12)
    shares = np.array([float(counts_as[values == name].sum()) / total for name in names])
    if names[-1] == OTHERS:
        shares[-1] += 1 - float(shares.sum())
    return shares


def _reading(
    name: str, names: Sequence[str], shares: Sequence[NDArray[np.float64]], *, is_weighted: bool
) -> str:
    """Say where the sample differs most from the population."""
    population, sample, weighted = shares
    most = int(np.argmax(np.abs(sample - population)))
    after = f", after weighting {100 * weighted[most]:.0f} %" if is_weighted else ""
    return (
        f"{name} {names[most]}: {100 * population[most]:.0f} % of the population, "
        f"{100 * sample[most]:.0f} % of my sample{after}."
    )


def _rounded(shares: NDArray[np.float64]) -> list[float]:
    return [round(float(share), 4) for share in shares]


# The sample is where a model learns, the population where it is used.
COLOURS = {"sample": SOURCE, "population": TARGET, "gap": BAD}
_FEW = 0.5  # of the sample: below this the meter warns


def to_view(
    state: State, colouring: Colouring, *, sentence: str, trouble: str = ""
) -> dict[str, Any]:
    """Return what the drawers need, as JSON holds it."""
    headline, _, details = sentence.partition(". ")
    return {
        "headline": f"{headline.rstrip('.')}.",
        "details": details,
        "warning": " ".join(filter(None, (trouble, state.result.warning))),
        "refused": bool(trouble),
        "drawn": state.result.selection.description,
        "map": map_view(state, colouring),
        "bars": bars_view(state),
        "meter": meter_view(state),
        "panels": panels_view(state),
        "colours": COLOURS,
    }


def map_view(state: State, colouring: Colouring) -> dict[str, Any]:
    """Return what stands around the points: counts, the legend, the region."""
    population, result = state.population, state.result
    n_shown, n = len(shown_on_map(population)), len(population)
    n_drawn = len(np.unique(result.selection.indices))
    title = f"Who is in my sample: {n_drawn:,} of {n:,}"
    region = state.choice.region if state.choice.kind == "region" else None
    return {
        "title": title if n_shown == n else f"{title} (others shown: {n_shown:,})",
        "by": colouring.by,
        "palette": [list(entry) for entry in colouring.palette],
        "ends": list(colouring.ends) if colouring.ends else None,
        "labels": [list(label) for label in colouring.labels],
        "region": [round(float(edge), 4) for edge in region] if region else None,
        "damaged": bool(result.selection.was_changed.any()),
        "note": population.note,
    }


def meter_view(state: State) -> dict[str, Any]:
    """Return how many examples the weighted sample is worth."""
    n, effective = len(state.result.selection), state.result.effective_sample_size
    return {
        "share": round(min(1.0, effective / max(1, n)), 3),
        "is_low": bool(effective < _FEW * n),
        "text": f"Effective sample size: {effective:,.0f} of {n:,}",
    }


# The bias explorer as a figure that stays, drawn from what the page shows.

_BAR = 0.36
_INSIDE = 0.16  # of the axis: a bar shorter than this holds no number


def figure_of_explorer(view: Mapping[str, Any], state: State, colouring: Colouring) -> Figure:
    """Return one figure: map and bars above, distributions below; pyplot does not know of it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from .._widgets.still import ChartFigure

    figure = ChartFigure(figsize=(12.5, 7.6), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(view["headline"], x=0.01, ha="left", fontsize="medium", fontweight="bold")
    rows: Any = figure.subfigures(2, 1, height_ratios=[5, 2])
    above, below = rows
    left, right = above.subfigures(1, 2, width_ratios=[5, 7])
    plot_map(view["map"], state, colouring, left.subplots())
    columns = view["bars"]["columns"]
    axes = right.subplots(1, len(columns), squeeze=False)[0]
    for i, (column, ax) in enumerate(zip(columns, axes, strict=True)):
        plot_bars(view["bars"], column, view["colours"], ax)
        if i:
            ax.set_yticklabels([])
    right.suptitle(view["bars"]["title"], x=0.02, ha="left", fontsize="medium", fontweight="bold")
    right.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    for panel, ax in zip(view["panels"], below.subplots(1, len(view["panels"])), strict=True):
        plot_panel(panel, view["colours"], ax)
    return figure


def plot_map(view: Mapping[str, Any], state: State, colouring: Colouring, ax: Axes) -> Axes:
    """Draw who was selected and who was missed."""
    from matplotlib.patches import Rectangle

    shown = np.union1d(shown_on_map(state.population), state.result.selection.indices)
    marks = mark_bits(state.result)[shown]
    x, y = state.population.position[shown].T
    palette = np.asarray([colour for colour, _ in colouring.palette])
    colours = palette[colouring.codes[shown]]
    is_in, is_wrong = (marks & SELECTED) > 0, (marks & WRONG) > 0
    hollow, crossed, changed = ~is_in & ~is_wrong, ~is_in & is_wrong, (marks & CHANGED) > 0
    ax.scatter(
        x[hollow], y[hollow], 8, facecolors="none", edgecolors=list(colours[hollow]), alpha=0.45
    )
    ax.scatter(x[crossed], y[crossed], 12, c=colours[crossed], marker="x", linewidths=1)
    ax.scatter(x[is_in], y[is_in], 28, c=colours[is_in], edgecolors="white", linewidths=0.6)
    both = is_in & is_wrong
    ax.scatter(x[both], y[both], 14, c="white", marker="x", linewidths=1.2)
    ax.scatter(x[changed], y[changed], 44, facecolors="none", edgecolors="black", linewidths=1.2)
    for at_x, at_y, name in view["labels"]:
        ax.text(at_x, at_y, name, ha="center", va="center", fontweight="bold")
    if view["region"]:
        left, bottom, right, top = view["region"]
        ax.add_patch(
            Rectangle((left, bottom), right - left, top - bottom, fill=False, linestyle="--")
        )
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=[], yticks=[])
    ax.set_title(view["title"], loc="left", fontsize="medium", fontweight="bold")
    ax.set_xlabel("filled: in my sample; hollow: missed; ×: the model is wrong", fontsize="small")
    names = [(c, name) for c, name in view["palette"] if name and not view["labels"]]
    handles = [ax.scatter([], [], 28, c=c, label=name) for c, name in names]
    if handles:
        ax.legend(handles=handles, fontsize="small", loc="best")
    return ax


def plot_bars(
    view: Mapping[str, Any], column: Mapping[str, Any], colours: Mapping[str, str], ax: Axes
) -> Axes:
    """Draw what the hold-out says (hollow) above what the population knows (filled)."""
    low, high = view["axis"]["low"], view["axis"]["high"]
    kinds: dict[str, dict[str, Any]] = {
        "reported": {"color": colours["sample"], "alpha": 0.35, "label": "my hold-out says"},
        "actual": {"color": colours["population"], "label": "the population knows"},
    }
    for i, row in enumerate(column["rows"]):
        for j, (key, look) in enumerate(kinds.items()):
            value = row[key] if row else None
            place = i + (j - 0.5) * _BAR
            ax.barh(place, value or 0, _BAR * 0.94, **(look if i == 0 else {**look, "label": None}))
            if row:
                is_in = value is not None and value > low + _INSIDE * (high - low)
                inside: dict[str, Any] = {
                    "ha": "right",
                    "color": "black" if key == "reported" else "white",
                }
                ax.annotate(
                    row[f"{key}_text"], (value or 0, place), (-4 if is_in else 4, 0),
                    textcoords="offset points", va="center", fontsize="small",
                    **(inside if is_in else {}),
                )  # fmt: skip
        if row and row["gap"]:
            is_in = row["actual"] > low + _INSIDE * (high - low)
            _plot_gap(row, i, colours["gap"], ax, beyond=4 if is_in else 34)
    ax.axvline(column["rule"][0], color="0.35", linestyle=":", linewidth=1)
    ax.set(xlim=(low, low + 1.3 * (high - low)), ylim=(len(view["names"]) - 0.4, -0.6))
    ax.set_xticks(*zip(*view["axis"]["ticks"], strict=True))
    ax.set_yticks(range(len(view["names"])), [name for name, _ in view["names"]])
    ax.set_title(column["name"], loc="left", fontsize="medium")
    ax.set_xlabel(f"{column['rule'][1]}; {view['better']}", fontsize="small")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_panel(panel: Mapping[str, Any], colours: Mapping[str, str], ax: Axes) -> Axes:
    """Draw a distribution: population, sample, and the sample after weighting."""
    places: Sequence[int] = range(len(panel["names"]))
    ax.bar(places, panel["population"], 0.92, color=colours["population"], alpha=0.3,
           label="population")  # fmt: skip
    ax.bar(places, panel["sample"], 0.42, color=colours["sample"], label="my sample")
    if panel["weighted"]:
        ax.hlines(panel["weighted"], np.subtract(places, 0.46), np.add(places, 0.46), "black",
                  linewidth=2.5, label="after weighting")  # fmt: skip
    if panel["ticks"]:
        last = len(places) - 0.5
        ax.set_xticks([-0.5, (last - 0.5) / 2, last], panel["ticks"])
    else:
        ax.set_xticks(places, [name[:12] for name in panel["names"]])
    ax.set(yticks=[], ylim=(0, 1.35 * panel["high"]))
    ax.set_title(panel["title"], loc="left", fontsize="medium", fontweight="bold")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.legend(frameon=False, fontsize="small", ncols=3, loc="upper left")
    return ax


def _plot_gap(row: Mapping[str, Any], i: int, colour: str, ax: Axes, beyond: int) -> None:
    text, is_clear = row["gap"]
    low, high = sorted((row["reported"], row["actual"]))
    j = 1 if row["reported"] > row["actual"] else 0
    colour, alpha = (colour, 0.35) if is_clear else ("0.5", 0.15)
    ax.barh(i + (j - 0.5) * _BAR, high - low, _BAR * 0.94, left=low, color=colour, alpha=alpha)
    weight = "bold" if is_clear else "normal"
    ax.annotate(text, (high, i + 0.5 * _BAR), (beyond, 0), textcoords="offset points", va="center",
                fontsize="small", fontweight=weight)  # fmt: skip
