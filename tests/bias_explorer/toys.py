"""Small populations with a known make-up."""

import numpy as np
import pandas as pd

from tlwidgets.bias_explorer import read_population
from tlwidgets.shift import Population


def make_toy(n=400, k=3, seed=5):
    """Classes around centres of their own; the town is no feature of the class, age is."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    x = rng.normal(size=(n, 5)) + 1.5 * np.eye(k, 5)[y]
    return Population(
        name="toy",
        x=x,
        y=y,
        class_names=tuple("abcdefghij"[:k]),
        covariates={"age": x[:, 0] + rng.normal(size=n), "town": rng.choice(["north", "south"], n)},
        group=np.full(n, "everybody"),
        position=rng.random((n, 2)),
    )


def make_numeric_toy(n=300, seed=5):
    """An outcome that grows with age."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    frame = pd.DataFrame(x, columns=["age", "height", "size"])
    return read_population(frame, 50 + 10 * x[:, 0] + rng.normal(size=n), name="numbers")
