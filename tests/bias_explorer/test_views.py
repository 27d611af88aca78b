"""What is shown of a state, checked on states made by hand."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.bias_explorer.states import NAN, numeric_population, population, score, state
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.data import N_SHOWN
from tlwidgets.bias_explorer.experiment import Outcome
from tlwidgets.bias_explorer.picture import (
    CHANGED,
    SELECTED,
    WRONG,
    colour_options,
    colour_points,
    facts_of,
    groups_view,
    head_view,
    marks_bytes,
    panel_view,
    png_of_example,
    position_bytes,
    rest_bytes,
    scores_view,
    shown_on_map,
    to_view,
)
from tlwidgets.bias_explorer.words import read


def view_of(shown, by=None, **options):
    by = by or colour_options(shown.population)[0]
    colouring = colour_points(shown.population, by)
    return to_view(shown, colouring, reading=read(shown), **options)


@pytest.mark.parametrize("whole", [population(), numeric_population()], ids=["classes", "numbers"])
def test_a_view_is_small_and_json(whole):
    text = json.dumps(view_of(state(whole)), allow_nan=False)
    assert len(text) < 5000


def test_the_scores_say_what_is_claimed_what_is_true_and_the_gap():
    rows = scores_view(state())["rows"]
    assert [row["name"] for row in rows] == ["naive", "repaired", "fair sample"]
    assert [row["reported_text"] for row in rows] == ["94 %", "80 %", "90 %"]
    assert [row["actual_text"] for row in rows] == ["71 %", "76 %", "91 %"]
    assert [row["gap"][0] for row in rows] == ["+23 points", "+4 points", "−1 point"]
    assert [row.get("is_shown", False) for row in rows] == [False, True, False]
    bare = scores_view(state(choice=Choice(covariate="age", n=20)))["rows"]
    assert bare[1] == {"name": "repaired", "hint": "choose a repair below"} and bare[0]["is_shown"]


def test_the_large_numbers_are_those_of_the_model_on_display():
    repaired = head_view(state())
    assert (repaired["reported"], repaired["actual"], repaired["gap"]) == (
        "80 %",
        "76 %",
        "+4 points",
    )
    assert repaired["worst"] == "worst group: old, 50 %"
    naive = head_view(state(choice=Choice(covariate="age", n=20)))
    assert (naive["reported"], naive["actual"], naive["gap"]) == ("94 %", "71 %", "+23 points")


@pytest.mark.parametrize("repair", ["none", "importance weighting"])
@pytest.mark.parametrize("reported", [0.5, 0.72, 0.94])
def test_numbers_sentence_and_dumbbells_are_of_one_verdict(reported, repair):
    outcome = Outcome(name="naive", reported=score(reported), actual=score(0.71))
    shown = state(choice=Choice(covariate="age", n=20, repair=repair), naive=outcome)
    shown = replace(shown, result=replace(shown.result, repaired=replace(outcome, name="repaired")))
    view = view_of(shown)
    row = next(row for row in view["scores"]["rows"] if row.get("is_shown"))
    assert row["gap"] == [view["head"]["gap"], view["head"]["is_clear"]]
    assert ("luck" in view["head"]["verdict"]) != view["head"]["is_clear"]
    if repair == "none":
        assert ("luck" in view["finding"]) != view["head"]["is_clear"]
        assert view["head"]["is_clear"] == (view["head"]["verdict"] in view["finding"])
    else:
        agrees = "agrees" in view["finding"] or "luck" in view["finding"]
        assert agrees or "too few to tell" in view["finding"] or view["head"]["is_clear"]


def test_only_a_gap_that_luck_does_not_explain_is_clear():
    gaps = [row["gap"][1] for row in scores_view(state())["rows"]]
    assert gaps == [True, False, False]
    honest = state(naive=Outcome(name="naive", reported=score(0.72), actual=score(0.71)))
    assert scores_view(honest)["rows"][0]["gap"] == ["+1 point", False]


def test_each_group_has_its_row_and_one_that_nobody_was_drawn_from_says_so():
    table = groups_view(state())
    assert table["columns"][:4] == ["group", "naive: says", "naive: true", "naive: gap"]
    assert [row[0] for row in table["rows"]] == ["old", "young"]
    assert table["rows"][0][1:4] == ["nobody to test on", "33 %", "?"]
    assert table["rows"][1][1:4] == ["94 %", "90 %", "+4 points"]
    assert len(groups_view(state(choice=Choice(covariate="age", n=20)))["columns"]) == 7


def test_errors_are_better_low_and_their_worst_group_is_the_highest():
    claimed, true = score(50.0, 50.0), score(72.0, 60.0, 80.0)
    outcome = Outcome(name="naive", reported=claimed, actual=true, mean_outcome=95.0)
    choice = Choice(covariate="age", n=20)
    shown = state(numeric_population(), choice, naive=outcome)
    scores = scores_view(shown)
    assert "lower is better" in scores["title"]
    assert scores["rows"][0]["gap"][0] == "−22.0"  # it claims a smaller error than there is
    assert head_view(shown)["worst"] == "worst group: old, 80"
    assert scores["axis"]["high"] >= 72


def test_who_guesses_is_right_as_often_as_the_commonest_class():
    y = (np.arange(60) % 4 == 0).astype(np.int64)
    assert scores_view(state(population(y=y)))["rule"] == [0.75, "guessing: 75 %"]


def test_panels_compare_population_sample_and_weighted_sample():
    age, classes = panel_view(state(), "age"), panel_view(state(), "class")
    assert age["title"] == "age" and classes["title"] == "class"
    for shares in (age["population"], age["sample"], age["weighted"]):
        assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert sum(age["sample"][: len(age["sample"]) // 3 + 1]) == pytest.approx(1, abs=0.02)
    assert age["ticks"][0] == "0"
    assert classes["population"] == [0.5, 0.5]
    assert panel_view(state(density_ratio=np.ones(20)), "age")["weighted"] == []
    flipped = replace(state().result.selection, labels=np.zeros(20, np.int64))
    assert panel_view(state(selection=flipped), "class")["sample"] == [1.0, 0.0]  # its own labels


def test_a_constant_and_an_outlier_have_a_panel_too():
    ages = np.r_[np.arange(59.0), 1e9]
    whole = population(covariates={"age": ages, "same": np.ones(60)})
    assert panel_view(state(whole), "same")["sample"] == [1.0]
    assert sum(np.array(panel_view(state(whole), "age")["population"]) > 0) >= 1


def test_of_a_hundred_categories_those_that_differ_most_are_shown():
    names = np.array([f"place {i:02}" for i in range(100)])[np.arange(300) % 100]
    whole = population(300, covariates={"place": names})
    panel = panel_view(state(whole, Choice(covariate="place", n=20)), "place")
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


def test_what_was_refused_stands_before_the_warning():
    shown = state(warning="Few are left.")
    assert view_of(shown)["warning"] == "Few are left."
    assert view_of(shown, trouble="No.")["warning"] == "No. Few are left."


def test_unknown_scores_are_not_drawn():
    nothing = Outcome(name="naive", reported=score(NAN), actual=score(0.5, NAN, NAN))
    shown = state(choice=Choice(covariate="age", n=20), naive=nothing)
    assert scores_view(shown)["rows"][0]["gap"] is None
    assert head_view(shown)["gap"] == "" and head_view(shown)["worst"] == ""
    json.dumps(view_of(shown), allow_nan=False)


@pytest.mark.parametrize(
    "pixels",
    [
        np.arange(784, dtype=np.uint8).reshape(28, 28),
        np.linspace(-1, 1, 200 * 100).reshape(200, 100),
        np.zeros((8, 8, 1)),
        np.full((8, 8, 3), 200, np.uint8),
    ],
    ids=["digit", "floats", "one channel", "colour"],
)
def test_an_example_is_a_small_picture(pixels):
    image = Image.open(io.BytesIO(png_of_example(pixels)))
    assert max(image.size) <= 96
    if pixels.shape == (28, 28):
        np.testing.assert_array_equal(np.asarray(image), pixels)
