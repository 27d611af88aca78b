"""Each repair does what it is for, and nothing does it without the repair."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bias_explorer.toys import make_numeric_toy, make_toy
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import begin, changed, repairs_of
from tlwidgets.bias_explorer.learner import draw
from tlwidgets.bias_explorer.repairs import Situation, strata, unlabelled, warning_of

TOY = make_toy(3000, 3)
BASE = begin(TOY, Choice(n=400, strength=0.6))


def weighted_and_not(state, of_each):
    """Means over the sample, with the repair and without it."""
    values = of_each[state.result.selection.indices]
    return np.average(values, weights=state.result.density_ratio), values.mean()


@pytest.mark.parametrize("repair", ["importance weighting", "known chances"])
def test_weights_bring_the_mean_of_the_covariate_back(repair):
    state = changed(BASE, repair=repair)
    age = TOY.covariates["age"]
    repaired, naive = weighted_and_not(state, age)
    # The estimated ratio sees the features, of which the age is one with noise.
    assert abs(repaired - age.mean()) < 0.7 * abs(naive - age.mean())
    assert 1 <= state.result.effective_sample_size < 400


@pytest.mark.parametrize("repair", ["class weighting", "stratified re-sampling"])
def test_shares_of_the_classes_are_those_of_the_population(repair):
    state = changed(BASE, mechanism="data skew", strength=0.9, repair=repair)
    tolerance = 1e-9 if repair == "class weighting" else 0.01
    for label in range(3):
        repaired, naive = weighted_and_not(state, TOY.y == label)
        assert repaired == pytest.approx(1 / 3, abs=tolerance)
        assert abs(naive - 1 / 3) > 10 * tolerance


def test_resampling_counts_whole_copies():
    state = changed(BASE, mechanism="data skew", strength=0.9, repair="stratified re-sampling")
    copies = state.result.density_ratio / state.result.density_ratio.max()
    per_copy = copies[copies > 0].min()
    np.testing.assert_allclose(copies / per_copy, np.rint(copies / per_copy), atol=1e-9)


def test_strata_of_a_domain_shift_are_bands_of_the_covariate():
    stratum = strata(TOY, BASE.choice)
    assert np.bincount(stratum).tolist() == [600] * 5
    assert (np.diff(stratum[np.argsort(TOY.covariates["age"])]) >= 0).all()
    assert (strata(TOY, Choice(mechanism="data skew")) == TOY.y).all()


def test_label_shift_is_estimated_without_labels():
    state = changed(
        BASE, mechanism="data skew", strength=0.9, n=1000, repair="label-shift correction"
    )
    for label in range(3):
        repaired, naive = weighted_and_not(state, TOY.y == label)
        assert abs(repaired - 1 / 3) < 0.5 * abs(naive - 1 / 3)
    assert state.result.repaired.actual.overall > state.result.naive.actual.overall + 0.02


def test_cleaning_leaves_out_wrong_labels():
    state = changed(
        BASE,
        mechanism="dataset quality",
        kind="symmetric noise",
        strength=0.3,
        n=1000,
        repair="label cleaning",
    )
    left_out, is_wrong = state.result.density_ratio == 0, state.result.selection.was_changed
    assert is_wrong[left_out].mean() > 0.6
    assert left_out[is_wrong].mean() > 0.6
    assert is_wrong.mean() < 0.4  # what leaving out anybody would find


def test_a_fair_sample_needs_no_weights():
    state = changed(BASE, strength=0.0, repair="known chances")
    assert (state.result.density_ratio == 1).all()
    assert state.result.repaired.actual == state.result.naive.actual


def test_many_unlabelled_examples_are_some_thousands():
    few = make_toy(2000)
    assert unlabelled(few) is few.x
    assert len(unlabelled(TOY)) == 2000


@settings(max_examples=30, deadline=None)
@given(
    repair=st.sampled_from(repairs_of(TOY)),
    strength=st.floats(0, 1),
    seed=st.integers(0, 50),
    mechanism=st.sampled_from(["domain shift", "data skew", "dataset quality"]),
)
def test_ratios_have_mean_one_and_the_sample_is_worth_1_to_n(repair, strength, seed, mechanism):
    state = changed(BASE, mechanism=mechanism, strength=strength, seed=seed, repair=repair, n=100)
    result = state.result
    assert (result.density_ratio >= 0).all()
    assert result.density_ratio.mean() == pytest.approx(1)
    assert 1 <= result.effective_sample_size <= 100
    assert 0 <= result.repaired.reported.overall <= 1


def test_the_mean_of_a_number_is_repaired():
    numbers = make_numeric_toy(1000)
    state = begin(numbers, Choice(n=300, strength=0.6, repair="importance weighting"))
    truth = numbers.y.mean()
    naive, repaired = state.result.naive.mean_outcome, state.result.repaired.mean_outcome
    assert abs(repaired - truth) < 0.5 * abs(naive - truth)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strength": 1.0, "repair": "known chances"}, "No overlap: "),
        ({"strength": 1.0, "repair": "importance weighting"}, "No overlap: "),
        ({"strength": 1.0, "repair": "stratified re-sampling"}, "No overlap: strata"),
        (
            {"mechanism": "data skew", "strength": 1.0, "n": 100, "repair": "class weighting"},
            "only [1-4] examples? of class 'c'",
        ),
        ({"strength": 0.9, "repair": "known chances"}, "hardly a chance to be drawn"),
        ({"strength": 0.3, "repair": "known chances"}, "^$"),
        ({"strength": 1.0, "repair": "none"}, "^$"),
        ({"strength": 0.3, "repair": "importance weighting"}, "^$"),
    ],
)
def test_a_repair_that_cannot_be_trusted_says_why(changes, message):
    assert re.search(message, changed(BASE, **changes).result.warning)


def test_a_few_examples_that_decide_everything_are_told():
    choice = replace(BASE.choice, strength=0.3, repair="known chances")
    at = Situation(TOY, choice, draw(TOY, choice), None)
    few = np.where(np.arange(400) < 30, 1.0, 0.001)
    assert "400 examples are worth only 3" in warning_of(at, few)
    assert warning_of(at, np.ones(400)) == ""


def test_importance_weights_of_a_sample_that_looks_like_nobody_are_doubted():
    # Whoever is drawn is known here; what counts is whether their features tell them apart.
    ranks = np.argsort(np.argsort(TOY.covariates["age"])) / len(TOY)
    two_worlds = replace(TOY, x=np.column_stack([TOY.x, 50.0 * (ranks > 0.5)]))
    choice = Choice(n=200, strength=1.0, repair="importance weighting")
    warning = begin(two_worlds, choice).result.warning
    assert "look like nobody in the sample" in warning
    twin = begin(TOY, replace(choice, strength=0.2)).result.warning
    assert twin == ""
