"""What the explorer learns with: the sample and its two parts, linear models, groups and scores.

Logistic regression, solved until its predictions are those of scikit-learn's; linear
discriminant analysis in closed form, because label cleaning fits it five times at each step of a
slider. x: features, s: sample_weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve, solve_triangular
from scipy.optimize import minimize
from scipy.special import softmax

from .._check import Floats
from ..shift import Population, Selection, SimpleRandom, make_mechanism
from .choice import Choice

# Inverse strength of the ridge, as in scikit-learn. Measured on the digits: 0.1 is as good as 1
# from 200 labels on, and better under label noise.
C = 0.1
ALPHA = 1.0
# How much of the covariance is replaced by a sphere: with 200 examples in 50 dimensions the
# plain estimate is hardly invertible.
SHRINKAGE = 0.1
# In the preconditioned coordinates. Measured: logits agree with scikit-learn's to 1e-5.
_GRADIENT_TOLERANCE = 1e-7
_MAX_ITERATIONS = 300
# Typical p (1 - p) of the softmax; only decides how fast the solver is. Measured: 0.03 needs a
# quarter fewer steps than 0.1.
_CURVATURE = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A linear classifier."""

    classes: NDArray[np.int64]  # shape (k,); those that it has seen, in order
    coef: Floats  # shape (d, k)
    intercept: Floats  # shape (k,)

    def logits(self, x: Floats) -> Floats:
        """Return the scores of all classes, shape (n, k)."""
        return np.asarray(x @ self.coef + self.intercept)

    def predict(self, x: Floats) -> NDArray[np.int64]:
        """Return the class of each example, shape (n,)."""
        return np.asarray(self.classes[self.logits(x).argmax(axis=1)])

    def proba(self, x: Floats) -> Floats:
        """Return the probabilities of the classes, shape (n, k)."""
        return np.asarray(softmax(self.logits(x), axis=1))

    def with_prior(self, label_ratio: Floats) -> Classifier:
        """Return the same classifier for a population with other shares of the classes."""
        return Classifier(
            self.classes, self.coef, self.intercept + np.log(np.maximum(label_ratio, 1e-12))
        )


def fit_discriminant(x: Floats, y: NDArray[Any]) -> Classifier:
    """Fit linear discriminant analysis with a shrunken covariance, in closed form.

    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, eq. 4.9 to 4.11
    and 4.14. Measured: a fiftieth of the time of scikit-learn's, with one covariance per class.
    """
    classes, codes = np.unique(y, return_inverse=True)
    indicator = np.eye(len(classes))[codes] / len(x)
    share = indicator.sum(axis=0)
    means = (indicator.T @ x) / share[:, None]
    rest = x - means[codes]
    covariance = rest.T @ rest / len(x)
    scale = np.trace(covariance) / len(covariance) or 1.0
    covariance *= 1 - SHRINKAGE
    covariance.flat[:: len(covariance) + 1] += SHRINKAGE * scale
    coef = solve(covariance, means.T, assume_a="pos", check_finite=False)
    return Classifier(classes, coef, np.log(share) - 0.5 * (means.T * coef).sum(axis=0))


def fit_logistic(x: Floats, y: NDArray[Any], sample_weight: Floats) -> Classifier:
    """Fit the logistic regression that `LogisticRegression(C=0.1)` of scikit-learn fits.

    L-BFGS runs in coordinates in which the Hessian is near the identity (the Cholesky factor of
    the weighted second moments of x): a third of the steps, and hence as exact in the same time.
    Measured with scikit-learn's own solver in CPU time, one thread: 1,400 x 50 correlated features
    in 10 classes 450 ms instead of 74, five unscaled features in 100 classes 8 s instead of 0.2.
    """
    x, classes, codes, s = _prepared(x, y, sample_weight)
    k = len(classes)
    if k == 1:
        return Classifier(classes, np.zeros((x.shape[1], 1)), np.zeros(1))
    penalty = 1 / (C * sample_weight.sum())
    centre = s @ x
    rest = x - centre
    factor = cholesky(
        _CURVATURE * (rest * s[:, None]).T @ rest + penalty * np.eye(x.shape[1]),
        lower=True,
        check_finite=False,
    )
    z = solve_triangular(factor, rest.T, lower=True, check_finite=False)
    inverse = solve_triangular(factor, np.eye(len(factor)), lower=True, check_finite=False)
    loss = _binary_loss if k == 2 else _softmax_loss
    z = np.vstack([z, np.full(len(s), _CURVATURE**-0.5)])
    v = _minimum(loss(z, codes, s, penalty * inverse @ inverse.T), (len(z), 1 if k == 2 else k))
    coef = inverse.T @ v[:-1]
    intercept = v[-1] * _CURVATURE**-0.5 - centre @ coef
    if k == 2:  # one score against zero, as scikit-learn has it
        coef, intercept = coef * [0, 1], intercept * [0, 1]
    return Classifier(classes, coef, intercept)


