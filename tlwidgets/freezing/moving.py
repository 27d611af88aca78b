"""The proof of freezing: which variables moved, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from . import errors


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All parameters of a model at one moment.

    Parameters
    ----------
    names : tuple of (str, str)
        Layer and variable.
    values : tuple of array
        In the same order.
    """

    names: tuple[tuple[str, str], ...]
    values: tuple[NDArray, ...]

    def __repr__(self) -> str:
        n = sum(value.size for value in self.values)
        return f"Snapshot({len(self.values)} variables, {n:,} parameters)"


def snapshot(model: keras.Model) -> Snapshot:
    """Remember the parameters of this model as they are now.

    Parameters
    ----------
    model : keras.Model
        Any model that is built, subclassed ones too.

    Returns
    -------
    Snapshot
        For `moved`. A copy: it does not change with the model.
    """
    variables = _variables(errors.keras_model("model", model))
    return snapshot_from(model, {id(variable): variable.numpy() for _, variable in variables})


def snapshot_from(model: keras.Model, values: Mapping[int, NDArray]) -> Snapshot:
    """Return the snapshot of a model whose values, by the `id` of the variable, are known."""
    variables = _variables(model)
    return Snapshot(
        tuple((layer, variable.name) for layer, variable in variables),
        tuple(values[id(variable)] for _, variable in variables),
    )


def moved(before: Snapshot, model: keras.Model) -> pd.DataFrame:
    """Show me which layers moved since then, and which did not.

    Parameters
    ----------
    before : Snapshot
        Of the same model.
    model : keras.Model
        As it is now.

    Returns
    -------
    DataFrame
        One row for each variable: layer, variable, parameters, trainable (the flag),
        moved (whether any value changed), largest_change, relative_change (Euclidean
        length of the change by that of the values before).

    Raises
    ------
    TypeError, ValueError
        If `before` is no snapshot, or not one of this model.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="head")])
    >>> before = snapshot(model)
    >>> _ = model.get_layer("head").bias.assign([0.5])
    >>> moved(before, model)[["layer", "variable", "moved"]].values.tolist()
    [['head', 'kernel', False], ['head', 'bias', True]]
    """
    if not isinstance(before, Snapshot):
        raise TypeError(
            f"`before` must be a snapshot; got {type(before).__name__}. "
            "Take it before training: before = snapshot(model)."
        )
    variables = _variables(errors.keras_model("model", model))
    now = [(layer, variable.name) for layer, variable in variables]
    shapes = [value.shape for value in before.values]
    if list(before.names) != now or shapes != [tuple(v.shape) for _, v in variables]:
        raise ValueError(
            f"`before` must be a snapshot of this model ({len(now)} variables); got one of "
            f"{len(before.names)} variables with other names or shapes. Take a new one."
        )
    pairs = zip(variables, before.values, strict=True)
    return pd.DataFrame([_row(layer, variable, old) for (layer, variable), old in pairs])


def _row(layer: str, variable: keras.Variable, old: NDArray) -> dict[str, object]:
    new = variable.numpy()
    has_moved = not np.array_equal(new, old, equal_nan=True)
    # Most did not move, and then nothing needs to be computed.
    change = np.abs(new.astype(np.float64) - old.astype(np.float64)) if has_moved else np.zeros(1)
    relative = (_length(change) / _length(old) if has_moved else 0.0) if old.any() else np.nan
    return {
        "layer": layer,
        "variable": variable.name,
        "parameters": old.size,
        "trainable": bool(variable.trainable),
        "moved": has_moved,
        "largest_change": float(change.max(initial=0.0)),
        "relative_change": relative,
    }


def _length(values: NDArray) -> float:
    return float(np.sqrt(np.square(values, dtype=np.float64).sum()))


def _variables(model: keras.Model) -> list[tuple[str, keras.Variable]]:
    """Return (layer, variable) of all parameters, each once; no states of random generators."""
    found: dict[int, tuple[str, keras.Variable]] = {}
    for layer in model._flatten_layers():
        for variable in (*layer._trainable_variables, *layer._non_trainable_variables):
            found.setdefault(id(variable), (layer.name, variable))
    return list(found.values())
