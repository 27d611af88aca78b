"""Where we run: in a notebook, and in which of its cells; or in a script or a terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from typing import Any


def notebook_shell() -> Any | None:
    """Return the shell of the notebook that runs this, or None in a script or a terminal."""
    shell = _shell()
    return shell if getattr(shell, "kernel", None) is not None else None


def running_cell() -> int | None:
    """Return the number of the notebook's cell that runs now, or None outside a notebook."""
    return getattr(notebook_shell(), "execution_count", None)


def call_after_cell(work: Callable[[], None]) -> Callable[[], None]:
    """Call something when the running cell ends, also by an error; returns how to take it back."""
    shell = _shell()
    if shell is None or threading.current_thread() is not threading.main_thread():
        return lambda: None

    def forget() -> None:
        with contextlib.suppress(ValueError):  # it has been called, or taken back, already
            shell.events.unregister("post_run_cell", after_cell)

    def after_cell(*_result: Any) -> None:
        forget()
        work()

    shell.events.register("post_run_cell", after_cell)
    return forget


def _shell() -> Any | None:
    ipython = sys.modules.get("IPython")  # a kernel has it loaded; a script needs none
    return ipython.get_ipython() if ipython else None
