"""From a choice, made whole or refused, to a state and its table: a pure function."""

import dataclasses

import numpy as np
import pytest

from tests.bias_explorer.toys import make_numeric_toy, make_toy
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import (
    FIRST_REGION,
    State,
    begin,
    changed,
    completed,
    kinds_of,
    repairs_of,
    report,
)

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


def test_what_was_not_chosen_is_made_to_fit():
    choice = completed(TOY, Choice())
    assert choice.covariate == "age"
    assert completed(TOY, choice, mechanism="data skew").kind == "half the classes"
    assert completed(TOY, choice, covariate="town").kind == "more of north"
    assert completed(TOY, choice, mechanism="sampling strategy", kind="region").region == (
        FIRST_REGION
    )
    brushed = completed(TOY, choice, region=[0, 0, 1, 0.5])  # a list, as a browser sends it
    assert (brushed.mechanism, brushed.kind) == ("sampling strategy", "region")
    assert brushed.region == (0.0, 0.0, 1.0, 0.5) and begin(TOY, brushed).choice == brushed


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


def same(one: State, other: State) -> bool:
    for field in dataclasses.fields(one.result):
        a, b = getattr(one.result, field.name), getattr(other.result, field.name)
        if isinstance(a, np.ndarray):
            if not np.array_equal(a, b):
                return False
        elif field.name != "selection" and repr(a) != repr(b):  # NaN is NaN
            return False
    return np.array_equal(one.result.selection.indices, other.result.selection.indices)


def test_the_state_does_not_depend_on_the_way_to_it():
    wanted = Choice(
        n=80,
        strength=0.6,
        repair="importance weighting",
        seed=2,
        covariate="town",
        kind="more of south",
    )
    straight = begin(TOY, wanted)
    state = begin(TOY)
    for changes in (
        {"mechanism": "data skew", "n": 80, "seed": 2},
        {"repair": "importance weighting"},
        {"mechanism": "domain shift", "strength": 0.9},
        {"covariate": "town", "kind": "more of south"},
        {"strength": 0.6},
    ):
        state = changed(state, **changes)
    assert state.choice == straight.choice
    assert same(state, straight)
    assert not same(changed(state, seed=3), straight)


def test_without_a_repair_nothing_is_repaired():
    result = begin(TOY).result
    assert result.repaired is result.naive
    assert (result.density_ratio == 1).all()
    assert result.effective_sample_size == len(result.density_ratio)


def test_who_is_wrong_is_told_for_the_model_on_display():
    state = begin(TOY, Choice(n=100, mechanism="data skew", strength=1.0))
    repaired = changed(state, repair="class weighting")
    assert (state.result.is_wrong != repaired.result.is_wrong).any()
    outside = np.ones(400, bool)
    outside[state.result.selection.indices[state.result.is_train]] = False
    share = 1 - state.result.is_wrong[outside].mean()
    assert share == pytest.approx(state.result.naive.actual.overall)


def test_the_hold_out_keeps_its_wrong_labels():
    noisy = begin(
        TOY, Choice(n=300, mechanism="dataset quality", kind="symmetric noise", strength=0.4)
    )
    assert noisy.result.naive.reported.overall < noisy.result.naive.actual.overall - 0.1
    clean = changed(noisy, strength=0.0)
    assert abs(clean.result.naive.reported.overall - clean.result.naive.actual.overall) < 0.1


def test_copies_in_both_parts_flatter_the_model():
    toy, kindness = make_toy(1500, 10), {1.0: [], 0.0: []}
    for strength, found in kindness.items():
        for seed in range(5):
            choice = Choice(
                mechanism="dataset quality",
                kind="duplicates",
                strength=strength,
                n=200,
                seed=seed,
            )
            naive = begin(toy, choice).result.naive
            found.append(naive.reported.overall - naive.actual.overall)
    # Measured: 0.57 with copies and -0.02 without, in the mean.
    assert np.mean(kindness[1.0]) > 0.4
    assert abs(np.mean(kindness[0.0])) < 0.1


def test_a_bias_makes_the_hold_out_too_kind_and_weights_mend_that():
    """Mean over seeds: a model of the north, where two features say the opposite of the south."""
    rng = np.random.default_rng(0)
    town = rng.choice(["north", "south"], 2000)
    y = np.arange(2000) % 2
    x = rng.normal(size=(2000, 3))
    x[:, 0] += np.where(town == "north", 2, -2) * (y - 0.5)
    x[:, 2] += np.where(town == "north", 2, -2)
    population = dataclasses.replace(
        TOY,
        x=x,
        y=y,
        class_names=("a", "b"),
        covariates={"town": town},
        group=town,
        position=rng.random((2000, 2)),
    )
    gaps = []
    for seed in range(5):
        state = begin(
            population, Choice(n=500, strength=0.7, seed=seed, repair="importance weighting")
        )
        result = state.result
        gaps.append(
            [o.reported.overall - o.actual.overall for o in (result.naive, result.repaired)]
        )
    naive, repaired = np.mean(gaps, axis=0)
    assert naive > 0.1
    assert abs(repaired) < 0.5 * naive


def test_a_small_population_begins_with_half_of_it():
    assert begin(make_toy(60)).choice.n == 30
    assert begin(TOY).choice.n == 200


def test_groups_are_what_the_bias_is_about():
    state = begin(TOY)
    assert set(state.result.naive.actual.by_group) == {"low age", "middle age", "high age"}
    skewed = changed(state, mechanism="data skew")
    assert set(skewed.result.naive.actual.by_group) == {"a", "b", "c"}
    by_town = changed(state, covariate="town")
    assert set(by_town.result.naive.actual.by_group) == {"north", "south"}
    own = dataclasses.replace(TOY, group=np.where(np.arange(400) < 100, "old", "new"))
    assert set(begin(own).result.naive.actual.by_group) == {"old", "new"}


def test_a_row_for_each_model_and_judge():
    state = begin(make_toy())
    table = report(state)
    assert list(table.columns) == ["overall", "worst group", "high age", "low age", "middle age"]
    assert list(table.index) == [
        ("naive", "its own test set"),
        ("naive", "the population"),
        ("ideal", "its own test set"),
        ("ideal", "the population"),
    ]
    naive = state.result.naive
    assert table.loc[("naive", "the population"), "overall"] == naive.actual.overall
    assert table.loc[("naive", "the population"), "worst group"] == min(
        naive.actual.by_group.values()
    )
    repaired = report(changed(state, repair="known chances"))
    assert ("repaired", "the population") in repaired.index


def test_a_numeric_outcome_has_its_mean():
    state = begin(make_numeric_toy())
    table = report(state)
    assert np.isclose(
        table.loc[("naive", "its own test set"), "mean outcome"], state.result.naive.mean_outcome
    )
    assert np.isclose(
        table.loc[("ideal", "the population"), "mean outcome"], state.population.y.mean()
    )
    assert table.loc[("naive", "the population"), "worst group"] == max(
        state.result.naive.actual.by_group.values()
    )
