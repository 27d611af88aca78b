"""The learner's own data as a population: arrays, a table, or images and a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .. import _check
from ..shift import Population
from . import errors
from .columns import first_covariates, read_table
from .populations import principal_components
from .projecting import N_SHOWN, map_positions

# More different whole numbers than this are an outcome and not classes.
MOST_CLASSES = 100
# More columns than this are reduced to 50 principal components, so that a slider moves at once.
_MANY_COLUMNS = 100
_NAME = "your data"


def read_population(
    x: Any,
    y: Any,
    *,
    feature_names: Sequence[str] | None = None,
    groups: ArrayLike | str | None = None,
    class_names: Sequence[str] | None = None,
    backbone: Any = None,
    name: str = _NAME,
) -> Population:
    """Let me draw biased samples from my own data.

    Parameters
    ----------
    x : DataFrame, array, shape (n, d), or images, shape (n, height, width[, channels])
        Numbers, yes/no, and categories as text. Missing values are filled in; constant columns
        and those that number the rows are left out. What was done stands in the note.
    y : array, shape (n,), or str
        Classes, as text or whole numbers, or a numeric outcome; or the name of a column of `x`.
    feature_names : list of str, length d, optional
        For an array.
    groups : array, shape (n,), or str, optional
        Whose score is told apart; also something to select by. Or the name of a column of `x`,
        from which the model then learns, too.
    class_names : list of str, optional
        In ascending order of the labels, if these are numbers.
    backbone : keras.Model, optional
        Images are seen through it; without one their pixels count.
    name : str

    Returns
    -------
    Population

    Raises
    ------
    TypeError, ValueError
        If the data cannot be made a population; the message says what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"id": range(60), "age": [20, 30, 40] * 20, "sex": ["f", "m"] * 30})
    >>> population = read_population(people, ["ill", "well"] * 30)
    >>> population.class_names, list(population.covariates)
    (('ill', 'well'), ['age', 'sex'])
    >>> population.note
    "Left out: 'id' (names each row)."
    """
    groups = _column_of(x, "groups", groups)
    if isinstance(y, str) and isinstance(x, pd.DataFrame):
        x, y = x.drop(columns=y, errors="ignore"), _column_of(x, "y", y)
    shape = np.shape(x)
    if backbone is not None and len(shape) not in (3, 4):
        raise errors.backbone_without_images(shape)
    if len(shape) not in (2, 3, 4):
        raise errors.shape_of_x(shape)
    if shape[0] < errors.FEWEST_ROWS:
        raise errors.too_few_rows(shape[0])
    labels, names, said = _read_labels(y, shape[0], class_names)
    if len(shape) == 2:
        features, covariates, note = _read_columns(x, feature_names)
    else:
        features, covariates, note = _read_images(x, backbone)
    if groups is not None:
        covariates["group"] = _read_groups(groups, shape[0])
    if shape[0] > N_SHOWN:
        said += f" The map shows {N_SHOWN:,} of the {shape[0]:,} examples; all numbers are of all."
    return Population(
        name=name,
        x=features,
        y=labels,
        class_names=names,
        covariates=covariates,
        group=covariates.get("group", np.full(shape[0], "everybody")),
        position=map_positions(features),
        note=f"{note} {said}".strip(),
    )


def _column_of(x: Any, name: str, value: Any) -> Any:
    """Return the column of a table that a name stands for; any other value as it is."""
    if not (isinstance(value, str) and isinstance(x, pd.DataFrame)):
        return value
    return x[_check.one_of(name, value, map(str, x.columns), kind="column")]


def _read_columns(
    x: Any, feature_names: Sequence[str] | None
) -> tuple[NDArray[np.float64], dict[str, NDArray[Any]], str]:
    if isinstance(x, pd.DataFrame):
        frame = x
    else:
        array = np.asarray(x)
        names = feature_names or [f"feature {i + 1}" for i in range(array.shape[1])]
        if len(set(names)) != array.shape[1]:
            raise errors.feature_names(len(names), array.shape[1])
        frame = pd.DataFrame(array, columns=list(names))
    table = read_table(frame)
    features, note = np.column_stack(table.features), table.note()
    if features.shape[1] > _MANY_COLUMNS:
        note += f" {features.shape[1]:,} columns are reduced to 50 principal components."
        features = principal_components(features)
    return features, first_covariates(table.covariates), note.strip()


def _read_images(x: Any, backbone: Any) -> tuple[NDArray[np.float64], dict[str, NDArray[Any]], str]:
    images = np.asarray(x)
    if not np.isfinite(images).all():
        raise errors.infinite_images()
    if backbone is None:
        seen = images.reshape(len(images), -1)
        note = "Images: their pixels, as 50 principal components."
    else:
        # Here, because it loads Keras, which a table does not need.
        from ..backbones import extract_features

        seen = extract_features(backbone, images).reshape(len(images), -1)
        note = "Images: what the network sees in them, as 50 principal components."
    pixels = images.reshape(len(images), -1)
    covariates: dict[str, NDArray[Any]] = {
        "brightness": pixels.mean(axis=1, dtype=np.float64),
        "contrast": pixels.std(axis=1, dtype=np.float64),
    }
    return principal_components(seen), covariates, note


def _read_labels(
    y: Any, n: int, class_names: Sequence[str] | None
) -> tuple[NDArray[Any], tuple[str, ...], str]:
    values = _one_column("y", y, n)
    is_missing = values.isna() | values.isin([np.inf, -np.inf])
    if is_missing.any():
        raise errors.missing_labels(int(is_missing.sum()), n)
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if is_number and class_names is None and _is_outcome(values):
        numbers = values.to_numpy(np.float64)
        said = f"The outcome has {values.nunique():,} different values and is taken as a number."
        return numbers, (), said
    if is_number:
        present, codes = np.unique(values.to_numpy(), return_inverse=True)
        present = np.array([f"{label:g}" for label in present])
    else:
        present, codes = np.unique(values.astype(str).to_numpy(str), return_inverse=True)
    if len(present) == 1:
        raise errors.one_class(str(present[0]))
    if len(present) > n / 2:
        raise errors.labels_like_ids(len(present), n)
    codes, names = _named(codes.astype(np.int64), present.tolist(), class_names, is_number)
    return codes, names, ""


def _is_outcome(values: pd.Series[Any]) -> bool:
    """Tell whether numbers are an outcome, and not the numbers of classes."""
    numbers = values.to_numpy(np.float64)
    return bool((numbers != np.floor(numbers)).any()) or values.nunique() > MOST_CLASSES


def _named(
    codes: NDArray[np.int64],
    present: list[str],
    class_names: Sequence[str] | None,
    is_number: bool,
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return labels and names, in the order in which they were given."""
    if class_names is None:
        return codes, tuple(present)
    given = [str(name) for name in class_names]
    if len(given) != len(present) or len(set(given)) < len(given):
        raise errors.class_names(given, len(present))
    if is_number:
        return codes, tuple(given)
    for label in present:
        if label not in given:
            raise errors.unnamed_class(label, given)
    return np.array([given.index(label) for label in present])[codes], tuple(given)


def _read_groups(groups: ArrayLike, n: int) -> NDArray[np.str_]:
    values = _one_column("groups", groups, n)
    texts = values.astype(object).where(values.notna(), "missing").astype(str).to_numpy(str)
    n_groups = len(np.unique(texts))
    if n_groups > errors.MOST_GROUPS:
        raise errors.too_many_groups(n_groups)
    return np.asarray(texts)


def _one_column(name: str, values: Any, n: int) -> pd.Series[Any]:
    column: pd.Series[Any]
    if isinstance(values, pd.Series):
        column = values
    else:
        array = np.asarray(values)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise errors.not_one_column(name, array.shape)
        column = pd.Series(array)
    if len(column) != n:
        raise errors.other_length(name, len(column), n)
    return column.reset_index(drop=True).infer_objects()
