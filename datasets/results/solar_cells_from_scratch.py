"""Train EfficientNet-Lite0 on solar cells from random parameters, and write what it reaches.

The honest alternative to transfer: the same network, no ImageNet. Flips and quarter turns
(a cell looks as good upside down) multiply the few labels; the number of epochs was chosen on
seed 100, which is not among the seeds below. Takes about 25 CPU minutes.

Run with: python datasets/results/solar_cells_from_scratch.py
"""

import csv
import time
from pathlib import Path

import keras
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from tlwidgets import fetch_solar_cells, load_backbone

OUT = Path(__file__).with_suffix(".csv")
SIZE_PX = 96
SEEDS = range(5)
EPOCHS = {50: 80, 100: 60, 500: 30, 1968: 20}
BATCH_SIZE = 16


def build(seed: int) -> keras.Model:
    """Return the network with random parameters and a head for two classes."""
    keras.utils.set_random_seed(seed)
    backbone = load_backbone("efficientnet_lite0", SIZE_PX, checkpoint=None)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9  # a few hundred steps are too few for 0.99
    logit = keras.layers.Dense(1)(keras.layers.Dropout(0.2)(backbone.output))
    model = keras.Model(backbone.inputs[0], logit)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=False)
    return model


def turned(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return each image in one of its eight orientations."""
    turns, flips = rng.integers(0, 4, len(images)), rng.integers(0, 2, len(images))
    return np.stack(
        [
            np.rot90(image, k)[:, :: 1 - 2 * f]
            for image, k, f in zip(images, turns, flips, strict=True)
        ]
    )


def run(n_labels: int, seed: int) -> dict[str, float]:
    """Train once and return the scores on the cells kept for the test."""
    cells = fetch_solar_cells(SIZE_PX)
    labels = cells.is_defective
    train, test = cells.split(seed)
    if n_labels < len(train):
        train, _ = train_test_split(
            train, train_size=n_labels, stratify=labels[train], random_state=seed
        )
    images = np.repeat(cells.images[..., None], 3, axis=-1)
    rate = labels[train].mean()
    class_weight = {0: 0.5 / (1 - rate), 1: 0.5 / rate}
    model, rng, start = build(seed), np.random.default_rng(seed), time.process_time()
    for _ in range(EPOCHS[n_labels]):
        x = turned(images[train], rng).astype("float32")
        model.fit(x, labels[train], batch_size=BATCH_SIZE, class_weight=class_weight, verbose=0)
    score = model.predict(images[test].astype("float32"), batch_size=16, verbose=0)[:, 0]
    return {
        "n_labels": n_labels,
        "seed": seed,
        "auc": round(float(roc_auc_score(labels[test], score)), 4),
        "accuracy": round(float(np.mean((score > 0) == labels[test])), 4),
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def main() -> None:
    """Run every size and seed; each finished row is written at once."""
    fields = ["n_labels", "seed", "auc", "accuracy", "cpu_seconds"]
    with OUT.open("w", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        for n_labels in EPOCHS:
            for seed in SEEDS:
                row = run(n_labels, seed)
                writer.writerow(row)
                file.flush()
                print(row, flush=True)
                keras.backend.clear_session()


if __name__ == "__main__":
    main()
