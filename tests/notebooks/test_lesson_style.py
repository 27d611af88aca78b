"""Section 4 of the house style: what every lesson has, in which order, how long."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import tlwidgets
from tests.notebooks.lessons import NAMES, SOURCES, Cell, cells_in, cells_of, section

TAGS = {"parameters", "exercise", "solution", "check", "claim", "widget", "slow"}
ORDER = [
    "You will",
    "Setup",
    "1.",
    "2.",
    "3.",
    "Play",
    "Exercises",
    "Where it breaks",
    "You can now",
]
# Lesson 00 shows the way round; it has no experiment of its own to play with.
SHORT = "00_start_here"
SHORT_ORDER = [
    "You will",
    "Setup",
    "1.",
    "2.",
    "Exercises",
    "3.",
    "4.",
    "Where it breaks",
    "You can now",
]
MAX_CODE_LINES, MAX_WORDS, MAX_OPENING_WORDS = 15, 90, 120

# A percentage or a decimal number in prose is a measurement, unless it names a scale.
MEASURED = re.compile(r"\b\d+(\.\d+)? ?%|\b\d+\.\d{2,}\b")


def problems(cells: list[Cell], *, short: bool = False) -> list[str]:
    found = []
    headings = [
        line[3:] for c in cells if c.kind == "markdown" for line in c.text.splitlines()
        if line.startswith("## ")
    ]  # fmt: skip
    order = SHORT_ORDER if short else ORDER
    if len(headings) != len(order) or not all(
        have.startswith(want) for have, want in zip(headings, order, strict=False)
    ):
        found.append(f"sections are {headings}, expected {order}")
    if not short and not 30 <= len(cells) <= 45:
        found.append(f"{len(cells)} cells, expected 30 to 45")
    found += [f"unknown tags {c.tags - TAGS}" for c in cells if c.tags - TAGS]
    found += _problems_of_code(cells)
    found += _problems_of_prose(cells)
    return found


def _problems_of_code(cells):
    code = [c for c in cells if c.kind == "code"]
    found = [f"{c.n_lines} lines: {c.text[:40]!r}" for c in code if c.n_lines > MAX_CODE_LINES]
    found += [
        f"magic or shell: {c.text[:40]!r}" for c in code if re.search(r"^\s*[%!]", c.text, re.M)
    ]
    found += [f"relative path: {c.text[:40]!r}" for c in code if "../" in c.text]
    if [c.tags for c in code].count({"parameters"}) != 1:
        found.append("expected one cell with the tag `parameters`")
    kinds = "".join(
        "c" if c.kind == "code" and not c.tags & {"claim", "check"} else " " for c in cells
    )
    found += [f"three code cells in a row near {cells[m.start()].text[:40]!r}"
              for m in re.finditer("ccc", kinds)]  # fmt: skip
    return found


def _problems_of_prose(cells):
    found = []
    for i, cell in enumerate(cells):
        if cell.kind != "markdown" or cell.text.startswith("# ") or "References" in cell.text:
            continue
        limit = MAX_OPENING_WORDS if "## " in cell.text else MAX_WORDS
        if cell.n_words > limit:
            found.append(f"{cell.n_words} words (at most {limit}): {cell.text[:40]!r}")
        beside = cells[max(0, i - 2) : i + 3]
        if MEASURED.search(cell.text) and not any("claim" in c.tags for c in beside):
            found.append(f"a measured number without a claim beside it: {cell.text[:60]!r}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_a_lesson_has_every_part_in_order_and_size(path):
    assert problems(cells_of(path), short=path.stem == SHORT) == []


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_the_title_says_what_it_costs(path):
    title = cells_of(path)[0].text
    assert re.match(r"# \d\d · .+\?$", title.splitlines()[0]), "a title with a question"
    assert re.search(r" · needs (nothing|\d\d(, \d\d)*) · ", title)
    assert re.search(r"\*\*About \d+ minutes\*\*", title)
    assert re.search(r"\d+ CPU seconds", title)
    assert re.search(r"\d\.\d GB of memory", title)


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_the_end_answers_the_beginning(path):
    def verbs(heading):
        return [m[1] for line in section(cells_of(path), heading)
                if (m := re.match(r"- \*\*(\w+)\*\*", line))]  # fmt: skip

    assert len(verbs("You will")) == 3
    assert verbs("You can now") == verbs("You will")


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_each_idea_has_a_claim_and_each_exercise_a_check(path):
    cells = cells_of(path)
    tags = [tag for cell in cells for tag in cell.tags]
    assert tags.count("claim") >= (2 if path.stem == SHORT else 4)
    assert tags.count("exercise") == tags.count("check") >= (1 if path.stem == SHORT else 2)
    assert "solution" not in tags, "the builder sets it"


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_no_two_claims_of_a_lesson_read_alike(path):
    calls = [node for cell in cells_of(path) if cell.kind == "code"
             for node in ast.walk(ast.parse(cell.text)) if isinstance(node, ast.Call)]  # fmt: skip
    said = Counter(ast.unparse(c.args[0]) for c in calls if ast.unparse(c.func) == "claim")
    assert not [sentence for sentence, n in said.items() if n > 1]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("# %%\n" + "x = 1\n" * 16, "16 lines"),
        ("# %%\n# %pip install x\n!ls", "magic or shell"),
        ('# %%\nopen("../x")', "relative path"),
        ('# %% tags=["mine"]\nx = 1', "unknown tags"),
        ("# %% [markdown]\n# It gets 78 % right.", "measured number"),
        ("# %% [markdown]\n# " + "word " * 91, "91 words"),
        ("# %%\na = 1\n# %%\nb = 1\n# %%\nc = 1", "three code cells"),
    ],
)
def test_the_rules_can_fail(cell, problem):
    assert any(problem in p for p in problems(cells_in(cell)))


def starts_keras(line):
    """Tell whether an import of ours starts Keras with TensorFlow's greeting hidden."""
    if not (m := re.match(r"from (tlwidgets\S*) import (.+)", line)):
        return False
    modules = [m[1]] if m[1] != "tlwidgets" else [
        getattr(tlwidgets, name.strip()).__module__ for name in m[2].split(",")
    ]  # fmt: skip
    return any(module.split(".")[1] in STARTERS for module in modules)


HOUSE = Path(tlwidgets.__file__).parent
STARTERS = {path.relative_to(HOUSE).parts[0] for path in HOUSE.rglob("*.py")
            if "\nstart_keras()" in path.read_text("utf-8")}  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_lesson_begins_with_the_red_greeting_of_tensorflow(path):
    # Shown on processors of some kinds only: what came first is what can be tested everywhere.
    for line in path.read_text("utf-8").splitlines():
        if starts_keras(line):
            return
        assert not re.match(r"(import|from) (keras|tensorflow)", line), "import ours before"
