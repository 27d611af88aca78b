"""What mends a biased sample: how much each example counts, or whom a prediction favours.

Every repair returns how much each example of the sample counts, in training and in the
hold-out alike: a repair of the model and of its evaluation is the same repair. What is said of
a repair, what its script is and when it cannot be trusted stands with it, in `REPAIRS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._check import Floats
from ..shift import (
    LogisticRatio,
    Population,
    SaerensEM,
    clip_ratio,
    effective_sample_size,
    find_label_errors,
    overlap,
    true_ratio,
)
from ..shift.density_ratio import LEAST_OVERLAP
from ..shift.mechanisms import N_BANDS, bands_of
from .choice import Choice
from .learner import FOLDS, SHRINKAGE, Classifier, Sample, fit_discriminant, is_numeric, shuffled

# No example may count more than this many times the average one: more than a few dozen, and the
# noise of one example decides.
LARGEST_RATIO = 20.0
N_FOLDS = 5
# A ratio is estimated from this many unlabelled examples at most: the sample is smaller, and so
# its own noise decides; time grows with them.
N_UNLABELLED = 2000
RATIO = LogisticRatio()
EM = SaerensEM(tolerance=1e-5)
UNDONE = (
    "The repair could not be done: too little would be left of this sample, or it holds a single "
    "class. Take a larger one."
)


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """What a repair may look at."""

    # Its features, and the shares of its classes and strata; never the labels of single ones.
    population: Population
    choice: Choice
    sample: Sample
    naive: Any  # Classifier or Ridge: what was learned without a repair


@dataclass(frozen=True, slots=True, eq=False)
class Repaired:
    """What a repair found."""

    density_ratio: Floats  # shape (n,), mean 1: how much each example counts
    model: Classifier | None = None  # where nothing need be learned anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A way to mend a sample; whoever adds one says all of this."""

    # None where too little of the sample would be left, or it holds a single class.
    weigh: Callable[[Situation], Repaired | None]
    words: str  # how a sentence on it begins
    # The part of the script that gives `density_ratio` and adds to `rows`; the fields it may use
    # are those of `code_of`.
    template: str
    # Why it cannot be trusted, or nothing; the first that says something is shown.
    doubts: tuple[Callable[[Situation, Floats], str], ...]
    sensible_for: tuple[str, ...]  # the mechanisms that offer it; code may try it with any
    needs_classes: bool  # it is not defined for a numeric outcome


def repair(at: Situation) -> tuple[Repaired, str]:
    """Do the repair that was chosen; return it and why it cannot be trusted, if so.

    Where it is impossible, everybody counts the same.
    """
    is_train, chosen = at.sample.is_train, REPAIRS[at.choice.repair]
    found = chosen.weigh(at)
    if found is not None:
        ratio = found.density_ratio
        if (ratio[is_train] > 0).any() and (ratio[~is_train] > 0).any():
            return found, warning_of(at, ratio)
    return Repaired(np.ones(len(is_train)), at.naive), UNDONE


def warning_of(at: Situation, density_ratio: Floats) -> str:
    """Return why the repair cannot be trusted here; empty if all is well."""
    doubts = (doubt(at, density_ratio) for doubt in REPAIRS[at.choice.repair].doubts)
    return next(filter(None, doubts), "")


def code_of(population: Population, choice: Choice) -> str:
    """Return the part of the script that does the repair."""
    n = len(population)
    return REPAIRS[choice.repair].template.format(
        title=choice.repair.capitalize(),
        n=choice.n,
        k=len(population.class_names),
        largest=LARGEST_RATIO,
        ratio=RATIO,
        em=EM,
        n_folds=N_FOLDS,
        shrinkage=SHRINKAGE,
        stream=FOLDS,
        stratum=_code_of_strata(population, choice),
        unlabelled=_UNLABELLED.format(n=n, n_unlabelled=N_UNLABELLED)
        if n > N_UNLABELLED
        else "population.x",
    )


def _importance_weighting(at: Situation) -> Repaired:
    """Weight by the density ratio, estimated from the features of sample and population."""
    # What it would warn of, a doubt says on the page.
    ratio = RATIO.unwarned(at.sample.selection.x, unlabelled(at.population))
    return Repaired(clip_ratio(ratio, LARGEST_RATIO))


