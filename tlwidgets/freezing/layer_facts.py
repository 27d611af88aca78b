"""What freezing needs to know about a single layer."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers


def trainable_variables_of(operation: Any) -> list[keras.Variable]:
    """Return the variables that training would move if the layer were not frozen.

    The public `layer.trainable_variables` is empty while a layer is frozen.
    """
    if not isinstance(operation, keras.Layer):
        return []
    return [v for inner in operation._flatten_layers() for v in inner._trainable_variables]


def count_parameters(operation: Any) -> int:
    """Return the number of parameters, the statistics of a BatchNormalization included."""
    return sum(count(v) for v in operation.weights) if isinstance(operation, keras.Layer) else 0


def count(variable: keras.Variable) -> int:
    """Return the number of values in a variable."""
    return math.prod(variable.shape)


def batchnorms_in(operation: Any) -> list[keras.Layer]:
    """Return the BatchNormalization layers in a layer: itself, or those inside a wrapper."""
    if not isinstance(operation, keras.Layer):
        return []
    found = operation._flatten_layers()
    return [inner for inner in found if isinstance(inner, layers.BatchNormalization)]


def is_batchnorm(operation: Any) -> bool:
    """Tell whether a layer is a BatchNormalization."""
    return isinstance(operation, layers.BatchNormalization)


def is_random_in_training(operation: Any) -> bool:
    """Tell whether a layer draws random numbers in training: Dropout, augmentation, noise."""
    if not isinstance(operation, keras.Layer):
        return False
    return any(inner._seed_generators for inner in operation._flatten_layers())


def is_classifier(operation: Any) -> bool:
    """Tell whether a layer, coming last, is the classifier that every task replaces."""
    return isinstance(operation, layers.Dense)


def has_automatic_name(layer: keras.Layer) -> bool:
    """Tell whether Keras made up the layer's name, such as "conv2d_7"."""
    automatic = keras.src.utils.naming.to_snake_case(type(layer).__name__)
    rest = layer.name.removeprefix(automatic)
    return rest != layer.name and (rest == "" or rest.removeprefix("_").isdigit())
