"""Closed forms: after them, means and covariances are what they should be."""

import numpy as np
import pytest

from tlwidgets.adapt import standardise_per_domain

RNG = np.random.default_rng(0)
SOURCE = RNG.normal(size=(60, 3)) + np.array([5, 0, -1])
TARGET = RNG.normal(size=(40, 3)) + np.array([0, 2, 9])


def test_two_numbers_by_hand():
    source, target = standardise_per_domain([[1.0], [3.0]], [[10.0], [10.0]])
    assert source.ravel().tolist() == [-1, 1]
    assert target.ravel().tolist() == [0, 0]  # constant: no division by zero


def test_standardising_by_a_slow_loop():
    for given, found in zip((SOURCE, TARGET), standardise_per_domain(SOURCE, TARGET), strict=True):
        for j in range(3):
            column = [row[j] for row in given]
            mean = sum(column) / len(column)
            spread = (sum((v - mean) ** 2 for v in column) / len(column)) ** 0.5
            np.testing.assert_allclose(found[:, j], [(v - mean) / spread for v in column])


def nearest_mean_accuracy(x, y, z, labels):
    means = np.array([x[y == c].mean(0) for c in (0, 1)])
    return np.mean(((z[:, None] - means) ** 2).sum(-1).argmin(1) == labels)


def test_it_repairs_a_shifted_target_and_nothing_else_does():
    y, labels = np.arange(100) % 2, np.arange(80) % 2
    x = RNG.normal(size=(100, 2)) + 6 * y[:, None]
    z = (RNG.normal(size=(80, 2)) + 6 * labels[:, None]) * [1, 4] + [-30, 50]
    assert nearest_mean_accuracy(x, y, z, labels) < 0.6  # nothing done
    a, b = standardise_per_domain(x, z)
    assert nearest_mean_accuracy(a, y, b, labels) > 0.95


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        (SOURCE, TARGET[:, :2], r"`target`.*expected \(n, 3\); got \(40, 2\)"),
        (SOURCE, TARGET.astype(int), "`target`.*float64; got int64"),
        (SOURCE, TARGET[:0], r"`target`.*at least one example.*\(0, 3\)"),
        (SOURCE[:1], TARGET, "`source`.*at least 2.*got 1"),
        (SOURCE, TARGET[:1], "`target`.*at least 2.*got 1"),
        (SOURCE, TARGET * np.nan, "`target`.*finite"),
        (SOURCE, (TARGET, np.zeros(40)), "`target`.*without labels"),
        (SOURCE[None], SOURCE[None], r"`source`.*\(n, d\).*\(1, 60, 3\)"),
    ],
)
def test_bad_input_is_named(source, target, says):
    with pytest.raises((TypeError, ValueError), match=says):
        standardise_per_domain(source, target)
