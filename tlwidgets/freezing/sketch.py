"""A network as a sketch: which layer feeds which, with the small steps left out.

Only what makes a family known is kept: layers with a kernel, pooling, and the places where
branches meet. BatchNormalization, activations and padding belong to the node before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from .. import _check
from .blocks import Layout, read_layout
from .graph import Step
from .layer_facts import trainable_variables_of

_WORD_OF_MERGE = {"Add": "+", "Concatenate": "join", "Multiply": "×"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    r"""One layer of the sketch.

    Parameters
    ----------
    kind : "start", "kernel", "pool" or "merge"
    label : str
        Such as "3×3\n64": the side of the kernel and the number of channels.
    block : str
        Name of the block that it belongs to.
    column : int, >= 0
        How many nodes come before it on the longest way from the input.
    lane : float
        Which branch it lies on; 0 is the middle.
    parents : tuple of int
        Indices of the nodes that feed it; none for the first, which stands for what comes in.
    """

    kind: str
    label: str
    block: str
    column: int
    lane: float
    parents: tuple[int, ...]


def sketch(model: keras.Model, blocks: Sequence[str] | None = None) -> list[Node]:
    """Return the nodes of a model, or of some blocks of it, in the order in which they run.

    Raises
    ------
    TypeError, ValueError
        If the model has no known graph, or there is no such block.
    """
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
    if any(len(variable.shape) > 1 for variable in trainable_variables_of(step.operation)):
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
