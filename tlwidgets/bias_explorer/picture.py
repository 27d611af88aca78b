"""Everything that the page and the figure show of a state, as one small dictionary."""

from __future__ import annotations

import io
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
from .experiment import Outcome, Result, State, repairs_for, shown_outcomes, worst_group
from .learner import Score, groups_of, is_numeric
from .words import Reading, Verdict, gap_in_words, overall, score_text, verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The scores: what a test set claims, and what is so, for three models on one axis.


def scores_view(state: State) -> dict[str, Any]:
    """Return the models of the sample, repaired, and of a fair sample."""
    population, result = state.population, state.result
    everybody = np.ones(len(population), bool)
    is_repaired = state.choice.repair != "none"
    rows = [
        {"name": name, **_row(overall, outcome, everybody, state)}
        for name, outcome in zip(
            ("naive", "repaired", "fair sample"),
            (result.naive, result.repaired, result.ideal),
            strict=True,
        )
    ]
    if not is_repaired:
        rows[1] = {"name": "repaired", "hint": "choose a repair below"}
    rows[int(is_repaired)]["is_shown"] = True
    rule = _rule(state)
    return {
        "title": "accuracy, %" if population.has_classes else "error, lower is better",
        "axis": _axis(population, rows, rule[0]),
        "rows": rows,
        "rule": rule,
    }


def head_view(state: State) -> dict[str, Any]:
    """Return the numbers that matter, of the model on display: claimed, true, and the gap."""
    outcome = _on_display(state)
    row = _row(overall, outcome, np.ones(len(state.population), bool), state)
    gap, is_clear = row["gap"] or ["", False]
    name, worst = worst_group(outcome.actual, has_classes=state.population.has_classes)
    what = "class" if state.choice.mechanism == "data skew" else "group"
    has_groups = len(outcome.actual.by_group) > 1
    return {
        "reported": row["reported_text"],
        "actual": row["actual_text"],
        "gap": gap,
        "is_clear": is_clear,
        "verdict": gap_in_words(state, outcome),
        "worst": f"worst {what}: {name}, {score_text(state, worst)}" if has_groups and name else "",
    }


def groups_view(state: State) -> dict[str, Any]:
    """Return a table of what each group is claimed to get, and what it gets."""
    groups = groups_of(state.population, state.choice)
    names = sorted(state.result.naive.actual.by_group)
    outcomes = shown_outcomes(state)
    columns = [f"{_SHORT[outcome.name]}: {what}" for outcome in outcomes for what in _SAID]
    rows = []
    for name in names:
        found = [
            _row(lambda score, name=name: score.by_group[name], outcome, groups == name, state)  # type: ignore[misc]
            for outcome in outcomes
        ]
        cells = [
            text
            for row in found
            for text in (row["reported_text"], row["actual_text"], (row["gap"] or ["?"])[0])
        ]
        rows.append([name, *cells])
    return {"columns": ["group", *columns], "rows": rows}


_SHORT = {"naive": "naive", "repaired": "repaired", "ideal": "fair"}
_SAID = ("says", "true", "gap")


def _on_display(state: State) -> Outcome:
    """Return the model whose numbers and mistakes are shown: the repaired one, if there is one."""
    return state.result.naive if state.choice.repair == "none" else state.result.repaired


def _row(
    score_of: Callable[[Score], float],
    outcome: Outcome,
    members: NDArray[np.bool_],
    state: State,
) -> dict[str, Any]:
    reported, actual = score_of(outcome.reported), score_of(outcome.actual)
    return {
        "reported": _finite(reported),
        "actual": _finite(actual),
        "reported_text": _text(state, reported) or "nobody to test on",
        "actual_text": _text(state, actual) or "unknown",
        "gap": _gap(score_of, outcome, members, state),
    }


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
        return ["no gap", False]
    sign = "+" if reported > actual else "−"
    is_clear = verdict(state, outcome, score_of, members) is not Verdict.RIGHT
    return [f"{sign}{size}{unit.removesuffix('s') if size == '1' else unit}", is_clear]


def _rule(state: State) -> list[Any]:
    """Return the score of who says the same of everybody: the commonest class, or the mean."""
    y = state.population.y
    if state.population.has_classes:
        score = float(np.mean(y == np.argmax(np.bincount(y))))
    else:
        score = float(y.std())
    return [round(score, 4), f"guessing: {score_text(state, score)}"]


