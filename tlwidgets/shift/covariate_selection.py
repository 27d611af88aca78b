"""Domain shift: who is drawn depends on what they look like, not on their label.

p(drawn | x, y) = p(drawn | x): the covariate shift of Shimodaira (2000). With a number, the odds
follow a logistic curve in the standardised covariate z, sigmoid(s / (1 - s) * z).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check
from . import selection_errors as errors
from .drawing import Draw, Floats, begin, normalised
from .population import Population, Selection


@dataclass(frozen=True, slots=True)
class CovariateSelection:
    """Draw mostly those with a high (or low) value of something, or of one category.

    Parameters
    ----------
    covariate : str
        A name in the population's `covariates`.
    towards : str, default "high"
        "high" or "low" for a number: strength 1 draws nobody on the other side of the mean. A
        category otherwise: the others' odds fall to (1 - strength)^2, and to none at strength 1.

    Raises
    ------
    ValueError
        If the covariate is unknown, has gaps or does not vary; if `n` is larger than what is
        left to draw from at strength 1.

    References
    ----------
    Shimodaira 2000, "Improving predictive inference under covariate shift".

    Examples
    --------
    >>> import numpy as np
    >>> age = np.arange(100.0)
    >>> people = Population(name="people", x=age[:, None], y=(age > 50).astype(int),
    ...     class_names=("young", "old"), covariates={"age": age}, group=np.full(100, "all"),
    ...     position=np.c_[age, age] / 99)
    >>> sample = CovariateSelection("age", "low")(people, 1.0, 20, np.random.default_rng(0))
    >>> bool((age[sample.indices] < age.mean()).all())
    True
    """

    covariate: str
    towards: str = "high"

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        _check.one_of("covariate", self.covariate, population.covariates, kind="covariate")
        draw = begin(population, strength, n, rng)
        values = np.asarray(population.covariates[self.covariate])
        if values.dtype.kind in "iufb":
            return self._by_number(draw, _standardised(self.covariate, values, self.towards))
        return self._by_category(draw, values.astype(str))

    def _by_number(self, draw: Draw, z: Floats) -> Selection:
        if draw.strength == 0:
            return draw.at_random()
        side = f"{self.covariate!r} is {self.towards}"
        other = "lower" if self.towards == "high" else "upper"
        if draw.strength < 1:
            slope = draw.strength / (1 - draw.strength)
            log_chance = -np.logaddexp(0, -slope * z)
        else:
            log_chance = np.where(z > 0, 0.0, -np.inf)
        return self._drawn(draw, log_chance, z > 0, side, f"{other} side of the mean")

    def _by_category(self, draw: Draw, values: NDArray[np.str_]) -> Selection:
        categories = np.unique(values)
        _check.one_of("towards", self.towards, categories.tolist(), kind="category")
        if len(categories) < 2:
            raise errors.no_spread(self.covariate, str(categories[0]))
        if draw.strength == 0:
            return draw.at_random()
        is_favoured = values == self.towards
        log_other = 2 * np.log1p(-draw.strength) if draw.strength < 1 else -np.inf
        log_chance = np.where(is_favoured, 0.0, log_other)
        side = f"{self.covariate!r} is {self.towards!r}"
        return self._drawn(draw, log_chance, is_favoured, side, "other categories")

    def _drawn(
        self,
        draw: Draw,
        log_chance: Floats,
        is_favoured: NDArray[np.bool_],
        side: str,
        other: str,
    ) -> Selection:
        if draw.strength == 1:
            errors.enough_to_draw(
                draw.n,
                int(is_favoured.sum()),
                who=f"where {side}",
                remedy="Take a smaller `n` or a strength below 1.",
            )
        indices = draw.first(log_chance)
        now, before = (100 * np.mean(~part) for part in (is_favoured[indices], is_favoured))
        told = (
            f"nobody from the {other}."
            if draw.strength == 1
            else f"{now:.0f} % come from the {other}; in the population it is {before:.0f} %."
        )
        how_often = "only" if draw.strength == 1 else "more often"
        description = f"drawn {how_often} where {side}: {told}"
        return draw.sample(indices, normalised(log_chance), description)


def _standardised(name: str, values: NDArray[Any], towards: str) -> Floats:
    """Return how many standard deviations each value lies towards the favoured side."""
    if towards not in ("high", "low"):
        raise errors.numeric_direction(name, towards)
    values = values.astype(np.float64)
    n_missing = int((~np.isfinite(values)).sum())
    if n_missing:
        raise errors.not_finite(name, n_missing)
    spread = np.ptp(values)
    if spread == 0:
        raise errors.no_spread(name, float(values[0]))
    # By the range first: squares of very large or very small values would overflow.
    z: Floats = (values - values.mean()) / spread
    z /= z.std()
    return z if towards == "high" else -z
