"""The models are those of scikit-learn."""

import numpy as np
from sklearn.covariance import ShrunkCovariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from tests.bias_explorer.toys import make_toy
from tlwidgets.bias_explorer import learner


def test_discriminant_analysis_is_that_of_scikit_learn():
    toy = make_toy(300, 4)
    ours = learner.fit_discriminant(toy.x, toy.y)
    theirs = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=ShrunkCovariance(shrinkage=learner.SHRINKAGE)
    ).fit(toy.x, toy.y)
    np.testing.assert_allclose(ours.proba(toy.x), theirs.predict_proba(toy.x), atol=1e-9)


def test_logistic_regression_is_that_of_scikit_learn_on_those_who_count():
    toy = make_toy(120)
    s = np.random.default_rng(0).uniform(0.1, 3, 120)
    s[toy.y == 2] = 0
    model = learner.fit_logistic(toy.x, toy.y, s)
    there = toy.y < 2
    theirs = LogisticRegression(C=learner.C, tol=1e-10, max_iter=10_000)
    theirs.fit(toy.x[there], toy.y[there], sample_weight=s[there])
    assert model.classes.tolist() == [0, 1]
    np.testing.assert_allclose(model.proba(toy.x), theirs.predict_proba(toy.x), atol=1e-9)
    unweighted = learner.fit_logistic(toy.x[there], toy.y[there], np.ones(there.sum()))
    assert np.abs(unweighted.proba(toy.x) - model.proba(toy.x)).max() > 1e-3


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
