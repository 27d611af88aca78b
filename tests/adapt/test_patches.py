"""Patch features against a loop over places; what k-means finds; and without learning."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tlwidgets.adapt import PatchFeatures, learn_patches
from tlwidgets.data import load_digits, make_glyphs


def slow_encode(features, image):
    """Coates et al. (2011), section 3.2, place by place."""
    side = features.side_px
    places = range(0, len(image) - side + 1, 2)
    maps = np.zeros((len(places), len(places), len(features.centres)))
    for i, top in enumerate(places):
        for j, left in enumerate(places):
            patch = image[top : top + side, left : left + side].ravel() / 255
            patch = (patch - patch.mean()) / np.sqrt(patch.var() + 0.01)
            patch = (patch - features.mean) @ features.whitening
            distance = np.array([np.linalg.norm(patch - centre) for centre in features.centres])
            maps[i, j] = [max(0, distance.mean() - d) for d in distance]
    third = len(places) // 3
    edges = [0, third, 2 * third, len(places)]
    parts = [
        maps[edges[r] : edges[r + 1], edges[c] : edges[c + 1]].mean((0, 1))
        for r in range(3) for c in range(3)
    ]  # fmt: skip
    return np.concatenate(parts)


@pytest.fixture(scope="module")
def learned():
    return learn_patches(make_glyphs(500).images, 20, seed=1)


def test_it_is_the_slow_loop(learned):
    images = make_glyphs(3, seed=7).images
    expected = [slow_encode(learned, image.astype(float)) for image in images]
    np.testing.assert_allclose(learned(images), expected, atol=1e-4)


def test_each_place_by_itself_averages_to_the_parts(learned):
    images = make_glyphs(3, seed=7).images
    places = replace(learned, n_parts=12)(images).reshape(3, 3, 4, 3, 4, -1)
    np.testing.assert_allclose(places.mean((2, 4)).reshape(3, -1), learned(images), atol=1e-5)


def test_two_patches_by_hand():
    centres = np.array([[0, 0, 0, 0], [3, 0, 0, 0]], np.float32)
    features = PatchFeatures(centres, np.zeros(4, np.float32), np.eye(4, dtype=np.float32))
    # An empty image is at distance 0 and 3 everywhere: 1.5 nearer than average to the first.
    np.testing.assert_allclose(features(np.zeros((1, 8, 8))), [[1.5, 0] * 9])


def test_whitened_patches_have_no_correlation():
    images = np.random.default_rng(0).integers(0, 256, (200, 12, 12))
    noise = learn_patches(images, 2, side_px=3)
    windows = np.lib.stride_tricks.sliding_window_view(images / 255, (3, 3), axis=(1, 2))
    patches = windows.reshape(-1, 9)
    centred = patches - patches.mean(1, keepdims=True)
    patches = centred / np.sqrt(centred.var(1, keepdims=True) + 0.01)
    covariance = np.cov(((patches - noise.mean) @ noise.whitening).T)
    correlation = covariance / np.sqrt(np.outer(covariance.diagonal(), covariance.diagonal()))
    # A patch less its own mean has one direction without variance, shared by all pixels.
    assert np.abs(correlation - np.eye(9)).max() < 0.2


def test_the_same_seed_gives_the_same_patches_and_another_gives_others():
    images = make_glyphs(100).images
    a, b, c = (learn_patches(images, 10, seed=seed).centres for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.allclose(a, c)


def score_of(encode):
    digits, order = load_digits(), np.random.default_rng(0).permutation(5000)[:1000]
    features, y = encode(digits.images[order]), digits.labels[order]
    few = np.concatenate([np.flatnonzero(y == k)[:5] for k in range(10)])
    rest = np.setdiff1d(np.arange(1000), few)
    mean, sd = features[few].mean(0), features[few].std(0) + 1e-3
    scaled = (features - mean) / sd
    return LogisticRegression(max_iter=500).fit(scaled[few], y[few]).score(scaled[rest], y[rest])


def pixels_of(images):
    return images.reshape(len(images), -1) / 255


def test_patches_of_letters_help_to_read_digits(learned):
    assert score_of(learned) - score_of(pixels_of) > 0.05


def test_twin_patches_without_whereabouts_do_not(learned):
    blind = PatchFeatures(learned.centres[:1].repeat(20, 0), learned.mean, learned.whitening)
    assert score_of(blind) - score_of(pixels_of) < 0.05


@pytest.mark.parametrize(
    ("named", "call"),
    [
        ("(2, 28, 28, 3)", lambda: learn_patches(np.zeros((2, 28, 28, 3)))),
        ("(28, 28)", lambda: learn_patches(np.zeros((28, 28)))),
        ("only 0", lambda: learn_patches(np.zeros((5, 28, 28)))),
        ("up to 0.5", lambda: learn_patches(np.full((5, 28, 28), 0.5))),
        ("`n_patches`", lambda: learn_patches(np.zeros((5, 28, 28)), 1)),
        ("`side_px`", lambda: learn_patches(np.zeros((5, 28, 28)), side_px=1)),
        ("`seed`", lambda: learn_patches(np.zeros((5, 28, 28)), seed=-1)),
        ("(5, 8, 8, 1)", lambda: learn_patches(np.zeros((5, 8, 8)))),
    ],
)
def test_wrong_arguments_are_named(named, call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert named in str(caught.value)
