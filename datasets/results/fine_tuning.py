"""Fine-tune with one ingredient more at a time, and write what each of them brings.

On digits the small network that read letters, on solar cells EfficientNet-Lite0 with its stages 6
and 7. Every way begins with a solved head (linear probing). The ways with augmentation begin with
a head that was solved on augmented pictures, too: the control gets everything but the fine-tuning.
Cells are flipped; the frozen stages see only four pictures of each, so they look at them once.
The test judges the last epoch. Epochs and rates are the same for all ways; after trial runs the
cells got fewer epochs, to save time. BatchNormalization stays frozen.

Rates by depth (discriminative learning rates) and gradual unfreezing as Howard and Ruder (2018),
with whom each block trains 2.6 times slower than the one after it. 10 to 30 CPU minutes.

Run with: python datasets/results/fine_tuning.py digits cells
"""

import csv
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # small networks: a second thread slows them

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from tlwidgets import (
    dense_parameters,
    extract_features,
    fetch_solar_cells,
    load_backbone,
    load_digits,
    load_glyph_net,
    solve_head,
)
from tlwidgets.freezing import read_blocks, set_trainable, split_at

OUT = Path(__file__).with_suffix(".csv")
FIELDS = ["data", "way", "labels", "seed", "score", "six_or_nine", "cpu_seconds"]
SEEDS = {"digits": range(5), "cells": range(3)}
SLOWER = 2.6  # a block, than the block after it
EPOCHS = {"digits": {50: 60, 500: 20}, "cells": {200: 8, 500: 8, 1968: 8}}
RATES = {"digits": 3e-4, "cells": 1e-4}
WAYS = {
    "fine-tuned": {},
    "augmented": {"augmented": True},
    "augmented, rates by depth": {"augmented": True, "by_depth": True},
    "augmented, gradual unfreezing": {"augmented": True, "gradual": True},
}


class DepthAdam(keras.optimizers.Adam):
    """Adam with a learning rate of its own for each variable: the rate times a factor."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Make one step."""
        super().update_step(gradient, variable, learning_rate * self.factor_of[id(variable)])


class FineTuner:
    """A model that starts again and again from the same parameters, compiled once."""

    def __init__(self, model: keras.Model, loss: Any, rate: float) -> None:
        self.model, self.start = model, model.get_weights()
        optimizer = DepthAdam(rate)
        self.factors = [keras.Variable(1.0, trainable=False) for _ in read_blocks(model)]
        blocks = read_blocks(model)
        block_of = {name: i for i, block in enumerate(blocks) for name in block.layers}
        optimizer.factor_of = {
            id(v.value): self.factors[block_of[layer.name]]
            for layer in layers_in(model)
            for v in layer.variables
        }
        set_trainable(model, 0)
        model.compile(optimizer, loss)

    def train(
        self,
        head: list[NDArray[Any]],
        batches_of: Callable[[], Iterator[Any]],
        epochs: int,
        *,
        by_depth: bool = False,
        gradual: bool = False,
    ) -> keras.Model:
        """Fine-tune behind this head; what `batches_of` gives is an epoch."""
        self.model.set_weights(self.start)
        self.model.layers[-1].set_weights(head)
        for variable in self.model.optimizer.variables[2:]:  # but iterations and learning rate
            variable.assign(np.zeros(variable.shape))
        self.model.optimizer.iterations.assign(0)
        n = len(self.factors)
        for epoch in range(epochs):
            n_open = 1 + epoch * n // epochs if gradual else n
            for i, factor in enumerate(self.factors):
                factor.assign((i >= n - n_open) / (SLOWER ** (n - 1 - i) if by_depth else 1))
            for x, y in batches_of():
                self.model.train_on_batch(x, y)
        return self.model


