"""Read digits with 500 and 2,000 labels, from scratch and from letters, with and without bends.

Six ways: from scratch, a head on the frozen network that learned letters, and that network
fine-tuned; each on the digits as they are, and on bent copies of them (data augmentation). The
bends are those of the letters: rotation, slant, zoom and shift. Lesson 01 measures four of the
ways itself with up to 100 labels; more labels need more steps than a lesson has time for.

With 500 labels the steps were chosen on the validation digits of seeds 100 and 101: with bends 800
are too few. With 2,000 labels 900 steps without bends are too few from scratch, so it has 1,800,
and 3,200 with bends. About 8 CPU minutes; one number of labels alone: python ... 500.

Run with: python datasets/results/letters_to_digits.py
"""

import csv
import os
import sys
import time
from itertools import product
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # small networks: a second thread slows them

import keras
import numpy as np

from tlwidgets import dense_parameters, load_digits, load_glyph_net, solve_head
from tlwidgets.adapt import RandomViews
from tlwidgets.freezing import CachedTrainer, Plan

OUT = Path(__file__).with_suffix(".csv")
SEEDS = range(3)
N_LABELS = (500, 2000)
STEPS = {500: 300, 2000: 1800}
BENT_STEPS = {500: 1600, 2000: 3200}
N_BENT = {500: 8000, 2000: 16_000}  # copies in all
TUNE_RATE = 0.0005  # and half of the steps
BENDS = RandomViews(max_rotation=15, max_slant=0.25, max_zoom=0.15, max_shift_px=1)
FIELDS = ["way", "digits", "labels", "seed", "accuracy", "validation", "cpu_seconds"]

DIGITS = load_digits()
X, Y = DIGITS.images[..., None], DIGITS.labels

Examples = tuple[np.ndarray, np.ndarray]


def draw(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return 2,000 digits to learn from, all ten in turn, 2,000 to choose with, 1,000 to test."""
    order = np.random.default_rng(seed).permutation(len(Y))
    test, pool = order[:1000], order[1000:]
    learn = np.array([pool[Y[pool] == digit][:200] for digit in range(10)]).T.ravel()
    return learn, np.setdiff1d(pool, learn), test


def with_head(network: keras.Model, kernel_and_bias: list[np.ndarray] | None = None) -> keras.Model:
    """Put a head for ten digits on a network; compile."""
    head = keras.layers.Dense(10)
    model = keras.Sequential([network, head])
    if kernel_and_bias is not None:
        head.set_weights(kernel_and_bias)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def bent(chosen: np.ndarray, seed: int) -> Examples:
    """Return bent copies of some digits, each bent in its own way."""
    many = np.resize(chosen, N_BENT[len(chosen)])  # again and again
    return np.asarray(BENDS(X[many], keras.random.SeedGenerator(seed))), Y[many]


def train(
    trainer: CachedTrainer,
    model: keras.Model,
    examples: Examples,
    seed: int,
    steps: int,
    rate: float,
) -> keras.Model:
    """Train all layers of the trainer's copy of a model; return the copy."""
    trainer.restart(model, *examples)
    epochs = round(steps / np.ceil(len(examples[0]) / 32))
    trainer.train(0, Plan(epochs=epochs, seed=seed, learning_rate=rate))
    return trainer.model


def run(trainer: CachedTrainer, n_labels: int, seed: int) -> list[dict[str, object]]:
    """Go all six ways with some labels and one seed."""
    learn, *others = draw(seed)
    chosen, pretrained, rows = learn[:n_labels], load_glyph_net(), []
    keras.utils.set_random_seed(seed)
    fresh = with_head(load_glyph_net(checkpoint=None))

    def note(way: str, bends: bool, model: keras.Model, seconds: float) -> None:
        said = model.predict(X, batch_size=500, verbose=0).argmax(axis=1)
        validation, test = (float(np.mean(said[part] == Y[part])) for part in others)
        row = [
            way,
            "bent" if bends else "as they are",
            n_labels,
            seed,
            round(test, 4),
            round(validation, 4),
        ]
        rows.append(dict(zip(FIELDS, [*row, round(seconds, 1)], strict=True)))
        print(rows[-1], flush=True)

    for bends, steps in [(False, STEPS[n_labels]), (True, BENT_STEPS[n_labels])]:
        start = time.process_time()
        examples = bent(chosen, seed) if bends else (X[chosen], Y[chosen])
        model = train(trainer, fresh, examples, seed, steps, 0.001)
        note("from scratch", bends, model, time.process_time() - start)
        start = time.process_time()
        features = pretrained.predict(examples[0], batch_size=500, verbose=0)
        solved = with_head(pretrained, dense_parameters(solve_head(features, examples[1])))
        note("head on letters", bends, solved, time.process_time() - start)
        model = train(trainer, solved, examples, seed, steps // 2, TUNE_RATE)
        note("fine-tuned", bends, model, time.process_time() - start)
    return rows


def main(n_labels: list[int]) -> None:
    """Run some numbers of labels for every seed; rows of the others are kept."""
    old = list(csv.DictReader(OUT.open())) if OUT.is_file() else []
    trainer = CachedTrainer(with_head(load_glyph_net(checkpoint=None)), X[:32], Y[:32])
    with OUT.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in old if int(row["labels"]) not in n_labels)
        for seed, n in product(SEEDS, n_labels):
            writer.writerows(run(trainer, n, seed))
            file.flush()


if __name__ == "__main__":
    main([int(n) for n in sys.argv[1:]] or list(N_LABELS))
