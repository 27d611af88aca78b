"""From which probability on an alarm is worth its cost.

A miss and a false alarm rarely cost the same. For a calibrated probability p an alarm is cheaper
when ``p * cost_missed > (1 - p) * cost_false_alarm`` (Elkan 2001), so the threshold follows from
the two costs alone. For one that is not calibrated it must be measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .calibration import truth_and_claim

if TYPE_CHECKING:
    import pandas as pd

_HIGHEST_COST = 1e12
COST_COLUMNS = ("threshold", "n_missed", "n_false_alarms", "cost_per_item")


def cost_by_threshold(
    y: ArrayLike, probability: ArrayLike, *, cost_missed: float, cost_false_alarm: float
) -> pd.DataFrame:
    """Tell me what every threshold would cost on these items.

    Parameters
    ----------
    y : array of int or bool, shape (n,), 0 or 1
        What was true: 1 where the item is of the class that is looked for.
    probability : array, shape (n,), 0..1
        What the classifier claimed for that class. An alarm is raised where it is at least as
        large as the threshold.
    cost_missed, cost_false_alarm : float, >= 0, in any unit, the same for both
        Of one item of the class that raises no alarm, and of one alarm for another item. Not
        both 0.

    Returns
    -------
    DataFrame
        One row per threshold that makes a difference, from 0 (an alarm for every item) to 1:
        `threshold`, `n_missed`, `n_false_alarms`, and `cost_per_item`, the mean over all n items.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above, or all of `y` is the same.

    Notes
    -----
    If the probabilities are calibrated, the cheapest threshold is in theory
    ``cost_false_alarm / (cost_false_alarm + cost_missed)``, whatever the share of the class
    (Elkan 2001, eq. 2). Choose a threshold on other items than those that you report the cost of:
    the cheapest of many is cheap partly by luck.

    References
    ----------
    Elkan (2001), The Foundations of Cost-Sensitive Learning, IJCAI.

    Examples
    --------
    >>> y, probability = [0, 1, 0, 1], [0.1, 0.3, 0.5, 0.9]
    >>> cost_by_threshold(y, probability, cost_missed=4, cost_false_alarm=1)
       threshold  n_missed  n_false_alarms  cost_per_item
    0        0.0         0               2           0.50
    1        0.2         0               1           0.25
    2        0.4         1               1           1.25
    3        0.7         1               0           1.00
    4        1.0         2               0           2.00
    """
    import pandas as pd

    y, probability = truth_and_claim(y, probability)
    cost_missed, cost_false_alarm = _costs(cost_missed, cost_false_alarm)
    threshold = _thresholds(probability)
    # How many items of a class lie below each threshold: they raise no alarm.
    below = [np.searchsorted(np.sort(probability[y == label]), threshold) for label in (0, 1)]
    n_missed, n_false_alarms = below[1], np.count_nonzero(y == 0) - below[0]
    cost = (cost_missed * n_missed + cost_false_alarm * n_false_alarms) / len(y)
    columns = (threshold, n_missed, n_false_alarms, cost)
    return pd.DataFrame(dict(zip(COST_COLUMNS, columns, strict=True)))


def cheapest_threshold(table: pd.DataFrame) -> float:
    """Give me the threshold that would have cost least.

    Parameters
    ----------
    table : DataFrame
        As `cost_by_threshold` gives.

    Returns
    -------
    float, 0..1
        Of several that cost the same the lowest, which misses fewest.

    Raises
    ------
    TypeError, ValueError
        If it is another table.

    Examples
    --------
    >>> y, probability = [0, 1, 0, 1], [0.1, 0.3, 0.5, 0.9]
    >>> cheapest_threshold(cost_by_threshold(y, probability, cost_missed=4, cost_false_alarm=1))
    0.2
    """
    table = table_with("table", table, COST_COLUMNS, made_by="cost_by_threshold")
    cheapest = table["cost_per_item"].to_numpy().argmin()  # the first of equal ones
    return float(table["threshold"].to_numpy()[cheapest])


def table_with(name: str, value: object, columns: tuple[str, ...], *, made_by: str) -> pd.DataFrame:
    """Return `value` when it is a DataFrame with these columns and at least one row."""
    import pandas as pd

    if not isinstance(value, pd.DataFrame):
        raise TypeError(
            f"`{name}` must be the DataFrame that {made_by}() gives; got {type(value).__name__}."
        )
    if not set(columns) <= set(value.columns) or not len(value):
        got = ", ".join(str(column) for column in value.columns) or "none"
        raise ValueError(
            f"`{name}` must have the columns {', '.join(columns)} and at least one row, as "
            f"{made_by}() gives; got the columns {got} and {len(value)} rows."
        )
    return value


def _costs(cost_missed: float, cost_false_alarm: float) -> tuple[float, float]:
    given = {"cost_missed": cost_missed, "cost_false_alarm": cost_false_alarm}
    missed, false_alarm = (
        _check.number(name, cost, low=0, high=_HIGHEST_COST, meaning="in the unit of the other")
        for name, cost in given.items()
    )
    if missed + false_alarm == 0:
        raise ValueError(
            "`cost_missed` and `cost_false_alarm` must not both be 0; got 0 and 0. With free "
            "mistakes every threshold is as good: say what one of each costs you."
        )
    return missed, false_alarm


def _thresholds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 0, 1 and the middle between each two neighbours: all that can make a difference."""
    found = np.unique(probability)
    middles = (found[1:] + found[:-1]) / 2
    return np.unique([0.0, *middles, 1.0])
