"""The models are those of scikit-learn."""

import numpy as np
import pytest
from sklearn.covariance import ShrunkCovariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from tests.bias_explorer.toys import make_toy
from tlwidgets.bias_explorer import learner


def centred(scores):
    return scores - scores.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("k", [3, 10])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_logistic_regression_is_that_of_scikit_learn(k, is_weighted):
    toy = make_toy(500, k)
    s = np.random.default_rng(0).uniform(0.1, 3, 500) if is_weighted else np.ones(500)
    ours = learner.fit_logistic(toy.x, toy.y, s)
    theirs = LogisticRegression(C=learner.C, tol=1e-10, max_iter=10_000)
    theirs.fit(toy.x, toy.y, sample_weight=s)
    expected = centred(theirs.decision_function(toy.x))
    np.testing.assert_allclose(centred(ours.logits(toy.x)), expected, atol=1e-5)
    np.testing.assert_allclose(ours.proba(toy.x), theirs.predict_proba(toy.x), atol=1e-5)


def test_logistic_regression_of_two_classes_is_that_of_scikit_learn():
    toy = make_toy(300, 2)
    s = np.random.default_rng(0).uniform(0.1, 3, 300)
    ours = learner.fit_logistic(toy.x, toy.y, s)
    theirs = LogisticRegression(C=learner.C, tol=1e-10, max_iter=10_000)
    theirs.fit(toy.x, toy.y, sample_weight=s)
    np.testing.assert_allclose(ours.logits(toy.x)[:, 1], theirs.decision_function(toy.x), atol=1e-5)


def test_another_penalty_gives_other_scores():
    toy = make_toy(300, 2)
    ours = learner.fit_logistic(toy.x, toy.y, np.ones(300))
    theirs = LogisticRegression(C=10 * learner.C, tol=1e-10).fit(toy.x, toy.y)
    assert np.abs(ours.logits(toy.x)[:, 1] - theirs.decision_function(toy.x)).max() > 0.01


def test_discriminant_analysis_is_that_of_scikit_learn():
    toy = make_toy(300, 4)
    ours = learner.fit_discriminant(toy.x, toy.y, np.ones(300))
    theirs = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=ShrunkCovariance(shrinkage=learner.SHRINKAGE)
    ).fit(toy.x, toy.y)
    np.testing.assert_allclose(ours.proba(toy.x), theirs.predict_proba(toy.x), atol=1e-9)


@pytest.mark.parametrize("fit", [learner.fit_discriminant, learner.fit_logistic])
def test_an_example_that_counts_twice_is_as_two(fit):
    toy = make_toy(120)
    twice = np.r_[np.arange(120), np.arange(40)]
    s = np.ones(120)
    s[:40] = 2
    counted = fit(toy.x, toy.y, s)
    repeated = fit(toy.x[twice], toy.y[twice], np.ones(160))
    np.testing.assert_allclose(counted.proba(toy.x), repeated.proba(toy.x), atol=1e-6)
    unweighted = fit(toy.x, toy.y, np.ones(120))
    assert np.abs(unweighted.proba(toy.x) - repeated.proba(toy.x)).max() > 1e-3


@pytest.mark.parametrize("fit", [learner.fit_discriminant, learner.fit_logistic])
def test_an_example_that_does_not_count_is_not_there(fit):
    toy = make_toy(120)
    s = np.ones(120)
    s[toy.y == 2] = 0
    model = fit(toy.x, toy.y, s)
    assert model.classes.tolist() == [0, 1]
    there = toy.y < 2
    other = fit(toy.x[there], toy.y[there], np.ones(there.sum()))
    np.testing.assert_allclose(model.logits(toy.x), other.logits(toy.x), atol=1e-9)


@pytest.mark.parametrize("fit", [learner.fit_discriminant, learner.fit_logistic])
def test_of_a_single_class_only_that_is_known(fit):
    toy = make_toy(30)
    model = fit(toy.x, np.full(30, 2), np.ones(30))
    assert set(model.predict(toy.x)) == {2}


@pytest.mark.parametrize("fit", [learner.fit_discriminant, learner.fit_logistic])
def test_one_example_per_class_and_a_constant_feature_are_no_trouble(fit):
    x = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    model = fit(x, np.array([0, 1, 2]), np.ones(3))
    assert np.isfinite(model.proba(x)).all()


def test_another_prior_moves_predictions_to_the_frequent_class():
    toy = make_toy(120, 2)
    model = learner.fit_logistic(toy.x, toy.y, np.ones(120))
    ratio = np.array([0.2, 1.8])
    expected = model.proba(toy.x) * ratio
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.with_prior(ratio).proba(toy.x), expected, atol=1e-12)
