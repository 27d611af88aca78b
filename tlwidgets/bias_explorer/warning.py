"""Why a repair cannot be trusted."""

from __future__ import annotations

import numpy as np

from ..shift import Population
from .drawing import Sample
from .repairs import strata
from .scoring import Floats
from .state import Choice

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
