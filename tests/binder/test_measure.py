"""What the Binder test and the benchmarks measure with sees memory, time and errors."""

import sys

import nbformat
import pytest

from benchmarks.measure import run_notebook

# Filled, so that the pages are really there; held for longer than a sample takes.
USES_MEMORY = """\
import time
held = bytearray(b"x" * 400_000_000)
end = time.monotonic() + 1
while time.monotonic() < end:
    pass
del held"""


@pytest.fixture
def write(tmp_path):
    def write(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        nbformat.write(notebook, tmp_path / "x.ipynb")
        return tmp_path / "x.ipynb"

    return write


def test_memory_that_is_given_back_and_busy_time_are_seen(write):
    idle = run_notebook(write("1"), python=sys.executable)
    busy = run_notebook(write("1", USES_MEMORY), python=sys.executable)
    assert busy.peak_gb - idle.peak_gb > 0.35
    assert busy.cpu_seconds - idle.cpu_seconds > 0.5
    assert busy.slowest[0][0] == "import time"
    assert busy.slowest[0][1] >= 1


def test_an_error_is_kept_and_the_variables_given_are_there(write):
    cells = ("import os; assert os.environ['SIGN'] == 'yes'", "1 / 0", "undefined")
    cost = run_notebook(write(*cells), python=sys.executable, environment={"SIGN": "yes"})
    assert cost.errors == [
        "ZeroDivisionError: division by zero",
        "NameError: name 'undefined' is not defined",
    ]
