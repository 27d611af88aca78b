"""Populations and states made by hand, so that what is shown can be checked by eye."""

from dataclasses import replace

import numpy as np

from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import Outcome, Result, State
from tlwidgets.bias_explorer.learner import Score
from tlwidgets.shift.population import Population, Selection

NAN = float("nan")


def population(n=60, seed=0, **changes):
    """Two classes, two groups (the second third is "old"), age from 0 to n - 1."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    whole = Population(
        name="toy",
        x=np.column_stack([y + rng.normal(0, 0.5, n), rng.normal(size=n)]),
        y=y.astype(np.int64),
        class_names=("ok", "<script>bad</script>"),
        covariates={
            "age": np.arange(n, dtype=float),
            "colour": np.array(["red", "green", "blue"])[np.arange(n) % 3],
        },
        group=np.where(np.arange(n) < 2 * n // 3, "young", "old"),
        position=np.column_stack([np.linspace(0, 1, n), rng.uniform(size=n)]),
    )
    return replace(whole, **changes)


def numeric_population(n=60):
    """A numeric outcome: ten times the age."""
    return population(n, y=10.0 * np.arange(n), class_names=())


def score(overall, young=NAN, old=NAN):
    return Score(overall=overall, by_group={"young": young, "old": old})


def outcome(name, mean_outcome, reported, actual):
    return Outcome(name=name, reported=reported, actual=actual, mean_outcome=mean_outcome)


def state(whole=None, choice=None, **changes):
    """Only the first twenty are drawn: the hold-out says 94 %, the population 71 %."""
    whole = whole if whole is not None else population()
    choice = choice or Choice(covariate="age", n=20, repair="importance weighting")
    n = len(whole)
    indices = np.arange(20)
    ratio = np.r_[np.full(10, 0.5), np.full(10, 1.5)]
    result = Result(
        selection=Selection(
            indices=indices,
            probability=np.r_[np.full(20, 1 / 20), np.zeros(n - 20)],
            labels=whole.y[:20],
            x=whole.x[:20],
            description="The young ones only.",
        ),
        is_train=np.arange(20) < 2,
        naive=outcome("naive", 95.0, score(0.94, 0.94), score(0.71, 0.9, 0.33)),
        repaired=outcome("repaired", 112.0, score(0.8, 0.8), score(0.76, 0.85, 0.5)),
        ideal=outcome("ideal", 290.0, score(0.9, 0.9, 0.9), score(0.91, 0.9, 0.92)),
        density_ratio=ratio,
        effective_sample_size=16.0,
        is_wrong=np.arange(n) >= 50,
    )
    return State(population=whole, choice=choice, result=replace(result, **changes))
