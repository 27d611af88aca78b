"""Train on two domains at once, with all the steps inside one compiled function.

`Model.fit` spends milliseconds of Python on every step, and takes one data set, not two of
different lengths. Each step here is Keras' own `train_step`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from .. import _check
from . import errors
from .aligned import DomainAligned
from .compiled_steps import draw_batches

_BATCH_SIZE = 64
_RECORD_EVERY = 100

OnRecord = Callable[[int, DomainAligned], None]


@errors.never_takes_target_labels
def fit_two_domains(
    model: DomainAligned,
    source: tuple[ArrayLike, ArrayLike],
    x_target: ArrayLike,
    *,
    steps: int,
    batch_size: int = _BATCH_SIZE,
    seed: int = 0,
    record_every: int = _RECORD_EVERY,
    on_record: OnRecord | None = None,
) -> dict[str, list[float]]:
    """Train on labelled examples of the source and unlabelled ones of the target.

    Parameters
    ----------
    model : DomainAligned or DomainAdversarial
        Trained in place; a second call goes on where the first ended.
    source : pair of arrays (x, y), shapes (n_source, ...) and (n_source,)
        Examples and whole numbers, the classes.
    x_target : array, shape (n_target, ...)
        Examples without labels, of the shape and kind of the source's.
    steps : int, >= 1
        Each takes a batch of the source and one of the target; both are shuffled again when they
        come to their end.
    batch_size : int, >= 2
        Of each domain.
    seed : int, >= 0
        Of the order of the examples.
    record_every : int, >= 1
        Steps between two rows of the history.
    on_record : callable (steps done, model), optional
        Called for each row, and before the first step with 0: to keep features, for instance.

    Returns
    -------
    dict of str to list
        "step", and for each row the mean since the one before it: "loss", "accuracy" (of the
        source's labels), and of an adversarial model "domain_accuracy".

    Raises
    ------
    TypeError, ValueError
        If the domains do not fit each other or the model, or labels of the target are passed.
    """
    x, y, z = _checked(model, source, x_target)
    steps = _check.whole_number("steps", steps, low=1, meaning="batches of each domain")
    batch_size = _check.whole_number(
        "batch_size", batch_size, low=2, high=min(len(x), len(z)), meaning="examples of each domain"
    )
    record_every = _check.whole_number("record_every", record_every, low=1, meaning="steps")
    rng = np.random.default_rng(_check.whole_number("seed", seed, low=0, meaning="of the order"))
    orders = [draw_batches(len(data), steps, batch_size, rng) for data in (x, z)]
    loop = _loop(model, x, y, z)
    data = [tf.constant(array) for array in (x, y, z)]
    history: dict[str, list[float]] = {"step": []}
    if on_record:
        on_record(0, model)
    for begin in range(0, steps, record_every):
        model.reset_metrics()
        loop(*data, *[tf.constant(order[begin : begin + record_every]) for order in orders])
        history["step"].append(min(begin + record_every, steps))
        for name, value in model.get_metrics_result().items():
            history.setdefault(name, []).append(float(value))
        if on_record:
            on_record(history["step"][-1], model)
    return history


def _checked(
    model: Any, source: Any, x_target: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    if not isinstance(model, DomainAligned):
        raise TypeError(
            f"`model` must be a DomainAligned or DomainAdversarial; got {type(model).__name__}. "
            "Wrap your classifier: DomainAligned(classifier, mmd_loss)."
        )
    _check.pair("source", source)
    x, z = errors.two_sets("source", source[0], "x_target", x_target)
    inputs, outputs = model.classifier.inputs[0].shape, model.classifier.outputs[0].shape
    if x.shape[1:] != tuple(inputs[1:]):
        raise ValueError(
            f"`source` must have examples of shape {tuple(inputs[1:])}, as the classifier takes "
            f"them; got {x.shape[1:]}."
        )
    y = errors.source_labels("source", source[1], n=len(x), n_classes=outputs[1])
    return x, y.astype(np.int32), z


def _loop(model: DomainAligned, *arrays: NDArray[Any]) -> Any:
    """Return the compiled loop of this model for data of these kinds; it is made once."""
    key = tuple((array.dtype.str, array.shape[1:]) for array in arrays)
    if key not in model._loops:
        _build(model, *arrays)
        model._loops[key] = _compiled(model, arrays)
    return model._loops[key]


def _build(model: DomainAligned, x: NDArray[Any], y: NDArray[Any], z: NDArray[Any]) -> None:
    """Create the variables of optimizer and metrics: a compiled loop cannot."""
    batch = {"source": tf.constant(x[:2]), "target": tf.constant(z[:2])}
    model._symbolic_build(data_batch=(batch, tf.constant(y[:2])))


def _compiled(model: DomainAligned, arrays: tuple[NDArray[Any], ...]) -> Any:
    data = [tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays]
    order = tf.TensorSpec((None, None), tf.int32)

    @tf.function(input_signature=[*data, order, order], autograph=False, jit_compile=False)
    def loop(x: Any, y: Any, z: Any, source_order: Any, target_order: Any) -> None:
        def body(i: Any) -> Any:
            chosen = source_order[i]
            both = {"source": tf.gather(x, chosen), "target": tf.gather(z, target_order[i])}
            logs = model.train_step((both, tf.gather(y, chosen)))
            with tf.control_dependencies(keras.tree.flatten(logs)):
                return (i + 1,)

        tf.while_loop(lambda i: i < tf.shape(source_order)[0], body, (0,))

    # Called by itself it would warn that a function of this name was traced before.
    return loop.get_concrete_function()
