"""The sample is drawn by the mechanism and divided fairly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bias_explorer.toys import make_toy
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import completed
from tlwidgets.bias_explorer.learner import draw, draw_fairly, split


@given(
    labels=st.lists(st.integers(0, 6), min_size=20, max_size=200).map(np.array),
    seed=st.integers(0, 1000),
)
def test_three_tenths_of_each_class_are_held_out_to_one_example(labels, seed):
    is_train = split(labels, seed, True)
    assert (~is_train).sum() == int(np.floor(len(labels) * 0.3 + 1e-9))
    for label in set(labels.tolist()):
        of_class = labels == label
        assert abs((~is_train[of_class]).sum() - 0.3 * of_class.sum()) <= 1


def test_another_seed_splits_otherwise():
    labels = np.arange(100) % 3
    assert (split(labels, 0, True) == split(labels, 0, True)).all()
    assert (split(labels, 0, True) != split(labels, 1, True)).any()


def test_the_sample_is_biased_and_the_fair_one_is_not():
    toy = make_toy(2000)
    choice = completed(toy, Choice(strength=0.9, n=300))
    age = toy.covariates["age"]
    biased = age[draw(toy, choice).selection.indices].mean()
    fair = age[draw_fairly(toy, choice).selection.indices].mean()
    assert biased > age.mean() + 0.5 * age.std()
    assert fair == pytest.approx(age.mean(), abs=0.2 * age.std())
