"""The models of the bias explorer: two for classes, one for numbers, all linear.

While a slider is dragged, linear discriminant analysis in closed form; when it is let go,
logistic regression, solved until its predictions are those of scikit-learn's; for a numeric
outcome ridge regression. x: features, s: sample_weight, W: coefficients, b: intercepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve, solve_triangular
from scipy.optimize import minimize

Floats = NDArray[np.float64]

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
    """A linear classifier.

    Parameters
    ----------
    classes : array of int64, shape (k,)
        Those that it has seen, in order.
    coef : array of float64, shape (d, k)
    intercept : array of float64, shape (k,)
    """

    classes: NDArray[np.int64]
    coef: Floats
    intercept: Floats

    def logits(self, x: Floats) -> Floats:
        """Return the scores of all classes, shape (n, k)."""
        return np.asarray(x @ self.coef + self.intercept)

    def predict(self, x: Floats) -> NDArray[np.int64]:
        """Return the class of each example, shape (n,)."""
        return np.asarray(self.classes[self.logits(x).argmax(axis=1)])

    def proba(self, x: Floats) -> Floats:
        """Return the probabilities of the classes, shape (n, k)."""
        scores = self.logits(x)
        np.exp(scores - scores.max(axis=1, keepdims=True), out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def with_prior(self, label_ratio: Floats) -> Classifier:
        """Return the same classifier for a population with other shares of the classes.

        Parameters
        ----------
        label_ratio : array, shape (k,), >= 0
            Share in the population over share in the sample.
        """
        return Classifier(
            self.classes, self.coef, self.intercept + np.log(np.maximum(label_ratio, 1e-12))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Regressor:
    """A linear prediction of a numeric outcome."""

    coef: Floats
    intercept: float

    def predict(self, x: Floats) -> Floats:
        """Return the predicted outcome of each example, shape (n,)."""
        return np.asarray(x @ self.coef + self.intercept)


def fit_discriminant(x: Floats, y: NDArray[Any], sample_weight: Floats) -> Classifier:
    """Fit linear discriminant analysis with a shrunken covariance, in closed form.

    Parameters
    ----------
    x : array, shape (n, d)
    y : array of int64, shape (n,)
    sample_weight : array, shape (n,), >= 0

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, eq. 4.9 to 4.11
    and 4.14.
    """
    x, classes, codes, s = _prepared(x, y, sample_weight)
    indicator = np.zeros((len(x), len(classes)))
    indicator[np.arange(len(x)), codes] = s
    share = indicator.sum(axis=0)
    means = (indicator.T @ x) / share[:, None]
    rest = (x - means[codes]) * np.sqrt(s)[:, None]
    covariance = rest.T @ rest
    d = len(covariance)
    scale = np.trace(covariance) / d or 1.0
    covariance *= 1 - SHRINKAGE
    covariance.flat[:: d + 1] += SHRINKAGE * scale
    coef = solve(covariance, means.T, assume_a="pos", check_finite=False)
    return Classifier(classes, coef, np.log(share) - 0.5 * (means.T * coef).sum(axis=0))


def fit_logistic(x: Floats, y: NDArray[Any], sample_weight: Floats) -> Classifier:
    """Fit the logistic regression that `LogisticRegression(C=0.1)` of scikit-learn fits.

    L-BFGS runs in coordinates in which the Hessian is near the identity (the Cholesky factor of
    the weighted second moments of x): a third of the steps, and hence as exact in the same time.

    Parameters
    ----------
    x : array, shape (n, d)
    y : array of int64, shape (n,)
    sample_weight : array, shape (n,), >= 0
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


def fit_ridge(x: Floats, y: NDArray[Any], sample_weight: Floats) -> Regressor:
    """Fit the ridge regression that `Ridge(alpha=1)` of scikit-learn fits."""
    s = sample_weight / sample_weight.sum()
    x_mean, y_mean = s @ x, s @ y
    rest = x - x_mean
    weighted = rest * sample_weight[:, None]
    coef = solve(
        weighted.T @ rest + ALPHA * np.eye(x.shape[1]),
        weighted.T @ (y - y_mean),
        assume_a="pos",
        check_finite=False,
    )
    return Regressor(coef, float(y_mean - x_mean @ coef))


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
