"""The wording of every error about freezing and retraining.

A message says what is wrong, what was expected, what came, and what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check


def keras_model(name: str, value: object) -> Any:
    """Return `value` when it is a Keras model."""
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


def compiled_for_fit(name: str) -> ValueError:
    """Return the error for a model that has no loss yet."""
    return ValueError(
        f"`model` must be compiled, so that loss, optimizer and metrics are known; {name!r} is "
        "not. Call model.compile(optimizer=..., loss=..., metrics=[...]) first."
    )


def model_input(name: str, value: ArrayLike, shape: Sequence[int | None]) -> NDArray[Any]:
    """Return a batch that fits a model's input of the given shape (without the batch)."""
    array = np.asarray(value)
    fits = array.ndim == len(shape) + 1 and all(
        want in (None, got) for want, got in zip(shape, array.shape[1:], strict=False)
    )
    if not fits or len(array) == 0:
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(
            f"`{name}` must have shape (n, {expected}), n examples of the model's input; got "
            f"{array.shape}. Resize the data or build the model for this shape."
        )
    return array


def labels_for_head(
    name: str, value: ArrayLike, *, n: int, loss: str, output_shape: Sequence[int | None]
) -> NDArray[Any]:
    """Return labels that the model's last layer and its loss can learn from."""
    array = np.asarray(value)
    if array.ndim == 0 or len(array) != n:
        raise ValueError(f"`{name}` must hold {n} labels, one per example; got {array.shape}.")
    width = output_shape[-1] if output_shape else None
    if "sparsecategorical" in loss:
        _class_numbers(name, array, n, width)
    elif "categorical" in loss and array.shape[1:] != tuple(output_shape):
        raise ValueError(
            f"`{name}` must have shape ({n}, {width}), one column per class of the head, for the "
            f"loss {loss}; got {array.shape}. With class numbers as labels, compile with "
            "loss='sparse_categorical_crossentropy'."
        )
    elif "binary" in loss and not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(
            f"`{name}` must be from 0 to 1 for the loss {loss}; got values from "
            f"{array.min():g} to {array.max():g}. Number two classes 0 and 1."
        )
    elif "binary" in loss and array.size != n * (width or 1):
        raise ValueError(
            f"`{name}` must hold {width} labels per example, one for each output of the head; "
            f"got shape {array.shape}. Give the head 1 output for one yes-or-no question."
        )
    return array


def _class_numbers(name: str, array: NDArray[Any], n: int, n_classes: int | None) -> None:
    if array.shape not in ((n,), (n, 1)) or not np.array_equal(array, np.floor(array)):
        raise ValueError(
            f"`{name}` must have shape ({n},) and hold whole numbers, the classes; got shape "
            f"{array.shape} and dtype {array.dtype}. For one column per class, compile with "
            "loss='categorical_crossentropy'."
        )
    if n_classes is not None and not (array.min() >= 0 and array.max() < n_classes):
        raise ValueError(
            f"`{name}` must be classes from 0 to {n_classes - 1}, because the head has "
            f"{n_classes} outputs; got {array.min():g} to {array.max():g}. Renumber the classes, "
            f"or give the head {int(array.max()) + 1} outputs."
        )


def example_indices(name: str, value: ArrayLike | None, n: int) -> NDArray[Any]:
    """Return indices of examples; all `n` for None."""
    if value is None:
        return np.arange(n)
    array = np.asarray(value)
    if array.ndim != 1 or len(array) == 0 or array.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must be a list of at least one whole number, indices of examples; got "
            f"shape {array.shape} and dtype {array.dtype}."
        )
    if array.min() < 0 or array.max() >= n:
        raise ValueError(
            f"`{name}` must be from 0 to {n - 1}, because there are {n} examples; got "
            f"{array.min()} to {array.max()}."
        )
    return array


def one_input_and_output(name: str, n_inputs: int, n_outputs: int) -> None:
    """Refuse a model with several inputs or outputs."""
    if (n_inputs, n_outputs) != (1, 1):
        raise ValueError(
            f"`model` must have one input and one output; {name!r} has {n_inputs} and "
            f"{n_outputs}. Train it with set_trainable and model.fit instead."
        )


def cut_leaves_nothing(cut: int, block: str) -> ValueError:
    """Return the error for a cut after which nothing can move."""
    return ValueError(
        f"`cut` must leave something to train; from block {cut} ({block!r}) on there is only "
        "BatchNormalization, which is kept frozen. Take a smaller cut, or "
        "keep_batchnorm_frozen=False."
    )


def already_training() -> RuntimeError:
    """Return the error for a second run while one is under way."""
    return RuntimeError(
        "This trainer is training already. Wait until that run has ended, or set its stop event."
    )


def other_architecture(name: str, expected: str) -> ValueError:
    """Return the error for a model that does not have the trainer's parameters."""
    return ValueError(
        f"`model` must have the architecture of {expected!r}, which was trained; the parameters "
        f"of {name!r} have other shapes. Pass the model that the trainer was made with."
    )


def own_training(name: str, method: str) -> TypeError:
    """Return the error for a model that trains in its own way."""
    return TypeError(
        f"`model` must train as keras.Model does; {name!r} has a `{method}` of its own, which "
        "kept activations cannot follow. Train it with set_trainable and model.fit instead."
    )


def scheduled_learning_rate(learning_rate: float) -> ValueError:
    """Return the error for a learning rate where a schedule rules."""
    return ValueError(
        "`learning_rate` must be None here, because the model's optimizer follows a schedule; "
        f"got {learning_rate:g}. Compile the model with a number instead of the schedule."
    )


def cut_in_masked_sequence(cut: int, block: str) -> ValueError:
    """Return the error for a cut that a mask crosses."""
    return ValueError(
        f"`cut` must not lie where a mask (of padded sequences) is handed on, because kept "
        f"activations have none; got {cut}, before {block!r}. Take 0, or a cut after the layer "
        "that uses the mask."
    )


def class_weights(name: str, value: object) -> None:
    """Refuse what is not a number of at least 0 for each class."""
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise TypeError(
            f"`{name}` must be a dict from class to number, for instance {{0: 1.0, 1: 3.0}}; got "
            f"{value!r} ({type(value).__name__})."
        )
    for label, factor in value.items():
        _check.number(f"{name}[{label!r}]", factor, low=0, high=1e9, meaning="how much it counts")
