"""Least-squares ratios against slow loops."""

import numpy as np
import pytest

from tlwidgets.shift import RULSIF, ULSIF
from tlwidgets.shift.ulsif import _Bumps, _heights


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    return rng.uniform(0, 1, (9, 3)), rng.uniform(0, 1, (7, 3))


def slow_system(sample, population, alpha):
    k = sample.shape[1]
    outer, inner = np.zeros((k, k)), np.zeros(k)
    for i in range(k):
        inner[i] = sum(row[i] for row in population) / len(population)
        for j in range(k):
            own = sum(row[i] * row[j] for row in sample) / len(sample)
            other = sum(row[i] * row[j] for row in population) / len(population)
            outer[i, j] = (1 - alpha) * own + alpha * other
    return outer, inner


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_the_system_is_that_of_the_papers(values, alpha):
    outer, inner = _Bumps(*values, alpha).system()
    expected = slow_system(*values, alpha)
    np.testing.assert_allclose(outer, expected[0])
    np.testing.assert_allclose(inner, expected[1])


def test_the_heights_solve_it_for_each_penalty(values):
    outer, inner = slow_system(*values, 0.2)
    found = _heights(outer, inner, [0.1, 10.0])
    for column, penalty in enumerate([0.1, 10.0]):
        solved = np.linalg.solve(outer + penalty * np.eye(3), inner)
        np.testing.assert_allclose(found[:, column], np.maximum(solved, 0), atol=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_the_held_out_error_is_that_of_a_slow_loop(values, alpha):
    sample, population = values
    places = [np.arange(9) % 3, np.arange(7) % 3]
    found = _Bumps(sample, population, alpha).held_out_errors([0.1], places)
    errors = []
    for fold in range(3):
        fitted = slow_system(sample[places[0] != fold], population[places[1] != fold], alpha)
        heights = np.maximum(np.linalg.solve(fitted[0] + 0.1 * np.eye(3), fitted[1]), 0)
        own, other = (x[place == fold] @ heights for x, place in zip(values, places, strict=True))
        squares = (1 - alpha) * np.mean(own**2) + alpha * np.mean(other**2)
        errors.append(squares / 2 - np.mean(other))
    np.testing.assert_allclose(found, [np.mean(errors)])


def test_without_mixing_the_relative_ratio_is_the_plain_one():
    rng = np.random.default_rng(0)
    sample, population = rng.normal(0, 1, (80, 2)), rng.normal(1, 1, (90, 2))
    plain = ULSIF()(sample, population)
    assert np.array_equal(RULSIF(alpha=0.0)(sample, population), plain)
    assert RULSIF(alpha=0.5)(sample, population).max() < plain.max()  # bounded: flatter


def test_the_choice_is_better_than_a_bad_setting():
    rng = np.random.default_rng(1)
    sample, population = rng.normal(0, 1, (500, 1)), rng.normal(0.8, 1, (500, 1))
    truth = np.exp(0.8 * sample[:, 0])
    truth /= truth.mean()
    errors = [
        ((estimator(sample, population) - truth) ** 2).mean()
        for estimator in (ULSIF(), ULSIF(bandwidth=0.02), ULSIF(penalty=1000.0))
    ]
    assert errors[0] < min(errors[1:]) / 2
