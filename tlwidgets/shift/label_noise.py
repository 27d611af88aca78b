"""Wrong labels: found by what a model that has not seen them thinks, or learned from as they are.

C[i, j] counts examples labelled i that confidently look like j; off the diagonal stand the
errors (confident learning, Northcutt et al. 2021). T[j, i] = p(labelled i | really j) is the noise
transition; a model that knows it can learn from the wrong labels (Patrini et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .._check import Floats, Indices

if TYPE_CHECKING:
    import pandas as pd


def find_label_errors(y: ArrayLike, proba: ArrayLike) -> NDArray[np.bool_]:
    """Find the examples that confidently look like another class than their label says.

    Parameters
    ----------
    y : array of int, shape (n,)
        Labels 0..k-1, some of them wrong.
    proba : array, shape (n, k)
        Predicted out of sample, for instance by `cross_val_predict`; a model that has learned the
        wrong labels by heart finds nothing.

    Returns
    -------
    array of bool, shape (n,)

    Notes
    -----
    "Confident" is a probability of at least the mean that the class reaches on examples with its
    label. Rare noise of one class into its neighbour is found well; where most labels of a class
    are wrong, they look right.

    References
    ----------
    Northcutt et al. 2021, "Confident learning: estimating uncertainty in dataset labels",
    equation 1 and section 3.2, method 2 (off-diagonals of the confident joint).

    Examples
    --------
    >>> find_label_errors([0, 0, 1, 1], [[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]).tolist()
    [False, True, False, False]
    """
    proba, labels = _checked(y, proba)
    looks_like = _confident_class(labels, proba)
    is_error: NDArray[np.bool_] = (looks_like >= 0) & (looks_like != labels)
    return is_error


def estimate_noise_transition(y: ArrayLike, proba: ArrayLike) -> Floats:
    """Estimate how often each class gets which label.

    Parameters
    ----------
    y : array of int, shape (n,)
        Labels 0..k-1, some of them wrong.
    proba : array, shape (n, k)
        Predicted out of sample.

    Returns
    -------
    array, shape (k, k)
        Entry (j, i) is p(labelled i | really j); each row sums to 1. A class that no example
        looks like keeps its labels.

    References
    ----------
    Northcutt et al. 2021, equations 1 and 3.

    Examples
    --------
    >>> proba = [[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    >>> estimate_noise_transition([0, 0, 1, 1], proba).round(2).tolist()
    [[1.0, 0.0], [0.33, 0.67]]
    """
    by_class = confident_joint(y, proba).T
    total = by_class.sum(1, keepdims=True)
    return np.where(total > 0, by_class / np.where(total > 0, total, 1), np.eye(len(by_class)))


def confident_joint(y: ArrayLike, proba: ArrayLike) -> Floats:
    """Return C, each row scaled to sum to the number of examples with its label."""
    proba, labels = _checked(y, proba)
    k = proba.shape[1]
    looks_like = _confident_class(labels, proba)
    is_sure = looks_like >= 0
    counts = np.bincount(labels[is_sure] * k + looks_like[is_sure], minlength=k * k)
    counts = counts.reshape(k, k).astype(np.float64)
    n_per_class = np.bincount(labels, minlength=k)
    # A label of which no example is clear is taken at its word.
    unclear = np.flatnonzero(counts.sum(1) == 0)
    counts[unclear, unclear] = 1
    scaled: Floats = counts * (n_per_class / counts.sum(1))[:, None]
    return scaled


def _checked(y: ArrayLike, proba: ArrayLike) -> tuple[Floats, Indices]:
    checked = _check.probabilities("proba", proba)
    n, k = checked.shape
    step = "There is one column of probabilities for each class."
    return checked, _check.labels("y", y, n=n, k=k, next_step=step)


def _confident_class(labels: Indices, proba: Floats) -> Indices:
    """Return the class that each example confidently looks like, -1 where there is none."""
    n, k = proba.shape
    n_per_class = np.bincount(labels, minlength=k)
    own = np.bincount(labels, proba[np.arange(n), labels], minlength=k)
    # A class without any label has no threshold that could be reached.
    threshold = np.where(n_per_class > 0, own / np.maximum(n_per_class, 1), np.inf)
    # A mean of equal numbers may exceed them by the last bit.
    confident = np.where(proba >= threshold - 1e-12, proba, -1.0)
    best = confident.argmax(1)
    return np.where(confident[np.arange(n), best] >= 0, best, -1)


def fit_robust_linear(
    x: ArrayLike,
    y: ArrayLike,
    n_classes: int,
    *,
    q: float = 0.7,
    ridge: float = 1e-3,
    n_rounds: int = 100,
) -> tuple[Floats, Floats]:
    """Fit a linear softmax classifier that tolerates wrong labels, by generalised cross-entropy.

    (1 - p_y^q) / q lies between cross-entropy (q to 0) and half the mean absolute error (q = 1):
    an example that the model finds impossible hardly pulls at it.

    Parameters
    ----------
    x : array, shape (n, d)
        Features, best of similar scale.
    y : array of int, shape (n,)
        Labels 0..n_classes-1, some of them wrong.
    n_classes : int, >= 2
    q : float, 0..1, default 0.7
        0: cross-entropy. Larger: more robust, and slower to learn.
    ridge : float, 0..1e6, default 1e-3
        Added is ridge ‖kernel‖^2.
    n_rounds : int, 1..100000, default 100
        Of L-BFGS at most.

    Returns
    -------
    kernel : array, shape (d, n_classes)
    bias : array, shape (n_classes,)
        The prediction is (x @ kernel + bias).argmax(1).

    References
    ----------
    Zhang and Sabuncu 2018, "Generalized cross entropy loss for training deep neural networks with
    noisy labels", equation 6.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.r_[np.full((20, 1), -1.0), np.full((20, 1), 1.0)]
    >>> y = np.r_[np.zeros(20, int), np.ones(20, int)]
    >>> y[:6] = 1  # wrong
    >>> kernel, bias = fit_robust_linear(x, y, 2)
    >>> int((x @ kernel + bias).argmax(1)[0])
    0
    """
    n_classes = _check.whole_number("n_classes", n_classes, low=2, meaning="the classes")
    q = _check.number("q", q, low=0, high=1, meaning="0 is cross-entropy")
    step = "Renumber, or raise `n_classes`."
    features, labels = _to_fit(x, y, n_classes, step)
    return _fit_linear(
        features, n_classes, lambda logits: gce_and_slope(logits, labels, q), ridge, n_rounds
    )


def fit_forward_linear(
    x: ArrayLike,
    y: ArrayLike,
    transition: ArrayLike,
    *,
    ridge: float = 1e-3,
    n_rounds: int = 200,
) -> tuple[Floats, Floats]:
    """Fit a linear softmax classifier to wrong labels whose errors are known: forward correction.

    The loss is -log (p @ T)_y: the model says what is really there, p; T turns that into the label
    that it would get; and that is compared with the label that it got.

    Parameters
    ----------
    x : array, shape (n, d)
        Features, best of similar scale.
    y : array of int, shape (n,)
        Labels 0..k-1 as they were given, some of them wrong.
    transition : array, shape (k, k), 0..1
        Entry (j, i) is p(labelled i | really j); each row sums to 1. Known, or of
        `estimate_noise_transition`.
    ridge : float, 0..1e6, default 1e-3
        Added is ridge ‖kernel‖^2.
    n_rounds : int, 1..100000, default 200
        Of L-BFGS at most.

    Returns
    -------
    kernel : array, shape (d, k)
    bias : array, shape (k,)
        What is really there is predicted by (x @ kernel + bias).argmax(1).

    Notes
    -----
    With the true T the minimum is that of the right labels, given enough examples, wherever T can
    be inverted: errors in one direction are a code that can be read. The estimate of T needs the
    right label to be each class's most frequent one: where more than half of a class bear
    one other label, that looks like the right one. Where T has two equal rows, nothing tells the
    two classes apart.

    References
    ----------
    Patrini, Rozza, Menon, Nock and Qu 2017, "Making deep neural networks robust to label noise: a
    loss correction approach", theorem 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.r_[np.full((20, 1), -1.0), np.full((20, 1), 1.0)]
    >>> y = np.r_[np.zeros(20, int), np.ones(20, int)]
    >>> y[:12] = 1  # six in ten of the first class are wrong, none of the second
    >>> kernel, bias = fit_forward_linear(x, y, [[0.4, 0.6], [0.0, 1.0]])
    >>> (x @ kernel + bias).argmax(1)[[0, -1]].tolist()
    [0, 1]
    """
    matrix = _check.probabilities("transition", transition)
    k = len(matrix)
    if matrix.shape != (k, k):
        raise ValueError(
            "`transition` must have one row and one column per class, p(labelled i | really j) in "
            f"row j; got shape {matrix.shape}. Take estimate_noise_transition(y, proba)."
        )
    step = "There is one row of `transition` for each class."
    features, labels = _to_fit(x, y, k, step)
    return _fit_linear(
        features, k, lambda logits: forward_and_slope(logits, labels, matrix), ridge, n_rounds
    )


def _to_fit(x: ArrayLike, y: ArrayLike, k: int, next_step: str) -> tuple[Floats, Indices]:
    features = _check.table("x", x)
    return features, _check.labels("y", y, n=len(features), k=k, next_step=next_step)


def _fit_linear(
    features: Floats,
    k: int,
    loss_and_slope: Callable[[Floats], tuple[float, Floats]],
    ridge: float,
    n_rounds: int,
) -> tuple[Floats, Floats]:
    """Return the kernel and the bias that make a loss of the logits, and a ridge, smallest."""
    from scipy.optimize import minimize

    ridge = _check.number("ridge", ridge, low=0, high=1e6, meaning="the pull towards 0")
    n_rounds = _check.whole_number("n_rounds", n_rounds, low=1, high=100_000, meaning="at most")
    n, d = features.shape
    with_one = np.column_stack([features, np.ones(n)])

    def value_and_gradient(flat: Floats) -> tuple[float, Floats]:
        kernel = flat.reshape(d + 1, k)
        loss, slope = loss_and_slope(with_one @ kernel)
        gradient = with_one.T @ slope
        gradient[:d] += 2 * ridge * kernel[:d]
        return loss + ridge * float((kernel[:d] ** 2).sum()), gradient.ravel()

    found = minimize(
        value_and_gradient,
        np.zeros((d + 1) * k),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": n_rounds},
    )
    kernel = found.x.reshape(d + 1, k)
    return kernel[:d], kernel[d]


def gce_and_slope(logits: Floats, y: Indices, q: float) -> tuple[float, Floats]:
    """Return the mean loss and its slope in the logits, shape (n, k)."""
    n = len(y)
    rows = np.arange(n)
    logits = logits - logits.max(1, keepdims=True)
    log_p = logits[rows, y] - np.log(np.exp(logits).sum(1))
    pull = np.exp(q * log_p)
    # expm1, because 1 - p^q loses all digits for a small q.
    loss = -log_p if q == 0 else -np.expm1(q * log_p) / q
    proba = np.exp(logits)
    proba /= proba.sum(1, keepdims=True)
    proba[rows, y] -= 1
    return float(loss.mean()), proba * (pull / n)[:, None]


def forward_and_slope(logits: Floats, y: Indices, transition: Floats) -> tuple[float, Floats]:
    """Return the mean of -log (p @ T)_y and its slope in the logits, shape (n, k)."""
    from scipy.special import softmax

    proba, to_given = softmax(logits, axis=1), transition[:, y].T
    of_given = np.maximum((proba * to_given).sum(1), np.finfo(float).tiny)
    # Which class it really is, given the label (Bayes), pulls as a right label would.
    pull = proba - proba * to_given / of_given[:, None]
    return float(-np.log(of_given).mean()), pull / len(y)


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

    Each example is compared with the class means of examples held apart from it, by the cosine c
    of their features; softmax(c / 0.05) is its probability of each class. Confident learning
    then says whose label is doubtful.

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

    x = _check.table("features", features)
    y, names = _classes(labels, class_names, len(x))
    shown = np.arange(len(x)) if files is None else np.asarray(files, dtype=object)
    if shown.shape != (len(x),):
        raise ValueError(
            f"`files` must hold {len(x)} names, one per row of `features`; got {len(shown)}."
        )
    seed = _check.whole_number(
        "seed", seed, low=0, high=2**32 - 1, meaning="the number of a division into folds"
    )
    proba = _held_out_probabilities(x, y, len(names), seed)
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
    y = _check.labels("labels", given, n=n, k=len(names), next_step="Name each in `class_names`.")
    n_per_class = np.bincount(y, minlength=len(names))
    if n_per_class.min() < 2:
        rare = [str(name) for name in names[n_per_class < 2]]
        raise ValueError(
            "`labels` must hold each class at least twice, one to compare with the other; got "
            f"fewer of {', '.join(rare)}. Add examples, or leave the class out."
        )
    return y, names


def _held_out_probabilities(x: Floats, y: Indices, k: int, seed: int) -> Floats:
    """Return what the class means of the other folds say, the mean over several divisions."""
    from scipy.special import softmax
    from sklearn.model_selection import RepeatedStratifiedKFold
    from sklearn.preprocessing import normalize, scale

    z = normalize(scale(x))
    n_folds = min(_N_FOLDS, int(np.bincount(y).min()))
    folds = RepeatedStratifiedKFold(n_splits=n_folds, n_repeats=_N_REPEATS, random_state=seed)
    total = np.zeros((len(x), k))
    for train, held_out in folds.split(z, y):
        means = normalize(np.stack([z[train][y[train] == c].mean(0) for c in range(k)]))
        total[held_out] += softmax(z[held_out] @ means.T / _TEMPERATURE, axis=1)
    return total / _N_REPEATS


def _capped(proba: Floats) -> Floats:
    """Return the probabilities with the surest at 0.9: 0.9999 is no less confident than 1."""
    n, k = proba.shape
    best = proba.argmax(1)
    capped: Floats = np.full((n, k), (1 - _SURE) / (k - 1))
    capped[np.arange(n), best] = _SURE
    return np.where(proba.max(1, keepdims=True) > _SURE, capped, proba)
