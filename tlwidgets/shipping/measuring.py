"""The figures of a model card as one table, in which nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_NAME, _FIGURE, _HOW = "what", "figure", "how"
_EXAMPLE = "Write {'AUC': (0.91, '656 cells kept for the test')}."


def read_measured(value: Any) -> pd.DataFrame:
    """Return the figures as a table of its own: names first, one column "how", nothing missing."""
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        table = _named(value)
    elif isinstance(value, Mapping):
        table = pd.DataFrame([_row(*item) for item in value.items()])
    else:
        raise TypeError(
            "`measured` must be a mapping from a name to (figure, how it was measured), or a "
            f"DataFrame with a column 'how'; got {type(value).__name__}. {_EXAMPLE}"
        )
    if not len(table):
        raise ValueError(
            f"`measured` must hold at least one figure; got none. Measure first. {_EXAMPLE}"
        )
    return _complete(table)


def _row(name: Any, value: Any) -> dict[str, Any]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(
            f"`measured`: each figure must come with how it was measured, (figure, how); got "
            f"{value!r} for {name!r}. {_EXAMPLE}"
        )
    return {_NAME: str(name), _FIGURE: value[0], _HOW: value[1]}


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose row names, where it has any, are its first column."""
    import pandas as pd

    table = frame.copy()
    if not isinstance(table.index, pd.RangeIndex):
        names = [name or _NAME for name in table.index.names]
        table = table.reset_index(names=names)
    table.columns = pd.Index([str(column) for column in table.columns])
    if _HOW not in table.columns or len(table.columns) < 2:
        raise ValueError(
            "`measured` must have a column 'how' that says how each figure was measured, beside "
            f"the figures; got the columns {', '.join(table.columns) or 'none'}. Add it with "
            "table.assign(how='656 cells kept for the test')."
        )
    return table.reset_index(drop=True)


def _complete(table: pd.DataFrame) -> pd.DataFrame:
    for column in table.columns:
        for row, value in enumerate(table[column]):
            if _is_missing(value):
                raise ValueError(
                    f"`measured` must not leave anything out; got {value!r} in row {row}, column "
                    f"{column!r}. Write the figure, or say in words why there is none."
                )
    return table


def _is_missing(value: Any) -> bool:
    import pandas as pd

    if isinstance(value, str):
        return not value.strip()
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))
