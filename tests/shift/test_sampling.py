"""Sampling strategies that leave it to chance."""

import numpy as np
import pytest

from tlwidgets.shift import Cluster, Region, SimpleRandom, Stratified
from tlwidgets.shift.distances import clusters_of
from tlwidgets.shift.mechanisms import N_CLUSTERS

from .toy_population import population, seeded

TOYS = population(2000, 5)
SHARES = np.bincount(TOYS.y) / 2000


def class_counts(strategy, strength, seed=0, n=100):
    return np.bincount(TOYS.y[strategy(TOYS, strength, n, seeded(seed)).indices], minlength=5)


def test_strata_are_exact_but_for_rounding_and_luck_is_not():
    for seed in range(20):
        assert np.abs(class_counts(Stratified(), 1, seed) - 100 * SHARES).max() < 2
    luck = [np.abs(class_counts(SimpleRandom(), 1, s) - 100 * SHARES).max() for s in range(20)]
    assert np.mean(luck) > 4


def test_half_a_strength_takes_some_luck_out():
    error = {
        s: np.mean([np.abs(class_counts(Stratified(), s, i) - 100 * SHARES) for i in range(30)])
        for s in (0, 0.5, 1)
    }
    assert error[1] < error[0.5] < error[0]


def test_everybody_has_the_same_chance_in_strata():
    small = population(40, 2)
    drawn = [Stratified()(small, 1, 10, seeded(seed)).indices for seed in range(3000)]
    n_times = np.bincount(np.concatenate(drawn), minlength=40)
    assert np.abs(n_times - 750).max() < 4.5 * np.sqrt(3000 * 0.25 * 0.75)


@pytest.mark.parametrize("by", ["type", "age"])
def test_strata_of_a_covariate(by):
    drawn = Stratified(by)(TOYS, 1, 100, seeded()).indices
    values = TOYS.covariates[by]
    if by == "type":
        expected = 100 * np.mean(values == "poly")
        assert abs(np.sum(values[drawn] == "poly") - expected) <= 1
    else:
        fifths = np.quantile(values, [0.2, 0.4, 0.6, 0.8])
        assert np.bincount(np.searchsorted(fifths, values[drawn])).tolist() == [20] * 5


def test_strata_of_a_numeric_outcome_are_bands_of_it():
    numbers = population(2000, has_classes=False)
    drawn = Stratified()(numbers, 1, 100, seeded()).indices
    fifths = np.quantile(numbers.y, [0.2, 0.4, 0.6, 0.8])
    assert np.bincount(np.searchsorted(fifths, numbers.y[drawn])).tolist() == [20] * 5


def test_an_unknown_stratum_is_named():
    with pytest.raises(ValueError, match=r"`by`: .*'tpye'.*Available: class, age, type.*'type'"):
        Stratified("tpye")(TOYS, 1, 50, seeded())


def test_fewer_clusters_with_more_strength():
    cluster = clusters_of(TOYS, N_CLUSTERS)
    n_visited = [
        len(np.unique(cluster[Cluster()(TOYS, s, 100, seeded(1)).indices])) for s in (0, 0.5, 1)
    ]
    assert n_visited[0] > 25
    assert n_visited[0] > n_visited[1] > n_visited[2]
    assert n_visited[2] <= 5
    sample = Cluster()(TOYS, 1, 100, seeded(1))
    reached = sample.probability > 0
    assert set(cluster[reached]) == set(cluster[sample.indices])
    assert set(cluster[~reached]).isdisjoint(cluster[reached])


def test_other_clusters_with_another_seed():
    cluster = clusters_of(TOYS, N_CLUSTERS)
    visited = [frozenset(cluster[Cluster()(TOYS, 1, 60, seeded(s)).indices]) for s in range(8)]
    assert len(set(visited)) > 4


def test_clusters_hold_similar_examples():
    cluster = clusters_of(TOYS, N_CLUSTERS)
    inside = np.mean([TOYS.x[cluster == c].var(0).sum() for c in np.unique(cluster)])
    assert inside < 0.6 * TOYS.x.var(0).sum()
    shuffled = seeded().permutation(cluster)
    apart = np.mean([TOYS.x[shuffled == c].var(0).sum() for c in np.unique(cluster)])
    assert apart > 0.9 * TOYS.x.var(0).sum()


BOX = (0.6, 0.0, 1.0, 1.0)


def test_a_region_gets_its_share():
    across = TOYS.position[:, 0]
    is_inside = across >= 0.6
    share = {
        s: np.mean([is_inside[Region(BOX)(TOYS, s, 50, seeded(i)).indices] for i in range(20)])
        for s in (0, 0.5, 1)
    }
    assert abs(share[0] - is_inside.mean()) < 0.05
    assert abs(share[0.5] - (0.5 + 0.5 * is_inside.mean())) < 0.05
    assert share[1] == 1


def test_the_probability_of_a_region_is_a_mixture():
    is_inside = TOYS.position[:, 0] >= 0.6
    probability = Region(BOX)(TOYS, 0.3, 50, seeded()).probability
    assert probability[is_inside].sum() == pytest.approx(0.3 + 0.7 * is_inside.mean())
    assert (Region(BOX)(TOYS, 1, 50, seeded()).probability[~is_inside] == 0).all()


@pytest.mark.parametrize(
    ("box", "error", "message"),
    [
        ((0.0, 0.0, 1e-9, 1e-9), ValueError, r"must hold at least 25 .*it holds 0. Brush a"),
        ((0.5, 0.0, 0.2, 1.0), ValueError, r"`box` must be .*left < right.*got \(0.5, 0.0, 0.2"),
        ((0.0, 0.0, 2.0, 1.0), ValueError, r"`box` .*got 2.0"),
        ((0.0, 1.0), TypeError, r"`box` must be \(left, bottom, right, top\).*got \(0.0, 1.0\)"),
        ("all", TypeError, r"`box` .*got 'all'"),
    ],
)
def test_a_region_that_cannot_be_drawn_from_is_explained(box, error, message):
    with pytest.raises(error, match=message):
        Region(box)(TOYS, 0.5, 50, seeded())
