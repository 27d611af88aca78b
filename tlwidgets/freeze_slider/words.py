"""From the state of a freeze slider to sentences, pictures and tables; nothing but arithmetic."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import _palette
from .._metrics import lower_is_better
from .._widgets.chart import Axis, Chart, Point, Series, axis_over
from .experiment import Choice, LayerMove, Record, State, Subject, count_trained, score_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..freezing import Block

_EPOCH_STEPS = (1, 2, 5, 10, 20, 50, 100, 200)  # up to 1,000 epochs
_N_CURVES = 5  # in one picture; more could not be told apart
_WORDS = {"val_": "validation ", "": "training "}


def describe(state: State) -> str:
    """Return one sentence on what is chosen.

    It is read aloud, stands above the ribbon, and is the slider's text where nothing is drawn.
    """
    return _describe_choice(state.subject, state.choice)


def _describe_choice(subject: Subject, choice: Choice) -> str:
    names = [block.name for block in subject.blocks]
    total = sum(block.n_parameters for block in subject.blocks)
    numbers = f"{count_trained(subject, choice):,} of {total:,} parameters"
    if choice.cut == 0:
        if len(names) == 1:
            return f"Nothing is frozen: {names[0]} trains, {numbers}."
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
    n_on_disk = state.estimate.n_bytes_on_disk
    places = {"more memory": state.estimate.n_bytes - n_on_disk, "in temporary files": n_on_disk}
    room = "".join(
        f" and {_round_up(n_bytes / 1e6)} MB {place}"
        for place, n_bytes in places.items()
        if n_bytes >= 5e5
    )
    if state.estimate.seconds is None:
        return f"Next run: the first one measures this machine's speed{room}."
    seconds = state.estimate.seconds
    length = "less than a second" if seconds < 1 else f"about {_round_up(seconds)} s"
    return f"Next run: {length}{room}."


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
    """Return how much of what goes on is done, 0..1: first what is prepared, then the epochs."""
    if state.live is None:
        return 0.0
    n_done = len(state.live.history.get("loss", ()))
    if n_done == 0 and state.live.prepared < 1:
        return state.live.prepared
    return n_done / state.live.choice.epochs


def slider_view(state: State) -> dict[str, Any]:
    """Return what the page draws: the score, accuracy by depth, the ribbon, and what moved."""
    blocks = state.subject.blocks
    moves = {move.layer: move for move in state.moves}
    depth = depth_chart(state)
    scores = _scores(state)
    return {
        "blocks": [
            {
                "name": block.name,
                "share": round(share, 5),
                "size": f"{block.n_parameters:,}",
                "info": describe_block(block),
                "sentence": _describe_choice(state.subject, replace(state.choice, cut=cut)),
                "batchnorm": block.has_batchnorm,
                "score": scores.get(cut),
                **_moves_view([moves[layer] for layer in block.layers if layer in moves]),
            }
            for cut, (block, share) in enumerate(zip(blocks, shares(blocks), strict=True))
        ],
        "keep_batchnorm_frozen": state.choice.keep_batchnorm_frozen,
        "hint": "" if depth else _hint(len(blocks)),
        "depth": depth and depth.to_view(),
        "live": _live_view(state),
        "status": _status(state),
        "actions": _actions_view(state),
        "curves": [chart.to_view() for chart in curve_charts(state) if chart.series],
        "colours": dict(_palette.RIBBON_COLOURS),
    }


def shares(blocks: Sequence[Block]) -> list[float]:
    """Return which part of the ribbon each block takes; together they are 1."""
    # Log scale: one block may have a thousand times the parameters of another.
    sizes = [math.log10(10 + block.n_parameters) for block in blocks]
    return [size / sum(sizes) for size in sizes]


def _hint(n_blocks: int) -> str:
    if n_blocks == 1:
        return "Press Train. This network is one block: all of it trains, or nothing would."
    return (
        "Drag the handle: what is left of it stays frozen. Then press Train. "
        "Each run puts a dot above its boundary; Sweep tries every depth."
    )


def _status(state: State) -> str:
    """Return what goes on, or how the last run ended and what it moved."""
    said = describe_progress(state)
    return said if state.live else " ".join(filter(None, [said, describe_moves(state)]))


def _actions_view(state: State) -> dict[str, Any]:
    epochs = state.choice.epochs
    return {
        "train": f"Train {epochs} epoch{'s' if epochs > 1 else ''}",
        "cost": _cost(None if state.estimate is None else state.estimate.seconds),
        "sweep_cost": _cost(state.sweep_seconds),
        "told": describe_cost(state),
        "is_running": state.live is not None,
        "done": round(progress(state), 3),
    }


def _cost(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 1:
        return "< 1 s"
    return f"≈ {_round_up(seconds)} s" if seconds < 120 else f"≈ {_round_up(seconds / 60)} min"


def _live_view(state: State) -> dict[str, Any] | None:
    """Return where a run goes on, and its score so far."""
    if state.live is None:
        return None
    name = score_name(state.live.history) if state.live.history else ""
    score = state.live.history[name][-1] if name else None
    return {
        "cut": state.live.choice.cut,
        "score": None if score is None or not math.isfinite(score) else round(score, 4),
        "text": "" if score is None else _number(score),
        "note": f"{_words(name)}, training" if name else "",
    }


def _scores(state: State) -> dict[int, dict[str, str]]:
    """Return what is known of each cut with what is chosen now: the number, and its gain."""
    group = [r for r in _complete(state) if _group(r.choice) == _group(state.choice)]
    return {cut: _score_view(state, group[-1].score_name, found)
            for cut, found in _by_cut(group).items()}  # fmt: skip


def _score_view(state: State, name: str, found: Sequence[float]) -> dict[str, str]:
    score, is_low = _mean(found), _should_fall(state.subject, name)
    seeds = f", mean of {len(found)} seeds" if len(found) > 1 else ""
    note = _words(name) + seeds + ("" if state.subject.n_validation else "; no validation set")
    before = state.before.get(name)
    if before is None:
        return {"text": _number(score), "note": note, "gain": "", "than": "", "tone": ""}
    gain = round(score - before, 3)
    is_good = is_low is not None and gain != 0 and (gain < 0) == is_low
    return {
        "text": _number(score),
        "note": note,
        "gain": f"{gain:+.3f}".replace("-", "−"),
        "than": "against untrained" if is_low else "over untrained",
        "tone": "" if is_low is None or gain == 0 else "good" if is_good else "bad",
    }


def _number(score: float) -> str:
    return f"{score:.3f}" if abs(score) < 100 else f"{score:.4g}"


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
        return ""
    n_moved = sum(move.has_moved for move in moves)
    cut = state.records[-1].choice.cut if state.records else state.choice.cut
    where = (
        ""
        if cut == state.choice.cut
        else f", which trained from {state.subject.blocks[cut].name} on,"
    )
    n_still = len(moves) - n_moved
    still = f"; {n_still} stayed exactly as {'they were' if n_still > 1 else 'it was'}"
    return (
        f"The last run{where} moved {n_moved} of {len(moves)} layers with parameters"
        f"{still if n_still else ''}."
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
    metric = "loss" if metric == "data_loss" else metric
    return _curve_chart(history, "loss", epochs), _curve_chart(history, metric, epochs)


def depth_chart(state: State) -> Chart | None:
    """Return the score by depth of the cut (the picture of Yosinski et al., 2014), or None.

    Its x is the ribbon: 0 where the first block begins, 1 where the last one ends. What is
    chosen now has the full line, runs with other choices are faint. A line joins the means over
    seeds, whiskers go from the least to the most. Runs that were stopped early by hand, or
    diverged, are left out: they were not given the same chance.
    """
    records = _complete(state)
    if not records:
        return None
    name = records[-1].score_name
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        groups.setdefault(_group(record.choice), []).append(record)
    chosen = _group(state.choice)
    # The newest ones; what is chosen now is drawn last, over the others.
    keys = sorted(list(groups)[-_N_CURVES:], key=lambda key: key == chosen)
    places = _places(state.subject.blocks)
    series = [
        drawn
        for rank, key in enumerate(reversed(keys))
        for drawn in _depth_series(groups[key], places, _group_name(key, keys), rank,
                                   is_faint=key != chosen)
    ][::-1]  # fmt: skip
    band = _band(state.subject, name, groups.get(chosen, []), places)
    values = [y for one in (*series, *band) for _, y in one.points if y is not None]
    rules = _rules(state, name, values)
    return Chart(
        title="How deep should you freeze?",
        description=_describe_depth(state.subject, groups.get(chosen) or records),
        x=Axis(label="", low=0, high=1, ticks=[]),
        y=_score_axis(
            _axis_name(state, name, values),
            [*values, *(at for at, _ in rules)],
            is_share=_is_share(name),
        ),
        series=[*band, *series],
        gaps=[(_palette.VALIDATION, 0, 1)] if band else (),
        rules=rules,
        marks=_best_mark(state, groups.get(chosen, []), places),
    )


def _complete(state: State) -> list[Record]:
    return [record for record in state.records if record.is_complete]


def _by_cut(records: Iterable[Record]) -> dict[int, list[float]]:
    """Return the scores at each cut, one for each seed: the same run again is no other draw."""
    found: dict[int, dict[int, float]] = {}
    for record in sorted(records, key=lambda record: record.choice.cut):
        found.setdefault(record.choice.cut, {})[record.choice.seed] = record.score
    return {cut: list(scores.values()) for cut, scores in found.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _places(blocks: Sequence[Block]) -> list[float]:
    """Return where each block begins on the ribbon, 0..1."""
    return [0.0, *itertools.accumulate(shares(blocks))][:-1]


def _is_share(name: str) -> bool:
    """Tell whether a score is a share of examples, from 0 to 1."""
    return name.endswith("accuracy")


def _rules(state: State, name: str, values: Sequence[float]) -> list[tuple[float, str]]:
    """Return the levels to compare with: before training, and knowing nothing."""
    rules = []
    majority = state.subject.majority or 0.0
    if _is_share(name) and _is_near(majority, values):
        rules.append((majority, f"always the most frequent class {majority:.3f}"))
    if (before := state.before.get(name)) is not None and _is_near(before, values):
        rules.append((before, f"before training {_number(before)}"))
    return rules


def _is_near(level: float, values: Sequence[float]) -> bool:
    """Tell whether a level can be drawn without pressing all runs to one edge of the picture."""
    low, high = min(values), max(values)
    room = max(0.1 * max(1.0, abs(low), abs(high)), high - low)
    return low - room < level < high + room


def _axis_name(state: State, name: str, values: Sequence[float]) -> str:
    """Return what is measured, and where it began if that is off the picture."""
    before = state.before.get(name)
    if before is None or _is_near(before, values):
        return _words(name)
    side = "below" if before < min(values) else "above"
    return f"{_words(name)} (before training {_number(before)}, far {side})"


def _score_axis(label: str, values: Sequence[float], *, is_share: bool) -> Axis:
    """Return an axis on which noise does not look like a cliff: ten points of accuracy at least."""
    low, high = min(values), max(values)
    missing = max(0.0, (0.1 if is_share else 0.1 * max(abs(low), abs(high))) - (high - low))
    low, high = low - missing / 2, high + missing / 2
    if is_share:  # there is nothing below 0 and above 1
        shift = max(0.0, -low) - max(0.0, high - 1)
        low, high = max(0.0, low + shift), min(1.0, high + shift)
    axis = axis_over(label, [low, high])
    n_digits = max(len(text.partition(".")[2]) for _, text in axis.ticks)
    return replace(axis, ticks=[(at, f"{at:.{n_digits}f}") for at, _ in axis.ticks])


def _band(
    subject: Subject, name: str, group: Sequence[Record], places: Sequence[float]
) -> list[Series]:
    """Return the edges of what a validation set of this size can tell: Wilson's (1927) 95 %."""
    n = subject.n_validation
    if not (group and n and _is_share(name)):
        return []
    edges: tuple[list[Point], list[Point]] = ([], [])
    for cut, scores in _by_cut(group).items():
        p, z = _mean(scores), 1.96
        middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        edges[0].append((places[cut], middle - half))
        edges[1].append((places[cut], middle + half))
    return [Series(name="", points=edge, colour=_palette.VALIDATION, has_line=False)
            for edge in edges]  # fmt: skip


