"""Distances against slow loops, by hand, and where nothing differs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlwidgets.shift import (
    classifier_two_sample_test,
    mmd,
    proxy_a_distance,
)

DISTANCES = [mmd, proxy_a_distance, classifier_two_sample_test]


def two(seed, shift=0.0, n=60, d=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(shift, 1, (n + 10, d))


def slow_mmd(one, other):
    both = [*one, *other]
    apart = [np.sqrt(((a - b) ** 2).sum()) for i, a in enumerate(both) for b in both[:i]]
    width = np.median(apart)

    def mean_kernel(a, b):
        return np.mean([np.exp(-((p - q) ** 2).sum() / (2 * width**2)) for p in a for q in b])

    return mean_kernel(one, one) + mean_kernel(other, other) - 2 * mean_kernel(one, other)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_mmd_is_that_of_a_slow_loop(shift):
    one, other = two(0, shift)
    assert mmd(one, other) == pytest.approx(slow_mmd(one, other), rel=1e-9)


def test_mmd_in_blocks_is_mmd(monkeypatch):
    from tlwidgets.shift import distances

    one, other = two(1, 0.5)
    expected = mmd(one, other)
    monkeypatch.setattr(distances, "_ROWS_AT_ONCE", 7)
    assert mmd(one, other) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(0, 3), d=st.integers(1, 4))
def test_mmd_is_never_negative_symmetric_and_0_for_the_same(seed, shift, d):
    one, other = two(seed, shift, n=12, d=d)
    assert 0 <= mmd(one, other) <= 2
    assert mmd(one, other) == pytest.approx(mmd(other, one), rel=0.2, abs=1e-12)
    assert mmd(one, one[::-1]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("distance", [mmd, proxy_a_distance], ids=lambda f: f.__name__)
def test_further_apart_is_a_larger_distance(distance):
    near, far = (distance(*two(0, shift, n=300)) for shift in (0.3, 1.5))
    assert near < far
    assert distance(*two(0, 0.0, n=300)) < far / 4  # the twin: without a shift


def test_proxy_a_distance_is_2_for_worlds_apart_and_small_for_one_world():
    one, _ = two(0, n=200)
    assert proxy_a_distance(one, one + 100) == 2
    assert proxy_a_distance(one[:100], one[100:]) < 0.5


def test_proxy_a_distance_is_not_fooled_by_unequal_sizes():
    # Always saying "the large one" is right nine times out of ten, and worth nothing.
    rng = np.random.default_rng(0)
    assert proxy_a_distance(rng.normal(size=(50, 2)), rng.normal(size=(450, 2))) < 0.6


def test_the_two_sample_test_keeps_its_level_and_has_power():
    same = [classifier_two_sample_test(*two(seed, 0.0)).p_value for seed in range(100)]
    apart = [classifier_two_sample_test(*two(seed, 1.0)).p_value for seed in range(20)]
    assert np.mean(np.array(same) < 0.05) < 0.12
    assert np.mean(np.array(apart) < 0.05) > 0.9


def test_its_p_value_is_scipys():
    from scipy.stats import binomtest

    found = classifier_two_sample_test(*two(3, 0.4))
    n_test = 60  # 30 of each are held out
    expected = binomtest(round(found.accuracy * n_test), n_test, alternative="greater").pvalue
    assert found.p_value == pytest.approx(expected)


@pytest.mark.parametrize("distance", DISTANCES, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("argument", "value", "make"),
    [
        ("x_one", "NaN", lambda good: (np.full((9, 2), np.nan), good)),
        ("x_other", "infinity", lambda good: (good, np.full((9, 2), np.inf))),
        ("x_one", "3 and 2", lambda good: (np.ones((9, 3)), good)),
        ("x_one", "got 1", lambda good: (good[:1], good)),
        ("x_other", "got 0", lambda good: (good, good[:0])),
        ("x_other", "(9,)", lambda good: (good, np.ones(9))),
    ],
)
def test_bad_input_is_named(distance, argument, value, make):
    with pytest.raises((TypeError, ValueError)) as caught:
        distance(*make(np.random.default_rng(0).normal(size=(9, 2))))
    assert f"`{argument}`" in str(caught.value)
    assert value in str(caught.value)


@pytest.mark.parametrize("distance", DISTANCES, ids=lambda f: f.__name__)
def test_constant_features_are_no_distance(distance):
    found = distance(np.ones((8, 2)), np.ones((8, 2)))
    assert found == 0 or found == (0.5, pytest.approx(0.637, abs=0.01))


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda x: mmd(x, x, bandwidth=0), "bandwidth"),
        (lambda x: proxy_a_distance(x, x, n_folds=10), "n_folds"),
        (lambda x: proxy_a_distance(x, x, seed=-1), "seed"),
        (lambda x: classifier_two_sample_test(x, x, seed=0.5), "seed"),
    ],
)
def test_a_wrong_setting_is_named(call, argument):
    with pytest.raises((TypeError, ValueError), match=f"`{argument}`"):
        call(np.random.default_rng(0).normal(size=(9, 2)))
