"""KLIEP against a general-purpose solver."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tlwidgets.shift import density_ratio
from tlwidgets.shift.density_ratio import KLIEP


@pytest.fixture
def bumps():
    rng = np.random.default_rng(0)
    return rng.uniform(0.1, 1, (40, 5)), rng.uniform(0.1, 1, (60, 5)) ** [1, 2, 4, 8, 16]


def slow_heights(on_sample, on_population):
    found = minimize(
        lambda a: -np.log(on_population @ a).mean(),
        np.full(5, 1 / on_sample.mean(axis=0).sum()),
        bounds=[(1e-9, None)] * 5,
        constraints={"type": "eq", "fun": lambda a: (on_sample @ a).mean() - 1},
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    return found.x


def test_the_likelihood_is_within_the_gap_of_the_best(bumps):
    best = np.log(bumps[1] @ slow_heights(*bumps)).mean()
    reached = np.log(bumps[1] @ density_ratio._heights(*bumps)).mean()
    flat = np.log(bumps[1].mean(axis=1) / bumps[0].mean()).mean()
    assert best - density_ratio._GAP <= reached <= best + 1e-6
    assert flat < best - density_ratio._GAP  # the twin: equal heights do not reach it


def test_a_small_gap_gives_the_best(bumps, monkeypatch):
    monkeypatch.setattr(density_ratio, "_GAP", 1e-7)
    monkeypatch.setattr(density_ratio, "_MAX_STEPS", 10**5)
    np.testing.assert_allclose(density_ratio._heights(*bumps), slow_heights(*bumps), atol=2e-3)


def test_the_mean_ratio_over_the_sample_is_one(bumps):
    heights = density_ratio._heights(*bumps)
    assert (bumps[0] @ heights).mean() == pytest.approx(1)
    assert heights.min() >= 0


def test_cross_validation_avoids_a_bandwidth_that_meets_nobody():
    rng = np.random.default_rng(0)
    sample, population = rng.normal(0, 1, (200, 2)), rng.normal(0.5, 0.8, (500, 2))
    truth = np.exp(((sample**2).sum(1) - ((sample - 0.5) ** 2).sum(1) / 0.64) / 2)
    truth /= truth.mean()
    errors = [
        ((KLIEP(bandwidth=width)(sample, population) - truth) ** 2).mean() for width in (None, 0.1)
    ]
    assert errors[0] < errors[1] / 3
