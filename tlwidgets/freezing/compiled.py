"""What the learner passed to `compile`, and labels that fit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from . import errors

Labels = tuple[tf.Tensor, ...]  # y, and the sample weights if there are any


def settings_of(model: keras.Model) -> dict[str, Any]:
    """Return what a model was compiled with; refuse one that `fit` would train otherwise."""
    if not model.compiled or model._compile_config.config["loss"] is None:
        raise errors.compiled_for_fit(model.name)
    for method in ("train_step", "compute_loss"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise errors.own_training(model.name, method)
    errors.one_input_and_output(model.name, len(model.inputs), len(model.outputs))
    return dict(model._compile_config.config)


def check_examples(
    model: keras.Model, name: str, x: ArrayLike, y: ArrayLike
) -> tuple[NDArray, NDArray]:
    """Return examples and labels when the model can learn from them."""
    inputs = errors.model_input(f"{name}x", x, model.inputs[0].shape[1:])
    labels = errors.labels_for_head(
        f"{name}y",
        y,
        n=len(inputs),
        loss=_loss_name(model._compile_config.config["loss"]),
        output_shape=model.outputs[0].shape[1:],
    )
    return inputs, labels


def has_schedule(settings: Mapping[str, Any]) -> bool:
    """Tell whether the optimizer's learning rate follows a schedule."""
    schedule = keras.optimizers.schedules.LearningRateSchedule
    return isinstance(settings["optimizer"]._learning_rate, schedule)


def label_tensors(y: NDArray, class_weight: Mapping[int, float] | None) -> Labels:
    """Return the labels and, with class weights, how much each example counts."""
    labels = tf.constant(y.astype(keras.config.floatx()) if y.dtype.kind == "f" else y)
    if class_weight is None:
        return (labels,)
    classes = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y)).round()
    sample_weight = np.ones(len(y), keras.config.floatx())
    for label, value in class_weight.items():
        sample_weight[classes == label] = value
    return labels, tf.constant(sample_weight)


def _loss_name(loss: Any) -> str:
    """Return the name of a loss in small letters, however the learner gave it."""
    flat = keras.tree.flatten(loss)  # it may stand in a list or a dict
    loss = flat[0] if len(flat) == 1 else "several losses"
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return name.replace("_", "").lower()
