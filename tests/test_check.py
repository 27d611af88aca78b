"""Every argument check: what passes comes back, what fails is named with its value."""

import re
from pathlib import Path

import numpy as np
import pytest

from tlwidgets import _check


def refuse(call, *words, error=ValueError):
    """Assert that the message has all words, in this order."""
    with pytest.raises(error, match=".*".join(map(re.escape, words))):
        call()


def test_a_whole_number_in_the_range_passes_as_int():
    found = _check.whole_number("n", np.int64(3), low=1, high=3, meaning="a count")
    assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("value", [0, 4, -1])
def test_a_whole_number_outside_the_range_is_named(value):
    def call():
        _check.whole_number("n", value, low=1, high=3, meaning="a count")

    refuse(call, "`n`", "from 1 to 3", "a count", f"got {value}")


@pytest.mark.parametrize("value", [2.0, "2", True, None, np.float32(2), [2]])
def test_what_is_no_whole_number_is_named(value):
    def call():
        _check.whole_number("n", value, low=1, meaning="a count")

    refuse(call, "`n`", "at least 1", repr(value), type(value).__name__, error=TypeError)


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(1)])
def test_a_number_in_the_range_passes_as_float(value):
    found = _check.number("share", value, low=0, high=1, meaning="a share")
    assert found == value
    assert type(found) is float


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_number_outside_the_range_is_named(value):
    def call():
        _check.number("share", value, low=0, high=1, meaning="a share")

    refuse(call, "`share`", "from 0 to 1", "a share", f"got {value}")


@pytest.mark.parametrize("value", ["0.5", None, True, [0.5]])
def test_what_is_no_number_is_named(value):
    def call():
        _check.number("share", value, low=0, high=1, meaning="a share")

    refuse(call, "`share`", repr(value), type(value).__name__, error=TypeError)


def test_one_of_the_options_passes():
    assert _check.one_of("name", "vgg16", ["vgg16", "xception"], kind="network") == "vgg16"


def test_a_misspelt_option_gets_a_suggestion():
    def call():
        _check.one_of("name", "vgg61", ["vgg16", "xception"], kind="network")

    refuse(call, "`name`", "'vgg61'", "vgg16, xception", "Did you mean 'vgg16'?")


@pytest.mark.parametrize("value", ["zzz", 7, None, []])
def test_what_is_like_no_option_gets_no_suggestion(value):
    with pytest.raises(ValueError, match=r"`name`.*Available: vgg16\.$") as caught:
        _check.one_of("name", value, ["vgg16"], kind="network")
    assert repr(value) in str(caught.value)


def test_text_passes():
    assert _check.text("hint", " look ", meaning="help") == " look "


def test_what_is_no_text_is_named():
    refuse(lambda: _check.text("hint", 5, meaning="help"), "`hint`", "help", "5", error=TypeError)


@pytest.mark.parametrize("value", ["", " \n"])
def test_empty_text_is_named(value):
    refuse(lambda: _check.text("hint", value, meaning="help"), "`hint`", "empty", repr(value))


@pytest.mark.parametrize("value", [(1, 2), [1, 2]])
def test_a_pair_passes(value):
    assert _check.pair("data", value) is value


@pytest.mark.parametrize(
    ("value", "got"), [((1, 2, 3), "tuple of 3"), ("xy", "str of 2"), (5, "got int.")]
)
def test_what_is_no_pair_is_named(value, got):
    refuse(lambda: _check.pair("data", value), "`data`", "data=(x, y)", got, error=TypeError)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((2, 3, 4), (2, 3, 4, 1)),
        ((2, 3, 4, 1), (2, 3, 4, 1)),
        ((2, 3, 4, 3), (2, 3, 4, 3)),
    ],
)
def test_images_get_an_axis_for_channels(shape, wanted):
    assert _check.images("images", np.zeros(shape, np.uint8)).shape == wanted


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float64])
def test_raw_pixels_of_any_number_type_pass_unchanged(dtype):
    pixels = np.array([[[0, 255], [1, 2]]], dtype)
    assert np.array_equal(_check.images("images", pixels)[..., 0], pixels)


def test_a_black_image_and_one_with_single_grey_levels_pass():
    # Neither is a picture that somebody divided by 255.
    assert _check.images("images", np.zeros((1, 2, 2), np.float32)).max() == 0
    assert _check.images("images", np.ones((1, 2, 2), np.uint8)).max() == 1


