"""The built-in populations are what they say; the maps put neighbours together."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_info, threadpool_limits

from tlwidgets.bias_explorer import built_in
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.data import is_built_in
from tlwidgets.bias_explorer.experiment import begin
from tlwidgets.data import fetch_solar_cells, load_digits
from tlwidgets.shift import LogisticRatio, Population, SimpleRandom, true_ratio
from tlwidgets.shift.population import map_positions


def is_sound(population: Population) -> None:
    n = len(population)
    assert population.x.shape[0] == len(population.y) == len(population.group) == n
    assert np.isfinite(population.x).all()
    assert population.position.shape == (n, 2)
    assert population.position.min() == 0 and population.position.max() == 1
    for values in population.covariates.values():
        assert values.dtype.kind in "fU" and values.shape == (n,)


def share_of_alike_neighbours(position, y):
    """For some examples: how many of the ten nearest have the same class."""
    some = np.random.default_rng(0).permutation(len(y))[:300]
    distance = ((position[some, None] - position) ** 2).sum(axis=2)
    nearest = np.argsort(distance, axis=1)[:, 1:11]
    return np.mean(y[nearest] == y[some, None])


def test_digits():
    digits = built_in("digits")
    is_sound(digits)
    assert digits.x.shape == (5000, 50)
    rotation = digits.covariates["rotation"]
    assert -60 <= rotation.min() < -59 and 59 < rotation.max() <= 60
    images = load_digits().images / 255
    np.testing.assert_allclose(digits.covariates["brightness"], images.mean(axis=(1, 2)))
    alike = share_of_alike_neighbours(digits.position, digits.y)
    by_components = share_of_alike_neighbours(digits.x[:, :2], digits.y)
    assert alike > by_components + 0.15


def test_thick_strokes_are_thick():
    thickness = built_in("digits").covariates["thickness"]
    images, order = load_digits().images, np.argsort(thickness)
    # A thick stroke has an inside: pixels all of whose neighbours are inked too.
    inked = images > 100
    inside = inked[:, 1:-1, 1:-1] & inked[:, :-2, 1:-1] & inked[:, 2:, 1:-1]
    inside &= inked[:, 1:-1, :-2] & inked[:, 1:-1, 2:]
    share = inside.sum(axis=(1, 2)) / inked.sum(axis=(1, 2))
    assert share[order[-500:]].mean() > 3 * share[order[:500]].mean()


@pytest.mark.keras
def test_solar_cells():
    cells, source = built_in(), fetch_solar_cells(96)
    is_sound(cells)
    assert cells.x.shape == (2624, 50)
    assert cells.y.tolist() == source.is_defective.tolist()
    assert set(cells.covariates["module type"]) == {"mono", "poly"}
    assert (cells.covariates["experts"] == "sure").sum() == 588 + 920 + 313 + 402
    only_mono = Choice(covariate="module type", kind="more of mono", strength=1.0, n=300)
    result = begin(cells, only_mono).result
    assert result.naive.reported.overall > result.naive.actual.by_group["poly"] + 0.15
    assert result.ideal.actual.by_group["poly"] > result.naive.actual.by_group["poly"] + 0.15


def test_diabetes():
    people = built_in("diabetes")
    is_sound(people)
    assert people.x.shape == (442, 10)
    assert not people.has_classes
    assert people.y.mean() == pytest.approx(152.13, abs=0.01)
    assert people.covariates["age"].min() == 19 and people.covariates["age"].max() == 79


def test_the_sample_of_the_adapt_library_and_a_mean_nearer_to_the_truth():
    """Its page "Sample bias": 142.4 by the biased sample, 148.3 reweighted by KMM, truly 152.1."""
    data = load_diabetes()
    age = data.data[:, 0]
    chance = np.exp(-20 * np.abs(age + 0.06))
    chance /= chance.sum()
    drawn = np.random.RandomState(123).choice(len(age), len(age), p=chance)
    x, y = built_in("diabetes").x, built_in("diabetes").y
    assert y[drawn].mean() == pytest.approx(142.4, abs=0.05)
    assert y.mean() == pytest.approx(152.1, abs=0.05)
    error_of_adapt = abs(148.3 - y.mean())
    for ratio in (LogisticRatio()(x[drawn], x), true_ratio(chance[drawn])):
        assert abs(np.average(y[drawn], weights=ratio) - y.mean()) < error_of_adapt - 0.5


def test_a_population_is_made_once_and_known_as_ours():
    digits = built_in("digits")
    assert built_in("digits") is digits and is_built_in(digits)
    assert not is_built_in(replace(digits))
    with pytest.raises(ValueError, match="Did you mean 'digits'"):
        built_in("digit")


def points(n, d):
    return np.random.default_rng(0).normal(size=(n, d))


@pytest.mark.parametrize(
    "x", [points(50, 1), points(50, 2), points(900, 3), np.tile(np.eye(2), (30, 1))]
)
def test_a_map_fills_the_square_is_kept_and_is_the_same_again(x, cache):
    position = map_positions(x)
    assert position.shape == (len(x), 2)
    assert position[:, 0].min() == 0 and position[:, 0].max() == pytest.approx(1)
    (kept,) = cache.glob("population-map-*.npz")
    assert np.array_equal(position, map_positions(x))
    if len(x) < 100:  # a large one takes half a minute
        kept.unlink()
        assert np.array_equal(position, map_positions(x))


def test_a_map_is_made_when_somebody_looks_and_then_stays(cache):
    x = np.random.default_rng(0).normal(size=(60, 3))
    people = Population(
        name="people", x=x, y=x[:, 0], class_names=(), covariates={}, group=np.full(60, "all")
    )
    SimpleRandom()(people, 0.0, 20, np.random.default_rng(0))
    assert list(cache.glob("*")) == []
    position = people.position
    assert len(list(cache.glob("population-map-*.npz"))) == 1
    assert position.shape == (60, 2) and people.position is position
    with pytest.raises(AttributeError, match="colour"):
        _ = people.colour


def test_a_map_is_drawn_on_one_thread(monkeypatch, cache):
    seen = []

    class Watched(TSNE):
        def fit_transform(self, x, y=None):
            seen.extend(pool["num_threads"] for pool in threadpool_info())
            return super().fit_transform(x, y)

    monkeypatch.setattr("sklearn.manifold.TSNE", Watched)
    with threadpool_limits(limits=2):
        map_positions(np.random.default_rng(5).normal(size=(60, 4)))
    assert seen and set(seen) == {1}