def layers_in(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers with parameters, those of an inner model, too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers_in(layer)
        else:
            yield layer


def head_for(features: NDArray[Any], labels: NDArray[Any]) -> list[NDArray[Any]]:
    """Return kernel and bias of a logistic regression on these features."""
    return dense_parameters(solve_head(features, labels, class_weight="balanced"))


def in_batches(x: NDArray[Any], y: NDArray[Any], rng: Any, size: int) -> Iterator[Any]:
    """Yield all examples in batches, in a new order."""
    order = rng.permutation(len(y))
    for i in range(0, len(y), size):
        yield x[order[i : i + size]], y[order[i : i + size]]


def on_digits() -> Iterator[list[Any]]:
    """Yield a row for each way, number of labels and seed."""
    digits = load_digits()
    x, y = digits.images[..., None].astype("float32"), digits.labels
    honest = keras.Sequential(
        [
            keras.layers.RandomRotation(0.04, fill_mode="constant"),
            keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant"),
            keras.layers.RandomZoom(0.1, fill_mode="constant"),
        ]
    )

    def lying(images: NDArray[Any]) -> NDArray[Any]:
        upside_down = np.random.default_rng(len(images)).random(len(images)) < 0.5
        images = bent(images)
        images[upside_down] = images[upside_down, ::-1, ::-1]
        return images

    def bent(images: NDArray[Any]) -> NDArray[Any]:
        return np.array(honest(images, training=True))

    network = load_glyph_net()
    model = keras.Sequential([network, keras.layers.Dense(10, name="digits")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    tuner = FineTuner(model, loss, RATES["digits"])
    for seed in SEEDS["digits"]:
        keras.utils.set_random_seed(seed)
        order = np.random.default_rng(seed).permutation(len(y))
        test, pool = order[:1000], order[1000:]
        learn = np.array([pool[y[pool] == digit][:50] for digit in range(10)]).T.ravel()
        for n, epochs in EPOCHS["digits"].items():
            few = learn[:n]

            def row(way: str, began: float, n: int = n, test: Any = test, seed: int = seed) -> Any:
                right = model.predict_on_batch(x[test]).argmax(axis=1) == y[test]
                tail = right[np.isin(y[test], [6, 9])].mean()
                cpu = round(time.process_time() - began, 1)
                return ["digits", way, n, seed, right.mean().round(4), tail.round(4), cpu]

            heads = {}
            for way, change in {"": None, "augmented": bent, "lying": lying}.items():
                began = time.process_time()
                many = [few] if change is None else [few] * (2000 // n if n < 500 else 6)
                images = np.concatenate([x[f] if change is None else change(x[f]) for f in many])
                model.set_weights(tuner.start)
                features = network.predict(images, batch_size=500, verbose=0)
                heads[way] = head_for(features, np.concatenate([y[f] for f in many]))
                model.layers[-1].set_weights(heads[way])
                yield row(f"head only, {way}".removesuffix(", "), began)
            ways = WAYS | {"augmented with a lie": {"augmented": "lying"}}
            for way, options in ways.items():
                began = time.process_time()
                rng, kind = np.random.default_rng(seed), options.get("augmented", False)
                change = {False: lambda z: z, True: bent, "lying": lying}[kind]
                head = heads[{False: "", True: "augmented", "lying": "lying"}[kind]]
                rest = {key: value for key, value in options.items() if key != "augmented"}

                def epoch(rng: Any = rng, change: Any = change, few: Any = few) -> Iterator[Any]:
                    return in_batches(change(x[few]), y[few], rng, 25)

                tuner.train(head, epoch, epochs, **rest)
                yield row(way, began)


def on_cells() -> Iterator[list[Any]]:
    """Yield a row for each way, number of labels and seed."""
    cells = fetch_solar_cells(96)
    y = cells.is_defective.astype("float32")
    head = keras.layers.Dense(1, name="defective")
    model = keras.Sequential([load_backbone("efficientnet_lite0", 96), head])
    names = [block.name for block in read_blocks(model)]
    trunk, top = split_at(model, names.index("stage6"))
    images = cells.images
    flips = [images, images[:, :, ::-1], images[:, ::-1], images[:, ::-1, ::-1]]
    seen = [extract_features(trunk, np.ascontiguousarray(f), batch_size=32) for f in flips]
    maps = np.stack(seen, axis=1)  # cell, flip, ...
    pooled, _ = split_at(top, len(read_blocks(top)) - 1)
    flat = maps.reshape(-1, *maps.shape[2:])
    features = pooled.predict(flat, batch_size=500, verbose=0).reshape(*maps.shape[:2], -1)
    tuner = FineTuner(top, keras.losses.BinaryCrossentropy(from_logits=True), RATES["cells"])
    for n, epochs in EPOCHS["cells"].items():
        for seed in SEEDS["cells"]:
            learn, test = cells.split(seed)
            learn = learn[:n]

            def row(
                way: str, scores: Any, began: float, test: Any = test, n: int = n, seed: int = seed
            ) -> Any:
                auc = roc_auc_score(y[test], np.ravel(scores))
                cpu = round(time.process_time() - began, 1)
                return ["cells", way, n, seed, round(auc, 4), "", cpu]

            heads = {}
            for is_augmented, way in ((False, "head only"), (True, "head only, augmented")):
                began = time.process_time()
                which = slice(None) if is_augmented else slice(1)
                known = features[learn, which].reshape(-1, features.shape[-1])
                solved = heads[is_augmented] = head_for(known, np.repeat(y[learn], len(known) // n))
                yield row(way, features[test, 0] @ solved[0] + solved[1], began)
            # Rates by depth and gradual unfreezing: on digits alone, where steps cost little.
            ways = {"fine-tuned": {}, "augmented": WAYS["augmented"]}
            for way, options in ways.items():
                began = time.process_time()
                rng, is_augmented = np.random.default_rng(seed), "augmented" in options
                rest = {key: value for key, value in options.items() if key != "augmented"}

                def epoch(rng: Any = rng, learn: Any = learn, flip: bool = is_augmented) -> Any:
                    which = rng.integers(0, 4, len(learn)) * flip
                    return in_batches(maps[learn, which], y[learn], rng, 32)

                tuner.train(heads[is_augmented], epoch, epochs, **rest)
                yield row(way, top.predict_on_batch(maps[test, 0]), began)


def main() -> None:
    """Run what was named and write one row for each run; keep the rows of the other data."""
    chosen = sys.argv[1:] or ["digits", "cells"]
    kept = []
    if OUT.exists():
        with OUT.open(newline="") as file:
            kept = [row for row in csv.reader(file) if row[0] not in (*chosen, "data")]
    with OUT.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([FIELDS, *kept])
        for name in chosen:
            for row in {"digits": on_digits, "cells": on_cells}[name]():
                writer.writerow(row)
                file.flush()


if __name__ == "__main__":
    main()
