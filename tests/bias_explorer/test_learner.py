"""The sample and its two parts, the models of scikit-learn, and scores counted by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.covariance import ShrunkCovariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from tests.bias_explorer.toys import make_toy
from tlwidgets.bias_explorer import learner
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import completed, worst_group
from tlwidgets.bias_explorer.learner import Score, draw, draw_fairly, make_judge, split


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


def centred(scores):
    return scores - scores.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("k", [2, 3, 10])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_logistic_regression_is_that_of_scikit_learn(k, is_weighted):
    toy = make_toy(500, k)
    s = np.random.default_rng(0).uniform(0.1, 3, 500) if is_weighted else np.ones(500)
    ours = learner.fit_logistic(toy.x, toy.y, s)
    theirs = LogisticRegression(C=learner.C, tol=1e-10, max_iter=10_000)
    theirs.fit(toy.x, toy.y, sample_weight=s)
    expected = theirs.decision_function(toy.x)
    if k == 2:
        expected = np.column_stack([0 * expected, expected])
    np.testing.assert_allclose(centred(ours.logits(toy.x)), centred(expected), atol=1e-5)
    np.testing.assert_allclose(ours.proba(toy.x), theirs.predict_proba(toy.x), atol=1e-5)


def test_another_penalty_gives_other_scores():
    toy = make_toy(300, 2)
    ours = learner.fit_logistic(toy.x, toy.y, np.ones(300))
    theirs = LogisticRegression(C=10 * learner.C, tol=1e-10).fit(toy.x, toy.y)
    assert np.abs(ours.logits(toy.x)[:, 1] - theirs.decision_function(toy.x)).max() > 0.01


def test_discriminant_analysis_is_that_of_scikit_learn():
    toy = make_toy(300, 4)
    ours = learner.fit_discriminant(toy.x, toy.y)
    theirs = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=ShrunkCovariance(shrinkage=learner.SHRINKAGE)
    ).fit(toy.x, toy.y)
    np.testing.assert_allclose(ours.proba(toy.x), theirs.predict_proba(toy.x), atol=1e-9)


def test_an_example_that_counts_twice_is_as_two_and_one_that_does_not_is_not_there():
    toy = make_toy(120)
    twice = np.r_[np.arange(120), np.arange(40)]
    s = np.ones(120)
    s[:40] = 2
    counted = learner.fit_logistic(toy.x, toy.y, s)
    repeated = learner.fit_logistic(toy.x[twice], toy.y[twice], np.ones(160))
    np.testing.assert_allclose(counted.proba(toy.x), repeated.proba(toy.x), atol=1e-6)
    unweighted = learner.fit_logistic(toy.x, toy.y, np.ones(120))
    assert np.abs(unweighted.proba(toy.x) - repeated.proba(toy.x)).max() > 1e-3
    there = toy.y < 2
    model = learner.fit_logistic(toy.x, toy.y, there.astype(float))
    other = learner.fit_logistic(toy.x[there], toy.y[there], np.ones(there.sum()))
    assert model.classes.tolist() == [0, 1]
    np.testing.assert_allclose(model.logits(toy.x), other.logits(toy.x), atol=1e-9)


def test_of_a_single_class_only_that_is_known():
    toy = make_toy(30)
    y = np.full(30, 2)
    for model in (
        learner.fit_discriminant(toy.x, y),
        learner.fit_logistic(toy.x, y, np.ones(30)),
    ):
        assert set(model.predict(toy.x)) == {2}


def test_one_example_per_class_and_a_constant_feature_are_no_trouble():
    x, y = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]), np.array([0, 1, 2])
    assert np.isfinite(learner.fit_discriminant(x, y).proba(x)).all()
    assert np.isfinite(learner.fit_logistic(x, y, np.ones(3)).proba(x)).all()


def test_another_prior_moves_predictions_to_the_frequent_class():
    toy = make_toy(120, 2)
    model = learner.fit_logistic(toy.x, toy.y, np.ones(120))
    ratio = np.array([0.2, 1.8])
    expected = model.proba(toy.x) * ratio
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.with_prior(ratio).proba(toy.x), expected, atol=1e-12)


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
