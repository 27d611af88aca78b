"""A learner guesses in JupyterLab, runs the next cell and reads how far off the guess was."""

import pytest
from playwright.sync_api import expect

MAKE = """\
from tlwidgets import Prediction
guess = Prediction("How many of 100 cells are sorted right?", low=0, high=100)
guess"""
REVEAL = "guess.reveal(78.4)"


@pytest.fixture
def prediction(notebook, write_notebook):
    notebook.open(write_notebook("prediction.ipynb", MAKE, REVEAL))
    notebook.run_cell(0)
    return notebook


def test_a_guess_made_with_the_keyboard_is_kept_and_compared(prediction):
    handle = prediction.outputs.get_by_role("slider")
    expect(handle).to_have_attribute("aria-valuenow", "50.0")
    handle.focus()
    for _ in range(3):
        prediction.page.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "53.0")
    prediction.outputs.get_by_role("button", name="This is my guess").click()
    expect(prediction.outputs.get_by_role("status")).to_contain_text(
        "Kept: 53. Now run the next cell."
    )
    prediction.run_cell(1)
    sentence = "You said 53, measured 78.4: too low by 25.4."
    expect(prediction.outputs.get_by_text(sentence)).to_be_visible()
    assert prediction.errors() == []


def test_without_the_click_there_is_no_guess(prediction):
    handle = prediction.outputs.get_by_role("slider")
    handle.focus()
    prediction.page.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "51.0")
    prediction.run_cell(1)
    expect(prediction.outputs.get_by_text("You made no guess")).to_be_visible()
