"""How soon the bias explorer answers, in JupyterLab: from a key press to the pixels.

    python -m benchmarks.bias_pixels

An arrow key on the slider of strength, until the page has drawn a new picture with the quick
model (the next frame after the kernel's answer has been drawn), and after the key was let go,
until it has drawn that of the careful one. Bar: 150 ms to the quick picture, on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.answering import summary
from tests.browser.lab import NotebookPage, chromium, find_chromium
from tests.browser.server import lab_server

RESULTS = Path(__file__).parent / "results" / "bias_pixels.json"
BAR_MS = 150
N_PRESSES = 40
N_WARM = 4  # the first ones fill caches, the browser's too
CELL = """\
from tlwidgets import BiasExplorer
explorer = BiasExplorer({name!r})
explorer.repair = {repair!r}
explorer"""
_PRESS = """async key => {
  const picture = document.querySelector('.tlw-bias');
  const handle = document.querySelector('.widget-slider .noUi-handle');
  const left = picture.querySelector('.tlw-right');
  const drawn = kind => new Promise(done => {
    const watch = new MutationObserver(() => {
      if (picture.dataset.model !== kind) return;
      watch.disconnect();
      requestAnimationFrame(() => done(performance.now()));
    });
    watch.observe(left, {childList: true});
    watch.observe(picture, {attributes: true});
  });
  const press = kind => handle.dispatchEvent(
    new KeyboardEvent(kind, {key, bubbles: true, cancelable: true}));
  const quick = drawn('quick');
  const began = performance.now();
  press('keydown');
  const first = await quick - began;
  const careful = drawn('careful');
  const released = performance.now();
  press('keyup');
  return [first, await careful - released];
}"""


def measure(notebook: NotebookPage) -> dict[str, Any]:
    """Press the arrow keys on the slider of strength, to and fro."""
    notebook.page.locator(".tlw-bias").wait_for()
    notebook.page.locator(".widget-slider .noUi-handle").first.focus()
    keys = ["ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight"] * (N_PRESSES // 4)
    times = [notebook.page.evaluate(_PRESS, key) for key in keys]
    quick, careful = zip(*times[N_WARM:], strict=True)
    return {"quick, ms": summary(list(quick)), "careful, ms": summary(list(careful))}


def answers(name: str, repair: str) -> dict[str, Any]:
    """Measure with one population and one repair."""
    with (
        tempfile.TemporaryDirectory() as folder,
        lab_server(Path(folder) / "lab") as server,
        chromium(find_chromium() or "chromium") as browser,
    ):
        cell = nbformat.v4.new_code_cell(CELL.format(name=name, repair=repair))
        made = nbformat.v4.new_notebook(cells=[cell])
        made.metadata.kernelspec = {"display_name": "Python 3", "name": "python3"}
        nbformat.write(made, server.root / "bias.ipynb")
        notebook = NotebookPage(browser.new_page(), server)
        notebook.open("bias.ipynb")
        notebook.run_cell(0)
        found = measure(notebook)
    return {"population": name, "repair": repair, **found, "load": os.getloadavg()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--populations", nargs="+", default=["solar cells", "digits", "diabetes"])
    parser.add_argument("--repair", default="importance weighting")
    chosen = parser.parse_args()
    found = []
    for name in chosen.populations:
        found.append(answers(name, chosen.repair))
        print(json.dumps(found[-1]), flush=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    late = [row["population"] for row in found if row["quick, ms"]["p95"] > BAR_MS]
    print(f"above {BAR_MS} ms: {', '.join(late) or 'none'}")


if __name__ == "__main__":
    main()
