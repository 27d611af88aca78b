"""Train on pretext tasks four times as long as lesson 06 does, and read digits with the features.

Is mending of no use, or was 300 steps too short? And does it take letters: "contrast on digits"
learns from the 4,000 digits that are not in the test, without their labels. Data, network and head
are those of the lesson; each seed has its own letters, labels, test digits and random parameters.
"pixels" take no step: the line to beat, on the same digits.
The columns `steps` and `cpu_seconds` are those of the pretext task. Takes about 6 CPU minutes; made
with Keras 3.15.1, TensorFlow 2.21 and scikit-learn 1.9. One way alone: python ... mending

Run with: python datasets/results/self_taught_longer.py
"""

import csv
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from tlwidgets import load_digits, make_glyphs
from tlwidgets.adapt import ContrastiveLearner, DenoisingAutoencoder, MultiTask

OUT = Path(__file__).with_suffix(".csv")
SEEDS = range(5)
STEPS = 1200
N_LABELS = (20, 50, 100)
N_LETTERS = 8000
FIELDS = ["features", "steps", "labels", "seed", "accuracy", "cpu_seconds"]


def new_network(seed: int) -> keras.Model:
    """Return the lesson's network with random parameters, from an image to 64 features."""
    keras.utils.set_random_seed(seed)
    layers = [
        keras.layers.Conv2D(n, side, strides=2, padding="same", activation="relu")
        for n, side in ((16, 5), (32, 3), (64, 3))
    ]
    top = [keras.layers.Flatten(), keras.layers.Dense(64, activation="relu")]
    scaled = [keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255)]
    return keras.Sequential([*scaled, *layers, *top])


def mend(letters: np.ndarray, seed: int) -> keras.Model:
    """Learn to mend damaged letters."""
    learner = DenoisingAutoencoder(new_network(seed), seed=seed)
    learner.fit(letters, steps=STEPS, seed=seed)
    return learner.network


def turn(letters: np.ndarray, seed: int) -> keras.Model:
    """Learn which way letters were turned."""
    turns = np.random.default_rng([seed, 2]).integers(0, 4, len(letters))
    images = np.stack(list(map(np.rot90, letters, turns)))
    learner = MultiTask(new_network(seed), {"turn": 4}, learning_rate=0.002, seed=seed)
    learner.fit({"turn": (images, turns)}, steps=STEPS, batch_size=64, seed=seed)
    return learner.trunk


def contrast(images: np.ndarray, seed: int) -> keras.Model:
    """Learn to tell pairs of views apart."""
    learner = ContrastiveLearner(new_network(seed), seed=seed)
    learner.fit(images, steps=STEPS, seed=seed)
    return learner.network


def pixels(images: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Learn nothing."""
    return lambda digits: digits.reshape(len(digits), -1) / 255


ON_DIGITS = "contrast on digits"
WAYS = {"mending": mend, "turns": turn, "contrast": contrast, ON_DIGITS: contrast, "pixels": pixels}


def run(way: str, seed: int) -> list[dict[str, object]]:
    """Train once; return the accuracy with each number of labels."""
    digits = load_digits()
    x, y = digits.images[..., None], digits.labels
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    learn = np.array([pool[y[pool] == digit][:50] for digit in range(10)]).T.ravel()
    start = time.process_time()
    images = x[pool] if way == ON_DIGITS else make_glyphs(N_LETTERS, seed=seed).images[..., None]
    network = WAYS[way](images, seed)
    seconds = round(time.process_time() - start, 1)
    known, unseen = (np.asarray(network(x[chosen])) for chosen in (learn[: max(N_LABELS)], test))
    known, unseen = (
        f / np.linalg.norm(f, axis=1, keepdims=True).clip(1e-9) for f in (known, unseen)
    )
    rows = []
    for n in N_LABELS:
        head = LogisticRegression(C=100, max_iter=2000).fit(known[:n], y[learn[:n]])
        accuracy = round(float(head.score(unseen, y[test])), 4)
        rows.append(
            dict(
                zip(
                    FIELDS,
                    (way, STEPS if way != "pixels" else 0, n, seed, accuracy, seconds),
                    strict=True,
                )
            )
        )
    return rows


def main(ways: list[str]) -> None:
    """Run some ways for every seed; rows of the other ways are kept."""
    old = list(csv.DictReader(OUT.open())) if OUT.is_file() else []
    with OUT.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in old if row["features"] not in ways)
        for way, seed in product(ways, SEEDS):
            writer.writerows(run(way, seed))
            file.flush()
            keras.backend.clear_session()


if __name__ == "__main__":
    main(sys.argv[1:] or list(WAYS))
