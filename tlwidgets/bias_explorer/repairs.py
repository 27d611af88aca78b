"""What mends a biased sample: how much each example counts, or whom a prediction favours.

Every repair returns how much each example of the sample counts, in training and in the
hold-out alike: a repair of the model and of its evaluation is the same repair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..shift import LogisticRatio, Population, SaerensEM, clip_ratio, find_label_errors, true_ratio
from .choice import Choice
from .learner import FOLDS, Classifier, Floats, Sample, bands_of, fit_discriminant, shuffled

# No example may count more than this many times the average one: more than a few dozen, and the
# noise of one example decides.
LARGEST_RATIO = 20.0
N_FOLDS = 5
# A ratio is estimated from this many unlabelled examples at most: the sample is smaller, and so
# its own noise decides; time grows with them.
N_UNLABELLED = 2000
RATIO = LogisticRatio()
EM = SaerensEM(tolerance=1e-5)


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """What a repair may look at.

    Parameters
    ----------
    population : Population
        Its features, and the shares of its classes and strata; never the labels of single ones.
    choice : Choice
    sample : Sample
    naive : Classifier or Regressor
        What was learned without a repair.
    """

    population: Population
    choice: Choice
    sample: Sample
    naive: Any


@dataclass(frozen=True, slots=True, eq=False)
class Repaired:
    """What a repair found.

    Parameters
    ----------
    density_ratio : array, shape (n,), >= 0, mean 1
        How much each example of the sample counts.
    model : Classifier, optional
        The repaired model, where nothing need be learned anew.
    is_done : bool
        False where too little of the sample would be left, or it holds a single class.
    """

    density_ratio: Floats
    model: Classifier | None = None
    is_done: bool = True


def repair(at: Situation) -> Repaired:
    """Do the repair that was chosen; where that is impossible, everybody counts the same."""
    is_train = at.sample.is_train
    if _has_classes_to_compare(at):
        found = REPAIRS[at.choice.repair](at)
        counts = found.density_ratio > 0
        if counts[is_train].any() and counts[~is_train].any():
            return found
    return Repaired(np.ones(len(is_train)), at.naive, is_done=False)


def _has_classes_to_compare(at: Situation) -> bool:
    if at.choice.repair == "label-shift correction":
        return len(at.naive.classes) > 1
    if at.choice.repair == "label cleaning":
        # Two of the second class: whichever fold is left out, the others hold two classes.
        return bool(np.sort(np.bincount(at.sample.selection.labels, minlength=2))[-2] >= 2)
    return True


def importance_weighting(at: Situation) -> Repaired:
    """Weight by the density ratio, estimated from the features of sample and population."""
    ratio = RATIO(at.sample.selection.x, unlabelled(at.population))
    return Repaired(clip_ratio(ratio, LARGEST_RATIO))


def known_chances(at: Situation) -> Repaired:
    """Weight by one over the chance to be drawn: what an estimated ratio tries to be."""
    selection = at.sample.selection
    ratio = true_ratio(selection.probability[selection.indices])
    return Repaired(clip_ratio(ratio, LARGEST_RATIO))


def class_weighting(at: Situation) -> Repaired:
    """Weight each class to its share of the population, which is taken to be known."""
    labels, k = at.sample.selection.labels, len(at.population.class_names)
    n_sample = np.maximum(1, np.bincount(labels, minlength=k))
    ratio = (np.bincount(at.population.y, minlength=k) / n_sample)[labels]
    return Repaired(ratio / ratio.mean())


def label_shift_correction(at: Situation) -> Repaired:
    """Estimate the shares of the classes from unlabelled examples, and correct predictions."""
    selection, known = at.sample.selection, at.naive.classes
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


def label_cleaning(at: Situation) -> Repaired:
    """Leave out examples whose label a model that never saw them finds implausible."""
    selection = at.sample.selection
    x, labels, n = selection.x, selection.labels, len(selection)
    rng = np.random.default_rng([at.choice.seed, FOLDS])
    fold = np.empty(n, np.int64)
    fold[shuffled(labels, rng, True)] = np.arange(n) % N_FOLDS
    proba = np.zeros((n, len(at.population.class_names)))
    for k in range(N_FOLDS):
        others = fold != k
        model = fit_discriminant(x[others], labels[others], np.ones(others.sum()))
        proba[np.ix_(~others, model.classes)] = model.proba(x[~others])
    ratio = 1.0 - find_label_errors(labels, proba)
    return Repaired(ratio / max(ratio.mean(), 1 / n))


def stratified_resampling(at: Situation) -> Repaired:
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
    if has_class_strata(population, choice):
        return np.asarray(population.y, np.int64)
    return bands_of(population, choice.covariate)


def has_class_strata(population: Population, choice: Choice) -> bool:
    """Tell whether strata are the classes: unless the bias is one of a covariate."""
    return population.has_classes and choice.mechanism != "domain shift"


REPAIRS: dict[str, Callable[[Situation], Repaired]] = {
    "importance weighting": importance_weighting,
    "known chances": known_chances,
    "class weighting": class_weighting,
    "label-shift correction": label_shift_correction,
    "label cleaning": label_cleaning,
    "stratified re-sampling": stratified_resampling,
}


# Why a repair cannot be trusted.

UNDONE = (
    "The repair could not be done: too little would be left of this sample, or it holds a single "
    "class. Take a larger one."
)
# A sample that is worth less than this share of its size is too little to lean on.
_SMALLEST_SHARE = 0.1
_FEWEST_OF_A_CLASS = 5
_HARDLY_A_CHANCE = 0.01  # of the average one
_LARGEST_GAP = 0.05  # share of the population with hardly a chance
_WEIGHTS_BY_CHANCE = ("importance weighting", "known chances")
_BY_CLASS = ("class weighting", "label-shift correction", "stratified re-sampling")


def warning_of(
    population: Population, choice: Choice, sample: Sample, density_ratio: Floats
) -> str:
    """Return why the repair cannot be trusted here; empty if all is well.

    Parameters
    ----------
    population : Population
    choice : Choice
    sample : Sample
    density_ratio : array, shape (n,)
        How much each example counts after the repair.
    """
    return (
        _too_few_of_a_class(population, choice, sample)
        or _empty_strata(population, choice, sample)
        or _too_few_count(density_ratio)
        or _no_overlap(choice, sample)
    )


def _too_few_count(density_ratio: Floats) -> str:
    n = len(density_ratio)
    worth = density_ratio.sum() ** 2 / (density_ratio**2).sum()
    if worth >= _SMALLEST_SHARE * n:
        return ""
    return (
        f"The weights explode: {n:,} examples are worth only {worth:.0f}, so a few of them "
        "decide everything."
    )


def _no_overlap(choice: Choice, sample: Sample) -> str:
    chance = sample.selection.probability
    share = float(np.mean(chance < _HARDLY_A_CHANCE / len(chance)))
    if choice.repair not in _WEIGHTS_BY_CHANCE or share < _LARGEST_GAP:
        return ""
    never = float(np.mean(chance == 0))
    drawn = "could never be drawn" if never == share else "had hardly a chance to be drawn"
    return (
        f"No overlap: {100 * share:.0f} % of the population {drawn}, and no weight brings back "
        "who is not in the sample."
    )


def _empty_strata(population: Population, choice: Choice, sample: Sample) -> str:
    if choice.repair != "stratified re-sampling":
        return ""
    stratum = strata(population, choice)
    is_empty = np.bincount(stratum[sample.selection.indices], minlength=stratum.max() + 1) == 0
    share = float(np.mean(is_empty[stratum]))
    if share == 0:
        return ""
    return (
        f"No overlap: strata with {100 * share:.0f} % of the population are not in the sample, and "
        "nothing can be drawn from them again."
    )


def _too_few_of_a_class(population: Population, choice: Choice, sample: Sample) -> str:
    if choice.repair not in _BY_CLASS or not population.has_classes:
        return ""
    _, labels = sample.training_part
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
