"""From the columns of a table to features and covariates, and what was done on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from . import errors

MOST_CATEGORIES = 20
MOST_COVARIATES = 30
_ID_NAME = re.compile(r"(^|[^a-z])(id|uid|uuid|index|idx|key|nr|no|number|row)$", re.IGNORECASE)
_VALUES = (str, bool, int, float, np.generic, pd.Interval)
_MISSING = "missing"
_OTHER = "other"


@dataclass(slots=True)
class Table:
    """What was made of a table.

    Parameters
    ----------
    features : list of array, shape (n,)
        Numbers with mean 0 and standard deviation 1; categories as 0 and 1.
    covariates : dict of str to array
        The columns as they were: numbers, or categories.
    dropped, filled, merged : list of str
        Columns that were left out and why; that had gaps; that had too many categories.
    """

    features: list[NDArray[np.float64]] = field(default_factory=list)
    covariates: dict[str, NDArray[Any]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)

    def note(self) -> str:
        """Return sentences on what was done; empty if nothing."""
        said = []
        if self.dropped:
            said.append(f"Left out: {'; '.join(self.dropped)}.")
        if self.filled:
            said.append(f"Missing values filled in: {'; '.join(self.filled)}.")
        if self.merged:
            said.append(f"Rare categories joined as {_OTHER!r}: {'; '.join(self.merged)}.")
        return " ".join(said)


def read_table(frame: pd.DataFrame) -> Table:
    """Return features and covariates of a table.

    Raises
    ------
    TypeError, ValueError
        If a column holds dates, lists or infinite numbers, or no column is left.
    """
    table = Table()
    for position, column in enumerate(frame.columns):
        _read_column(table, str(column), frame.iloc[:, position].reset_index(drop=True))
    if not table.features:
        raise errors.nothing_left(table.dropped)
    return table


def first_covariates(covariates: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return as many as can be chosen from."""
    return dict(list(covariates.items())[:MOST_COVARIATES])


def _read_column(table: Table, name: str, values: pd.Series[Any]) -> None:
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        raise errors.dates(name)
    if values.dtype == object:
        values = values.infer_objects()
    _refuse_what_is_no_value(name, values)
    n_different = values.nunique()
    if n_different == 0:
        table.dropped.append(f"{name!r} (empty)")
    elif n_different == 1 and not values.isna().any():
        table.dropped.append(f"{name!r} (the same for everybody)")
    elif _is_id(name, values, n_different):
        table.dropped.append(f"{name!r} (names each row)")
    elif pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        _read_categories(table, name, values)
    else:
        _read_numbers(table, name, values)


def _refuse_what_is_no_value(name: str, values: pd.Series[Any]) -> None:
    if values.dtype != object:
        return
    for value in values.dropna():
        if not isinstance(value, _VALUES):
            raise errors.odd_column(name, f"{type(value).__name__} objects")


def _is_id(name: str, values: pd.Series[Any], n_different: int) -> bool:
    """Tell whether a column only says which row it is."""
    if pd.api.types.is_float_dtype(values) or n_different < len(values):
        return False
    if not pd.api.types.is_integer_dtype(values):
        return True
    is_counting = bool((values.diff().iloc[1:].abs() == 1).all())
    return is_counting or _ID_NAME.search(name) is not None


def _read_numbers(table: Table, name: str, values: pd.Series[Any]) -> None:
    if pd.api.types.is_complex_dtype(values):
        raise errors.odd_column(name, "complex numbers")
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    n_infinite = int(np.isinf(numbers).sum())
    if n_infinite:
        raise errors.infinite_values(name, n_infinite)
    gaps = np.isnan(numbers)
    if gaps.any():
        numbers = np.where(gaps, np.nanmedian(numbers), numbers)
        table.filled.append(f"{name!r} ({gaps.sum():,} by the median)")
    spread = np.ptp(numbers)
    if spread == 0:  # one number and gaps
        table.dropped.append(f"{name!r} (the same for everybody)")
        return
    # By the range first: squares of very large or very small numbers would overflow.
    scaled = (numbers - numbers.mean()) / spread
    table.features.append(scaled / scaled.std())
    table.covariates[name] = numbers


def _read_categories(table: Table, name: str, values: pd.Series[Any]) -> None:
    gaps = values.isna().to_numpy()
    texts = values.astype(object).where(~gaps, _MISSING).astype(str).to_numpy(str)
    if gaps.any():
        table.filled.append(f"{name!r} ({gaps.sum():,} as a category of their own)")
    categories, counts = np.unique(texts, return_counts=True)
    if len(categories) > len(texts) / 2:
        table.dropped.append(f"{name!r} (hardly any value repeats)")
        return
    if len(categories) > MOST_CATEGORIES:
        frequent = categories[np.argsort(-counts, kind="stable")[: MOST_CATEGORIES - 1]]
        texts = np.where(np.isin(texts, frequent), texts, _OTHER)
        table.merged.append(f"{name!r} ({len(categories) - len(frequent):,} of them)")
        categories = np.unique(texts)
    # One of two categories says all.
    for category in categories[1:] if len(categories) == 2 else categories:
        table.features.append((texts == category).astype(np.float64))
    table.covariates[name] = texts
