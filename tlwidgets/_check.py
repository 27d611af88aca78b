"""The argument checks that are made more than once, and the wording of their errors.

A message says what is wrong, what was expected, what came, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# Values of a sparse table that is made dense: half a gigabyte.
_MOST_DENSE = 2**26


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


def positive(name: str, value: object, *, high: float = 1e12, meaning: str) -> float:
    """Return `value` as a float when it is above 0 and at most `high`."""
    found = number(name, value, low=0, high=high, meaning=meaning)
    if found < 1e-12:
        raise ValueError(f"`{name}` must be greater than 0, {meaning}; got {value!r}.")
    return found


def seed(value: object) -> int:
    """Return `value` as an int when it can seed a random generator."""
    return whole_number("seed", value, low=0, meaning="the number of a random draw")


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


def dense(name: str, value: Any) -> Any:
    """Return a sparse table of SciPy's as an array, where memory allows; all else as it is."""
    if not hasattr(value, "toarray"):
        return value
    n_rows, n_columns = value.shape
    if n_rows * n_columns > _MOST_DENSE:
        raise ValueError(
            f"`{name}` must be a table that fits into memory; got a sparse one of {n_rows:,} x "
            f"{n_columns:,}, {n_rows * n_columns * 8 / 1e9:.1f} GB as an array. Reduce it first, "
            "for instance with sklearn.decomposition.TruncatedSVD(50)."
        )
    return value.toarray()


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


def table(name: str, value: ArrayLike, *, least: int = 2) -> Floats:
    """Return a table of finite numbers, one row per example, as float64 of shape (n, d)."""
    array = np.asarray(dense(name, value))
    if array.dtype.kind not in "uifb":
        raise TypeError(
            f"`{name}` must hold numbers, one row per example; got dtype {array.dtype}. Turn "
            "categories into numbers first, for instance with pandas.get_dummies."
        )
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(
            f"`{name}` must have shape (n, d), one row per example and at least one feature; got "
            f"{array.shape}. A single feature needs a second axis: {name}[:, None]."
        )
    if len(array) < least:
        raise ValueError(
            f"`{name}` must hold at least {least} examples; got {len(array)}. Give more of them."
        )
    array = np.asarray(array, np.float64)
    if not np.isfinite(array).all():
        raise ValueError(
            f"`{name}` must be finite; got NaN or infinity in "
            f"{np.count_nonzero(~np.isfinite(array).all(axis=1))} of {len(array)} rows. Fill or "
            "drop them."
        )
    return array


def ratios(name: str, value: ArrayLike) -> Floats:
    """Return finite numbers of shape (n,), none negative and not all of them 0."""
    array = np.asarray(value)
    if array.ndim != 1 or len(array) == 0 or array.dtype.kind not in "uifb":
        raise ValueError(
            f"`{name}` must have shape (n,), one number per example; got shape {array.shape} "
            f"and dtype {array.dtype}."
        )
    array = array.astype(np.float64)
    if array.min() < 0 or not np.isfinite(array).all() or not array.any():
        raise ValueError(
            f"`{name}` must be finite and at least 0, and not all of them 0; got values from "
            f"{array.min():g} to {array.max():g}."
        )
    return array


def two_tables(
    names: tuple[str, str], values: tuple[ArrayLike, ArrayLike], *, least: int = 2
) -> tuple[Floats, Floats]:
    """Return two tables with the same features."""
    one, other = (table(n, v, least=least) for n, v in zip(names, values, strict=True))
    if one.shape[1] != other.shape[1]:
        raise ValueError(
            f"`{names[0]}` and `{names[1]}` must have the same features; got {one.shape[1]} and "
            f"{other.shape[1]} columns. Take both from the same columns or the same backbone."
        )
    return one, other


def outcomes(name: str, value: ArrayLike, n: int) -> NDArray[Any]:
    """Return n labels of any kind, or n finite numbers."""
    array = np.asarray(value)
    if array.shape != (n,):
        raise ValueError(
            f"`{name}` must have shape ({n},), one label per example; got {array.shape}. One-hot "
            "labels become classes with .argmax(axis=1)."
        )
    if array.dtype.kind == "O":
        array = np.asarray([str(label) for label in array])  # names in a DataFrame's column
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(
            f"`{name}` must be finite; got {np.count_nonzero(~np.isfinite(array))} of {n} labels "
            "that are NaN or infinite. Drop these examples."
        )
    return array


