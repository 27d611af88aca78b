"""Learning without labels: each method against a slow loop, and its effect without its idea."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlwidgets.adapt import (
    ContrastiveLearner,
    DenoisingAutoencoder,
    PatchFeatures,
    RandomViews,
    contrastive_loss,
    learn_patches,
)
from tlwidgets.data import load_digits, make_glyphs

pytestmark = pytest.mark.keras
layers = keras.layers
STILL = RandomViews(0, 0, 0, 0)


def letters(n, seed=0):
    return make_glyphs(n, seed=seed).images[..., None]


def score_on_digits(classifier, encode):
    """Accuracy on a thousand digits of a classifier that has seen five labels of each class."""
    digits, order = load_digits(), np.random.default_rng(0).permutation(5000)[:1000]
    features, y = encode(digits.images[order][..., None]), digits.labels[order]
    few = np.concatenate([np.flatnonzero(y == k)[:5] for k in range(10)])
    rest = np.setdiff1d(np.arange(1000), few)
    return classifier.fit(features[few], y[few]).score(features[rest], y[rest])


def dense_network(size=28):
    keras.utils.set_random_seed(0)
    first = [keras.Input((size, size, 1)), layers.Rescaling(1 / 255), layers.Flatten()]
    return keras.Sequential([*first, layers.Dense(32, "relu")])


def convolutional_network():
    keras.utils.set_random_seed(0)
    convolutions = [layers.Conv2D(n, 3, 2, "same", activation="relu") for n in (8, 16)]
    scaled = layers.Rescaling(1 / 255)
    top = [layers.Flatten(), layers.Dense(32, "relu")]
    return keras.Sequential([keras.Input((28, 28, 1)), scaled, *convolutions, *top])


def autoencoder(images, steps=1, size=28, **settings):
    return DenoisingAutoencoder(dense_network(size), **settings).fit(images, steps=steps)


def contrast(images, steps=1, **settings):
    return ContrastiveLearner(convolutional_network()).fit(images, steps=steps, **settings)


def slow_nt_xent(first, second, temperature):
    """Equation 1 of Chen et al. (2020), view by view."""
    views, n = [*first, *second], len(first)

    def s(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    losses = []
    for i in range(2 * n):
        j = (i + n) % (2 * n)
        others = sum(np.exp(s(views[i], views[k]) / temperature) for k in range(2 * n) if k != i)
        losses.append(-np.log(np.exp(s(views[i], views[j]) / temperature) / others))
    return np.mean(losses)


def test_two_pairs_by_hand():
    first, second = np.array([[1.0, 0], [0, 1]]), np.array([[2.0, 0], [0, 3]])
    # Partner at cosine 1, the other two at cosine 0.
    assert float(contrastive_loss(first, second, temperature=1)) == pytest.approx(
        -np.log(np.e / (np.e + 2)), abs=1e-6
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(1, 6), st.floats(0.05, 3), st.integers(0, 99))
def test_nt_xent_is_the_slow_loop(n, d, temperature, seed):
    first, second = np.random.default_rng(seed).normal(size=(2, n, d))
    loss = float(contrastive_loss(first, second, temperature=temperature))
    assert loss == pytest.approx(slow_nt_xent(first, second, temperature), rel=1e-3, abs=1e-4)
    assert loss >= 0
    swapped = float(contrastive_loss(second, first, temperature=temperature))
    assert swapped == pytest.approx(loss, rel=1e-4, abs=1e-5)


def test_views_that_all_look_alike_give_chance():
    same = np.ones((8, 3))
    assert float(contrastive_loss(same, same)) == pytest.approx(np.log(15), abs=1e-4)


def test_a_projection_of_zero_has_a_gradient():
    import tensorflow as tf

    views = tf.Variable(np.zeros((3, 4)))
    with tf.GradientTape() as tape:
        loss = contrastive_loss(views, np.eye(3, 4))
    assert np.isfinite(tape.gradient(loss, views)).all()


def slow_view(image, angle, slant, zoom_x, zoom_y, shift):
    """One bent image, pixel by pixel: where does each pixel come from?"""
    size, middle = len(image), (len(image) - 1) / 2
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    bend = np.diag([zoom_x, zoom_y]) @ turned @ np.array([[1, 0], [0, 1]])
    bend[:, 1] += slant * bend[:, 0]
    view = np.zeros_like(image)
    for row in range(size):
        for column in range(size):
            x, y = bend @ (column - middle, row - middle) + middle + shift
            x0, y0 = int(np.floor(x)), int(np.floor(y))
            for j, i, part in [
                (y0, x0, (1 - x + x0) * (1 - y + y0)), (y0, x0 + 1, (x - x0) * (1 - y + y0)),
                (y0 + 1, x0, (1 - x + x0) * (y - y0)), (y0 + 1, x0 + 1, (x - x0) * (y - y0)),
            ]:  # fmt: skip
                if 0 <= i < size and 0 <= j < size:
                    view[row, column] += part * image[j, i]
    return view


def test_views_are_those_of_a_slow_loop():
    views, image = RandomViews(), make_glyphs(1, seed=3).images[0].astype(float)
    bent = np.asarray(views(image[None, ..., None], keras.random.SeedGenerator(5)))[0, ..., 0]
    seeds = keras.random.SeedGenerator(5)
    angle, slant, x, y, right, down = (
        float(keras.random.uniform((1,), -most, most, seed=seeds)[0])
        for most in (np.deg2rad(20), 0.3, 0.2, 0.2, 2.5, 2.5)
    )
    expected = slow_view(image, angle, slant, 1 / (1 + x), 1 / (1 + y), np.array([right, down]))
    np.testing.assert_allclose(bent, expected, atol=0.05)
    assert np.abs(bent - image).max() > 50


def test_twin_nothing_bent_is_the_image():
    images = letters(5).astype("float32")
    still = STILL(images, keras.random.SeedGenerator(0))
    np.testing.assert_allclose(still, images, atol=1e-3)


def neighbours_score(views):
    learner = ContrastiveLearner(convolutional_network(), views=views)
    learner.fit(letters(1000), steps=150)

    def encode(images):
        features = learner.network.predict(images, verbose=0)
        return features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-9)

    return score_on_digits(KNeighborsClassifier(1), encode)


def test_bent_views_teach_more_than_views_that_are_the_same():
    assert neighbours_score(RandomViews()) - neighbours_score(STILL) > 0.05


def test_each_step_draws_other_views_and_restart_draws_them_again():
    images = letters(8)
    learner = ContrastiveLearner(convolutional_network(), learning_rate=1e-9, seed=3)
    first = learner.fit(images, steps=3)
    assert len(set(first.tolist())) == 3
    learner.restart(convolutional_network(), seed=3)
    np.testing.assert_array_equal(learner.fit(images, steps=3), first)
    one, other = learner.two_views(images)
    assert one.shape == images.shape and not np.allclose(one, other)


def test_the_first_loss_is_that_of_a_slow_loop():
    images = letters(3)
    learner = DenoisingAutoencoder(dense_network(), holes=0)
    drawn = learner.rebuild(images) / 255
    losses = [
        -x * np.log(p) - (1 - x) * np.log(1 - p)
        for x, p in zip(images.ravel() / 255, drawn.ravel().astype(float), strict=True)
    ]
    [loss] = learner.fit(images, steps=1)
    assert loss == pytest.approx(np.mean(losses), abs=1e-4)


def test_holes_are_as_many_as_asked_and_leave_the_rest():
    images = np.full((20, 28, 28, 1), 200.0)
    damaged = DenoisingAutoencoder(dense_network(), holes=0.3).damage(images)
    assert set(np.unique(damaged)) == {0, 200}
    assert np.mean(damaged == 0) == pytest.approx(0.3, abs=0.02)
    whole = DenoisingAutoencoder(dense_network(), holes=0).damage(images)  # the twin
    np.testing.assert_array_equal(whole, images)


def error_on_damaged(holes):
    learner = DenoisingAutoencoder(dense_network(), holes=holes)
    learner.fit(letters(1000), steps=200)
    new = letters(200, seed=1)
    damaged = DenoisingAutoencoder(dense_network(), holes=0.5, seed=9).damage(new)
    return np.abs(learner.rebuild(damaged) - new).mean()


def test_it_mends_what_a_plain_autoencoder_does_not():
    assert error_on_damaged(0.5) < 0.9 * error_on_damaged(0)


def test_training_lowers_the_loss_and_restart_repeats_it():
    learner, images = DenoisingAutoencoder(dense_network(), seed=2), letters(100)
    first = learner.fit(images, steps=40)
    assert first[-5:].mean() < first[:5].mean()
    learner.restart(dense_network(), seed=2)
    np.testing.assert_array_equal(learner.fit(images, steps=40), first)


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


def test_patch_features_are_the_slow_loop(learned):
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


def probe_score(encode):
    head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    return score_on_digits(head, lambda images: encode(images[..., 0]))


def pixels_of(images):
    return images.reshape(len(images), -1) / 255


def test_patches_of_letters_help_to_read_digits(learned):
    assert probe_score(learned) - probe_score(pixels_of) > 0.05


def test_twin_patches_without_whereabouts_do_not(learned):
    blind = PatchFeatures(learned.centres[:1].repeat(20, 0), learned.mean, learned.whitening)
    assert probe_score(blind) - probe_score(pixels_of) < 0.05


ZEROS = np.zeros((4, 28, 28, 1))


@pytest.mark.parametrize(
    ("named", "call"),
    [
        ("got 1", lambda: contrastive_loss(np.ones((1, 4)), np.ones((1, 4)))),
        ("(3, 5)", lambda: contrastive_loss(np.ones((3, 4)), np.ones((3, 5)))),
        ("(3, 4, 1)", lambda: contrastive_loss(np.ones((3, 4, 1)), np.ones((3, 4, 1)))),
        ("`temperature`", lambda: contrastive_loss(np.eye(3), np.eye(3), temperature=0)),
        ("'hot'", lambda: contrastive_loss(np.eye(3), np.eye(3), temperature="hot")),
        ("max_rotation", lambda: RandomViews(max_rotation=-0.1)),
        ("max_slant", lambda: RandomViews(max_slant=-0.1)),
        ("max_zoom", lambda: RandomViews(max_zoom=-0.1)),
        ("max_shift_px", lambda: RandomViews(max_shift_px=-0.1)),
        ("at least 2 images", lambda: contrast(ZEROS[:1])),
        ("`batch_size`", lambda: contrast(ZEROS, batch_size=1)),
        ("(4, 28, 28)", lambda: contrast(ZEROS[..., 0])),
        ("(4, 32, 32, 1)", lambda: ContrastiveLearner(dense_network()).two_views(
            np.zeros((4, 32, 32, 1)))),
        ("`n_projected`", lambda: ContrastiveLearner(dense_network(), n_projected=1)),
        ("one image", lambda: ContrastiveLearner(
            keras.Sequential([keras.Input((4,)), layers.Dense(2)]))),
        ("`holes`", lambda: autoencoder(ZEROS, holes=1.0)),
        ("`holes`", lambda: autoencoder(ZEROS, holes=-0.1)),
        ("30 x 30", lambda: autoencoder(ZEROS, size=30)),
        ("up to 1", lambda: autoencoder(letters(3) / 255)),
        ("(4, 24, 28, 1)", lambda: autoencoder(ZEROS[:, :24])),
        ("`steps`", lambda: autoencoder(letters(3), steps=-1)),
        ("(2, 28, 28, 3)", lambda: learn_patches(np.zeros((2, 28, 28, 3)))),
        ("(28, 28)", lambda: learn_patches(np.zeros((28, 28)))),
        ("only 0", lambda: learn_patches(np.zeros((5, 28, 28)))),
        ("up to 0.5", lambda: learn_patches(np.full((5, 28, 28), 0.5))),
        ("`n_patches`", lambda: learn_patches(np.zeros((5, 28, 28)), 1)),
        ("`side_px`", lambda: learn_patches(np.zeros((5, 28, 28)), side_px=1)),
        ("`seed`", lambda: learn_patches(np.zeros((5, 28, 28)), seed=-1)),
        ("(5, 8, 8, 1)", lambda: learn_patches(np.zeros((5, 8, 8)))),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(named, call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert named in str(caught.value)
