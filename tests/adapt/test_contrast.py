"""NT-Xent against a slow loop; views; and that telling pairs apart teaches something."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from tlwidgets.adapt import ContrastiveLearner, RandomViews, contrastive_loss
from tlwidgets.data import load_digits, make_glyphs

pytestmark = pytest.mark.keras
layers = keras.layers
STILL = RandomViews(0, 0, 0, 0)


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
def test_it_is_the_slow_loop(n, d, temperature, seed):
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


@pytest.mark.parametrize(
    ("first", "second", "temperature", "named"),
    [
        (np.ones((1, 4)), np.ones((1, 4)), 1, "got 1"),
        (np.ones((3, 4)), np.ones((3, 5)), 1, "(3, 5)"),
        (np.ones((3, 4, 1)), np.ones((3, 4, 1)), 1, "(3, 4, 1)"),
        (np.ones((3, 4)), np.ones((3, 4)), 0, "`temperature`"),
        (np.ones((3, 4)), np.ones((3, 4)), "hot", "'hot'"),
    ],
)
def test_wrong_pairs_are_named(first, second, temperature, named):
    with pytest.raises((TypeError, ValueError)) as caught:
        contrastive_loss(first, second, temperature=temperature)
    assert named in str(caught.value)


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
    images = make_glyphs(5).images[..., None].astype("float32")
    still = STILL(images, keras.random.SeedGenerator(0))
    np.testing.assert_allclose(still, images, atol=1e-3)


@pytest.mark.parametrize("field", ["max_rotation", "max_slant", "max_zoom", "max_shift_px"])
def test_a_negative_bend_is_refused(field):
    with pytest.raises(ValueError, match=field):
        RandomViews(**{field: -0.1})


def digit_network():
    keras.utils.set_random_seed(0)
    convolutions = [layers.Conv2D(n, 3, 2, "same", activation="relu") for n in (8, 16)]
    scaled = layers.Rescaling(1 / 255)
    top = [layers.Flatten(), layers.Dense(32, "relu")]
    return keras.Sequential([keras.Input((28, 28, 1)), scaled, *convolutions, *top])


def neighbours_score(views):
    """Accuracy of the nearest of 20 labelled digits, on features learned from letters."""
    learner = ContrastiveLearner(digit_network(), views=views)
    learner.fit(make_glyphs(1000).images[..., None], steps=150)
    digits, order = load_digits(), np.random.default_rng(0).permutation(5000)[:1000]
    features = learner.network.predict(digits.images[order][..., None], verbose=0)
    features /= np.linalg.norm(features, axis=1, keepdims=True) + 1e-9
    y = digits.labels[order]
    few = np.concatenate([np.flatnonzero(y == k)[:5] for k in range(10)])
    rest = np.setdiff1d(np.arange(1000), few)
    return KNeighborsClassifier(1).fit(features[few], y[few]).score(features[rest], y[rest])


def test_bent_views_teach_more_than_views_that_are_the_same():
    assert neighbours_score(RandomViews()) - neighbours_score(STILL) > 0.05


def test_each_step_draws_other_views_and_restart_draws_them_again():
    images = make_glyphs(8).images[..., None]
    learner = ContrastiveLearner(digit_network(), learning_rate=1e-9, seed=3)
    first = learner.fit(images, steps=3)
    assert len(set(first.tolist())) == 3
    learner.restart(digit_network(), seed=3)
    np.testing.assert_array_equal(learner.fit(images, steps=3), first)
    one, other = learner.two_views(images)
    assert one.shape == images.shape and not np.allclose(one, other)


@pytest.mark.parametrize(
    ("named", "call"),
    [
        ("at least 2 images", lambda c: c.fit(np.zeros((1, 28, 28, 1)), steps=1)),
        ("`batch_size`", lambda c: c.fit(np.zeros((4, 28, 28, 1)), steps=1, batch_size=1)),
        ("(4, 28, 28)", lambda c: c.fit(np.zeros((4, 28, 28)), steps=1)),
        ("(4, 32, 32, 1)", lambda c: c.two_views(np.zeros((4, 32, 32, 1)))),
        ("`n_projected`", lambda c: ContrastiveLearner(digit_network(), n_projected=1)),
        ("one image", lambda c: ContrastiveLearner(
            keras.Sequential([keras.Input((4,)), layers.Dense(2)]))),
    ],
)  # fmt: skip
def test_wrong_arguments_of_the_learner_are_named(named, call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(ContrastiveLearner(digit_network()))
    assert named in str(caught.value)
