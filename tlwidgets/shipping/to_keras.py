"""A network and a scikit-learn head as one Keras model: what is shipped is what was measured."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from .. import _check
from ..backbones import BlockTaps

# Normalization takes 1e-7 for every smaller scale; a network with random parameters has features of
# 1e-12, and would be shipped as another one than was measured.
_SMALLEST_SCALE = 1e-6
_HEADS = "a fitted LogisticRegression, or a Pipeline of StandardScaler and LogisticRegression"


class _Head(NamedTuple):
    """What a head computes: ``softmax(((x - mean) / scale) @ kernel + bias)``."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    kernel: NDArray[np.float64]
    bias: NDArray[np.float64]


def to_keras(network: keras.Model | BlockTaps, head: Pipeline | LogisticRegression) -> keras.Model:
    """Join the network that made the features and the head that learned from them.

    Parameters
    ----------
    network : keras.Model or BlockTaps
        Takes raw pixels, gives features of shape (n, d); for instance of `load_backbone`, or of
        `tap_blocks`. Several outputs are put side by side, in their order.
    head : Pipeline or LogisticRegression
        Fitted on these features: a LogisticRegression, alone or after a StandardScaler.

    Returns
    -------
    keras.Model
        From raw pixels to one probability per class, in the order of ``head.classes_``; for two
        classes there are two columns, too. The same as ``head.predict_proba(features)`` up to
        rounding.

    Raises
    ------
    TypeError, ValueError
        If the network gives no flat features, or the head is of another kind, not fitted, or
        fitted on another number of features.

    Notes
    -----
    The two parts that are added are a Normalization and a Dense layer with softmax: Keras can read
    the saved file without scikit-learn, and without tlwidgets for every network of `load_backbone`,
    `load_mini` and `load_glyph_net`. The new model shares its layers with `network`: save it before
    you train the network further.
    """
    inputs, features = _features(network)
    learned = _read_head(head, features.shape[-1])
    x = layers.Normalization(mean=learned.mean, variance=learned.scale**2, name="standardise")(
        features
    )
    probabilities = layers.Dense(len(learned.bias), activation="softmax", name="probabilities")
    outputs = probabilities(x)
    probabilities.set_weights([learned.kernel, learned.bias])
    return keras.Model(inputs, outputs, name=f"{inputs.name}_to_probabilities")


def _features(network: Any) -> tuple[Any, Any]:
    model = network.model if isinstance(network, BlockTaps) else network
    _check.functional_model("network", model)
    shapes = [tuple(output.shape) for output in model.outputs]
    if len(model.inputs) != 1 or any(len(shape) != 2 or None in shape[1:] for shape in shapes):
        raise ValueError(
            "`network` must have one input and give features of shape (n, d); got "
            f"{len(model.inputs)} inputs and outputs of shape {', '.join(map(str, shapes))}. Load "
            "it with pooling='avg', or take its blocks with tap_blocks()."
        )
    if len(model.outputs) == 1:
        return model.inputs[0], model.outputs[0]
    return model.inputs[0], layers.Concatenate(name="features")(model.outputs)


def _read_head(head: Any, n_features: int) -> _Head:
    scaler, logistic = _parts(head)
    try:
        check_is_fitted(logistic)
        if scaler is not None:
            check_is_fitted(scaler)
    except NotFittedError:
        raise ValueError(
            f"`head` must be fitted; got {head!r}, which is not. Call head.fit(features, y) first."
        ) from None
    if head.n_features_in_ != n_features:
        raise ValueError(
            "`head` must have learned from the features of `network`; the network gives "
            f"{n_features}, the head expects {head.n_features_in_}. Fit it on "
            "extract_features(network, images)."
        )
    learned = _Head(*_standardising(scaler, n_features), *_linear(logistic))
    _check_softmax(logistic, learned)
    return _without_tiny_scales(learned)


def _without_tiny_scales(learned: _Head) -> _Head:
    """Return the same head with scales that Keras would round up moved into the kernel."""
    moved = np.where(learned.scale < _SMALLEST_SCALE, learned.scale, 1.0)
    return learned._replace(scale=learned.scale / moved, kernel=learned.kernel / moved[:, None])


def _parts(head: Any) -> tuple[StandardScaler | None, LogisticRegression]:
    steps = [step for _, step in head.steps] if isinstance(head, Pipeline) else [head]
    *before, logistic = steps
    is_known = isinstance(logistic, LogisticRegression) and len(before) <= 1
    if not is_known or not all(isinstance(step, StandardScaler) for step in before):
        names = ", ".join(type(step).__name__ for step in steps)
        raise TypeError(
            f"`head` must be {_HEADS}; got {names}. Other steps have no Keras layer here: fit "
            "make_pipeline(StandardScaler(), LogisticRegression())."
        )
    return (before[0] if before else None), logistic


def _standardising(scaler: Any, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    has_mean = scaler is not None and scaler.with_mean
    has_scale = scaler is not None and scaler.scale_ is not None
    return scaler.mean_ if has_mean else np.zeros(n), scaler.scale_ if has_scale else np.ones(n)


def _linear(logistic: LogisticRegression) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    kernel, bias = logistic.coef_.T, np.broadcast_to(logistic.intercept_, len(logistic.coef_))
    if len(logistic.classes_) > 2:
        return kernel, bias
    # One logit z for the second class: softmax of (0, z) is (1 - sigmoid(z), sigmoid(z)).
    return np.hstack([np.zeros_like(kernel), kernel]), np.append(0.0, bias)


def _check_softmax(logistic: LogisticRegression, learned: _Head) -> None:
    """Refuse a head that makes probabilities of logits in another way, as one-against-rest does."""
    probe = np.random.default_rng(0).normal(size=(8, len(learned.mean)))
    expected = softmax(probe @ learned.kernel + learned.bias, axis=1)
    if not np.allclose(logistic.predict_proba(probe), expected, atol=1e-6):
        raise ValueError(
            "`head` must give probabilities by softmax; got a LogisticRegression with solver "
            f"{logistic.solver!r} that decides one class against the rest. Fit it with the solver "
            "'lbfgs'."
        )
