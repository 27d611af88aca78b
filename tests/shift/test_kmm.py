"""Kernel mean matching against a general-purpose solver on the whole kernel."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tlwidgets.shift import KernelMeanMatching
from tlwidgets.shift.density_ratio import gaussian_kernel, median_distance, on_one_scale


@pytest.fixture
def small():
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, (25, 2)), rng.normal(0.7, 0.8, (30, 2))


def slow_ratio(how, x_sample, x_population):
    """The quadratic program of the paper, with all examples as landmarks."""
    sample, population = on_one_scale(x_sample, x_population)
    bandwidth = how.bandwidth * median_distance(sample, population, np.random.default_rng(0))
    n = len(sample)
    inner = gaussian_kernel(sample, sample, bandwidth)
    goal = gaussian_kernel(sample, population, bandwidth).mean(axis=1)

    def cost(ratio):
        return ratio @ inner @ ratio / (2 * n) - ratio @ goal + how.penalty / 2 * ratio @ ratio

    def slope(ratio):
        return inner @ ratio / n - goal + how.penalty * ratio

    limits = [
        {"type": "ineq", "fun": lambda r: how.tolerance - (r.mean() - 1)},
        {"type": "ineq", "fun": lambda r: how.tolerance + (r.mean() - 1)},
    ]
    found = minimize(
        cost,
        np.ones(n),
        jac=slope,
        bounds=[(0, how.largest)] * n,
        constraints=limits,
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    return found.x / found.x.mean()


@pytest.mark.parametrize("largest", [1000.0, 1.5])
def test_it_is_the_papers_quadratic_program(small, largest):
    how = KernelMeanMatching(penalty=0.01, n_landmarks=200, largest=largest)
    np.testing.assert_allclose(how(*small), slow_ratio(how, *small), atol=2e-3)


def test_another_program_has_another_solution(small):
    # The twin: the agreement above is no accident of two flat answers.
    how = KernelMeanMatching(penalty=0.01, n_landmarks=200)
    other = KernelMeanMatching(penalty=0.01, bandwidth=0.3)
    assert np.abs(how(*small) - slow_ratio(other, *small)).max() > 0.1


def test_nobody_counts_more_than_the_largest(small):
    ratio = KernelMeanMatching(largest=1.5, tolerance=0.0)(*small)
    assert ratio.max() <= 1.5 + 1e-6
    assert KernelMeanMatching(tolerance=0.0)(*small).max() > 1.6  # the twin


def test_a_hundred_landmarks_are_enough():
    rng = np.random.default_rng(1)
    sample, population = rng.normal(0, 1, (400, 3)), rng.normal(0.5, 1, (600, 3))
    few, many = (KernelMeanMatching(n_landmarks=k)(sample, population) for k in (100, 1000))
    assert np.corrcoef(few, many)[0, 1] > 0.97
