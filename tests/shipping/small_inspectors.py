"""Small networks, heads and inspectors that several tests need."""

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlwidgets.shipping import Inspector, ModelCard, to_keras

SIZE_PX = 12


def images(n=80, channels=3, size_px=SIZE_PX):
    """Return dark and bright noise: the second half is bright."""
    rng = np.random.default_rng(0)
    dark = rng.integers(0, 120, (n // 2, size_px, size_px, channels), np.uint8)
    bright = rng.integers(100, 256, (n - n // 2, size_px, size_px, channels), np.uint8)
    return np.concatenate([dark, bright])


def network(channels=3, *, outputs=1):
    inputs = keras.Input((SIZE_PX, SIZE_PX, channels), name="image")
    x = layers.Rescaling(1 / 255)(inputs)
    first = layers.Conv2D(4, 3, activation="relu", name="stage1_conv")(x)
    second = layers.Conv2D(6, 3, name="stage2_conv")(first)
    second = layers.BatchNormalization(name="stage2_bn")(second)
    pooled = [layers.GlobalAveragePooling2D()(tensor) for tensor in (first, second)]
    return keras.Model(inputs, pooled[::-1] if outputs == 2 else pooled[1], name="small")


def fitted_head(features, n_classes=2, scaler=True):
    y = np.arange(len(features)) * n_classes // len(features)
    head = LogisticRegression(max_iter=2000)
    return (make_pipeline(StandardScaler(), head) if scaler else head).fit(features, y)


def card(**changes):
    parts = {
        "name": "Brightness inspector",
        "question": "Is this picture bright?",
        "data": "80 pictures of noise.",
        "training": "A logistic head on a random network.",
        "measured": {"accuracy": (0.975, "on the same 80 pictures, threshold 0.5")},
        "limits": ["It knows only noise."],
        "licence": "BSD-3-Clause",
    }
    return ModelCard(**{**parts, **changes})


def inspector(channels=3, class_names=("dark", "bright"), **options):
    base, x = network(channels), images(channels=channels)
    head = fitted_head(base.predict(x, verbose=0), len(class_names))
    return Inspector(to_keras(base, head), class_names, **options)
