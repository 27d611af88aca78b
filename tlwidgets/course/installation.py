"""A self-test of the installation: what of the course works on this machine, offline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from .._quiet import start_keras


def self_test() -> pd.DataFrame:
    """Tell me what of the course works on this machine now.

    Returns
    -------
    pandas.DataFrame
        One row per part, indexed by what it is: works (bool), detail (what was seen, or
        the error and what to do about it).
    """
    rows = [_try(name, part) for name, part in _PARTS.items()]
    return pd.DataFrame(rows).set_index("part")


def _try(name: str, part: Callable[[], str]) -> dict[str, object]:
    try:
        return {"part": name, "works": True, "detail": part()}
    except Exception as error:  # noqa: BLE001 - whatever is broken here is the result
        return {"part": name, "works": False, "detail": f"{type(error).__name__}: {error}"}


def _keras() -> str:
    start_keras()
    import keras

    one = float(keras.ops.sum(keras.ops.ones((2, 2))))
    return f"Keras {keras.__version__} on {keras.backend.backend()}; 2 x 2 ones sum to {one:g}"


def _imagenet() -> str:
    from .. import backbones, data

    photographs = data.load_photographs(224)
    network = backbones.load_backbone("efficientnet_lite0", 224, include_top=True)
    coffee = photographs.images[photographs.names.index("coffee")]
    probabilities = np.asarray(network(coffee[None].astype("float32"), training=False))[0]
    best = backbones.imagenet_class_names()[int(probabilities.argmax())]
    if best != "espresso":
        raise RuntimeError(f"the network should see espresso in the cup, but sees {best}")
    return f"EfficientNet-Lite0 sees {best} in the cup ({probabilities.max():.0%})"


def _digits() -> str:
    from .. import data

    return repr(data.load_digits())


def _solar_cells() -> str:
    from .. import data

    return f"{data.fetch_solar_cells(96)!r}, for non-commercial use"


def _widgets() -> str:
    from .notebook import nothing_kept
    from .prediction import Prediction

    guess = Prediction("Does it work?", choices=["yes", "no"])
    with nothing_kept():
        guess.commit("yes")
    return f"a Prediction keeps its guess: {guess.guess}"


def _cache() -> str:
    from ..data.cache import cache_folder, is_writable

    if not is_writable():
        return f"{cache_folder()} cannot be written: slow steps will run again each time"
    return f"slow results are kept in {cache_folder()}"


_PARTS: dict[str, Callable[[], str]] = {
    "Keras": _keras,
    "ImageNet network": _imagenet,
    "digits": _digits,
    "solar cells": _solar_cells,
    "widgets": _widgets,
    "cache": _cache,
}
