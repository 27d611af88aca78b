"""Which of several candidate sources to transfer from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from .. import _check
from .distances import mmd, proxy_a_distance
from .transferability import h_score, leep, log_me

if TYPE_CHECKING:
    import pandas as pd

# Higher is better for the first three, lower for the distances.
IS_BETTER_WHEN_LOWER = {
    "log_me": False,
    "leep": False,
    "h_score": False,
    "mmd": True,
    "proxy_a_distance": True,
}


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

    Raises
    ------
    ValueError
        No source, sources that differ between the mappings, or arrays that do not fit `y`.

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
    if not isinstance(features_by_source, Mapping) or not features_by_source:
        raise _check.not_a_mapping("features_by_source", features_by_source)
    return list(features_by_source)


def _same_sources(name: str, given: Any, sources: list[str]) -> Mapping[str, ArrayLike]:
    if not isinstance(given, Mapping):
        raise _check.not_a_mapping(name, given)
    if set(given) != set(sources):
        raise _check.other_sources(name, list(given), sources)
    return given


def _named(score: Callable[..., float], source: str, *arrays: ArrayLike) -> float:
    """Return a score; an error says which source it came from."""
    try:
        return score(*arrays)
    except (TypeError, ValueError) as error:
        raise type(error)(f"source {source!r}: {error}") from None
