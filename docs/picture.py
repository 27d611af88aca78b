"""Take the pictures of the README: lesson 02, the freeze slider, the bias explorer.

Of lesson 02 only the first cells are run: no photograph of a solar cell may stand in the
repository.

Run with: python -m docs.picture
"""

import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import expect

from tests.browser.lab import NotebookPage, chromium, find_chromium
from tests.browser.server import LabServer, lab_server

HERE = Path(__file__).parent
LESSON = "02_feature_extraction.ipynb"
WINDOW = {"width": 1060, "height": 990}
SLIDER = """\
from tlwidgets import FreezeSlider, load_digits, load_glyph_net
import keras
import numpy as np

keras.utils.set_random_seed(0)
digits, network = load_digits(), load_glyph_net()  # it learned to read letters
order = np.random.default_rng(0).permutation(5000)
x, y = digits.images[order, ..., None], digits.labels[order]
model = keras.Sequential([network, keras.layers.Dense(10, name="digits")])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])

lab = FreezeSlider(model, train=(x[:2000], y[:2000]), validation=(x[2000:], y[2000:]))
lab.epochs, lab.n_labels, lab.learning_rate = 40, 200, 3e-3
lab"""
EXPLORER = """\
from tlwidgets import BiasExplorer

explorer = BiasExplorer("digits")
explorer.strength, explorer.n, explorer.repair = 0.9, 1000, "importance weighting"
explorer"""


def picture_lesson(notebook: NotebookPage, _: LabServer) -> None:
    """Let the network name six photographs, and take the picture."""
    notebook.open(LESSON)
    for cell in range(4):
        notebook.run_cell(cell)
    heading = notebook.page.get_by_role("heading", name="1. What is ImageNet worth?")
    heading.evaluate("heading => heading.scrollIntoView()")
    notebook.outputs.locator("img").first.wait_for()
    notebook.page.screenshot(path=HERE / "lesson_02.png", animations="disabled")


def run_alone(code: str, notebook: NotebookPage, server: LabServer) -> None:
    """Run one cell in a notebook of its own."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    made.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "name": "python3"}
    nbformat.write(made, server.root / "alone.ipynb")
    notebook.open("alone.ipynb")
    notebook.run_cell(0)


def picture_slider(notebook: NotebookPage, server: LabServer) -> None:
    """Sweep over all depths with few and with many labels."""
    run_alone(SLIDER, notebook, server)
    notebook.page.set_viewport_size({"width": 1060, "height": 1200})
    slider = notebook.outputs.locator(".tlwidgets-freeze-slider")
    for n_runs in (6, 12):
        slider.get_by_role("button", name="Sweep").click()
        expect(slider).to_contain_text(f"Runs ({n_runs})", timeout=300_000)
        expect(slider.get_by_role("button", name="Train")).to_be_enabled(timeout=60_000)
        if n_runs == 6:
            slider.get_by_role("button", name="More").click()
            slider.get_by_label("retrain when I let go").uncheck()
            slider.get_by_role("button", name="Less").click()
            slider.get_by_role("slider", name="labels").focus()
            notebook.page.keyboard.press("ArrowRight")
            notebook.page.keyboard.press("ArrowRight")
            expect(slider.get_by_text("1,000", exact=True)).to_be_visible()
    slider.get_by_role("slider", name="First block that trains").focus()
    for _ in range(3):
        notebook.page.keyboard.press("ArrowLeft")
    expect(slider.locator(".tlw-sentence")).to_contain_text("conv1 to conv2")
    # Out of focus, and the pointer away: nothing but what it shows.
    slider.locator(".tlw-sentence").click()
    slider.screenshot(path=HERE / "freeze_slider.png", animations="disabled")


def picture_explorer(notebook: NotebookPage, server: LabServer) -> None:
    """Show digits of which hardly any are turned one way."""
    run_alone(EXPLORER, notebook, server)
    notebook.page.set_viewport_size({"width": 1180, "height": 1200})
    explorer = notebook.outputs.locator(".tlwidgets-bias-explorer")
    expect(explorer).to_contain_text("Your own test set says")
    explorer.screenshot(path=HERE / "bias_explorer.png", animations="disabled")


def main() -> None:
    """Take all pictures in one JupyterLab."""
    notebooks = HERE.parent / "notebooks"
    with (
        tempfile.TemporaryDirectory() as folder,
        lab_server(Path(folder) / "lab", notebooks) as server,
        chromium(find_chromium() or "chromium") as browser,
    ):
        for take in (picture_lesson, picture_slider, picture_explorer):
            take(NotebookPage(browser.new_page(viewport=WINDOW), server), server)
            server.shut_down_kernels()


if __name__ == "__main__":
    main()
