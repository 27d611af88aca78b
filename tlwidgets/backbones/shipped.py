"""Read the parameters of our own small networks from the files that ship with them."""

from __future__ import annotations

import keras
import numpy as np

from ..data.catalog import read_catalog, shipped_path, verify


def read_shipped(network: keras.Model, name: str, *, what: str) -> None:
    """Give a network the parameters that stand in the catalog under a name.

    Raises
    ------
    ValueError
        If the shipped file was changed.
    """
    entry = read_catalog()[name]
    path = shipped_path(entry)
    verify(path, entry.sha256, what=what)
    with np.load(path, allow_pickle=False) as archive:
        for variable in network.variables:
            variable.assign(archive[variable.path].astype(np.float32))
