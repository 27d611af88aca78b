"""Density ratios: ours and those of skada, adapt, densratio and scikit-learn, on the same arrays.

    OMP_NUM_THREADS=1 python -m benchmarks.density_ratios [--repeat N] [--n N ...] [--peers FOLDER]

One thread, because CPU seconds of several cannot be compared. FOLDER is where
`pip install --no-deps --target FOLDER skada pot adapt scikeras cvxopt densratio` has put the
peers, if they are not installed. Truth: Gaussians with a known ratio. Error: mean squared error of
the ratio, where 1 is what weighting nobody gives. Bars: at n = 3,000 no estimator of ours takes
longer than its counterpart, and none is less accurate beyond two standard errors of the paired
difference.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tlwidgets.shift import KLIEP, KernelMeanMatching, LogisticRatio
from tlwidgets.shift.density_ratio import BANDWIDTHS, median_distance

RESULTS = Path(__file__).parent / "results" / "density_ratios.json"
SIZES = (300, 1000, 3000)
N_POPULATION = 3000
BUDGET_SECONDS = 30.0  # per library and size; a slow one is measured in fewer cases
# features, distance of the means, standard deviation of the population (1 in the sample)
CASES = ((2, 0.6, 1.0), (2, 0.6, 0.8), (10, 0.6, 1.0), (10, 0.6, 0.95))

Array = np.ndarray[Any, Any]
Estimator = Callable[[Array, Array], Array]


def make_case(n: int, case: tuple[int, float, float], seed: int) -> tuple[Array, Array, Array]:
    """Return a sample, a population, and the true ratio at the sample's points."""
    d, distance, spread = case
    rng = np.random.default_rng(seed)
    mean = distance / np.sqrt(d)
    sample = rng.normal(0, 1, (n, d))
    population = rng.normal(mean, spread, (N_POPULATION, d))
    log_ratio = (sample**2).sum(axis=1) / 2
    log_ratio -= ((sample - mean) ** 2).sum(axis=1) / (2 * spread**2)
    ratio = np.exp(log_ratio - log_ratio.max())
    return sample, population, ratio / ratio.mean()


def gammas(sample: Array, population: Array) -> list[float]:
    """Return our bandwidths as the gamma of scikit-learn, for libraries that choose none."""
    median = median_distance(sample, population, np.random.default_rng(0))
    return [1 / (2 * (factor * median) ** 2) for factor in BANDWIDTHS]


def by_adapt(name: str, **settings: Any) -> Estimator:
    def estimate(sample: Array, population: Array) -> Array:
        import adapt.instance_based

        own = dict(settings)
        if name != "KMM":
            own["gamma"] = gammas(sample, population)
        model = getattr(adapt.instance_based, name)(Xt=population, verbose=0, random_state=0, **own)
        return np.asarray(model.fit_weights(sample, population)).ravel()

    return estimate


def by_skada(name: str) -> Estimator:
    def estimate(sample: Array, population: Array) -> Array:
        from skada import _reweight

        own: dict[str, Any] = {}
        if name == "KLIEPReweightAdapter":
            own = {"gamma": gammas(sample, population), "random_state": 0}
        x = np.concatenate([sample, population])
        domain = np.repeat([1, -2], [len(sample), len(population)])
        adapter = getattr(_reweight, name)(**own).fit(x, sample_domain=domain)
        return np.asarray(adapter.compute_weights(x, sample_domain=domain))[: len(sample)]

    return estimate


def by_densratio(method: str) -> Estimator:
    def estimate(sample: Array, population: Array) -> Array:
        from densratio import densratio

        found = densratio(population, sample, method=method, verbose=False)
        return np.asarray(found.compute_density_ratio(sample)).ravel()

    return estimate


def by_sklearn(sample: Array, population: Array) -> Array:
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate([sample, population])
    is_population = np.repeat([0, 1], [len(sample), len(population)])
    odds = LogisticRegression().fit(x, is_population).predict_proba(sample)
    return odds[:, 1] / odds[:, 0]


METHODS: dict[str, dict[str, Estimator]] = {
    "logistic": {
        "ours": LogisticRatio(),
        "scikit-learn": by_sklearn,
        "skada": by_skada("DiscriminatorReweightAdapter"),
    },
    "kernel mean matching": {
        "ours": KernelMeanMatching(),
        "adapt": by_adapt("KMM"),
        "skada": by_skada("KMMReweightAdapter"),
    },
    "KLIEP": {
        "ours": KLIEP(),
        "adapt": by_adapt("KLIEP"),
        "skada": by_skada("KLIEPReweightAdapter"),
        "densratio": by_densratio("KLIEP"),
    },
}
# Options that a slider can afford, for the table only.
QUICK: dict[str, Estimator] = {
    "KernelMeanMatching(n_landmarks=30)": KernelMeanMatching(n_landmarks=30),
    "KLIEP(bandwidth=0.5, n_centers=50)": KLIEP(bandwidth=0.5, n_centers=50),
}


