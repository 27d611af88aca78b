"""Small models of every kind that a learner may bring."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def sequential(*, dropout: float = 0.0) -> keras.Model:
    parts = [keras.Input((12, 12, 1)), layers.Conv2D(4, 3, name="c1"), layers.ReLU(name="r1")]
    parts += [layers.Conv2D(6, 3, strides=2, name="c2"), layers.BatchNormalization(name="bn2")]
    parts += [layers.ReLU(name="r2"), layers.Flatten(name="flat")]
    parts += [layers.Dense(8, activation="relu", name="hidden")]
    parts += [layers.Dropout(dropout, name="drop")] if dropout else []
    return keras.Sequential([*parts, layers.Dense(3, name="digits")], name="sequential_model")


def skip() -> keras.Model:
    """A Functional model in which two tensors cross some cuts."""
    x = inputs = keras.Input((12, 12, 1), name="image")
    x = trunk = layers.Conv2D(4, 3, padding="same", activation="relu", name="c1")(x)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="c2")(x)
    x = layers.BatchNormalization(name="bn2")(x)
    x = layers.Conv2D(4, 3, padding="same", name="c3")(x)
    x = layers.Add(name="add")([x, trunk])
    x = layers.GlobalAveragePooling2D(name="pool")(layers.ReLU(name="relu")(x))
    return keras.Model(inputs, layers.Dense(3, name="digits")(x), name="skip_model")


def nested(*, dropout: float = 0.0, augment: bool = False) -> keras.Model:
    """The recipe of Keras' transfer-learning guide."""
    base_in = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, use_bias=False, name="block1_conv")(base_in)
    x = layers.BatchNormalization(name="block1_bn")(x)
    x = layers.ReLU(name="block1_relu")(x)
    y = layers.Conv2D(4, 3, padding="same", use_bias=False, name="block2_conv")(x)
    y = layers.BatchNormalization(name="block2_bn")(y)
    x = layers.Add(name="block2_add")([x, y])
    base = keras.Model(base_in, layers.ReLU(name="block2_relu")(x), name="base")
    inputs = keras.Input((12, 12, 3), name="image")
    x = (
        keras.Sequential([layers.RandomFlip(name="flip")], name="augment")(inputs)
        if augment
        else inputs
    )
    x = layers.Rescaling(1 / 127.5, offset=-1, name="preprocessing")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(base(x, training=False))
    x = layers.Dropout(dropout, name="drop")(x) if dropout else x
    return keras.Model(inputs, layers.Dense(3, name="dense")(x), name="nested_model")


MODELS = {"sequential": sequential, "skip": skip, "nested": nested}


def data(model: keras.Model, n: int = 96, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images whose brightness in one corner tells the class: small networks can learn it."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = rng.normal(size=(n, *model.input_shape[1:])).astype("float32")
    x[:, :6, :6] += (y - 1.0)[:, None, None, None]
    return (x + 3) * 20 if model.input_shape[-1] == 3 else x, y


def randomise_statistics(model: keras.Model) -> keras.Model:
    """Give BatchNormalization something to do: fresh statistics would make it the identity."""
    rng = np.random.default_rng(3)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, v.shape) for v in layer.weights])
    return model
