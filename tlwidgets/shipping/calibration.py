"""Whether probabilities keep their word: of all items said to be 70 %, 70 % should be so.

Items are put into bins of equal width by the probability that was claimed; in each bin the mean
claim stands beside the share that was true (a reliability diagram). The expected calibration error
is the mean distance between the two, each bin counted by its items (Guo et al. 2017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .. import _check, _palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_BINS = 10
_MAX_BINS = 1000


def calibration_table(
    y: ArrayLike, probability: ArrayLike, *, n_bins: int = N_BINS
) -> pd.DataFrame:
    """Tell me whether the probabilities that a classifier claims come true.

    Parameters
    ----------
    y : array of int or bool, shape (n,), 0 or 1
        What was true: 1 where the item is of the class that is looked for.
    probability : array, shape (n,), 0..1
        What the classifier claimed for that class: ``predict_proba(x)[:, 1]``.
    n_bins : int, 2..1000
        Bins of equal width from 0 to 1.

    Returns
    -------
    DataFrame
        One row per bin that is not empty: `claimed` (mean probability), `true_rate` (share that
        was true), `n` (items).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above, or all of `y` is the same.

    Notes
    -----
    `true_rate` of a bin with n items is uncertain by about ``sqrt(p (1 - p) / n)``: a bin of ten
    items says little.

    References
    ----------
    Niculescu-Mizil and Caruana (2005), Predicting Good Probabilities with Supervised Learning,
    ICML.

    Examples
    --------
    >>> calibration_table([0, 0, 1, 0, 1, 1], [0.1, 0.1, 0.1, 0.9, 0.9, 0.9], n_bins=2)
       claimed  true_rate  n
    0      0.1   0.333333  3
    1      0.9   0.666667  3
    """
    import pandas as pd
    from sklearn.calibration import calibration_curve

    y, probability = truth_and_claim(y, probability)
    n_bins = _check.whole_number("n_bins", n_bins, low=2, high=_MAX_BINS, meaning="of equal width")
    true_rate, claimed = calibration_curve(y, probability, n_bins=n_bins, pos_label=1)
    # scikit-learn keeps the counts to itself; these are its bins, closed on the right.
    inner_edges = np.linspace(0.0, 1.0, n_bins + 1)[1:-1]
    counts = np.bincount(np.searchsorted(inner_edges, probability), minlength=n_bins)
    return pd.DataFrame({"claimed": claimed, "true_rate": true_rate, "n": counts[counts > 0]})


def calibration_error(y: ArrayLike, probability: ArrayLike, *, n_bins: int = N_BINS) -> float:
    """Tell me by how much claimed probabilities miss, on average.

    Parameters
    ----------
    y, probability, n_bins
        As for `calibration_table`.

    Returns
    -------
    float, 0..1
        The expected calibration error: 0.05 means that claims are off by 5 points on average.

    Raises
    ------
    TypeError, ValueError
        As `calibration_table` does.

    Notes
    -----
    ``sum over bins of n / n_all * |true_rate - claimed|``. It is never 0 by chance alone: few items
    or many bins make it larger. It says nothing on whether the classes are told apart: claiming the
    base rate for every item has an error of 0.

    References
    ----------
    Guo et al. (2017), On Calibration of Modern Neural Networks, ICML, arXiv 1706.04599, eq. 3.

    Examples
    --------
    >>> round(calibration_error([0, 0, 1, 1], [0.1, 0.1, 0.9, 0.9]), 3)
    0.1
    """
    table = calibration_table(y, probability, n_bins=n_bins)
    gaps = (table["true_rate"] - table["claimed"]).abs()
    return float(np.average(gaps, weights=table["n"]))


def truth_and_claim(
    y: ArrayLike, probability: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return labels 0 or 1 and as many probabilities."""
    claim = np.asarray(probability)
    if claim.ndim != 1 or claim.dtype.kind not in "uif" or len(claim) == 0:
        raise ValueError(
            "`probability` must have shape (n,), the probability of the class that is looked for; "
            f"got shape {claim.shape} and dtype {claim.dtype}. Take one column: "
            "predict_proba(x)[:, 1]."
        )
    low, high = float(claim.min()), float(claim.max())
    if not (low >= 0 and high <= 1):  # NaN fails this too
        raise ValueError(
            f"`probability` must be from 0 to 1; got values from {low:g} to {high:g}. Logits "
            "become probabilities through the sigmoid, 1 / (1 + exp(-logit))."
        )
    truth = _check.outcomes("y", y, len(claim))
    found = np.unique(truth)
    if truth.dtype.kind not in "uifb" or set(found.tolist()) != {0, 1}:
        shown = ", ".join(repr(label) for label in found[:5].tolist())
        raise ValueError(
            "`y` must hold 0 and 1, both at least once, with 1 for the class that is looked for; "
            f"got {shown}. Names become 0 and 1 with y == 'defective'."
        )
    return truth.astype(np.int64), claim.astype(np.float64)


