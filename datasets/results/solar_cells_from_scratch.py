"""Train networks on solar cells from random parameters, and write what they reach.

The honest alternatives to transfer: the same network without ImageNet, and a small one that
suits few labels better. Flips and quarter turns (a cell looks as good upside down) multiply
the few labels; the numbers of epochs were chosen on seed 100, which is not among the seeds
below. The frozen ImageNet network sees the same cells at the same size. Takes about 50 CPU
minutes; one way alone: python ... "ImageNet network, frozen".

Run with: python datasets/results/solar_cells_from_scratch.py
"""

import csv
import os
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlwidgets import extract_features, fetch_solar_cells, load_backbone
from tlwidgets.data import SolarCells

OUT = Path(__file__).with_suffix(".csv")
SIZE_PX = 96
SEEDS = range(3)
N_LABELS = (50, 100, 500, 1968)
FIELDS = ["way", "n_labels", "seed", "auc", "accuracy", "cpu_seconds"]
EPOCHS = {
    "small network, from scratch": {50: 200, 100: 150, 500: 60, 1968: 40},
    "same network, from scratch": {50: 80, 100: 60, 500: 30, 1968: 15},
}
BATCH_SIZE = 16


def same_network() -> keras.Model:
    """Return EfficientNet-Lite0 with random parameters, up to its pooled features."""
    backbone = load_backbone("efficientnet_lite0", SIZE_PX, checkpoint=None)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9  # a few hundred steps are too few for 0.99
    return backbone


def small_network() -> keras.Model:
    """Return four strided convolutions (98,000 parameters), up to their pooled features."""
    x = inputs = keras.Input((SIZE_PX, SIZE_PX, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    for filters in (16, 32, 64, 128):
        x = keras.layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))


NETWORKS = {
    "small network, from scratch": small_network,
    "same network, from scratch": same_network,
}


def build(network: str, seed: int) -> keras.Model:
    """Return a network with random parameters and a head for two classes."""
    keras.utils.set_random_seed(seed)
    features = NETWORKS[network]()
    logit = keras.layers.Dense(1)(keras.layers.Dropout(0.2)(features.output))
    model = keras.Model(features.inputs[0], logit)
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


def run_from_scratch(network: str, cells: SolarCells, train: np.ndarray, seed: int) -> np.ndarray:
    """Train once and return a score for every cell."""
    y, images = cells.is_defective, np.repeat(cells.images[..., None], 3, axis=-1)
    rate = y[train].mean()
    class_weight = {0: 0.5 / (1 - rate), 1: 0.5 / rate}
    model, rng = build(network, seed), np.random.default_rng(seed)
    for _ in range(EPOCHS[network][len(train)]):
        x = turned(images[train], rng).astype("float32")
        model.fit(x, y[train], batch_size=BATCH_SIZE, class_weight=class_weight, verbose=0)
    return model.predict(images.astype("float32"), batch_size=BATCH_SIZE, verbose=0)[:, 0]


def run_frozen(_network: str, cells: SolarCells, train: np.ndarray, _seed: int) -> np.ndarray:
    """Train a head on frozen ImageNet features, as lesson 02 does; extract them each time."""
    backbone = load_backbone("efficientnet_lite0", SIZE_PX)
    with tempfile.TemporaryDirectory() as empty_cache:
        os.environ["TLWIDGETS_CACHE"] = empty_cache
        features = extract_features(backbone, cells.images, progress=False)
    del os.environ["TLWIDGETS_CACHE"]
    regression = LogisticRegression(C=3 / features.shape[1], class_weight="balanced", max_iter=1000)
    head = make_pipeline(StandardScaler(), regression)
    return head.fit(features[train], cells.is_defective[train]).decision_function(features)


WAYS = {
    "small network, from scratch": run_from_scratch,
    "same network, from scratch": run_from_scratch,
    "ImageNet network, frozen": run_frozen,
}


def run(way: str, n_labels: int, seed: int) -> dict[str, object]:
    """Train once, one way, and return the scores on the cells kept for the test."""
    cells = fetch_solar_cells(SIZE_PX)
    y = cells.is_defective
    train, test = cells.split(seed)
    if n_labels < len(train):
        train, _ = train_test_split(
            train, train_size=n_labels, stratify=y[train], random_state=seed
        )
    start = time.process_time()
    score = WAYS[way](way, cells, train, seed)[test]
    return {
        "way": way,
        "n_labels": n_labels,
        "seed": seed,
        "auc": round(float(roc_auc_score(y[test], score)), 4),
        "accuracy": round(float(np.mean((score > 0) == y[test])), 4),
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def main(ways: list[str]) -> None:
    """Run some ways for every size and seed; rows of the other ways are kept."""
    old = list(csv.DictReader(OUT.open())) if OUT.is_file() else []
    with OUT.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in old if row["way"] not in ways)
        for way, n_labels, seed in product(ways, N_LABELS, SEEDS):
            row = run(way, n_labels, seed)
            writer.writerow(row)
            file.flush()
            print(row, flush=True)
            keras.backend.clear_session()


if __name__ == "__main__":
    main(sys.argv[1:] or list(WAYS))
