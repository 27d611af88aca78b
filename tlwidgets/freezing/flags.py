"""Choose what trains, in such a way that Keras does what the flags say.

Three traps of Keras (measured with 3.15): a change of `trainable` after the first `fit` does
nothing until the model is compiled again; `model.trainable = True` does not reach inner
layers when it is true already; and `base(x, training=False)` does not keep
BatchNormalization still under `fit`, only its own flag does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .. import _keras
from .blocks import Layout, read_parts
from .graph import batchnorms_in, check_model


def set_trainable(
    model: keras.Model,
    cut: int,
    *,
    keep_batchnorm_frozen: bool = True,
    optimizer: keras.optimizers.Optimizer | str | None = None,
    blocks: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Freeze everything before this block, and train the rest.

    Sets every layer's flag and compiles the model anew, so that the flags and what `fit`
    does agree. The parameters stay as they are; the optimizer starts afresh.

    Parameters
    ----------
    model : keras.Model
        Of any kind: Sequential, Functional or subclassed, nested backbones too. Changed in place.
    cut : int, 0..n_blocks - 1
        Index of the first block that trains: 0 trains everything, n_blocks - 1 only the head.
    keep_batchnorm_frozen : bool
        Keep BatchNormalization in inference mode in the blocks that train, too: its
        statistics come from far more images than you have.
    optimizer : keras.optimizers.Optimizer or str, optional
        By default a fresh one with the configuration of the old one. Loss and metrics stay.
    blocks : dict of str to list of str, optional
        Blocks of your own, as for `read_blocks`.

    Notes
    -----
    A model that has not been compiled gets its flags only; compile it afterwards.
    """
    layout = read_parts(model, blocks)
    cut = layout.check_cut(cut)
    # First, because an optimizer of one's own may refuse: then nothing is changed.
    settings = _fresh_settings(model, optimizer) if model.compiled else None
    set_flags(model, layout, cut, keep_batchnorm_frozen)
    if settings is not None:
        model.compile(**settings)


def set_flags(model: keras.Model, layout: Layout, cut: int, keep_batchnorm_frozen: bool) -> None:
    """Set the flag of every layer; the model must be compiled anew afterwards."""
    kept = [v for layer in _keras.layers_in(model) for v in _keras.frozen_alone(layer)]
    # From the outside in: a model's setter reaches its layers, which then get their own.
    model.trainable = True
    for layer in _keras.layers_in(model):
        if _keras.graph_of(layer) is not None:
            layer.trainable = True
    for block in range(len(layout.blocks)):
        for layer in layout.layers_of(block):
            layer.trainable = block >= cut
            for norm in batchnorms_in(layer) if keep_batchnorm_frozen else ():
                norm.trainable = False
    for variable in kept:  # the setters above have thawed them
        variable.trainable = False


def _fresh_settings(
    model: keras.Model, optimizer: keras.optimizers.Optimizer | str | None
) -> dict[str, Any]:
    """Return how to compile with a fresh optimizer and everything else as it was."""
    settings: dict[str, Any] = _keras.compile_settings(model)
    chosen = settings["optimizer"] if optimizer is None else keras.optimizers.get(optimizer)
    settings["optimizer"] = fresh_optimizer(chosen, ()) if chosen is not None else None
    for metric in keras.tree.flatten([settings["metrics"], settings["weighted_metrics"]]):
        if isinstance(metric, keras.metrics.Metric):
            metric.reset_state()  # the first epoch after `compile` would go on from what it holds
    return settings


def fresh_optimizer(
    optimizer: keras.optimizers.Optimizer,
    twins: Sequence[tuple[keras.Variable, keras.Variable]],
) -> keras.optimizers.Optimizer:
    """Return an optimizer of the same configuration that has not seen any variable.

    `twins` are pairs of a variable and the one that takes its place in another model.
    """
    fresh = _keras.rebuilt(optimizer)
    if fresh is None:
        fresh = _keras.unbuilt_copy(optimizer)
    _keras.carry_exclusions(optimizer, fresh, twins)
    return fresh


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All parameters of a model at one moment."""

    names: tuple[tuple[str, str], ...]  # layer and variable
    values: tuple[NDArray[Any], ...]  # in the same order

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
    variables = _variables(check_model("model", model))
    return snapshot_from(model, {id(variable): variable.numpy() for _, variable in variables})


def snapshot_from(model: keras.Model, values: Mapping[int, NDArray[Any]]) -> Snapshot:
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
    variables = _variables(check_model("model", model))
    now = [(layer, variable.name) for layer, variable in variables]
    shapes = [value.shape for value in before.values]
    if list(before.names) != now or shapes != [tuple(v.shape) for _, v in variables]:
        raise ValueError(
            f"`before` must be a snapshot of this model ({len(now)} variables); got one of "
            f"{len(before.names)} variables with other names or shapes. Take a new one."
        )
    pairs = zip(variables, before.values, strict=True)
    return pd.DataFrame([_row(layer, variable, old) for (layer, variable), old in pairs])


def is_same(one: NDArray[Any], two: NDArray[Any]) -> bool:
    """Tell whether two arrays hold the same values, NaN in the same places included."""
    # `equal_nan` copies both, which for embeddings is much: asked only if they differ.
    return np.array_equal(one, two) or np.array_equal(one, two, equal_nan=True)


def _row(layer: str, variable: keras.Variable, old: NDArray[Any]) -> dict[str, object]:
    new = variable.numpy()
    has_moved = not is_same(new, old)
    # Most did not move, and then nothing needs to be computed.
    change = np.abs(new.astype(np.float64) - old.astype(np.float64)) if has_moved else np.zeros(1)
    length = np.linalg.norm(old.astype(np.float64)) if has_moved else 1.0
    return {
        "layer": layer,
        "variable": variable.name,
        "parameters": old.size,
        "trainable": bool(variable.trainable),
        "moved": has_moved,
        "largest_change": float(change.max(initial=0.0)),
        "relative_change": np.linalg.norm(change) / length if old.any() else np.nan,
    }


def _variables(model: keras.Model) -> list[tuple[str, keras.Variable]]:
    """Return (layer, variable) of all parameters, each once; no states of random generators."""
    found: dict[int, tuple[str, keras.Variable]] = {}
    for layer in _keras.layers_in(model):
        for variable in _keras.own_parameters(layer):
            found.setdefault(id(variable), (layer.name, variable))
    return list(found.values())
