"""What all mechanisms have in common, and the errors of all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlwidgets.shift import MECHANISMS, SimpleRandom, make_mechanism

from .toy_population import CLASS_KINDS, KINDS, make, population, seeded

TOYS = population()
NUMBERS = population(has_classes=False)
every_kind = pytest.mark.parametrize(("mechanism", "kind"), KINDS)
biased_kinds = pytest.mark.parametrize(
    ("mechanism", "kind"), [k for k in KINDS if k[1] != "simple random"]
)


def test_every_kind_is_tested():
    named = {(m, kind) for m, kinds in MECHANISMS.items() for kind in kinds}
    assert named == set(KINDS) - {("domain shift", "more of poly")}


@every_kind
@given(seed=st.integers(0, 2**32), strength=st.floats(0, 1), n=st.integers(20, 60))
@settings(max_examples=25, deadline=None)
def test_a_selection_keeps_its_promises(mechanism, kind, seed, strength, n):
    sample = make(mechanism, kind)(TOYS, strength, n, seeded(seed))
    assert len(sample) == n == len(sample.labels) == len(sample.x) == len(sample.was_changed)
    assert sample.probability.shape == (len(TOYS),)
    assert sample.probability.min() >= 0
    assert sample.probability.sum() == pytest.approx(1)
    is_kept = ~sample.was_changed
    assert (sample.labels[is_kept] == TOYS.y[sample.indices][is_kept]).all()
    assert (sample.x[is_kept] == TOYS.x[sample.indices][is_kept]).all()
    if kind != "duplicates":
        assert len(set(sample.indices)) == n
    assert sample.description.startswith(f"{n} of 400 examples of toys, ")
    assert sample.description.endswith(".")


@every_kind
def test_the_same_seed_draws_the_same_sample(mechanism, kind):
    first, again = (make(mechanism, kind)(TOYS, 0.6, 50, seeded(3)) for _ in range(2))
    other = make(mechanism, kind)(TOYS, 0.6, 50, seeded(4))
    assert (first.indices == again.indices).all()
    assert (first.labels == again.labels).all()
    assert (first.x == again.x).all()
    assert not np.array_equal(first.indices, other.indices)


@every_kind
def test_only_those_with_a_chance_are_drawn(mechanism, kind):
    sample = make(mechanism, kind)(TOYS, 1, 40, seeded())
    # Where a cluster is empty, the diverse ones are filled up at random.
    if kind != "diverse":
        assert (sample.probability[sample.indices] > 0).all()


@every_kind
def test_the_population_stays_as_it_is(mechanism, kind):
    before = [TOYS.x.copy(), TOYS.y.copy(), TOYS.position.copy()]
    sample = make(mechanism, kind)(TOYS, 1, 40, seeded())
    sample.x[:], sample.labels[:] = -1, -1
    assert all((a == b).all() for a, b in zip(before, (TOYS.x, TOYS.y, TOYS.position), strict=True))


@every_kind
def test_without_strength_it_is_the_simple_random_sample(mechanism, kind):
    sample = make(mechanism, kind)(TOYS, 0.0, 50, seeded(7))
    fair = SimpleRandom()(TOYS, 0.0, 50, seeded(7))
    assert (sample.indices == fair.indices).all()
    assert (sample.labels == fair.labels).all()
    assert (sample.x == fair.x).all()
    assert not sample.was_changed.any()
    assert np.ptp(sample.probability) == 0


@biased_kinds
def test_with_strength_it_is_not(mechanism, kind):
    sample = make(mechanism, kind)(TOYS, 0.8, 50, seeded(7))
    fair = SimpleRandom()(TOYS, 0.8, 50, seeded(7))
    assert (
        not (
            np.array_equal(sample.indices, fair.indices)
            and np.array_equal(sample.labels, fair.labels)
        )
        or sample.was_changed.any()
    )


def test_a_simple_random_sample_draws_everybody_equally_often():
    small = population(30, 2)
    drawn = [SimpleRandom()(small, 0, 6, seeded(seed)).indices for seed in range(3000)]
    n_times = np.bincount(np.concatenate(drawn), minlength=30)
    first = np.bincount([indices[0] for indices in drawn], minlength=30)
    # Four standard deviations of a binomial count, for the sample and for its first place.
    assert np.abs(n_times - 600).max() < 4 * np.sqrt(3000 * 0.2 * 0.8)
    assert np.abs(first - 100).max() < 4 * np.sqrt(3000 / 30)


@every_kind
@pytest.mark.parametrize("strength", [0.2, 0.5, 0.8])
def test_a_slider_moves_the_sample_gently(mechanism, kind, strength):
    toys = population(3000)
    before, after = (
        make(mechanism, kind)(toys, s, 300, seeded(1)) for s in (strength, strength + 0.01)
    )
    # A cluster comes or goes as a whole.
    at_least = 0.85 if kind == "cluster" else 0.95
    assert np.isin(after.indices, before.indices).mean() >= at_least
    kept = np.intersect1d(before.indices, after.indices)
    # Who stays also stays in the same order, so that a hold-out split by place stays.
    if kind == "duplicates":
        assert np.mean(before.indices == after.indices) > 0.95
    else:
        orders = [s.indices[np.isin(s.indices, kept)] for s in (before, after)]
        assert (orders[0] == orders[1]).all()


def test_without_common_keys_the_sample_would_jump():
    toys = population(3000)
    before, after = (SimpleRandom()(toys, 0.5, 300, seeded(seed)) for seed in (1, 2))
    assert np.isin(after.indices, before.indices).mean() < 0.5


@every_kind
@pytest.mark.parametrize(("strength", "n"), [(0, 60), (0.1, 50), (0.5, 4)])
def test_all_or_a_handful_of_a_small_population(mechanism, kind, strength, n):
    assert len(make(mechanism, kind)(population(60, 2), strength, n, seeded())) == n


@pytest.mark.parametrize(("mechanism", "kind"), CLASS_KINDS)
def test_classes_are_refused_where_there_are_none(mechanism, kind):
    with pytest.raises(ValueError, match=r"`population` must have classes .* 'toys' is a number"):
        make(mechanism, kind)(NUMBERS, 0.5, 50, seeded())


@pytest.mark.parametrize(("mechanism", "kind"), sorted(set(KINDS) - set(CLASS_KINDS)))
def test_a_numeric_outcome_is_drawn_too(mechanism, kind):
    sample = make(mechanism, kind)(NUMBERS, 0.7, 50, seeded())
    assert sample.labels.dtype == np.float64
    assert (sample.labels == NUMBERS.y[sample.indices]).all()


@every_kind
@pytest.mark.parametrize(
    ("strength", "n", "rng", "message"),
    [
        (1.5, 50, seeded(), r"`strength` .* from 0 to 1, .*got 1.5"),
        (np.nan, 50, seeded(), r"`strength` .*got nan"),
        ("much", 50, seeded(), r"`strength` .*got 'much'"),
        (0.5, 401, seeded(), r"`n` .* from 1 to 400, .*got 401"),
        (0.5, 0, seeded(), r"`n` .*got 0"),
        (0.5, 50, 7, r"`rng` must be a random generator, np.random.default_rng\(seed\); got 7"),
    ],
)
def test_wrong_arguments_are_named(mechanism, kind, strength, n, rng, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(mechanism, kind)(TOYS, strength, n, rng)


def test_what_is_no_population_is_named():
    with pytest.raises(TypeError, match=r"`population` must be a Population; got ndarray"):
        SimpleRandom()(np.zeros((5, 2)), 0, 5, seeded())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data skw", "long tail"), r"`mechanism`: .*'data skw'.*Did you mean 'data skew'"),
        (("domain shift", 5), r"`kind`: no way of domain shift named 5. Available: more of the"),
        (("data skew", "longtail"), r"`kind`: .*'longtail'.*Did you mean 'long tail'"),
        (("sampling strategy", "region"), r"`region` must be .*got None. Brush a region"),
    ],
)
def test_unknown_names_are_explained(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make_mechanism(*arguments)
