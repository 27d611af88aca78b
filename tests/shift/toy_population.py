"""Populations to draw from, small enough to see through."""

import numpy as np

from tlwidgets.shift import Population, make_mechanism

# mechanism, kind: all of them, with a category too
KINDS = [
    ("domain shift", "more of the high"),
    ("domain shift", "more of the low"),
    ("domain shift", "more of poly"),
    ("data skew", "half the classes"),
    ("data skew", "long tail"),
    ("dataset quality", "symmetric noise"),
    ("dataset quality", "pair flip"),
    ("dataset quality", "feature-dependent noise"),
    ("dataset quality", "duplicates"),
    ("dataset quality", "corrupted features"),
    ("sampling strategy", "simple random"),
    ("sampling strategy", "stratified"),
    ("sampling strategy", "cluster"),
    ("sampling strategy", "convenience"),
    ("sampling strategy", "snowball"),
    ("sampling strategy", "region"),
    ("sampling strategy", "diverse"),
]
CLASS_KINDS = KINDS[3:8]


def make(mechanism, kind):
    covariate = "type" if kind.endswith("poly") else "age"
    return make_mechanism(mechanism, kind, covariate=covariate, region=(0.2, 0.2, 0.9, 0.9))


def population(n=400, k=4, *, has_classes=True, seed=0):
    """`age` is the first feature, which the class and the place on the map go with."""
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    x = np.c_[age, rng.normal(size=(n, 3))]
    place = (age - age.min()) / np.ptp(age)
    y = np.argsort(np.argsort(age)) * k // n  # bands of age, equally many in each
    return Population(
        name="toys",
        x=x,
        y=y if has_classes else 10 * age,
        class_names=tuple("abcdefghijklmnopqrst"[:k]) if has_classes else (),
        covariates={"age": age, "type": np.where(x[:, 1] > 0, "mono", "poly")},
        group=np.full(n, "all"),
        position=np.c_[place, rng.random(n)],
    )


def seeded(seed=0):
    return np.random.default_rng(seed)