def labels(name: str, value: ArrayLike, *, n: int, k: int, next_step: str) -> Indices:
    """Return n class numbers from 0 to k - 1."""
    array = np.asarray(value)
    if array.shape != (n,):
        raise ValueError(
            f"`{name}` must have shape ({n},), one label per example; got {array.shape}. One-hot "
            "labels become classes with .argmax(axis=1)."
        )
    is_whole = array.dtype.kind == "f" and np.array_equal(array, np.floor(array))
    if array.dtype.kind not in "iub" and not is_whole:
        raise TypeError(
            f"`{name}` must hold whole numbers, the classes; got dtype {array.dtype}. Number them, "
            "for instance with np.unique(..., return_inverse=True)."
        )
    if array.min() < 0 or array.max() >= k:
        raise ValueError(
            f"`{name}` must be classes from 0 to {k - 1}; got {array.min():g} to "
            f"{array.max():g}. {next_step}"
        )
    return array.astype(np.int64)


def probabilities(name: str, value: ArrayLike, *, least: int = 1, k: int | None = None) -> Floats:
    """Return a table whose rows are probabilities of k classes, or of two or more."""
    array = np.asarray(value)
    if array.ndim != 2 or array.shape[1] < 2 or k not in (None, array.shape[1]):
        raise ValueError(
            f"`{name}` must have shape (n, {k or 'k'}), a column for each of {k or '2 or more'} "
            f"classes; got {array.shape}. For two classes and one column p, stack 1 - p and p."
        )
    array = table(name, array, least=least)
    sums = array.sum(axis=1)
    worst = int(np.abs(sums - 1).argmax())
    if array.min() < 0 or abs(sums[worst] - 1) > 1e-3:  # float32 softmax: 1e-6
        raise ValueError(
            f"`{name}` must be probabilities, each row >= 0 with the sum 1; got values from "
            f"{array.min():g} to {array.max():g} and a row with the sum {sums[worst]:g}. Apply a "
            "softmax to logits first."
        )
    return array


def model_input(name: str, value: ArrayLike, shape: Sequence[int | None]) -> NDArray[Any]:
    """Return examples that fit a model's input of this shape (without the batch)."""
    array = np.asarray(value)
    fits = array.ndim == len(shape) + 1 and all(
        want in (None, got) for want, got in zip(shape, array.shape[1:], strict=True)
    )
    if not fits or len(array) == 0 or array.dtype.kind not in "uif":
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(
            f"`{name}` must hold numbers of the shape (n, {expected}), as the model takes them; "
            f"got {array.shape}, {array.dtype}. Grey images may need x[..., None]."
        )
    return array


def pair(name: str, value: Any) -> Any:
    """Return `value` when it is a pair of examples and labels."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(
            f"`{name}` must be a pair of examples and labels, {name}=(x, y); "
            f"got {type(value).__name__}{f' of {len(value)}' if hasattr(value, '__len__') else ''}."
        )
    return value


def columns_of(name: str, value: Sequence[str], known: Sequence[str], *, kind: str) -> list[str]:
    """Return a list of names, each one of `known`, without repeats and not empty."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"`{name}` must be a list of {kind} names; got {value!r}.")
    chosen = [one_of(name, item, known, kind=kind) for item in value]
    if not chosen or len(set(chosen)) != len(chosen):
        raise ValueError(
            f"`{name}` must name at least one {kind}, each once; got {list(value)!r}. "
            f"Available: {', '.join(known)}."
        )
    return chosen


def functional_model(name: str, value: Any) -> Any:
    """Return `value` when it is a Keras model whose layers form a known graph."""
    # By its attributes, because this module must not load Keras.
    if not (hasattr(value, "layers") and getattr(value, "inputs", None)):
        raise TypeError(
            f"`{name}` must be a Keras model with known inputs (Functional, or Sequential and "
            f"built); got {value!r}."
        )
    return value


def axes(name: str, value: Any) -> Any:
    """Return `value` when it is something to draw on."""
    # By an attribute, because this module must not load matplotlib.
    if not hasattr(value, "add_patch"):
        raise TypeError(
            f"`{name}` must be matplotlib Axes, for instance `plt.subplots()[1]`; got {value!r}."
        )
    return value


def missing_package(package: str, *, needed_for: str, extra: str) -> ImportError:
    """Return the error for a package that an extra would bring."""
    return ImportError(
        f"{needed_for} needs the package `{package}`, which is not installed. "
        f"Install it with: pip install 'tlwidgets[{extra}]'"
    )
