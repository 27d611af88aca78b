"""What a bias explorer knows: the population, what is chosen, and what came of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

import numpy as np
from numpy.typing import NDArray

from ..shift.mechanisms import Box
from ..shift.population import Population, Selection

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
class Choice:
    """What the learner has chosen.

    Parameters
    ----------
    mechanism : str
        A key of `tlwidgets.shift.MECHANISMS`: the tab.
    kind : str
        Which of the mechanism's ways, for instance "long tail".
    covariate : str
        What a domain shift depends on; a name in the population's `covariates`, by default the
        first. Also what divides the population into groups if it has none of its own.
    strength : float, 0..1
        0: a simple random sample. 1: as biased as can be.
    n : int, >= 20
        Size of the sample.
    repair : str
        A key of `repairs.REPAIRS`, or "none".
    region : Box, optional
        The part of the map that was brushed; only those inside it are drawn.
    seed : int, >= 0
    """

    mechanism: str = "domain shift"
    kind: str = "more of the high"
    covariate: str = ""
    strength: float = 0.7
    n: int = 300
    repair: str = "none"
    region: Box | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a model does on some examples.

    Parameters
    ----------
    overall : float
        Accuracy, 0..1; for a numeric outcome the root mean squared error, >= 0.
    by_group : mapping of str to float
        NaN where the examples hold nobody of that group.
    """

    overall: float
    by_group: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one sample.

    Parameters
    ----------
    name : "naive", "repaired" or "ideal"
    reported : Score
        By the hold-out that was split off the sample; weighted where the repair weights.
    actual : Score
        On everybody in the population who is not in the training part.
    mean_outcome : float
        What the (weighted) sample says the mean of a numeric outcome is; NaN for classes.
    """

    name: Literal["naive", "repaired", "ideal"]
    reported: Score
    actual: Score
    mean_outcome: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Result:
    """What came of a choice.

    Parameters
    ----------
    selection : Selection
    is_train : array of bool, shape (n,)
        Which of the sample the models learn from; the others are its hold-out.
    naive, repaired, ideal : Outcome
        Learned as is; with the repair; from a simple random sample of the same size. Without
        a repair `repaired` is `naive`.
    density_ratio : array of float64, shape (n,), >= 0
        How much each example of the sample counts in the repair; mean 1, all 1 without.
    effective_sample_size : float, 1..n
    is_wrong : array of bool, shape (n_population,)
        Whom the model on display (the repaired one, if there is a repair) gets wrong; for a
        numeric outcome: by more than one standard deviation of the outcome.
    warning : str
        Why the repair cannot be trusted here, or could not be done; empty if all is well.
    """

    selection: Selection
    is_train: NDArray[np.bool_]
    naive: Outcome
    repaired: Outcome
    ideal: Outcome
    density_ratio: NDArray[np.float64]
    effective_sample_size: float
    is_wrong: NDArray[np.bool_]
    warning: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class State:
    """All that the views show.

    Parameters
    ----------
    population : Population
    choice : Choice
    result : Result
    memory : Memory
        What the next state need not compute again.
    """

    population: Population
    choice: Choice
    result: Result
    memory: Memory = field(default_factory=Memory, repr=False)


# A choice as a short text, as in a link, and back again.

# Of the fields of a choice, in one or two letters: the text should be short.
_LETTERS = {
    "mechanism": "m",
    "kind": "k",
    "covariate": "c",
    "strength": "s",
    "n": "n",
    "repair": "r",
    "region": "b",
    "seed": "seed",
}
_NAMES = {letter: name for name, letter in _LETTERS.items()}


def to_url_state(choice: Choice) -> str:
    """Return a choice as the part of a link that comes after `#`; `from_url_state` reads it.

    Only what is not the default is in it. The data are not: who opens the link needs the same
    population.

    Examples
    --------
    >>> to_url_state(Choice(strength=0.9, seed=3))
    's=0.9&seed=3'
    """
    parts = {}
    for trait in fields(Choice):
        value = getattr(choice, trait.name)
        if value != trait.default:
            is_box = trait.name == "region"
            text = ",".join(map(repr, map(float, value))) if is_box else str(value)
            parts[_LETTERS[trait.name]] = text
    return urlencode(parts)


def from_url_state(text: str) -> Choice:
    """Return the choice that a text of `to_url_state` holds.

    Examples
    --------
    >>> from_url_state("s=0.9&seed=3").strength
    0.9
    """
    try:
        pairs = parse_qsl(
            text.lstrip("#?"), keep_blank_values=True, strict_parsing=bool(text.strip("#?"))
        )
        found = {_NAMES[letter]: value for letter, value in pairs}
        return Choice(**{name: _read(name, value) for name, value in found.items()})  # type: ignore[arg-type]
    except (ValueError, KeyError) as error:
        raise ValueError(
            "`text` must be what `to_url_state()` gave, for instance 's=0.9&r=class+weighting'; "
            f"got {text!r}. Copy the whole of it."
        ) from error


def _read(name: str, text: str) -> object:
    if name == "region":
        left, bottom, right, top = map(float, text.split(","))
        return left, bottom, right, top
    if name in ("n", "seed"):
        return int(text)
    return float(text) if name == "strength" else text
