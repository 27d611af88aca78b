"""Bring two domains together without any training: change features, not parameters.

For features X of shape (n, d) with mean m, standard deviation s and covariance C in each domain.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .._keras import layers_in

_NAMES_OF_TARGET_LABELS = ("y_target", "labels_target", "target_labels", "target_y")
_SEALED = (
    "Domain adaptation has labels in the source only; with labels of the target, a good score "
    "would prove nothing. Keep them for the evaluation."
)

Function = TypeVar("Function", bound=Callable[..., Any])


def never_takes_target_labels(function: Function) -> Function:
    """Let a function say why it has no argument for labels of the target."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        for name in _NAMES_OF_TARGET_LABELS:
            if name in kwargs:
                raise TypeError(
                    f"`{name}`: {function.__name__} never takes labels of the target; got "
                    f"{type(kwargs[name]).__name__}. {_SEALED}"
                )
        return function(*args, **kwargs)

    return guarded  # type: ignore[return-value]


@never_takes_target_labels
def standardise_per_domain(
    source: ArrayLike, target: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give every feature mean 0 and standard deviation 1, in each domain by itself.

    Parameters
    ----------
    source, target : array, shape (n_source, d) and (n_target, d), n >= 2
        Features.

    Returns
    -------
    source, target : arrays of float64
        ``(X - m) / s`` with each domain's own m and s. A feature that is constant becomes 0.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a domain has fewer than 2 examples, or labels are passed.

    Notes
    -----
    It assumes that the classes are mixed alike in both domains: else a difference that means
    something (more defects) is removed as if it were one of the camera. It is what AdaBN
    (Li et al. 2016, eq. 2) does inside a network.

    Examples
    --------
    >>> a, b = standardise_per_domain([[0.0], [2.0]], [[100.0], [500.0]])
    >>> a.ravel().tolist() == b.ravel().tolist() == [-1.0, 1.0]
    True
    """
    two_sets("source", source, "target", target)
    source, target = _check.two_tables(("source", "target"), (source, target))
    return _standardised(source), _standardised(target)


def _standardised(features: NDArray[Any]) -> NDArray[Any]:
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1))


# AdaBN: let BatchNormalization know the target's means and variances instead of the source's.
#
# Each BatchNormalization gives (x - mean) / sqrt(variance), with averages that it kept in training.
# They are those of the source; on another domain they are wrong (Li et al. 2016).

_BATCH_SIZE = 512


@never_takes_target_labels
def adapt_batchnorm(model: Any, x_target: ArrayLike, *, batch_size: int = _BATCH_SIZE) -> int:
    """Give each BatchNormalization the target's means and variances; change nothing else.

    Parameters
    ----------
    model : keras.Model
        Changed in place: only moving means and variances, also of frozen and nested layers.
    x_target : array, shape (n, ...), n >= 2
        Examples of the target, without labels. The order does not matter much; sorted by class
        it would, as batches are averaged.
    batch_size : int, >= 2
        All of the examples at once are exact; smaller batches need less memory.

    Returns
    -------
    int
        How many BatchNormalization layers were changed.

    Raises
    ------
    TypeError, ValueError
        If the model has no BatchNormalization, there are fewer than 2 examples, their shape is not
        the model's, or labels are passed.

    Notes
    -----
    Assumes that classes are mixed alike in both domains. For one batch, layer l gets
    ``mean_l = mean(x_l)``, ``variance_l = var(x_l)`` over the target (Li et al. 2016, eq. 2), where
    x_l already went through the adapted layers before it. Dropout is off meanwhile; noise and
    augmentation layers inside the model stay random, so keep those outside it.

    References
    ----------
    Li et al. (2016), Revisiting Batch Normalization For Practical Domain Adaptation, algorithm 1.
    """
    layers = _flat(model, keras.layers.BatchNormalization)
    if not layers:
        raise ValueError(
            f"`model` must have a BatchNormalization layer; {model.name!r} has none. Use "
            "standardise_per_domain on its features instead."
        )
    examples_only("x_target", x_target)
    x = np.asarray(x_target)
    expected = tuple(model.inputs[0].shape[1:])
    if x.shape[1:] != expected or len(x) < 2:
        raise ValueError(
            f"`x_target` must have shape (n, {', '.join(map(str, expected))}), n of at least 2; "
            f"got {x.shape}."
        )
    batch_size = _check.whole_number("batch_size", batch_size, low=2, meaning="examples at once")
    # Equal shares, so that no small last batch counts as much as a full one.
    batches = np.array_split(x, -(-len(x) // batch_size))
    with _gathering(model, layers):
        for k, batch in enumerate(batches):
            for layer in layers:
                layer.momentum = k / (k + 1)  # a plain mean over the batches
            model(keras.ops.convert_to_tensor(batch), training=True)
    return len(layers)


@contextmanager
def _gathering(model: Any, layers: list[Any]) -> Iterator[None]:
    """Let BatchNormalization gather in training mode, with nothing random in the way."""
    dropouts = [d for d in layers_in(model) if isinstance(getattr(d, "rate", None), float)]
    kept = [(layer, "momentum", layer.momentum) for layer in layers]
    kept += [(layer, "trainable", layer.trainable) for layer in layers]
    kept += [(layer, "rate", layer.rate) for layer in dropouts]
    try:
        for layer in layers:
            layer.trainable = True  # a frozen one would not gather
        for layer in dropouts:
            layer.rate = 0.0
        yield
    finally:
        for layer, name, value in kept:
            setattr(layer, name, value)


def _flat(model: Any, kind: type) -> list[Any]:
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model; got {type(model).__name__}.")
    return [layer for layer in layers_in(model) if isinstance(layer, kind)]


# Features of two domains in a plane, the same plane before, during and after adaptation.

Frames = Mapping[str, tuple[ArrayLike, ArrayLike]]

_MARGIN = 0.05  # of the width of the picture, on each side


@dataclass(frozen=True, slots=True, eq=False)
class ProjectedDomains:
    """Source and target in a plane, at several moments.

    Parameters
    ----------
    names : tuple of str
        Of the moments, for instance "before" and "after".
    source, target : tuple of arrays, shape (n_source, 2) and (n_target, 2)
        One pair for each moment.
    limits : array, shape (2, 2)
        Lowest and highest x, lowest and highest y of all moments, with a margin: steady axes.
    """

    names: tuple[str, ...]
    source: tuple[NDArray[Any], ...]
    target: tuple[NDArray[Any], ...]
    limits: NDArray[Any]

    def __len__(self) -> int:
        return len(self.names)


def project_domains(frames: Frames) -> ProjectedDomains:
    """Lay the features of both domains at several moments into one plane.

    Parameters
    ----------
    frames : dict from name to pair of arrays (source, target), shapes (n_source, d), (n_target, d)
        Features at each moment, in order.

    Returns
    -------
    ProjectedDomains

    Raises
    ------
    TypeError, ValueError
        If there is no moment, or features do not fit each other.

    Notes
    -----
    The plane is that of the two first principal components of all moments together, each scaled
    to the same total variance: a network that only shrinks its features does not look adapted.

    Examples
    --------
    >>> x = np.eye(4)
    >>> projected = project_domains({"before": (x, x + 3), "after": (x, x)})
    >>> projected.names, projected.source[0].shape
    (('before', 'after'), (4, 2))
    """
    tables = list(_tables(frames))
    scaled = [_scaled(*pair) for pair in tables]
    everything = np.concatenate([table for pair in scaled for table in pair])
    axes = np.linalg.svd(everything, full_matrices=False)[2][:2].T
    flat = [tuple(table @ axes for table in pair) for pair in scaled]
    points = np.concatenate([table for pair in flat for table in pair])
    limits = np.array([points.min(axis=0), points.max(axis=0)]).T
    margin = _MARGIN * np.ptp(limits, axis=1) + 1e-9
    return ProjectedDomains(
        tuple(frames),
        tuple(source for source, _ in flat),
        tuple(target for _, target in flat),
        np.array([limits[:, 0] - margin, limits[:, 1] + margin]).T,
    )


def _tables(frames: Frames) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    if not isinstance(frames, Mapping) or not frames:
        raise TypeError(
            "`frames` must be a dict with at least one moment, "
            '{"before": (h_source, h_target)}; '
            f"got {type(frames).__name__}{' that is empty' if not frames else ''}."
        )
    for name, pair in frames.items():
        if not isinstance(pair, Sequence) or len(pair) != 2:
            raise TypeError(f"`frames[{name!r}]` must be a pair (source, target); got {pair!r}.")
        two_sets(f"frames[{name!r}][0]", pair[0], f"frames[{name!r}][1]", pair[1])
        source, target = (_check.table(f"frames[{name!r}]", table) for table in pair)
        if source.shape[1] < 2:
            raise ValueError(f"`frames[{name!r}]` must have at least 2 features; got 1.")
        yield source, target


def _scaled(source: NDArray[Any], target: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Centre both together, and scale to a total variance of 1."""
    both = np.concatenate([source, target])
    centre, spread = both.mean(axis=0), np.sqrt(both.var(axis=0).sum())
    scale = spread if spread > 0 else 1.0
    return (source - centre) / scale, (target - centre) / scale


# Labels of the target, kept where adaptation cannot read them.


class SealedLabels:
    """Keep the target's labels in an envelope until the evaluation.

    Parameters
    ----------
    labels : array, shape (n,)
        They are copied.

    Raises
    ------
    ValueError
        If there is no label, or they are not in one line.

    Examples
    --------
    >>> secret = SealedLabels([3, 1, 4])
    >>> secret
    SealedLabels(3 labels, looked at 0 times)
    >>> round(secret.accuracy([3, 1, 5]), 2), secret
    (0.67, SealedLabels(3 labels, looked at 1 times))
    """

    def __init__(self, labels: ArrayLike) -> None:
        self.__labels = np.array(labels)
        if self.__labels.ndim != 1 or self.__labels.size == 0:
            raise ValueError(
                "`labels` must hold at least one label, in one line; got shape "
                f"{self.__labels.shape}."
            )
        self.n_looks = 0

    def __len__(self) -> int:
        return len(self.__labels)

    def __repr__(self) -> str:
        return f"SealedLabels({len(self)} labels, looked at {self.n_looks} times)"

    def __array__(self, *_args: Any, **_kwargs: Any) -> NDArray[Any]:
        raise TypeError(
            f"`labels`: these {len(self)} labels of the target are sealed; an array was expected "
            "here. They are for the evaluation only: use .accuracy(predicted), or .open() when "
            "you are done adapting."
        )

    def __getitem__(self, _index: Any) -> Any:
        return self.__array__()

    __iter__ = __array__

    def open(self) -> NDArray[Any]:
        """Return the labels; each look is counted."""
        self.n_looks += 1
        return self.__labels.copy()

    def accuracy(self, predicted: ArrayLike) -> float:
        """Return the share of right answers; each look is counted."""
        found = np.asarray(predicted)
        if found.shape != self.__labels.shape:
            raise ValueError(
                f"`predicted` must hold {len(self)} labels, one per example; got shape "
                f"{found.shape}. From scores of classes take .argmax(axis=1)."
            )
        return float(np.mean(found == self.open()))


# Self-training: let the classifier label those examples of the target it is sure of.


@never_takes_target_labels
def pseudo_label(
    probabilities: ArrayLike, *, confidence: float = 0.9
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose the examples that the classifier is sure of, and what it says about them.

    Parameters
    ----------
    probabilities : array, shape (n, classes), 0..1, rows sum to 1
        What the classifier says about the target.
    confidence : float, 0..1
        Only examples whose largest probability is higher are chosen.

    Returns
    -------
    chosen : array of int64, shape (n_chosen,)
        Positions of the examples; there may be none.
    labels : array of int64, shape (n_chosen,)
        Their most probable classes. They are guesses: train on them and the source together.

    Raises
    ------
    TypeError, ValueError
        If the rows are no probabilities, or labels are passed.

    References
    ----------
    Lee (2013), Pseudo-Label, ICML workshop, eq. 14; with a threshold as in Sohn et al. (2020),
    FixMatch, NeurIPS, eq. 4.

    Examples
    --------
    >>> pseudo_label([[0.05, 0.95], [0.6, 0.4], [0.97, 0.03]])
    (array([0, 2]), array([1, 0]))
    """
    examples_only("probabilities", probabilities)
    p = _check.probabilities("probabilities", probabilities)
    low = _check.number("confidence", confidence, low=0, high=1, meaning="a probability")
    chosen = np.flatnonzero(p.max(axis=1) > low)
    return chosen, p[chosen].argmax(axis=1)


def examples_only(name: str, value: Any) -> Any:
    """Refuse a pair (x, y) or labels where examples without labels are meant."""
    if (
        isinstance(value, tuple | list)
        and len(value) == 2
        and np.ndim(value[0]) > np.ndim(value[1])
    ):
        raise TypeError(f"`{name}` must be examples without labels; got a pair (x, y). {_SEALED}")
    return value


def two_sets(
    name_a: str, a: ArrayLike, name_b: str, b: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return examples of two domains when they fit each other."""
    x, z = (_examples(name, value) for name, value in ((name_a, a), (name_b, b)))
    if x.shape[1:] != z.shape[1:]:
        raise ValueError(
            f"`{name_b}` must have the shape of `{name_a}` but for the number of examples: "
            f"expected (n, {', '.join(map(str, x.shape[1:]))}); got {z.shape}. Bring both domains "
            "to one size and one number of channels first."
        )
    if x.dtype.kind != z.dtype.kind and not {x.dtype.kind, z.dtype.kind} <= {"i", "u"}:
        raise TypeError(
            f"`{name_b}` must hold numbers of the kind of `{name_a}`, {x.dtype}; got {z.dtype}. "
            "Whole pixels 0..255 and decimals 0..1 would be a domain gap of your own making: "
            "convert one of them."
        )
    return x, z


def _examples(name: str, value: ArrayLike) -> NDArray[Any]:
    examples_only(name, value)
    array = np.asarray(value)
    if array.ndim < 2 or 0 in array.shape:
        raise ValueError(
            f"`{name}` must hold at least one example, with shape (n, ...); got {array.shape}."
        )
    if array.dtype.kind not in "uif":
        raise TypeError(f"`{name}` must hold numbers; got dtype {array.dtype}.")
    if array.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
        raise ValueError(f"`{name}` must be finite; got NaN or infinite values: drop those rows.")
    return array
