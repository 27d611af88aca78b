"""Curves grow while a learner watches, training stops, and the picture outlives the kernel."""

import re

import pytest
from playwright.sync_api import expect

SETUP = """\
import time
import numpy as np
from tlwidgets import TrainingCurves, fit_in_background
import keras
x = np.random.default_rng(0).normal(size=(64, 3))
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
wait = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(0.4))
curves = TrainingCurves()"""
FIT = """\
print("before")
model.fit(x, x[:, :1], validation_split=0.5, epochs=12, verbose=0, callbacks=[curves, wait])
print("after")"""
FAILING = """\
def fail(epoch, logs):
    if epoch == 2:
        raise KeyboardInterrupt
stop = keras.callbacks.LambdaCallback(on_epoch_end=fail)
model.fit(x, x[:, :1], epochs=9, verbose=0, callbacks=[curves.phase("interrupted"), stop])"""
BACKGROUND = """\
run = fit_in_background(model, x, x[:, :1], epochs=10**6, callbacks=[wait])"""
AFTER = "run.wait(); print('stopped after', len(run.history['loss']) < 10**5)"
# The longest line of all that are drawn, in characters of its path.
_LENGTH = "paths => Math.max(0, ...paths.map(path => path.getAttribute('d').length))"


@pytest.fixture
def lab(notebook, write_notebook):
    notebook.open(write_notebook("curves.ipynb", SETUP, FIT, FAILING, BACKGROUND, AFTER))
    notebook.run_cell(0)
    return notebook


def test_the_curve_grows_while_fit_runs_and_what_was_printed_stays(lab):
    lab.start_cell(1)
    chart = lab.outputs.get_by_role("img", name="Loss")
    expect(chart).to_be_visible()
    lengths = []
    for n in (3, 6, 9):
        expect(chart.locator("circle").nth(2 * n - 1)).to_be_attached()
        lengths.append(chart.locator("path").evaluate_all(_LENGTH))
    assert lengths == sorted(set(lengths)), "the line has not grown"
    lab.wait_for_cell(1)
    expect(lab.outputs.get_by_text("before")).to_be_visible()
    expect(lab.outputs.get_by_text("after", exact=True)).to_be_visible()
    expect(
        lab.outputs.get_by_text(re.compile("loss .*(fall|changed|lowest)")).first
    ).to_be_visible()
    expect(lab.outputs.get_by_role("img", name="training curves")).to_be_hidden()
    lab.outputs.get_by_role("button", name="log scale").click()
    expect(lab.outputs.get_by_role("button", name="log scale")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert (lab.errors(), lab.console_errors, lab.foreign_requests) == ([], [], [])


def test_stop_ends_a_training_in_the_background(lab):
    lab.start_cell(3)
    lab.wait_for_cell(3)  # the cell is over at once
    stop = lab.outputs.get_by_role("button", name="Stop")
    chart = lab.outputs.get_by_role("img", name="Loss")
    expect(chart.locator("path").first).to_be_attached()
    stop.click()
    expect(lab.outputs.get_by_text("Stopped.", exact=True)).to_be_visible()
    expect(stop).to_be_disabled()
    lab.run_cell(4)
    expect(lab.outputs.get_by_text("stopped after True")).to_be_visible()
    assert (lab.errors(), lab.console_errors) == ([], [])


def test_after_an_interrupt_the_curves_are_complete_and_the_kernel_works(lab):
    lab.start_cell(2)
    lab.wait_for_cell(2)
    assert any("KeyboardInterrupt" in error for error in lab.errors())
    chart = lab.outputs.get_by_role("img", name="Loss")
    expect(chart.locator("circle")).to_have_count(3)
    lab.start_cell(1)
    expect(lab.outputs.get_by_role("img", name="Loss").first).to_contain_text("interrupted")
    lab.wait_for_cell(1)


def test_the_picture_remains_without_a_kernel(lab):
    lab.run_cell(1)
    still = lab.outputs.locator("[class^=tlw-still] img")
    expect(still).to_be_attached()
    expect(still).to_be_hidden()
    lab.restart_kernel()
    expect(lab.outputs.get_by_role("img", name="Loss")).to_be_visible()
    lab.save()
    lab.open("curves.ipynb")
    expect(still).to_be_visible()
    assert still.evaluate("image => image.naturalWidth") > 300
    expect(
        lab.outputs.get_by_text(re.compile("12 epochs. Training|12 epochs. Valid"))
    ).to_be_visible()
    dead = lab.page.locator(".jupyter-widgets", has_text="Error displaying widget")
    expect(dead).to_be_attached()  # JupyterLab waits two seconds for the widget's model
    expect(dead).to_be_hidden()
