"""Which pretrained network suits my task? Three answers without training one.

Each scores features (or predictions) of a few labelled target examples; higher is better. All use
the target's labels, and so see what distances between the inputs cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .._check import Floats
from .distances import mmd, proxy_a_distance

if TYPE_CHECKING:
    import pandas as pd

_MAX_STEPS = 50
_STEP_TOLERANCE = 1e-4  # relative change of alpha / beta, far below what moves the evidence
_TINY = 1e-12
# Higher is better for the first three, lower for the distances.
IS_BETTER_WHEN_LOWER = {
    "log_me": False,
    "leep": False,
    "h_score": False,
    "mmd": True,
    "proxy_a_distance": True,
}


def log_me(features: ArrayLike, y: ArrayLike) -> float:
    """Score features by the evidence of a linear model on them (LogME).

    Parameters
    ----------
    features : array, shape (n, d)
        Of the labelled target examples, by the pretrained network.
    y : array, shape (n,)
        Classes as whole numbers or text; decimal numbers are an outcome to regress.

    Returns
    -------
    float
        Log evidence per example (nats), the mean over the classes; higher is better. Comparable
        between features of the same examples only.

    Notes
    -----
    log p(y | features), with the weights of a Bayesian linear regression integrated out and its
    two precisions set to their most likely values by a fixed point. Each class is a 0/1 outcome.
    Features are used as they are: no intercept, no scaling.

    References
    ----------
    You, Liu, Wang & Long (2021), LogME: practical assessment of pre-trained models for transfer
    learning, ICML, algorithm 1. You et al. (2022), JMLR 23, for the fixed point.

    Examples
    --------
    >>> y = np.array([0, 0, 1, 1])
    >>> log_me([[0.0], [0], [1], [1]], y) > log_me([[0.0], [1], [0], [1]], y)
    True
    """
    x = _check.table("features", features)
    values = _check.outcomes("y", y, len(x))
    outcomes = values[:, None] if values.dtype.kind == "f" else _one_hot("y", values)
    left, singular, _ = np.linalg.svd(x, full_matrices=False)
    return float(np.mean([_evidence(left, singular**2, x.shape, one) for one in outcomes.T]))


def _evidence(left: Floats, spectrum: Floats, shape: tuple[int, int], outcome: Floats) -> float:
    """Return the largest log evidence per example of one outcome."""
    n, d = shape
    along = (left.T @ outcome) ** 2
    outside = max(float((outcome**2).sum() - along.sum()), 0.0)  # what no weights can reach
    alpha = beta = 1.0
    for _ in range(_MAX_STEPS):
        precision = alpha + beta * spectrum
        used = (beta * spectrum / precision).sum()  # gamma: how many directions the data decide
        size = (beta**2 * spectrum * along / precision**2).sum()  # |mean weights|^2
        missed = (along * (alpha / precision) ** 2).sum() + outside
        before = alpha / beta
        alpha = max(used, _TINY) / max(size, _TINY)
        beta = max(n - used, _TINY) / max(missed, _TINY)
        if abs(alpha / beta - before) <= _STEP_TOLERANCE * before:
            break
    precision = alpha + beta * spectrum
    size = (beta**2 * spectrum * along / precision**2).sum()
    missed = (along * (alpha / precision) ** 2).sum() + outside
    log_det = np.log(precision).sum() + (d - len(spectrum)) * np.log(alpha)
    evidence = d * np.log(alpha) + n * np.log(beta / (2 * np.pi)) - log_det
    return float((evidence - beta * missed - alpha * size) / (2 * n))


def leep(source_proba: ArrayLike, y: ArrayLike) -> float:
    """Score a source model by how much its own classes tell of the target's (LEEP).

    Parameters
    ----------
    source_proba : array, shape (n, k_source), 0..1
        What the source model, head included, makes of the labelled target examples; rows sum to 1.
    y : array, shape (n,)
        The target's classes.

    Returns
    -------
    float, <= 0
        Mean log likelihood (nats) of y when it is read off the source's classes; higher is better.

    Notes
    -----
    With the empirical joint distribution of target and source classes, mean over the examples of
    log sum_z p(y | z) source_proba(z). No head is trained.

    References
    ----------
    Nguyen, Hassner, Seeger & Archambeau (2020), LEEP: a new measure to evaluate transferability
    of learned representations, ICML, equation 2.

    Examples
    --------
    >>> leep([[1.0, 0], [1, 0], [0, 1], [0, 1]], ["cat", "cat", "dog", "dog"])
    0.0
    """
    proba = _check.probabilities("source_proba", source_proba, least=2)
    membership = _one_hot("y", _check.outcomes("y", y, len(proba)))
    joint = membership.T @ proba  # n p(y, z)
    of_y_given_z = joint / np.maximum(joint.sum(axis=0), _TINY)
    likelihood = ((proba @ of_y_given_z.T) * membership).sum(axis=1)
    return float(np.log(np.maximum(likelihood, _TINY)).mean())


def h_score(features: ArrayLike, y: ArrayLike) -> float:
    """Score features by how much of their spread is between the classes (H-score).

    Parameters
    ----------
    features : array, shape (n, d)
        Of the labelled target examples, by the pretrained network.
    y : array, shape (n,)
        The target's classes.

    Returns
    -------
    float, 0..min(d, k - 1)
        Higher is better.

    Notes
    -----
    tr(S^-1 B), with S the covariance of the features and B that of the class means. With fewer
    examples than features S cannot be inverted, so S is shrunk as Ledoit & Wolf (2004) do, and B
    by the same share: without it, 100 examples of 512 features would score k - 1 always.

    References
    ----------
    Bao, Li, Huang, Zhang, Zheng, Zamir & Guibas (2019), An information-theoretic approach to
    transferability in task transfer learning, ICIP. Ibrahim, Ponomareva & Mazumder
    (2021), Newer is not always better: rethinking transferability metrics, arXiv 2110.06893.

    Examples
    --------
    >>> y = np.array([0, 0, 1, 1])
    >>> h_score([[0.0], [1], [10], [11]], y) > h_score([[0.0], [10], [1], [11]], y)
    True
    """
    from sklearn.covariance import ledoit_wolf

    x = _check.table("features", features)
    membership = _one_hot("y", _check.outcomes("y", y, len(x)))
    x = x - x.mean(axis=0)
    if not x.any():
        return 0.0
    covariance, shrinkage = ledoit_wolf(x, assume_centered=True)
    counts = membership.sum(axis=0)
    means = membership.T @ x / counts[:, None]
    between = (1 - shrinkage) * (means.T * counts) @ means / len(x)
    # A direction in which nothing varies has nothing between the classes either.
    return float(np.trace(np.linalg.pinv(covariance, hermitian=True) @ between))


def _one_hot(name: str, values: NDArray[Any]) -> Floats:
    """Return the membership of classes, shape (n, k)."""
    if values.dtype.kind == "f":
        raise TypeError(
            f"`{name}` must hold classes, as whole numbers or text; got dtype {values.dtype}. "
            f"Whole numbers as decimals become classes with {name}.astype(int)."
        )
    classes, place = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"`{name}` must hold at least two classes; got only {classes[0]!r}. Add examples of "
            "another class."
        )
    membership: Floats = np.eye(len(classes))[place]
    return membership


def rank_sources(
    features_by_source: Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    source_proba_by_source: Mapping[str, ArrayLike] | None = None,
    source_features_by_source: Mapping[str, ArrayLike] | None = None,
    target_features_by_source: Mapping[str, ArrayLike] | None = None,
    by: str = "log_me",
) -> pd.DataFrame:
    """Rank candidate sources by what their networks make of a few labelled target examples.

    Parameters
    ----------
    features_by_source : mapping of str to array, shape (n, d)
        For each source, what the network trained on it makes of the SAME n target examples; d
        may differ from source to source.
    y : array, shape (n,)
        The target's classes.
    source_proba_by_source : mapping of str to array, shape (n, k_source), optional
        What each network, its own head included, predicts for the same n examples: adds `leep`.
    source_features_by_source : mapping of str to array, shape (m, d), optional
        For each source, what its network makes of the source's own examples: adds the distances
        between source and target, `mmd` and `proxy_a_distance`, in this network's features.
    target_features_by_source : mapping of str to array, shape (any n, d), optional
        The target's side of the distances, labelled or not, when there are more examples than
        labels; by default `features_by_source`.
    by : str
        The column to sort by.

    Returns
    -------
    DataFrame
        One row per source (the index, "source"), best first, and one column per score. `log_me`,
        `leep` and `h_score`: higher is better. `mmd` and `proxy_a_distance`: lower is nearer,
        but they cannot see labels.

    Notes
    -----
    The scores promise how well a linear head on frozen features will do; after fine-tuning the
    whole network the order may be another one.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0, 0, 0, 1, 1, 1])
    >>> useful = y[:, None] + 0.1 * np.random.default_rng(0).normal(size=(6, 2))
    >>> noise = np.random.default_rng(1).normal(size=(6, 2))
    >>> rank_sources({"noise": noise, "useful": useful}, y).index.tolist()
    ['useful', 'noise']
    """
    import pandas as pd

    sources = _source_names(features_by_source)
    columns: dict[str, list[float]] = {
        "log_me": [_named(log_me, s, features_by_source[s], y) for s in sources],
        "h_score": [_named(h_score, s, features_by_source[s], y) for s in sources],
    }
    if source_proba_by_source is not None:
        proba = _same_sources("source_proba_by_source", source_proba_by_source, sources)
        columns["leep"] = [_named(leep, s, proba[s], y) for s in sources]
    if source_features_by_source is not None:
        own = _same_sources("source_features_by_source", source_features_by_source, sources)
        target = _same_sources(
            "target_features_by_source", target_features_by_source or features_by_source, sources
        )
        columns["mmd"] = [_named(mmd, s, own[s], target[s]) for s in sources]
        columns["proxy_a_distance"] = [
            _named(proxy_a_distance, s, own[s], target[s]) for s in sources
        ]
    _check.one_of("by", by, columns, kind="score")
    table = pd.DataFrame(columns, index=pd.Index(sources, name="source"))
    # A stable sort: equal sources stay in the order in which they were given.
    return table.sort_values(by, ascending=IS_BETTER_WHEN_LOWER[by], kind="stable")


def _source_names(features_by_source: Any) -> list[str]:
    _check_mapping("features_by_source", features_by_source)
    if not features_by_source:
        raise ValueError("`features_by_source` must hold at least one source; got none.")
    return list(features_by_source)


def _same_sources(name: str, given: Any, sources: list[str]) -> Mapping[str, ArrayLike]:
    _check_mapping(name, given)
    if set(given) != set(sources):
        raise ValueError(
            f"`{name}` must have the sources of `features_by_source`: {', '.join(sources)}; got "
            f"{', '.join(given) or 'none'}. Give each source in each mapping."
        )
    mapping: Mapping[str, ArrayLike] = given
    return mapping


def _check_mapping(name: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(
            f"`{name}` must be a mapping from a source's name to its array; got "
            f"{type(value).__name__}. Write {{'letters': features, ...}}."
        )


def _named(score: Callable[..., float], source: str, *arrays: ArrayLike) -> float:
    """Return a score; an error says which source it came from."""
    try:
        return score(*arrays)
    except (TypeError, ValueError) as error:
        raise type(error)(f"source {source!r}: {error}") from None
