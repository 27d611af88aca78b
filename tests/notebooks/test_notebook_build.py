"""The committed notebooks are what the builder makes, and exercises lose their solutions."""

import json
import os
import re
import subprocess
import sys

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


@pytest.fixture(scope="module")
def lessons(outputs):
    """The notebooks of the course, by their place below `notebooks/`."""
    return {
        path.relative_to(build.FOLDER).as_posix(): json.loads(text)
        for path, text in outputs.items()
    }


def test_each_lesson_has_badges_that_open_this_very_file(lessons):
    assert len(lessons) >= 28
    for name, notebook in lessons.items():
        heading, _, badges = notebook["cells"][0]["source"].split("\n")[:3]
        assert heading.startswith("# ")
        links = re.findall(r"\)\]\((https://\S+)\)", badges)
        hosts = ["mybinder.org", "colab.research.google.com", "kaggle.com", "nbviewer.org"]
        assert [link.split("/")[2] for link in links] == hosts
        assert [link.split("notebooks/")[1] for link in links] == [name] * 4


def test_badges_name_the_repository_that_the_readme_names():
    readme = (build.FOLDER.parent / "README.md").read_text("utf-8")
    for does in ("Open on Binder", "Open in Colab"):
        badge, link = build.BADGES[does]
        assert f"[![{does}]({badge})]({link}00_start_here.ipynb)" in readme


def test_each_lesson_begins_with_one_folded_cell_that_installs_it(lessons):
    for name, notebook in lessons.items():
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert code[0]["metadata"] == {"tags": ["install"], "jupyter": {"source_hidden": True}}
        assert [cell["source"] for cell in code].count(build.INSTALL) == 1, name
        assert code[0]["source"] == build.INSTALL


PIP = """\
import sys
print("pip", *sys.argv[1:])
sys.exit({code})
"""


@pytest.fixture
def installing(tmp_path):
    """Run the cell where nothing but Python is: what it did, given what the place has."""

    def run(*packages, pip_gives=0, **environment):
        for package in packages:
            folder = tmp_path.joinpath(*package.split("."))
            folder.mkdir(parents=True)
            (folder / "__init__.py").touch()
        (tmp_path / "pip.py").write_text(PIP.format(code=pip_gives))
        (tmp_path / "cell.py").write_text(build.INSTALL)
        kept = {name: value for name, value in os.environ.items() if name == "SYSTEMROOT"}
        # Without site-packages: no TensorFlow brings a `google` of its own.
        return subprocess.run(
            [sys.executable, "-S", "cell.py"], cwd=tmp_path, env={**kept, **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def did(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_elsewhere_the_first_cell_does_nothing(installing):
    assert did(installing()) == []
    assert did(installing("google.protobuf")) == []


@pytest.mark.parametrize(
    ("packages", "environment"),
    [(["google.colab"], {}), ([], {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"})],
    ids=["Colab", "Kaggle"],
)
def test_in_colab_and_on_kaggle_it_installs_what_the_readme_says(packages, environment, installing):
    command, says = did(installing(*packages, **environment))
    readme = (build.FOLDER.parent / "README.md").read_text("utf-8")
    (extra,) = re.findall(r'in Colab and Kaggle, `pip install "(.+?)"`', readme.replace("\n", " "))
    assert command == f"pip install --quiet {extra}"
    assert says == "tlwidgets is installed. Restart the session now, then run all cells."
    assert did(installing("tlwidgets", **environment)) == [], "after the restart it is there"


def test_where_it_cannot_install_it_says_what_to_look_at(installing):
    done = installing("google.colab", pip_gives=1)
    assert done.returncode == 1
    assert "ImportError: tlwidgets was not installed: is this notebook's internet" in done.stderr
