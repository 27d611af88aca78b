"""Who may import whom, how large a room may be, and what importing the package loads."""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tlwidgets
from tests.shape import code_lines, functions_in

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tlwidgets"
PATHS = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"keras", "tensorflow"}
SHOWING = {"ipywidgets", "anywidget", "traitlets", "IPython"}
DRAWING = {"matplotlib", "seaborn"}
WIDGETS = {"freeze_slider", "training_curves", "bias_explorer"}
# What everything may use and what itself uses nothing of ours.
GROUND = {"_check", "_metrics", "_palette"}
KNOWS_NO_KERAS = {"data", "shift", *GROUND}
KNOWS_NO_WIDGETS = {"freezing", "adapt", "backbones", "shift", "shipping", "data"}
SHOWS = {
    "_widgets.base", "_widgets.files", "_worker",
    "adapt.plot", "bias_explorer.widget", "freeze_slider.widget",
    "shipping.page", "training_curves.page",
    "course.checks", "course.claims", "course.machine", "course.notice", "course.plot",
    "course.prediction", "course.upload",
}  # fmt: skip
DRAWS = {"_widgets.still", "adapt.plot", "course.plot", "freezing.plot"}
# A figure is one of the things that these tell; matplotlib comes when it is asked for.
DRAWS_WHEN_ASKED = {
    "_widgets.base", "bias_explorer.picture", "bias_explorer.widget", "freeze_slider.widget",
    "freeze_slider.words", "shipping.calibration", "training_curves.callback",
    "training_curves.charts",
}  # fmt: skip


def module_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = [module_of(path) for path in PATHS]


def imports(source, path):
    """Absolute name of each module or name that a file imports, and whether at its import."""
    parts = ["tlwidgets", *path.relative_to(PACKAGE).with_suffix("").parts]
    tree = ast.parse(source)
    for node in ast.walk(tree):
        is_at_once = node in tree.body
        if isinstance(node, ast.Import):
            yield from ((alias.name, is_at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*(parts[: -node.level] if node.level else []), *(node.module or "").split(".")]
            yield ".".join(base).strip("."), is_at_once
            for alias in node.names:
                yield ".".join([*filter(None, base), alias.name]), is_at_once


def violations(path, source):
    module = module_of(path)
    place = module.split(".")[0]
    for name, is_at_once in imports(source, path):
        top, *rest = name.split(".")
        ours = rest[0] if top == "tlwidgets" and rest else None
        forbidden = (
            (place in GROUND and ours),
            (place in KNOWS_NO_KERAS and top in HEAVY),
            (place in KNOWS_NO_WIDGETS and ours in {*WIDGETS, "course"}),
            (place in WIDGETS and ours in WIDGETS - {place}),
            (top in SHOWING and module not in SHOWS),
            (top in DRAWING and module not in DRAWS and is_at_once),
            (top in DRAWING and module not in DRAWS | DRAWS_WHEN_ASKED),
            (top in {"pickle", "dill", "joblib"} and module != "backbones.legacy_torch"),
        )
        if any(forbidden):
            yield f"{module} imports {name}"


@pytest.mark.parametrize("path", PATHS, ids=MODULES)
def test_imports_point_one_way(path):
    assert list(violations(path, path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("_check.py", "from ._cache import cached"),
        ("_metrics.py", "import keras"),
        ("data/digits.py", "import keras"),
        ("data/digits.py", "from tensorflow import io"),
        ("backbones/features.py", "from ..course import budget"),
        ("backbones/features.py", "from .. import course"),
        ("backbones/features.py", "import ipywidgets"),
        ("course/machine.py", "import matplotlib.pyplot"),
        ("course/progress_file.py", "from IPython import get_ipython"),
        ("freeze_slider/words.py", "from ..training_curves import run"),
        ("freeze_slider/words.py", "from matplotlib.figure import Figure"),
        ("_cache.py", "import pickle"),
        ("shipping/page.py", "from ..bias_explorer import choice"),
        ("shipping/card.py", "from ..course import budget"),
    ],
)
def test_the_rule_can_fail(place, line):
    assert (PACKAGE / place).exists()
    assert list(violations(PACKAGE / place, line))


PRIVATE_KERAS = {
    "_all_reduce_sum_gradients", "_compile_config", "_flatten_layers", "_functional",
    "_inbound_nodes", "_keras_history", "_keras_mask", "_learning_rate", "_nodes_by_depth",
    "_non_trainable_variables", "_outbound_nodes", "_seed_generators", "_symbolic_build",
    "_trainable_variables",
}  # fmt: skip


def private_keras(source, path):
    """What a file touches of Keras that Keras may change without a word."""
    for node in ast.walk(ast.parse(source)):
        is_own = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE_KERAS and not is_own:
            yield node.attr
        if isinstance(node, ast.Constant) and node.value in PRIVATE_KERAS:
            yield node.value
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "keras.src":
            yield "keras.src"
    yield from (name for name, _ in imports(source, path) if name.startswith("keras.src"))


@pytest.mark.parametrize("path", PATHS, ids=MODULES)
def test_private_keras_has_one_home(path):
    if module_of(path) != "_keras":
        assert list(private_keras(path.read_text("utf-8"), path)) == []


@pytest.mark.parametrize(
    "line",
    [
        "settings = model._compile_config.config",
        "mask = getattr(tensor, '_keras_mask', None)",
        "from keras.src.models.functional import Functional",
        "from keras import src; import keras.src",
        "name = keras.src.utils.naming.to_snake_case('Conv2D')",
    ],
)
def test_the_rule_of_private_keras_can_fail(line):
    assert list(private_keras(line, PACKAGE / "freezing" / "graph.py"))


def test_the_list_of_private_keras_is_what_its_home_uses():
    assert set(
        private_keras((PACKAGE / "_keras.py").read_text("utf-8"), PACKAGE / "_keras.py")
    ) >= (PRIVATE_KERAS)


def test_every_exception_names_a_module_that_exists():
    assert set(MODULES) >= SHOWS | DRAWS | DRAWS_WHEN_ASKED


def test_no_import_goes_in_a_circle():
    edges = {}
    for path in PATHS:
        found = {name for name, is_at_once in imports(path.read_text("utf-8"), path) if is_at_once}
        ours = {name.removeprefix("tlwidgets.") for name in found} & set(MODULES)
        module = module_of(path)
        # A folder's own __init__ is loaded before its modules in any case.
        edges[module] = {name for name in ours if not f"{module}.".startswith(f"{name}.")}
    assert list(graphlib.TopologicalSorter(edges).static_order())


@pytest.mark.parametrize("path", PATHS, ids=MODULES)
def test_rooms_and_functions_stay_small(path):
    source = path.read_text("utf-8")
    assert code_lines(source) <= 500
    assert [(name, n) for name, n in functions_in(source) if n > 40] == []


def test_the_map_of_the_code_names_what_there_is():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`((?:tlwidgets|tests|docs|notebooks|datasets)/[\w/.]*)`", text))
    missing = [name for name in named if "NN_slug" not in name and not (ROOT / name).exists()]
    assert missing == []
    folders = {f"tlwidgets/{p.parent.name}/" for p in (ROOT / "tlwidgets").glob("*/__init__.py")}
    assert folders and folders <= named


def loaded_after(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_package_is_cheap():
    assert not loaded_after("import tlwidgets") & (
        HEAVY | DRAWING | SHOWING | {"pandas", "sklearn"}
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
