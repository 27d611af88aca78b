"""Dataset quality: how many labels are wrong, which ones, copies and corrupted features."""

import numpy as np
import pytest

from tlwidgets.shift import Corruption, Duplicates, LabelNoise

from .toy_population import population, seeded

TOYS = population(3000, 5)
KINDS = ["symmetric", "pair flip", "feature dependent"]


def noisy(kind, strength, n=2000, seed=0):
    sample = LabelNoise(kind)(TOYS, strength, n, seeded(seed))
    return sample, TOYS.y[sample.indices]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strength", [0.2, 0.5, 0.9])
def test_strength_is_the_share_of_wrong_labels(kind, strength):
    sample, truth = noisy(kind, strength)
    assert (sample.was_changed == (sample.labels != truth)).all()
    assert abs(sample.was_changed.mean() - strength) < 4 * np.sqrt(0.25 / 2000)
    assert f"{sample.was_changed.sum():,} of them have a wrong label" in sample.description


@pytest.mark.parametrize("kind", KINDS)
def test_at_the_ends_none_or_all_are_wrong(kind):
    assert not noisy(kind, 0)[0].was_changed.any()
    assert noisy(kind, 1)[0].was_changed.all()


@pytest.mark.parametrize("kind", KINDS)
def test_more_noise_only_adds_wrong_labels(kind):
    some, more = (noisy(kind, strength)[0] for strength in (0.3, 0.5))
    assert more.was_changed[some.was_changed].all()


def test_each_kind_errs_in_its_own_way():
    sample, truth = noisy("pair flip", 0.5)
    wrong = sample.was_changed
    assert (sample.labels[wrong] == (truth[wrong] + 1) % 5).all()
    sample, truth = noisy("symmetric", 0.5)
    steps = np.bincount((sample.labels - truth)[sample.was_changed] % 5, minlength=5)[1:]
    assert steps.min() > 0.8 * steps.mean()


def test_feature_dependent_noise_hits_those_between_two_classes():
    """Age up to half the bands is class 0, above is class 1: who is wrong is of middle age."""
    toys = population(3000, 2)
    middle = np.median(toys.x[:, 0])
    closeness = {}
    for kind in KINDS:
        sample = LabelNoise(kind)(toys, 0.3, 2000, seeded())
        far = np.abs(sample.x[:, 0] - middle)
        closeness[kind] = far[sample.was_changed].mean() / far.mean()
    assert closeness["feature dependent"] < 0.8
    assert 0.9 < closeness["symmetric"] < 1.1


def test_nearest_wrong_class_against_a_slow_loop():
    sample, truth = noisy("feature dependent", 1, n=200)
    centres = [TOYS.x[TOYS.y == c].mean(0) for c in range(5)]
    for x, label, true in zip(sample.x, sample.labels, truth, strict=True):
        distance = [np.inf if c == true else np.linalg.norm(x - centres[c]) for c in range(5)]
        assert label == int(np.argmin(distance))


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match=r"`kind`: .*'pair'.*Did you mean 'pair flip'"):
        LabelNoise("pair")(TOYS, 0.5, 50, seeded())


@pytest.mark.parametrize(
    ("strength", "n_different"), [(0, 200), (0.25, 150), (0.5, 100), (0.9, 20), (1, 20)]
)
def test_copies_leave_fewer_different_examples(strength, n_different):
    sample = Duplicates()(TOYS, strength, 200, seeded())
    assert len(np.unique(sample.indices)) == n_different
    assert len(sample) == 200
    assert not sample.was_changed.any()


def test_copies_do_not_stand_side_by_side():
    """A hold-out of one half must share examples with the other half, or nothing leaks."""
    indices = Duplicates()(TOYS, 0.9, 200, seeded()).indices
    assert len(np.intersect1d(indices[:100], indices[100:])) > 15
    fair = Duplicates()(TOYS, 0, 200, seeded()).indices
    assert len(np.intersect1d(fair[:100], fair[100:])) == 0


def test_corruption_adds_noise_of_a_given_size_to_a_share():
    sample = Corruption(size=3)(TOYS, 0.4, 2000, seeded())
    difference = sample.x - TOYS.x[sample.indices]
    is_corrupt = sample.was_changed
    assert abs(is_corrupt.mean() - 0.4) < 0.05
    assert (difference[~is_corrupt] == 0).all()
    np.testing.assert_allclose(difference[is_corrupt].std(0), 3 * TOYS.x.std(0), rtol=0.15)
    assert (sample.labels == TOYS.y[sample.indices]).all()


def test_a_negative_size_is_named():
    with pytest.raises(ValueError, match=r"`size` .*got -1"):
        Corruption(size=-1)(TOYS, 0.5, 50, seeded())
