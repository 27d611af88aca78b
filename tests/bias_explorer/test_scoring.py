"""Scores of toy predictions, counted by hand."""

import math

import numpy as np

from tlwidgets.bias_explorer.choice import Score
from tlwidgets.bias_explorer.experiment import worst_group
from tlwidgets.bias_explorer.learner import make_judge

GROUPS = np.array(["a", "a", "b", "b", "c"])


def test_accuracy_is_weighted_and_told_by_group():
    judge = make_judge(GROUPS, has_classes=True)
    quality = judge.quality(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]))
    score = judge.score(quality, np.array([0, 1, 2, 3]), np.array([3.0, 1, 2, 2]))
    assert score.overall == 7 / 8
    assert score.by_group["a"] == 3 / 4
    assert score.by_group["b"] == 1
    assert math.isnan(score.by_group["c"])
    assert worst_group(score, has_classes=True) == ("a", 0.75)


def test_a_number_is_scored_by_the_root_of_its_mean_squared_error():
    judge = make_judge(GROUPS, has_classes=False)
    quality = judge.quality(np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 4, 3, 4, 8]))
    score = judge.score(quality, slice(None), np.ones(5))
    assert score.overall == math.sqrt((0 + 4 + 0 + 0 + 9) / 5)
    assert score.by_group == {"a": math.sqrt(2), "b": 0, "c": 3}
    assert worst_group(score, has_classes=False) == ("c", 3)


def test_without_anybody_there_is_no_worst_group():
    score = Score(overall=float("nan"), by_group={"a": float("nan")})
    assert worst_group(score, has_classes=True)[0] == ""
