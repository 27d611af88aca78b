"""Who may import whom, and what importing the package loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tlwidgets

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tlwidgets"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"keras", "tensorflow"}
WIDGETS = {"ipywidgets", "anywidget", "traitlets", "IPython"}
DRAWING = {"matplotlib", "seaborn"}
WIDGET_FOLDERS = {"freeze_slider", "training_curves", "bias_explorer"}
KNOWS_NO_KERAS = {"data", "shift", "_check", "_metrics", "_palette"}
# What is kept, read, merged and laid out in the course works without a notebook.
COURSE_WITHOUT_WIDGETS = {
    "calibration.py", "keeping.py", "layout.py", "lessons.py", "notebook.py", "progress.py",
    "records.py",
}  # fmt: skip
KNOWS_NO_WIDGETS = {"freezing", "adapt", "backbones", "shift", "shipping", "data"}


def imported(source, path):
    """Absolute names of all modules that a file imports, wherever in the file."""
    parts = ["tlwidgets", *path.relative_to(PACKAGE).with_suffix("").parts]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*(parts[: -node.level] if node.level else []), *(node.module or "").split(".")]
            yield ".".join(base).strip(".")
            yield from (".".join([*filter(None, base), alias.name]) for alias in node.names)


def violations(path, source):
    relative = path.relative_to(PACKAGE)
    place = relative.parts[0].removesuffix(".py")
    for name in imported(source, path):
        top, *rest = name.split(".")
        ours = rest[0] if top == "tlwidgets" and rest else None
        if place in {"_check", "_metrics", "_palette"} and ours:
            yield f"{relative} imports {name}"
        if place in KNOWS_NO_KERAS and top in HEAVY:
            yield f"{relative} imports {name}"
        if place in KNOWS_NO_WIDGETS and (ours in WIDGET_FOLDERS or ours == "course"):
            yield f"{relative} imports {name}"
        if place in WIDGET_FOLDERS and ours in WIDGET_FOLDERS - {place}:
            yield f"{relative} imports {name}"
        may_show = path.name in {"widget.py", "controls.py", "_worker.py"} or place == "course"
        may_show &= not (place == "course" and path.name in COURSE_WITHOUT_WIDGETS)
        if top in WIDGETS and not may_show:
            yield f"{relative} imports {name}"
        if top in DRAWING and path.name != "plot.py":
            yield f"{relative} imports {name}"
        if top in {"pickle", "dill", "joblib"} and path.name != "legacy_torch.py":
            yield f"{relative} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    assert list(violations(path, path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("_check.py", "from .data import cache"),
        ("data/digits.py", "import keras"),
        ("data/digits.py", "from tensorflow import io"),
        ("backbones/features.py", "from ..course import budget"),
        ("backbones/features.py", "from .. import course"),
        ("backbones/features.py", "import ipywidgets"),
        ("course/machine.py", "import matplotlib.pyplot"),
        ("course/records.py", "from IPython import get_ipython"),
        ("freeze_slider/compute.py", "from ..training_curves import state"),
        ("data/cache.py", "import pickle"),
        ("shipping/widget.py", "from ..bias_explorer import state"),
        ("shipping/card.py", "from ..course import budget"),
    ],
)
def test_the_rule_can_fail(place, line):
    assert list(violations(PACKAGE / place, line))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path):
    source = path.read_text("utf-8")
    assert source.count("\n") <= 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            n_lines = node.end_lineno - node.lineno - docstring.count("\n")
            assert n_lines <= 40, f"{node.name} has {n_lines} lines"


def loaded_after(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_package_is_cheap():
    assert not loaded_after("import tlwidgets") & (
        HEAVY | DRAWING | WIDGETS | {"pandas", "sklearn"}
    )


def test_a_prediction_needs_no_network_and_no_figure():
    assert not loaded_after("from tlwidgets import Prediction") & (HEAVY | DRAWING)


def test_loading_data_needs_no_tensorflow():
    loaded = loaded_after("from tlwidgets.data import load_digits; load_digits()")
    assert not loaded & (HEAVY | DRAWING)


def test_every_public_name_exists_and_an_unknown_one_says_so():
    for name in tlwidgets.__all__:
        assert getattr(tlwidgets, name).__doc__
    with pytest.raises(AttributeError, match="has no public name 'load_backbones'"):
        _ = tlwidgets.load_backbones


def test_lessons_import_only_public_names():
    for path in sorted((ROOT / "notebooks" / "src").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tlwidgets"):
                home = __import__(node.module, fromlist=["__all__"])
                assert {alias.name for alias in node.names} <= set(home.__all__), path.name
