"""What this notebook has used of the machine, and what is left before the kernel is killed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from ._message import to_html, to_text

_GB = 1e9
# Below this the next network may not fit; Binder kills the kernel without a word.
_TIGHT_GB = 0.4
_CGROUP_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True)
class Budget:
    """Memory and time of this kernel.

    Parameters
    ----------
    used_gb, peak_gb, limit_gb : float, gigabytes
        Resident memory now, its highest value so far, and what this machine allows.
    others_gb : float, gigabytes
        What the other programs under the same limit use.
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

    def __repr__(self) -> str:
        return to_text(*self._parts())

    def _repr_html_(self) -> str:
        return to_html(*self._parts())


def budget() -> Budget:
    """Show me how much memory and time this notebook has used, and what is left.

    Returns
    -------
    Budget
        On Binder the limit is 2 GB for everything in the session.
    """
    me = psutil.Process()
    limit = _memory_limit()
    if limit is None:
        memory = psutil.virtual_memory()
        limit, others = memory.total, memory.total - memory.available - me.memory_info().rss
    else:
        others = sum(_resident(process) for process in psutil.process_iter() if process != me)
    times = me.cpu_times()
    return Budget(
        used_gb=me.memory_info().rss / _GB,
        peak_gb=_peak_bytes(me) / _GB,
        limit_gb=limit / _GB,
        others_gb=max(0, others) / _GB,
        cpu_seconds=times.user + times.system,
    )


def _memory_limit() -> int | None:
    """Return the limit in bytes that a container or hub sets, or None where there is none."""
    written = [os.environ.get("MEM_LIMIT", "")]  # JupyterHub and Binder set it
    written += [_text_of(Path(name)) for name in _CGROUP_FILES]
    limits = [int(float(text)) for text in written if text.replace(".", "", 1).isdigit()]
    # A cgroup without a limit says "max" or a number larger than any machine.
    real = [limit for limit in limits if 0 < limit < psutil.virtual_memory().total]
    return min(real, default=None)


def _text_of(path: Path) -> str:
    return path.read_text("utf-8").strip() if path.is_file() else ""


def _resident(process: psutil.Process) -> int:
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
