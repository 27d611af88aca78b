"""Read the parameters of our own small networks from the files that ship with them."""

from __future__ import annotations

import keras
import numpy as np

from ..data.catalog import read_catalog, shipped_path, verify


def read_shipped(network: keras.Model, name: str, *, what: str, prefix: str = "") -> None:
    """Give a network the parameters of a file that stands in the catalog under a name.

    In the file each variable has its path in the network, after the prefix.

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
            variable.assign(archive[prefix + variable.path].astype(np.float32))
