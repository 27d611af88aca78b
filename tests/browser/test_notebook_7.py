"""One journey for each widget in Jupyter Notebook 7: it shows, hears a hand, and answers."""

import pytest
from playwright.sync_api import expect

from tests.browser import test_bias_explorer as explorer
from tests.browser import test_freeze_slider as slider
from tests.browser import test_prediction as prediction
from tests.browser import test_training_curves as curves
from tests.browser import test_upload_images as upload
from tests.browser.lab import Notebook7Page
from tests.notebooks.lessons import VIEWS

# Notebook 7.6.5 says this of its own settings, with an empty notebook, too; and that where
# JupyterLab has left a workspace on the same server.
OWN = (
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered",
)
WIDGETS = {*VIEWS, "Prediction", "TrainingCurves"}


@pytest.fixture
def opened(browser, server, write_notebook):
    """Open Notebook 7 with these cells, and run the first."""
    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    page = Notebook7Page(context.new_page(), server)

    def open_and_run(*cells):
        page.open(write_notebook("seven.ipynb", *cells))
        expect(page.page).to_have_title("seven")
        page.run_cell(0)
        return page

    try:
        yield open_and_run
        assert (page.errors(), page.foreign_requests) == ([], [])
        assert [e for e in page.console_errors if not any(own in e for own in OWN)] == []
    finally:
        context.close()
        server.shut_down_kernels()


def test_freeze_slider(opened):
    page = opened(slider.MAKE, slider.SHOW)
    page.run_cell(1)
    slider.drag_to(page, 1)
    expect(slider.handle(page)).to_have_attribute("aria-valuenow", "1")
    slider.handle(page).focus()
    page.page.keyboard.press("ArrowRight")
    expect(slider.handle(page)).to_have_attribute("aria-valuenow", "2")
    slider.button(page, "Train").click()
    slider.n_runs(page, 1)
    page.outputs.get_by_text("Runs (1)").click()


def test_bias_explorer(opened):
    page = opened(explorer.MAKE)
    picture = explorer.picture(page)
    expect(picture).to_be_visible()
    before = picture.inner_text()
    explorer.repair(page, "importance weighting").click()
    expect(picture).not_to_have_text(before, use_inner_text=True)


def test_training_curves(opened):
    page = opened(curves.SETUP, curves.FIT)
    page.run_cell(1)
    chart = page.outputs.get_by_role("img", name="Loss")
    expect(chart.locator("circle").nth(23)).to_be_attached()


def test_prediction(opened):
    page = opened(prediction.MAKE, prediction.REVEAL)
    # By mouse: Notebook 7 takes the arrow keys of stock sliders for itself, to walk over headings.
    handle, track = page.outputs.get_by_role("slider"), page.outputs.locator(".noUi-target")
    expect(handle).to_have_attribute("aria-valuenow", "50.0")
    track.click(position={"x": track.bounding_box()["width"] * 0.7, "y": 2})
    expect(handle).not_to_have_attribute("aria-valuenow", "50.0")
    guess = f"{float(handle.get_attribute('aria-valuenow')):g}"
    page.outputs.get_by_role("button", name="This is my guess").click()
    expect(page.outputs.get_by_role("status")).to_contain_text(f"Kept: {guess}.")
    page.run_cell(1)
    expect(page.outputs.get_by_text(f"You said {guess}, measured 78.4")).to_be_visible()


def test_upload_images(opened):
    page = opened(upload.MAKE, upload.READ)
    for seed, name in enumerate(("cat", "dog")):
        files = [upload.png(f"{i}.png", 2 * seed + i) for i in range(2)]
        upload.upload(page, name, files)
        expect(page.outputs.get_by_role("status")).to_contain_text("Added: 2 taken, 0 skipped.")
    page.run_cell(1)
    expect(page.outputs.get_by_text("OwnImages(4 images of 32 x 32 pixels")).to_be_visible()


def test_there_is_one_for_each_widget():
    journeys = {name.removeprefix("test_").replace("_", "") for name in globals()}
    assert {widget.lower() for widget in WIDGETS} <= journeys
