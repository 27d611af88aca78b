"""The four ways in which a sample comes to differ from its population, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import _check
from .._check import Floats, Indices
from .distances import Convenience, Diverse, Snowball, clusters_of
from .population import (
    Draw,
    Mechanism,
    Population,
    Selection,
    box,
    count_classes,
    first_of,
    normalised,
    place_in_stratum,
    pool_size,
    uniform,
)

# Data skew: p(x | y) stays, p(y) changes. This is the label shift of Saerens et al. (2002) and
# Lipton et al. (2018).

AT_LEAST = 2  # of each class: one to learn from, one to test with
LARGEST_ODDS = 100.0


@dataclass(frozen=True, slots=True)
class ClassSkew(Mechanism):
    """Draw mostly examples of some classes; the others become rare.

    Each class keeps at least two examples (or its only one), so that a model can know of it.

    Parameters
    ----------
    favoured : tuple of int or str, default ()
        Classes by number or name. Empty: the first half of the classes. At strength s an example
        of another class has 1 - 0.99 s of the chance of a favoured one.

    Notes
    -----
    `Selection.probability` is the chance by class alone; it does not know of the two that each
    class keeps, which matters only where a class would have none or one otherwise.
    """

    favoured: tuple[int | str, ...] = ()

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        k = count_classes(draw.population, task="a skew of the classes")
        favoured = _class_numbers("favoured", self.favoured, draw.population.class_names)
        favoured = favoured or list(range((k + 1) // 2))
        chance = np.full(k, 1 - draw.strength * (1 - 1 / LARGEST_ODDS))
        chance[favoured] = 1.0
        return _drawn_by_class(draw, chance, favoured)


def _class_numbers(name: str, value: tuple[int | str, ...], names: tuple[str, ...]) -> list[int]:
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


@dataclass(frozen=True, slots=True)
class LongTail(Mechanism):
    """Draw a few classes often and most of them ever more rarely, as in nature.

    Class c of k keeps 100^(-s c / (k - 1)) of its chance at strength s, and at least two
    examples.

    Notes
    -----
    `Selection.probability` as in `ClassSkew`.

    References
    ----------
    Cui et al. 2019, "Class-balanced loss based on effective number of samples", section 5.1.
    """

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        k = count_classes(draw.population, task="a long tail of classes")
        return _drawn_by_class(draw, LARGEST_ODDS ** (-draw.strength * np.arange(k) / (k - 1)), [0])


def _drawn_by_class(draw: Draw, chance: Floats, favoured: list[int]) -> Selection:
    if draw.strength == 0:
        return draw.at_random()
    y = draw.population.y
    names = draw.population.class_names
    n_per_class = np.bincount(y, minlength=len(names))
    _check_room(draw.n, n_per_class, names)
    log_chance = np.log(chance)[y]
    key = draw.log_key - log_chance
    key[_first_of_each_class(key, y, len(names))] = -np.inf
    indices = first_of(key, draw.n)
    n_drawn = np.bincount(y[indices], minlength=len(names))
    rare = int(np.argmin(n_drawn))
    often = max(favoured, key=lambda c: n_drawn[c])
    description = (
        f"drawn more often from some classes: {names[often]!r} stands in it {n_drawn[often]:,} "
        f"times, {names[rare]!r} only {n_drawn[rare]:,}."
    )
    return draw.sample(indices, normalised(log_chance), description)


def _check_room(n: int, n_per_class: Indices, names: tuple[str, ...]) -> None:
    """Refuse a skewed sample that would leave a class empty."""
    missing = [name for name, count in zip(names, n_per_class, strict=True) if count == 0]
    if missing:
        raise ValueError(
            f"`population` must hold each class for a skew; it has no example of {missing}. Leave "
            "these classes out, or take strength 0."
        )
    n_needed = int(np.minimum(n_per_class, AT_LEAST).sum())
    if n < n_needed:
        raise ValueError(
            f"`n` must be at least {n_needed}, {AT_LEAST} for each of the {len(names)} classes; "
            f"got {n}, which leaves a class empty. Take a larger `n`, or strength 0."
        )


def _first_of_each_class(key: Floats, y: Indices, k: int) -> Indices:
    """Return where the first `AT_LEAST` of each class are, or the only one.

    They come first in any case where a class has enough; where not, they push out others.
    """
    order: Indices = np.lexsort((key, y))
    starts = np.searchsorted(y[order], np.arange(k))
    is_first = np.arange(len(y)) - starts[y[order]] < AT_LEAST
    return order[is_first]


# Domain shift: p(drawn | x, y) = p(drawn | x), the covariate shift of Shimodaira (2000). With a
# number, the odds follow a logistic curve in the standardised covariate z, sigmoid(s / (1 - s) z).


@dataclass(frozen=True, slots=True)
class CovariateSelection(Mechanism):
    """Draw mostly those with a high (or low) value of something, or of one category.

    Parameters
    ----------
    covariate : str
        A name in the population's `covariates`.
    towards : str, default "high"
        "high" or "low" for a number: strength 1 draws nobody on the other side of the mean. A
        category otherwise: the others' odds fall to (1 - strength)^2, and to none at strength 1.

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

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        known = draw.population.covariates
        _check.one_of("covariate", self.covariate, known, kind="covariate")
        values = np.asarray(known[self.covariate])
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
            raise _no_spread(self.covariate, str(categories[0]))
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
        n_favoured = int(is_favoured.sum())
        if draw.strength == 1 and draw.n > n_favoured:
            raise ValueError(
                f"`n` must be at most {n_favoured}, because only {n_favoured} examples are where "
                f"{side}; got {draw.n}. Take a smaller `n` or a strength below 1."
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
        raise ValueError(
            f"`towards` must be 'high' or 'low', because {name!r} is a number; got {towards!r}."
        )
    values = values.astype(np.float64)
    n_missing = int((~np.isfinite(values)).sum())
    if n_missing:
        raise ValueError(
            f"`covariate` must be finite; {name!r} has {n_missing} NaN or infinite values. Fill "
            "them or choose another covariate."
        )
    spread = np.ptp(values)
    if spread == 0:
        raise _no_spread(name, float(values[0]))
    # By the range first: squares of very large or very small values would overflow.
    z: Floats = (values - values.mean()) / spread
    z /= z.std()
    return z if towards == "high" else -z


def _no_spread(name: str, value: object) -> ValueError:
    return ValueError(
        f"`covariate` must differ between examples; {name!r} is {value!r} for all of them. "
        "Choose another covariate."
    )


# Dataset quality: the sample is drawn fairly, and then something goes wrong with a share `strength`
# of it. Wrong labels (Angluin and Laird 1988: symmetric; Xia et al. 2020: dependent on the
# features), copies of the same examples, corrupted features.

NOISE_KINDS = ("symmetric", "pair flip", "feature dependent")
MOST_COPIES = 10  # of each example, at strength 1


@dataclass(frozen=True, slots=True)
class LabelNoise(Mechanism):
    """Write a wrong label on a share of the sample.

    Parameters
    ----------
    kind : "symmetric", "pair flip" or "feature dependent", default "symmetric"
        Any other class with the same chance; always the next class; or the class that the
        example is nearest to, and above all for examples that lie between two classes.

    Notes
    -----
    A simple random sample of examples: `Selection.probability` is uniform.
    """

    kind: Literal["symmetric", "pair flip", "feature dependent"] = "symmetric"

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        _check.one_of("kind", self.kind, NOISE_KINDS, kind="label noise")
        k = count_classes(draw.population, task="wrong labels")
        population, indices = draw.population, draw.first()
        luck, step = rng.random(len(population)), rng.integers(1, k, len(population))
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
class Duplicates(Mechanism):
    """Let a share of the sample be copies of a few of its examples.

    The first tenth of the examples that are drawn is what gets copied, and at strength 1 only
    they remain, each ten times on average.

    Notes
    -----
    `Selection.probability` is uniform, the chance of the originals.
    """

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        copied_from = rng.random(len(draw.population))[: draw.n]
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
class Corruption(Mechanism):
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

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        size = _check.number("size", self.size, low=0, high=1000, meaning="times the spread")
        is_corrupt = rng.random(len(draw.population))[: draw.n] < draw.strength
        indices = draw.first()
        x = draw.population.x[indices]
        noise = rng.standard_normal(x.shape, np.float32) * (size * draw.population.x.std(0))
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


# Sampling strategies that leave it to chance: simple random, stratified, cluster, a region.

Box = tuple[float, float, float, float]  # left, bottom, right, top on the map, each 0..1
N_CLUSTERS = 30
N_BANDS = 5  # into which stratified sampling cuts a number


@dataclass(frozen=True, slots=True)
class SimpleRandom(Mechanism):
    """Draw everybody with the same chance, whatever the strength."""

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        return draw.at_random()


@dataclass(frozen=True, slots=True)
class Stratified(Mechanism):
    """Draw from each class (or other stratum) as many as its share of the population.

    Not a bias but the opposite: at strength 1 the shares are exact but for rounding.

    Parameters
    ----------
    by : str, default "class"
        "class", or a name in the population's `covariates`; a number is cut into five bands of
        equal size. Where the outcome is a number, "class" means bands of the outcome.

    Notes
    -----
    `Selection.probability` is uniform: nobody is favoured, only luck is taken out.
    """

    by: str = "class"

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        known = ("class", *draw.population.covariates)
        _check.one_of("by", self.by, known, kind="class or covariate")
        if draw.strength == 0:
            return draw.at_random()
        stratum = strata(draw.population, self.by)
        place = place_in_stratum(draw.log_key, stratum, rng.random(int(stratum.max()) + 1))
        chance = -np.expm1(-np.exp(draw.log_key))  # uniform in 0..1, in the order of the keys
        indices = first_of((1 - draw.strength) * chance + draw.strength * place, draw.n)
        description = (
            f"drawn at random from each of {len(np.unique(stratum))} strata of {self.by!r}, in "
            "proportion to their size."
        )
        return draw.sample(indices, draw.equal_chance(), description)


@dataclass(frozen=True, slots=True)
class Cluster(Mechanism):
    """Draw whole clusters of similar examples, as one visits a few schools instead of all.

    The stronger, the fewer clusters: at strength 1 as few as hold `n` examples. Clusters are
    found in the features by k-means, once per population.

    Notes
    -----
    `Selection.probability` is the chance once the clusters are picked: uniform in them, 0
    elsewhere. Before that everybody has the same chance; it is luck that misleads, not a rule.
    """

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        cluster = clusters_of(draw.population, N_CLUSTERS)
        n_per_cluster = np.bincount(cluster, minlength=N_CLUSTERS)
        visit = rng.permutation(N_CLUSTERS)
        reached = np.cumsum(n_per_cluster[visit])
        n_visited = int(np.searchsorted(reached, pool_size(draw))) + 1
        is_visited = np.isin(cluster, visit[:n_visited])
        return draw.sample(
            draw.among(is_visited),
            uniform(is_visited),
            f"drawn at random in {np.sum(n_per_cluster[visit[:n_visited]] > 0)} of "
            f"{np.sum(n_per_cluster > 0)} clusters of similar examples; nobody from the others.",
        )


@dataclass(frozen=True, slots=True)
class Region(Mechanism):
    """Draw inside a region of the map: a share `strength` of the sample, the rest anywhere.

    Parameters
    ----------
    box : (left, bottom, right, top), each 0..1
        On the population's map.
    """

    box: Box

    def _draw(self, draw: Draw, rng: np.random.Generator) -> Selection:
        left, bottom, right, top = box(self.box)
        across, up = draw.population.position.T
        is_inside = (across >= left) & (across <= right) & (up >= bottom) & (up <= top)
        n_inside = int(is_inside.sum())
        n_needed = max(1, int(np.ceil(draw.strength * draw.n)))
        if n_inside < n_needed:
            raise ValueError(
                f"The region must hold at least {n_needed} examples for this `n` and `strength`; "
                f"it holds {n_inside}. Brush a larger region, or take a smaller `n` or strength."
            )
        if draw.strength == 0:
            return draw.at_random()
        return _drawn_in_region(draw, is_inside)


def _drawn_in_region(draw: Draw, is_inside: NDArray[np.bool_]) -> Selection:
    outside = (1 - draw.strength) / len(is_inside)
    chance: Floats = np.where(is_inside, draw.strength / is_inside.sum() + outside, outside)
    with np.errstate(divide="ignore"):
        log_chance = np.log(chance)
    indices = draw.first(log_chance)
    share = 100 * np.mean(is_inside[indices])
    description = (
        f"{share:.0f} % of them drawn inside the region of the map, where "
        f"{100 * np.mean(is_inside):.0f} % of the population is."
    )
    return draw.sample(indices, normalised(log_chance), description)


def strata(population: Population, by: str) -> Indices:
    """Return the stratum of each example: its class, category, or band of equal size."""
    if by == "class" and population.has_classes:
        return population.y.astype(np.int64)
    return bands_of(population.y if by == "class" else np.asarray(population.covariates[by]))


def bands_of(values: NDArray[Any]) -> Indices:
    """Return the number of each value's category, or of a number's band of equal size."""
    if values.dtype.kind in "iufb":
        edges = np.nanquantile(values, np.arange(1, N_BANDS) / N_BANDS)
        return np.searchsorted(edges, values, side="right")
    return np.unique(values.astype(str), return_inverse=True)[1].astype(np.int64)


# All of them by name, each with what is to be said of it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way in which a sample comes to differ; whoever adds one says all of this.

    Parameters
    ----------
    make : callable (covariate, region) -> Mechanism
        Most need neither.
    needs_classes : bool
        Whether it is not defined for a numeric outcome, or for a single class.
    too_kind, too_harsh : str
        Why the sample's own test set then says too much of a model, or too little, after
        "because"; empty where only luck does that. Both empty: nobody is favoured.
    has_strength : bool
        Whether it can be stronger or weaker; chance alone cannot.
    """

    make: Callable[[str, Box | None], Mechanism]
    needs_classes: bool
    too_kind: str
    too_harsh: str
    has_strength: bool

    @property
    def is_fair(self) -> bool:
        """Whether nobody is favoured and nothing is damaged, whatever the strength."""
        return not (self.too_kind or self.too_harsh)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family(Mapping[str, Kind]):
    """Kinds that differ for the same reason, by name, and what their two controls are called."""

    kind_label: str
    strength_label: str
    kinds: dict[str, Kind]

    def __getitem__(self, name: str) -> Kind:
        return self.kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)


def _biased(make: Callable[[str, Box | None], Mechanism]) -> Kind:
    why = "it has the same bias as the sample"
    return Kind(make=make, needs_classes=False, too_kind=why, too_harsh="", has_strength=True)


def _skewed(make: Callable[[], Mechanism]) -> Kind:
    why = "it has hardly any of the rare classes, in which the model is poor"
    return Kind(
        make=lambda *_: make(), needs_classes=True, too_kind=why, too_harsh="", has_strength=True
    )


def _mislabelled(kind: Literal["symmetric", "pair flip", "feature dependent"]) -> Kind:
    why = "its own labels are partly wrong"
    return Kind(
        make=lambda *_: LabelNoise(kind),
        needs_classes=True,
        too_kind="",
        too_harsh=why,
        has_strength=True,
    )


def _fair(make: Callable[[], Mechanism], *, has_strength: bool) -> Kind:
    return Kind(
        make=lambda *_: make(),
        needs_classes=False,
        too_kind="",
        too_harsh="",
        has_strength=has_strength,
    )


MORE_OF = "more of "  # and then a category, where the covariate is one

#: By mechanism and kind: what makes one, and what is said of it.
MECHANISMS: dict[str, Family] = {
    "domain shift": Family(
        kind_label="Draw",
        strength_label="How strongly",
        kinds={
            "more of the high": _biased(lambda covariate, _: CovariateSelection(covariate, "high")),
            "more of the low": _biased(lambda covariate, _: CovariateSelection(covariate, "low")),
        },
    ),
    "data skew": Family(
        kind_label="Draw",
        strength_label="How strongly",
        kinds={"half the classes": _skewed(ClassSkew), "long tail": _skewed(LongTail)},
    ),
    "dataset quality": Family(
        kind_label="Damage",
        strength_label="How much",
        kinds={
            "symmetric noise": _mislabelled("symmetric"),
            "pair flip": _mislabelled("pair flip"),
            "feature-dependent noise": _mislabelled("feature dependent"),
            "duplicates": Kind(
                make=lambda *_: Duplicates(),
                needs_classes=False,
                too_kind="copies of the same examples stand in both parts",
                too_harsh="",
                has_strength=True,
            ),
            "corrupted features": Kind(
                make=lambda *_: Corruption(),
                needs_classes=False,
                too_kind="it is corrupted in the same way",
                too_harsh="its own features are corrupted",
                has_strength=True,
            ),
        },
    ),
    "sampling strategy": Family(
        kind_label="Strategy",
        strength_label="How strictly",
        kinds={
            "simple random": _fair(SimpleRandom, has_strength=False),
            "stratified": _fair(Stratified, has_strength=True),
            "cluster": _biased(lambda *_: Cluster()),
            "convenience": _biased(lambda *_: Convenience()),
            "snowball": _biased(lambda *_: Snowball()),
            "region": _biased(lambda _, region: Region(box(region, "region"))),
            "diverse": _fair(Diverse, has_strength=True),
        },
    ),
}


def find_kind(mechanism: str, kind: str) -> Kind:
    """Return what stands under these names; in a domain shift also "more of <category>"."""
    kinds = MECHANISMS[_check.one_of("mechanism", mechanism, MECHANISMS, kind="mechanism")]
    if mechanism == "domain shift" and kind not in kinds and str(kind).startswith(MORE_OF):
        category = kind.removeprefix(MORE_OF)
        return _biased(lambda covariate, _: CovariateSelection(covariate, category))
    return kinds[_check.one_of("kind", kind, kinds, kind="way of " + mechanism)]


def make_mechanism(
    mechanism: str, kind: str, *, covariate: str = "", region: Box | None = None
) -> Mechanism:
    """Return the mechanism with this name.

    Parameters
    ----------
    mechanism : str
        A key of `MECHANISMS`.
    kind : str
        One of its kinds; in a domain shift also "more of <category>".
    covariate : str
        What a domain shift depends on.
    region : (left, bottom, right, top), each 0..1, optional
        Of the map, for the sampling strategy "region".

    Examples
    --------
    >>> make_mechanism("domain shift", "more of mono", covariate="module type")
    CovariateSelection(covariate='module type', towards='mono')
    """
    return find_kind(mechanism, kind).make(covariate, region)
