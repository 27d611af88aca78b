"""The wording of every error about examples, tasks and networks that learn several things.

A message says what is wrong, what was expected, what came, and what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check


def seed(value: object) -> int:
    """Return a seed."""
    return _check.whole_number("seed", value, low=0, meaning="the number of a random draw")


def steps(value: object) -> int:
    """Return a number of steps."""
    return _check.whole_number("steps", value, low=1, meaning="the steps of training")


def positive(name: str, value: object, *, high: float, meaning: str) -> float:
    """Return `value` when it is greater than 0 and at most `high`."""
    number = _check.number(name, value, low=0, high=high, meaning=meaning)
    if number == 0:
        raise ValueError(f"`{name}` must be greater than 0, {meaning}; got {value!r}.")
    return number


def network(name: str, value: Any, *, image: bool = False) -> Any:
    """Return `value` when it turns examples into one row of features each."""
    _check.functional_model(name, value)
    shapes = [tensor.shape[1:] for tensor in (*value.inputs, *value.outputs)]
    wanted = "one image (height, width, channels)" if image else "one input"
    fits = len(shapes) == 2 and len(shapes[1]) == 1 and (not image or len(shapes[0]) == 3)
    if not fits:
        raise ValueError(
            f"`{name}` must take {wanted} and give one row of features; {value.name!r} has the "
            f"shapes {shapes}. Cut it before its head, and flatten or pool."
        )
    if not value.trainable_variables:
        raise ValueError(
            f"`{name}` must have parameters that train; in {value.name!r} all layers are frozen. "
            f"Set {name}.trainable = True."
        )
    return value


def same_parameters(name: str, value: Any, ours: keras.Model) -> list[NDArray[Any]]:
    """Return the parameters of a network when they fit ours."""
    if not isinstance(value, keras.Model):
        raise TypeError(f"`{name}` must be a Keras model; got {value!r}.")
    want, got = ([tuple(v.shape) for v in model.variables] for model in (ours, value))
    if want != got:
        raise ValueError(
            f"`{name}` must have the layers of the network that this learner was made for; got "
            f"parameters of the shapes {got}, expected {want}. Make a new learner for it."
        )
    return [variable.numpy() for variable in value.variables]


def finite_losses(losses: NDArray[Any]) -> NDArray[Any]:
    """Return the losses of all steps when none of them is NaN or infinite."""
    if not np.isfinite(losses).all():
        first = int(np.argmin(np.isfinite(losses)))
        raise FloatingPointError(
            f"Training diverged: the loss of step {first} is {losses[first]}. Lower "
            "`learning_rate`, look for NaN in the examples, and restart()."
        )
    return losses


def examples(name: str, value: ArrayLike, shape: Sequence[int | None]) -> NDArray[Any]:
    """Return examples that fit an input of this shape (without the batch)."""
    array = np.asarray(value)
    fits = array.ndim == len(shape) + 1 and all(
        want in (None, got) for want, got in zip(shape, array.shape[1:], strict=False)
    )
    if not fits or len(array) == 0 or array.dtype.kind not in "uif":
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(
            f"`{name}` must hold numbers of the shape (n, {expected}), as the network takes "
            f"them; got {array.shape}, {array.dtype}. Grey images may need x[..., None]."
        )
    return array


def batch_size(value: object, n: int, *, low: int = 1) -> int:
    """Return the number of examples in a batch, no more than there are."""
    meaning = "the examples of one step"
    if low > 1:
        meaning += ", which are compared with each other"
    size = _check.whole_number("batch_size", value, low=low, meaning=meaning)
    if n < low:
        raise ValueError(
            f"`images` must hold at least {low} images, {meaning}; got {n}. One alone has "
            "nothing to differ from."
        )
    return min(size, n)


def heads(value: object) -> dict[str, int]:
    """Return the tasks' names with the number of outputs of each."""
    if not isinstance(value, Mapping) or not value:
        raise TypeError(
            "`heads` must give a number of outputs for each task, such as "
            f"{{'digit': 10, 'parity': 2}}; got {value!r}."
        )
    return {
        _check.text("heads", name, meaning="the name of a task"): _check.whole_number(
            f"heads[{name!r}]", n, low=1, meaning="classes, or yes-or-no questions"
        )
        for name, n in value.items()
    }