def _axis(population: Population, rows: list[dict[str, Any]], chance: float) -> dict[str, Any]:
    if population.has_classes:
        return {"low": 0, "high": 1, "ticks": [[i / 4, f"{25 * i}"] for i in range(5)]}
    values = [row.get(key) or 0.0 for row in rows for key in ("reported", "actual")]
    axis = axis_over("", [0.0, *values, chance], n_ticks=4)
    return {"low": 0, "high": axis.high, "ticks": [list(tick) for tick in axis.ticks]}


def _finite(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


# The map of a population as bytes: what goes to the page once, and what with each update.

SELECTED, WRONG, CHANGED = 1, 2, 4

_MAX_FACTS = 8
_MAX_LABELS = 12
_NEAR = 0.06
_EXAMPLE_PX = 96
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


def png_of_example(pixels: NDArray[Any]) -> bytes:
    """Return an example as a small PNG; floats from their lowest to their highest."""
    from PIL import Image

    if pixels.dtype != np.uint8:
        low, high = float(np.min(pixels)), float(np.max(pixels))
        pixels = ((pixels - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        pixels = pixels[..., 0]
    image = Image.fromarray(pixels)
    image.thumbnail((_EXAMPLE_PX, _EXAMPLE_PX))
    buffer = io.BytesIO()
    image.save(buffer, format="png")
    return buffer.getvalue()


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


# The distribution: population against sample, before and after weighting.

N_BINS = 16
_MAX_CATEGORIES = 12
OTHERS = "others"


def panel_view(state: State, by: str) -> dict[str, Any]:
    """Return the distribution of what the map is coloured by."""
    population, selection = state.population, state.result.selection
    if by == "outcome" and not population.has_classes:
        return _panel(by, population.y, selection.labels.astype(float), state)
    if by == "class" and population.has_classes:  # as the sample has them, right or wrong
        names = np.asarray(population.class_names)
        labels = names[selection.labels.astype(int)]
        return _panel(by, class_labels(population), labels, state, list(population.class_names))
    values = _columns(population)[by]
    return _panel(by, values, values[selection.indices], state)


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


def to_view(
    state: State, colouring: Colouring, *, reading: Reading, trouble: str = ""
) -> dict[str, Any]:
    """Return what the drawers need, as JSON holds it."""
    result = state.result
    n, effective = len(result.selection), result.effective_sample_size
    return {
        "sentence": reading.whole,
        "finding": reading.finding,
        "fair": reading.fair,
        "warning": " ".join(filter(None, (trouble, result.warning))),
        "refused": bool(trouble),
        "drawn": result.selection.description,
        "head": head_view(state),
        "map": map_view(state, colouring),
        "scores": scores_view(state),
        "panel": panel_view(state, colouring.by),
        "choices": {
            "colour_by": [colouring.by, colour_options(state.population)],
            "repair": [state.choice.repair, _repairs_offered(state)],
        },
        "worth": f"effective sample size: {effective:,.0f} of {n:,}",
        "colours": COLOURS,
    }


def _repairs_offered(state: State) -> list[str]:
    """Return the repairs that make sense, and the one that a line of code has chosen."""
    sensible = repairs_for(state.population, state.choice.mechanism)
    return list(dict.fromkeys([*sensible, state.choice.repair]))


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


# The bias explorer as a figure that stays, drawn from what the page shows.

_MISSED = "0.72"


def figure_of_explorer(view: Mapping[str, Any], state: State, colouring: Colouring) -> Figure:
    """Return one figure: the map beside distribution and scores; pyplot does not know of it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from .._widgets.still import ChartFigure

    figure = ChartFigure(figsize=(11, 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    rows: Any = figure.subfigures(2, 1, height_ratios=[1, 6])
    head, body = rows
    plot_head(view, head.subplots())
    left, right = body.subfigures(1, 2, width_ratios=[1, 1])
    plot_map(view["map"], state, colouring, left.subplots())
    above, below = right.subplots(2, 1, height_ratios=[5, 4])
    plot_panel(view["panel"], view["colours"], above)
    plot_scores(view["scores"], view["colours"], below)
    return figure


def plot_head(view: Mapping[str, Any], ax: Axes) -> Axes:
    """Write the numbers that matter, and what they say."""
    import textwrap

    head, colours = view["head"], view["colours"]
    tone = colours["gap"] if head["is_clear"] else "0.35"
    three = (
        (0.0, head["reported"], colours["sample"], "the test set says (hollow)"),
        (0.2, head["actual"], colours["population"], "true (filled)"),
        (0.38, head["gap"], tone, head["verdict"]),
    )
    for x, number, colour, note in three:
        ax.text(x, 1, number, va="top", fontsize=22, fontweight="bold", color=colour)
        ax.text(x, 0.25, note, va="bottom", fontsize="small", color="0.3")
    said = textwrap.fill(f"{view['finding']} {view['warning']}", 62, max_lines=4, placeholder=" …")
    ax.text(0.62, 1, said, va="top", fontsize="small")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()
    return ax


def plot_map(view: Mapping[str, Any], state: State, colouring: Colouring, ax: Axes) -> Axes:
    """Draw who was selected, in colours, and who was missed, in grey."""
    from matplotlib.patches import Rectangle

    shown = np.union1d(shown_on_map(state.population), state.result.selection.indices)
    marks = mark_bits(state.result)[shown]
    x, y = state.population.position[shown].T
    palette = np.asarray([colour for colour, _ in colouring.palette])
    colours = palette[colouring.codes[shown]]
    is_in, changed = (marks & SELECTED) > 0, (marks & CHANGED) > 0
    ax.scatter(x[~is_in], y[~is_in], 5, color=_MISSED)
    ax.scatter(x[is_in], y[is_in], 28, c=colours[is_in], edgecolors="white", linewidths=0.6)
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
    ends = f", {view['ends'][0]} (blue) to {view['ends'][1]} (orange)" if view["ends"] else ""
    ax.set_xlabel(f"colour: {view['by']}{ends}; grey: missed", fontsize="small")
    names = [(c, name) for c, name in view["palette"] if name and not view["labels"]]
    handles = [ax.scatter([], [], 28, c=c, label=name) for c, name in names]
    if handles:
        ax.legend(handles=handles, fontsize="small", loc="best")
    return ax


def plot_scores(view: Mapping[str, Any], colours: Mapping[str, str], ax: Axes) -> Axes:
    """Draw what the hold-out says (hollow) and what the population knows (filled)."""
    low, high = view["axis"]["low"], view["axis"]["high"]
    for i, row in enumerate(view["rows"]):
        if "hint" in row:
            ax.text(low, i, row["hint"], va="center", fontsize="small", color="0.4")
            continue
        text, is_clear = row["gap"] or ["", False]
        known = [row[key] for key in ("reported", "actual") if row[key] is not None]
        ax.plot(known, [i] * len(known), linewidth=4, solid_capstyle="butt",
                color=colours["gap"] if is_clear else "0.7", alpha=0.5)  # fmt: skip
        ax.plot(row["actual"], i, "o", markersize=10, color=colours["population"])
        ax.plot(row["reported"], i, "o", markersize=9, markerfacecolor="white",
                markeredgecolor=colours["sample"], markeredgewidth=2.5)  # fmt: skip
        for at, side, key in _sides(row):
            look: dict[str, Any] = {
                "ha": "left" if side > 0 else "right",
                "va": "center",
                "fontsize": "small",
            }
            place = (8 * side, 0)
            ax.annotate(row[f"{key}_text"], (at, i), place, textcoords="offset points", **look)
        ax.annotate(text, (1, i), xycoords=("axes fraction", "data"), ha="right", va="center",
                    fontsize="small", fontweight="bold" if is_clear else "normal")  # fmt: skip
    ax.axvline(view["rule"][0], color="0.35", linestyle=":", linewidth=1)
    ax.set(xlim=(low, low + 1.35 * (high - low)), ylim=(len(view["rows"]) - 0.5, -0.5))
    ax.set_xticks(*zip(*view["axis"]["ticks"], strict=True))
    ax.set_yticks(range(len(view["rows"])), [row["name"] for row in view["rows"]])
    ax.set_xlabel(f"{view['title']}; dotted: {view['rule'][1]}", fontsize="small")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _sides(row: Mapping[str, Any]) -> list[tuple[float, int, str]]:
    """Return where the two numbers of a row stand: outside of the pair, so that none meets."""
    known = sorted((row[key], key) for key in ("actual", "reported") if row[key] is not None)
    return [(at, -1 if i == 0 and len(known) > 1 else 1, key) for i, (at, key) in enumerate(known)]


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
