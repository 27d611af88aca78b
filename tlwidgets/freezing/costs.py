"""What a run would cost in arithmetic, memory and seconds, before it is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .activations import ActivationCache
from .blocks import Layout, count_multiplications
from .loop import Estimate, Plan

# Measured with EfficientNet-Lite0 at 96 px: keeping the output of the stem (1 % saved, 2.7
# times the images) or of stage 1 (2 %, 1.3 times) makes no epoch shorter; that of stage 3
# (12 %) saves 15 %.
_WORTH_SAVING = 0.1
# What a step costs besides its arithmetic (measured with a dense head).
_SECONDS_PER_STEP = 0.0003


class Costs:
    """Arithmetic and memory of the blocks of a model, and the machine's speed once known."""

    def __init__(self, layout: Layout) -> None:
        n_blocks = range(len(layout.blocks))
        self._multiplications = [count_multiplications(layout, block) for block in n_blocks]
        crossings = layout.graph.crossings()
        self._n_values = [sum(_size(layout, s) for s in crossings[i]) for i in layout.starts]
        self._n_bytes = [sum(_n_bytes(layout, s) for s in crossings[i]) for i in layout.starts]
        self._seconds_per_multiplication: float | None = None

    def is_worth_keeping(self, cut: int) -> bool:
        """Tell whether to keep what crosses a cut, or to compute it again in every epoch."""
        # A pass forward costs its multiplications, training three times that.
        trunk, top = sum(self._multiplications[:cut]), sum(self._multiplications[cut:])
        saved_share = trunk / max(1, trunk + 3 * top)
        is_small = self._n_values[cut] <= self._n_values[0]
        return cut > 0 and (is_small or saved_share >= _WORTH_SAVING)

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
        missing: Sequence[ActivationCache],
        *,
        is_kept: bool,
        seconds_per_step: float | None,
    ) -> Estimate:
        """Return what a run on `n` examples would cost; `missing` caches have to be filled."""
        n_bytes, n_bytes_on_disk = self._room(cut, missing)
        n_steps = plan.epochs * math.ceil(n / plan.batch_size)
        if self._seconds_per_multiplication is None and (seconds_per_step is None or missing):
            return Estimate(n_bytes=n_bytes, n_bytes_on_disk=n_bytes_on_disk, seconds=None)
        speed = self._seconds_per_multiplication or 0.0  # not known, not needed
        seconds = sum(
            len(cache.x) * sum(self._multiplications[cache.nearest(cut) : cut]) * speed
            for cache in missing
        )
        if seconds_per_step is None:
            trunk = 0 if is_kept else sum(self._multiplications[:cut])
            work = trunk + 3 * sum(self._multiplications[cut:])
            seconds_per_step = _SECONDS_PER_STEP + plan.batch_size * work * speed
        seconds += n_steps * seconds_per_step
        return Estimate(n_bytes=n_bytes, n_bytes_on_disk=n_bytes_on_disk, seconds=seconds)

    def _room(self, cut: int, missing: Sequence[ActivationCache]) -> tuple[int, int]:
        """Return the bytes that these caches will add, and how many of them in files."""
        in_memory = on_disk = 0
        for cache in missing:
            n_bytes = len(cache.x) * self._n_bytes[cut]
            if cache.has_room(in_memory + n_bytes):
                in_memory += n_bytes
            else:
                on_disk += n_bytes
        return in_memory + on_disk, on_disk


def _size(layout: Layout, slot: int) -> int:
    return math.prod(size or 1 for size in layout.graph.tensors[slot].shape[1:])


def _n_bytes(layout: Layout, slot: int) -> int:
    n_bytes: int = np.dtype(layout.graph.tensors[slot].dtype).itemsize
    return _size(layout, slot) * n_bytes
