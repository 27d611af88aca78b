"""The denoising autoencoder: its loss against a slow loop, its effect against no holes."""

import keras
import numpy as np
import pytest

from tlwidgets.adapt import DenoisingAutoencoder
from tlwidgets.data import make_glyphs

pytestmark = pytest.mark.keras
layers = keras.layers


def network(size=28, n_features=32):
    keras.utils.set_random_seed(0)
    first = [keras.Input((size, size, 1)), layers.Rescaling(1 / 255), layers.Flatten()]
    return keras.Sequential([*first, layers.Dense(n_features, "relu")])


def letters(n, seed=0):
    return make_glyphs(n, seed=seed).images[..., None]


def test_the_first_loss_is_that_of_a_slow_loop():
    images = letters(3)
    learner = DenoisingAutoencoder(network(), holes=0)
    drawn = learner.rebuild(images) / 255
    losses = [
        -x * np.log(p) - (1 - x) * np.log(1 - p)
        for x, p in zip(images.ravel() / 255, drawn.ravel().astype(float), strict=True)
    ]
    [loss] = learner.fit(images, steps=1)
    assert loss == pytest.approx(np.mean(losses), abs=1e-4)


def test_holes_are_as_many_as_asked_and_leave_the_rest():
    images = np.full((20, 28, 28, 1), 200.0)
    damaged = DenoisingAutoencoder(network(), holes=0.3).damage(images)
    assert set(np.unique(damaged)) == {0, 200}
    assert np.mean(damaged == 0) == pytest.approx(0.3, abs=0.02)


def test_twin_without_holes_nothing_is_damaged():
    images = letters(5)
    np.testing.assert_array_equal(DenoisingAutoencoder(network(), holes=0).damage(images), images)


def error_on_damaged(holes):
    learner = DenoisingAutoencoder(network(), holes=holes)
    learner.fit(letters(1000), steps=200)
    new = letters(200, seed=1)
    damaged = DenoisingAutoencoder(network(), holes=0.5, seed=9).damage(new)
    return np.abs(learner.rebuild(damaged) - new).mean()


def test_it_mends_what_a_plain_autoencoder_does_not():
    assert error_on_damaged(0.5) < 0.9 * error_on_damaged(0)


def test_training_lowers_the_loss_and_restart_repeats_it():
    learner, images = DenoisingAutoencoder(network(), seed=2), letters(100)
    first = learner.fit(images, steps=40)
    assert first[-5:].mean() < first[:5].mean()
    learner.restart(network(), seed=2)
    np.testing.assert_array_equal(learner.fit(images, steps=40), first)


@pytest.mark.parametrize(
    ("named", "call"),
    [
        ("`holes`", lambda: DenoisingAutoencoder(network(), holes=1.0)),
        ("`holes`", lambda: DenoisingAutoencoder(network(), holes=-0.1)),
        ("30 x 30", lambda: DenoisingAutoencoder(network(30))),
        ("up to 1", lambda: DenoisingAutoencoder(network()).fit(letters(3) / 255, steps=1)),
        ("(3, 24, 28, 1)", lambda: DenoisingAutoencoder(network()).fit(
            letters(3)[:, :24], steps=1)),
        ("`steps`", lambda: DenoisingAutoencoder(network()).fit(letters(3), steps=-1)),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(named, call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert named in str(caught.value)
