"""Native code's log lines are hidden while Keras starts, and only then."""

import subprocess
import sys

START = """\
import os
from tlwidgets._quiet import _hidden_standard_error
with _hidden_standard_error():
    os.write(2, b"a log line ")
    {inside}
os.write(2, b"after it")
"""


def standard_error_of(inside):
    code = START.format(inside=inside)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr


def test_what_native_code_writes_is_hidden_and_what_follows_is_shown():
    assert standard_error_of("pass") == "after it"


def test_when_starting_fails_all_is_shown():
    shown = standard_error_of("raise ImportError('broken')")
    assert shown.startswith("a log line ")
    assert "ImportError: broken" in shown