def _known_chances(at: Situation) -> Repaired:
    """Weight by one over the chance to be drawn: what an estimated ratio tries to be."""
    selection = at.sample.selection
    ratio = true_ratio(selection.probability[selection.indices])
    return Repaired(clip_ratio(ratio, LARGEST_RATIO))


def _class_weighting(at: Situation) -> Repaired:
    """Weight each class to its share of the population, which is taken to be known."""
    labels, k = at.sample.selection.labels, len(at.population.class_names)
    n_sample = np.maximum(1, np.bincount(labels, minlength=k))
    ratio = (np.bincount(at.population.y, minlength=k) / n_sample)[labels]
    return Repaired(ratio / ratio.mean())


def _label_shift_correction(at: Situation) -> Repaired | None:
    """Estimate the shares of the classes from unlabelled examples, and correct predictions."""
    selection, known = at.sample.selection, at.naive.classes
    if len(known) < 2:
        return None
    x, labels = at.sample.training_part
    label_ratio = EM(
        np.searchsorted(known, labels),
        at.naive.proba(x),
        at.naive.proba(unlabelled(at.population)),
    )
    of_class = np.zeros(len(at.population.class_names))
    of_class[known] = label_ratio
    ratio = of_class[selection.labels]
    return Repaired(ratio / ratio.mean(), at.naive.with_prior(label_ratio))


def _label_cleaning(at: Situation) -> Repaired | None:
    """Leave out examples whose label a model that never saw them finds implausible."""
    selection = at.sample.selection
    x, labels, n = selection.x, selection.labels, len(selection)
    # Two of the second class: whichever fold is left out, the others hold two classes.
    if np.sort(np.bincount(labels, minlength=2))[-2] < 2:
        return None
    rng = np.random.default_rng([at.choice.seed, FOLDS])
    fold = np.empty(n, np.int64)
    fold[shuffled(labels, rng, True)] = np.arange(n) % N_FOLDS
    proba = np.zeros((n, len(at.population.class_names)))
    for k in range(N_FOLDS):
        others = fold != k
        model = fit_discriminant(x[others], labels[others])
        proba[np.ix_(~others, model.classes)] = model.proba(x[~others])
    ratio = 1.0 - find_label_errors(labels, proba)
    return Repaired(ratio / max(ratio.mean(), 1 / n))


def _stratified_resampling(at: Situation) -> Repaired:
    """Draw examples of rare strata several times, until each has its share of the population."""
    selection = at.sample.selection
    stratum = strata(at.population, at.choice)
    k = stratum.max() + 1
    own = stratum[selection.indices]
    wanted = np.bincount(stratum, minlength=k) / len(stratum)
    ratio = (wanted / np.maximum(1, np.bincount(own, minlength=k)))[own]
    # As many copies as the ratio says: one less or one more, by chance, where it is no whole
    # number.
    rng = np.random.default_rng([at.choice.seed, FOLDS])
    order = np.lexsort((rng.random(len(own)), own))
    up_to = np.floor(np.cumsum(ratio[order] * len(own)) + rng.random())
    copies = np.empty(len(own))
    copies[order] = np.diff(up_to, prepend=0)
    return Repaired(copies / copies.mean())


def unlabelled(population: Population) -> Floats:
    """Return features of the population, of some thousands where there are many."""
    n = len(population)
    if n <= N_UNLABELLED:
        return population.x
    return population.x[np.random.default_rng(0).permutation(n)[:N_UNLABELLED]]


def strata(population: Population, choice: Choice) -> NDArray[np.int64]:
    """Return the stratum of each example: its class, or its band of the covariate."""
    if _has_class_strata(population, choice):
        return np.asarray(population.y, np.int64)
    return bands_of(population.covariates[choice.covariate])


def _has_class_strata(population: Population, choice: Choice) -> bool:
    """Tell whether strata are the classes: unless the bias is one of a covariate."""
    return population.has_classes and choice.mechanism != "domain shift"


