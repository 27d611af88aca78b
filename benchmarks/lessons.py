"""What each notebook costs as a whole: seconds, CPU seconds and memory, cold and warm.

Cold: an empty cache, as on the first day. Warm: features and decoded images are on the disk.
Bars: 90 s and 1.4 GB for each notebook; 1.8 GB with the JupyterLab server that shows it.

Run with: python -m benchmarks.lessons [--repeat N] [NOTEBOOK ...]
With names only these are measured; the rows of the others stay as they were.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Cost, run_notebook

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "lessons.json"
MAX_SECONDS, MAX_GB, MAX_GB_WITH_SERVER = 90.0, 1.4, 1.8


def measure(path: Path, repeat: int, server_gb: float) -> dict[str, object]:
    """Return medians over `repeat` cold and warm runs, and the highest memory of all."""
    cold, warm = [], []
    load_before = os.getloadavg()[0]
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as cache:
            environment = {"TLWIDGETS_CACHE": cache}
            cold.append(run_notebook(path, python=sys.executable, environment=environment))
            warm.append(run_notebook(path, python=sys.executable, environment=environment))
    peak = max(cost.peak_gb for cost in [*cold, *warm])
    return {
        "notebook": str(path.relative_to(ROOT / "notebooks")),
        "repeat": repeat,
        "load_before": round(load_before, 1),
        "cold": _medians(cold),
        "warm": _medians(warm),
        "peak_gb": round(peak, 2),
        "peak_gb_with_server": round(peak + server_gb, 2),
        "slowest_when_warm": warm[-1].slowest,
        "errors": sorted({error for cost in [*cold, *warm] for error in cost.errors}),
    }


def _medians(costs: list[Cost]) -> dict[str, float]:
    return {
        "wall_seconds": round(statistics.median(cost.wall_seconds for cost in costs), 1),
        "cpu_seconds": round(statistics.median(cost.cpu_seconds for cost in costs), 1),
    }


def measure_server(notebook: str) -> float:
    """Return the memory in GB of a JupyterLab server that shows a notebook, without its kernel."""
    from tests.browser.server import lab_server

    with (
        tempfile.TemporaryDirectory() as folder,
        lab_server(Path(folder) / "lab", ROOT / "notebooks") as server,
    ):
        # What the page in the browser asks for: the file, and a kernel for it.
        server.ask(f"api/contents/{notebook}")
        kernel = {"name": "python3"}
        server.ask(
            "api/sessions",
            {"path": notebook, "name": notebook, "type": "notebook", "kernel": kernel},
        )
        return server.process.memory_info().rss / 1e9


def broken_bars(row: dict[str, object]) -> list[str]:
    """Return what a notebook exceeds."""
    found = [f"error: {error}" for error in row["errors"]]
    found += [f"{k}: {row[k]['wall_seconds']} s" for k in ("cold", "warm")
              if row[k]["wall_seconds"] > MAX_SECONDS]  # fmt: skip
    if row["peak_gb"] > MAX_GB:
        found.append(f"{row['peak_gb']} GB")
    if row["peak_gb_with_server"] > MAX_GB_WITH_SERVER:
        found.append(f"{row['peak_gb_with_server']} GB with the server")
    return found


def with_the_others(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return these rows and, of the last run, those of the notebooks that were not measured."""
    before = json.loads(RESULTS.read_text("utf-8"))["notebooks"] if RESULTS.is_file() else []
    by_name = {row["notebook"]: row for row in [*before, *rows]}
    # Lessons first, then solutions, each by number.
    return [by_name[name] for name in sorted(by_name, key=lambda name: ("/" in name, name))]


def main() -> int:
    """Measure, print a table, write the JSON, and fail when a bar is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    paths = [path.resolve() for path in arguments.notebooks] or [
        *sorted((ROOT / "notebooks").glob("*.ipynb")),
        *sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb")),
    ]
    for path in paths:
        if not path.is_file():
            parser.error(f"there is no notebook {path}; for instance notebooks/00_start_here.ipynb")
    server_gb = measure_server(paths[0].name)
    rows = [measure(path, arguments.repeat, server_gb) for path in paths]
    print(
        f"| notebook | cold s (CPU) | warm s (CPU) | peak GB | with server | bars |\n|{'---|' * 6}"
    )
    for row in rows:
        cold, warm = ([*row[k].values()] for k in ("cold", "warm"))
        verdict = "; ".join(broken_bars(row)) or "met"
        print(
            f"| {row['notebook']} | {cold[0]} ({cold[1]}) | {warm[0]} ({warm[1]}) "
            f"| {row['peak_gb']} | {row['peak_gb_with_server']} | {verdict} |"
        )
    result = {
        "cores": os.cpu_count(),
        "server_gb": round(server_gb, 2),
        "notebooks": with_the_others(rows) if arguments.notebooks else rows,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    return int(any(broken_bars(row) for row in rows))


if __name__ == "__main__":
    sys.exit(main())