def loss_share(value: object, names: Sequence[str]) -> dict[str, float]:
    """Return how much the loss of each task counts."""
    if value is None:
        return dict.fromkeys(names, 1.0)
    _same_names("loss_share", value, names)
    shares = {}
    for name, share in value.items():  # type: ignore[attr-defined]
        meaning = "how much the loss of this task counts"
        shares[name] = _check.number(
            f"loss_share[{name!r}]", share, low=0, high=1e6, meaning=meaning
        )
        if shares[name] == 0:
            raise ValueError(
                f"`loss_share[{name!r}]` must be greater than 0; got {share!r}, so its head would "
                "never learn. To train without a task, leave it out of `heads`."
            )
    return shares


def tasks(value: object, names: Sequence[str]) -> dict[str, Any]:
    """Return a pair of examples and labels for each task."""
    _same_names("tasks", value, names)
    return {name: _check.pair(f"tasks[{name!r}]", value[name]) for name in names}  # type: ignore[index]


def labels(task: str, value: ArrayLike, *, n: int, n_outputs: int) -> NDArray[Any]:
    """Return class numbers, shape (n,), or answers 0 and 1, shape (n, n_outputs)."""
    array = np.asarray(value)
    name = f"labels of {task!r}"
    if array.ndim == 0 or len(array) != n:
        raise ValueError(f"`{name}`: {n} are needed, one per example; got shape {array.shape}.")
    if array.ndim == 2 and array.shape[1] == n_outputs:
        if not np.isin(array, (0, 1)).all():
            raise ValueError(
                f"`{name}`: a table of answers must hold 0 (no) and 1 (yes); got values from "
                f"{array.min()} to {array.max()}. Class numbers need shape ({n},)."
            )
        return array.astype(np.float32)
    if array.ndim != 1:
        raise ValueError(
            f"`{name}`: expected shape ({n},), classes, or ({n}, {n_outputs}), one answer for "
            f"each output of the head; got {array.shape}. Give the head as many outputs as "
            "there are questions."
        )
    is_whole = array.dtype.kind in "uib" and array.min() >= 0 and array.max() < n_outputs
    if not is_whole:
        raise ValueError(
            f"`{name}`: expected whole numbers from 0 to {n_outputs - 1}, because the head has "
            f"{n_outputs} outputs; got {array.min()} to {array.max()} ({array.dtype}). Renumber "
            "the classes, or give the head more outputs."
        )
    return array.astype(np.int32)


def pairs_of_views(first: Sequence[int | None], second: Sequence[int | None]) -> None:
    """Refuse shapes that are not n rows of one view and n rows of the other."""
    shapes = tuple(first), tuple(second)
    if len(shapes[0]) != 2 or shapes[0] != shapes[1]:
        raise ValueError(
            "`first` and `second` must have the same shape (n, d), two views of the same n "
            f"examples; got {shapes[0]} and {shapes[1]}."
        )
    if shapes[0][0] is not None and shapes[0][0] < 2:
        raise ValueError(
            f"`first` must hold at least 2 examples, because each is told from the others; got "
            f"{shapes[0][0]}. Use a larger batch."
        )


def side_for_decoder(shape: Sequence[int | None]) -> None:
    """Refuse images that two doublings cannot rebuild."""
    height, width, _ = shape
    if height is None or width is None or height % 4 or width % 4:
        raise ValueError(
            "`network` must take images whose height and width can be divided by 4, because the "
            f"decoder doubles its picture twice; got {height} x {width}. Pad the images."
        )


def _same_names(name: str, value: object, names: Sequence[str]) -> None:
    if not isinstance(value, Mapping) or set(value) != set(names):
        got = sorted(map(str, value)) if isinstance(value, Mapping) else repr(value)
        raise ValueError(
            f"`{name}` must have one entry for each head, {sorted(names)}; got {got}. A task "
            "without a head cannot be learned, a head without a task would stay random."
        )


def task(value: object, names: Sequence[str]) -> str:
    """Return the name of a task that has a head."""
    return _check.one_of("task", value, names, kind="task")


def images_for_patches(shape: tuple[int, ...], side: int, n_parts: int) -> ValueError:
    """Return the error for images that have colour, or are smaller than their patches."""
    return ValueError(
        f"`images` must be grey, (n, height, width), and large enough for {n_parts} x {n_parts} "
        f"parts of patches of {side} x {side} pixels; got {shape}. Average the colours, or take "
        "a smaller `side_px`."
    )


def too_few_patches(n: int, n_patches: int) -> ValueError:
    """Return the error for images in which nearly every patch is empty."""
    return ValueError(
        f"`images`: only {n} of the patches drawn from them show anything, fewer than the "
        f"{n_patches} kinds wanted. Pixels go from 0 to 255; are the images empty?"
    )