def _best_mark(
    state: State, group: Sequence[Record], places: Sequence[float]
) -> list[tuple[float, float, str]]:
    """Return the mark of the best depth, where there are two to compare."""
    means = {cut: _mean(scores) for cut, scores in _by_cut(group).items()}
    if len(means) < 2 or (is_low := _should_fall(state.subject, group[-1].score_name)) is None:
        return []
    cut = (min if is_low else max)(means, key=means.__getitem__)
    text = f"best: {_number(means[cut])} from {state.subject.blocks[cut].name}"
    return [(places[cut], means[cut], text)]


def _moves_view(moves: Sequence[LayerMove]) -> dict[str, Any]:
    """Return a bar for each layer of a block, 0..1 high, and the words below them."""
    if not moves:
        return {"moves": [], "moved": ""}
    most = max((m.relative_change or 0.0 for m in moves if m.has_moved), default=0.0)
    has_moved = any(move.has_moved for move in moves)
    return {
        "moves": [[_height(move), f"{move.layer}: {_describe_move(move)}"] for move in moves],
        "moved": (_percent(most) if most else "moved") if has_moved else "0, exactly",
    }


def _height(move: LayerMove) -> float:
    """Return how high a bar is: logarithmic, since a head moves a thousand times farther."""
    if not move.has_moved:
        return 0.0
    change = 1.0 if move.relative_change is None else move.relative_change
    return round(min(1.0, max(0.12, math.log10(1 + 1000 * change) / 3)), 3)


