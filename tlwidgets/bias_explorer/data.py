"""The populations that come with the bias explorer: solar cells, digits, people with diabetes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .._cache import cached, digest
from ..data import SolarCells, fetch_solar_cells, load_digits
from ..shift import Population

# More points than this make a slow picture and a map on which one sees no less.
N_SHOWN = 5000
DEFAULT = "solar cells"
# Raise it when a population is made in another way, so that old cache entries are not found.
_POPULATIONS_VERSION = 2
_N_COMPONENTS = 50
# 96 pixels: a quarter of the time of 160, and the head is as good within a point.
_CELL_SIZE_PX = 96
_LARGEST_ANGLE = 60.0
# What the columns of scikit-learn's diabetes data are called.
_DIABETES_NAMES = {"age": "age", "bmi": "body mass index", "bp": "blood pressure"}


def built_in(name: str = DEFAULT) -> Population:
    """Give me a population to draw samples from.

    Parameters
    ----------
    name : "solar cells", "digits" or "diabetes"
        2,624 solar cells, as an ImageNet network sees them: sound or defective? 5,000 digits,
        each turned by an angle of its own: which one? 442 people with diabetes: how far will
        it have progressed in a year, as a number?

    Returns
    -------
    Population

    Raises
    ------
    ValueError
        If there is none of this name.
    ImportError
        If the package with the solar cells is not installed.

    Notes
    -----
    The first call for the solar cells computes their features, which takes about a minute; they
    are kept on disk. The cells are for non-commercial use only.

    References
    ----------
    Deitsch et al. (2019), Automatic classification of defective photovoltaic module cells in
    electroluminescence images, Solar Energy 185. LeCun, Cortes and Burges (1998), The MNIST
    database of handwritten digits. Efron et al. (2004), Least angle regression, Annals of
    Statistics 32.

    Examples
    --------
    >>> digits = built_in("digits")
    >>> len(digits), list(digits.covariates)
    (5000, ['rotation', 'thickness', 'brightness'])
    """
    _check.one_of("name", name, _MAKERS, kind="population")
    if name not in _made:
        _made[name] = _MAKERS[name]()
    return _made[name]


def is_built_in(population: Population) -> bool:
    """Tell whether a population is one of ours, and not one that only has its name."""
    return _made.get(population.name) is population


def principal_components(x: NDArray[Any], n_components: int = _N_COMPONENTS) -> NDArray[np.float64]:
    """Return the leading principal components, scaled to a standard deviation of 1 on average."""
    from sklearn.decomposition import PCA

    n_components = min(n_components, *x.shape)
    # The exact solver: a random one gives other numbers in other versions.
    found = PCA(n_components, svd_solver="covariance_eigh").fit_transform(x.astype(np.float64))
    return np.asarray(found / found.std(axis=0).mean())


def _solar_cells() -> Population:
    cells = fetch_solar_cells(_CELL_SIZE_PX)
    key = digest(_POPULATIONS_VERSION, _CELL_SIZE_PX, len(cells.images))
    x = cached("population-solar-cells", key, lambda: _cell_features(cells))["x"]
    pixels = cells.images.reshape(len(x), -1)
    is_sure = np.isin(cells.defect_probability, [0.0, 1.0])
    return Population(
        name="solar cells",
        x=x,
        y=cells.is_defective,
        class_names=("sound", "defective"),
        covariates={
            "module type": cells.module_type,
            "experts": np.where(is_sure, "sure", "unsure"),
            "brightness": pixels.mean(axis=1, dtype=np.float64),
            "contrast": pixels.std(axis=1, dtype=np.float64),
        },
        group=cells.module_type,
        picture=lambda i: cells.images[i],  # in the page only: they may not be passed on
    )


def _cell_features(cells: SolarCells) -> Mapping[str, NDArray[Any]]:
    # Here, because they load Keras, which a kept population does not need.
    from ..backbones import extract_features, load_backbone

    backbone = load_backbone("efficientnet_lite0", _CELL_SIZE_PX)
    return {"x": principal_components(extract_features(backbone, cells.images))}


def _digits() -> Population:
    digits = load_digits()
    arrays = cached(
        "population-digits", digest(_POPULATIONS_VERSION, _LARGEST_ANGLE), _turned_digits
    )
    names = ("rotation", "thickness", "brightness")
    return Population(
        name="digits",
        x=arrays["x"],
        y=digits.labels,
        class_names=tuple("0123456789"),
        covariates={name: arrays[name] for name in names},
        group=np.full(len(digits.labels), "everybody"),
        picture=lambda i: _turned(digits.images[i], arrays["rotation"][i]),
    )


def _turned_digits() -> Mapping[str, NDArray[Any]]:
    """Turn each digit by an angle of its own, and measure strokes and ink."""
    images = load_digits().images.astype(np.float64) / 255
    angles = np.random.default_rng(0).uniform(-_LARGEST_ANGLE, _LARGEST_ANGLE, len(images))
    turned = np.stack([_turned(image, a) for image, a in zip(images, angles, strict=True)])
    ink = images.sum(axis=(1, 2))
    across, down = np.diff(images, axis=2), np.diff(images, axis=1)
    outline = np.abs(across).sum(axis=(1, 2)) + np.abs(down).sum(axis=(1, 2))
    return {
        "x": principal_components(turned.reshape(len(turned), -1)),
        "rotation": angles,
        # A stroke of length l and thickness t has ink l t and an outline of 2 l, and so twice
        # the quotient is t; about, because curves and slanted edges count by their steps.
        "thickness": 2 * ink / outline,
        "brightness": images.mean(axis=(1, 2)),
    }


def _turned(image: NDArray[Any], angle: float) -> NDArray[Any]:
    from scipy.ndimage import rotate

    return np.asarray(rotate(image, angle, reshape=False, order=1))


def _diabetes() -> Population:
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False)
    columns = dict(zip(found.feature_names, found.data.T, strict=True))
    x = (found.data - found.data.mean(axis=0)) / found.data.std(axis=0)
    covariates: dict[str, NDArray[Any]] = {
        name: columns[column] for column, name in _DIABETES_NAMES.items()
    }
    # The data set does not say which is which.
    covariates["sex"] = np.array([f"sex {value:.0f}" for value in columns["sex"]])
    return Population(
        name="diabetes",
        x=x,
        y=found.target.astype(np.float64),
        class_names=(),
        covariates=covariates,
        group=np.full(len(x), "everybody"),
    )


_made: dict[str, Population] = {}
_MAKERS = {"solar cells": _solar_cells, "digits": _digits, "diabetes": _diabetes}


# From the columns of a table to features and covariates, and what was done on the way.

FEWEST_ROWS = 40
MOST_GROUPS = 20
MOST_CATEGORIES = 20
MOST_COVARIATES = 30
_ID_NAME = re.compile(r"(^|[^a-z])(id|uid|uuid|index|idx|key|nr|no|number|row)$", re.IGNORECASE)
_VALUES = (str, bool, int, float, np.generic, pd.Interval)
_MISSING = "missing"
_OTHER = "other"


@dataclass(slots=True)
class Table:
    """What was made of a table."""

    # Shape (n,) each: numbers with mean 0 and standard deviation 1; categories as 0 and 1.
    features: list[NDArray[np.float64]] = field(default_factory=list)
    # The columns as they were: numbers, or categories.
    covariates: dict[str, NDArray[Any]] = field(default_factory=dict)
    # Columns that were left out and why; that had gaps; that had too many categories.
    dropped: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    # Names that stood twice.
    renamed: list[str] = field(default_factory=list)

    def note(self) -> str:
        """Return sentences on what was done; empty if nothing."""
        said = []
        if self.dropped:
            said.append(f"Left out: {'; '.join(self.dropped)}.")
        if self.filled:
            said.append(f"Missing values filled in: {'; '.join(self.filled)}.")
        if self.merged:
            said.append(f"Rare categories joined as {_OTHER!r}: {'; '.join(self.merged)}.")
        if self.renamed:
            twice = ", ".join(map(repr, dict.fromkeys(self.renamed)))
            said.append(f"Columns of one name are numbered: {twice}.")
        return " ".join(said)


def read_table(frame: pd.DataFrame) -> Table:
    """Return features and covariates of a table."""
    table = Table()
    for position, name in enumerate(_different_names(frame, table)):
        _read_column(table, name, frame.iloc[:, position].reset_index(drop=True))
    if not table.features:
        raise ValueError(
            "`x` must have at least one column to learn from; all were left out: "
            f"{'; '.join(table.dropped)}. Add a column that differs between examples and repeats."
        )
    return table


def _different_names(frame: pd.DataFrame, table: Table) -> list[str]:
    """Return the names of the columns; one that stands twice gets a number."""
    names: list[str] = []
    for name in map(str, frame.columns):
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        names.append(next(n for n in itertools.chain([name], numbered) if n not in names))
        if names[-1] != name:
            table.renamed.append(name)
    return names


def _read_column(table: Table, name: str, values: pd.Series[Any]) -> None:
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        raise TypeError(
            f"`x` must hold numbers, categories or yes/no; the column {name!r} holds dates or "
            "durations. Turn it into a number, for instance the age in days, or drop it: "
            f"x.drop(columns={name!r})."
        )
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
            raise _odd_column(name, f"{type(value).__name__} objects")


def _odd_column(column: str, kind: str) -> TypeError:
    return TypeError(
        f"`x` must hold numbers, categories or yes/no; the column {column!r} holds {kind}. Turn it "
        f"into numbers or drop it: x.drop(columns={column!r})."
    )


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
        raise _odd_column(name, "complex numbers")
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    n_infinite = int(np.isinf(numbers).sum())
    if n_infinite:
        raise ValueError(
            f"`x` must be finite; the column {name!r} has {n_infinite:,} infinite values. Replace "
            "them, for instance by NaN: missing values are filled in."
        )
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


# The learner's own data as a population: arrays, a table, or images and a network.

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
    x : DataFrame, array (n, d), sparse or not, or images, shape (n, height, width[, channels])
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
    if y is None:
        raise TypeError(
            "`y` must be one label per example, or the name of a column of `x`; got None. Without "
            "labels there is no score that a biased sample could change."
        )
    x = _check.dense("x", x)
    groups = _column_of(x, "groups", groups)
    if isinstance(y, str) and isinstance(x, pd.DataFrame):
        x, y = x.drop(columns=y, errors="ignore"), _column_of(x, "y", y)
    shape = np.shape(x)
    _check_shape(shape, backbone)
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
        note=f"{note} {said}".strip(),
        picture=_picture_of(np.asarray(x)) if len(shape) > 2 else None,
    )


def _check_shape(shape: tuple[int, ...], backbone: Any) -> None:
    if backbone is not None and len(shape) not in (3, 4):
        raise ValueError(
            "`x` must be images, (n, height, width) or (n, height, width, channels), for a "
            f"`backbone`; got shape {shape}. Leave `backbone` out for a table."
        )
    if len(shape) not in (2, 3, 4):
        raise ValueError(
            "`x` must be a table (n, columns), a DataFrame, or images (n, height, width) or (n, "
            f"height, width, channels); got shape {shape}. A single column needs x[:, None]."
        )
    if shape[0] < FEWEST_ROWS:
        raise ValueError(
            f"`x` must have at least {FEWEST_ROWS} rows to draw samples from; got {shape[0]}. "
            "Take more data, or one of the built-in populations: 'solar cells', 'digits', "
            "'diabetes'."
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
            raise ValueError(
                f"`feature_names` must be {array.shape[1]} different names, one for each column "
                f"of `x`; got {len(names)}."
            )
        frame = pd.DataFrame(array, columns=list(names))
    table = read_table(frame)
    features, note = np.column_stack(table.features), table.note()
    if features.shape[1] > _MANY_COLUMNS:
        note += f" {features.shape[1]:,} columns are reduced to 50 principal components."
        features = principal_components(features)
    # As many as can be chosen from.
    covariates = dict(list(table.covariates.items())[:MOST_COVARIATES])
    return features, covariates, note.strip()


def _read_images(x: Any, backbone: Any) -> tuple[NDArray[np.float64], dict[str, NDArray[Any]], str]:
    images = np.asarray(x)
    if not np.isfinite(images).all():
        raise ValueError(
            "`x` must hold finite pixels; got images with NaN or infinite ones. Mend or drop them."
        )
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


def _picture_of(images: NDArray[Any]) -> Callable[[int], NDArray[Any]]:
    return lambda i: images[i]


def _read_labels(
    y: Any, n: int, class_names: Sequence[str] | None
) -> tuple[NDArray[Any], tuple[str, ...], str]:
    values = _one_column("y", y, n)
    is_missing = values.isna() | values.isin([np.inf, -np.inf])
    if is_missing.any():
        raise ValueError(
            f"`y` must be known for everybody in the population; got {is_missing.sum():,} of "
            f"{n:,} missing or infinite. Drop these rows, for instance with `keep = y.notna()`."
        )
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
        raise ValueError(
            "`y` must have at least two classes, or there is nothing to learn; got only "
            f"{str(present[0])!r}. Look for the rows of the other class."
        )
    if len(present) > n / 2:
        raise ValueError(
            f"`y` must hold classes that repeat; got {len(present):,} different ones for {n:,} "
            "examples, as names or numbers of rows have. Pass the column with the classes; an "
            "outcome that is a number must be of a numeric type: y.astype(float)."
        )
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
        raise ValueError(
            f"`class_names` must be {len(present)} different names, one for each class in "
            f"ascending order of the labels; got {len(given)}: {list(given)!r}."
        )
    if is_number:
        return codes, tuple(given)
    for label in present:
        if label not in given:
            raise ValueError(
                f"`class_names` must hold every label of `y`; {label!r} is not among "
                f"{list(given)!r}. Add it, or leave `class_names` out."
            )
    return np.array([given.index(label) for label in present])[codes], tuple(given)


def _read_groups(groups: ArrayLike, n: int) -> NDArray[np.str_]:
    values = _one_column("groups", groups, n)
    texts = values.astype(object).where(values.notna(), "missing").astype(str).to_numpy(str)
    n_groups = len(np.unique(texts))
    if n_groups > MOST_GROUPS:
        raise ValueError(
            f"`groups` must be at most {MOST_GROUPS} different groups; got {n_groups:,}. Cut "
            "numbers into bands first, for instance with pandas.cut."
        )
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
            raise ValueError(
                f"`{name}` must be one value per example, shape (n,); got {array.shape}. If it is "
                f"one-hot, take {name}.argmax(axis=1)."
            )
        column = pd.Series(array)
    if len(column) != n:
        raise ValueError(
            f"`{name}` must have one value per row of `x`, {n:,}; got {len(column):,}. Take both "
            "from the same table."
        )
    return column.reset_index(drop=True).infer_objects()
