"""Run one notebook in a real kernel and measure its time and its memory.

Run with: python benchmarks/measure.py NOTEBOOK [--python EXECUTABLE]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

_SAMPLE_SECONDS = 0.05
_CELL_SECONDS = 600
_N_SLOWEST = 3


@dataclass(frozen=True, slots=True)
class CellTime:
    """How long one cell took; `index` counts all cells from 0."""

    index: int
    seconds: float
    first_line: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of a notebook, from the start of the kernel to its end."""

    wall_seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    errors: list[str]
    slowest_cells: list[CellTime]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass
class _Watch:
    """What is seen of a kernel and its children while it runs."""

    root: psutil.Process
    peak_rss_bytes: int = 0
    cpu_seconds_of: dict[int, float] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            self.look()

    def look(self) -> None:
        """Take one sample of the whole family."""
        resident = 0
        try:
            family = [self.root, *self.root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in family:
            try:
                resident += process.memory_info().rss
                times = process.cpu_times()
            except psutil.Error:  # it ended between two samples; what it used is kept
                continue
            self.cpu_seconds_of[process.pid] = times.user + times.system
        self.peak_rss_bytes = max(self.peak_rss_bytes, resident, _high_water_bytes(self.root.pid))

    def stop(self) -> None:
        """Look a last time and end."""
        self._stop.set()
        self._thread.join()
        self.look()


def _high_water_bytes(pid: int) -> int:
    """Return the peak that Linux keeps, which no sampling can miss; elsewhere 0."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0
    lines = (line.split() for line in text.splitlines() if line.startswith("VmHWM:"))
    return next((int(words[1]) * 1024 for words in lines), 0)


class _OnePython(KernelSpecManager):
    """Knows one kernel: the given Python, whatever kernels this machine has."""

    python = sys.executable

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name=kernel_name, language="python")


class _Client(NotebookClient):
    """Starts to watch the kernel as soon as there is one, and ends before it is gone."""

    watch: _Watch | None = None

    async def async_start_new_kernel_client(self) -> Any:
        client = await super().async_start_new_kernel_client()
        self.watch = _Watch(psutil.Process(self.km.provisioner.pid))
        return client

    async def _async_cleanup_kernel(self) -> None:
        if self.watch is not None:
            self.watch.stop()
        await super()._async_cleanup_kernel()


def measure(
    path: Path, *, python: str = sys.executable, environment: Mapping[str, str] | None = None
) -> Measurement:
    """Run all cells of a notebook, whatever they raise, and measure.

    Parameters
    ----------
    path : Path
        The notebook; it is not changed.
    python : str
        The interpreter of the kernel, which needs ipykernel.
    environment : mapping, optional
        Variables of the kernel besides those of this process.

    Returns
    -------
    Measurement
    """
    notebook = nbformat.read(path, as_version=4)
    specs = _OnePython()
    specs.python = python
    client = _Client(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs),
        allow_errors=True,
        record_timing=True,
        timeout=_CELL_SECONDS,
        resources={"metadata": {"path": str(path.parent)}},
    )
    start = time.perf_counter()
    client.execute(env=kernel_environment(environment or {}))
    wall_seconds = time.perf_counter() - start
    assert client.watch is not None
    return Measurement(
        wall_seconds=wall_seconds,
        cpu_seconds=sum(client.watch.cpu_seconds_of.values()),
        peak_rss_bytes=client.watch.peak_rss_bytes,
        errors=_errors(notebook),
        slowest_cells=_slowest(notebook),
    )


def kernel_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment as a learner's kernel would have it."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
    # Without .pyc files `import keras` takes three times as long; pytest's own variable makes
    # ipykernel leave out what C code writes to stderr.
    for variable in ("PYTHONDONTWRITEBYTECODE", "PYTEST_CURRENT_TEST"):
        environment.pop(variable, None)
    return {**environment, **extra}


def _errors(notebook: Any) -> list[str]:
    return [
        f"cell {index}: {output.ename}: {output.evalue}"
        for index, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


def _slowest(notebook: Any) -> list[CellTime]:
    times = [
        CellTime(index, _seconds(cell), cell.source.strip().split("\n")[0])
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and "execution" in cell.metadata
    ]
    return sorted(times, key=lambda cell: -cell.seconds)[:_N_SLOWEST]


def _seconds(cell: Any) -> float:
    from datetime import datetime

    moments = cell.metadata["execution"]
    begin = moments.get("iopub.execute_input")
    end = moments.get("shell.execute_reply", moments.get("iopub.status.idle"))
    if begin is None or end is None:
        return 0.0
    difference = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    return float(difference.total_seconds())


def median_of(runs: list[Measurement]) -> Measurement:
    """Return medians of time, the highest memory and all errors of some runs."""
    return Measurement(
        wall_seconds=statistics.median(run.wall_seconds for run in runs),
        cpu_seconds=statistics.median(run.cpu_seconds for run in runs),
        peak_rss_bytes=max(run.peak_rss_bytes for run in runs),
        errors=[error for run in runs for error in run.errors],
        slowest_cells=runs[-1].slowest_cells,
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--python", default=sys.executable, help="interpreter of the kernel")
    chosen = parser.parse_args(arguments)
    run = measure(chosen.notebook, python=chosen.python)
    print(
        f"{run.wall_seconds:.1f} s, {run.cpu_seconds:.1f} CPU s, {run.peak_rss_bytes / 1e9:.2f} GB"
    )
    for cell in run.slowest_cells:
        print(f"{cell.seconds:6.1f} s  cell {cell.index}: {cell.first_line}")
    print("\n".join(run.errors))
    return int(bool(run.errors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