def images_with(value, dtype=np.float32):
    pixels = np.full((1, 2, 2), 7, dtype)
    pixels[0, 1, 1] = value
    return pixels


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((4, 4)), ["(n, height, width)", "got (4, 4)", "images[None]"]),
        (np.zeros((2, 4, 4, 2)), ["got (2, 4, 4, 2)"]),
        (np.zeros((2, 3, 4, 4, 3)), ["got (2, 3, 4, 4, 3)"]),
        (np.zeros((0, 4, 4)), ["at least one image", "(0, 4, 4)"]),
        (np.zeros((2, 0, 4)), ["at least one pixel", "(2, 0, 4)"]),
        (images_with(np.nan), ["finite", "NaN"]),
        (images_with(np.inf), ["finite", "infinite"]),
        (images_with(-1), ["0 to 255", "from -1 to 7"]),
        (images_with(256), ["0 to 255", "from 7 to 256"]),
        (images_with(7) / 7, ["up to 1", "Multiply them by 255"]),
    ],
)
def test_wrong_images_are_named(value, words):
    refuse(lambda: _check.images("images", value), "`images`", *words)


@pytest.mark.parametrize("dtype", [bool, object, "U1", complex])
def test_images_that_hold_no_numbers_are_named(dtype):
    pixels = np.zeros((1, 2, 2)).astype(dtype)
    refuse(lambda: _check.images("images", pixels), "`images`", str(pixels.dtype), error=TypeError)


def test_known_columns_pass_in_the_order_asked_for():
    assert _check.columns_of("blocks", ("b", "a"), ["a", "b", "c"], kind="block") == ["b", "a"]


@pytest.mark.parametrize(("value", "words"), [([], ["[]"]), (["a", "a"], ["['a', 'a']"])])
def test_no_columns_or_repeated_ones_are_named(value, words):
    def call():
        _check.columns_of("blocks", value, ["a", "b"], kind="block")

    refuse(call, "`blocks`", "each once", *words, "Available: a, b")


def test_an_unknown_column_is_named():
    def call():
        _check.columns_of("blocks", ["stage2"], ["stage1", "head"], kind="block")

    refuse(call, "`blocks`", "'stage2'", "Did you mean 'stage1'?")


@pytest.mark.parametrize("value", ["a", None, 5])
def test_what_is_no_list_of_columns_is_named(value):
    def call():
        _check.columns_of("blocks", value, ["a"], kind="block")

    refuse(call, "`blocks`", "list of block names", repr(value), error=TypeError)


class Graph:
    layers = ()
    inputs = ("image",)


def test_a_model_with_known_inputs_passes():
    model = Graph()
    assert _check.functional_model("backbone", model) is model


@pytest.mark.parametrize("value", ["vgg16", None, 5])
def test_what_is_no_model_is_named(value):
    def call():
        _check.functional_model("backbone", value)

    refuse(call, "`backbone`", "Keras model", repr(value), error=TypeError)


def test_a_missing_package_comes_with_the_command_that_installs_it():
    error = _check.missing_package("elpv-dataset", needed_for="fetch()", extra="lessons")
    assert isinstance(error, ImportError)
    assert str(error) == (
        "fetch() needs the package `elpv-dataset`, which is not installed. "
        "Install it with: pip install 'tlwidgets[lessons]'"
    )


def test_tables_pass_as_float64():
    found = _check.table("x", [[1, 2], [3, 4]])
    assert (found.dtype, found.shape) == (np.float64, (2, 2))
    one, other = _check.two_tables(("a", "b"), (np.ones((3, 2)), np.zeros((2, 2), np.uint8)))
    assert (one.shape, other.shape) == ((3, 2), (2, 2))


def test_what_is_no_table_is_named():
    refuse(lambda: _check.table("x", [["a"]]), "`x`", "numbers", "<U1", error=TypeError)
    refuse(lambda: _check.table("x", [1, 2]), "`x`", "(n, d)", "(2,)", "x[:, None]")
    refuse(lambda: _check.table("x", [[1]]), "`x`", "at least 2", "got 1")
    refuse(lambda: _check.table("x", [[1], [np.nan]]), "`x`", "finite", "1 of 2 rows")


