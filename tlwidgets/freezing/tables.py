"""What each block of a network costs, as a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .blocks import read_layout
from .costs import count_multiplications

if TYPE_CHECKING:
    import keras
    import pandas as pd


def block_costs(model: keras.Model) -> pd.DataFrame:
    """Show me where the parameters, the arithmetic and the memory of this network go.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional, with a known size of the input.

    Returns
    -------
    pandas.DataFrame
        One row per block of `read_blocks`, indexed by its name: parameters, multiplications
        (of one example on its way forward, biases and normalisations left out), values (how
        many numbers the block hands on).

    Raises
    ------
    TypeError, ValueError
        If the model is subclassed, not built, or has nothing to train.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="hidden"),
    ...                           keras.layers.Dense(2, name="digits")])
    >>> block_costs(model)["multiplications"].to_dict()
    {'hidden': 32, 'digits': 8}
    """
    import pandas as pd

    layout = read_layout(model)
    rows = {
        block.name: (
            block.n_parameters,
            count_multiplications(layout, i),
            math.prod(size or 1 for size in block.output_shape),
        )
        for i, block in enumerate(layout.blocks)
    }
    columns = ["parameters", "multiplications", "values"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("block")
