"""What learners read: numbers without false zeros, and hints that never hide the reason."""

import numpy as np
import pytest

from tlwidgets.course import Prediction, check, claim, expect
from tlwidgets.course.prediction import describe_guess


@pytest.mark.parametrize(
    ("measured", "shown"),
    [(2624, "2,624"), (123.4, "123"), (78.44, "78.4"), (0.0512, "0.0512"), (0, "0")],
)
def test_a_measured_number_is_short_and_without_powers_of_ten(measured, shown):
    assert describe_guess(measured, measured, close=0) == (
        f"You said {shown}, measured {shown}: close."
    )


@pytest.mark.parametrize(
    ("measured", "shown"),
    [
        (0.1234, "0.123"),
        (12345.6, "12,346"),
        (5e-6, "5.0e-06"),
        (0, "0"),
        (0.0, "0.000"),
        (-2.0, "-2.000"),
    ],
)
def test_a_claim_shows_a_small_number_as_more_than_zero(measured, shown):
    assert f"({shown}; at most 99,999)" in repr(claim("It is so", measured, at_most=99_999))


def test_a_claim_takes_what_numpy_computes():
    assert claim("It is so", np.float32(0.5), at_least=0).measured == 0.5
    assert claim("It is so", np.array(0.5), at_least=0).measured == 0.5


def test_an_answer_with_several_truths_gets_the_hint_and_the_reason():
    same = expect(lambda a: a == np.array([1, 2]), "Compare the whole arrays.")
    verdict = check("Exercise 1", np.array([1, 2]), same, well_done="Yes!")
    assert not verdict.passed
    assert verdict.message.startswith("Compare the whole arrays. (Trying your answer raised Value")


def test_later_expectations_are_not_tried_before_the_first_holds():
    tried = []
    first = expect(lambda a: False, "First.")
    second = expect(tried.append, "Second.")
    assert check("Exercise 1", 1, first, second, well_done="!").message == "First."
    assert tried == []


def test_what_is_no_expectation_is_refused_before_the_answer_is_tried():
    with pytest.raises(TypeError, match=r"`expectations` must be made with `expect\(\.\.\.\)`"):
        check("Exercise 1", ..., lambda a: True, well_done="!")


def test_a_guess_of_text_outside_the_choices_keeps_the_one_before():
    prediction = Prediction("Which?", choices=["cat", "dog"])
    prediction.commit("dog")
    with pytest.raises(ValueError, match=r"`guess`: no choice named 'cow'\. Available: cat, dog"):
        prediction.commit("cow")
    assert prediction.guess == "dog"


def test_close_is_a_twentieth_of_the_range_unless_said():
    usual, strict = Prediction("?", low=0, high=100), Prediction("?", low=0, high=100, close=1)
    usual.commit(70), strict.commit(70)
    assert "close." in repr(usual.reveal(75))
    assert "too low by 5" in repr(strict.reveal(75))
