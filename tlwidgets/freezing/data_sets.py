"""The examples of a trainer, with their labels and what the frozen blocks made of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from numpy.typing import NDArray

from .caching import ActivationCache, ActivationStore, OnProgress, ShouldStop, Trunk
from .compiled import label_tensors
from .programs import Source

# From which cut to which, how many examples, in how many seconds.
OnComputed = Callable[[int, int, int, float], None]


class DataSets:
    """The training set, named "", and perhaps a validation set.

    Parameters
    ----------
    sets : dict of str to (x, y)
        Checked already.
    trunk : Trunk
    memory_budget : int, bytes
        For kept activations of all sets together.
    """

    def __init__(
        self, sets: Mapping[str, tuple[NDArray, NDArray]], trunk: Trunk, memory_budget: int
    ) -> None:
        self._trunk = trunk
        self._store = ActivationStore(memory_budget)
        self._sets = {
            name: (ActivationCache(x, trunk, self._store), y) for name, (x, y) in sets.items()
        }

    @property
    def n_examples(self) -> int:
        """Number of examples in the training set."""
        return len(self._sets[""][0].x)

    @property
    def caches(self) -> list[ActivationCache]:
        """The kept activations of each set."""
        return [cache for cache, _ in self._sets.values()]

    def close(self) -> None:
        """Give back all kept activations and their files."""
        for cache in self.caches:
            cache.clear()
        self._store.close()

    def replace_examples(self, x: NDArray, y: NDArray) -> None:
        """Learn from other examples; forget all activations, for the trunk is another."""
        self.close()
        self._sets[""] = (ActivationCache(x, self._trunk, self._store), y)

    def sources(
        self,
        cut: int,
        class_weight: Mapping[int, float] | None,
        on_computed: OnComputed,
        *,
        should_stop: ShouldStop,
        on_progress: OnProgress | None,
    ) -> dict[str, Source] | None:
        """Return each set as it crosses a cut, the input itself at 0; None if stopped."""
        (_, dtype), *_ = self._trunk.shapes(0)
        found = {}
        for name, (cache, y) in self._sets.items():
            rows: object = cache.x
            if cut:
                begin, start = time.perf_counter(), cache.nearest(cut)
                rows = cache.get(cut, should_stop=should_stop, on_progress=on_progress)
                if rows is None:
                    return None
                on_computed(start, cut, len(cache.x), time.perf_counter() - begin)
            labels = label_tensors(y, None if name else class_weight)
            found[name] = Source(rows, labels, dtype)
        return found
