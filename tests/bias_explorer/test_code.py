"""The script gives the very numbers of the explorer, for every bias and every repair."""

import contextlib
import dataclasses
import io

import numpy as np
import pandas as pd
import pytest

from tests.bias_explorer.toys import make_numeric_toy, make_toy
from tlwidgets.bias_explorer import built_in
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.code import to_code
from tlwidgets.bias_explorer.experiment import (
    begin,
    changed,
    kinds_of,
    repairs_of,
    report,
)
from tlwidgets.shift import MECHANISMS

POPULATIONS = {"classes": make_toy(), "numbers": make_numeric_toy()}
EVERYTHING = [
    (name, mechanism, kind, repair)
    for name, population in POPULATIONS.items()
    for mechanism in MECHANISMS
    for kind in kinds_of(population, mechanism)
    for repair in repairs_of(population)
]


def run(code, population):
    names = {"population": population}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    assert "the population" in printed.getvalue()
    return names["report"]


def check(state):
    found = run(to_code(state), state.population)
    # Accuracies are counts and equal; weights made of probabilities agree to rounding.
    pd.testing.assert_frame_equal(found, report(state), rtol=0, atol=2e-6)


@pytest.mark.parametrize(("name", "mechanism", "kind", "repair"), EVERYTHING)
def test_the_script_gives_the_numbers_of_the_table(name, mechanism, kind, repair):
    choice = Choice(mechanism=mechanism, kind=kind, repair=repair, n=120, strength=0.7, seed=1)
    check(begin(POPULATIONS[name], choice))


@pytest.mark.parametrize(
    "changes",
    [
        {"covariate": "town", "kind": "more of south", "repair": "stratified re-sampling"},
        {"region": (0.25, 0.0, 1.0, 0.75), "repair": "importance weighting"},
        {"strength": 0.0},
        {"mechanism": "data skew", "strength": 1.0, "seed": 12, "repair": "class weighting"},
    ],
)
def test_so_it_does_for_other_choices(changes):
    check(changed(begin(POPULATIONS["classes"], Choice(n=90)), **changes))


def with_a_single_class(repair):
    """A sample from the east alone, where everybody is of the first class."""
    y = np.repeat([0, 1], 200)
    land = np.where(y == 0, "east", "west")
    lonely = dataclasses.replace(make_toy(), y=y, class_names=("a", "b"), covariates={"land": land})
    return begin(lonely, Choice(kind="more of east", strength=1.0, n=50, repair=repair))


def test_a_sample_of_one_class_needs_a_model_that_always_says_it():
    state = with_a_single_class("known chances")
    assert "DummyClassifier" in to_code(state)
    check(state)


def test_a_fair_sample_of_one_class_needs_it_too():
    rare = make_toy(600)
    rare = dataclasses.replace(
        rare, y=(np.arange(600) < 3).astype(int), class_names=("well", "ill")
    )
    check(begin(rare, Choice(n=20)))


@pytest.mark.parametrize("repair", ["label cleaning", "label-shift correction"])
def test_a_repair_that_cannot_be_done_is_not_done_in_the_script_either(repair):
    state = with_a_single_class(repair)
    assert state.result.warning.startswith("The repair could not be done")
    assert state.result.repaired.actual == state.result.naive.actual
    check(state)


def test_what_is_left_after_cleaning_can_be_a_single_class():
    choice = Choice(mechanism="data skew", strength=0.3, n=25, seed=26, repair="label cleaning")
    state = begin(make_toy(400, 10), choice)
    counts = state.result.is_train & (state.result.density_ratio > 0)
    assert len(set(state.result.selection.labels[counts])) == 1
    check(state)


def test_a_category_with_a_line_break_stays_text():
    toy = make_toy()
    odd = "north\nraise SystemExit('\"never')"
    towns = np.where(toy.covariates["town"] == "north", odd, "south")
    strange = dataclasses.replace(toy, covariates={"town\n1/0": towns})
    check(begin(strange, Choice(n=90, kind=f"more of {odd}", repair="stratified re-sampling")))


def test_another_seed_gives_other_numbers():
    state = begin(POPULATIONS["classes"], Choice(n=120))
    other = run(to_code(changed(state, seed=1)), state.population)
    assert not np.allclose(other, report(state))


@pytest.mark.parametrize("repair", repairs_of(POPULATIONS["classes"]))
def test_a_built_in_population_is_in_the_script(repair):
    state = begin(built_in("digits"), Choice(n=300, repair=repair))
    code = to_code(state)
    assert "population = built_in('digits')" in code
    check(state)


def test_the_learners_own_population_is_theirs_to_give():
    code = to_code(begin(POPULATIONS["classes"]))
    assert "# population = ..." in code and "built_in" not in code
