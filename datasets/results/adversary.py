"""Measure what makes an adversary work, and choose its strength without labels of the target.

Source: 6,000 printed digits; target: 2,000 handwritten ones without labels; 1,000 others are the
test, 1,000 more printed ones validate. All take 500 steps, half of the lesson's. Two experiments:

"strength": the lesson's adversary with several strengths; 0 is its control, which has everything
else, also the target's images in its BatchNormalization. `source` is the accuracy on the validating
printed digits (the source risk), `reverse` the reverse validation of Ganin et al.
(2016): the network labels the target, a second network of the same kind learns from these labels
with the source as its target, and reads the validating printed digits. It starts from random
parameters (the paper starts it from the first network). Neither looks at a label of the target.

"switches": one thing changed at a time, each with the adversary (strength 1) and without it
(strength 0): Adam for the paper's optimizer, no batch normalization, or the source alone for the
first 200 steps, when it reads nearly all printed digits.

`accuracy` is that on the target's test images. Adam's rate is 0.001; without batch normalization
SGD begins with 0.03. The 0.1 of the lesson's recipe was set earlier, with labels of the target (see
domain_adaptation.py): the others were not tuned. A seed takes about four CPU minutes; the file says
which seeds were run.

Run with: python datasets/results/adversary.py
Some of it: python ... switches 0 1
Written with Python 3.11, Keras 3.15.1, TensorFlow 2.21.0 (CPU, one thread), NumPy 2.
"""

import csv
import sys
import time
from itertools import product
from pathlib import Path

import domain_adaptation as lesson  # the script beside this one; it sets the threads, too
import keras
import numpy as np

from tlwidgets import make_glyphs
from tlwidgets.adapt import (
    DomainAdversarial,
    DomainAligned,
    annealed_sgd,
    digit_network,
    fit_two_domains,
)

OUT = Path(__file__).with_suffix(".csv")
SEEDS = range(5)
STEPS, CONVERGED = 500, 200
FIELDS = [
    "experiment", "has_batchnorm", "optimizer", "start", "strength", "seed", "accuracy", "source",
    "reverse", "cpu_seconds",
]  # fmt: skip
EXPERIMENTS = ("switches", "strength")
STRENGTHS = (0, 1, 0.3, 3)
LESSON = {"has_batchnorm": True, "optimizer": "SGD", "start": "both at once"}
CHANGES = ({"has_batchnorm": False}, {"optimizer": "Adam"}, {"start": "source first"})

Data = lesson.Data


def draw(seed: int) -> Data:
    """Return what the lesson's script draws, and more printed digits that validate."""
    more = make_glyphs(1000, "digits", seed=1000 + seed)
    data = lesson.draw(lesson.PAIRS[0], seed)
    return data | {"x_valid": more.images[..., None], "y_valid": more.labels}


def optimizer_of(name: str, steps: int, *, has_batchnorm: bool) -> keras.optimizers.Optimizer:
    """Return a new optimizer for some steps."""
    if name == "Adam":
        return keras.optimizers.Adam(0.001)
    return annealed_sgd(steps, learning_rate=0.1 if has_batchnorm else 0.03)


def train(model: DomainAligned, optimizer: str, steps: int, seed: int, *, has_batchnorm: bool,
          data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:  # fmt: skip
    """Train on a source with labels and a target without."""
    model.recompile(optimizer_of(optimizer, steps, has_batchnorm=has_batchnorm))
    x, y, x_target = data
    fit_two_domains(model, (x, y), x_target, steps=steps, seed=seed, record_every=steps)


def switched(data: Data, seed: int, has_batchnorm: bool, optimizer: str, start: str,
             strength: float) -> keras.Model:  # fmt: skip
    """Return a classifier that was trained with the switches set so."""
    classifier, steps = digit_network(has_batchnorm=has_batchnorm), STEPS
    both = data["x"], data["y"], data["x_target"]
    settings = {"has_batchnorm": has_batchnorm, "data": both}
    if start == "source first":
        train(DomainAligned(classifier), optimizer, CONVERGED, seed, **settings)
        steps = STEPS - CONVERGED
    model = DomainAdversarial(classifier, strength=strength, steps=steps)
    train(model, optimizer, steps, seed, **settings)
    return classifier


def reverse_accuracy(classifier: keras.Model, data: Data, seed: int, **settings: float) -> float:
    """Return how well a network that learned from our labels of the target reads the source."""
    guessed = lesson.predict(classifier, data["x_target"])
    if len(np.unique(guessed)) < 2:
        return 0.0  # one class for all: nothing can be learned from that
    other_way = data | {"x": data["x_target"], "y": guessed, "x_target": data["x"]}
    back = switched(other_way, seed, **LESSON, **settings)
    return float(np.mean(lesson.predict(back, data["x_valid"]) == data["y_valid"]))


def run(
    seed: int, experiment: str, switches: dict[str, object], strength: float
) -> dict[str, object]:
    """Train once (twice where the strength is chosen) and return a row."""
    data, reverse, begin = draw(seed), None, time.process_time()
    keras.utils.set_random_seed(seed)
    classifier = switched(data, seed, **switches, strength=strength)
    if experiment == "strength":
        reverse = round(reverse_accuracy(classifier, data, seed, strength=strength), 4)
    accuracy, source = (
        round(float(np.mean(lesson.predict(classifier, data[f"x_{part}"]) == data[f"y_{part}"])), 4)
        for part in ("test", "valid")
    )
    seconds = round(time.process_time() - begin, 1)
    keras.backend.clear_session()
    values = (experiment, *switches.values(), strength, seed, accuracy, source, reverse, seconds)
    return dict(zip(FIELDS, values, strict=True))


def plan() -> list[tuple[str, dict[str, object], float]]:
    """Return the arms of both experiments."""
    arms = [("strength", LESSON, strength) for strength in STRENGTHS]
    return arms + [("switches", LESSON | change, k) for change, k in product(CHANGES, (1, 0))]


def main(words: list[str]) -> None:
    """Run the experiments and seeds that are named, or all; what the file has is not run again."""
    seeds = [int(word) for word in words if word.isdigit()] or SEEDS
    named = [word for word in words if word in EXPERIMENTS] or EXPERIMENTS
    rows = list(csv.DictReader(OUT.open())) if OUT.is_file() else []
    done = {tuple(row[name] for name in FIELDS[:6]) for row in rows}
    for seed, (experiment, switches, strength) in product(seeds, plan()):
        key = tuple(map(str, (experiment, *switches.values(), strength, seed)))
        if experiment not in named or key in done:
            continue
        rows.append(run(seed, experiment, switches, strength))
        print(rows[-1], flush=True)
        with OUT.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
