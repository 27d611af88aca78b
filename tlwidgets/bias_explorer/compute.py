"""From a choice to all that comes of it: draw, split, learn, repair, compare with the truth."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from ..shift import MECHANISMS, Population, effective_sample_size
from . import learner, repairs
from .choosing import REPAIRS, SMALLEST_N, completed, kinds_of, repairs_for, repairs_of
from .drawing import Sample, draw, draw_fairly
from .groups import groups_of
from .memory import Memory
from .scoring import Floats, Judge, make_judge
from .state import Choice, Outcome, Result, Score, State
from .warning import UNDONE, warning_of

__all__ = ["MECHANISMS", "REPAIRS", "begin", "changed", "kinds_of", "repairs_for", "repairs_of"]


def begin(population: Population, choice: Choice | None = None, *, is_quick: bool = False) -> State:
    """Return all that comes of a choice.

    Parameters
    ----------
    population : Population
    choice : Choice, optional
        A covariate or kind that is not chosen is made to fit the population. Without a choice
        the sample is at most half of it.
    is_quick : bool
        Take the model of dragging, not the one of release.

    Raises
    ------
    TypeError, ValueError
        If the choice is impossible for this population.
    """
    if choice is None:
        choice = Choice(n=max(SMALLEST_N, min(Choice().n, len(population) // 2)))
    return _state(population, completed(population, choice), Memory(), is_quick)


def changed(state: State, *, is_quick: bool = False, **changes: Any) -> State:
    """Return the state after some of the choice was changed.

    Parameters
    ----------
    state : State
    is_quick : bool
        Take the model of dragging, not the one of release.
    **changes : of Choice
        The names and values of what changes.

    Raises
    ------
    TypeError, ValueError
        If the new choice is impossible; the old state stays as it is.
    """
    choice = completed(state.population, state.choice, **changes)
    return _state(state.population, choice, state.memory, is_quick)


def _state(population: Population, choice: Choice, memory: Memory, is_quick: bool) -> State:
    # Many small fits: a second thread only gets in the way.
    with _thread_pools().limit(limits=1):
        result = _result(population, choice, memory, is_quick)
    return State(population=population, choice=choice, result=result, memory=memory)


def _result(population: Population, choice: Choice, memory: Memory, is_quick: bool) -> Result:
    bench = _Bench(population, choice, memory, is_quick)
    sample, naive, model, is_wrong = memory.recall(bench.key_of_naive(), bench.naive)
    equal = np.ones(choice.n)
    repaired, ratio, warning = naive, equal, ""
    if choice.repair != "none":
        found = repairs.repair(repairs.Situation(population, choice, sample, model))
        ratio = found.density_ratio
        repaired, _, is_wrong = bench.outcome("repaired", sample, ratio, found.model)
        warning = warning_of(population, choice, sample, ratio) if found.is_done else UNDONE
    return Result(
        selection=sample.selection,
        is_train=sample.is_train,
        naive=naive,
        repaired=repaired,
        ideal=memory.recall(bench.key_of_ideal(), bench.ideal),
        density_ratio=ratio,
        effective_sample_size=effective_sample_size(ratio),
        is_wrong=is_wrong,
        warning=warning,
        is_quick=is_quick,
    )


@cache
def _thread_pools() -> Any:
    """Return the thread pools of this process; to find them takes a millisecond."""
    return ThreadpoolController()


class _Bench:
    """Fits and scores the models of one choice."""

    def __init__(
        self, population: Population, choice: Choice, memory: Memory, is_quick: bool
    ) -> None:
        self._population = population
        self._choice = choice
        self._is_quick = is_quick
        self._group_key = ("judge", choice.mechanism == "data skew", choice.covariate)
        self._judge = memory.recall(self._group_key, self._make_judge)

    def key_of_naive(self) -> tuple[object, ...]:
        return ("naive", replace(self._choice, repair="none"), self._is_quick)

    def key_of_ideal(self) -> tuple[object, ...]:
        return ("ideal", self._choice.n, self._choice.seed, self._is_quick, self._group_key)

    def naive(self) -> tuple[Sample, Outcome, Any, NDArray[np.bool_]]:
        sample = draw(self._population, self._choice)
        return sample, *self.outcome("naive", sample, np.ones(self._choice.n))

    def ideal(self) -> Outcome:
        sample = draw_fairly(self._population, self._choice)
        return self.outcome("ideal", sample, np.ones(self._choice.n))[0]

    def outcome(
        self,
        name: Literal["naive", "repaired", "ideal"],
        sample: Sample,
        density_ratio: Floats,
        model: Any = None,
    ) -> tuple[Outcome, Any, NDArray[np.bool_]]:
        """Return what came of a sample, its model, and whom that gets wrong."""
        population, judge = self._population, self._judge
        x, labels = sample.training_part
        model = model or self._fit(x, labels, density_ratio[sample.is_train])
        quality = judge.quality(model.predict(population.x), population.y)
        outside = np.ones(len(population))
        outside[sample.selection.indices[sample.is_train]] = 0
        outcome = Outcome(
            name=name,
            reported=self._reported(sample, density_ratio, model),
            actual=judge.score(quality, slice(None), outside),
            mean_outcome=self._mean_outcome(sample.selection.labels, density_ratio),
        )
        return outcome, model, self._is_wrong(quality)

    def _make_judge(self) -> Judge:
        groups = groups_of(self._population, self._choice)
        return make_judge(groups, has_classes=self._population.has_classes)

    def _fit(self, x: Floats, labels: NDArray[Any], sample_weight: Floats) -> Any:
        if not self._population.has_classes:
            return learner.fit_ridge(x, labels, sample_weight)
        fit = learner.fit_discriminant if self._is_quick else learner.fit_logistic
        return fit(x, labels, sample_weight)

    def _reported(self, sample: Sample, density_ratio: Floats, model: Any) -> Score:
        """Return what the hold-out says: its labels, right or wrong, weighted by the repair."""
        held, selection = ~sample.is_train, sample.selection
        quality = self._judge.quality(model.predict(selection.x[held]), selection.labels[held])
        return self._judge.score(quality, selection.indices[held], density_ratio[held])

    def _mean_outcome(self, labels: NDArray[Any], density_ratio: Floats) -> float:
        if self._population.has_classes:
            return float("nan")
        return float(density_ratio @ labels / density_ratio.sum())

    def _is_wrong(self, quality: Floats) -> NDArray[np.bool_]:
        if self._population.has_classes:
            return np.asarray(quality == 0)
        return np.asarray(quality > self._population.y.var())
