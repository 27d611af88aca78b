"""MNIST-M: |piece - digit| in every channel, with pieces from the photographs."""

import numpy as np
import pytest

from tlwidgets import load_digits, make_mnist_m
from tlwidgets.data.photographs import PHOTOGRAPHS, read_photograph

EMPTY = np.zeros((40, 28, 28), np.uint8)


def test_without_ink_the_pieces_are_found_in_the_photographs():
    photographs = [read_photograph(name) for name in PHOTOGRAPHS]
    for piece in make_mnist_m(EMPTY[:3], seed=2):
        corners = [np.argwhere((p == piece[0, 0]).all(-1)) for p in photographs]
        assert any(
            (p[y : y + 28, x : x + 28] == piece).all()
            for p, where in zip(photographs, corners, strict=True)
            for y, x in where
            if p[y : y + 28, x : x + 28].shape == piece.shape
        )


def test_the_blend_is_the_one_of_the_paper_in_a_slow_loop():
    digits = load_digits().images[::1700]
    pieces, blended = make_mnist_m(0 * digits, seed=5), make_mnist_m(digits, seed=5)
    for n, row, column, channel in np.ndindex(blended.shape):
        wanted = abs(int(pieces[n, row, column, channel]) - int(digits[n, row, column]))
        assert blended[n, row, column, channel] == wanted


def test_the_seed_decides():
    assert (make_mnist_m(EMPTY, seed=1) == make_mnist_m(EMPTY, seed=1)).all()
    assert (make_mnist_m(EMPTY, seed=1) != make_mnist_m(EMPTY, seed=2)).any()


def test_pieces_differ_and_have_colour():
    pieces = make_mnist_m(EMPTY).astype(int)
    assert len(np.unique(pieces.reshape(40, -1), axis=0)) == 40
    assert np.abs(pieces[..., 0] - pieces[..., 2]).mean() > 5


def test_a_trailing_channel_is_fine():
    assert (make_mnist_m(EMPTY[..., None]) == make_mnist_m(EMPTY)).all()


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.zeros((2, 28, 28, 3)), r"`images`.*grey.*\(2, 28, 28, 3\)"),
        (np.zeros((1, 400, 28)), "`images`.*at most 300 pixels"),
        (np.zeros((28, 28)), "`images`.*leading axis"),
        (np.full((1, 8, 8), 0.5), "`images`.*Multiply them by 255"),
    ],
)
def test_other_images_are_named(images, says):
    with pytest.raises(ValueError, match=says):
        make_mnist_m(images)
