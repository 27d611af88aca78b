"""What a block costs to compute and to keep, and whether a cut is worth a cache."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .blocks import Layout
from .caching import ActivationCache
from .layer_facts import count, trainable_variables_of
from .runs import Estimate, Plan

# Measured with EfficientNet-Lite0 at 96 px: keeping the output of the stem (1 % saved, 2.7
# times the images) or of stage 1 (2 %, 1.3 times) makes no epoch shorter; that of stage 3
# (12 %) saves 15 %.
_WORTH_SAVING = 0.1
_BYTES = 4
# What a step costs besides its arithmetic (measured with a dense head).
_SECONDS_PER_STEP = 0.0003


class Costs:
    """Arithmetic and memory of the blocks of a model, and the machine's speed once known."""

    def __init__(self, layout: Layout) -> None:
        n_blocks = range(len(layout.blocks))
        self._multiplications = [count_multiplications(layout, block) for block in n_blocks]
        crossing = [layout.graph.crossing(start) for start in layout.starts]
        self._n_values = [sum(_size(layout, slot) for slot in slots) for slots in crossing]
        self._seconds_per_multiplication: float | None = None

    def saved_share(self, cut: int) -> float:
        """Return the share of an epoch's arithmetic that keeping the trunk's output saves.

        A pass forward costs its multiplications, training three times that.
        """
        trunk, top = sum(self._multiplications[:cut]), sum(self._multiplications[cut:])
        return trunk / max(1, trunk + 3 * top)

    def is_worth_keeping(self, cut: int) -> bool:
        """Tell whether to keep what crosses a cut, or to compute it again in every epoch."""
        is_small = self._n_values[cut] <= self._n_values[0]
        return cut > 0 and (is_small or self.saved_share(cut) >= _WORTH_SAVING)

    def learn(self, start: int, cut: int, n: int, seconds: float) -> None:
        """Learn the machine's speed from a pass over the blocks from `start` to `cut`."""
        done = n * sum(self._multiplications[start:cut])
        if done:
            self._seconds_per_multiplication = seconds / done

    def estimate(
        self,
        cut: int,
        plan: Plan,
        n: int,
        caches: Sequence[ActivationCache],
        seconds_per_step: float | None,
    ) -> Estimate:
        """Return what a run on `n` examples would cost; the caches tell what is kept."""
        is_kept = self.is_worth_keeping(cut)
        missing = [cache for cache in caches if is_kept and cache.nearest(cut) < cut]
        n_bytes = sum(len(cache.x) for cache in missing) * self._n_values[cut] * _BYTES
        n_steps = plan.epochs * math.ceil(n / plan.batch_size)
        speed = self._seconds_per_multiplication
        if speed is None and (seconds_per_step is None or missing):
            return Estimate(n_bytes=n_bytes, seconds=None)
        seconds = sum(
            len(cache.x) * sum(self._multiplications[cache.nearest(cut) : cut]) * speed
            for cache in missing
        )
        if seconds_per_step is None:
            trunk = 0 if is_kept else sum(self._multiplications[:cut])
            work = trunk + 3 * sum(self._multiplications[cut:])
            seconds_per_step = _SECONDS_PER_STEP + plan.batch_size * work * speed
        return Estimate(n_bytes=n_bytes, seconds=seconds + n_steps * seconds_per_step)


def count_multiplications(layout: Layout, block: int) -> int:
    """Return about how many multiplications one example costs in a block."""
    total = 0
    for step in layout.steps_of(block):
        shape = layout.graph.tensors[step.writes[0]].shape
        places = math.prod(size or 1 for size in shape[1:-1])
        kernels = [v for v in trainable_variables_of(step.operation) if len(v.shape) > 1]
        total += places * sum(count(variable) for variable in kernels)
    return total


def _size(layout: Layout, slot: int) -> int:
    return math.prod(size or 1 for size in layout.graph.tensors[slot].shape[1:])
