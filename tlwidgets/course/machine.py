"""What this notebook has used of the machine, what is left, and what of the course works here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import _check
from .._keras import start_keras
from .notice import Message

if TYPE_CHECKING:
    import psutil

_GB = 1e9
# Below this the next network may not fit; Binder kills the kernel without a word.
_TIGHT_GB = 0.4
_CGROUP_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True, repr=False)
class Budget(Message):
    """Memory and time of this kernel.

    Parameters
    ----------
    used_gb, peak_gb, limit_gb : float, gigabytes
        Resident memory now, its highest value so far, and what this machine allows.
    others_gb : float, gigabytes
        What my other programs use; those of others count where the whole machine is the limit.
    cpu_seconds : float, seconds
        Processor time since the kernel started.
    """

    used_gb: float
    peak_gb: float
    limit_gb: float
    others_gb: float
    cpu_seconds: float

    @property
    def left_gb(self) -> float:
        """Memory that is still free for this kernel, in gigabytes."""
        return max(0.0, self.limit_gb - self.used_gb - self.others_gb)

    def _parts(self) -> tuple[str, str, str]:
        tight = self.left_gb < _TIGHT_GB
        sentence = (
            f"{self.used_gb:.2f} GB in use (peak {self.peak_gb:.2f}), "
            f"{self.left_gb:.1f} GB left of {self.limit_gb:.1f}; "
            f"{self.cpu_seconds:.0f} CPU seconds so far."
        )
        advice = " Close other notebooks' kernels before you go on." if tight else ""
        return "not yet" if tight else "neutral", "Budget:", sentence + advice


def budget() -> Budget:
    """Show me how much memory and time this notebook has used, and what is left.

    Returns
    -------
    Budget
        On Binder the limit is 2 GB for everything in the session.

    Raises
    ------
    ImportError
        Where `psutil` is missing: outside of Jupyter, whose kernel brings it.
    """
    try:
        import psutil
    except ModuleNotFoundError:
        raise _check.missing_package("psutil", needed_for="budget()", extra="lessons") from None
    me, memory = psutil.Process(), psutil.virtual_memory()
    limit = _memory_limit(memory.total)
    if limit is None:
        limit, others = memory.total, memory.total - memory.available - me.memory_info().rss
    else:
        # On a hub with ordinary accounts the limit is each learner's own, and all are seen here.
        mine = [p for p in psutil.process_iter() if p != me and _owner(p) == _owner(me)]
        others = sum(_resident(process) for process in mine)
    times = me.cpu_times()
    return Budget(
        used_gb=me.memory_info().rss / _GB,
        peak_gb=_peak_bytes(me) / _GB,
        limit_gb=limit / _GB,
        others_gb=max(0, others) / _GB,
        cpu_seconds=times.user + times.system,
    )


def _memory_limit(of_machine: int) -> int | None:
    """Return the limit in bytes that a container or hub sets, or None where there is none."""
    written = [os.environ.get("MEM_LIMIT", "")]  # JupyterHub and Binder set it
    written += [_text_of(Path(name)) for name in _CGROUP_FILES]
    limits = [int(float(text)) for text in written if text.replace(".", "", 1).isdigit()]
    # A cgroup without a limit says "max" or a number larger than any machine.
    real = [limit for limit in limits if 0 < limit < of_machine]
    return min(real, default=None)


def _text_of(path: Path) -> str:
    return path.read_text("utf-8").strip() if path.is_file() else ""


def _owner(process: psutil.Process) -> str | None:
    import psutil

    try:
        return str(process.username())
    except (psutil.Error, KeyError):  # it ended meanwhile; an account without a name
        return None


def _resident(process: psutil.Process) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended meanwhile, or belongs to somebody else
        return 0


def _peak_bytes(me: psutil.Process) -> int:
    if sys.platform == "win32":
        return int(me.memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def self_test() -> pd.DataFrame:
    """Tell me what of the course works on this machine now.

    Returns
    -------
    pandas.DataFrame
        One row per part, indexed by what it is: works (bool), detail (what was seen, or
        the error and what to do about it).
    """
    rows = [_try(name, part) for name, part in _PARTS.items()]
    return pd.DataFrame(rows).set_index("part")


def _try(name: str, part: Callable[[], str]) -> dict[str, object]:
    try:
        return {"part": name, "works": True, "detail": part()}
    except Exception as error:  # noqa: BLE001 - whatever is broken here is the result
        return {"part": name, "works": False, "detail": f"{type(error).__name__}: {error}"}


def _keras() -> str:
    start_keras()
    import keras

    one = float(keras.ops.sum(keras.ops.ones((2, 2))))
    return f"Keras {keras.__version__} on {keras.backend.backend()}; 2 x 2 ones sum to {one:g}"


def _imagenet() -> str:
    from .. import backbones, data

    photographs = data.load_photographs(224)
    network = backbones.load_backbone("efficientnet_lite0", 224, include_top=True)
    coffee = photographs.images[photographs.names.index("coffee")]
    probabilities = np.asarray(network(coffee[None].astype("float32"), training=False))[0]
    best = backbones.imagenet_class_names()[int(probabilities.argmax())]
    if best != "espresso":
        raise RuntimeError(f"the network should see espresso in the cup, but sees {best}")
    return f"EfficientNet-Lite0 sees {best} in the cup ({probabilities.max():.0%})"


def _digits() -> str:
    from .. import data

    return repr(data.load_digits())


def _solar_cells() -> str:
    from .. import data

    return f"{data.fetch_solar_cells(96)!r}, for non-commercial use"


def _widgets() -> str:
    from .prediction import Prediction
    from .progress import nothing_kept

    guess = Prediction("Does it work?", choices=["yes", "no"])
    with nothing_kept():
        guess.commit("yes")
    return f"a Prediction keeps its guess: {guess.guess}"


def _cache() -> str:
    from .._cache import cache_folder, is_writable

    if cache_folder() is None:
        return "the cache is off: slow steps run each time"
    if not is_writable():
        return f"{cache_folder()} cannot be written: slow steps will run again each time"
    return f"slow results are kept in {cache_folder()}"


_PARTS: dict[str, Callable[[], str]] = {
    "Keras": _keras,
    "ImageNet network": _imagenet,
    "digits": _digits,
    "solar cells": _solar_cells,
    "widgets": _widgets,
    "cache": _cache,
}