def _prepared(
    x: Floats, y: NDArray[Any], sample_weight: Floats
) -> tuple[Floats, NDArray[np.int64], NDArray[np.intp], Floats]:
    """Return features, classes, their codes and weights that sum to 1, of those that count."""
    counts = sample_weight > 0
    if not counts.all():
        x, y, sample_weight = x[counts], y[counts], sample_weight[counts]
    classes, codes = np.unique(y, return_inverse=True)
    return x, classes, codes, sample_weight / sample_weight.sum()


def _minimum(loss: Any, shape: tuple[int, int]) -> Floats:
    found = minimize(
        loss,
        np.zeros(shape[0] * shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": _MAX_ITERATIONS,
            "gtol": _GRADIENT_TOLERANCE,
            "ftol": 0.0,
            "maxcor": 20,
        },
    )
    return np.asarray(found.x.reshape(shape))


def _softmax_loss(z: Floats, codes: NDArray[np.intp], s: Floats, penalty: Floats) -> Any:
    """Return the function v -> (weighted cross-entropy plus penalty, gradient)."""
    columns = np.arange(len(codes))
    indicator = np.zeros((codes.max() + 1, len(codes)))
    indicator[codes, columns] = s
    observed = z @ indicator.T

    def loss(flat: Floats) -> tuple[float, Floats]:
        v = flat.reshape(observed.shape)
        # Classes in rows: NumPy reduces over them ten times as fast as over short rows.
        scores = v.T @ z
        scores -= scores.max(axis=0)
        own = scores[codes, columns]
        np.exp(scores, out=scores)
        total = scores.sum(axis=0)
        scores *= s / total
        gradient = z @ scores.T
        gradient -= observed
        pulled = penalty @ v[:-1]
        gradient[:-1] += pulled
        value = s @ (np.log(total) - own) + 0.5 * np.vdot(v[:-1], pulled)
        return float(value), gradient.ravel()

    return loss


def _binary_loss(z: Floats, codes: NDArray[np.intp], s: Floats, penalty: Floats) -> Any:
    """Return the function v -> (weighted cross-entropy plus penalty, gradient)."""
    sign = 2.0 * codes - 1.0

    def loss(v: Floats) -> tuple[float, Floats]:
        margin = sign * (v @ z)
        wrong = 1 / (1 + np.exp(np.clip(margin, -500, 500)))
        gradient = z @ (-s * sign * wrong)
        pulled = penalty @ v[:-1]
        gradient[:-1] += pulled
        return float(s @ np.logaddexp(0, -margin) + 0.5 * v[:-1] @ pulled), gradient

    return loss


def fit_ridge(x: Floats, y: Floats, sample_weight: Floats) -> Any:
    """Fit ridge regression."""
    from sklearn.linear_model import Ridge

    return Ridge(alpha=ALPHA).fit(x, y, sample_weight=sample_weight)


# The sample that was chosen, a fair one of the same size, and how both are divided.

HOLD_OUT = 0.3
# Each use of chance has a stream of its own, so that none disturbs another.
SPLIT, FAIR, FOLDS = 1, 2, 3


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A selection, and which of it a model learns from."""

    selection: Selection
    is_train: NDArray[np.bool_]

    @property
    def training_part(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Features and labels to learn from."""
        return self.selection.x[self.is_train], self.selection.labels[self.is_train]


def draw(population: Population, choice: Choice) -> Sample:
    """Return the biased sample."""
    mechanism = make_mechanism(
        choice.mechanism, choice.kind, covariate=choice.covariate, region=choice.region
    )
    rng = np.random.default_rng(choice.seed)
    selection = mechanism(population, choice.strength, choice.n, rng)
    return Sample(selection, split(selection.labels, choice.seed, population.has_classes))


