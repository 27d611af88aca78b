"""What need not be computed again. It saves time and never changes what comes out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")

_N_KEPT = 24


class Memory:
    """Keeps the last results that were asked for, by all that they depend on."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    def recall(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for this key, or make it."""
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._kept[key] = make()
            if len(self._kept) > _N_KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]  # type: ignore[return-value]
