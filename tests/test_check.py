"""Every argument check: what passes comes back, what fails is named with its value."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from tlwidgets import _check

count = partial(_check.whole_number, "n", low=1, high=3, meaning="a count")
share = partial(_check.number, "share", low=0, high=1, meaning="a share")
positive = partial(_check.positive, "width", meaning="a width")
network = partial(_check.one_of, "name", kind="network")
text = partial(_check.text, "hint", meaning="help")
pair = partial(_check.pair, "data")
images = partial(_check.images, "images")
blocks = partial(_check.columns_of, "blocks", known=["stage1", "head"], kind="block")
backbone = partial(_check.functional_model, "backbone")
table = partial(_check.table, "x")
ratios = partial(_check.ratios, "density_ratio")
labels = partial(_check.labels, "y", n=2, k=2, next_step="Renumber.")
probabilities = partial(_check.probabilities, "p")
axes = partial(_check.axes, "ax")


def images_with(value):
    pixels = np.full((1, 2, 2), 7, np.float32)
    pixels[0, 1, 1] = value
    return pixels


@pytest.mark.parametrize(
    ("check", "value", "words"),
    [
        *(
            (count, value, ["`n`", "from 1 to 3", "a count", f"got {value}"])
            for value in (0, 4, -1)
        ),
        *(
            (share, value, ["`share`", "from 0 to 1", "a share", f"got {value}"])
            for value in (-0.1, 1.1, float("nan"), float("inf"))
        ),
        *((positive, value, ["`width`", f"got {value}"]) for value in (0, 1e-300, -1)),
        (_check.seed, -1, ["`seed`", "got -1"]),
        *((text, value, ["`hint`", "empty", repr(value)]) for value in ("", " \n")),
        (images, np.zeros((4, 4)), ["(n, height, width)", "got (4, 4)", "images[None]"]),
        (images, np.zeros((2, 4, 4, 2)), ["`images`", "got (2, 4, 4, 2)"]),
        (images, np.zeros((2, 3, 4, 4, 3)), ["got (2, 3, 4, 4, 3)"]),
        (images, np.zeros((0, 4, 4)), ["at least one image", "(0, 4, 4)"]),
        (images, np.zeros((2, 0, 4)), ["at least one pixel", "(2, 0, 4)"]),
        (images, images_with(np.nan), ["finite", "NaN"]),
        (images, images_with(np.inf), ["finite", "infinite"]),
        (images, images_with(-1), ["0 to 255", "from -1 to 7"]),
        (images, images_with(256), ["0 to 255", "from 7 to 256"]),
        (images, images_with(7) / 7, ["up to 1", "Multiply them by 255"]),
        *(
            (blocks, value, ["`blocks`", "each once", f"{value}", "Available: stage1, head"])
            for value in ([], ["head", "head"])
        ),
        (blocks, ["stage2"], ["`blocks`", "'stage2'", "Did you mean 'stage1'?"]),
        (table, [1, 2], ["`x`", "(n, d)", "(2,)", "x[:, None]"]),
        (table, [[1]], ["`x`", "at least 2", "got 1"]),
        (table, [[1], [np.nan]], ["`x`", "finite", "1 of 2 rows"]),
        (ratios, [[1, 2]], ["`density_ratio`", "(n,)", "(1, 2)"]),
        (ratios, ["a"], ["`density_ratio`", "<U1"]),
        (ratios, [], ["`density_ratio`", "(0,)"]),
        (ratios, [1, -1], ["`density_ratio`", "at least 0", "from -1 to 1"]),
        (ratios, [0, 0], ["not all of them 0", "from 0 to 0"]),
        (ratios, [1, np.inf], ["finite", "to inf"]),
        (labels, [1], ["`y`", "(2,)", "(1,)"]),
        (labels, [0, 2], ["`y`", "from 0 to 1", "got 0 to 2", "Renumber."]),
        (labels, [-1, 0], ["`y`", "from 0 to 1", "got -1 to 0"]),
        (probabilities, [[3, -2], [0, 1]], ["`p`", "-2 to 3", "softmax"]),
        (partial(probabilities, k=3), [[0.5, 0.5]], ["`p`", "(n, 3)", "(1, 2)"]),
        (probabilities, [[1.0]], ["`p`", "2 or more", "stack 1 - p"]),
        (probabilities, [[np.nan, 1]], ["`p`", "finite", "NaN"]),
        (partial(probabilities, least=2), [[0, 1]], ["`p`", "at least 2", "got 1"]),
    ],
)
def test_a_wrong_value_is_named(check, value, words):
    with pytest.raises(ValueError, match=".*".join(map(re.escape, words))):
        check(value)


@pytest.mark.parametrize(
    ("check", "value", "words"),
    [
        *(
            (count, value, ["`n`", "from 1 to 3", repr(value), type(value).__name__])
            for value in (2.0, "2", True, None, np.float32(2), [2])
        ),
        (partial(_check.whole_number, "n", low=1, meaning="a count"), "2", ["at least 1", "'2'"]),
        *(
            (share, value, ["`share`", repr(value), type(value).__name__])
            for value in ("0.5", None, True, [0.5])
        ),
        (text, 5, ["`hint`", "help", "5"]),
        (pair, (1, 2, 3), ["`data`", "data=(x, y)", "tuple of 3"]),
        (pair, "xy", ["`data`", "data=(x, y)", "str of 2"]),
        (pair, 5, ["`data`", "data=(x, y)", "got int."]),
        *(
            (images, np.zeros((1, 2, 2)).astype(dtype), ["`images`", str(np.dtype(dtype))])
            for dtype in (bool, object, "U1", complex)
        ),
        *((blocks, v, ["`blocks`", "list of block names", repr(v)]) for v in ("a", None, 5)),
        *((backbone, v, ["`backbone`", "Keras model", repr(v)]) for v in ("vgg16", None, 5)),
        (table, [["a"]], ["`x`", "numbers", "<U1"]),
        (labels, [0.5, 1.0], ["`y`", "whole numbers", "float64"]),
        (labels, [np.nan, 1.0], ["`y`", "whole numbers"]),
        (labels, ["a", "b"], ["`y`", "whole numbers", "<U1", "unique"]),
        *((axes, value, ["`ax`", "Axes", repr(value)]) for value in ("ax", None)),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(check, value, words):
    with pytest.raises(TypeError, match=".*".join(map(re.escape, words))):
        check(value)


@pytest.mark.parametrize(
    ("check", "value", "wanted"),
    [
        (count, np.int64(3), 3),
        *((share, value, float(value)) for value in (0, 1, 0.5, np.float32(0.5), np.int64(1))),
        (positive, np.float32(0.5), 0.5),
        (_check.seed, 7, 7),
        (partial(network, options=["vgg16", "xception"]), "vgg16", "vgg16"),
        (text, " look ", " look "),
        (pair, (1, 2), (1, 2)),
        (pair, [1, 2], [1, 2]),
        (blocks, ("head", "stage1"), ["head", "stage1"]),
    ],
)
def test_what_is_right_comes_back_as_it_should_be(check, value, wanted):
    found = check(value)
    assert (found, type(found)) == (wanted, type(wanted))


def test_a_misspelt_option_gets_a_suggestion_and_what_is_like_none_does_not():
    with pytest.raises(ValueError, match=r"`name`.*'vgg61'.*vgg16, xception.*mean 'vgg16'"):
        network("vgg61", ["vgg16", "xception"])
    for value in ("zzz", 7, None, []):
        with pytest.raises(ValueError, match=r"`name`.*Available: vgg16\.$") as caught:
            network(value, ["vgg16"])
        assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((2, 3, 4), (2, 3, 4, 1)), ((2, 3, 4, 1), (2, 3, 4, 1)), ((2, 3, 4, 3), (2, 3, 4, 3))],
)
def test_images_get_an_axis_for_channels(shape, wanted):
    assert images(np.zeros(shape, np.uint8)).shape == wanted


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float64])
def test_raw_pixels_of_any_number_type_pass_unchanged(dtype):
    pixels = np.array([[[0, 255], [1, 2]]], dtype)
    assert np.array_equal(images(pixels)[..., 0], pixels)


def test_a_black_image_and_one_with_single_grey_levels_pass():
    # Neither is a picture that somebody divided by 255.
    assert images(np.zeros((1, 2, 2), np.float32)).max() == 0
    assert images(np.ones((1, 2, 2), np.uint8)).max() == 1


class Thing:
    """A model with known inputs, and something to draw on: only the attributes count."""

    layers = ()
    inputs = ("image",)
    add_patch = None


@pytest.mark.parametrize("check", [backbone, axes])
def test_a_model_and_axes_are_known_by_their_attributes(check):
    thing = Thing()
    assert check(thing) is thing


def test_a_sparse_table_becomes_an_array_where_memory_allows():
    given = np.eye(3)
    assert _check.dense("x", given) is given
    assert np.array_equal(_check.dense("x", sparse.csr_array(given)), given)
    with pytest.raises(ValueError, match=r"`x`.*1,000 x 1,000,000, 8.0 GB as an array.*Truncated"):
        _check.dense("x", sparse.csr_array((1000, 1_000_000)))


def test_a_missing_package_comes_with_the_command_that_installs_it():
    error = _check.missing_package("elpv-dataset", needed_for="fetch()", extra="lessons")
    assert isinstance(error, ImportError)
    assert str(error) == (
        "fetch() needs the package `elpv-dataset`, which is not installed. "
        "Install it with: pip install 'tlwidgets[lessons]'"
    )


def test_tables_and_ratios_pass_as_float64():
    found = table([[1, 2], [3, 4]])
    assert (found.dtype, found.shape) == (np.float64, (2, 2))
    one, other = _check.two_tables(("a", "b"), (np.ones((3, 2)), np.zeros((2, 2), np.uint8)))
    assert (one.shape, other.shape) == ((3, 2), (2, 2))
    assert probabilities([[0.5, 0.5], [0, 1]], k=2).shape == (2, 2)
    assert (ratios([0, 3]).tolist(), ratios([0, 3]).dtype) == ([0, 3], np.float64)


def test_tables_of_other_widths_are_named():
    with pytest.raises(ValueError, match=r"`a` and `b`.*same features.*2 and 4"):
        _check.two_tables(("a", "b"), (np.ones((3, 2)), np.ones((3, 4))))


def test_outcomes_pass_and_what_is_none_is_named():
    assert _check.outcomes("y", np.array(["a", "b"], object), 2).dtype.kind == "U"
    for value, words in (([1], r"\(2,\).*\(1,\)"), ([np.nan, 1.0], "finite.*1 of 2")):
        with pytest.raises(ValueError, match=f"`y`.*{words}"):
            _check.outcomes("y", value, 2)


@pytest.mark.parametrize("value", [[0, 1], [0.0, 1.0], [False, True]])
def test_class_numbers_pass_as_whole_numbers(value):
    found = labels(value)
    assert (found.tolist(), found.dtype) == ([0, 1], np.int64)


def test_a_models_input_passes_and_what_is_none_is_named():
    assert _check.model_input("x", np.zeros((3, 8, 2)), (None, 2)).shape == (3, 8, 2)
    for wrong in (np.zeros((3, 8)), np.zeros((0, 8, 2)), np.zeros((3, 8, 3))):
        words = re.escape(f"(n, 8, 2), as the model takes them; got {wrong.shape}")
        with pytest.raises(ValueError, match=f"`x`.*{words}"):
            _check.model_input("x", wrong, (8, 2))
    with pytest.raises(ValueError, match=r"`x`.*numbers.*<U1"):
        _check.model_input("x", np.full((1, 2), "a"), (2,))


def test_every_check_is_tested_here():
    source = Path(__file__).read_text("utf-8")
    public = [name for name, thing in vars(_check).items() if is_ours(name, thing)]
    assert len(public) >= 8
    assert [name for name in public if f"_check.{name}" not in source] == []


def is_ours(name, thing):
    return not name.startswith("_") and getattr(thing, "__module__", "") == _check.__name__