def test_tables_of_other_widths_are_named():
    def call():
        _check.two_tables(("a", "b"), (np.ones((3, 2)), np.ones((3, 4))))

    refuse(call, "`a` and `b`", "same features", "2 and 4")


@pytest.mark.parametrize("value", [0, 1e-300, -1])
def test_a_positive_number_passes_and_what_is_none_is_named(value):
    assert _check.positive("width", np.float32(0.5), meaning="a width") == 0.5
    refuse(lambda: _check.positive("width", value, meaning="a width"), "`width`", f"got {value}")


def test_a_seed_passes_and_what_is_none_is_named():
    assert _check.seed(7) == 7
    refuse(lambda: _check.seed(-1), "`seed`", "got -1")


def test_outcomes_pass_and_what_is_none_is_named():
    assert _check.outcomes("y", np.array(["a", "b"], object), 2).dtype.kind == "U"
    refuse(lambda: _check.outcomes("y", [1], 2), "`y`", "(2,)", "(1,)")
    refuse(lambda: _check.outcomes("y", [np.nan, 1.0], 2), "`y`", "finite", "1 of 2")


def labels(value, k=2):
    return _check.labels("y", value, n=2, k=k, next_step="Renumber.")


@pytest.mark.parametrize("value", [[0, 1], [0.0, 1.0], [False, True]])
def test_class_numbers_pass_as_whole_numbers(value):
    found = labels(value)
    assert (found.tolist(), found.dtype) == ([0, 1], np.int64)


def test_what_is_no_class_number_is_named():
    refuse(lambda: labels([0.5, 1.0]), "`y`", "whole numbers", "float64", error=TypeError)
    refuse(lambda: labels([np.nan, 1.0]), "`y`", "whole numbers", error=TypeError)
    refuse(lambda: labels(["a", "b"]), "`y`", "whole numbers", "<U1", "unique", error=TypeError)
    refuse(lambda: labels([1]), "`y`", "(2,)", "(1,)")
    refuse(lambda: labels([0, 2]), "`y`", "from 0 to 1", "got 0 to 2", "Renumber.")
    refuse(lambda: labels([-1, 0]), "`y`", "from 0 to 1", "got -1 to 0")


def test_probabilities_pass_and_what_is_none_is_named():
    assert _check.probabilities("p", [[0.5, 0.5], [0, 1]], k=2).shape == (2, 2)
    refuse(lambda: _check.probabilities("p", [[3, -2], [0, 1]]), "`p`", "-2 to 3", "softmax")
    refuse(lambda: _check.probabilities("p", [[0.5, 0.5]], k=3), "`p`", "(n, 3)", "(1, 2)")
    refuse(lambda: _check.probabilities("p", [[1.0]]), "`p`", "2 or more", "stack 1 - p")
    refuse(lambda: _check.probabilities("p", [[np.nan, 1]]), "`p`", "finite", "NaN")
    refuse(lambda: _check.probabilities("p", [[0, 1]], least=2), "`p`", "at least 2", "got 1")


def test_a_models_input_passes_and_what_is_none_is_named():
    assert _check.model_input("x", np.zeros((3, 8, 2)), (None, 2)).shape == (3, 8, 2)
    for wrong in (np.zeros((3, 8)), np.zeros((0, 8, 2)), np.zeros((3, 8, 3))):
        refuse(
            lambda w=wrong: _check.model_input("x", w, (8, 2)), "`x`", "(n, 8, 2)", str(wrong.shape)
        )
    words = np.full((1, 2), "a")
    refuse(lambda: _check.model_input("x", words, (2,)), "`x`", "numbers", "<U1")


def test_every_check_is_tested_here():
    source = Path(__file__).read_text("utf-8")
    public = [name for name, thing in vars(_check).items() if is_ours(name, thing)]
    assert len(public) >= 8
    assert [name for name in public if f"_check.{name}(" not in source] == []


def is_ours(name, thing):
    return not name.startswith("_") and getattr(thing, "__module__", "") == _check.__name__


class Drawable:
    def add_patch(self):
        """Only its presence counts."""


def test_axes_pass():
    ax = Drawable()
    assert _check.axes("ax", ax) is ax


@pytest.mark.parametrize("value", ["ax", None])
def test_what_is_no_axes_is_named(value):
    refuse(lambda: _check.axes("ax", value), "`ax`", "Axes", repr(value), error=TypeError)