def _describe_move(move: LayerMove) -> str:
    if not move.has_moved:
        return "did not move, 0 exactly"
    size = "" if move.relative_change is None else f"moved by {_percent(move.relative_change)}, "
    return f"{size}largest change {move.largest_change:.2g}"


def _percent(share: float) -> str:
    if share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _curve_chart(history: dict[str, Sequence[float]], metric: str, epochs: int) -> Chart:
    names = [name for name in (metric, f"val_{metric}") if name in history]
    colours = {metric: _palette.TRAINING, f"val_{metric}": _palette.VALIDATION}
    series = [
        Series(
            name=f"{_words(name).removesuffix(f' {metric}')} {_number(history[name][-1])}",
            points=[(epoch + 1, value) for epoch, value in enumerate(history[name])],
            colour=colours[name],
            is_dashed=name == metric,
        )
        for name in names
    ]
    last = ", ".join(f"{_words(name)} {history[name][-1]:.3g}" for name in names)
    return Chart(
        title=metric,
        description=f"Epoch {len(history[metric])}: {last}." if names else "",
        x=_epoch_axis(epochs),
        y=axis_over(metric, [value for name in names for value in history[name]]),
        series=series,
    )


def _epoch_axis(epochs: int) -> Axis:
    step = next(step for step in _EPOCH_STEPS if epochs / step <= 6)
    ticks = [(at, str(at)) for at in range(step, epochs + 1, step)]
    return Axis(label="epoch", low=0.5, high=epochs + 0.5, ticks=ticks)


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


