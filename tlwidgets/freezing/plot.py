"""What runs after what in a network, drawn from the model itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from .. import _check, _palette
from .sketch import Node, sketch

if TYPE_CHECKING:
    import keras

_COLOURS = {
    "start": _palette.TARGET,
    "kernel": _palette.SOURCE,
    "pool": _palette.NEUTRAL,
    "merge": "#333333",
}
_HALF_WIDTH, _HALF_HEIGHT = 0.36, 0.36
_BAND = "#F2F2F2"


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

    Raises
    ------
    TypeError, ValueError
        If the model has no known graph, there is no such block, or `ax` is no Axes.
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
    ax.text(
        node.column,
        node.lane,
        node.label,
        ha="center",
        va="center",
        color="white",
        fontsize=7,
        zorder=4,
    )


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
