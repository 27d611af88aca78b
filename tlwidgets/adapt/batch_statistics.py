"""AdaBN: let BatchNormalization know the target's means and variances instead of the source's.

Each BatchNormalization gives (x - mean) / sqrt(variance), with averages that it kept in training.
They are those of the source; on another domain they are wrong (Li et al. 2016).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from .. import _check
from . import errors

_BATCH_SIZE = 512


@errors.never_takes_target_labels
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
    errors.examples_only("x_target", x_target)
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
    dropouts = [d for d in model._flatten_layers() if isinstance(getattr(d, "rate", None), float)]
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
    return [layer for layer in model._flatten_layers() if isinstance(layer, kind)]