def _depth_series(
    records: Sequence[Record], places: Sequence[float], name: str, rank: int, *, is_faint: bool
) -> list[Series]:
    """Return one curve: the line through the means, then its whiskers; `rank` 0 is the newest."""
    by_cut = _by_cut(records)
    colour = _palette.SERIES[rank % len(_palette.SERIES)]
    means: list[Point] = [(places[cut], _mean(scores)) for cut, scores in by_cut.items()]
    line = Series(name=name, points=means, colour=colour, has_dots=True, is_faint=is_faint)
    spread = {cut: scores for cut, scores in by_cut.items() if len(scores) > 1}
    whiskers: list[Point] = [
        (places[cut], end)
        for cut, scores in spread.items()
        for end in (min(scores), max(scores), None)
    ]
    if not whiskers:
        return [line]
    return [line, Series(name="", points=whiskers, colour=colour, is_faint=is_faint)]


def _describe_depth(subject: Subject, records: Sequence[Record]) -> str:
    group = [r for r in records if _group(r.choice) == _group(records[-1].choice)]
    unseen = "" if subject.n_validation else " No validation set: this is what it was trained on."
    n_runs = f"{len(group)} run{'s' if len(group) > 1 else ''}"
    name, n_labels = records[-1].score_name, records[-1].choice.n_labels
    is_low = _should_fall(subject, name)
    if is_low is None and name == "loss":
        return (
            f"So far with {n_labels:,} labels: training loss {records[-1].score:.3f} in the last "
            f"of {n_runs}. It holds the penalties of the layers that train, other ones at each "
            "depth, so no depth is called the best: give a validation set."
        )
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


