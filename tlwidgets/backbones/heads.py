"""A head on frozen features: a logistic regression, solved to its end instead of trained in steps.

One place for what every head needs: features scaled alike, with a floor under their deviation, and
a penalty that grows with their number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from .. import _check

# Of the largest deviation. A feature that varies less is rounding: three of MiniLM's vary by 1e-33,
# divided by which the head had parameters of 1e29, and NaN two steps of fine-tuning later.
_SMALLEST_SCALE = 1e-6
_MOST_ITERATIONS = 999


def solve_head(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    strength: float = 3.0,
    class_weight: str | dict[Any, float] | None = None,
    sample_weight: ArrayLike | None = None,
) -> Pipeline:
    """Put the best head on these features, as far as these labels tell.

    Parameters
    ----------
    features : array, shape (n, d)
        What a frozen network sees, as `extract_features` gives.
    labels : array, shape (n,)
        The classes, two or more.
    strength : float, > 0
        How far the head may trust the features. Its inverse penalty is ``C = strength / d``: the
        more features, the less is each trusted.
    class_weight : "balanced", dict or None
        "balanced" lets each class count the same, however rare; as in scikit-learn.
    sample_weight : array, shape (n,), >= 0, optional
        How much each example counts.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted: a StandardScaler, whose scales have a floor, and a LogisticRegression. `to_keras`
        takes it, and `dense_parameters` hands it to a Dense layer.

    Raises
    ------
    TypeError, ValueError
        If an argument is not usable, or all labels are of one class.

    Examples
    --------
    >>> head = solve_head([[0.0, 1e-33], [1.0, 2e-33], [4.0, 1e-33], [5.0, 2e-33]], [0, 0, 1, 1])
    >>> head.predict([[0.5, 0.0], [4.5, 0.0]])
    array([0, 1])
    """
    n, n_features = _check.table("features", features).shape
    x, y = np.asarray(features), _check.outcomes("labels", labels, n)
    if len(np.unique(y)) < 2:
        raise ValueError(
            f"`labels` must hold at least two classes; got only {y[0]!r}, {n} times. Draw more "
            "examples, or some of each class."
        )
    strength = _check.positive("strength", strength, meaning="the inverse penalty of all features")
    if sample_weight is not None:
        sample_weight = _check.ratios("sample_weight", sample_weight)
    scaler = StandardScaler().fit(x)
    # Not of the scales: that of a constant feature is 1, and a random network's others are 1e-12.
    scaler.scale_ = np.maximum(scaler.scale_, _SMALLEST_SCALE * np.sqrt(scaler.var_.max()))
    regression = LogisticRegression(
        C=strength / n_features, class_weight=class_weight, max_iter=_MOST_ITERATIONS
    )
    regression.fit(scaler.transform(x), y, sample_weight=sample_weight)
    return make_pipeline(scaler, regression)


def dense_parameters(head: Pipeline) -> list[NDArray[np.float64]]:
    """Give me a solved head as kernel and bias of a Dense layer on the same features.

    Parameters
    ----------
    head : Pipeline
        Of `solve_head`.

    Returns
    -------
    list of two arrays
        Kernel, shape (d, k), and bias, shape (k,), for `Dense(k).set_weights`: logits, so the loss
        needs ``from_logits=True``. For two classes k is 1, the logit of the second.

    Raises
    ------
    TypeError
        If `head` is something else.

    Examples
    --------
    >>> kernel, bias = dense_parameters(solve_head([[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1]))
    >>> kernel.shape, bias.shape
    ((1, 1), (1,))
    """
    steps = [type(step) for _, step in head.steps] if isinstance(head, Pipeline) else []
    if steps != [StandardScaler, LogisticRegression]:
        raise TypeError(f"`head` must be what solve_head() returns; got {head!r}.")
    scaler, regression = (step for _, step in head.steps)
    kernel = regression.coef_ / scaler.scale_
    return [kernel.T, regression.intercept_ - kernel @ scaler.mean_]
