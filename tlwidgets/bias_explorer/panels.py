"""The distributions: population against sample, before and after weighting."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._views.chart import axis_over
from .groups import is_numeric
from .map_points import class_labels
from .state import State

N_BINS = 16
_MAX_CATEGORIES = 12
OTHERS = "others"


def panels_view(state: State) -> list[dict[str, Any]]:
    """Return a panel for the covariate and one for the classes (or the outcome)."""
    population, result = state.population, state.result
    indices, labels = result.selection.indices, result.selection.labels
    panels = []
    name = shown_covariate(state)
    if name:
        values = population.covariates[name]
        panels.append(_panel(name, values, values[indices], state))
    if population.has_classes:
        names = np.asarray(population.class_names)
        order = list(population.class_names)
        panels.append(
            _panel("class", class_labels(population), names[labels.astype(int)], state, order)
        )
    else:
        panels.append(_panel("outcome", population.y, labels.astype(float), state))
    return panels


def shown_covariate(state: State) -> str:
    """Return the covariate that was chosen, or the first one; empty if there is none."""
    covariates = state.population.covariates
    chosen = state.choice.covariate
    return chosen if chosen in covariates else next(iter(covariates), "")


def _panel(
    name: str,
    everybody: NDArray[Any],
    sample: NDArray[Any],
    state: State,
    order: Sequence[str] | None = None,
) -> dict[str, Any]:
    ratio = state.result.density_ratio
    is_weighted = bool(np.ptp(ratio) > 1e-9) if len(ratio) else False
    three = [(everybody, np.ones(len(everybody))), (sample, np.ones(len(sample))), (sample, ratio)]
    if is_numeric(everybody):
        edges = _edges(everybody)
        names = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
        shares = [_binned(values, edges, counts_as) for values, counts_as in three]
        ticks = [f"{edges[0]:.3g}", f"{(edges[0] + edges[-1]) / 2:.3g}", f"{edges[-1]:.3g}"]
    else:
        names, ticks = _category_names(everybody, sample, order), []
        shares = [_counted(values, names, counts_as) for values, counts_as in three]
    high = max(float(np.max(share)) for share in shares)
    return {
        "title": name,
        "names": names,
        "ticks": ticks,
        "population": _rounded(shares[0]),
        "sample": _rounded(shares[1]),
        "weighted": _rounded(shares[2]) if is_weighted else [],
        "high": round(high, 4) or 1.0,
        "description": _reading(name, names, shares, is_weighted=is_weighted),
    }


def _edges(values: NDArray[Any]) -> NDArray[np.float64]:
    whole = np.unique(values)
    if whole[-1] - whole[0] < N_BINS and np.all(whole == np.rint(whole)):  # counts: a bin each
        return np.arange(whole[0] - 0.5, whole[-1] + 1)
    ends = np.nanpercentile(values, (0.5, 99.5))  # a far outlier leaves room for the others
    return np.array([at for at, _ in axis_over("", map(float, ends), n_ticks=N_BINS).ticks])


def _binned(
    values: NDArray[Any], edges: NDArray[np.float64], counts_as: NDArray[np.float64]
) -> NDArray[np.float64]:
    inside = np.clip(values, edges[0], edges[-1])
    counts, _ = np.histogram(inside, edges, weights=counts_as)
    return counts / max(float(counts_as.sum()), 1e-12)


def _category_names(
    everybody: NDArray[Any], sample: NDArray[Any], order: Sequence[str] | None
) -> list[str]:
    """Return the categories in order; of very many those that the sample distorts most."""
    found = [str(name) for name in (order or np.unique(everybody))]
    if len(found) <= _MAX_CATEGORIES:
        return found
    truth = _counted(everybody, found, np.ones(len(everybody)))
    distance = np.abs(truth - _counted(sample, found, np.ones(len(sample))))
    kept = np.sort(np.argsort(-distance, kind="stable")[: _MAX_CATEGORIES - 1])
    return [*(found[i] for i in kept), OTHERS]


def _counted(
    values: NDArray[Any], names: Sequence[str], counts_as: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of each category, the last one of all others if it is called so."""
    total = max(float(counts_as.sum()), 1e-12)
    shares = np.array([float(counts_as[values == name].sum()) / total for name in names])
    if names[-1] == OTHERS:
        shares[-1] += 1 - float(shares.sum())
    return shares


def _reading(
    name: str, names: Sequence[str], shares: Sequence[NDArray[np.float64]], *, is_weighted: bool
) -> str:
    """Say where the sample differs most from the population."""
    population, sample, weighted = shares
    most = int(np.argmax(np.abs(sample - population)))
    after = f", after weighting {100 * weighted[most]:.0f} %" if is_weighted else ""
    return (
        f"{name} {names[most]}: {100 * population[most]:.0f} % of the population, "
        f"{100 * sample[most]:.0f} % of my sample{after}."
    )


def _rounded(shares: NDArray[np.float64]) -> list[float]:
    return [round(float(share), 4) for share in shares]
