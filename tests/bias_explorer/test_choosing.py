"""A choice is made whole, or refused with a reason."""

import pytest

from tests.bias_explorer.toys import make_numeric_toy, make_toy
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import (
    FIRST_REGION,
    begin,
    changed,
    completed,
    kinds_of,
    repairs_for,
    repairs_of,
)
from tlwidgets.shift import MECHANISMS

TOY = make_toy()
NUMBERS = make_numeric_toy()


def test_kinds_follow_the_covariate():
    assert kinds_of(TOY, "domain shift") == ["more of the high", "more of the low"]
    assert kinds_of(TOY, "domain shift", "town") == ["more of north", "more of south"]


def test_a_numeric_outcome_has_no_classes_to_skew_or_to_mistake():
    assert kinds_of(NUMBERS, "data skew") == []
    assert kinds_of(NUMBERS, "dataset quality") == ["duplicates", "corrupted features"]
    assert "label cleaning" not in repairs_of(NUMBERS)
    with pytest.raises(ValueError, match="`kind`: no way of data skew"):
        completed(NUMBERS, Choice(mechanism="data skew"))
    with pytest.raises(ValueError, match="class weighting"):
        completed(NUMBERS, Choice(), repair="class weighting")


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_repairs_that_make_sense_are_known_and_begin_with_none(mechanism):
    for population in (TOY, NUMBERS):
        found = repairs_for(population, mechanism)
        assert found[0] == "none"
        assert set(found) <= set(repairs_of(population))


def test_what_was_not_chosen_is_made_to_fit():
    choice = completed(TOY, Choice())
    assert choice.covariate == "age"
    assert completed(TOY, choice, mechanism="data skew").kind == "half the classes"
    assert completed(TOY, choice, covariate="town").kind == "more of north"
    assert completed(TOY, choice, mechanism="sampling strategy", kind="region").region == (
        FIRST_REGION
    )


def test_a_brushed_region_is_a_sampling_strategy():
    choice = completed(TOY, Choice(), region=(0.1, 0.1, 0.9, 0.9))
    assert (choice.mechanism, choice.kind) == ("sampling strategy", "region")


def test_a_region_may_come_as_a_list_as_a_browser_sends_it():
    choice = completed(TOY, Choice(), region=[0, 0, 1, 0.5])
    assert choice.region == (0.0, 0.0, 1.0, 0.5)
    assert begin(TOY, choice).choice == choice


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mechanism": "domain shit"}, "domain shift"),
        ({"kind": "long tail"}, "`kind`: no way of domain shift named 'long tail'"),
        ({"covariate": "agee"}, "Did you mean 'age'"),
        ({"strength": 1.5}, "`strength` must be a number from 0 to 1"),
        ({"n": 401}, "`n` must be a whole number from 20 to 400"),
        ({"n": 19}, "got 19"),
        ({"repair": "magic"}, "`repair`: no repair named 'magic'"),
        ({"seed": -1}, "`seed`"),
        ({"region": (0.5, 0.5, 0.1, 0.9)}, "left < right"),
        ({"region": (0.0, 0.0, 1e-9, 1e-9)}, "Brush a larger region"),
        ({"covariate": "town", "kind": "more of north", "strength": 1.0, "n": 390}, "`n` must be"),
    ],
)
def test_an_impossible_choice_is_refused_and_changes_nothing(changes, message):
    state = begin(TOY, Choice(n=60))
    before = state.choice
    with pytest.raises(ValueError, match=message):
        changed(state, **changes)
    assert state.choice is before
    assert changed(state).result.naive == state.result.naive