def _should_fall(subject: Subject, name: str) -> bool | None:
    """Tell which direction of a score is better from depth to depth; None if none is."""
    return None if name == "loss" and subject.is_penalised else lower_is_better(name)


def _words(name: str) -> str:
    prefix = "val_" if name.startswith("val_") else ""
    said = "loss without penalties" if name == "val_data_loss" else name.removeprefix("val_")
    return f"{_WORDS[prefix]}{said}"


def _round_up(value: float) -> str:
    return f"{math.ceil(value):,}" if value >= 10 else f"{value:.1f}"


# The freeze slider as a figure that stays.


def plot_ribbon(view: Mapping[str, Any], cut: int, ax: Axes) -> Axes:
    """Draw the blocks, frozen ones before the cut, and below them how far their layers moved."""
    colours, left = view["colours"], 0.0
    for i, block in enumerate(view["blocks"]):
        share, moves = block["share"], block["moves"]
        fill, ink = ("ice", "ink") if i < cut else ("trains", "white")
        ax.barh(1, share, left=left, height=0.9, color=colours[fill], edgecolor="white")
        # The height is in the page's proportions: bars hang below the blocks.
        for j, (height, _) in enumerate(moves):
            width = share / len(moves)
            ax.bar(left + (j + 0.5) * width, height / 2, 0.9 * width, -0.2, color=colours["trains"])
        texts = ((1, block["name"], 8, colours.get(ink, ink)), (-0.45, block["moved"], 7, "0.35"))
        for y, text, size, colour in texts:
            if len(text) * size < 900 * share:  # as much as there is room for
                ax.text(left + share / 2, y, text, color=colour, ha="center", va="center",
                        fontsize=size)  # fmt: skip
        left += share
    boundary = sum(block["share"] for block in view["blocks"][:cut])
    ax.axvline(boundary, color="black", linewidth=2)
    ax.set(xlim=(0, left), ylim=(-0.7, 1.6), yticks=[], xticks=[])
    ax.spines[:].set_visible(False)
    return ax


def figure_of_slider(view: Mapping[str, Any], cut: int) -> Figure:
    """Return what the page shows as one figure; pyplot does not know of it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from .._widgets.still import plot_chart

    figure = Figure(figsize=(9.2, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    parts: Any = figure.subfigures(2, 1, height_ratios=[2.2, 1])
    if view["depth"]:
        depth, ribbon = parts[0].subplots(2, 1, sharex=True, height_ratios=[2, 1])
        plot_chart({**view["depth"], "title": ""}, depth)
        depth.tick_params(bottom=False, labelbottom=False)
    else:
        ribbon = parts[0].subplots()
    plot_ribbon(view, cut, ribbon)
    block = view["blocks"][cut]
    score = block["score"]
    number = f"\n{score['text']} {score['note']}" if score else ""
    gain = f", {score['gain']} {score['than']}" if score and score["gain"] else ""
    parts[0].suptitle(block["sentence"] + number + gain, fontsize="medium", ha="left", x=0.01)
    if view["curves"]:
        for curve, ax in zip(view["curves"], parts[1].subplots(1, 2), strict=True):
            plot_chart(curve, ax)
    return figure


# The table of runs.

_N_SHOWN = 40
_SHORT = {
    "trained_parameters": "parameters",
    "n_labels": "labels",
    "keep_batchnorm_frozen": "BN frozen",
    "preparation_seconds": "prepared in",
}


def table_of(state: State) -> pd.DataFrame:
    """Return all runs, one row each, in the order in which they were trained."""
    return pd.DataFrame([_row(state.subject, record) for record in state.records])


def runs_view(state: State) -> dict[str, Any]:
    """Return the newest runs as a table of texts, and which of its rows is the best."""
    newest = table_of(state).iloc[::-1].head(_N_SHOWN)
    names = [_SHORT.get(name, name.replace("_", " ")) for name in newest.columns]
    scores = [record.score for record in state.records[::-1][:_N_SHOWN]]
    name = state.records[-1].score_name if state.records else ""
    is_low = _should_fall(state.subject, name)
    best = None if is_low is None else scores.index((min if is_low else max)(scores))
    rows = [[_text(value) for value in row] for row in newest.itertuples(index=False)]
    return {"columns": names, "rows": rows, "best": best}


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.3g}"
    return "" if value is None else value if isinstance(value, str) else f"{value:,}"


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
