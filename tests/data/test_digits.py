"""Digits of two collections, and those blended with photographs."""

import numpy as np
import pytest

from tlwidgets.data import digits, load_digits, load_optdigits, make_mnist_m
from tlwidgets.data.catalog import read_catalog
from tlwidgets.data.photographs import PHOTOGRAPHS, read_photograph

OF_EACH_CLASS = {
    load_digits: ((5000, 28, 28), [500] * 10, 256),
    # The 17 grey levels of the original.
    load_optdigits: ((1797, 8, 8), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], 17),
}


@pytest.mark.parametrize("load", OF_EACH_CLASS)
def test_digits_are_what_the_collection_says_and_nobody_can_change_them(load):
    found, (shape, n_of_class, n_levels) = load(), OF_EACH_CLASS[load]
    assert load() is found
    assert (found.images.shape, np.bincount(found.labels).tolist()) == (shape, n_of_class)
    assert (found.images.dtype, found.labels.dtype) == (np.uint8, np.int64)
    levels = np.unique(found.images)
    assert np.allclose(levels, np.linspace(0, 255, n_levels), atol=0.5)
    for array in (found.images, found.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_ink_is_white_and_a_one_has_least_of_it():
    # Knowledge that a shuffled or inverted file would contradict.
    found = load_digits()
    ink = [found.images[found.labels == digit].mean() for digit in range(10)]
    assert np.argmin(ink) == 1
    assert found.images[:, 0].mean() < 1


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    data = bytearray(digits.shipped_path(read_catalog()["digits"]).read_bytes())
    (tmp_path / "digits.npz").write_bytes(data)
    monkeypatch.setattr(digits, "shipped_path", lambda _entry: tmp_path / "digits.npz")
    assert load_digits.__wrapped__().images.shape == (5000, 28, 28)  # it is not the other place
    data[1000] ^= 1
    (tmp_path / "digits.npz").write_bytes(data)
    with pytest.raises(ValueError, match=r"load_digits\(\).*digits\.npz.*821,722 bytes.*reinstall"):
        load_digits.__wrapped__()  # past the memory of earlier calls


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
