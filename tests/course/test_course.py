"""Predictions, checks, claims and the budget, driven as a learner or a notebook drives them."""

import math
import time

import pytest

from tlwidgets.course import Prediction, budget, check, claim, expect
from tlwidgets.course.checks import STRICT_VARIABLE, CheckFailedError
from tlwidgets.course.claims import ClaimFailedError, claims_to_html
from tlwidgets.course.prediction import describe_guess


@pytest.mark.parametrize(
    ("guess", "measured", "sentence"),
    [
        (None, 78.4, "Measured 78.4. You made no guess; the next one is yours."),
        (70, 78.4, "You said 70, measured 78.4: too low by 8.4."),
        (90, 78.4, "You said 90, measured 78.4: too high by 11.6."),
        (75, 78.4, "You said 75, measured 78.4: close."),
        ("stage6", "stage6", "You said stage6, measured stage6: right."),
        ("head", "stage6", "You said head, measured stage6: not this time. Why?"),
    ],
)
def test_a_guess_is_compared_in_one_sentence(guess, measured, sentence):
    assert describe_guess(guess, measured, close=5) == sentence


def parts(prediction):
    """The control, the button and the line below, as the page shows them."""
    row, line = prediction.children[1:3]
    return *row.children, line


def test_the_button_keeps_what_the_slider_says():
    prediction = Prediction("How many?", low=0, high=100)
    slider, button, line = parts(prediction)
    slider.value = 70
    assert prediction.guess is None
    button.click()
    assert prediction.guess == 70
    assert "70" in line.value
    assert "too low by 8.4" in repr(prediction.reveal(78.4))


def test_a_number_that_nobody_chose_is_no_guess():
    prediction = Prediction("How many?", low=0, high=100)
    slider, button, line = parts(prediction)
    assert "tlwidgets-unset" in slider._dom_classes, "and it is not shown"
    button.click()
    assert prediction.guess is None
    assert "move the handle first" in line.value
    slider.value = 51
    assert "tlwidgets-unset" not in slider._dom_classes
    slider.value = 50
    button.click()
    assert prediction.guess == 50


@pytest.mark.parametrize(
    ("measured", "place"), [(78.4, "78.4%"), (0, "0.0%"), (250, "100.0%"), (-5, "0.0%")]
)
def test_the_truth_is_marked_where_the_guess_was_made(measured, place):
    prediction = Prediction("How many?", low=0, high=100)
    prediction.commit(70)
    prediction.reveal(measured)
    line = parts(prediction)[2].value
    assert f"left: {place}" in line
    assert "left: 70.0%" in line
    choices = Prediction("Which?", choices=["a", "b"])
    choices.reveal("b")
    assert parts(choices)[2].value == ""


def test_a_slider_step_that_arrives_just_after_the_click_belongs_to_the_guess(monkeypatch):
    guess = Prediction("How many?", low=0, high=100)
    slider, button, line = parts(guess)
    slider.value = 51
    button.click()
    slider.value = 53
    assert guess.guess == 53
    assert "53" in line.value
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 2)
    slider.value = 60
    assert guess.guess == 53, "a later move is no guess until the button says so"


def test_nothing_is_chosen_beforehand_and_an_empty_click_keeps_nothing():
    prediction = Prediction("Which?", choices=["a", "b"])
    toggle, button, line = parts(prediction)
    assert toggle.value is None
    button.click()
    assert prediction.guess is None
    assert "choose an answer first" in line.value
    toggle.value = "b"
    button.click()
    assert prediction.guess == "b"


def test_a_guess_out_of_range_keeps_the_one_before():
    prediction = Prediction("How many?", low=0, high=1)
    prediction.commit(0.5)
    with pytest.raises(ValueError, match=r"`guess` must be a number from 0 to 1"):
        prediction.commit(50)
    assert prediction.guess == 0.5


@pytest.mark.parametrize("decimals", [(0, 100, ".0f"), (0.5, 1, ".2f"), (0, 1, ".2f")])
def test_the_slider_shows_sensible_digits(decimals):
    low, high, expected = decimals
    assert parts(Prediction("?", low=low, high=high))[0].readout_format == expected


@pytest.mark.parametrize(
    "arguments",
    [{}, {"low": 1}, {"low": 1, "high": 0}, {"low": 0, "high": 1, "choices": ["a", "b"]},
     {"choices": ["a"]}, {"choices": ["a", "a"]}, {"choices": "ab"}],
)  # fmt: skip
def test_a_prediction_needs_a_range_or_choices(arguments):
    with pytest.raises(ValueError, match="must be"):
        Prediction("How many?", **arguments)


