"""The examples that a learner gives, read into arrays and checked against the model.

Pairs (x, y) and triples (x, y, sample_weight) of arrays, tensors or tables, one or several inputs
and outputs; `tf.data.Dataset`, `keras.utils.PyDataset` and generators, which are read once. What is
too large to be read is handed to Keras' own `fit` as it is, in each epoch anew.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from .. import _keras

# A data set is read up to so many bytes; a machine of 2 GB has no more to spare.
_LARGEST_READ = 600_000_000
_ROWS_A_BATCH = 256  # where the data set itself gives single examples
_N_TRIED = 3  # examples with undefined numbers that a model is asked about


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Examples and labels: arrays, or structures of arrays as the model takes them."""

    x: Any
    y: Any
    sample_weight: Any = None  # None or one number per example
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(keras.tree.flatten(self.x)[0])

    def first(self, n: int) -> tuple[Any, Any, Any]:
        """Return x, y and sample_weight of the first ones, at most `n`."""
        return self.take(np.arange(min(n, len(keras.tree.flatten(self.x)[0]))))

    def n_steps(self, n: int, batch_size: int) -> int:
        """Return the steps of an epoch on `n` of them."""
        return math.ceil(n / batch_size)

    @property
    def is_simple(self) -> bool:
        """Whether it is one array of numbers with one array of labels."""
        parts = [self.x, self.y, *([] if self.sample_weight is None else [self.sample_weight])]
        return all(isinstance(a, np.ndarray) and a.dtype.kind in "biuf" for a in parts)

    def take(self, rows: NDArray[Any]) -> tuple[Any, Any, Any]:
        """Return x, y and sample_weight of some examples."""

        def taken(part: Any) -> Any:
            return None if part is None else keras.tree.map_structure(one, part)

        def one(array: NDArray[Any]) -> Any:
            return _tensor(array[rows])

        return taken(self.x), taken(self.y), taken(self.sample_weight)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stream(Examples):
    """A data set too large to be read; its first examples stand for all where some are tried."""

    data: Any  # as `fit` takes it, but perhaps of single examples
    n: int
    n_batches: int | None  # None where the data set gives single examples

    def __len__(self) -> int:
        return self.n

    def n_steps(self, n: int, batch_size: int) -> int:
        """Return the steps of an epoch."""
        return self.n_batches or math.ceil(n / batch_size)

    def for_fit(self, batch_size: int) -> Any:
        """Return what `fit` takes."""
        return self.data if self.n_batches else self.data.batch(batch_size)


def _tensor(array: NDArray[Any]) -> Any:
    # Keras takes texts as tensors only.
    return tf.constant(array.astype(str)) if array.dtype.kind in "UOS" else array


def read_examples(model: keras.Model, name: str, value: Any) -> Examples:
    """Read what the learner gave as `name`, and refuse what the model cannot learn from.

    `value` is (x, y), (x, y, sample_weight), or a data set that gives batches of these.
    """
    check_kind(name, value)
    if not isinstance(value, (tuple, list)):
        return _read_data_set(model, name, value)
    if len(value) == 2 and value[1] is None and is_data_set(value[0]):
        return _read_data_set(model, name, value[0])
    return _checked(model, name, value)


def _checked(model: keras.Model, name: str, value: Sequence[Any]) -> Examples:
    prefix = "" if name == "train" else f"{name} "
    x = _arrays_of_x(model, value[0])
    y = _numbers_of(f"{prefix}y", value[1], model)
    weight = None if len(value) == 2 or value[2] is None else _numbers(value[2])
    examples = Examples(x, y, weight)
    _check_sizes(model, prefix, examples)
    for array in keras.tree.flatten(x):
        _refuse_undefined(f"{prefix}x", array, model, examples)
    return examples


def check_kind(name: str, value: Any) -> None:
    """Refuse what is neither a pair or triple nor a data set."""
    is_sequence = isinstance(value, (tuple, list))
    if is_data_set(value) or (is_sequence and len(value) in (2, 3)):
        return
    size = f" of {len(value)}" if hasattr(value, "__len__") else ""
    raise TypeError(
        f"`{name}` must be a pair of examples and labels, {name}=(x, y), a triple with "
        "sample_weight, a tf.data.Dataset, a keras.utils.PyDataset or a generator; got "
        f"{type(value).__name__}{size}."
    )


def is_data_set(value: Any) -> bool:
    """Tell whether it gives batches, one after the other."""
    return isinstance(value, (tf.data.Dataset, keras.utils.PyDataset, Generator))


