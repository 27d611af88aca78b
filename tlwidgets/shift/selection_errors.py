"""The wording of every error about drawing a sample from a population.

A message says what is wrong, what was expected, what came, and what to do next.
"""

from __future__ import annotations

import numpy as np

from .. import _check
from .population import Population


def drawing(population: object, strength: object, n: object, rng: object) -> tuple[float, int]:
    """Return strength and sample size when a sample of `n` can be drawn at all."""
    if not isinstance(population, Population):
        raise TypeError(
            f"`population` must be a Population; got {type(population).__name__}. "
            "Make one of your arrays first."
        )
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"`rng` must be a random generator, np.random.default_rng(seed); got {rng!r}."
        )
    strength = _check.number("strength", strength, low=0, high=1, meaning="0 is no bias at all")
    n = _check.whole_number(
        "n", n, low=1, high=len(population), meaning="at most the whole population"
    )
    return strength, n


def enough_to_draw(n: int, n_drawable: int, *, who: str, remedy: str) -> None:
    """Refuse a sample that is larger than the part of the population it is drawn from."""
    if n > n_drawable:
        raise ValueError(
            f"`n` must be at most {n_drawable}, because only {n_drawable} examples are {who}; "
            f"got {n}. {remedy}"
        )


def classes(population: Population, *, task: str) -> int:
    """Return the number of classes; refuse a numeric outcome or a single class."""
    if not population.has_classes:
        raise ValueError(
            f"`population` must have classes for {task}; the outcome of {population.name!r} is a "
            "number. Choose a domain shift or a sampling strategy instead."
        )
    k = len(population.class_names)
    if k < 2:
        raise ValueError(
            f"`population` must have at least two classes for {task}; {population.name!r} has "
            f"only {population.class_names[0]!r}. Choose a domain shift instead."
        )
    return k


def class_numbers(name: str, value: tuple[int | str, ...], names: tuple[str, ...]) -> list[int]:
    """Return the numbers of the classes that are given by number or by name."""
    numbers = []
    for item in value:
        if isinstance(item, str):
            numbers.append(names.index(_check.one_of(name, item, names, kind="class")))
        else:
            number = _check.whole_number(
                name, item, low=0, high=len(names) - 1, meaning="the number of a class"
            )
            numbers.append(number)
    if len(set(numbers)) >= len(names):
        raise ValueError(
            f"`{name}` must leave at least one of the {len(names)} classes out; got "
            f"{list(value)!r}. Name fewer classes."
        )
    return numbers


def room_for_every_class(
    n: int, at_least: int, n_per_class: np.ndarray, names: tuple[str, ...]
) -> None:
    """Refuse a skewed sample that would leave a class empty."""
    missing = [name for name, count in zip(names, n_per_class, strict=True) if count == 0]
    if missing:
        raise ValueError(
            f"`population` must hold each class for a skew; it has no example of {missing}. Leave "
            "these classes out, or take strength 0."
        )
    n_needed = int(np.minimum(n_per_class, at_least).sum())
    if n < n_needed:
        raise ValueError(
            f"`n` must be at least {n_needed}, {at_least} for each of the {len(names)} classes; "
            f"got {n}, which leaves a class empty. Take a larger `n`, or strength 0."
        )


def no_spread(name: str, value: object) -> ValueError:
    """Return the error for a covariate by which nobody can be told apart."""
    return ValueError(
        f"`covariate` must differ between examples; {name!r} is {value!r} for all of them. "
        "Choose another covariate."
    )


def not_finite(name: str, n_missing: int) -> ValueError:
    """Return the error for a covariate with gaps."""
    return ValueError(
        f"`covariate` must be finite; {name!r} has {n_missing} NaN or infinite values. Fill them "
        "or choose another covariate."
    )


def numeric_direction(name: str, towards: str) -> ValueError:
    """Return the error for a category where the covariate is a number."""
    return ValueError(
        f"`towards` must be 'high' or 'low', because {name!r} is a number; got {towards!r}."
    )


def start_of_each_class(start: int) -> ValueError:
    """Return the error for one start where each class has its own."""
    return ValueError(
        f"`start` must be None with is_per_class=True, because each class starts from an example "
        f"of its own; got {start}. Leave one of them out."
    )


def empty_region(n_inside: int, n_needed: int) -> ValueError:
    """Return the error for a region of the map with too few examples."""
    return ValueError(
        f"The region must hold at least {n_needed} examples for this `n` and `strength`; it holds "
        f"{n_inside}. Brush a larger region, or take a smaller `n` or strength."
    )


def box(value: object, name: str = "box") -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of a region of the map."""
    hint = "(left, bottom, right, top), each from 0 to 1"
    if not isinstance(value, tuple | list) or len(value) != 4:
        raise TypeError(f"`{name}` must be {hint}; got {value!r}. Brush a region of the map first.")
    left, bottom, right, top = (
        _check.number(name, side, low=0, high=1, meaning="a place on the map") for side in value
    )
    if not (left < right and bottom < top):
        raise ValueError(f"`{name}` must be {hint}, left < right and bottom < top; got {value!r}.")
    return left, bottom, right, top
