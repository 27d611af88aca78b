"""How soon the freeze slider answers, in JupyterLab, by version of ipykernel.

    python -m benchmarks.answering --ipykernel 6.31.0 7.3.0 7.4.0

A key press on the boundary, until the sentence above the ribbon (which the kernel writes) is
new; and a click on Stop, until the page says that it has stopped (it waits for the step that
is being done). Bar: 0.3 s. Before that, letting the boundary go on a cut where only the head
trains, until its accuracy is in the table (500 images, 5 epochs). Bar: 1 s.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from tests.browser.lab import NotebookPage, chromium, find_chromium
from tests.browser.server import lab_server

RESULTS = Path(__file__).parent / "results" / "answering.json"
N_PRESSES = 20
N_RELEASES = 6
CELL = """\
import ipykernel
from tlwidgets import FreezeSlider, fetch_solar_cells, load_backbone
import keras
import numpy as np
cells = fetch_solar_cells(96)
x = np.repeat(cells.images[:500, ..., None], 3, axis=-1)
y = cells.is_defective[:500]
base = load_backbone("efficientnet_lite0", 96)
model = keras.Model(base.input, keras.layers.Dense(2, name="defect")(base.output))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(1e-4), loss, metrics=["accuracy"])
lab = FreezeSlider(model, train=(x, y), validation=(x[:100], y[:100]))
lab.train()
lab.cut = lab.cut - 1
print(ipykernel.__version__)
lab"""
_PRESS = """async key => {
  const ribbon = document.querySelector('.tlw-ribbon');
  const sentence = ribbon.querySelector('.tlw-sentence');
  const before = sentence.textContent;
  const began = performance.now();
  ribbon.querySelector('.tlw-handle')
    .dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  while (sentence.textContent === before && performance.now() - began < 20000) {
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - began;
}"""
_RELEASE = """async () => {
  const handle = document.querySelector('.tlw-handle');
  const runs = () => document.querySelector('.tlw-drawer summary').textContent;
  const before = runs();
  const began = performance.now();
  const press = (kind, key) => handle.dispatchEvent(new KeyboardEvent(kind, {key, bubbles: true}));
  press('keydown', 'End');
  press('keyup', 'End');
  while (runs() === before && performance.now() - began < 20000) {
    await new Promise(requestAnimationFrame);
  }
  const milliseconds = performance.now() - began;
  press('keydown', 'ArrowLeft');
  return milliseconds;
}"""
_STOP = """async () => {
  const status = () => document.querySelector('[role=status]').textContent;
  const began = performance.now();
  [...document.querySelectorAll('button')].find(b => b.textContent.trim() === 'Stop').click();
  while (!status().startsWith('Stopped') && performance.now() - began < 60000) {
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - began;
}"""


def answers(version: str) -> dict[str, Any]:
    """Measure with one version of ipykernel."""
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder) / "packages"
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run(
            [*command, "--compile-bytecode", "--target", packages, f"ipykernel=={version}"],
            check=True,
        )
        os.environ["PYTHONPATH"] = os.pathsep.join([str(packages), str(Path.cwd())])
        with (
            lab_server(Path(folder) / "lab") as server,
            chromium(find_chromium() or "chromium") as browser,
        ):
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
            notebook.metadata.kernelspec = {"display_name": "Python 3", "name": "python3"}
            nbformat.write(notebook, server.root / "answering.ipynb")
            return measure(NotebookPage(browser.new_page(), server), version)


def measure(notebook: NotebookPage, version: str) -> dict[str, Any]:
    """Press keys while it compiles, while it trains, and stop it."""
    notebook.open("answering.ipynb")
    notebook.run_cell(0)
    page = notebook.page
    assert notebook.outputs.get_by_text(version, exact=True).count() == 1, "another ipykernel"
    page.locator(".tlw-handle").wait_for()
    released = [page.evaluate(_RELEASE) for _ in range(N_RELEASES)]
    page.get_by_role("button", name="More").click()
    page.get_by_label("retrain when I let go").uncheck()
    page.get_by_label("Epochs").fill("1000")
    page.get_by_label("Epochs").press("Enter")
    page.locator(".tlw-handle").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Train").click()
    keys = ["ArrowLeft", "ArrowRight"] * (N_PRESSES // 2)
    preparing = [page.evaluate(_PRESS, key) for key in keys]
    page.get_by_text("epoch 2 of").wait_for(timeout=120_000)
    training = [page.evaluate(_PRESS, key) for key in keys]
    return {
        "ipykernel": version,
        "released to new accuracy": summary(released),
        "while preparing": summary(preparing),
        "while training": summary(training),
        "stop, ms": page.evaluate(_STOP),
        "load": os.getloadavg(),
    }


def summary(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "median": round(statistics.median(ordered)),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))]),
        "worst": round(ordered[-1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ipykernel", nargs="+", default=["6.31.0", "7.3.0", "7.4.0"])
    found = []
    for version in parser.parse_args().ipykernel:
        found.append(answers(version))
        print(json.dumps(found[-1]), flush=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
