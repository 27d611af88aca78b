"""Convenience, snowball and diverse samples."""

import numpy as np
import pytest

from tlwidgets.shift import Convenience, Diverse, Population, SimpleRandom, Snowball
from tlwidgets.shift.distances import k_means, typical_of

from .toy_population import population, seeded

TOYS = population(2000, 5)


def on_a_line(n=50):
    """Ten places apart for each example: its neighbours are known."""
    place = np.arange(n) / (n - 1)
    return Population(
        name="line",
        x=10.0 * np.arange(n)[:, None],
        y=np.arange(n) % 2,
        class_names=("even", "odd"),
        covariates={},
        group=np.full(n, "all"),
        position=np.c_[place, np.zeros(n)],
    )


def test_convenience_takes_the_nearest():
    sample = Convenience(start=10)(on_a_line(), 1, 5, seeded())
    assert sorted(sample.indices) == [8, 9, 10, 11, 12]
    assert "5 most similar to example 10" in sample.description
    fair = Convenience(start=10)(on_a_line(), 0, 5, seeded())
    assert sorted(fair.indices) != [8, 9, 10, 11, 12]


def test_convenience_draws_among_ever_fewer():
    n_reachable = [
        np.sum(Convenience(3)(TOYS, s, 100, seeded()).probability > 0) for s in (0, 0.5, 1)
    ]
    assert n_reachable == [2000, round(2000 * np.sqrt(0.05)), 100]


def test_convenience_in_each_class_keeps_the_classes():
    lines = on_a_line()
    sample = Convenience(is_per_class=True)(lines, 1, 10, seeded())
    for parity in (0, 1):
        drawn = np.sort(sample.indices[lines.y[sample.indices] == parity])
        assert len(drawn) == 5
        assert (np.diff(drawn) == 2).all()
    assert len(set(lines.y[Convenience(start=4)(lines, 1, 1, seeded()).indices])) == 1


def test_another_seed_starts_elsewhere():
    starts = {Convenience()(TOYS, 1, 1, seeded(seed)).indices[0] for seed in range(10)}
    assert len(starts) > 7


def test_a_snowball_on_a_line_rolls_from_its_start():
    sample = Snowball(start=0, n_acquaintances=2, n_recruited=2)(on_a_line(), 1, 20, seeded())
    assert sorted(sample.indices) == list(range(20))


def test_a_snowball_is_smaller_on_the_map_than_chance():
    def extent(strategy):
        drawn = strategy(TOYS, 1, 60, seeded()).indices
        return TOYS.position[drawn].std(0).mean()

    assert extent(Snowball(start=5)) < 0.5 * extent(SimpleRandom())


def test_a_snowball_goes_on_where_a_chain_ends():
    """Each of two islands is smaller than the sample."""
    line = on_a_line(40)
    line.position[20:, 1] = 1.0
    islands = Population(
        name="islands",
        x=line.x,
        y=line.y,
        class_names=line.class_names,
        covariates={},
        group=line.group,
        position=line.position,
    )
    sample = Snowball(start=0, n_acquaintances=2, n_recruited=2)(islands, 1, 30, seeded())
    assert set(range(20)) <= set(sample.indices)
    assert len(set(sample.indices)) == 30


def slow_typical(x, centres):
    nearest = [int(np.argmin([np.sum((p - c) ** 2) for c in centres])) for p in x]
    chosen = []
    for c in sorted(set(nearest)):
        members = [i for i, near in enumerate(nearest) if near == c]
        chosen.append(min(members, key=lambda i: np.sum((x[i] - centres[c]) ** 2)))
    return chosen


def test_typical_examples_against_a_slow_loop():
    x = seeded(3).normal(size=(80, 3))
    assert typical_of(x, 7, seeded(1)).tolist() == slow_typical(x, k_means(x, 7, seeded(1)))


def test_k_means_finds_two_heaps():
    x = np.r_[np.zeros((20, 2)), np.full((20, 2), 9.0)] + seeded().normal(0, 0.1, (40, 2))
    centres = [k_means(x, 2, seeded(seed)) for seed in range(10)]
    found = [np.allclose(np.sort(c.mean(1)), [0, 9], atol=0.2) for c in centres]
    assert np.mean(found) > 0.7  # two starts in one heap can stay there on toys


@pytest.mark.parametrize("k", [1, 10, 64, 65, 300, 599, 600, 700])
def test_typical_examples_are_different_ones(k):
    x = seeded().normal(size=(600, 4))
    chosen = typical_of(x, k, seeded())
    assert len(np.unique(chosen)) == len(chosen) <= min(k, 600)
    assert len(chosen) >= 0.8 * min(k, 600)


def test_diverse_examples_cover_the_population_better():
    def farthest(strategy, strength):
        drawn = TOYS.x[strategy(TOYS, strength, 50, seeded()).indices]
        return np.mean([np.min(np.sum((drawn - p) ** 2, 1)) for p in TOYS.x])

    assert farthest(Diverse(), 1) < 0.85 * farthest(SimpleRandom(), 1)
    assert farthest(Diverse(), 0) == farthest(SimpleRandom(), 0)


def test_another_population_finds_its_own_examples():
    first, second = population(300, seed=1), population(300, seed=2)
    for strategy in (Diverse(), Snowball(start=0)):
        alone = strategy(population(300, seed=2), 1, 30, seeded()).indices
        strategy(first, 1, 30, seeded())
        assert (strategy(second, 1, 30, seeded()).indices == alone).all()


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (Convenience(start=2000), r"`start` .* from 0 to 1999, .*got 2000"),
        (Convenience(start=3, is_per_class=True), r"`start` must be None .*got 3"),
        (Snowball(start=-1), r"`start` .*got -1"),
        (Snowball(n_acquaintances=0), r"`n_acquaintances` .*got 0"),
        (Snowball(n_acquaintances=4, n_recruited=5), r"`n_recruited` .* from 1 to 4, .*got 5"),
    ],
)
def test_wrong_settings_are_named(strategy, message):
    with pytest.raises(ValueError, match=message):
        strategy(TOYS, 0.5, 50, seeded())


def test_a_style_per_class_needs_classes():
    with pytest.raises(ValueError, match=r"`population` must have classes for an example to"):
        Convenience(is_per_class=True)(population(has_classes=False), 0.5, 50, seeded())
