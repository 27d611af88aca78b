"""Work in a thread: it stops when asked, its errors come back, and it leaves no thread behind."""

import contextvars
import os
import signal
import threading
import time

import pytest

from tlwidgets._worker import Throttle, Worker

VARIABLE = contextvars.ContextVar("VARIABLE")


@pytest.fixture
def _heard_interrupts():
    """A shell starts background jobs deaf to SIGINT; a kernel never is."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "tlwidgets-worker"]


def work_until_stopped(stop):
    assert stop.wait(20)
    return "stopped"


def test_it_gives_what_the_work_gave():
    worker = Worker()
    worker.start(lambda stop: 7)
    assert worker.wait() == 7
    assert worker.wait() == 7
    assert not threads()


def test_it_stops_when_asked():
    worker = Worker()
    worker.start(work_until_stopped)
    assert worker.is_running
    worker.stop()
    assert worker.wait() == "stopped"
    assert not worker.is_running


def test_an_error_is_raised_where_somebody_waits():
    worker = Worker()
    worker.start(lambda stop: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        worker.wait()
    worker.start(lambda stop: 3)
    assert worker.wait() == 3


def test_a_second_start_is_refused_and_changes_nothing():
    worker = Worker()
    worker.start(work_until_stopped)
    with pytest.raises(RuntimeError, match=r"already.*Stop it first"):
        worker.start(lambda stop: 0)
    worker.stop()
    assert worker.wait() == "stopped"


def test_waiting_for_nothing_says_so():
    with pytest.raises(RuntimeError, match="nothing was started"):
        Worker().wait()


def test_the_thread_has_the_context_of_the_caller():
    VARIABLE.set("of the caller")
    worker = Worker()
    worker.start(lambda stop: VARIABLE.get())
    assert worker.wait() == "of the caller"


@pytest.mark.usefixtures("_heard_interrupts")
def test_an_interrupt_stops_the_work_and_keeps_what_it_gave():
    worker = Worker()
    worker.start(work_until_stopped)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert worker.wait() == "stopped"


def test_closing_leaves_no_thread():
    worker = Worker()
    worker.start(work_until_stopped)
    worker.close()
    assert not threads()
    worker.close()


def test_a_throttle_says_yes_at_most_so_often():
    throttle = Throttle(per_second=20)
    began = time.monotonic()
    answers = []
    while time.monotonic() - began < 0.5:
        answers.append(throttle.is_due())
        time.sleep(0.002)
    assert answers[0]
    assert 2 <= sum(answers) <= 11
