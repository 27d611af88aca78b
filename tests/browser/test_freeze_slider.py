"""A learner drags the boundary, trains, stops, sweeps, and runs the code that is shown."""

import re

import pytest
from playwright.sync_api import expect

MAKE = """\
from tlwidgets import FreezeSlider, load_digits
import keras
import numpy as np
keras.utils.set_random_seed(0)
digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.labels))
images, labels = digits.images[order][..., None], digits.labels[order]
x, y, x_val, y_val = images[:600], labels[:600], images[600:1100], labels[600:1100]
layers = keras.layers
model = keras.Sequential([
    keras.Input((28, 28, 1)), layers.Rescaling(1 / 255),
    layers.Conv2D(8, 5, strides=2, activation="relu", name="edges"),
    layers.Conv2D(16, 3, strides=2, name="strokes"), layers.BatchNormalization(name="norm"),
    layers.ReLU(), layers.Flatten(), layers.Dense(32, activation="relu", name="shapes"),
    layers.Dense(10, name="digits"),
], name="small")
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
lab = FreezeSlider(model, train=(x, y), validation=(x_val, y_val))"""
SHOW = "lab"
SHOW_AGAIN = "lab"
RUN_ITS_CODE = """\
exec(lab.code())
last = lab.runs.query("cut == @lab.cut").iloc[-1]
print("difference", abs(history.history["val_accuracy"][-1] - last["val_accuracy"]) < 0.02)"""


@pytest.fixture
def page(notebook, write_notebook):
    notebook.open(write_notebook("slider.ipynb", MAKE, SHOW, RUN_ITS_CODE, SHOW_AGAIN))
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook


def ribbon(page):
    return page.outputs.locator(".tlw-ribbon").first


def handle(page):
    return ribbon(page).get_by_role("slider", name="First block that trains")


def drag_to(page, block):
    """Drag the boundary to the left edge of a block."""
    picture = ribbon(page).locator("svg")
    place = picture.locator("rect.tlw-block").nth(block).bounding_box()
    start = handle(page).bounding_box()
    mouse = page.page.mouse
    mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    mouse.down()
    mouse.move(place["x"] + 30, place["y"] + 20, steps=4)
    mouse.move(place["x"] + 3, place["y"] + 20, steps=4)
    mouse.up()


def button(page, name):
    return page.outputs.get_by_role("button", name=name).first


def n_runs(page):
    return page.outputs.locator("table").first.locator("tr:has(td)")


def test_dragging_keys_and_the_stock_slider_choose_the_same(page):
    expect(ribbon(page)).to_contain_text("edges to shapes are frozen; only digits trains")
    drag_to(page, 1)
    expect(ribbon(page)).to_contain_text("edges is frozen; strokes to digits train")
    stock = page.outputs.locator(".widget-slider .noUi-handle").first
    expect(stock).to_have_attribute("aria-valuenow", re.compile("^1"))
    handle(page).focus()
    page.page.keyboard.press("ArrowRight")
    expect(ribbon(page)).to_contain_text("edges to strokes are frozen; shapes to digits train")
    page.page.keyboard.press("Home")
    expect(ribbon(page)).to_contain_text("Nothing is frozen")
    stock.focus()
    page.page.keyboard.press("ArrowRight")
    expect(handle(page)).to_have_attribute("aria-valuenow", "1")
    assert page.errors() == [] and page.console_errors == []


def test_training_shows_curves_a_row_and_the_proof_and_letting_go_retrains(page):
    button(page, "Train").click()
    expect(page.outputs.get_by_role("status")).to_contain_text("All 5 epochs are done.")
    expect(n_runs(page)).to_have_count(1)
    expect(ribbon(page)).to_contain_text("The last run moved 1 of 5 layers")
    curve = page.outputs.locator(".tlw-chart").first.locator("path").first
    assert curve.get_attribute("d").count("L") == 4
    handle(page).focus()
    page.page.keyboard.press("ArrowLeft")
    expect(n_runs(page)).to_have_count(2)
    assert page.errors() == [] and page.console_errors == []


def test_stop_and_the_controls_are_heard_while_it_trains(page):
    epochs = page.outputs.get_by_label("Epochs")
    epochs.fill("1000")
    epochs.press("Enter")
    expect(ribbon(page)).to_contain_text("Next run")
    drag_to(page, 0)
    button(page, "Train").click()
    expect(page.outputs.get_by_role("status")).to_contain_text("of 1000")
    drag_to(page, 2)
    expect(ribbon(page)).to_contain_text("edges to strokes are frozen; shapes to digits train")
    expect(page.outputs.get_by_role("status")).to_contain_text("of 1000")
    button(page, "Stop").click()
    expect(page.outputs.get_by_role("status")).to_contain_text("Stopped after")
    expect(button(page, "Train")).to_be_enabled()


def test_a_sweep_fills_the_depth_curve_and_the_shown_code_runs(page):
    button(page, "Sweep all depths").click()
    expect(n_runs(page)).to_have_count(4, timeout=60_000)
    depth = page.outputs.locator(".tlw-chart").nth(2)
    expect(depth.locator("circle")).to_have_count(4)
    expect(depth).to_contain_text("Best so far with 600 labels")
    button(page, "Show code").click()
    expect(page.outputs.locator("pre.tlwidgets-code")).to_contain_text("model.fit(")
    page.run_cell(2)
    expect(page.outputs.get_by_text("difference True")).to_be_visible()
    page.run_cell(3)  # a second view of the same slider
    ribbons = page.outputs.locator(".tlw-ribbon")
    expect(ribbons).to_have_count(2)
    handle(page).focus()
    page.page.keyboard.press("Home")
    expect(ribbons.nth(1)).to_contain_text("Nothing is frozen")
    assert page.console_errors == []
