"""Adapt a small network to digits of another domain, many ways, and write what they reach.

Two pairs. Printed to handwritten: 6,000 printed digits are the source, 2,000 of
MNIST without labels the target. MNIST to MNIST-M: 2,000 of MNIST are the source, 2,000 others on
photographs (MNIST-M) the target. Each seed draws other images and other random parameters; 1,000
more images of the target are kept for the test. Every way takes the same steps, and none stops
early; the accuracy on the way is recorded for the picture only. About 3 CPU minutes per seed.

Strengths, rates and numbers of steps were set on seed 100, another draw of the same digits, by
the accuracy on its target: with labels that nobody has at work. The lesson says so; adversary.py
looks for the strength without them, and has the controls of the adversary.

Run with: python datasets/results/domain_adaptation.py
Some of it: python ... "DANN" "MMD" "MNIST to MNIST-M" 5 6 7
Written with Python 3.11, Keras 3.15.1, TensorFlow 2.21.0 (CPU, one thread), NumPy 2.
"""

import csv
import os
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import keras
import numpy as np

from tlwidgets import load_digits, make_glyphs, make_mnist_m
from tlwidgets.adapt import (
    DomainAdversarial,
    DomainAligned,
    adapt_batchnorm,
    annealed_sgd,
    coral_loss,
    digit_network,
    entropy_loss,
    fit_two_domains,
    mmd_loss,
    pseudo_label,
)

OUT = Path(__file__).with_suffix(".csv")
SEEDS = range(5)
STEPS, RECORD_EVERY = 1000, 100
FIELDS = [
    "pair", "way", "seed", "step", "accuracy", "source_accuracy", "domain_accuracy", "cpu_seconds",
]  # fmt: skip
PAIRS = ("printed to handwritten", "MNIST to MNIST-M")

Data = dict[str, np.ndarray]


def draw(pair: str, seed: int) -> Data:
    """Return images of both domains, labels of the source, and sealed ones for the test."""
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.labels))
    source, target, test = order[:2000], order[2000:4000], order[4000:]
    data = {"y_target": digits.labels[target], "y_test": digits.labels[test]}
    if pair == PAIRS[0]:
        glyphs = make_glyphs(6000, "digits", seed=seed)
        data |= {"x": glyphs.images[..., None], "y": glyphs.labels}
        data |= {"x_target": digits.images[target][..., None]}
        return data | {"x_test": digits.images[test][..., None]}
    data |= {"x": np.repeat(digits.images[source][..., None], 3, -1), "y": digits.labels[source]}
    data |= {"x_target": make_mnist_m(digits.images[target], seed=seed)}
    return data | {"x_test": make_mnist_m(digits.images[test], seed=seed + 1000)}


def network(data: Data, **settings: bool) -> keras.Model:
    """Return a new network; colour images are standardised, each by itself."""
    channels = data["x"].shape[-1]
    return digit_network(channels, standardises_images=channels == 3, **settings)


def recipe(model: DomainAligned) -> DomainAligned:
    """Compile with the paper's optimizer."""
    model.recompile(annealed_sgd(STEPS))
    return model


class Recorder:
    """Keeps a row for every hundred steps."""

    def __init__(self, data: Data, seed: int) -> None:
        self.data, self.seed, self.rows = data, seed, []
        self.start = time.process_time()

    def fit(self, model: DomainAligned, steps: int = STEPS, *, examples: tuple = ()) -> None:
        """Train, and record; a second call goes on."""
        data, before = self.data, len(self.rows)
        done = self.rows[-1]["step"] if self.rows else 0
        examples = examples or (data["x"], data["y"])
        history = fit_two_domains(
            model, examples, data["x_target"], steps=steps, seed=self.seed + done,
            record_every=RECORD_EVERY, on_record=lambda k, m: self.add(done + k, m) if k else None,
        )  # fmt: skip
        for i, row in enumerate(self.rows[before:]):
            row["source_accuracy"] = round(history["accuracy"][i], 4)
            if "domain_accuracy" in history:
                row["domain_accuracy"] = round(history["domain_accuracy"][i], 4)

    def add(self, step: int, model: DomainAligned) -> None:
        """Add a row with the accuracy on the test images of the target."""
        accuracy = np.mean(predict(model.classifier, self.data["x_test"]) == self.data["y_test"])
        seconds = round(time.process_time() - self.start, 1)
        self.rows.append(
            {"step": step, "accuracy": round(float(accuracy), 4), "cpu_seconds": seconds}
        )


