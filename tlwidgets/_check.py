"""Every argument check and the wording of its error.

A message says what is wrong, what was expected, what came, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def whole_number(
    name: str, value: object, *, low: int, high: int | None = None, meaning: str
) -> int:
    """Return `value` as an int when it is a whole number from `low` to `high`."""
    span = f"from {low} to {high}" if high is not None else f"of at least {low}"
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(
            f"`{name}` must be a whole number {span}, {meaning}; got {value!r} "
            f"({type(value).__name__})."
        )
    if value < low or (high is not None and value > high):
        raise ValueError(f"`{name}` must be a whole number {span}, {meaning}; got {value}.")
    return int(value)


def number(name: str, value: object, *, low: float, high: float, meaning: str) -> float:
    """Return `value` as a float when it is finite and from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(
            f"`{name}` must be a number from {low:g} to {high:g}, {meaning}; got {value!r} "
            f"({type(value).__name__})."
        )
    if not low <= value <= high:  # NaN fails this too
        raise ValueError(
            f"`{name}` must be a number from {low:g} to {high:g}, {meaning}; got {value}."
        )
    return float(value)


def one_of(name: str, value: object, options: Iterable[str], *, kind: str) -> str:
    """Return `value` when it is one of `options`; suggest the nearest one otherwise."""
    known = list(options)
    if isinstance(value, str) and value in known:
        return value
    close = difflib.get_close_matches(str(value), known, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"`{name}`: no {kind} named {value!r}. Available: {', '.join(known)}.{hint}")


def text(name: str, value: object, *, meaning: str) -> str:
    """Return `value` when it is text with something in it."""
    if not isinstance(value, str):
        raise TypeError(
            f"`{name}` must be text, {meaning}; got {value!r} ({type(value).__name__})."
        )
    if not value.strip():
        raise ValueError(f"`{name}` must not be empty: it is {meaning}; got {value!r}.")
    return value


def images(name: str, value: ArrayLike) -> NDArray[Any]:
    """Return a batch of grey or RGB images as an array of shape (n, height, width, 1 or 3)."""
    array = np.asarray(value)
    shape = "(n, height, width), (n, height, width, 1) or (n, height, width, 3)"
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        raise ValueError(
            f"`{name}` must have shape {shape}; got {np.shape(value)}. "
            "A single image needs a leading axis: images[None]."
        )
    if 0 in array.shape:
        raise ValueError(
            f"`{name}` must hold at least one image with at least one pixel; "
            f"got shape {np.shape(value)}."
        )
    if array.dtype.kind not in "uif":
        raise TypeError(f"`{name}` must hold numbers from 0 to 255; got dtype {array.dtype}.")
    # One reduction each instead of isfinite(): no mask as large as the images.
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"`{name}` must be finite; got NaN or infinite pixels: mend or drop them.")
    if low < 0 or high > 255:
        raise ValueError(
            f"`{name}` must hold raw pixels from 0 to 255, because the network does its own "
            f"preprocessing; got values from {low:g} to {high:g}."
        )
    if array.dtype.kind == "f" and 0 < high <= 1.0:
        raise ValueError(
            f"`{name}` must hold raw pixels from 0 to 255, because the network does its own "
            f"preprocessing; got decimal values up to {high:g}. Multiply them by 255."
        )
    return array


def class_labels(name: str, value: ArrayLike, *, n: int | None = None) -> NDArray[Any]:
    """Return one label per example when there are at least two classes."""
    array = np.asarray(value)
    if array.ndim != 1 or (n is not None and len(array) != n):
        expected = f"({n},)" if n is not None else "(n,)"
        raise ValueError(
            f"`{name}` must have shape {expected}, one per example; got {array.shape}."
        )
    classes = np.unique(array)
    if len(classes) < 2:
        raise ValueError(
            f"`{name}` must hold at least two classes; got {len(classes)} "
            f"({', '.join(map(str, classes)) or 'no labels at all'}). Draw a larger sample."
        )
    return array


def columns_of(name: str, value: Sequence[str], known: Sequence[str], *, kind: str) -> list[str]:
    """Return a list of names, each one of `known`, without repeats and not empty."""
    if isinstance(value, str):
        raise TypeError(f"`{name}` must be a list of {kind} names; got the text {value!r}.")
    chosen = [one_of(name, item, known, kind=kind) for item in value]
    if not chosen or len(set(chosen)) != len(chosen):
        raise ValueError(
            f"`{name}` must name at least one {kind}, each once; got {list(value)!r}. "
            f"Available: {', '.join(known)}."
        )
    return chosen


def missing_package(package: str, *, needed_for: str, extra: str) -> ImportError:
    """Return the error for a package that an extra would bring."""
    return ImportError(
        f"{needed_for} needs the package `{package}`, which is not installed. "
        f"Install it with: pip install 'tlwidgets[{extra}]'"
    )


def keras_model(name: str, value: object) -> Any:
    """Return `value` when it is a Keras model."""
    import keras

    if not isinstance(value, keras.Model):
        raise TypeError(
            f"`{name}` must be a Keras model (Sequential or Functional); got "
            f"{type(value).__name__}. Pass the model itself, not its layers or its file."
        )
    return value


def cannot_copy_layer(name: str, kind: str, reason: Exception) -> TypeError:
    """Return the error for a layer that cannot be made anew from its configuration."""
    return TypeError(
        f"`model`: the layer {name!r} ({kind}) cannot be copied, because it cannot be made from "
        f"its configuration: {reason} Give {kind} a `get_config` method that returns all "
        "arguments of its `__init__`."
    )


def nothing_to_train(name: str) -> ValueError:
    """Return the error for a model without any variable that training could move."""
    return ValueError(
        f"`model` must have at least one layer with parameters to train; {name!r} has none. "
        "Add a head, for instance keras.layers.Dense(n_classes)."
    )
