"""The wording of every error about two domains.

A message says what is wrong, what was expected, what came, and what to do next.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


def examples_only(name: str, value: Any) -> Any:
    """Refuse a pair (x, y) or labels where examples without labels are meant."""
    if (
        isinstance(value, tuple | list)
        and len(value) == 2
        and np.ndim(value[0]) > np.ndim(value[1])
    ):
        raise TypeError(f"`{name}` must be examples without labels; got a pair (x, y). {_SEALED}")
    return value


def sealed_labels(n: int) -> TypeError:
    """Return the error for reading labels that are sealed."""
    return TypeError(
        f"`labels`: these {n} labels of the target are sealed; an array was expected here. "
        "They are for the evaluation only: use .accuracy(predicted), or .open() when you are done "
        "adapting."
    )


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


def feature_table(name: str, value: ArrayLike) -> NDArray[Any]:
    """Return features as an array of shape (n, d) with n of at least 2."""
    array = _examples(name, value)
    if array.ndim != 2:
        raise ValueError(
            f"`{name}` must have shape (n, d), d features of n examples; got {array.shape}. "
            "Flatten or pool it first."
        )
    if len(array) < 2:
        raise ValueError(
            f"`{name}` must hold at least 2 examples, because one has no spread; got {len(array)}."
        )
    return array.astype(np.float64)


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


def batch_shapes(source: tuple[int | None, ...], target: tuple[int | None, ...]) -> None:
    """Refuse batches of features between which no distance can be measured."""
    if len(source) != 2 or len(target) != 2 or source[1] != target[1]:
        raise ValueError(
            "`target` must have the shape of `source`, (n, d) with the same d; got "
            f"{tuple(source)} and {tuple(target)}. Flatten or pool the features first."
        )
    for name, shape in (("source", source), ("target", target)):
        if shape[0] is not None and shape[0] < 2:
            raise ValueError(
                f"`{name}` must hold at least 2 examples, because one has no spread; got "
                f"{shape[0]}. Take larger batches."
            )


def source_labels(name: str, value: ArrayLike, *, n: int, n_classes: int) -> NDArray[Any]:
    """Return labels of the source that the classifier's head can learn from."""
    array = np.asarray(value)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must hold {n} whole numbers, the classes of the source; got shape "
            f"{array.shape} and dtype {array.dtype}. Number the classes 0, 1, 2 ..."
        )
    if array.min() < 0 or array.max() >= n_classes:
        raise ValueError(
            f"`{name}` must be classes from 0 to {n_classes - 1}, because the head has "
            f"{n_classes} outputs; got {array.min()} to {array.max()}. Source and target must "
            "share one set of classes: drop the others, or widen the head."
        )
    if array.min() == array.max():
        raise ValueError(
            f"`{name}` must hold at least two classes; got only {array[0]}. Nothing can be told "
            "apart: sample the source again."
        )
    return array


def classifier(name: str, value: Any, features: str | None) -> Any:
    """Return the layer's output that is to be aligned; refuse what is no classifier."""
    if not (hasattr(value, "layers") and getattr(value, "inputs", None)):
        raise TypeError(
            f"`{name}` must be a Keras model with known inputs (Functional, or Sequential and "
            f"built); got {type(value).__name__}."
        )
    shape = tuple(value.outputs[0].shape) if len(value.outputs) == 1 else ()
    if len(value.inputs) != 1 or len(shape) != 2 or shape[1] < 2:
        raise ValueError(
            f"`{name}` must have one input and one output of shape (n, classes), 2 classes or "
            f"more; got outputs {[tuple(o.shape) for o in value.outputs]}."
        )
    names = [layer.name for layer in value.layers]
    if features is None:
        return value.layers[-1].input
    if features not in names:
        raise ValueError(
            f"`features` must name a layer of {value.name!r}; got {features!r}. "
            f"It has: {', '.join(names)}."
        )
    return value.get_layer(features).output