def predict(classifier: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return the most probable classes."""
    return np.concatenate(
        [np.asarray(classifier(x[i : i + 500])) for i in range(0, len(x), 500)]
    ).argmax(1)


def source_only(data: Data, record: Recorder) -> None:
    """Train on the source: the honest control. Then AdaBN on the same network."""
    model = recipe(DomainAligned(network(data)))
    record.fit(model)
    adapt_batchnorm(model.classifier, data["x_target"], batch_size=len(data["x_target"]))
    record.add(STEPS, model)
    record.rows[-1]["way"] = "AdaBN"


def aligned(loss: Callable, strength: float, features: str = "features") -> Callable:
    """Return a way that draws features (or logits) together with this loss."""

    def way(data: Data, record: Recorder) -> None:
        model = DomainAligned(network(data), loss, strength=strength, features=features)
        record.fit(recipe(model))

    return way


def dann(data: Data, record: Recorder) -> None:
    """Train against a discriminator, as the paper says."""
    record.fit(recipe(DomainAdversarial(network(data), steps=STEPS)))


def self_training(data: Data, record: Recorder) -> None:
    """Train on the source, then also on what the network is sure of in the target."""
    model = recipe(DomainAligned(network(data)))
    record.fit(model, STEPS // 2)
    logits = np.asarray(model.classifier(data["x_target"]))
    chosen, labels = pseudo_label(keras.ops.convert_to_numpy(keras.ops.softmax(logits)))
    x = np.concatenate([data["x"], data["x_target"][chosen]])
    record.fit(model, STEPS // 2, examples=(x, np.concatenate([data["y"], labels])))


def other_contrasts(data: Data, record: Recorder) -> None:
    """Train on the source with another ink and another paper for each image; no target."""
    rng = np.random.default_rng(record.seed)
    paper, ink = rng.uniform(0, 255, (2, len(data["x"]), 1, 1, data["x"].shape[-1]))
    painted = paper + (ink - paper) * (data["x"] / 255)
    record.fit(recipe(DomainAligned(network(data))), examples=(painted.astype(np.uint8), data["y"]))


def on_target(data: Data, record: Recorder) -> None:
    """Train on 2,000 labelled images of the target: what adaptation dreams of."""
    examples = (data["x_target"], data["y_target"])
    record.fit(recipe(DomainAligned(network(data))), examples=examples)


WAYS = {
    "source only": source_only,
    "DANN": dann,
    "trained on target": on_target,
    "MMD": aligned(mmd_loss, 1.0),
    "Deep CORAL": aligned(coral_loss, 300.0),
    "source only, other contrasts": other_contrasts,
    "entropy": aligned(entropy_loss, 0.1, "head"),
    "self-training": self_training,
}


def run(pair: str, way: str, seed: int) -> list[dict[str, object]]:
    """Train once and return the rows of the history."""
    data = draw(pair, seed)
    keras.utils.set_random_seed(seed)
    record = Recorder(data, seed)
    WAYS[way](data, record)
    keras.backend.clear_session()
    return [{"pair": pair, "way": way, "seed": seed} | row for row in record.rows]


def main(words: list[str]) -> None:
    """Run the ways, pairs and seeds that are named, or all; rows of the other runs are kept."""
    seeds = [int(word) for word in words if word.isdigit()] or SEEDS
    ways, pairs = ([w for w in words if w in known] or known for known in (WAYS, PAIRS))
    rows = list(csv.DictReader(OUT.open())) if OUT.is_file() else []
    for way, seed, pair in product(ways, seeds, pairs):
        new = run(pair, way, seed)
        print(new[-1], flush=True)
        again = {(row["pair"], row["way"], str(row["seed"])) for row in new}
        rows = [row for row in rows if (row["pair"], row["way"], str(row["seed"])) not in again]
        rows += new
        with OUT.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
