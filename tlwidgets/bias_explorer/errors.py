"""The wording of every error about the learner's own data.

A message says what is wrong, what was expected, what came, and what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence

FEWEST_ROWS = 40
MOST_GROUPS = 20


def shape_of_x(shape: tuple[int, ...]) -> ValueError:
    """Return the error for features that are neither a table nor images."""
    return ValueError(
        "`x` must be a table (n, columns), a DataFrame, or images (n, height, width) or (n, "
        f"height, width, channels); got shape {shape}. A single column needs x[:, None]."
    )


def too_few_rows(n: int) -> ValueError:
    """Return the error for a population that is too small to sample from."""
    return ValueError(
        f"`x` must have at least {FEWEST_ROWS} rows to draw samples from; got {n}. Take more data, "
        "or one of the built-in populations: 'solar cells', 'digits', 'diabetes'."
    )


def other_length(name: str, n: int, expected: int) -> ValueError:
    """Return the error for labels or groups that do not fit the examples."""
    return ValueError(
        f"`{name}` must have one value per row of `x`, {expected:,}; got {n:,}. Take both from the "
        "same table."
    )


def not_one_column(name: str, shape: tuple[int, ...]) -> ValueError:
    """Return the error for labels or groups with more than one axis."""
    return ValueError(
        f"`{name}` must be one value per example, shape (n,); got {shape}. If it is one-hot, take "
        f"{name}.argmax(axis=1)."
    )


def missing_labels(n_missing: int, n: int) -> ValueError:
    """Return the error for labels that are not there."""
    return ValueError(
        f"`y` must be known for everybody in the population; got {n_missing:,} of {n:,} missing or "
        "infinite. Drop these rows, for instance with `keep = y.notna()`."
    )


def one_class(name: str) -> ValueError:
    """Return the error for labels that are all the same."""
    return ValueError(
        f"`y` must have at least two classes, or there is nothing to learn; got only {name!r}. "
        "Look for the rows of the other class."
    )


def labels_like_ids(n_classes: int, n: int) -> ValueError:
    """Return the error for labels that hardly ever repeat."""
    return ValueError(
        f"`y` must hold classes that repeat; got {n_classes:,} different ones for {n:,} examples, "
        "as names or numbers of rows have. Pass the column with the classes; an outcome that is a "
        "number must be of a numeric type: y.astype(float)."
    )


def class_names(given: Sequence[str], n_classes: int) -> ValueError:
    """Return the error for names that do not fit the classes."""
    return ValueError(
        f"`class_names` must be {n_classes} different names, one for each class in ascending order "
        f"of the labels; got {len(given)}: {list(given)!r}."
    )


def unnamed_class(label: str, given: Sequence[str]) -> ValueError:
    """Return the error for a text label that is not among the names."""
    return ValueError(
        f"`class_names` must hold every label of `y`; {label!r} is not among {list(given)!r}. Add "
        "it, or leave `class_names` out."
    )


def feature_names(n_given: int, n_columns: int) -> ValueError:
    """Return the error for names that do not fit the columns."""
    return ValueError(
        f"`feature_names` must be {n_columns} different names, one for each column of `x`; got "
        f"{n_given}."
    )


def too_many_groups(n_groups: int) -> ValueError:
    """Return the error for groups that cannot be shown."""
    return ValueError(
        f"`groups` must be at most {MOST_GROUPS} different groups; got {n_groups:,}. Cut numbers "
        "into bands first, for instance with pandas.cut."
    )


def dates(column: str) -> TypeError:
    """Return the error for a column of dates."""
    return TypeError(
        f"`x` must hold numbers, categories or yes/no; the column {column!r} holds dates or "
        "durations. Turn it into a number, for instance the age in days, or drop it: "
        f"x.drop(columns={column!r})."
    )


def odd_column(column: str, kind: str) -> TypeError:
    """Return the error for a column that is no feature."""
    return TypeError(
        f"`x` must hold numbers, categories or yes/no; the column {column!r} holds {kind}. Turn it "
        f"into numbers or drop it: x.drop(columns={column!r})."
    )


def infinite_values(column: str, n_infinite: int) -> ValueError:
    """Return the error for a column with infinite numbers."""
    return ValueError(
        f"`x` must be finite; the column {column!r} has {n_infinite:,} infinite values. Replace "
        "them, for instance by NaN: missing values are filled in."
    )


def infinite_images() -> ValueError:
    """Return the error for images with gaps."""
    return ValueError(
        "`x` must hold finite pixels; got images with NaN or infinite ones. Mend or drop them."
    )


def nothing_left(dropped: Sequence[str]) -> ValueError:
    """Return the error for a table without a feature."""
    return ValueError(
        "`x` must have at least one column to learn from; all were left out: "
        f"{'; '.join(dropped)}. Add a column that differs between examples and repeats."
    )


def backbone_without_images(shape: tuple[int, ...]) -> ValueError:
    """Return the error for a network that has nothing to look at."""
    return ValueError(
        "`x` must be images, (n, height, width) or (n, height, width, channels), for a `backbone`; "
        f"got shape {shape}. Leave `backbone` out for a table."
    )


def no_state(text: str) -> ValueError:
    """Return the error for a text that holds no state of the explorer."""
    return ValueError(
        "`text` must be what `to_url_state()` gave, for instance 's=0.9&r=class+weighting'; got "
        f"{text!r}. Copy the whole of it."
    )


def named_and_more(name: str, argument: str) -> TypeError:
    """Return the error for data that are added to a population of ours."""
    return TypeError(
        f"`{argument}` must be left out where `x` is the name of a population; got it with "
        f"{name!r}. For your own data, give arrays or a DataFrame as `x`."
    )
