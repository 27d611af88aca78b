"""What a block costs to compute and to keep, and whether a cut is worth a cache."""

from __future__ import annotations

import math

from .blocks import Layout
from .layer_facts import count, trainable_variables_of

# Measured with EfficientNet-Lite0 at 96 px: below this share of an epoch, what a cache saves
# is not more than what it costs to fill and read one that is larger than the images.
_WORTH_SAVING = 0.1


def multiplications(layout: Layout, block: int) -> int:
    """Return about how many multiplications one example costs in a block."""
    total = 0
    for step in layout.steps_of(block):
        shape = layout.graph.tensors[step.writes[0]].shape
        places = math.prod(size or 1 for size in shape[1:-1])
        kernels = [v for v in trainable_variables_of(step.operation) if len(v.shape) > 1]
        total += places * sum(count(variable) for variable in kernels)
    return total


def saved_share(layout: Layout, cut: int) -> float:
    """Return the share of an epoch's arithmetic that keeping the trunk's output saves.

    A pass forward costs as much as its multiplications, training three times that.
    """
    costs = [multiplications(layout, block) for block in range(len(layout.blocks))]
    trunk, top = sum(costs[:cut]), sum(costs[cut:])
    return trunk / max(1, trunk + 3 * top)


def is_worth_keeping(layout: Layout, cut: int) -> bool:
    """Tell whether to keep what crosses a cut, or to compute it again in every epoch."""
    if cut == 0:
        return False
    graph = layout.graph
    kept, given = (
        sum(math.prod(size or 1 for size in graph.tensors[slot].shape[1:]) for slot in slots)
        for slots in (graph.crossing(layout.starts[cut]), graph.inputs)
    )
    return kept <= given or saved_share(layout, cut) >= _WORTH_SAVING
