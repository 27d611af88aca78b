"""Stand-ins for what tlwidgets.shift will bring."""

from __future__ import annotations

import numpy as np

from ..shift.population import Population, Selection


def _select(
    population: Population, odds: np.ndarray, n: int, rng: np.random.Generator, description: str
) -> Selection:
    keys = rng.exponential(size=len(population)) / np.maximum(odds, 1e-300)
    indices = np.argsort(keys)[:n]
    return Selection(
        indices=indices,
        probability=odds / odds.sum(),
        labels=population.y[indices],
        x=population.x[indices],
        description=description,
        was_changed=np.zeros(n, bool),
    )


class CovariateSelection:
    def __init__(self, covariate: str, towards: str = "high") -> None:
        self.covariate, self.towards = covariate, towards

    def __call__(self, population, strength, n, rng):
        values = population.covariates[self.covariate]
        if values.dtype.kind == "f":
            z = (values - values.mean()) / values.std() * (1 if self.towards == "high" else -1)
            odds = 1 / (1 + np.exp(-6 * strength * z))
        else:
            odds = np.where(values == self.towards, 1.0, 1 - strength)
        return _select(population, odds, n, rng, f"More of {self.towards} {self.covariate}.")


class ClassSkew:
    def __init__(self, favoured=None) -> None:
        self.favoured = favoured

    def __call__(self, population, strength, n, rng):
        k = len(population.class_names)
        odds = np.where(population.y < (k + 1) // 2, 1.0, 1 - 0.98 * strength)
        return _select(population, odds, n, rng, "Half the classes are rare.")


class LongTail:
    def __call__(self, population, strength, n, rng):
        k = len(population.class_names)
        odds = (0.02**strength) ** (population.y / max(1, k - 1))
        return _select(population, odds, n, rng, "A long tail of rare classes.")


def logistic_ratio(x_sample, x_population):
    from sklearn.linear_model import LogisticRegression

    x = np.vstack([x_sample, x_population])
    d = np.r_[np.zeros(len(x_sample)), np.ones(len(x_population))]
    ratio = np.exp(LogisticRegression(C=0.01).fit(x, d).decision_function(x_sample)).clip(0, 50)
    return ratio / ratio.mean()