# From which probability on an alarm is worth its cost.
#
# A miss and a false alarm rarely cost the same. For a calibrated probability p an alarm is cheaper
# when ``p * cost_missed > (1 - p) * cost_false_alarm`` (Elkan 2001), so the threshold follows from
# the two costs alone. Where a right alarm costs, too (somebody looks at every alarm), it is paid on
# both sides: ``p * cost_missed > p * cost_found + (1 - p) * cost_false_alarm``. For a probability
# that is not calibrated it must be measured.

_HIGHEST_COST = 1e12
COST_COLUMNS = ("threshold", "n_missed", "n_false_alarms", "cost_per_item")


def cost_by_threshold(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    cost_missed: float,
    cost_false_alarm: float,
    cost_found: float = 0.0,
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
    cost_found : float, >= 0, default 0
        Of one alarm that is right. If somebody looks at every alarm it is what a look costs, as is
        `cost_false_alarm`: an alarm for every item then costs one look per item.

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
    ``cost_false_alarm / (cost_false_alarm + cost_missed - cost_found)``, whatever the share of the
    class (Elkan 2001, eq. 2); if every alarm is a look, ``cost_look / cost_missed``. Choose a
    threshold on other items than those that you report the cost of: the cheapest of many is cheap
    partly by luck.

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
    cost_found = _check.number(
        "cost_found", cost_found, low=0, high=_HIGHEST_COST, meaning="in the unit of the others"
    )
    threshold = _thresholds(probability)
    # How many items of a class lie below each threshold: they raise no alarm.
    below = [np.searchsorted(np.sort(probability[y == label]), threshold) for label in (0, 1)]
    n_missed, n_false_alarms = below[1], np.count_nonzero(y == 0) - below[0]
    n_found = np.count_nonzero(y) - n_missed
    cost = cost_missed * n_missed + cost_false_alarm * n_false_alarms + cost_found * n_found
    columns = (threshold, n_missed, n_false_alarms, cost / len(y))
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


DECISION_COLUMNS = (
    "of", "n", "threshold", "accuracy", "recall", "false_alarms", "alarms", "how",
)  # fmt: skip
_NOT_DEFINED = "no such item"


def decisions_at(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    threshold: float,
    how: str,
    kind: ArrayLike | None = None,
) -> pd.DataFrame:
    """Tell me what a rule decides: an alarm from this threshold on, for all items and each kind.

    Parameters
    ----------
    y : array of int or bool, shape (n,), 0 or 1
        What was true: 1 where the item is of the class that is looked for.
    probability : array, shape (n,), 0..1
        What the classifier claimed for that class, for items that it did not learn from.
    threshold : float, 0..1
        An alarm is raised where the probability is at least as large: the one that ships.
    how : str
        How it was measured: which items, and which of them were kept together.
    kind : array, shape (n,), optional
        The kind of each item. A mean may hide that one kind is served badly (Mitchell et al. 2019
        ask for the figures of each kind first of all).

    Returns
    -------
    DataFrame
        A row for "all" and one for each kind: `of`, `n`, `threshold`, `accuracy` (share that was
        decided rightly), `recall` (share of the class looked for that raised an alarm),
        `false_alarms` (share of the other items that raised one), `alarms` (share of all), `how`.
        Where a kind has no item of a class the figure says so in words.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above, or all of `y` is the same.

    Examples
    --------
    >>> table = decisions_at([0, 0, 1, 1], [0.1, 0.3, 0.2, 0.9], threshold=0.25, how="4 others")
    >>> table[["accuracy", "recall", "false_alarms", "alarms"]].values.tolist()
    [[0.5, 0.5, 0.5, 0.5]]
    """
    import pandas as pd

    y, probability = truth_and_claim(y, probability)
    threshold = _check.number("threshold", threshold, low=0, high=1, meaning="a probability")
    _check.text("how", how, meaning="which items, and which of them were kept together")
    parts = {"all": np.ones(len(y), bool)}
    if kind is not None:
        kinds = _check.outcomes("kind", kind, len(y))
        parts |= {str(one): kinds == one for one in np.unique(kinds)}
    is_alarm = probability >= threshold
    rows = []
    for name, part in parts.items():
        truth, alarm = y[part] == 1, is_alarm[part]
        shares = (truth == alarm, alarm[truth], alarm[~truth], alarm)
        figures = [float(share.mean()) if len(share) else _NOT_DEFINED for share in shares]
        rows.append((name, len(truth), threshold, *figures, how))
    return pd.DataFrame(rows, columns=list(DECISION_COLUMNS))


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


# Two pictures to look at before shipping: kept promises, and what a threshold costs.

_CALIBRATION_COLUMNS = ("claimed", "true_rate", "n")
_LARGEST_DOT = 260  # area in points squared
_COLOUR = _palette.VALIDATION


def plot_calibration(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw what was claimed against what came true; on the diagonal the two agree.

    Parameters
    ----------
    table : DataFrame
        As `calibration_table` gives. A dot's area is in proportion to its items; the bar through
        it is one standard error, ``sqrt(p (1 - p) / n)`` with one item added to each side.
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.
    """
    table = table_with("table", table, _CALIBRATION_COLUMNS, made_by="calibration_table")
    _check.axes("ax", ax)
    claimed, true_rate, n = (table[column].to_numpy(float) for column in _CALIBRATION_COLUMNS)
    # With nothing added a bin of ten, all true, would seem certain.
    guarded = (true_rate * n + 1) / (n + 2)
    error = np.sqrt(guarded * (1 - guarded) / n)
    ax.plot([0, 1], [0, 1], color=_palette.NEUTRAL, linestyle="--", label="claimed = true")
    ax.errorbar(claimed, true_rate, error, color=_COLOUR, linewidth=1.5, zorder=2)
    area = _LARGEST_DOT * n / n.max()
    ax.scatter(claimed, true_rate, area, color=_COLOUR, alpha=0.75, zorder=3, label="this model")
    ax.set(xlabel="probability claimed", ylabel="share that was true")
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    ax.legend(loc="upper left", frameon=False, markerscale=0.6)
    return ax


def plot_costs(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw what every threshold costs, and mark the cheapest.

    Parameters
    ----------
    table : DataFrame
        As `cost_by_threshold` gives.
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same.
    """
    table = table_with("table", table, COST_COLUMNS, made_by="cost_by_threshold")
    _check.axes("ax", ax)
    best = cheapest_threshold(table)
    cost = table["cost_per_item"]
    ax.plot(table["threshold"], cost, color=_COLOUR, linewidth=1.5)
    ax.plot(best, cost.min(), "o", color=_COLOUR, markersize=8)
    # High above its dot: near the cheapest the curve is low.
    side = ("left", 0) if best < 0.5 else ("right", 1)
    ax.annotate(
        f"cheapest: {best:.2f}",
        (best, cost.min()),
        xytext=(best, 0.93),
        textcoords=("data", "axes fraction"),
        ha=side[0],
        va="top",
        arrowprops={
            "arrowstyle": "-",
            "linestyle": ":",
            "color": _palette.NEUTRAL,
            "relpos": (side[1], 0),
        },
    )
    ax.set(xlabel="threshold: an alarm from this probability on", ylabel="cost per item")
    ax.set(xlim=(0, 1), ylim=(0, None))
    return ax
