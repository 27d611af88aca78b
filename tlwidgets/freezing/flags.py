"""Choose what trains, in such a way that Keras does what the flags say.

Three traps of Keras (measured with 3.15): a change of `trainable` after the first `fit` does
nothing until the model is compiled again; `model.trainable = True` does not reach inner
layers when it is true already; and `base(x, training=False)` does not keep
BatchNormalization still under `fit`, only its own flag does.
"""

from __future__ import annotations

from typing import Any

import keras

from .blocks import Layout, read_layout
from .graph import is_nested_model
from .layer_facts import batchnorms_in


def set_trainable(
    model: keras.Model,
    cut: int,
    *,
    keep_batchnorm_frozen: bool = True,
    optimizer: keras.optimizers.Optimizer | str | None = None,
) -> None:
    """Freeze everything before this block, and train the rest.

    Sets every layer's flag and compiles the model anew, so that the flags and what `fit`
    does agree. The parameters stay as they are; the optimizer starts afresh.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional, nested backbones too. Changed in place.
    cut : int, 0..n_blocks - 1
        Index of the first block that trains: 0 trains everything, n_blocks - 1 only the head.
    keep_batchnorm_frozen : bool
        Keep BatchNormalization in inference mode in the blocks that train, too: its
        statistics come from far more images than you have.
    optimizer : keras.optimizers.Optimizer or str, optional
        By default a fresh one with the configuration of the old one. Loss and metrics stay.

    Raises
    ------
    TypeError, ValueError
        If the model cannot be cut, or the cut is out of range; nothing is changed then.

    Notes
    -----
    A model that has not been compiled gets its flags only; compile it afterwards.
    """
    layout = read_layout(model)
    set_flags(model, layout, layout.check_cut(cut), keep_batchnorm_frozen)
    if model.compiled:
        recompile(model, optimizer)


def set_flags(model: keras.Model, layout: Layout, cut: int, keep_batchnorm_frozen: bool) -> None:
    """Set the flag of every layer; the model must be compiled anew afterwards."""
    # From the outside in: a model's setter reaches its layers, which then get their own.
    model.trainable = True
    for layer in model._flatten_layers(include_self=False):
        if is_nested_model(layer):
            layer.trainable = True
    for block in range(len(layout.blocks)):
        for layer in layout.layers_of(block):
            layer.trainable = block >= cut
            for norm in batchnorms_in(layer) if keep_batchnorm_frozen else ():
                norm.trainable = False


def recompile(
    model: keras.Model, optimizer: keras.optimizers.Optimizer | str | None = None
) -> None:
    """Compile with a fresh optimizer and everything else as it was."""
    settings: dict[str, Any] = dict(model._compile_config.config)
    chosen = settings["optimizer"] if optimizer is None else keras.optimizers.get(optimizer)
    settings["optimizer"] = fresh_optimizer(chosen) if chosen is not None else None
    model.compile(**settings)


def fresh_optimizer(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Return an optimizer of the same configuration that has not seen any variable."""
    return type(optimizer).from_config(optimizer.get_config())
