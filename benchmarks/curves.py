"""Training curves: ours, livelossplot's, and a bare `fit`, in a real kernel, interleaved.

    python -m benchmarks.curves [--repeat N] [--livelossplot FOLDER]

FOLDER is where `pip install --target FOLDER livelossplot` has put it, if it is not installed.
Bars: at most 2 % of a fit whose epoch takes 0.5 s; at 200 epochs at least 50 times less CPU per
refresh than livelossplot, and at most 1.5 times that at 10 epochs; 5 kB and 5 ms per refresh;
`figure()` in 250 ms; no figure left open; `import tlwidgets` in 0.3 s, without TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

RESULTS = Path(__file__).parent / "results" / "curves.json"
WAYS = ("bare", "ours", "livelossplot")
# epochs, steps of an epoch: about half a second, and short epochs of a long training
SHAPES = ((50, 500), (200, 40))
_CELL_TIMEOUT_SECONDS = 1200

SETUP = """\
import json, statistics, sys, time
from tlwidgets import TrainingCurves
import keras
import matplotlib.pyplot as plt
import numpy as np

sent, spent = [], []
session = get_ipython().kernel.session
serialize = session.serialize
def counted(message, *rest, **keys):
    parts = serialize(message, *rest, **keys)
    sent.append((message["header"]["msg_type"], sum(map(len, parts))))
    return parts
session.serialize = counted

def timed(call, times):
    def wrapped(*arguments, **keys):
        start = time.thread_time()
        try:
            return call(*arguments, **keys)
        finally:
            times.append(time.thread_time() - start)
    return wrapped

HOOKS = ("train_begin", "train_batch_end", "epoch_begin", "epoch_end", "train_end")

def fit(way, epochs, steps):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(steps * 32, 64)).astype("float32")
    y = (x[:, :2].sum(axis=1) > 0).astype("int32")
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(128, "relu"), keras.layers.Dense(2, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, validation_data=(x[:640], y[:640]), verbose=0)  # compiled before the clock
    refreshes, hooks, callbacks, curves = [], [], [], None
    if way == "ours":
        curves = TrainingCurves()
        curves.stage.refresh = timed(curves.stage.refresh, refreshes)
        callbacks = [curves]
    elif way == "livelossplot":
        from livelossplot import PlotLossesKeras
        callbacks = [PlotLossesKeras()]
        plot = callbacks[0].liveplot.outputs[0]
        plot.send = timed(plot.send, refreshes)
    for callback in callbacks:
        for hook in HOOKS:
            name = "on_" + hook
            setattr(callback, name, timed(getattr(callback, name), hooks))
    sent.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    model.fit(x, y, validation_data=(x[:640], y[:640]), epochs=epochs, verbose=0,
              callbacks=callbacks)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    kinds = ("comm_msg",) if way == "ours" else ("display_data", "update_display_data", "stream")
    sizes = [size for kind, size in sent if kind in kinds]
    result = {
        "way": way, "epochs": epochs,
        "cpu_per_epoch": cpu / epochs, "wall_per_epoch": wall / epochs,
        "in_callback_per_epoch": sum(hooks) / epochs, "refreshes": len(refreshes),
        "refresh_ms": 1e3 * statistics.median(refreshes) if refreshes else 0,
        "kb_per_refresh": statistics.median(sizes) / 1e3 if sizes else 0,
        "kb_largest_refresh": max(sizes, default=0) / 1e3,
        "kb_in_all": sum(size for _, size in sent) / 1e3,
        "figures_left_open": len(plt.get_fignums()),
    }
    plt.close("all")
    return result, curves

def refresh_at(epochs, n=40):
    curves = TrainingCurves()
    curves.stage.begin()
    curves.set_params({"epochs": epochs, "steps": None})
    curves.begin_phase("")
    for i in range(epochs):
        values = {"loss": 2 / (i + 1) + 0.01 * (i % 7), "accuracy": 1 - 0.8 / (i + 1)}
        curves.runs[-1].end_epoch({**values, **{"val_" + k: v + 0.1 for k, v in values.items()}}, i)
    times = []
    sent.clear()
    for i in range(n):
        curves.runs[-1].drawn["loss", "training"][-1] = (epochs, 0.3 + i / 100)
        timed(curves.stage.refresh, times)(curves.runs, curves.choices)
    sizes = [size for kind, size in sent if kind == "comm_msg"]
    figures = []
    for _ in range(5):
        timed(curves.figure, figures)()
    curves.on_train_end()
    return {"epochs": epochs, "refresh_ms": 1e3 * statistics.median(times),
            "message_kb": statistics.median(sizes) / 1e3,
            "figure_ms": 1e3 * statistics.median(figures)}
"""
FIT = "result, curves = fit({way!r}, {epochs}, {steps})\nprint('RESULT', json.dumps(result))"
REFRESH = "print('RESULT', json.dumps([refresh_at(n) for n in (10, 200, 2000)]))"


def run_cells(cells: list[str], folder: str | None) -> list[Any]:
    """Run cells in a new kernel; return what those with a result gave."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    client = NotebookClient(notebook, timeout=_CELL_TIMEOUT_SECONDS)
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="Python 3",
        language="python",
    )
    path = [str(Path(__file__).parents[1]), *([folder] if folder else [])]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    manager.start_kernel(env={**environment, "PYTHONPATH": os.pathsep.join(path)})
    client.km = manager
    client.execute()
    return [result for cell in notebook.cells for result in _results(cell)]


def _results(cell: Any) -> list[Any]:
    printed = "".join(output.get("text", "") for output in cell.outputs)
    lines = [line for line in printed.splitlines() if line.startswith("RESULT ")]
    return [json.loads(line.removeprefix("RESULT ")) for line in lines]


def import_seconds() -> dict[str, Any]:
    """Return what importing the package costs, and whether it brings TensorFlow."""
    code = (
        "import sys, time; t = time.process_time(); import tlwidgets; "
        "print(time.process_time() - t, 'tensorflow' in sys.modules)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    seconds = statistics.median(float(run.stdout.split()[0]) for run in runs)
    return {"seconds": seconds, "tensorflow": "True" in runs[0].stdout}


def medians(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each number over the repetitions of one measurement."""
    return {
        key: value if isinstance(value, str) else statistics.median(row[key] for row in rows)
        for key, value in rows[0].items()
    }


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--livelossplot", metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    fits = [
        FIT.format(way=way, epochs=epochs, steps=steps)
        for _ in range(chosen.repeat)
        for epochs, steps in SHAPES
        for way in WAYS
    ]
    *rows, refreshes = run_cells([SETUP, *fits, REFRESH], chosen.livelossplot)
    table = [
        medians([row for row in rows if (row["way"], row["epochs"]) == (way, epochs)])
        for epochs, _ in SHAPES
        for way in WAYS
    ]
    measured = {"fits": table, "refreshes": refreshes, "import": import_seconds()}
    RESULTS.write_text(json.dumps(measured, indent=1) + "\n", "utf-8")
    for row in [*table, *refreshes, measured["import"]]:
        print({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})


if __name__ == "__main__":
    main(sys.argv[1:])
