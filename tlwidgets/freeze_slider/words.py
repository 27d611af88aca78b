"""From the state of a freeze slider to sentences, pictures and tables; nothing but arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import _palette
from .._metrics import lower_is_better
from .._widgets.chart import Axis, Chart, Series, axis_over
from .experiment import Choice, LayerMove, Record, State, Subject, count_trained, score_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..freezing import Block

_EPOCH_STEPS = (1, 2, 5, 10, 20, 50, 100, 200)  # up to 1,000 epochs
_WORDS = {"val_": "validation ", "": "training "}


def describe(state: State) -> str:
    """Return one sentence on what is chosen.

    It is read aloud, stands above the ribbon, and is the slider's text where nothing is drawn.
    """
    subject, choice = state.subject, state.choice
    names = [block.name for block in subject.blocks]
    total = sum(block.n_parameters for block in subject.blocks)
    numbers = f"{count_trained(subject, choice):,} of {total:,} parameters"
    if choice.cut == 0:
        return f"Nothing is frozen: everything from {names[0]} to {names[-1]} trains, {numbers}."
    frozen = names[0] if choice.cut == 1 else f"{names[0]} to {names[choice.cut - 1]}"
    is_last = choice.cut == len(names) - 1
    trained = f"only {names[-1]} trains" if is_last else f"{names[choice.cut]} to {names[-1]} train"
    verb = "is" if choice.cut == 1 else "are"
    return f"{frozen} {verb} frozen; {trained}, {numbers}."


def describe_cost(state: State) -> str:
    """Return what the next run will cost, as far as it is known."""
    if state.estimate is None:
        return ""
    n_megabytes = state.estimate.n_bytes / 1e6
    memory = f" and {_round_up(n_megabytes)} MB more memory" if n_megabytes >= 0.5 else ""
    if state.estimate.seconds is None:
        return f"Next run: the first one measures this machine's speed{memory}."
    seconds = state.estimate.seconds
    length = "less than a second" if seconds < 1 else f"about {_round_up(seconds)} s"
    return f"Next run: {length}{memory}."


def describe_progress(state: State) -> str:
    """Return what goes on now, or how the last run ended."""
    live = state.live
    if live is None:
        return state.message
    place = f"{live.place}: " if live.place else ""
    n_done = len(live.history.get("loss", ()))
    if n_done == 0 and live.prepared < 1:
        return f"{place}computing what the frozen blocks give, {live.prepared:.0%}"
    return f"{place}epoch {min(n_done + 1, live.choice.epochs)} of {live.choice.epochs}"


def progress(state: State) -> float:
    """Return how much of the run that goes on is done, 0..1."""
    if state.live is None:
        return 0.0
    return len(state.live.history.get("loss", ())) / state.live.choice.epochs


def ribbon_view(state: State) -> dict[str, Any]:
    """Return what the ribbon draws: blocks with their widths, sentences, and what moved."""
    blocks = state.subject.blocks
    # Log scale: one block may have a thousand times the parameters of another.
    sizes = [math.log10(10 + block.n_parameters) for block in blocks]
    moves = {move.layer: move for move in state.moves}
    return {
        "blocks": [
            {
                "name": block.name,
                "share": round(size / sum(sizes), 4),
                "info": describe_block(block),
                "batchnorm": block.has_batchnorm,
                "moves": [_move_view(moves[layer]) for layer in block.layers if layer in moves],
            }
            for block, size in zip(blocks, sizes, strict=True)
        ],
        "keep_batchnorm_frozen": state.choice.keep_batchnorm_frozen,
        "sentence": describe(state),
        "cost": describe_cost(state),
        "proof": describe_moves(state),
        "colours": dict(_palette.ROLE_COLOURS),
    }


def describe_block(block: Block) -> str:
    """Return the facts about one block."""
    shape = " x ".join("?" if size is None else str(size) for size in block.output_shape)
    n_layers = len(block.layers)
    return (
        f"{block.name}: {block.n_parameters:,} parameters in {n_layers} "
        f"layer{'s' if n_layers > 1 else ''}, output {shape}"
        f"{', with BatchNormalization' if block.has_batchnorm else ''}"
    )


def describe_moves(state: State) -> str:
    """Return what the last run moved, and where it was cut if the boundary has moved since."""
    moves = state.moves
    if not moves:
        return "After a run, this strip shows which layers moved."
    n_moved = sum(move.has_moved for move in moves)
    cut = state.records[-1].choice.cut if state.records else state.choice.cut
    where = (
        ""
        if cut == state.choice.cut
        else f", which trained from {state.subject.blocks[cut].name} on,"
    )
    return (
        f"The last run{where} moved {n_moved} of {len(moves)} layers with parameters; "
        f"{len(moves) - n_moved} stayed exactly as they were."
    )


def curve_charts(state: State) -> tuple[Chart, Chart]:
    """Return the curves of the run that goes on, or of the last one: its loss and its score."""
    last = state.records[-1] if state.records else None
    if state.live is not None:
        history: dict[str, Sequence[float]] = dict(state.live.history)
        epochs = state.live.choice.epochs
    else:
        history = dict(last.run.history) if last else {}
        epochs = max(1, len(history.get("loss", ()))) if last else state.choice.epochs
    metric = score_name(history).removeprefix("val_") if history else "accuracy"
    return _curve_chart(history, "loss", epochs), _curve_chart(history, metric, epochs)


def depth_chart(state: State) -> Chart:
    """Return the score by depth of the cut (the picture of Yosinski et al., 2014).

    Dots are runs, one for each seed; lines join their means. Runs that were stopped early by
    hand, or diverged, are left out: they were not given the same chance.
    """
    records = [record for record in state.records if record.is_complete]
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        groups.setdefault(_group(record.choice), []).append(record)
    newest = list(groups)[::-1]
    series = [
        drawn
        for rank, key in reversed(list(enumerate(newest)))
        for drawn in _depth_series(groups[key], _group_name(key, newest), rank)
    ]
    word = _words(records[-1].score_name) if records else "accuracy"
    scores = [record.score for record in records]
    rules = []
    # A level far below would press all runs to the top of the picture.
    floor = min(scores) - max(0.1, max(scores) - min(scores)) if scores else 1.0
    if (majority := state.subject.majority or 0.0) > floor and word.endswith("accuracy"):
        rules = [(majority, "always the most frequent class")]
        scores.append(majority)
    if records and (before := state.before.get(records[-1].score_name)) is not None:
        rules.append((before, "before training"))
        scores.append(before)
    return Chart(
        title="How deep should you freeze?",
        description=_describe_depth(state.subject, records),
        x=_cut_axis([block.name for block in state.subject.blocks]),
        y=axis_over(word, scores),
        series=series,
        rules=rules,
    )


def _move_view(move: LayerMove) -> list[object]:
    change = f"largest change {move.largest_change:.2g}" if move.has_moved else "did not move"
    return [int(move.has_moved), f"{move.layer}: {change}"]


def _curve_chart(history: dict[str, Sequence[float]], metric: str, epochs: int) -> Chart:
    names = [name for name in (metric, f"val_{metric}") if name in history]
    colours = {metric: _palette.TRAINING, f"val_{metric}": _palette.VALIDATION}
    series = [
        Series(
            name=_words(name).removesuffix(f" {metric}"),
            points=[(epoch + 1, value) for epoch, value in enumerate(history[name])],
            colour=colours[name],
            has_dots=len(history[name]) <= 20,
            is_dashed=name == metric,
        )
        for name in names
    ]
    last = ", ".join(f"{_words(name)} {history[name][-1]:.3g}" for name in names)
    return Chart(
        title=metric.capitalize(),
        description=f"Epoch {len(history[metric])}: {last}." if names else "",
        x=_epoch_axis(epochs),
        y=axis_over(metric, [value for name in names for value in history[name]]),
        series=series,
    )


def _epoch_axis(epochs: int) -> Axis:
    step = next(step for step in _EPOCH_STEPS if epochs / step <= 6)
    ticks = [(at, str(at)) for at in range(step, epochs + 1, step)]
    return Axis(label="epoch", low=0.5, high=epochs + 0.5, ticks=ticks)


def _cut_axis(names: Sequence[str]) -> Axis:
    """Return the axis of cuts; as many names as have room, the last always."""
    room = 40
    step = max(1, math.ceil(sum(len(name) + 2 for name in names) / room))
    shown = range(len(names) - 1, -1, -step)
    ticks = [(at, names[at]) for at in sorted(shown)]
    return Axis(label="first block that trains", low=-0.5, high=len(names) - 0.5, ticks=ticks)


def _group(choice: Choice) -> tuple[object, ...]:
    """Return what runs of one curve have in common: all but the cut and the seed."""
    rate, norm = choice.learning_rate, choice.keep_batchnorm_frozen
    return choice.n_labels, choice.epochs, rate, norm, choice.batch_size


def _group_name(key: tuple[object, ...], keys: Iterable[tuple[object, ...]]) -> str:
    """Return the number of labels, and what else differs between the curves."""
    n_labels, epochs, rate, is_norm_frozen, _ = key
    words = [f"{n_labels:,} labels"]
    differs = [len(set(values)) > 1 for values in zip(*keys, strict=True)]
    if differs[1]:
        words.append(f"{epochs} epochs")
    if differs[2]:
        words.append("own learning rate" if rate is None else f"learning rate {rate:g}")
    if differs[3]:
        words.append("BatchNorm frozen" if is_norm_frozen else "BatchNorm trains")
    return ", ".join(words)


def _depth_series(records: Sequence[Record], name: str, rank: int) -> list[Series]:
    """Return the dots of one curve and the line through their means; `rank` 0 is the newest."""
    by_cut: dict[int, list[float]] = {}
    for record in records:
        by_cut.setdefault(record.choice.cut, []).append(record.score)
    colour = _palette.SERIES[rank % len(_palette.SERIES)]
    means = [(cut, sum(scores) / len(scores)) for cut, scores in sorted(by_cut.items())]
    dots = [(cut, score) for cut, scores in sorted(by_cut.items()) for score in scores]
    is_faint = rank > 0
    line = Series(name=name, points=means, colour=colour, is_faint=is_faint)
    return [
        line,
        Series(
            name="", points=dots, colour=colour, has_line=False, has_dots=True, is_faint=is_faint
        ),
    ]


def _describe_depth(subject: Subject, records: Sequence[Record]) -> str:
    if not records:
        return "Each run adds a dot; Sweep tries every depth."
    group = [r for r in records if _group(r.choice) == _group(records[-1].choice)]
    unseen = "" if subject.n_validation else " No validation set: this is what it was trained on."
    n_runs = f"{len(group)} run{'s' if len(group) > 1 else ''}"
    name, n_labels = records[-1].score_name, records[-1].choice.n_labels
    is_low = lower_is_better(name)
    if is_low is None:
        return (
            f"So far with {n_labels:,} labels: {_words(name)} {records[-1].score:.3f} in the last "
            f"of {n_runs}. Whether more {name.removeprefix('val_')} is better is not known, so "
            f"no depth is called the best.{unseen}"
        )
    best = (min if is_low else max)(group, key=lambda record: record.score)
    return (
        f"Best so far with {n_labels:,} labels: {best.score:.3f}, training from "
        f"{subject.blocks[best.choice.cut].name} on ({n_runs}).{unseen}"
    )


def _words(name: str) -> str:
    prefix = "val_" if name.startswith("val_") else ""
    return f"{_WORDS[prefix]}{name.removeprefix('val_')}"


def _round_up(value: float) -> str:
    return f"{math.ceil(value):,}" if value >= 10 else f"{value:.1f}"


# The freeze slider as a figure that stays.


def plot_ribbon(view: Mapping[str, Any], cut: int, ax: Axes) -> Axes:
    """Draw the blocks, frozen ones before the cut, on these axes."""
    left = 0.0
    for i, block in enumerate(view["blocks"]):
        colour = view["colours"]["frozen" if i < cut else "trainable"]
        ax.barh(0, block["share"], left=left, color=colour, edgecolor="white")
        middle = left + block["share"] / 2
        ax.text(middle, 0, block["name"], color="white", ha="center", va="center", fontsize=8)
        left += block["share"]
    ax.set(xlim=(0, left), yticks=[], xticks=[])
    ax.set_title(view["sentence"], loc="left", fontsize="medium")
    ax.spines[:].set_visible(False)
    return ax


def figure_of_slider(
    ribbon: Mapping[str, Any], charts: Sequence[Mapping[str, Any]], cut: int
) -> Figure:
    """Return one figure: the ribbon above, the charts below; pyplot does not know of it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from .._widgets.still import plot_chart

    figure = Figure(figsize=(4.6 * len(charts), 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    parts: Any = figure.subfigures(2, 1, height_ratios=[1, 3])
    above, below = parts
    plot_ribbon(ribbon, cut, above.subplots())
    for view, ax in zip(charts, below.subplots(1, len(charts)), strict=True):
        plot_chart(view, ax)
    return figure


# The table of runs.

_N_SHOWN = 8
_SHORT = {
    "trained_parameters": "parameters",
    "n_labels": "labels",
    "keep_batchnorm_frozen": "BN frozen",
    "preparation_seconds": "prepared in",
}


def table_of(state: State) -> pd.DataFrame:
    """Return all runs, one row each, in the order in which they were trained."""
    return pd.DataFrame([_row(state.subject, record) for record in state.records])


def html_of(runs: pd.DataFrame) -> str:
    """Return the newest runs as an HTML table; texts in it are escaped."""
    if runs.empty:
        return ""
    newest = runs.iloc[::-1].head(_N_SHOWN)
    shown = newest.rename(columns=lambda name: _SHORT.get(name, name.replace("_", " ")))
    table = shown.map(_text).to_html(index=False, border=0, classes="tlwidgets-runs")
    return f'<div style="overflow-x: auto">{table}</div>'


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if value is None:
        return ""
    return str(value) if isinstance(value, bool | str) else f"{value:,}"


def _row(subject: Subject, record: Record) -> dict[str, object]:
    """Return one run as a row of the table of runs."""
    choice, run = record.choice, record.run
    return {
        "cut": choice.cut,
        "block": subject.blocks[choice.cut].name,
        "n_labels": choice.n_labels,
        **{name: values[-1] for name, values in run.history.items()},
        "seconds": run.seconds,
        "preparation_seconds": run.preparation_seconds,
        "trained_parameters": run.n_trained,
        "epochs": run.n_epochs,
        "learning_rate": choice.learning_rate,
        "keep_batchnorm_frozen": choice.keep_batchnorm_frozen,
        "seed": choice.seed,
        "ending": run.ending,
    }
