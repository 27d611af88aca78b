"""Data skew: which classes become rare, and that none gets lost."""

import numpy as np
import pytest

from tlwidgets.shift import ClassSkew, LongTail, Population

from .toy_population import seeded


def balanced(k=4, n_each=500):
    y = np.repeat(np.arange(k), n_each)
    return Population(
        name="toys",
        x=np.arange(len(y))[:, None] * 1.0,
        y=y,
        class_names=tuple("abcdefghijklmnopqrst"[:k]),
        covariates={},
        group=np.full(len(y), "all"),
        position=np.zeros((len(y), 2)),
    )


TOYS = balanced()


def counts(skew, strength, n=200, toys=TOYS, seeds=range(20)):
    samples = [skew(toys, strength, n, seeded(seed)) for seed in seeds]
    k = len(toys.class_names)
    return np.mean([np.bincount(s.labels, minlength=k) for s in samples], 0)


def test_the_first_half_of_the_classes_is_favoured_where_nothing_is_said():
    assert np.abs(counts(ClassSkew(), 0) - 50).max() < 5
    common, rare = counts(ClassSkew(), 0.8)[:2], counts(ClassSkew(), 0.8)[2:]
    assert common.min() > 70
    assert rare.max() < 30
    assert (ClassSkew()(balanced(3), 1, 50, seeded()).labels < 2).mean() > 0.9


def test_named_classes_are_favoured():
    by_name, by_number = counts(ClassSkew(("b", "d")), 0.8), counts(ClassSkew((1, 3)), 0.8)
    assert (by_name == by_number).all()
    assert by_name[[1, 3]].min() > by_name[[0, 2]].max()


def test_odds_are_those_of_the_formula():
    for skew, shares in (
        (ClassSkew(), [1, 1, 0.505, 0.505]),
        (LongTail(), [1, 100 ** (-1 / 6), 100 ** (-2 / 6), 100**-0.5]),
    ):
        probability = skew(TOYS, 0.5, 50, seeded()).probability
        by_class = [probability[TOYS.y == c].sum() for c in range(4)]
        np.testing.assert_allclose(by_class, np.array(shares) / np.sum(shares))


def test_a_long_tail_falls_from_class_to_class():
    tail = counts(LongTail(), 1, n=400)
    assert (np.diff(tail) < 0).all()
    assert tail[0] > 20 * tail[-1]
    assert np.abs(counts(LongTail(), 0, n=400) - 100).max() < 10


@pytest.mark.parametrize("skew", [ClassSkew(), LongTail()])
def test_each_class_keeps_two_at_full_strength(skew):
    toys = balanced(10, 200)
    for seed in range(20):
        n_drawn = np.bincount(skew(toys, 1, 40, seeded(seed)).labels, minlength=10)
        assert n_drawn.min() >= 2
    # The twin: such a small fair sample often has a class with fewer.
    fair = [np.bincount(skew(toys, 0, 40, seeded(s)).labels, minlength=10) for s in range(20)]
    assert min(n.min() for n in fair) < 2


@pytest.mark.parametrize("skew", [ClassSkew(), LongTail()])
def test_the_only_example_of_a_class_is_kept(skew):
    toys = balanced(3, 50)
    y = toys.y.copy()
    y[y == 2] = 1
    y[7] = 2
    rare = Population(**{**_fields(toys), "y": y})
    for seed in range(10):
        assert 7 in skew(rare, 1, 20, seeded(seed)).indices


def test_a_favoured_class_that_is_used_up_is_filled_up_from_the_others():
    toys = balanced(2, 100)
    n_drawn = np.bincount(ClassSkew(("a",))(toys, 1, 150, seeded()).labels)
    assert n_drawn[0] >= 95


@pytest.mark.parametrize(
    ("skew", "n", "message"),
    [
        (ClassSkew(), 7, r"`n` must be at least 8, 2 for each of the 4 classes; got 7"),
        (ClassSkew(("e",)), 50, r"`favoured`: no class named 'e'. Available: a, b, c, d"),
        (ClassSkew((4,)), 50, r"`favoured` .* from 0 to 3, .*got 4"),
        (ClassSkew(tuple("abcd")), 50, r"`favoured` must leave at least one .*'a', 'b', 'c', 'd'"),
    ],
)
def test_what_cannot_be_skewed_is_explained(skew, n, message):
    with pytest.raises(ValueError, match=message):
        skew(TOYS, 0.5, n, seeded())


def test_a_class_without_examples_or_a_single_class_is_named():
    toys = balanced(2, 50)
    lost = Population(**{**_fields(toys), "class_names": ("a", "b", "c")})
    with pytest.raises(ValueError, match=r"`population` must hold each class .*no .* of \['c'\]"):
        ClassSkew()(lost, 0.5, 20, seeded())
    alone = Population(**{**_fields(toys), "y": toys.y * 0, "class_names": ("a",)})
    with pytest.raises(ValueError, match=r"`population` must have at least two classes .*only 'a'"):
        LongTail()(alone, 0.5, 20, seeded())


def _fields(toys):
    return {name: getattr(toys, name) for name in Population.__dataclass_fields__}
