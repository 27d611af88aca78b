"""Each lesson runs as it comes, shows what it says, and its checks know a right answer.

At each exercise the check rejects the untouched stub and wrong answers and accepts the solution;
then all of them are forgotten and the lesson goes on with its stub, as the student's does: what a
lesson computes is computed once. In a browser run those of tests/browser/test_lessons_open.py.
"""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from notebooks import build
from tests.notebooks.lessons import NAMES, SOURCES, cells_in
from tests.notebooks.running import run, unseen

WRONG = Path(__file__).parent / "wrong_answers"
MIN_WRONG = 3
STRICT = {"TLWIDGETS_STRICT_CHECKS": "1"}

# Wrong answers build on the stub, as a learner's do; the solution must bring all it needs.
REMEMBER = """\
def _forget(now=globals(), before=dict(globals())):
    now.clear()
    now.update(before)"""
FORGET = "_forget()"
REJECT = """\
import pytest
from tlwidgets.course.checks import CheckFailedError
with pytest.raises(CheckFailedError):
    exec({check!r})"""

pytestmark = pytest.mark.keras


def wrong_answers(path):
    """The wrong answers of a lesson, as pairs of exercise number and code."""
    parts = re.split(r"^# %% Exercise (\d+)\n", (WRONG / path.name).read_text("utf-8"), flags=re.M)
    return [(int(n), code) for n, code in zip(parts[1::2], parts[2::2], strict=True)]


def with_tries(source, wrong):
    """The student's notebook; at each exercise come wrong answers and the solution, too."""
    solution, student = (build.build(source, kind) for kind in ("solution", "student"))
    tags = [cell.tags for cell in cells_in(source)]
    cells, number = [], 0
    for i, cell in enumerate(student.cells):
        if "exercise" in tags[i]:
            number += 1
            assert "check" in tags[i + 1], "a check follows its exercise at once"
            tries = [code for n, code in wrong if n == number]
            assert len(tries) >= MIN_WRONG
            reject = REJECT.format(check=student.cells[i + 1].source)
            codes = [code for one in (cell.source, *tries) for code in (one, reject)]
            before, after = [REMEMBER, *codes, FORGET, REMEMBER], [FORGET, cell.source]
            cells += map(nbformat.v4.new_code_cell, before)
            cells += [solution.cells[i], student.cells[i + 1]]
            cells += map(nbformat.v4.new_code_cell, after)
        elif "check" not in tags[i]:
            cells.append(cell)
    student.cells = cells
    return student


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_a_lesson_runs_and_its_checks_accept_the_solution_and_nothing_else(path):
    lesson = with_tries(path.read_text("utf-8"), wrong_answers(path))
    run(lesson, path.parents[1], **STRICT)
    assert not unseen(lesson), "a learner sees every claim, and an answer to every guess"


SAID = """\
# %%
from tlwidgets import Prediction, check, claim, expect
guess = Prediction("How many?", low=0, high=9)
guess.reveal(3)
claim("So many", 3, at_least=2)
claim("Not too many", 3, at_most=4, control=1)
check("Exercise 1", 2, expect(lambda a: a > 1, "More."), well_done="Yes.")
print("something else comes last")
"""


def test_what_is_said_is_seen_wherever_it_stands_in_its_cell(tmp_path):
    notebook = build.build(SAID, "solution")
    run(notebook, tmp_path, **STRICT)
    assert not unseen(notebook)
    shown = "".join(o.data["text/html"] for o in notebook.cells[0].outputs if "data" in o)
    assert shown.count("<table") == 1, "claims of a cell are one table"
    assert shown.count("So many") == 1, "and each of them stands there once"
    assert shown.count("How many?") == 1
    notebook.cells[0].outputs = []
    assert len(unseen(notebook)) == 1


BROKEN = """\
# %%
from tlwidgets import claim
claim("So many", 3, at_least=20)
claim("After it", 3, at_least=2)
"""


def test_a_claim_that_does_not_hold_says_so_and_the_lesson_goes_on(tmp_path):
    notebook = build.build(BROKEN, "student")
    run(notebook, tmp_path, TLWIDGETS_STRICT_CLAIMS="0")
    (table,) = notebook.cells[0].outputs
    assert "does not hold" in table.data["text/html"]
    assert "Does not hold here: So many (3; at least 20)" in table.data["text/plain"]
    assert "Holds here: After it" in table.data["text/plain"]
    with pytest.raises(CellExecutionError, match="ClaimFailedError"):
        run(build.build(BROKEN, "student"), tmp_path, TLWIDGETS_STRICT_CLAIMS="1")


LESSON = """\
# %%
from tlwidgets import check, expect

# %% tags=["exercise"]
answer = 2  #: answer = ...

# %% tags=["check"]
check("Exercise 1", answer, expect(lambda a: a > 1, "More."), well_done="Yes.")
"""


@pytest.mark.parametrize(
    ("solution", "wrong", "error"),
    [
        ("answer = 2  #: answer = ...", "answer = 1", None),
        ("answer = 2  #: answer = ...", "answer = 3", "DID NOT RAISE"),
        ("answer = 2  #: answer = 2", "answer = 1", "DID NOT RAISE"),
        ("answer = 2  #: answer = ...", "answer = 1 / 0", "ZeroDivisionError"),
        ("answer = 0  #: answer = ...", "answer = 1", "CheckFailedError"),
        ("answer = two  #: answer = ...", "two, answer = 2, 1", "NameError"),
    ],
    ids=[
        "right",
        "wrong accepted",
        "stub accepted",
        "wrong fails",
        "solution rejected",
        "leans on it",
    ],
)
def test_what_is_wrong_with_a_lesson_is_noticed(solution, wrong, error, tmp_path):
    source = LESSON.replace("answer = 2  #: answer = ...", solution)
    lesson = with_tries(source, [(1, "answer = 0"), (1, "answer = -1"), (1, wrong)])
    if error is None:
        run(lesson, tmp_path, **STRICT)
        return
    with pytest.raises(CellExecutionError, match=error):
        run(lesson, tmp_path, **STRICT)


def test_a_lesson_that_goes_on_with_an_answer_is_noticed(tmp_path):
    wrong = [(1, f"answer = {n}") for n in (0, -1, -2)]
    with pytest.raises(CellExecutionError, match="TypeError"):
        run(with_tries(LESSON + "\n# %%\nanswer + 1\n", wrong), tmp_path, **STRICT)
