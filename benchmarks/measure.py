"""Run a notebook in a real kernel and measure what it costs: seconds, CPU seconds, memory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import nbformat
import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

_SAMPLE_SECONDS = 0.05
_CELL_TIMEOUT_SECONDS = 600
_N_SLOWEST = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a notebook took.

    Parameters
    ----------
    wall_seconds, cpu_seconds : float, seconds
        From before the kernel starts until the last cell has run; processor time of the
        kernel and its children.
    peak_gb : float, gigabytes
        Highest resident memory of the kernel and its children together.
    errors : list of str
        Cells that raised.
    slowest : list of (str, float), seconds
        The first lines of the cells that took longest, the slowest first.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_gb: float
    errors: list[str] = field(default_factory=list)
    slowest: list[tuple[str, float]] = field(default_factory=list)


def run_notebook(path: Path, *, python: str, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a notebook as a whole and return what it took.

    Parameters
    ----------
    path : Path
        The notebook; it is not changed.
    python : str
        The interpreter whose kernel runs it.
    environment : mapping, optional
        Variables that the kernel gets besides those of this process.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=_CELL_TIMEOUT_SECONDS, allow_errors=True)
    manager = kernel_manager(python)
    start = time.perf_counter()
    # A notebook of a user starts in its own folder; lessons must not depend on it.
    manager.start_kernel(env=_kernel_environment(environment or {}), cwd=str(path.parent))
    kernel = psutil.Process(manager.provisioner.pid)
    client.km = manager
    with _Watch(kernel) as watch:
        client.execute()  # shuts the kernel down at its end
        wall = time.perf_counter() - start
    return Cost(
        wall,
        watch.cpu_seconds,
        watch.peak_bytes / 1e9,
        list(_errors(notebook)),
        sorted(_times(notebook), key=lambda cell: -cell[1])[:_N_SLOWEST],
    )


def kernel_manager(python: str) -> KernelManager:
    """Return a manager of kernels of this interpreter, whatever kernels a user has installed."""
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="Python 3",
        language="python",
    )
    return manager


def _kernel_environment(extra: Mapping[str, str]) -> dict[str, str]:
    # Without .pyc files `import keras` takes three times as long, which no learner sees.
    usual = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**usual, **extra}


def resident_bytes(process: psutil.Process) -> int:
    """Return the resident memory of a process and its children, in bytes."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:  # a short-lived child: it holds nothing any more
            continue
    return total


class _Watch:
    """Sample a process while it runs: its highest memory, and its processor time so far."""

    def __init__(self, process: psutil.Process) -> None:
        self.peak_bytes, self.cpu_seconds = 0, 0.0
        self._process, self._done = process, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            try:
                self.peak_bytes = max(self.peak_bytes, resident_bytes(self._process))
                times = self._process.cpu_times()
            except psutil.NoSuchProcess:  # the notebook has ended
                return
            self.cpu_seconds = sum(times[:4])  # user and system, its children's too

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def _errors(notebook: nbformat.NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"{output.ename}: {output.evalue}"


def _times(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, float]]:
    for cell in notebook.cells:
        moments = cell.metadata.get("execution", {})
        if {"iopub.execute_input", "shell.execute_reply"} <= set(moments):
            begin, end = (
                datetime.fromisoformat(moments[name])
                for name in ("iopub.execute_input", "shell.execute_reply")
            )
            yield cell.source.strip().split("\n")[0], round((end - begin).total_seconds(), 1)