def test_a_question_with_markup_is_shown_as_text():
    prediction = Prediction("<script>x</script>?", choices=["<b>", "b"])
    prediction.commit("<b>")
    assert "<script>" not in prediction.reveal("<b>")._repr_html_()
    assert "&lt;b&gt;" in parts(prediction)[2].value


GRADERS = ["autograde", "validate"]  # what nbgrader 0.9 says where it runs a notebook
EVEN = expect(lambda a: a % 2 == 0, "Try an even number.")
LARGE = expect(lambda a: a > 10, "Try a larger one.")


@pytest.mark.parametrize(
    ("answer", "passed", "message"),
    [
        (..., False, "Not answered yet"),
        (3, False, "Try an even number."),
        (4, False, "Try a larger one."),
        ("x", False, "raised TypeError"),
        (12, True, "Yes!"),
    ],
)
def test_the_first_expectation_that_fails_gives_the_hint(answer, passed, message):
    verdict = check("Exercise 1", answer, EVEN, LARGE, well_done="Yes!")
    assert verdict.passed is passed
    assert message in repr(verdict)
    assert message.split()[0] in verdict._repr_html_()


def test_a_check_that_cannot_fail_is_refused():
    with pytest.raises(ValueError, match="`expectations`"):
        check("Exercise 1", 1, well_done="Yes!")


@pytest.mark.parametrize(
    "variables", [{STRICT_VARIABLE: "1"}, *({"NBGRADER_EXECUTION": by} for by in GRADERS)]
)
def test_only_where_solutions_run_or_a_grader_a_wrong_answer_is_an_error(variables, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert check("Exercise 1", 12, EVEN, well_done="Yes!").passed
    with pytest.raises(CheckFailedError, match="Try an even number"):
        check("Exercise 1", 3, EVEN, well_done="Yes!")


def test_a_teacher_may_have_nbgrader_go_on(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv(STRICT_VARIABLE, "0")
    assert not check("Exercise 1", 3, EVEN, well_done="Yes!").passed


def test_a_hint_with_markup_is_shown_as_text():
    verdict = check("<i>", 3, expect(lambda a: False, "<script>"), well_done="!")
    assert "<script>" not in verdict._repr_html_()


def test_a_claim_inside_its_bounds_holds_and_says_so():
    assert "0.120; at least 0.050" in repr(claim("It helps", 0.12, at_least=0.05))
    assert claim("It helps", 0.05, at_least=0.05).measured == 0.05


@pytest.mark.parametrize("measured", [0.04, math.nan, -math.inf])
def test_a_claim_outside_its_bounds_fails_with_both_numbers(measured):
    with pytest.raises(ClaimFailedError, match=r"It helps: expected at least 0\.050, measured"):
        claim("It helps", measured, at_least=0.05)


def test_a_claim_has_two_sides():
    with pytest.raises(ClaimFailedError, match=r"at least 0\.000 and at most 1\.000"):
        claim("A share", 1.1, at_least=0, at_most=1)
    with pytest.raises(ValueError, match="`at_least` or `at_most`"):
        claim("A share", 0.5)


@pytest.mark.parametrize(
    ("measured", "bound", "shown"),
    [(6, 6, "6; at least 6"), (0.5, 0, "0.500; at least 0.000"), (True, True, "1; at least 1"),
     (12_345, 9_999.5, "12,345; at least 10,000"), (3e-5, 0, "3.0e-05; at least 0.000")],
)  # fmt: skip
def test_counts_have_no_decimals(measured, bound, shown):
    assert f"({shown})" in repr(claim("It is so", measured, at_least=bound))


def test_the_control_stands_beside_what_was_measured():
    made = claim("With bends", 0.85, at_least=0.8, control=0.7)
    assert "(0.850; at least 0.800; control 0.700)" in repr(made)
    assert "0.700" in claims_to_html([made])
    assert "control" not in claims_to_html([claim("Alone", 0.85, at_least=0.8)])
    with pytest.raises(TypeError, match="`control` must be a number; got 'x'"):
        claim("With bends", 0.85, at_least=0.8, control="x")


def test_a_claim_with_markup_is_shown_as_text():
    assert "<script>" not in claims_to_html([claim("<script>", 1, at_least=0)])


def test_the_budget_is_of_this_process():
    now = budget()
    assert 0.01 < now.used_gb <= now.peak_gb * 1.05
    assert now.cpu_seconds > 0
    assert f"{now.used_gb:.2f} GB in use" in repr(now)


def test_a_limit_of_the_hub_is_respected_and_a_tight_one_warns(monkeypatch):
    roomy = budget()
    monkeypatch.setenv("MEM_LIMIT", "100000000")
    tight = budget()
    assert tight.limit_gb == pytest.approx(0.1)
    assert tight.left_gb == 0 < roomy.left_gb
    assert "Close other notebooks" in repr(tight)
    assert "Close other notebooks" not in repr(roomy)