def _read_data_set(model: keras.Model, name: str, data: Any) -> Examples:
    """Read a whole data set if it is small enough, else its beginning."""
    batches: list[Any] = []
    n_bytes = 0
    for batch in _batches(model, name, data):
        batches.append(keras.tree.map_structure(_to_numpy, _triple(batch)))
        n_bytes += sum(a.nbytes for a in keras.tree.flatten(batches[-1]) if a is not None)
        if n_bytes > _LARGEST_READ:
            return _stream(model, name, data, batches)
    if not batches:
        raise ValueError(f"`{name}` must hold at least one batch of examples; got none.")
    is_redrawn = not isinstance(data, Generator) and not _is_same(
        batches[0],
        keras.tree.map_structure(_to_numpy, _triple(next(iter(_batches(model, name, data))))),
    )
    note = f"`{name}` was read once: what it draws anew in each epoch was drawn once."
    found = _checked(model, name, _joined(name, batches))
    return replace(found, notes=(note,)) if is_redrawn else found


def _stream(model: keras.Model, name: str, data: Any, batches: Sequence[Any]) -> Stream:
    """Return a data set that is read anew in each epoch; refuse one that may never end."""
    read = f"`{name}` is larger than the {_LARGEST_READ / 1e6:,.0f} MB that are read into memory"
    if isinstance(data, Generator):
        raise ValueError(
            f"{read}, and a generator gives its examples only once, while each epoch and each "
            "depth needs them all; got a generator. Make it a keras.utils.PyDataset or "
            "tf.data.Dataset.from_generator(function, output_signature=...), which begin anew."
        )
    n_batches = _count_batches(data)
    if n_batches is None:
        raise ValueError(
            f"{read}, so that it must say where it ends; got a {type(data).__name__} of unknown "
            "length. Write data.apply(tf.data.experimental.assert_cardinality(n)), n being the "
            "number of its batches."
        )
    first = _checked(model, name, batches[0])
    is_single = isinstance(data, tf.data.Dataset) and _gives_single_examples(model, data)
    return Stream(
        first.x,
        first.y,
        first.sample_weight,
        data=data,
        n=n_batches if is_single else n_batches * len(first),
        n_batches=None if is_single else n_batches,
    )


def _count_batches(data: Any) -> int | None:
    if isinstance(data, keras.utils.PyDataset):
        return int(data.num_batches)  # known: `_batches` asked for it
    n = int(data.cardinality())
    return n if n >= 0 else None


def _triple(batch: Any) -> tuple[Any, Any, Any]:
    found: tuple[Any, Any, Any] = keras.utils.unpack_x_y_sample_weight(batch)
    return found


def _batches(model: keras.Model, name: str, data: Any) -> Iterator[Any]:
    if isinstance(data, keras.utils.PyDataset):
        if (n_batches := data.num_batches) is None:
            raise ValueError(
                f"`{name}` must be a data set that ends; the `num_batches` of this "
                f"{type(data).__name__} is None. Let it say how many batches an epoch has."
            )
        yield from (data[i] for i in range(n_batches))
        return
    if isinstance(data, tf.data.Dataset):
        if data.cardinality() == tf.data.INFINITE_CARDINALITY:
            raise ValueError(
                f"`{name}` must be a data set that ends; this one repeats forever. Leave out "
                "`.repeat()`, or end it with `.take(n)`."
            )
        data = data.batch(_ROWS_A_BATCH) if _gives_single_examples(model, data) else data
    yield from data


def _gives_single_examples(model: keras.Model, data: tf.data.Dataset) -> bool:
    spec = keras.tree.flatten(_triple(data.element_spec)[0])[0]
    inputs = getattr(model, "inputs", None) or []
    return bool(inputs) and spec.shape.rank == len(inputs[0].shape) - 1


def _to_numpy(part: Any) -> Any:
    if part is None:
        return None
    if isinstance(part, tf.RaggedTensor):
        part = part.to_tensor()
    return np.asarray(keras.ops.convert_to_numpy(part) if keras.ops.is_tensor(part) else part)


def _is_same(one: Any, two: Any) -> bool:
    pairs = zip(keras.tree.flatten(one), keras.tree.flatten(two), strict=False)
    return all(a is b or np.array_equal(a, b) for a, b in pairs)


def _joined(name: str, batches: Sequence[Any]) -> tuple[Any, ...]:
    def join(*parts: Any) -> Any:
        return None if parts[0] is None else np.concatenate([np.atleast_1d(p) for p in parts])

    try:
        joined: tuple[Any, ...] = keras.tree.map_structure(join, *batches)
    except ValueError as error:
        raise ValueError(
            f"`{name}` must give examples of one shape in all batches; {error}. Pad or resize "
            "them to one size."
        ) from None
    return joined


