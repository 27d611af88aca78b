"""What runs after what in a network, drawn from the model itself.

Only what makes a family known is kept: layers with a kernel, pooling, and the places where
branches meet. BatchNormalization, activations and padding belong to the node before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from .. import _check, _palette
from .._keras import trainable_variables_in
from .blocks import Layout, read_layout
from .graph import Step

_WORD_OF_MERGE = {"Add": "+", "Concatenate": "join", "Multiply": "×"}
_COLOURS = {
    "start": _palette.TARGET,
    "kernel": _palette.SOURCE,
    "pool": _palette.NEUTRAL,
    "merge": "#333333",
}
_HALF_WIDTH, _HALF_HEIGHT = 0.36, 0.36
_BAND = "#F2F2F2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One layer of the sketch."""

    kind: str  # "start", "kernel", "pool" or "merge"
    label: str  # the side of the kernel and the number of channels
    block: str  # name of the block that it belongs to
    column: int  # how many nodes come before it on the longest way from the input
    lane: float  # which branch it lies on; 0 is the middle
    parents: tuple[int, ...]  # the nodes that feed it; none for the first, what comes in


def sketch(model: keras.Model, blocks: Sequence[str] | None = None) -> list[Node]:
    """Return the nodes of a model, or of some blocks of it, in the order in which they run."""
    layout = read_layout(model)
    known = [block.name for block in layout.blocks]
    chosen = known if blocks is None else _check.columns_of("blocks", blocks, known, kind="block")
    indices = [i for i, name in enumerate(known) if name in chosen]
    sketcher = _Sketcher(layout, known[indices[0]], begins_with_input=indices[0] == 0)
    for i in indices:
        sketcher.add(known[i], layout.steps_of(i))
    return sketcher.nodes()


class _Sketcher:
    """Contracts steps into nodes; a slot remembers the node that it comes from."""

    def __init__(self, layout: Layout, first_block: str, *, begins_with_input: bool) -> None:
        self._layout = layout
        start = ("start", "image" if begins_with_input else "…", first_block, ())
        self._found: list[tuple[str, str, str, tuple[int, ...]]] = [start]
        self._node_of: dict[int, int] = {}

    def add(self, block: str, steps: Iterable[Step]) -> None:
        for step in steps:
            # What was made before the chosen blocks comes in at the start.
            parents = tuple(dict.fromkeys(self._node_of.get(slot, 0) for slot in step.reads))
            kind, node = _kind(step), parents[0]
            if kind is not None:
                self._found.append((kind, _label(step, kind, self._layout), block, parents))
                node = len(self._found) - 1
            self._node_of.update(dict.fromkeys(step.writes, node))

    def nodes(self) -> list[Node]:
        n_children = [0] * len(self._found)
        for kind, _, _, parents in self._found:
            if kind != "merge":
                for parent in parents:
                    n_children[parent] += 1
        seen = [0] * len(self._found)
        nodes: list[Node] = []
        for kind, label, block, parents in self._found:
            column = 1 + max((nodes[p].column for p in parents), default=-1)
            lane = sum(nodes[p].lane for p in parents) / len(parents) if parents else 0.0
            if kind != "merge" and parents:
                # Branches leave their fork side by side.
                fork = parents[0]
                lane = nodes[fork].lane + seen[fork] - (n_children[fork] - 1) / 2
                seen[fork] += 1
            nodes.append(
                Node(kind=kind, label=label, block=block, column=column, lane=lane, parents=parents)
            )
        return nodes


def _kind(step: Step) -> str | None:
    if len(step.reads) > 1:
        return "merge"
    if any(len(variable.shape) > 1 for variable in trainable_variables_in(step.operation)):
        return "kernel"
    is_pool = "Pool" in type(step.operation).__name__
    return "pool" if is_pool else None


def _label(step: Step, kind: str, layout: Layout) -> str:
    operation: Any = step.operation
    word = type(operation).__name__
    if kind == "merge":
        return _WORD_OF_MERGE.get(word, word)
    channels = layout.graph.tensors[step.writes[0]].shape[-1]
    if kind == "pool":
        return "max" if "Max" in word else "mean"
    if isinstance(operation, layers.Dense):
        return f"dense\n{channels}"
    sides = getattr(operation, "kernel_size", None)
    if not sides:
        return f"{operation.name}\n{channels}"
    return "×".join(map(str, sides)) + f"\n{channels}"


def plot_blocks(model: keras.Model, ax: Axes, blocks: Sequence[str] | None = None) -> Axes:
    """Show me what runs after what in this network: a chain, shortcuts, or branches.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional.
    ax : matplotlib Axes
        About 0.6 inches wide for each layer with a kernel.
    blocks : sequence of str, optional
        Names as of `read_blocks`; by default all blocks.

    Returns
    -------
    matplotlib Axes
        The same. Purple: a layer with a kernel, its side and its channels; grey: pooling;
        black: where branches meet; green: what comes in. BatchNormalization and activations
        are left out.
    """
    _check.axes("ax", ax)
    nodes = sketch(model, blocks)
    _draw_bands(nodes, ax)
    for node in nodes:
        for parent in node.parents:
            _draw_edge(nodes[parent], node, nodes, ax)
    for node in nodes:
        _draw_node(node, ax)
    lanes = [node.lane for node in nodes]
    ax.set(
        xlim=(-0.7, max(node.column for node in nodes) + 0.7),
        ylim=(min(lanes) - 1.1, max(lanes) + 1.2),
    )
    ax.axis("off")
    return ax


def _draw_bands(nodes: Sequence[Node], ax: Axes) -> None:
    """Shade every other block, and write its name above."""
    top, bottom = max(n.lane for n in nodes) + 0.75, min(n.lane for n in nodes) - 0.85
    for i, block in enumerate(dict.fromkeys(node.block for node in nodes)):
        columns = [node.column for node in nodes if node.block == block]
        left, right = min(columns) - 0.5, max(columns) + 0.5
        if i % 2 == 0:
            ax.fill_between([left, right], bottom, top + 0.4, color=_BAND, linewidth=0, zorder=0)
        ax.text((left + right) / 2, top + 0.05, block, ha="center", va="bottom", fontsize=8)


def _draw_node(node: Node, ax: Axes) -> None:
    box = FancyBboxPatch(
        (node.column - _HALF_WIDTH, node.lane - _HALF_HEIGHT),
        2 * _HALF_WIDTH,
        2 * _HALF_HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor=_COLOURS[node.kind],
        edgecolor="white",
        zorder=3,
    )
    ax.add_patch(box)
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    ax.text(node.column, node.lane, node.label, **middle, color="white", fontsize=7, zorder=4)


def _draw_edge(start: Node, end: Node, nodes: Sequence[Node], ax: Axes) -> None:
    passes = any(
        start.column < node.column < end.column and node.lane == start.lane == end.lane
        for node in nodes
    )
    # A shortcut runs around what it leaves out.
    height = _HALF_HEIGHT if passes else 0
    ax.annotate(
        "",
        (end.column - (0 if passes else _HALF_WIDTH), end.lane - height),
        (start.column + (0 if passes else _HALF_WIDTH), start.lane - height),
        arrowprops={
            "arrowstyle": "-|>",
            "color": "#555555",
            "connectionstyle": "arc3,rad=0.35" if passes else "arc3",
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=2,
    )
