"""From a choice to all that comes of it: draw, split, learn, repair, compare with the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..shift.population import Population, Selection
from . import learner, standins
from .choosing import MECHANISMS, REPAIRS, completed, kinds_of, repairs_for
from .groups import groups_of
from .state import Choice, Outcome, Result, Score, State

__all__ = ["MECHANISMS", "REPAIRS", "begin", "changed", "kinds_of", "repairs_for"]

_HOLD_OUT = 0.3


def begin(population: Population, choice: Choice | None = None, *, is_quick: bool = False) -> State:
    """Return all that comes of a choice; what is not chosen is made to fit the population."""
    choice = completed(population, choice or Choice())
    with threadpool_limits(1):
        return State(
            population=population, choice=choice, result=_result(population, choice, is_quick)
        )


def changed(state: State, *, is_quick: bool = False, **changes: Any) -> State:
    """Return the state after some of the choice was changed; an impossible one is refused."""
    choice = completed(state.population, state.choice, **changes)
    with threadpool_limits(1):
        return State(
            population=state.population,
            choice=choice,
            result=_result(state.population, choice, is_quick),
        )


def _draw(population: Population, choice: Choice) -> Selection:
    if choice.mechanism == "domain shift":
        towards = choice.kind.removeprefix("more of ").removeprefix("the ")
        mechanism: Any = standins.CovariateSelection(choice.covariate, towards)
    else:
        mechanism = {"half the classes": standins.ClassSkew, "long tail": standins.LongTail}[
            choice.kind
        ]()
    return mechanism(population, choice.strength, choice.n, np.random.default_rng(choice.seed))


def _split(labels: NDArray[Any], rng: np.random.Generator, has_classes: bool) -> NDArray[np.bool_]:
    """Choose seven tenths to learn from, of each class alike."""
    n = len(labels)
    keys = (rng.random(n), labels) if has_classes else (rng.random(n),)
    is_train = np.ones(n, bool)
    is_train[np.lexsort(keys)[np.diff(np.floor(np.arange(n + 1) * _HOLD_OUT)) == 1]] = False
    return is_train


def _result(population: Population, choice: Choice, is_quick: bool) -> Result:
    fit: Any = learner.fit_discriminant if is_quick else learner.fit_logistic
    if not population.has_classes:
        fit = learner.fit_ridge
    names, codes = np.unique(groups_of(population, choice), return_inverse=True)

    def score(loss: NDArray[Any], group: NDArray[Any], s: NDArray[np.float64]) -> Score:
        totals = np.bincount(group, s, len(names))
        with np.errstate(invalid="ignore"):
            means = np.bincount(group, s * loss, len(names)) / totals
        overall = float(s @ loss / s.sum())
        if not population.has_classes:
            means, overall = np.sqrt(means), float(np.sqrt(overall))
        return Score(
            overall=overall, by_group=dict(zip(names.tolist(), means.tolist(), strict=True))
        )

    def loss_of(prediction: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
        if population.has_classes:
            return (prediction == y).astype(np.float64)
        return (prediction - y) ** 2

    def outcome(
        name: Any, selection: Selection, is_train: NDArray[np.bool_], s: NDArray[np.float64]
    ) -> Any:
        model = fit(selection.x[is_train], selection.labels[is_train], s[is_train])
        held = ~is_train
        reported = score(
            loss_of(model.predict(selection.x[held]), selection.labels[held]),
            codes[selection.indices[held]],
            s[held],
        )
        loss = loss_of(model.predict(population.x), population.y)
        outside = np.ones(len(population))
        outside[selection.indices[is_train]] = 0
        actual = score(loss, codes, outside)
        mean = float("nan") if population.has_classes else float(s @ selection.labels / s.sum())
        return Outcome(name=name, reported=reported, actual=actual, mean_outcome=mean), loss

    selection = _draw(population, choice)
    is_train = _split(
        selection.labels, np.random.default_rng([choice.seed, 1]), population.has_classes
    )
    equal = np.ones(choice.n)
    naive, loss = outcome("naive", selection, is_train, equal)
    density_ratio = equal
    repaired = naive
    if choice.repair == "importance weighting":
        density_ratio = standins.logistic_ratio(selection.x, population.x)
    elif choice.repair == "class weighting":
        k = len(population.class_names)
        ratio = np.bincount(population.y, minlength=k) / np.maximum(
            1, np.bincount(selection.labels, minlength=k)
        )
        density_ratio = ratio[selection.labels]
        density_ratio = density_ratio / density_ratio.mean()
    if choice.repair != "none":
        repaired, loss = outcome("repaired", selection, is_train, density_ratio)
    rng = np.random.default_rng([choice.seed, 2])
    chosen = rng.permutation(len(population))[: choice.n]
    fair = Selection(
        indices=chosen,
        probability=np.full(len(population), 1 / len(population)),
        labels=population.y[chosen],
        x=population.x[chosen],
        description="",
    )
    ideal, _ = outcome("ideal", fair, _split(fair.labels, rng, population.has_classes), equal)
    is_wrong = loss < 0.5 if population.has_classes else loss > population.y.var()
    return Result(
        selection=selection,
        is_train=is_train,
        naive=naive,
        repaired=repaired,
        ideal=ideal,
        density_ratio=density_ratio,
        effective_sample_size=float(density_ratio.sum() ** 2 / (density_ratio**2).sum()),
        is_wrong=is_wrong,
        is_quick=is_quick,
    )