def _arrays_of_x(model: keras.Model, x: Any) -> Any:
    """Return one array where the model takes one, else the structure of arrays."""
    inputs = getattr(model, "inputs", None) or []
    is_structure = isinstance(x, Mapping) or (
        isinstance(x, (list, tuple)) and len(x) > 0 and all(hasattr(a, "shape") for a in x)
    )
    if is_structure and not (len(inputs) == 1 and _is_list_of_examples(x, inputs[0])):
        leaves = keras.tree.flatten(x)
        if len(inputs) == 1 and len(leaves) == 1:
            return np.asarray(leaves[0])
        return keras.tree.map_structure(np.asarray, x)
    return np.asarray(x)


def _is_list_of_examples(x: Any, tensor: Any) -> bool:
    return isinstance(x, (list, tuple)) and len(x[0].shape) == len(tensor.shape) - 1


def _numbers_of(name: str, y: Any, model: keras.Model) -> Any:
    """Return labels as arrays of numbers; refuse texts, dates and undefined numbers."""
    if y is None and _keras.trains_in_its_own_way(model):
        return None
    is_structure = isinstance(y, Mapping) or (
        isinstance(y, (list, tuple)) and len(y) > 0 and all(hasattr(a, "shape") for a in y)
    )
    if len(getattr(model, "outputs", None) or []) == 1:
        is_structure = isinstance(y, Mapping)
    found = keras.tree.map_structure(_numbers, y) if is_structure else _numbers(y)
    for array in keras.tree.flatten(found):
        _refuse_texts(name, array)
    return found


