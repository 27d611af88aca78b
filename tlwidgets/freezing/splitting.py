"""Cut a model in two: a trunk that stays as it is, and a top that trains."""

from __future__ import annotations

import keras

from .blocks import read_layout
from .graph import build_model


def split_at(model: keras.Model, cut: int) -> tuple[keras.Model, keras.Model]:
    """Cut this model in two before a block.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional, nested backbones too.
    cut : int, 0..n_blocks - 1
        Index of the first block of the top.

    Returns
    -------
    trunk, top : keras.Model
        With the very layers of `model`: training the top trains the model. `top(trunk(x))`
        is `model(x)`. Where several tensors cross the cut (a skip connection), the trunk
        gives a list and the top takes it. At cut 0 the trunk hands its input on.

    Raises
    ------
    TypeError, ValueError
        If the model cannot be cut, or the cut is out of range.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.ReLU(),
    ...                           keras.layers.Dense(2)])
    >>> trunk, top = split_at(model, 1)
    >>> trunk.output_shape, top.output_shape
    ((None, 4), (None, 2))
    """
    layout = read_layout(model)
    cut = layout.check_cut(cut)
    position = layout.starts[cut]
    trunk = build_model(layout.graph, 0, position, name=f"{model.name}_trunk")
    top = build_model(layout.graph, position, len(layout.graph.steps), name=f"{model.name}_top")
    return trunk, top
