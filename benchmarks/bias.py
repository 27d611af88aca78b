"""How soon the bias explorer has its complete new state, for every bias and every repair.

    python -m benchmarks.bias [--moves N] [--n 300 1000]

A slider of the strength is moved in small steps, as a hand does: draw, learn, repair, and evaluate
three models on the whole population. Bar: 50 ms at the 95th percentile in wall time, on every
population and on 3,000 examples of 50 features in 10 classes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tlwidgets.bias_explorer import built_in
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import State, begin, changed, kinds_of, repairs_of
from tlwidgets.shift import MECHANISMS, Population

RESULTS = Path(__file__).parent / "results" / "bias.json"
BAR_MS = 50
POPULATIONS = ("synthetic", "solar cells", "digits", "diabetes")


def synthetic(n: int = 3000, d: int = 50, k: int = 10) -> Population:
    """Return classes around centres of their own that overlap as those of the digits do."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % k
    x = rng.normal(size=(n, d)) + rng.normal(scale=0.35, size=(k, d))[y]
    return Population(
        name="synthetic",
        x=x,
        y=y,
        class_names=tuple(f"class {c}" for c in range(k)),
        covariates={"size": x[:, 0] + rng.normal(size=n)},
        group=rng.choice(["a", "b", "c"], n),
        position=rng.random((n, 2)),
    )


def moves(state: State, n_moves: int) -> Iterator[dict[str, float]]:
    """Move the slider, one step after the other; yield what each step took."""
    for i in range(n_moves):
        strength = round(0.3 + 0.5 * (i + 1) / n_moves, 3)
        wall, cpu = time.perf_counter(), time.process_time()
        state = changed(state, strength=strength)
        yield {
            "wall_ms": 1e3 * (time.perf_counter() - wall),
            "cpu_ms": 1e3 * (time.process_time() - cpu),
        }


def measure(population: Population, n: int, n_moves: int) -> Iterator[dict[str, Any]]:
    """Yield the times of each bias with each repair."""
    n = min(n, len(population) // 2)
    for mechanism in MECHANISMS:
        for kind in kinds_of(population, mechanism):
            for repair in repairs_of(population):
                # Opening a tab may cluster the population, once; that is not moving a slider.
                choice = Choice(mechanism=mechanism, kind=kind, repair=repair, n=n, strength=0.2)
                times = list(moves(begin(population, choice), n_moves))
                yield {
                    "population": population.name,
                    "kind": kind,
                    "repair": repair,
                    "n": n,
                    "wall_ms": [round(t["wall_ms"], 2) for t in times],
                    "cpu_ms": [round(t["cpu_ms"], 2) for t in times],
                }


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return percentiles over all moves of a population, and the slowest pair."""
    found = []
    for key in dict.fromkeys((r["population"], r["n"]) for r in rows):
        own = [r for r in rows if (r["population"], r["n"]) == key]
        line = dict(zip(("population", "n"), key, strict=True))
        for clock in ("wall_ms", "cpu_ms"):
            times = [t for r in own for t in r[clock]]
            line[f"{clock}_p50"] = round(float(np.percentile(times, 50)), 1)
            line[f"{clock}_p95"] = round(float(np.percentile(times, 95)), 1)
        slowest = max(own, key=lambda r: statistics.median(r["cpu_ms"]))
        line["slowest"] = f"{slowest['kind']}, {slowest['repair']}"
        line["slowest_cpu_ms_p50"] = round(statistics.median(slowest["cpu_ms"]), 1)
        found.append(line)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--moves", type=int, default=10)
    parser.add_argument("--n", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--populations", nargs="+", choices=POPULATIONS, default=POPULATIONS)
    options = parser.parse_args()
    rows = []
    for name in options.populations:
        population = synthetic() if name == "synthetic" else built_in(name)
        for n in dict.fromkeys(min(n, len(population) // 2) for n in options.n):
            rows += measure(population, n, options.moves)
    lines = summary(rows)
    clocks = f"{'wall ms p50/p95':>16} {'cpu ms p50/p95':>16}"
    print(f"{'population':12} {'n':>5} {clocks}  slowest")
    for line in lines:
        wall = f"{line['wall_ms_p50']:.1f}/{line['wall_ms_p95']:.1f}"
        cpu = f"{line['cpu_ms_p50']:.1f}/{line['cpu_ms_p95']:.1f}"
        bar = "" if line["wall_ms_p95"] <= BAR_MS else "  over the bar"
        print(
            f"{line['population']:12} {line['n']:5} {wall:>16} {cpu:>16}  "
            f"{line['slowest']} ({line['slowest_cpu_ms_p50']:.1f}){bar}"
        )
    RESULTS.write_text(json.dumps({"bar_ms": BAR_MS, "summary": lines, "moves": rows}) + "\n")


if __name__ == "__main__":
    main()
