"""Photographs of everyday things, and images side by side as one PNG."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from tlwidgets.data import image_strip, load_photographs, photographs

NAMES = ("chelsea", "coffee", "rocket", "astronaut", "china", "flower")


@pytest.fixture(scope="module")
def small():
    return load_photographs(32)


def test_there_are_six_square_photographs_with_names(small):
    assert small.names == NAMES
    assert small.images.shape == (6, 32, 32, 3)
    assert small.images.dtype == np.uint8


def test_colours_are_rgb(small):
    # Coffee on wood and a ginger cat are red rather than blue; BGR would turn it round.
    red, _, blue = small.images[:2].reshape(-1, 3).mean(axis=0)
    assert red > blue + 20


def test_the_middle_seven_eighths_of_the_shorter_side_are_kept():
    # A frame of white around black: exactly the frame is cut away.
    picture = np.full((32, 64, 3), 255, np.uint8)
    picture[2:30, 18:46] = 0
    assert photographs._square(picture, 28).max() == 0
    assert photographs._square(255 - picture, 28).min() == 255


def test_without_scikit_image_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)  # Python's own way to forbid an import
    with pytest.raises(ImportError, match=r"scikit-image.*pip install 'tlwidgets\[data\]'"):
        load_photographs(32)


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)


ONE_TWO = np.array([[[1, 1]], [[2, 2]]], np.uint8)  # two images of one row and two columns


def test_images_stand_side_by_side_and_rows_one_below_the_other():
    found = pixels(image_strip(ONE_TWO, ONE_TWO[::-1]))
    assert found.tolist() == [[1, 1, 2, 2], [2, 2, 1, 1]]


def test_colours_stay():
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 0] = 255
    assert pixels(image_strip(red)).tolist() == [[[255, 0, 0]] * 2] * 2


def test_rows_of_different_shape_are_named():
    with pytest.raises(ValueError, match=r"`rows`.*\(2, 1, 2, 1\).*\(1, 1, 2, 1\)"):
        image_strip(ONE_TWO, ONE_TWO[:1])
