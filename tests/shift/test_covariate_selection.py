"""Domain shift: who is drawn, how often, and what happens at the ends."""

import numpy as np
import pytest

from tlwidgets.shift import CovariateSelection, Population

from .toy_population import population, seeded

TOYS = population(2000)
AGE, TYPE = TOYS.covariates["age"], TOYS.covariates["type"]


def with_covariate(values):
    n = len(values)
    return Population(
        name="toys",
        x=np.zeros((n, 1)),
        y=np.arange(n) % 2,
        class_names=("a", "b"),
        covariates={"it": np.asarray(values)},
        group=np.full(n, "all"),
        position=np.zeros((n, 2)),
    )


def mean_age(strength, towards="high"):
    draw = CovariateSelection("age", towards)
    samples = [draw(TOYS, strength, 200, seeded(seed)) for seed in range(20)]
    return np.mean([AGE[sample.indices].mean() for sample in samples])


def test_strength_moves_the_mean_and_no_strength_does_not():
    se = AGE.std() / np.sqrt(20 * 200)
    assert abs(mean_age(0) - AGE.mean()) < 4 * se
    assert mean_age(0.8) > AGE.mean() + 0.5
    assert mean_age(0.8, "low") < AGE.mean() - 0.5
    assert mean_age(0.2) < mean_age(0.5) < mean_age(0.8) < mean_age(1)


def test_the_probability_is_the_logistic_one_of_the_formula():
    toys = with_covariate([0.0, 1.0, 2.0, 5.0])
    sample = CovariateSelection("it")(toys, 0.75, 2, seeded())
    z = (np.array([0.0, 1.0, 2.0, 5.0]) - 2) / np.sqrt(3.5)
    chance = [1 / (1 + np.exp(-3 * value)) for value in z]
    np.testing.assert_allclose(sample.probability, np.array(chance) / sum(chance))


def test_the_first_draw_follows_the_probability():
    toys = with_covariate([0.0, 1.0, 2.0, 5.0])
    draw = CovariateSelection("it", "low")
    first = [draw(toys, 0.5, 1, seeded(seed)).indices[0] for seed in range(4000)]
    probability = draw(toys, 0.5, 1, seeded()).probability
    observed = np.bincount(first, minlength=4) / 4000
    assert np.abs(observed - probability).max() < 4 * np.sqrt(0.25 / 4000)
    assert np.abs(observed - 0.25).max() > 0.1


def test_categories_follow_their_odds():
    sample = CovariateSelection("type", "poly")(TOYS, 0.5, 100, seeded())
    assert sample.probability[TYPE == "mono"][0] == pytest.approx(
        0.25 * sample.probability[TYPE == "poly"][0]
    )


@pytest.mark.parametrize(("covariate", "towards"), [("age", "high"), ("type", "mono")])
def test_full_strength_leaves_no_overlap_and_says_so(covariate, towards):
    sample = CovariateSelection(covariate, towards)(TOYS, 1, 300, seeded())
    is_favoured = TYPE == "mono" if covariate == "type" else AGE - AGE.mean() > 0
    assert is_favoured[sample.indices].all()
    assert (sample.probability[~is_favoured] == 0).all()
    assert "nobody from the" in sample.description
    nearly = CovariateSelection(covariate, towards)(TOYS, 0.8, 300, seeded())
    assert not is_favoured[nearly.indices].all()
    assert "nobody" not in nearly.description


def test_an_extreme_strength_below_one_can_still_draw_everybody():
    sample = CovariateSelection("age")(TOYS, 1 - 1e-12, len(TOYS), seeded())
    assert sorted(sample.indices) == list(range(len(TOYS)))


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_the_unit_of_the_covariate_does_not_matter(scale):
    plain, scaled = (
        CovariateSelection("it")(with_covariate(AGE * s), 0.7, 100, seeded()) for s in (1, scale)
    )
    assert (plain.indices == scaled.indices).all()


@pytest.mark.parametrize(
    ("values", "towards", "strength", "message"),
    [
        ([1.0, 1.0, 1.0], "high", 0.5, r"`covariate` must differ .*'it' is 1.0 for all"),
        (["a", "a", "a"], "a", 0.5, r"`covariate` must differ .*'it' is 'a' for all"),
        ([1.0, np.nan, 2.0], "high", 0.5, r"`covariate` must be finite; 'it' has 1 NaN"),
        ([1.0, 2.0, 3.0], "mono", 0.5, r"`towards` must be 'high' or 'low'.*got 'mono'"),
        (["a", "b", "b"], "B", 0.5, r"`towards`: no category named 'B'. Available: a, b"),
        ([1.0, 1.0, 9.0], "high", 1, r"`n` must be at most 1, .* where 'it' is high; got 2"),
        (["a", "b", "b"], "a", 1, r"`n` must be at most 1, .*'it' is 'a'; got 2. Take a smaller"),
    ],
)
def test_what_cannot_be_drawn_is_explained(values, towards, strength, message):
    with pytest.raises(ValueError, match=message):
        CovariateSelection("it", towards)(with_covariate(values), strength, 2, seeded())


def test_an_unknown_covariate_is_named():
    with pytest.raises(ValueError, match=r"`covariate`: .*'agee'.*Did you mean 'age'"):
        CovariateSelection("agee")(TOYS, 0.5, 20, seeded())