def draw_fairly(population: Population, choice: Choice) -> Sample:
    """Return a simple random sample of the same size."""
    rng = np.random.default_rng([choice.seed, FAIR])
    selection = SimpleRandom()(population, 0.0, choice.n, rng)
    return Sample(selection, split(selection.labels, choice.seed, population.has_classes))


def split(labels: NDArray[Any], seed: int, has_classes: bool) -> NDArray[np.bool_]:
    """Choose seven tenths to learn from; of each class alike, to one example."""
    n = len(labels)
    order = shuffled(labels, np.random.default_rng([seed, SPLIT]), has_classes)
    is_train = np.ones(n, bool)
    is_train[order[np.diff(np.floor(np.arange(n + 1) * HOLD_OUT)) == 1]] = False
    return is_train


def shuffled(
    labels: NDArray[Any], rng: np.random.Generator, has_classes: bool
) -> NDArray[np.int64]:
    """Return a random order in which the examples of a class follow one another."""
    luck = rng.random(len(labels))
    return np.lexsort((luck, labels)) if has_classes else np.argsort(luck)


# Whose score is told apart, and by what a sample can be divided into strata.


class Grouping(Enum):
    """What makes the groups."""

    CLASSES = "classes"
    OWN = "the population's own groups"
    CATEGORIES = "categories of the covariate"
    THIRDS = "thirds of the covariate"


def grouping(population: Population, choice: Choice) -> Grouping:
    """Return what makes the groups.

    Where classes are skewed it is the classes; else the population's own groups; and where it has
    none, the covariate that was chosen.
    """
    if choice.mechanism == "data skew" and population.has_classes:
        return Grouping.CLASSES
    if (population.group != population.group[0]).any():
        return Grouping.OWN
    is_number = is_numeric(population.covariates[choice.covariate])
    return Grouping.THIRDS if is_number else Grouping.CATEGORIES


def groups_of(population: Population, choice: Choice) -> NDArray[np.str_]:
    """Return the group of each example of the population."""
    how = grouping(population, choice)
    if how is Grouping.CLASSES:
        return np.array(population.class_names, np.str_).take(population.y)
    if how is Grouping.OWN:
        return population.group
    values = population.covariates[choice.covariate]
    if how is Grouping.CATEGORIES:
        return values
    cuts = np.quantile(values, [1 / 3, 2 / 3])
    return np.array(names_of_thirds(choice.covariate))[np.searchsorted(cuts, values)]


def names_of_thirds(covariate: str) -> tuple[str, ...]:
    """Return what the thirds of a numeric covariate are called, the lowest first."""
    return tuple(f"{third} {covariate}" for third in ("low", "middle", "high"))


def is_numeric(values: NDArray[Any]) -> bool:
    """Tell whether a covariate holds numbers, and not categories."""
    return values.dtype.kind == "f"


# How well a model does: overall and for each group.


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a model does on some examples."""

    overall: float  # accuracy, 0..1; for a numeric outcome the root mean squared error
    by_group: Mapping[str, float]  # NaN where the examples hold nobody of that group


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Turns predictions into scores."""

    names: tuple[str, ...]  # of the groups
    codes: NDArray[np.int64]  # shape (n_population,): the group of each example
    has_classes: bool  # accuracy counts, not the root mean squared error

    def quality(self, prediction: NDArray[Any], y: NDArray[Any]) -> Floats:
        """Return for each example 1 if it is right, else 0; for a number its squared error."""
        if self.has_classes:
            return np.asarray(prediction == y, np.float64)
        return np.asarray((prediction - y) ** 2)

    def score(self, quality: Floats, indices: NDArray[Any] | slice, sample_weight: Floats) -> Score:
        """Return the weighted score of some examples of the population, overall and by group."""
        group, n_groups = self.codes[indices], len(self.names)
        total = np.bincount(group, sample_weight, n_groups)
        sums = np.bincount(group, sample_weight * quality, n_groups)
        with np.errstate(invalid="ignore", divide="ignore"):
            means, overall = sums / total, sums.sum() / total.sum()
        if not self.has_classes:
            means, overall = np.sqrt(means), np.sqrt(overall)
        by_group = dict(zip(self.names, means.tolist(), strict=True))
        return Score(overall=float(overall), by_group=by_group)


def make_judge(groups: NDArray[np.str_], *, has_classes: bool) -> Judge:
    """Return who scores by these groups of the population."""
    names, codes = np.unique(groups, return_inverse=True)
    return Judge(tuple(names.tolist()), codes, has_classes)
