"""Whether every claim holds: each lesson runs with seeds that were not used while writing it.

Each run sets other numbers in the lesson's cell of parameters: `SEED` 70 to 79, and `SEEDS` (or
`DRAWS`) as many as the lesson has, from 700, 710 and so on. A row of the table is a claim: how
often it was measured, its mean, the one that is nearest to the bound or farthest beyond it, the
bound, and how many runs held. Exercises are left out: no claim needs them. Takes one to three CPU
minutes a run and lesson; a lesson's rows replace those that the table has of it.

Run with: python datasets/results/claims.py [--runs N] [06 09 ...]
"""

import argparse
import ast
import csv
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

OUT = Path(__file__).with_suffix(".csv")
FOLDER = Path(__file__).parents[2] / "notebooks"
FIELDS = ["lesson", "claim", "runs", "mean", "worst", "bounds", "held"]
ONE_RUN = "--one-run"


def parameters(run: int, cell: str) -> str:
    """Return the lesson's cell of parameters with seeds of this run."""
    lines = cell.splitlines()
    for node in ast.parse(cell).body:
        name = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
        if name == "SEED":
            lines[node.lineno - 1] = f"SEED = {70 + run}"
        elif name in ("SEEDS", "DRAWS"):
            first = 700 + 10 * run
            lines[node.lineno - 1] = f"{name} = range({first}, {first} + len({name}))"
            lines[node.lineno - 1] = f"{ast.unparse(node)}; {lines[node.lineno - 1]}"
    return "\n".join(lines)


def run_once(path: Path, run: int) -> list[dict[str, Any]]:
    """Run a lesson with its solutions and return what its claims measured."""
    import matplotlib.pyplot as plt

    import tlwidgets
    from notebooks import build
    from tlwidgets.course import claims

    made: list[claims.Claim] = []

    def keep(sentence: str, measured: float, **options: Any) -> claims.Claim:
        bounds = {"at_least": None, "at_most": None, "control": None, **options}
        made.append(claims._make(sentence, measured, **bounds))
        rows.append({"claim": sentence, "measured": made[-1].measured, **bounds})
        return made[-1]

    rows: list[dict[str, Any]] = []
    tlwidgets.claim = keep
    os.chdir(path.parents[1])
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in build.build(path.read_text("utf-8"), "solution").cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and not tags & {"exercise", "solution", "check"}:
            changed = "parameters" in tags
            exec(parameters(run, cell.source) if changed else cell.source, names)  # noqa: S102 - our own
            plt.close("all")
    return rows


def run_lesson(path: Path, runs: int) -> list[dict[str, Any]]:
    """Run a lesson with as many seeds, each in its own process, and return a row for each claim."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    environment = {**os.environ, "MPLBACKEND": "agg", "TLWIDGETS_PROGRESS": "off"}
    environment["PYTHONPATH"] = str(FOLDER.parent)
    for run in range(runs):
        command = [sys.executable, __file__, ONE_RUN, str(path), str(run)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        for row in json.loads(done.stdout.splitlines()[-1]):
            found[row["claim"]].append(row)
    return [summary(path.stem[:2], claim, rows) for claim, rows in found.items()]


def summary(lesson: str, claim: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one claim over all runs."""
    room = [
        min(
            float("inf") if row["at_least"] is None else row["measured"] - row["at_least"],
            float("inf") if row["at_most"] is None else row["at_most"] - row["measured"],
        )
        for row in rows
    ]
    worst = min(range(len(rows)), key=room.__getitem__)
    ends = {"at least": rows[worst]["at_least"], "at most": rows[worst]["at_most"]}
    return {
        "lesson": lesson,
        "claim": claim,
        "runs": len(rows),
        "mean": f"{sum(row['measured'] for row in rows) / len(rows):.4g}",
        "worst": f"{rows[worst]['measured']:.4g}",
        "bounds": " and ".join(f"{w} {x:.4g}" for w, x in ends.items() if x is not None),
        "held": sum(r >= 0 for r in room),
    }


def main(lessons: list[str], runs: int) -> None:
    """Write the table, the rows of the lessons that were asked for anew."""
    paths = sorted((FOLDER / "src").glob("[0-9][0-9]_*.py"))
    before = list(csv.DictReader(OUT.open(encoding="utf-8"))) if OUT.is_file() else []
    for path in paths:
        if lessons and path.stem[:2] not in lessons:
            continue
        new = run_lesson(path, runs)
        before = [row for row in before if row["lesson"] != path.stem[:2]] + new
        before.sort(key=lambda row: row["lesson"])
        with OUT.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(before)
        failed = [row for row in new if row["held"] < row["runs"]]
        print(f"{path.stem}: {len(new)} claims, {len(failed)} not always", *failed, sep="\n  ")


if __name__ == "__main__":
    if sys.argv[1:2] == [ONE_RUN]:
        from contextlib import redirect_stdout

        with redirect_stdout(sys.stderr):
            measured = run_once(Path(sys.argv[2]), int(sys.argv[3]))
        print(json.dumps([{k: float(v) if k != "claim" and v is not None else v
                           for k, v in row.items()} for row in measured]))  # fmt: skip
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("lessons", nargs="*")
        parser.add_argument("--runs", type=int, default=10)
        asked = parser.parse_args()
        main(asked.lessons, asked.runs)
