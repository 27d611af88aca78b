"""How a learner guesses: said only where the guesses show it."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tlwidgets import plot_predictions
from tlwidgets.course.progress import Progress, describe_calibration, scaled_guesses
from tlwidgets.course.progress_file import GuessRecord, Records

matplotlib.use("agg")
T = "2026-01-02T03:04:05+00:00"


def of(*errors, close=0):
    n = len(errors)
    table = {"guess": 0.5 + np.array(errors), "measured": np.full(n, 0.5)}
    return pd.DataFrame({**table, "close": np.arange(n) < close})


@pytest.mark.parametrize(
    ("guesses", "sentence"),
    [
        (of(), "5 more guesses, and you can read how you guess."),
        (of(*[0.4] * 4), "1 more guess, and you can read how you guess."),
        (of(*[0.4] * 5), "You guess too high: 5 of 5, in the middle by 40 % of the range. "
         "Close: 0 of 5."),
        (of(*[-0.1] * 7, 0.3, close=2), "You guess too low: 7 of 8, in the middle by 10 % of the "
         "range. Close: 2 of 8."),
        (of(*[0.4] * 4, -0.1), "You lean to neither side: 4 too high, 1 too low. Close: 0 of 5."),
        (of(*[0.0] * 6, close=6), "You lean to neither side: 0 too high, 0 too low. Close: 6 of "
         "6."),
    ],
)  # fmt: skip
def test_a_lean_is_said_from_five_guesses_on_and_not_by_luck(guesses, sentence):
    assert describe_calibration(guesses) == sentence


def test_who_guesses_without_a_lean_is_seldom_said_to_have_one():
    rng = np.random.default_rng(0)
    said = [describe_calibration(of(*rng.uniform(-0.3, 0.3, 8))) for _ in range(500)]
    assert np.mean(["too high:" in s or "too low:" in s for s in said]) < 0.12


def record(question, guess, measured, low=None, high=None, close=False):
    return GuessRecord("02_x", question, guess, T, measured, close, low, high)


MIXED = Records(
    guesses=(
        record("a", 30.0, 50.0, 0.0, 100.0),
        record("b", 3.0, 2.0, 2.0, 4.0, close=True),
        record("c", 1.0, 9.0, 0.0, 2.0),
        record("d", "cat", "dog"),
        record("e", 1.0, None, 0.0, 2.0, close=None),
    )
)


def test_each_guess_is_scaled_to_the_range_of_its_question():
    scaled = scaled_guesses(Progress(MIXED, None).predictions)
    assert scaled["guess"].tolist() == [0.3, 0.5, 0.5]
    assert scaled["measured"].tolist() == [0.5, 0.0, 1.0]
    assert scaled["close"].tolist() == [False, True, False]


@pytest.mark.parametrize("records", [Records(), MIXED], ids=["none", "some"])
def test_the_picture_shows_each_guess_once_and_says_the_sentence(records):
    ax = Figure().add_subplot()
    assert plot_predictions(Progress(records, None), ax) is ax
    n = sum(len(points.get_offsets()) for points in ax.collections[1:])
    assert n == (3 if records.guesses else 0)
    assert "more guesses" in ax.get_title()
    assert ax.get_xlabel() and ax.get_ylabel()
