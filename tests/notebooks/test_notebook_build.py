"""The committed notebooks are what the builder makes, and exercises lose their solutions."""

import pytest

from notebooks import build

SOURCE = """\
# %% [markdown]
# # Title

# %% tags=["exercise"]
given = 1
answer = given + 41  #: answer = ...
helper = 3  #:


# %% tags=["exercise"]
def double(x):
    y = 2 * x  #: ...
    return y  #:
"""


def texts(kind):
    return [cell.source for cell in build.build(SOURCE, kind).cells]


def test_the_student_sees_the_stub_and_the_given_lines():
    assert texts("student")[1:] == ["given = 1\nanswer = ...", "def double(x):\n    ..."]


def test_the_solution_is_plain_code_without_marks():
    assert texts("solution")[1] == "given = 1\nanswer = given + 41\nhelper = 3"
    assert "#:" not in "".join(texts("solution"))


def test_the_solution_cells_are_tagged_so():
    tags = [cell.metadata.get("tags") for cell in build.build(SOURCE, "solution").cells]
    assert tags == [None, ["solution"], ["solution"]]


FOLDED = """\
# %% [markdown]
# # Title

# %%
import keras

# %% tags=["parameters"]
SEED = 0

# %% tags=["widget"]
guess = Prediction(
    "How many?", low=0, high=9
)
guess

# %% tags=["widget"]
guess = Prediction("How many?",
                   choices=["few", "many"])  # fmt: skip
guess

# %% tags=["widget"]
guess = Prediction("How many?", low=0, high=9)
FreezeSlider(model)

# %%
x = 1
guess.reveal(x)

# %% tags=["claim"]
claim("So many", x, at_least=1)

# %% tags=["claim"]
model.fit(x, y)
claim("So many", x, at_least=1)

# %% tags=["exercise"]
answer = 2  #: answer = ...

# %% tags=["check"]
check("Exercise 1", answer, expect(lambda a: a == 2, "More."), well_done="Yes.")
"""


@pytest.mark.parametrize("kind", ["student", "solution"])
def test_what_a_learner_runs_but_need_not_read_is_folded(kind):
    cells = build.build(FOLDED, kind).cells
    folded = [cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in cells]
    assert folded == [False, True, False, True, True, False, False, True, False, False, True]
    shown = [c.source.splitlines()[0] for c, hidden in zip(cells, folded, strict=True) if hidden]
    assert shown[-1] == "# Run this cell to check your answer.", "the bar shows no answer"


def test_two_builds_are_equal_and_equal_cells_have_different_ids():
    twice = SOURCE + SOURCE
    ids = [cell["id"] for cell in build.build(twice, "student").cells]
    assert len(set(ids)) == len(ids) == 6
    assert ids == [cell["id"] for cell in build.build(twice, "student").cells]


@pytest.fixture(scope="module")
def outputs():
    return build.outputs()


def test_the_committed_notebooks_are_fresh(outputs):
    assert build.stale(outputs) == []


def test_a_changed_source_would_be_noticed(outputs):
    path, text = next(iter(outputs.items()))
    assert build.stale({path: text.replace("tlwidgets", "somewhat")})


def test_no_notebook_holds_outputs(outputs):
    for text in outputs.values():
        assert '"execution_count": null' in text
        assert '"output_type"' not in text
