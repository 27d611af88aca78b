"""What is shown of a state, checked on states made by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.bias_explorer.states import NAN, numeric_population, population, score, state
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.data import N_SHOWN
from tlwidgets.bias_explorer.experiment import Outcome
from tlwidgets.bias_explorer.picture import (
    CHANGED,
    SELECTED,
    WRONG,
    bars_view,
    colour_options,
    colour_points,
    facts_of,
    marks_bytes,
    meter_view,
    panels_view,
    position_bytes,
    rest_bytes,
    shown_on_map,
    to_view,
)


def view_of(shown, by=None, **options):
    by = by or colour_options(shown.population)[0]
    colouring = colour_points(shown.population, by)
    return to_view(shown, colouring, sentence="It says 94 %.", **options)


@pytest.mark.parametrize("whole", [population(), numeric_population()], ids=["classes", "numbers"])
def test_a_view_is_small_and_json(whole):
    text = json.dumps(view_of(state(whole)), allow_nan=False)
    assert len(text) < 5000


def test_the_bars_say_what_is_claimed_what_is_true_and_the_gap():
    everybody, worst = bars_view(state())["columns"]
    assert [row["reported_text"] for row in everybody["rows"]] == ["94 %", "80 %", "90 %"]
    assert [row["actual_text"] for row in everybody["rows"]] == ["71 %", "76 %", "91 %"]
    assert [row["gap"][0] for row in everybody["rows"]] == [
        "+23 points",
        "+4 points",
        "−1 point",
    ]
    assert worst["name"] == "Worst group: old"
    bars = bars_view(state(choice=Choice(covariate="age", n=20)))  # without a repair
    assert bars["columns"][0]["rows"][1] is None and "choose a repair" in bars["names"][1][1]


def test_only_a_gap_that_luck_does_not_explain_is_clear():
    gaps = [row["gap"][1] for row in bars_view(state())["columns"][0]["rows"]]
    assert gaps == [True, False, False]
    honest = state(naive=Outcome(name="naive", reported=score(0.72), actual=score(0.71)))
    assert bars_view(honest)["columns"][0]["rows"][0]["gap"] == ["+1 point", False]


def test_a_group_that_nobody_was_drawn_from_says_so():
    row = bars_view(state())["columns"][1]["rows"][0]
    assert (row["reported"], row["reported_text"], row["gap"]) == (None, "nobody to test on", None)


def test_errors_are_better_low_and_their_worst_group_is_the_highest():
    claimed, true = score(50.0, 50.0), score(72.0, 60.0, 80.0)
    outcome = Outcome(name="naive", reported=claimed, actual=true, mean_outcome=95.0)
    bars = bars_view(state(numeric_population(), naive=outcome))
    row = bars["columns"][0]["rows"][0]
    assert bars["better"] == "lower is better"
    assert row["gap"][0] == "−22.0"  # it claims a smaller error than there is
    assert bars["columns"][1]["name"] == "Worst group: old"
    assert bars["axis"]["high"] >= 80


def test_who_guesses_is_right_as_often_as_the_commonest_class():
    y = (np.arange(60) % 4 == 0).astype(np.int64)
    everybody, old = bars_view(state(population(y=y)))["columns"]
    assert everybody["rule"] == [0.75, "guessing: 75 %"]
    assert old["rule"][0] == pytest.approx(np.mean(y[40:] == 0))


def test_panels_compare_population_sample_and_weighted_sample():
    age, classes = panels_view(state())
    assert age["title"] == "age" and classes["title"] == "class"
    for shares in (age["population"], age["sample"], age["weighted"]):
        assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert sum(age["sample"][: len(age["sample"]) // 3 + 1]) == pytest.approx(1, abs=0.02)
    assert age["ticks"][0] == "0"
    assert classes["population"] == [0.5, 0.5]
    assert panels_view(state(density_ratio=np.ones(20)))[0]["weighted"] == []
    flipped = replace(state().result.selection, labels=np.zeros(20, np.int64))
    assert panels_view(state(selection=flipped))[1]["sample"] == [1.0, 0.0]  # its own labels


def test_a_constant_and_an_outlier_have_a_panel_too():
    ages = np.r_[np.arange(59.0), 1e9]
    whole = population(covariates={"age": ages, "same": np.ones(60)})
    assert panels_view(state(whole, Choice(covariate="same", n=20)))[0]["sample"] == [1.0]
    assert sum(np.array(panels_view(state(whole))[0]["population"]) > 0) >= 1


def test_of_a_hundred_categories_those_that_differ_most_are_shown():
    names = np.array([f"place {i:02}" for i in range(100)])[np.arange(300) % 100]
    whole = population(300, covariates={"place": names})
    panel = panels_view(state(whole, Choice(covariate="place", n=20)))[0]
    assert len(panel["names"]) == 12 and panel["names"][-1] == "others"
    assert sum(panel["population"]) == pytest.approx(1, abs=1e-3)
    assert sum(panel["sample"]) == pytest.approx(1, abs=1e-3)


def test_marks_say_who_is_selected_wrong_and_changed():
    shown = state()
    changed = np.arange(20) == 3
    shown = state(selection=replace(shown.result.selection, was_changed=changed))
    marks = np.frombuffer(marks_bytes(shown.result, np.arange(60)), np.uint8)
    assert np.array_equal((marks & SELECTED) > 0, np.arange(60) < 20)
    assert np.array_equal((marks & WRONG) > 0, np.arange(60) >= 50)
    assert np.flatnonzero(marks & CHANGED).tolist() == [3]
    assert view_of(shown)["map"]["damaged"]


def test_positions_go_as_two_bytes_each():
    whole = population()
    places = np.frombuffer(position_bytes(whole, np.arange(60)), "<u2").reshape(-1, 2) / 65535
    assert np.abs(places - whole.position).max() < 1e-4


def test_of_a_large_population_some_are_shown_and_all_of_the_sample():
    n = 3 * N_SHOWN
    whole = population(n)
    shown = shown_on_map(whole)
    assert len(shown) == N_SHOWN and np.array_equal(shown, shown_on_map(whole))
    large = state(whole)
    colouring = colour_points(whole, "class")
    n_rest = len(rest_bytes(whole, large.result, colouring, shown)) // 6
    assert n_rest == 20 - np.isin(np.arange(20), shown).sum() > 0
    assert view_of(large)["map"]["title"].endswith("of 15,000 (others shown: 5,000)")
    assert rest_bytes(population(), state().result, colouring, np.arange(60)) == b""


def test_points_are_coloured_by_class_group_or_covariate():
    whole = population()
    assert colour_options(whole) == ["class", "group", "age", "colour"]
    by_class = colour_points(whole, "class")
    assert [name for _, name in by_class.palette] == ["ok", "<script>bad</script>"]
    assert np.array_equal(by_class.codes, whole.y)
    by_age = colour_points(whole, "age")
    assert by_age.ends is not None and (np.diff(by_age.codes.astype(int)) >= 0).all()
    assert colour_options(numeric_population())[0] == "outcome"
    with pytest.raises(ValueError, match=r"`colour_by`.*Did you mean 'age'"):
        colour_points(whole, "agee")


def test_the_colours_of_rare_categories_are_shared():
    names = np.array([f"class {i:02}" for i in range(40)])
    whole = population(400, y=np.arange(400) % 40, class_names=tuple(names))
    palette = colour_points(whole, "class").palette
    assert len(palette) == 10 and palette[-1][1] == "31 others"


def test_facts_hold_what_hovering_tells():
    fields, numbers = facts_of(population(), np.array([0, 59]))
    assert fields[0] == ["class", ["<script>bad</script>", "ok"]]
    assert fields[2] == ["age", None]
    table = np.frombuffer(numbers, "<f4").reshape(len(fields), 2)
    assert table[2].tolist() == [0, 59]
    assert [fields[0][1][int(code)] for code in table[0]] == ["ok", "<script>bad</script>"]


def test_the_region_is_shown_only_where_it_is_used():
    region = (0.1, 0.2, 0.30001, 0.4)
    by_region = Choice(
        mechanism="sampling strategy", kind="region", region=region, n=20, covariate="age"
    )
    assert view_of(state(choice=by_region))["map"]["region"] == [0.1, 0.2, 0.3, 0.4]
    other = replace(by_region, mechanism="domain shift", kind="more of the high")
    assert view_of(state(choice=other))["map"]["region"] is None


def test_the_meter_warns_when_few_are_left():
    assert meter_view(state(effective_sample_size=16.0))["is_low"] is False
    assert meter_view(state(effective_sample_size=3.4)) == {
        "share": 0.17,
        "is_low": True,
        "text": "Effective sample size: 3 of 20",
    }


def test_what_was_refused_stands_before_the_warning():
    shown = state(warning="Few are left.")
    assert view_of(shown)["warning"] == "Few are left."
    assert view_of(shown, trouble="No.")["warning"] == "No. Few are left."


def test_unknown_scores_are_not_drawn():
    nothing = Outcome(name="naive", reported=score(NAN), actual=score(0.5, NAN, NAN))
    bars = bars_view(state(naive=nothing))
    assert len(bars["columns"]) == 1
    assert bars["columns"][0]["rows"][0]["gap"] is None
    json.dumps(bars, allow_nan=False)
