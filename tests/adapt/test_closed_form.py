"""Closed forms: after them, means and covariances are what they should be."""

import numpy as np
import pytest

from tlwidgets.adapt import align_covariance, standardise_per_domain

RNG = np.random.default_rng(0)
MIX = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 3.0]])
SOURCE = RNG.normal(size=(60, 3)) + np.array([5, 0, -1])
TARGET = RNG.normal(size=(40, 3)) @ MIX + [0, 2, 9]


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


def test_the_source_gets_the_mean_and_covariance_of_the_target():
    moved = align_covariance(SOURCE, TARGET, shrinkage=0)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(TARGET.T), rtol=1e-8)
    np.testing.assert_allclose(moved.mean(0), TARGET.mean(0))
    assert not np.allclose(np.cov(SOURCE.T), np.cov(TARGET.T), rtol=0.1)  # without it: not


def test_aligning_against_scipys_matrix_roots():
    from scipy.linalg import fractional_matrix_power as power

    cs, ct = (np.cov(x.T) + np.eye(3) for x in (SOURCE, TARGET))
    wanted = (SOURCE - SOURCE.mean(0)) @ power(cs, -0.5) @ power(ct, 0.5) + TARGET.mean(0)
    np.testing.assert_allclose(align_covariance(SOURCE, TARGET), wanted)


def test_aligning_with_itself_changes_nothing():
    np.testing.assert_allclose(align_covariance(SOURCE, SOURCE), SOURCE)


def test_a_direction_without_spread_stays_without():
    flat = SOURCE * [1, 1, 0]
    assert np.isfinite(align_covariance(flat, TARGET, shrinkage=0)).all()


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
    assert nearest_mean_accuracy(align_covariance(x, z), y, z, labels) > 0.95


@pytest.mark.parametrize("function", [standardise_per_domain, align_covariance])
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
def test_bad_input_is_named(function, source, target, says):
    with pytest.raises((TypeError, ValueError), match=says):
        function(source, target)


def test_a_negative_shrinkage_is_named():
    with pytest.raises(ValueError, match=r"`shrinkage`.*got -1"):
        align_covariance(SOURCE, TARGET, shrinkage=-1)
