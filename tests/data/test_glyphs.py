"""Rendered letters and digits: readable, balanced, the same for the same seed."""

import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tlwidgets.data import glyphs, load_digits, make_glyphs


@pytest.fixture(scope="module")
def letters():
    return make_glyphs(2600)


@pytest.mark.parametrize(("kind", "n_classes"), [("digits", 10), ("letters", 52), ("all", 62)])
def test_every_class_is_there_equally_often(kind, n_classes):
    found = make_glyphs(3 * n_classes + 1, kind)
    counts = np.bincount(found.labels, minlength=n_classes)
    assert sorted(counts) == [3] * (n_classes - 1) + [4]
    assert len(set(found.characters)) == n_classes


def test_images_are_like_mnist(letters):
    assert letters.images.shape == (2600, 28, 28)
    assert (letters.images.dtype, letters.labels.dtype) == (np.uint8, np.int64)
    assert (letters.images.min(), letters.images.max()) == (0, 255)
    # White on black, about as much ink, and its centre in the middle as there.
    digits = load_digits().images
    assert letters.images.mean() == pytest.approx(digits.mean(), rel=0.3)
    for axis in (0, 1):
        profile = letters.images.mean(axis=0).sum(axis)
        assert profile @ np.arange(28) / profile.sum() == pytest.approx(13.5, abs=0.5)


def test_the_same_seed_gives_the_same_images_and_another_seed_others(letters):
    again, other = make_glyphs(2600), make_glyphs(2600, seed=1)
    assert np.array_equal(letters.images, again.images)
    assert np.array_equal(letters.labels, again.labels)
    assert not np.array_equal(letters.labels, other.labels)
    assert len(np.unique(letters.images.reshape(2600, -1), axis=0)) == 2600
    assert (np.diff(letters.labels) < 0).mean() > 0.4  # in random order


def accuracy(labels_of_training):
    train, test = make_glyphs(2000, "digits"), make_glyphs(500, "digits", seed=1)
    head = LogisticRegression(C=0.01, max_iter=300).fit(
        train.images.reshape(2000, -1) / 255, labels_of_training(train.labels)
    )
    return head.score(test.images.reshape(500, -1) / 255, test.labels)


def test_they_can_be_read():
    assert accuracy(lambda labels: labels) > 0.8


def test_with_shuffled_labels_they_cannot():
    # The twin: it is the label that tells, not the classifier that is lucky.
    assert accuracy(np.random.default_rng(0).permutation) < 0.2


def test_the_label_is_the_character_of_the_same_name():
    # Real handwriting knows which digit is which; a shifted alphabet would not.
    digits, drawn = load_digits(), make_glyphs(6200, "all")
    means = np.array([digits.images[digits.labels == c].mean(0).ravel() for c in range(10)])
    means -= means.mean(1, keepdims=True)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    is_digit = drawn.labels < 10
    most_alike = (drawn.images[is_digit].reshape(1000, -1) @ means.T).argmax(1)
    assert (most_alike == drawn.labels[is_digit]).mean() > 0.3  # guessing: 0.1
    assert drawn.characters[9:12] == "9AB"


def test_each_drawing_has_its_ink_inside_and_in_the_middle():
    drawings = glyphs._drawings()[2]  # strokes as the font has them
    assert drawings[:, :, [0, -1]].max() == drawings[..., [0, -1]].max() == 0
    x = np.arange(56)
    centre = (drawings.sum(axis=-2) @ x) / drawings.sum(axis=(-1, -2))
    assert np.abs(centre - 27.5).mean() < 0.6


@pytest.mark.parametrize(("told", "share"), [("as drawn", 0.9), ("shuffled", 0.0)])
def test_the_font_that_is_told_is_the_one_that_was_drawn(told, share):
    # What sets a font apart from the mean of all is the same in clean and in bent digits.
    found, plain = make_glyphs(10_000, "digits"), glyphs._drawings()[2][:, :10]
    fonts = found.fonts if told == "as drawn" else np.random.default_rng(0).permutation(found.fonts)
    clean = plain.reshape(21, 10, 28, 2, 28, 2).mean(axis=(3, 5)).reshape(21, -1)
    drawn = np.zeros((21, 10, 28 * 28))
    np.add.at(drawn, (fonts, found.labels), found.images.reshape(10_000, -1) / 500)
    own, seen = (each - each.mean(axis=0) for each in (clean, drawn.reshape(21, -1)))
    most_alike = np.corrcoef(own, seen)[:21, 21:].argmax(axis=0)
    assert share <= (most_alike == np.arange(21)).mean() <= share + 0.3


def test_strokes_go_from_thin_to_bold():
    ink = glyphs._drawings().mean(axis=(1, 2, 3, 4))
    assert (np.diff(ink) > 0).all()


def test_ten_thousand_are_quick():
    begin = time.process_time()
    make_glyphs(10_000)
    assert time.process_time() - begin < 5


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(glyphs, "find_spec", lambda _name: None)
    with pytest.raises(ImportError, match=r"`matplotlib`.*pip install"):
        glyphs._fonts()