def _code_of_strata(population: Population, choice: Choice) -> str:
    if _has_class_strata(population, choice):
        return "population.y"
    values = f"population.covariates[{choice.covariate!r}]"
    if not is_numeric(population.covariates[choice.covariate]):
        return f"np.unique({values}, return_inverse=True)[1]"
    edges = f"np.quantile({values}, np.arange(1, {N_BANDS}) / {N_BANDS})"
    return f'np.searchsorted(\n    {edges},\n    {values},\n    side="right",\n)'


# Why a repair cannot be trusted.

# A sample that is worth less than this share of its size is too little to lean on.
_SMALLEST_SHARE = 0.1
_FEWEST_OF_A_CLASS = 5
_HARDLY_A_CHANCE = 0.01  # of the average one
_LARGEST_GAP = 0.05  # share of the population with hardly a chance


def _too_few_count(at: Situation, density_ratio: Floats) -> str:
    n, worth = len(density_ratio), effective_sample_size(density_ratio)
    if worth >= _SMALLEST_SHARE * n:
        return ""
    return (
        f"The weights explode: {n:,} examples are worth only {worth:.0f}, so a few of them "
        "decide everything."
    )


def _nobody_alike(at: Situation, density_ratio: Floats) -> str:
    share = overlap(at.sample.selection.x, unlabelled(at.population))
    if share >= LEAST_OVERLAP:
        return ""
    return (
        f"No overlap: {100 * (1 - share):.0f} % of the population look like nobody in the sample. "
        "The weights bring nobody back, however many examples they seem to be worth."
    )


def _no_overlap(at: Situation, density_ratio: Floats) -> str:
    chance = at.sample.selection.probability
    share = float(np.mean(chance < _HARDLY_A_CHANCE / len(chance)))
    if share < _LARGEST_GAP:
        return ""
    never = float(np.mean(chance == 0))
    drawn = "could never be drawn" if never == share else "had hardly a chance to be drawn"
    return (
        f"No overlap: {100 * share:.0f} % of the population {drawn}, and no weight brings back "
        "who is not in the sample."
    )


def _empty_strata(at: Situation, density_ratio: Floats) -> str:
    stratum = strata(at.population, at.choice)
    n_drawn = np.bincount(stratum[at.sample.selection.indices], minlength=stratum.max() + 1)
    share = float(np.mean((n_drawn == 0)[stratum]))
    if share == 0:
        return ""
    return (
        f"No overlap: strata with {100 * share:.0f} % of the population are not in the sample, and "
        "nothing can be drawn from them again."
    )


def _too_few_of_a_class(at: Situation, density_ratio: Floats) -> str:
    population = at.population
    if not population.has_classes:
        return ""
    _, labels = at.sample.training_part
    n_of_class = np.bincount(labels, minlength=len(population.class_names))
    n_of_class = np.where(
        np.bincount(population.y, minlength=len(n_of_class)) > 0, n_of_class, n_of_class.max()
    )
    rarest = int(n_of_class.argmin())
    n_rarest = int(n_of_class[rarest])
    if n_rarest >= _FEWEST_OF_A_CLASS:
        return ""
    are = "are" if n_rarest > 1 else "is"
    many = "no example" if n_rarest == 0 else f"only {n_rarest} example{'s' * (n_rarest > 1)}"
    return (
        f"There {are} {many} of class {population.class_names[rarest]!r} to learn from: counting "
        "them more does not make them more."
    )


# The part of the script that does each of them.

