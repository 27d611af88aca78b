"""From a choice to all that comes of it: draw, split, learn, repair, compare with the truth."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from .. import _check
from .._check import Floats
from ..shift import MECHANISMS, Population, effective_sample_size
from ..shift.mechanisms import MORE_OF, Box
from ..shift.population import Selection, box
from . import learner
from .choice import Choice
from .learner import Judge, Sample, Score, draw, draw_fairly, groups_of, is_numeric, make_judge
from .repairs import REPAIRS, Situation, repair

# What need not be computed again. It saves time and never changes what comes out.

T = TypeVar("T")

_N_KEPT = 24


class Memory:
    """Keeps the last results that were asked for, by all that they depend on."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    def recall(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for this key, or make it."""
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._kept[key] = make()
            if len(self._kept) > _N_KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one sample."""

    name: Literal["naive", "repaired", "ideal"]
    # By the hold-out that was split off the sample; weighted where the repair weights.
    reported: Score
    actual: Score  # on everybody in the population who is not in the training part
    # What the (weighted) sample says the mean of a numeric outcome is; NaN for classes.
    mean_outcome: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Result:
    """What came of a choice."""

    selection: Selection
    # Shape (n,): which of the sample the models learn from; the others are its hold-out.
    is_train: NDArray[np.bool_]
    # Learned as is; with the repair; from a simple random sample of the same size. Without a
    # repair `repaired` is `naive`.
    naive: Outcome
    repaired: Outcome
    ideal: Outcome
    # Shape (n,), >= 0: how much each example counts in the repair; mean 1, all 1 without.
    density_ratio: NDArray[np.float64]
    effective_sample_size: float  # 1..n
    # Shape (n_population,): whom the model on display (the repaired one, if there is a repair)
    # gets wrong; for a numeric outcome: by more than one standard deviation of the outcome.
    is_wrong: NDArray[np.bool_]
    # Why the repair cannot be trusted here, or could not be done; empty if all is well.
    warning: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class State:
    """All that the views show."""

    population: Population
    choice: Choice
    result: Result
    # What the next state need not compute again.
    memory: Memory = field(default_factory=Memory, repr=False)


# What can be chosen for a population; a choice is made whole, or refused.

SMALLEST_N = 20
# Until a region of the map is brushed: its left half.
FIRST_REGION: Box = (0.0, 0.0, 0.5, 1.0)


def kinds_of(population: Population, mechanism: str, covariate: str = "") -> list[str]:
    """Return the ways of a mechanism that this population can be drawn by; there may be none."""
    kinds = MECHANISMS[_check.one_of("mechanism", mechanism, MECHANISMS, kind="mechanism")]
    if mechanism == "domain shift":
        values = population.covariates[covariate or next(iter(population.covariates))]
        if not is_numeric(values):
            return [f"{MORE_OF}{category}" for category in sorted(set(values.tolist()))]
    has_classes = len(population.class_names) > 1
    return [name for name, kind in kinds.items() if has_classes or not kind.needs_classes]


def repairs_for(population: Population, mechanism: str) -> list[str]:
    """Return the repairs that make sense for a mechanism, "none" first; others may be tried too."""
    _check.one_of("mechanism", mechanism, MECHANISMS, kind="mechanism")
    known = repairs_of(population)[1:]
    return ["none", *(name for name in known if mechanism in REPAIRS[name].sensible_for)]


def repairs_of(population: Population) -> list[str]:
    """Return all repairs that are defined for a population, "none" first."""
    has_classes = population.has_classes
    known = (name for name, how in REPAIRS.items() if has_classes or not how.needs_classes)
    return ["none", *known]


def completed(population: Population, choice: Choice, **changes: Any) -> Choice:
    """Return the choice with some of it changed.

    What was not chosen is made to fit: a region selects the sampling strategy "region", another
    mechanism its first kind.
    """
    if changes.get("region") is not None and not {"mechanism", "kind"} & changes.keys():
        changes |= {"mechanism": "sampling strategy", "kind": "region"}
    new = replace(choice, **changes)
    if not new.covariate:
        new = replace(new, covariate=next(iter(population.covariates)))
    _check.one_of("covariate", new.covariate, population.covariates, kind="covariate")
    kinds = kinds_of(population, new.mechanism, new.covariate)
    if "kind" not in changes and new.kind not in kinds and kinds:
        new = replace(new, kind=kinds[0])
    _check.one_of("kind", new.kind, kinds, kind=f"way of {new.mechanism}")
    if new.kind == "region" and new.region is None:
        new = replace(new, region=FIRST_REGION)
    _check.one_of("repair", new.repair, repairs_of(population), kind="repair")
    n_all = len(population)
    return replace(
        new,
        strength=_check.number(
            "strength", new.strength, low=0, high=1, meaning="how biased the sample is"
        ),
        n=_check.whole_number(
            "n", new.n, low=SMALLEST_N, high=n_all, meaning="the size of the sample"
        ),
        region=None if new.region is None else box(new.region, "region"),
        seed=_check.whole_number("seed", new.seed, low=0, meaning="the number of a random draw"),
    )


def begin(population: Population, choice: Choice | None = None) -> State:
    """Return all that comes of a choice; without one the sample is at most half of everybody."""
    if choice is None:
        choice = Choice(n=max(SMALLEST_N, min(Choice().n, len(population) // 2)))
    return _state(population, completed(population, choice), Memory())


def changed(state: State, **changes: Any) -> State:
    """Return the state after some of the choice was changed; an impossible one is refused."""
    choice = completed(state.population, state.choice, **changes)
    return _state(state.population, choice, state.memory)


def _state(population: Population, choice: Choice, memory: Memory) -> State:
    # Many small fits: a second thread only gets in the way.
    with _thread_pools().limit(limits=1):
        result = _result(population, choice, memory)
    return State(population=population, choice=choice, result=result, memory=memory)


def _result(population: Population, choice: Choice, memory: Memory) -> Result:
    bench = _Bench(population, choice, memory)
    sample, naive, model, is_wrong = memory.recall(bench.key_of_naive(), bench.naive)
    equal = np.ones(choice.n)
    repaired, ratio, warning = naive, equal, ""
    if choice.repair != "none":
        found, warning = repair(Situation(population, choice, sample, model))
        ratio = found.density_ratio
        repaired, _, is_wrong = bench.outcome("repaired", sample, ratio, found.model)
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
    )


@cache
def _thread_pools() -> Any:
    """Return the thread pools of this process; to find them takes a millisecond."""
    return ThreadpoolController()


class _Bench:
    """Fits and scores the models of one choice."""

    def __init__(self, population: Population, choice: Choice, memory: Memory) -> None:
        self._population = population
        self._choice = choice
        self._group_key = ("judge", choice.mechanism == "data skew", choice.covariate)
        self._judge = memory.recall(self._group_key, self._make_judge)

    def key_of_naive(self) -> tuple[object, ...]:
        return ("naive", replace(self._choice, repair="none"))

    def key_of_ideal(self) -> tuple[object, ...]:
        return ("ideal", self._choice.n, self._choice.seed, self._group_key)

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
        fit = learner.fit_logistic if self._population.has_classes else learner.fit_ridge
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


# The table of a state: three models, each as its own test set reports it and as it is.

REPORTED, ACTUAL = "its own test set", "the population"


def report(state: State) -> pd.DataFrame:
    """Return who says what of which model: overall, for the worst group and for each group.

    Accuracy, 0..1; for a numeric outcome the root mean squared error, and what each sample says
    its mean is.
    """
    has_classes = state.population.has_classes
    rows = {}
    for outcome in shown_outcomes(state):
        rows[outcome.name, REPORTED] = _row(outcome.reported, has_classes)
        rows[outcome.name, ACTUAL] = _row(outcome.actual, has_classes)
        if not has_classes:
            rows[outcome.name, REPORTED]["mean outcome"] = outcome.mean_outcome
            rows[outcome.name, ACTUAL]["mean outcome"] = float(state.population.y.mean())
    index = pd.MultiIndex.from_tuples(list(rows), names=["model", "says"])
    return pd.DataFrame(list(rows.values()), index=index)


def shown_outcomes(state: State) -> list[Outcome]:
    """Return the outcomes that differ: without a repair, nothing is repaired."""
    result = state.result
    repaired = [] if state.choice.repair == "none" else [result.repaired]
    return [result.naive, *repaired, result.ideal]


def worst_group(score: Score, *, has_classes: bool) -> tuple[str, float]:
    """Return the group with the lowest accuracy (or largest error), and its score.

    Examples
    --------
    >>> worst_group(Score(overall=0.8, by_group={"a": 0.9, "b": 0.5}), has_classes=True)
    ('b', 0.5)
    """
    known = {name: value for name, value in score.by_group.items() if value == value}
    if not known:
        return "", float("nan")
    worst = (min if has_classes else max)(known, key=lambda name: known[name])
    return worst, known[worst]


def _row(score: Score, has_classes: bool) -> dict[str, float]:
    worst = worst_group(score, has_classes=has_classes)[1]
    return {"overall": score.overall, "worst group": worst, **score.by_group}
