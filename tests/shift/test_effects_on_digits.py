"""What lessons and the explorer promise of these methods, on real digits, over three seeds."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from tlwidgets.data import load_digits
from tlwidgets.shift import (
    ClassSkew,
    Convenience,
    Diverse,
    LabelNoise,
    Population,
    SaerensEM,
    SimpleRandom,
    correct_posterior,
    find_label_errors,
    fit_robust_linear,
)

from .toy_population import seeded

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def digits():
    """3,000 digits to draw from; features and labels of 2,000 others."""
    data = load_digits()
    order = seeded().permutation(5000)
    flat = data.images.reshape(5000, -1)[order] / 255
    x = PCA(30, random_state=0).fit(flat[:3000]).transform(flat)
    y = data.labels[order]
    pool = Population(
        name="digits",
        x=x[:3000],
        y=y[:3000],
        class_names=tuple("0123456789"),
        covariates={},
        group=np.full(3000, "all"),
        position=(x[:3000, :2] - x.min()) / np.ptp(x),
    )
    return pool, x[3000:], y[3000:]


def fitted(x, y):
    return LogisticRegression(max_iter=300).fit(x, y)


def mean_over_seeds(effect):
    return np.mean([effect(seeded(seed)) for seed in SEEDS], 0)


def test_a_skewed_sample_is_mended_by_em_and_a_fair_one_needs_no_mending(digits):
    pool, x_new, y_new = digits

    def gain(strength, rng):
        sample = ClassSkew()(pool, strength, 1000, rng)
        model = fitted(sample.x, sample.labels)
        proba = model.predict_proba(x_new)
        known = model.predict_proba(sample.x)
        ratio = SaerensEM()(sample.labels, known, proba[:1000])
        before, after = (
            np.mean(p[1000:].argmax(1) == y_new[1000:])
            for p in (proba, correct_posterior(proba, ratio))
        )
        return after - before

    assert mean_over_seeds(lambda rng: gain(0.92, rng)) > 0.02
    assert abs(mean_over_seeds(lambda rng: gain(0, rng))) < 0.01


@pytest.mark.parametrize(("kind", "share"), [("symmetric", 0.4), ("pair flip", 0.2)])
def test_noise_is_survived_by_cleaning_and_by_a_robust_loss(digits, kind, share):
    pool, x_new, y_new = digits

    def accuracies(rng):
        sample = LabelNoise(kind)(pool, share, 1000, rng)
        x, labels = sample.x, sample.labels
        proba = cross_val_predict(KNeighborsClassifier(15), x, labels, method="predict_proba")
        is_wrong = find_label_errors(labels, proba)
        kernel, bias = fit_robust_linear(x, labels, 10)
        plain_kernel, plain_bias = fit_robust_linear(x, labels, 10, q=0)
        return (
            fitted(x, labels).score(x_new, y_new),
            fitted(x[~is_wrong], labels[~is_wrong]).score(x_new, y_new),
            np.mean((x_new @ kernel + bias).argmax(1) == y_new),
            np.mean((x_new @ plain_kernel + plain_bias).argmax(1) == y_new),
        )

    noisy, cleaned, robust, plain = mean_over_seeds(accuracies)
    assert cleaned > noisy + 0.02
    assert robust > noisy + 0.04
    assert plain < noisy + 0.03


def test_convenience_misleads_and_diversity_pays(digits):
    pool, x_new, y_new = digits

    def accuracy(strategy, strength):
        def of(rng):
            sample = strategy(pool, strength, 100, rng)
            return fitted(sample.x, sample.labels).score(x_new, y_new)

        return mean_over_seeds(of)

    fair = accuracy(SimpleRandom(), 1)
    assert accuracy(Convenience(is_per_class=True), 1) < fair - 0.12
    assert accuracy(Diverse(), 1) > fair + 0.03
    assert accuracy(Diverse(), 0) == fair