def _numbers(values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind == "O":  # numbers that came in a table or a list of objects
        again = np.asarray(array.tolist())
        array = again if again.dtype.kind in "biufUS" else array
    return array


def _refuse_texts(name: str, array: NDArray[Any]) -> None:
    if array.dtype.kind not in "biuf" and array.size:
        raise TypeError(
            f"`{name}` must hold numbers; got {array.dtype}, for instance "
            f"{array.reshape(-1)[0]!r}. Number the classes: "
            "classes, y = np.unique(labels, return_inverse=True); further labels by "
            "np.searchsorted(classes, labels)."
        )


def _check_sizes(model: keras.Model, prefix: str, examples: Examples) -> None:
    inputs = getattr(model, "inputs", None) or []
    if isinstance(examples.x, np.ndarray) and len(inputs) == 1:
        _check_shape(prefix, examples.x, inputs[0].shape[1:])
    elif len(inputs) > 1 and len(keras.tree.flatten(examples.x)) != len(inputs):
        raise ValueError(
            f"`{prefix}x` must hold {len(inputs)} arrays, one for each input of "
            f"{model.name!r}; got {len(keras.tree.flatten(examples.x))}. Give them as a list, or "
            "by name as a dict."
        )
    n = len(examples) if np.ndim(keras.tree.flatten(examples.x)[0]) else 0
    if n == 0:
        raise ValueError(f"`{prefix}x` must hold at least one example; got none.")
    parts = {"x": examples.x, "y": examples.y, "sample_weight": examples.sample_weight}
    for part, value in parts.items():
        for array in (a for a in keras.tree.flatten(value) if a is not None):
            if np.ndim(array) == 0 or len(array) != n:
                held = "labels, one per example" if part == "y" else "rows, one per example"
                raise ValueError(f"`{prefix}{part}` must hold {n} {held}; got {array.shape}.")
    outputs = getattr(model, "outputs", None) or []
    if isinstance(examples.y, np.ndarray) and len(outputs) == 1:
        check_labels(f"{prefix}y", examples.y, model)


def _check_shape(prefix: str, x: NDArray[Any], shape: Sequence[int | None]) -> None:
    fits = x.ndim == len(shape) + 1 and all(
        want in (None, got) for want, got in zip(shape, x.shape[1:], strict=False)
    )
    if fits and len(x):
        return
    expected = ", ".join("any" if size is None else str(size) for size in shape)
    raise ValueError(
        f"`{prefix}x` must have shape (n, {expected}), n examples of the model's input; got "
        f"{x.shape}. Resize the data or build the model for this shape."
    )


def _refuse_undefined(
    name: str, array: NDArray[Any], model: keras.Model, examples: Examples
) -> None:
    """Refuse NaN and infinity that the model does not mend itself: the loss would be undefined.

    Layers of Keras never mend them. A compiled ReLU may hide them (measured: a loss of 0.693 for
    ever), so it is not enough to look at what comes out.
    """
    bad = _undefined_rows(array)
    if not len(bad):
        return
    row = bad[0]
    place = [row, *np.argwhere(~np.isfinite(array[row]))[0]]
    is_nan = bool(np.isnan(array[row]).any())
    if _keras.has_own_code(model) or (
        len(getattr(model, "inputs", None) or [0]) > 1 and not is_nan
    ):
        outputs = _keras.infer(model, examples.take(bad[:_N_TRIED])[0])
        if all(np.isfinite(keras.ops.convert_to_numpy(out)).all() for out in outputs):
            return
    kind = "undefined numbers (NaN)" if is_nan else "infinite numbers"
    index = ", ".join(map(str, place))
    raise ValueError(
        f"`{name}` must hold no {kind}, which would make the loss undefined; got some in "
        f"{len(bad):,} of {len(array):,} examples, first at {name.split()[-1]}[{index}]. Fill in "
        "what is missing, for instance with np.nan_to_num or the mean of the column, or leave "
        "these examples out."
    )


def _undefined_rows(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind != "f":
        return np.empty(0, int)
    # In pieces: one number for each pixel would be a quarter of the data once more.
    pieces = (array[i : i + _ROWS_A_BATCH] for i in range(0, len(array), _ROWS_A_BATCH))
    is_bad = [~np.isfinite(piece.reshape(len(piece), -1)).all(axis=1) for piece in pieces]
    return np.flatnonzero(np.concatenate(is_bad))


def check_labels(name: str, labels: NDArray[Any], model: keras.Model) -> None:
    """Refuse labels that the model's last layer and its loss cannot learn from."""
    given = _keras.compile_settings(model)["loss"]
    loss, output_shape = _loss_name(given), tuple(model.outputs[0].shape[1:])
    n, width = len(labels), output_shape[-1] if output_shape else None
    n_undefined = int(np.isnan(labels).sum()) if labels.dtype.kind == "f" else 0
    if n_undefined and _is_of_keras(given):
        raise ValueError(
            f"`{name}` must hold no undefined numbers (NaN); got {n_undefined} in {labels.size}. "
            "Leave these examples out, or fill in what is missing."
        )
    if "sparsecategorical" in loss:
        _check_class_numbers(name, labels, output_shape, _ignored_class(given))
    elif "categorical" in loss and labels.shape[1:] != output_shape and None not in output_shape:
        raise ValueError(
            f"`{name}` must have shape ({n}, {width}), one column per class of the head, for the "
            f"loss {loss}; got {labels.shape}. With class numbers as labels, compile with "
            "loss='sparse_categorical_crossentropy'."
        )
    elif "binary" in loss and not (labels.min() >= 0 and labels.max() <= 1):
        raise ValueError(
            f"`{name}` must be from 0 to 1 for the loss {loss}; got values from "
            f"{labels.min():g} to {labels.max():g}. Number two classes 0 and 1."
        )
    elif "binary" in loss and len(output_shape) == 1 and labels.size != n * (width or 1):
        raise ValueError(
            f"`{name}` must hold {width} labels per example, one for each output of the head; "
            f"got shape {labels.shape}. Give the head 1 output for one yes-or-no question."
        )


def _check_class_numbers(
    name: str, labels: NDArray[Any], output_shape: tuple[int | None, ...], ignored: int | None
) -> None:
    places, n_classes = output_shape[:-1], output_shape[-1]
    shape = labels.shape[1:-1] if labels.shape[1:] == (*places, 1) else labels.shape[1:]
    fits = len(shape) == len(places) and all(
        want in (None, got) for want, got in zip(places, shape, strict=True)
    )
    if not fits or not np.array_equal(labels, np.floor(labels)):
        expected = ", ".join("any" if size is None else str(size) for size in places)
        raise ValueError(
            f"`{name}` must have shape ({len(labels)},{f' {expected}' if places else ''}) and hold "
            f"whole numbers, the classes; got shape {labels.shape} and dtype {labels.dtype}. For "
            "one column per class, compile with loss='categorical_crossentropy'."
        )
    counted = labels if ignored is None else labels[labels != ignored]
    is_known = not counted.size or (counted.min() >= 0 and counted.max() < (n_classes or np.inf))
    if not is_known:
        raise ValueError(
            f"`{name}` must be classes from 0 to {(n_classes or 1) - 1}, because the head has "
            f"{n_classes} outputs; got {counted.min():g} to {counted.max():g}. Renumber the "
            f"classes, or give the head {int(counted.max()) + 1} outputs."
        )


def _ignored_class(loss: Any) -> int | None:
    flat = keras.tree.flatten(loss)
    ignored: int | None = getattr(flat[0], "ignore_class", None) if len(flat) == 1 else None
    return ignored


def _is_of_keras(loss: Any) -> bool:
    flat: Iterable[Any] = keras.tree.flatten(loss)
    return all(isinstance(one, str) or type(one).__module__.startswith("keras") for one in flat)


def _loss_name(loss: Any) -> str:
    """Return the name of a loss in small letters, however the learner gave it."""
    flat = keras.tree.flatten(loss)  # it may stand in a list or a dict
    loss = flat[0] if len(flat) == 1 else "several losses"
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return str(name).replace("_", "").lower()