def measure(estimate: Estimator, n: int, case: tuple[int, float, float], seed: int) -> Array:
    """Return CPU seconds and error of one estimate; an error of NaN where it fails."""
    sample, population, truth = make_case(n, case, seed)
    np.random.seed(seed)  # noqa: NPY002 - adapt and densratio draw from the global generator
    start = time.process_time()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            ratio = estimate(sample, population)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        return np.array([time.process_time() - start, np.nan])
    seconds = time.process_time() - start
    ratio = ratio / ratio.mean()
    return np.array([seconds, ((ratio - truth) ** 2).mean() / ((1 - truth) ** 2).mean()])


def measure_all(estimate: Estimator, n: int, repeat: int) -> Array:
    """Return CPU seconds and errors, one row per seed and case, as many as the budget allows."""
    found: list[Array] = []
    for seed in range(repeat):
        for case in CASES:
            if sum(seconds for seconds, _ in found) < BUDGET_SECONDS:
                found.append(measure(estimate, n, case, seed))
    return np.array(found)


def compare(method: str, n: int, repeat: int) -> list[dict[str, Any]]:
    """Return a row per library: CPU seconds and error over all cases and seeds."""
    rows: list[dict[str, Any]] = []
    own = np.empty(0)
    for library, estimate in METHODS[method].items():
        measure(estimate, 50, CASES[0], 0)  # imports before the clock
        seconds, errors = measure_all(estimate, n, repeat).T
        own = errors if library == "ours" else own
        gap = own[: len(errors)] - errors
        gap = gap[np.isfinite(gap)]
        rows.append(
            {
                "method": method,
                "library": library,
                "n": n,
                "runs": len(errors),
                "failed": int(np.isnan(errors).sum()),
                "cpu_seconds": statistics.median(seconds),
                "error": float(np.nanmean(errors)),
                # of the cases that the budget reached
                "error_by_case": [
                    float(np.nanmean(errors[i :: len(CASES)]))
                    for i in range(min(len(CASES), len(errors)))
                ],
                "ours_minus_this": float(gap.mean()),
                "standard_error": float(gap.std() / np.sqrt(max(gap.size - 1, 1))),
            }
        )
    return rows


def quick(n: int, repeat: int) -> list[dict[str, Any]]:
    """Return what the slider's options take with 50 features."""
    rng = np.random.default_rng(0)
    rows = []
    for name, estimate in {"LogisticRatio()": LogisticRatio(), **QUICK}.items():
        seconds = []
        for _ in range(repeat):
            sample, population = rng.normal(0, 1, (n, 50)), rng.normal(0.1, 1, (N_POPULATION, 50))
            start = time.process_time()
            estimate(sample, population)
            seconds.append(time.process_time() - start)
        rows.append({"quick": name, "n": n, "cpu_ms": 1e3 * statistics.median(seconds)})
    return rows


def missed(rows: list[dict[str, Any]]) -> list[str]:
    """Return the bars that were missed."""
    ours = {(r["method"], r["n"]): r["cpu_seconds"] for r in rows if r["library"] == "ours"}
    found = []
    for row in rows:
        name = f"{row['method']}, n = {row['n']}, against {row['library']}"
        if row["n"] == max(SIZES) and ours[row["method"], row["n"]] > row["cpu_seconds"]:
            found.append(f"slower: {name}")
        if row["ours_minus_this"] > 2 * row["standard_error"] and row["library"] != "ours":
            found.append(f"less accurate: {name}")
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--n", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--peers", metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    if chosen.peers:
        sys.path.append(chosen.peers)
    warnings.simplefilter("ignore")  # of the peers: deprecations and steps without convergence
    rows = []
    for n in chosen.n:
        for method in chosen.methods:
            for row in compare(method, n, chosen.repeat):
                rows.append(row)
                cases = " ".join(f"{error:5.2f}" for error in row["error_by_case"])
                print(
                    f"{method:21}{row['library']:13}n={n:<5}{row['cpu_seconds']:8.3f} s  error "
                    f"{row['error']:5.2f} ({cases}), ours minus this {row['ours_minus_this']:+.3f}"
                    f" ± {row['standard_error']:.3f}",
                    flush=True,
                )
    slider = [row for n in chosen.n for row in quick(n, 3 * chosen.repeat)]
    for row in slider:
        print(f"{row['quick']:40}n={row['n']:<5}{row['cpu_ms']:6.1f} ms with 50 features")
    print(*(missed(rows) or ["All bars are met."]), sep="\n")
    if set(chosen.methods) == set(METHODS) and set(chosen.n) == set(SIZES):
        RESULTS.write_text(json.dumps({"rows": rows, "slider": slider}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
