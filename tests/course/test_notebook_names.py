"""Which lesson a kernel runs: told by real kernels, started as the servers start them."""

import json
import os

import pytest
from jupyter_client.manager import KernelManager

from tlwidgets.course import Prediction, check, expect
from tlwidgets.course.progress import lesson_of, this_lesson


@pytest.mark.parametrize(
    ("path", "lesson"),
    [
        ("/home/me/notebooks/02_feature_extraction.ipynb", "02_feature_extraction"),
        (r"c:\Users\me\notebooks\02_feature_extraction.ipynb", "02_feature_extraction"),
        ("02_feature_extraction-Copy1.ipynb", "02_feature_extraction"),
        ("RTC:02_feature_extraction.ipynb", "02_feature_extraction"),
        ("mine.ipynb", "mine"),
        ("/notebooks/solutions/02_feature_extraction.ipynb", None),
        (r"c:\notebooks\solutions\02_feature_extraction.ipynb", None),
        ("/home/solutions/notebooks/02_x.ipynb", "02_x"),
        ("console-1-abc", None),
        ("script.py", None),
        (".ipynb", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_the_lesson_is_the_name_of_its_notebook(path, lesson):
    assert lesson_of(path) == lesson


def test_a_script_or_a_test_is_no_lesson_even_with_the_servers_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/x/02_x.ipynb")
    monkeypatch.setenv("TLWIDGETS_PROGRESS", str(tmp_path / "progress.json"))
    assert this_lesson() is None
    check("Exercise 1", 1, expect(bool, "?"), well_done="!")
    Prediction("?", low=0, high=1).commit(0.5)
    assert list(tmp_path.iterdir()) == []


LESSON = """\
from tlwidgets import Prediction, check, expect
def try_it(answer):
    return check("Exercise 1", answer, expect(lambda a: a == 4, "No."), well_done="Yes!")
number = Prediction("How many?", low=0, high=100)
choice = Prediction("Which?", choices=["cat", "dog"])
"""
SELF_TEST = "from tlwidgets.course.machine import _widgets; _widgets()"


@pytest.fixture
def kernel(tmp_path):
    """Start a kernel with an environment; return a function that runs code in it."""
    started = []

    def start(**environment):
        usual = {k: v for k, v in os.environ.items() if k != "JPY_SESSION_NAME"}
        usual["TLWIDGETS_PROGRESS"] = str(tmp_path / "progress.json")
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(env={**usual, **environment}, cwd=str(tmp_path))
        client = manager.client()
        client.start_channels()
        started.append((manager, client))
        client.wait_for_ready(timeout=120)

        def run(code):
            reply = client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
            assert reply["content"]["status"] == "ok", reply["content"]

        return run

    yield start
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture
def kept(tmp_path):
    def read():
        path = tmp_path / "progress.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    return read


def test_jupyter_keeps_tries_guesses_and_results_and_not_the_self_test(kernel, kept):
    run = kernel(JPY_SESSION_NAME="/home/me/notebooks/02_x.ipynb")
    run(LESSON + "try_it(...)\n" + SELF_TEST)
    assert kept() is None
    run("try_it(3); try_it(4); try_it(4)")
    run("number.commit(70); choice.commit('cat'); choice.reveal('dog')")
    (check,) = kept()["checks"]
    assert (check["lesson"], check["exercise"], check["tries"]) == ("02_x", "Exercise 1", 2)
    assert check["passed_at"].startswith("20")
    number, choice = kept()["predictions"]
    assert (number["guess"], number["measured"], number["close"]) == (70, None, None)
    assert (number["low"], number["high"]) == (0, 100)
    assert (choice["guess"], choice["measured"], choice["close"]) == ("cat", "dog", False)
    run("import numpy as np; number.reveal(np.float32(74)); number.commit(74); number.reveal(74)")
    number = kept()["predictions"][0]
    assert (number["guess"], number["measured"], number["close"]) == (70, 74, True)
    assert "/home/me" not in json.dumps(kept())


def test_vs_code_says_it_in_the_notebook_and_without_it_nothing_is_kept(kernel, kept):
    run = kernel()
    run(LESSON + "try_it(4); number.commit(1); number.reveal(2)")
    assert kept() is None
    run("__vsc_ipynb_file__ = '/home/me/03_y.ipynb'; try_it(4)")
    assert kept()["checks"][0]["lesson"] == "03_y"


@pytest.mark.parametrize(
    "environment",
    [
        {"JPY_SESSION_NAME": "/x/solutions/02_x.ipynb"},
        {"JPY_SESSION_NAME": "/x/02_x.ipynb", "TLWIDGETS_STRICT_CHECKS": "1"},
        {"JPY_SESSION_NAME": "/x/02_x.ipynb", "TLWIDGETS_PROGRESS": "off"},
    ],
    ids=["solutions", "strict", "off"],
)
def test_solutions_and_a_switch_keep_no_try(kernel, kept, environment):
    kernel(**environment)(LESSON + "try_it(4)")
    assert kept() is None


def test_a_file_that_cannot_be_written_breaks_neither_check_nor_guess(kernel, tmp_path):
    (tmp_path / "file").write_text("")
    bad = str(tmp_path / "file" / "progress.json")
    run = kernel(JPY_SESSION_NAME="/x/02_x.ipynb", TLWIDGETS_PROGRESS=bad)
    run(LESSON + "assert try_it(4).passed; number.commit(70); assert number.guess == 70")
    run("assert 'too low' in repr(number.reveal(99))")
