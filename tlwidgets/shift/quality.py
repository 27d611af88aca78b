"""Dataset quality: the sample is drawn fairly, and then something goes wrong with it.

Wrong labels (Angluin and Laird 1988: symmetric; Xia et al. 2020: dependent on the features),
copies of the same examples, corrupted features. `strength` is the share of the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .. import _check
from . import selection_errors as errors
from .drawing import Floats, Indices, begin
from .population import Population, Selection

NOISE_KINDS = ("symmetric", "pair flip", "feature dependent")
MOST_COPIES = 10  # of each example, at strength 1


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """Write a wrong label on a share of the sample.

    Parameters
    ----------
    kind : "symmetric", "pair flip" or "feature dependent", default "symmetric"
        Any other class with the same chance; always the next class; or the class that the
        example is nearest to, and above all for examples that lie between two classes.

    Raises
    ------
    ValueError
        If the outcome is a number: noise on it would be another mechanism.

    Notes
    -----
    A simple random sample of examples: `Selection.probability` is uniform.
    """

    kind: Literal["symmetric", "pair flip", "feature dependent"] = "symmetric"

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        _check.one_of("kind", self.kind, NOISE_KINDS, kind="label noise")
        k = errors.classes(population, task="wrong labels")
        draw = begin(population, strength, n, rng)
        luck, step = rng.random(len(population)), rng.integers(1, k, len(population))
        indices = draw.first()
        y: Indices = population.y[indices]
        share = np.full(draw.n, draw.strength)
        wrong = (y + (step[indices] if self.kind == "symmetric" else 1)) % k
        if self.kind == "feature dependent":
            wrong, share = _confusable(population, indices, draw.strength)
        labels = np.where(luck[indices] < share, wrong, y)
        is_wrong = labels != y
        description = (
            f"drawn at random; {is_wrong.sum():,} of them have a wrong label ({self.kind})."
        )
        return draw.sample(
            indices,
            draw.equal_chance(),
            description,
            labels=labels,
            was_changed=is_wrong,
        )


def _confusable(population: Population, indices: Indices, share: float) -> tuple[Indices, Floats]:
    """Return the class that each example is most easily taken for, and how often it is.

    The chance falls with the rank of the margin, so that its mean is `share` whatever the data.
    """
    y, k = population.y, len(population.class_names)
    n_per_class = np.bincount(y, minlength=k)
    x = population.x - population.x.mean(0)
    sums = np.eye(k)[y].T @ x
    centres = sums / np.maximum(n_per_class, 1)[:, None]
    # Squared distance to each centre, without |x|^2, which all of them share.
    distance = (centres**2).sum(1) - 2 * x[indices] @ centres.T
    distance[:, n_per_class == 0] = np.inf
    rows, y = np.arange(len(indices)), y[indices]
    own = distance[rows, y]
    distance[rows, y] = np.inf
    wrong = distance.argmin(1)
    margin = distance[rows, wrong] - own
    rank = (np.argsort(np.argsort(margin)) + 0.5) / len(y)
    chance: Floats = 2 * share * (1 - rank) if share <= 0.5 else 1 - 2 * (1 - share) * rank
    return wrong, chance


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Let a share of the sample be copies of a few of its examples.

    The first tenth of the examples that are drawn is what gets copied, and at strength 1 only
    they remain, each ten times on average.

    Notes
    -----
    `Selection.probability` is uniform, the chance of the originals.
    """

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        draw = begin(population, strength, n, rng)
        copied_from = rng.random(len(population))[: draw.n]
        n_copied = -(-draw.n // MOST_COPIES)
        n_originals = max(n_copied, draw.n - round(draw.strength * draw.n))
        drawn = draw.first()
        is_copy = np.arange(draw.n) >= n_originals
        indices = np.where(is_copy, drawn[(copied_from * n_copied).astype(int)], drawn)
        description = (
            f"drawn at random, but only {n_originals:,} different ones: "
            f"{draw.n - n_originals:,} are copies of {n_copied:,} of them."
        )
        return draw.sample(indices, draw.equal_chance(), description, seats=drawn)


@dataclass(frozen=True, slots=True)
class Corruption:
    """Add noise to the features of a share of the sample.

    Parameters
    ----------
    size : float, 0..1000, default 3
        Standard deviation of the noise, in standard deviations of each feature.

    Notes
    -----
    A simple random sample of examples: `Selection.probability` is uniform.
    """

    size: float = 3.0

    def __call__(
        self, population: Population, strength: float, n: int, rng: np.random.Generator
    ) -> Selection:
        """Draw `n` examples; return the selection."""
        size = _check.number("size", self.size, low=0, high=1000, meaning="times the spread")
        draw = begin(population, strength, n, rng)
        is_corrupt = rng.random(len(population))[: draw.n] < draw.strength
        indices = draw.first()
        x = population.x[indices]
        noise = rng.standard_normal(x.shape, np.float32) * (size * population.x.std(0))
        x[is_corrupt] += noise[is_corrupt]
        description = (
            f"drawn at random; the features of {is_corrupt.sum():,} of them are corrupted."
        )
        return draw.sample(
            indices,
            draw.equal_chance(),
            description,
            x=x,
            was_changed=is_corrupt,
        )
