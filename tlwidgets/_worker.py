"""Work in a thread of its own, so that sliders and Stop are heard while it runs.

Callbacks of widgets run on the kernel's thread, or on that of a subshell: what trains there
makes the whole page deaf in most versions of ipykernel (measured: 6.31, 7.3, 7.4).
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")
Work = Callable[[threading.Event], Result]


class Worker(Generic[Result]):
    """One thread at a time: start it, stop it, wait for what it gives."""

    def __init__(self) -> None:
        self._job: _Job[Result] | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is work that has not ended."""
        return self._job is not None and not self._job.has_ended.is_set()

    def start(self, work: Work[Result]) -> None:
        """Begin; `work` gets the event that asks it to stop."""
        if self.is_running:
            raise RuntimeError("It is working already. Stop it first, or wait until it ends.")
        self._job = _Job(work)
        self._job.thread.start()

    def stop(self) -> None:
        """Ask the work to stop, if there is any; returns at once."""
        if self._job is not None:
            self._job.stop.set()

    def wait(self) -> Result:
        """Return what the work gave, or raise what it raised.

        An interrupt of the kernel asks the work to stop; what it has done so far is returned.
        """
        if self._job is None:
            raise RuntimeError("There is nothing to wait for: nothing was started.")
        try:
            self._job.join()
        except KeyboardInterrupt:
            self._job.stop.set()
            self._job.join()
        if self._job.error is not None:
            raise self._job.error
        return self._job.result

    def close(self) -> None:
        """Stop the work, and return when its thread has ended."""
        self.stop()
        if self._job is not None and self._job.thread is not threading.current_thread():
            self._job.join()


class _Job(Generic[Result]):
    """One piece of work and what came of it."""

    result: Result

    def __init__(self, work: Work[Result]) -> None:
        self._work = work
        self.stop = threading.Event()
        self.has_ended = threading.Event()
        self.error: BaseException | None = None
        # With the context of the caller: in ipykernel 7.0 a thread without it dies at its
        # first update of a widget (LookupError of the variable `shell_parent`).
        self.thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._run,),
            name="tlwidgets-worker",
            daemon=True,
        )

    def join(self) -> None:
        """Return when the thread has ended."""
        # Not `Thread.join` alone: when that is interrupted, Python 3.11 takes the thread for
        # ended although it runs on.
        self.has_ended.wait()
        self.thread.join()

    def _run(self) -> None:
        try:
            self.result = self._work(self.stop)
        except Exception as error:  # noqa: BLE001  `wait` raises it where somebody reads it
            self.error = error
        finally:
            self.has_ended.set()


class Throttle:
    """Says yes at most so often: what a page shows need not follow every epoch."""

    def __init__(self, per_second: float = 5.0) -> None:
        self._pause = 1 / per_second
        self._last = -float("inf")

    def is_due(self) -> bool:
        """Whether enough time has passed since it last said yes."""
        now = time.monotonic()
        if now - self._last < self._pause:
            return False
        self._last = now
        return True
