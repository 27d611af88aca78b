"""Train the small networks of three families on digits, with and without letters, and write it.

The honest alternative to transfer: the same network, the same labels, new parameters, and as
many steps as it gains from. Its learning rate, batch size and epochs are the best of those tried
on seeds 100 to 102, which are not among the seeds below (rates 0.0003 to 0.03, batches of 10, 32
and 50): with 50 labels the networks with BatchNormalization gain 15 to 25 points by them. With
500 labels fewer were tried: 0.003 and 0.01 for these two, 0.001 alone for mini_vgg. Draws digits as
lesson 04 does. Takes about 16 CPU minutes.

Run with: python datasets/results/minis_from_scratch.py
"""

import csv
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tlwidgets import dense_parameters, load_digits, load_mini, solve_head
from tlwidgets.backbones import MINI_FAMILIES
from tlwidgets.freezing import CachedTrainer, Plan

OUT = Path(__file__).with_suffix(".csv")
SEEDS = range(10)
# New BatchNormalization layers know nothing yet, so theirs train.
FROM_SCRATCH = {
    50: Plan(epochs=80, batch_size=10, keep_batchnorm_frozen=False),
    500: Plan(epochs=40, batch_size=32, keep_batchnorm_frozen=False),
}
RATES = {"mini_vgg": 0.001, "mini_resnet": 0.01, "mini_inception": 0.01}
FINE_TUNING = Plan(epochs=8, learning_rate=0.0005)  # as in lesson 04
FIELDS = ["network", "way", "labels", "seed", "accuracy", "cpu_seconds"]


def draw(labels: NDArray[np.integer], seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return 500 digits to learn from (the first 50 are 5 of each), and 1,000 for the test."""
    order = np.random.default_rng(seed).permutation(len(labels))
    test, pool = order[:1000], order[1000:]
    return np.array([pool[labels[pool] == digit][:50] for digit in range(10)]).T.ravel(), test


def with_head(name: str, checkpoint: str | None) -> keras.Model:
    """Return a network with a head for ten digits, compiled."""
    network = load_mini(name, checkpoint)
    model = keras.Sequential([network, keras.layers.Dense(10, name="digits")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def give_head(model: keras.Model, x: NDArray[Any], y: NDArray[Any]) -> None:
    """Give a model the head of a logistic regression on its features."""
    features = np.asarray(model.layers[0](x))
    with threadpool_limits(1):
        model.layers[-1].set_weights(dense_parameters(solve_head(features, y)))


def run(name: str, n_labels: int, seed: int) -> Iterator[tuple[str, float, float]]:
    """Yield each way with its accuracy on the test and its CPU seconds."""
    digits = load_digits()
    x, y = digits.images[::2, ..., None], digits.labels[::2]
    learn, test = draw(y, seed)
    learn = learn[:n_labels]

    def accuracy(model: keras.Model) -> float:
        return float(np.mean(np.asarray(model(x[test])).argmax(axis=1) == y[test]))

    def train(model: keras.Model, plan: Plan) -> float:
        with CachedTrainer(model, x[learn], y[learn]) as trainer:
            trainer.train(0, plan)
            return accuracy(trainer.model)

    keras.utils.set_random_seed(seed)
    began = time.process_time()
    plan = replace(FROM_SCRATCH[n_labels], learning_rate=RATES[name], seed=seed)
    score = train(with_head(name, None), plan)
    yield "from scratch", score, time.process_time() - began

    began = time.process_time()
    model = with_head(name, "letters")
    give_head(model, x[learn], y[learn])
    yield "letters, head only", accuracy(model), time.process_time() - began
    score = train(model, replace(FINE_TUNING, seed=seed))
    yield "letters, fine-tuned", score, time.process_time() - began


def main() -> None:
    """Run all and write one row for each."""
    with OUT.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        for name, n_labels, seed in product(MINI_FAMILIES, FROM_SCRATCH, SEEDS):
            for way, score, seconds in run(name, n_labels, seed):
                writer.writerow([name, way, n_labels, seed, round(score, 4), round(seconds, 1)])
            file.flush()
            keras.backend.clear_session()


if __name__ == "__main__":
    main()