REFIT = """\
repaired = fit(sample.x[is_train], sample.labels[is_train], density_ratio[is_train])
rows += judged(repaired.predict, sample, is_train, density_ratio)

"""
_UNLABELLED = "population.x[np.random.default_rng(0).permutation({n})[:{n_unlabelled}]]"
_IMPORTANCE = """\
# {title}: how much more frequent each example is in the population.
unlabelled = {unlabelled}
density_ratio = clip_ratio({ratio!r}(sample.x, unlabelled), {largest})
"""
_CHANCES = """\
# {title}: one over the chance to be drawn.
density_ratio = clip_ratio(true_ratio(sample.probability[sample.indices]), {largest})
"""
_CLASSES = """\
# {title}: to the shares of the classes in the population.
n_sample = np.maximum(1, np.bincount(sample.labels, minlength={k}))
density_ratio = (np.bincount(population.y, minlength={k}) / n_sample)[sample.labels]
density_ratio = density_ratio / density_ratio.mean()
"""
_LABEL_SHIFT = """\
# {title}: the shares of the classes, from unlabelled examples.
unlabelled = {unlabelled}
label_ratio = {em!r}(
    np.searchsorted(naive.classes_, sample.labels[is_train]),
    naive.predict_proba(sample.x[is_train]),
    naive.predict_proba(unlabelled),
)
of_class = np.zeros({k})
of_class[naive.classes_] = label_ratio
density_ratio = of_class[sample.labels] / of_class[sample.labels].mean()


def predict_repaired(x):
    proba = correct_posterior(naive.predict_proba(x), label_ratio)
    return naive.classes_[proba.argmax(axis=1)]


rows += judged(predict_repaired, sample, is_train, density_ratio)

"""
_CLEANING = """\
# {title}: leave out what a model that never saw it finds implausible.
luck = np.random.default_rng([SEED, {stream}]).random({n})
fold = np.empty({n}, int)
fold[np.lexsort((luck, sample.labels))] = np.arange({n}) % {n_folds}
proba = np.zeros(({n}, {k}))
for i in range({n_folds}):
    others = fold != i
    model = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=ShrunkCovariance(shrinkage={shrinkage})
    )
    model.fit(sample.x[others], sample.labels[others])
    proba[np.ix_(~others, model.classes_)] = model.predict_proba(sample.x[~others])
density_ratio = 1.0 - find_label_errors(sample.labels, proba)
density_ratio = density_ratio / density_ratio.mean()
"""
_RESAMPLING = """\
# {title}: copies of rare strata, until each has its share of the population.
stratum = {stratum}
k, own = stratum.max() + 1, stratum[sample.indices]
wanted = np.bincount(stratum, minlength=k) / len(stratum)
ratio = (wanted / np.maximum(1, np.bincount(own, minlength=k)))[own]
rng = np.random.default_rng([SEED, {stream}])
order = np.lexsort((rng.random({n}), own))
copies = np.empty({n})
copies[order] = np.diff(np.floor(np.cumsum(ratio[order] * {n}) + rng.random()), prepend=0)
density_ratio = copies / copies.mean()
"""


REPAIRS: dict[str, Repair] = {
    "importance weighting": Repair(
        weigh=_importance_weighting,
        words="Importance weighting",
        template=_IMPORTANCE + REFIT,
        doubts=(_nobody_alike, _too_few_count, _no_overlap),
        sensible_for=("domain shift", "sampling strategy"),
        needs_classes=False,
    ),
    "known chances": Repair(
        weigh=_known_chances,
        words="Weighting by the known chances",
        template=_CHANCES + REFIT,
        doubts=(_too_few_count, _no_overlap),
        sensible_for=("domain shift",),
        needs_classes=False,
    ),
    "class weighting": Repair(
        weigh=_class_weighting,
        words="Class weighting",
        template=_CLASSES + REFIT,
        doubts=(_too_few_of_a_class, _too_few_count),
        sensible_for=("data skew", "sampling strategy"),
        needs_classes=True,
    ),
    "label-shift correction": Repair(
        weigh=_label_shift_correction,
        words="Label-shift correction",
        template=_LABEL_SHIFT,
        doubts=(_too_few_of_a_class, _too_few_count),
        sensible_for=("data skew",),
        needs_classes=True,
    ),
    "label cleaning": Repair(
        weigh=_label_cleaning,
        words="Label cleaning",
        template=_CLEANING + REFIT,
        doubts=(_too_few_count,),
        sensible_for=("dataset quality",),
        needs_classes=True,
    ),
    "stratified re-sampling": Repair(
        weigh=_stratified_resampling,
        words="Stratified re-sampling",
        template=_RESAMPLING + REFIT,
        doubts=(_too_few_of_a_class, _empty_strata, _too_few_count),
        sensible_for=("domain shift", "data skew", "sampling strategy"),
        needs_classes=False,
    ),
}
