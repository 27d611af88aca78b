"""Retraining from a cut: ours, against what Keras' guide says, and against a bare loop.

    python benchmarks/freezing.py --repeat 5
    python benchmarks/freezing.py --sweep --images 500 --epochs 2

Each case is measured in interleaved pairs; the table shows medians. CPU seconds are those of
the whole process. The bare loop is the least that training the same blocks can cost: one
compiled function over activations that are there already.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Read when TensorFlow starts, which importing tlwidgets.freezing makes it do.
os.environ.update(TF_NUM_INTRAOP_THREADS="2", TF_NUM_INTEROP_THREADS="2")

import keras
import numpy as np
import tensorflow as tf

from tlwidgets import fetch_solar_cells, load_backbone
from tlwidgets.freezing import CachedTrainer, Plan, read_blocks, set_trainable, split_at

RESULTS = Path(__file__).parent / "results" / "freezing.json"
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BATCH_SIZE = 32
LEARNING_RATE = 1e-4
SIZE_PX = 96
Seconds = dict[str, float]


def build_model() -> keras.Model:
    keras.utils.set_random_seed(0)
    base = load_backbone("efficientnet_lite0", SIZE_PX)
    model = keras.Model(base.input, keras.layers.Dense(2, name="defect")(base.output))
    # XLA is off for both: on a processor Keras resolves "auto" to that, too.
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    model.compile(optimizer, LOSS, metrics=["accuracy"], jit_compile=False)
    return model


def load_images(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    cells = fetch_solar_cells(SIZE_PX)
    chosen = np.random.default_rng(0).permutation(len(cells.images))
    x = np.repeat(cells.images[chosen][..., None], 3, axis=-1)
    y = cells.is_defective[chosen]
    return x[:n], y[:n], x[n : n + 500], y[n : n + 500]


def timed(work: Callable[[], Any]) -> tuple[Any, Seconds]:
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


class Contest:
    """The three contestants on the same data, each from the same parameters."""

    def __init__(self, n_images: int, epochs: int) -> None:
        self.x, self.y, self.x_test, self.y_test = load_images(n_images)
        self.epochs = epochs
        self.model = build_model()
        self.start = self.model.get_weights()
        self.n_blocks = len(read_blocks(self.model))
        self.trainer = CachedTrainer(self.model, self.x, self.y)

    def ours(self, cut: int) -> Seconds:
        """Run the trainer that knows all earlier runs."""
        return timed(lambda: self.trainer.train(cut, Plan(epochs=self.epochs)))[1]

    def ours_first(self, cut: int) -> Seconds:
        """Run a new trainer: copying, folding, extraction and compiling included."""

        def work() -> None:
            with CachedTrainer(self.model, self.x, self.y) as trainer:
                trainer.train(cut, Plan(epochs=self.epochs))

        return timed(work)[1]

    def naive(self, cut: int) -> Seconds:
        """Do what Keras' guide says: set flags, compile, fit."""

        def work() -> None:
            set_trainable(self.model, cut)
            self.model.fit(self.x, self.y, batch_size=BATCH_SIZE, epochs=self.epochs, verbose=0)

        self.model.set_weights(self.start)
        return timed(work)[1]

    def bare_loop(self, cut: int) -> Callable[[], Seconds]:
        """Return the measurement; activations and the compiled function are ready."""
        model = build_model()
        model.set_weights(self.start)
        set_trainable(model, cut)
        trunk, top = split_at(model, cut)
        n = len(self.x) if cut else 0  # at cut 0 there is nothing to keep
        parts = [trunk(self.x[i : i + 32].astype("float32")) for i in range(0, n, 32)]
        kept = [tf.concat(p, 0) for p in zip(*map(keras.tree.flatten, parts), strict=True)]
        run = bare_function(top, kept or [tf.constant(self.x)], tf.constant(self.y))
        start = top.get_weights()
        run(batches_of(np.arange(2 * BATCH_SIZE))[0])  # memory and kernels are prepared

        def measure() -> Seconds:
            top.set_weights(start)
            rng = np.random.default_rng(0)

            def epochs() -> None:
                for _ in range(self.epochs):
                    for group in batches_of(rng.permutation(len(self.x))):
                        run(group)

            return timed(epochs)[1]

        return measure

    def accuracies(self, cut: int) -> dict[str, float]:
        """Return what both have learnt, on images that neither has seen."""
        self.naive(cut)
        naive = self.model.predict(self.x_test, verbose=0).argmax(1)
        self.trainer.train(cut, Plan(epochs=self.epochs))
        self.trainer.write_to_model(self.model)
        ours = self.model.predict(self.x_test, verbose=0).argmax(1)
        self.model.set_weights(self.start)
        return {
            "naive": float((naive == self.y_test).mean()),
            "ours": float((ours == self.y_test).mean()),
        }


def bare_function(top: keras.Model, kept: list[tf.Tensor], y: tf.Tensor) -> Callable[..., Any]:
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build(top.trainable_variables)

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)], jit_compile=False)
    def run(batches: tf.Tensor) -> tf.Tensor:
        loss = 0.0
        for step in tf.range(tf.shape(batches)[0]):
            x = [tf.cast(tf.gather(array, batches[step]), tf.float32) for array in kept]
            with tf.GradientTape() as tape:
                logits = top(x[0] if len(x) == 1 else x, training=True)
                loss = LOSS(tf.gather(y, batches[step]), logits)
            optimizer.apply(tape.gradient(loss, [v.value for v in top.trainable_variables]))
        return loss

    return run


def batches_of(order: np.ndarray) -> list[tf.Tensor]:
    n = len(order) // BATCH_SIZE * BATCH_SIZE
    groups = order[:n].reshape(-1, BATCH_SIZE), order[n:].reshape(1, -1)
    return [tf.constant(group.astype("int32")) for group in groups if group.size]


def compare(contest: Contest, repeat: int) -> list[dict[str, Any]]:
    """Measure the cuts of the issue; naive and ours take turns."""
    head = contest.n_blocks - 1
    cuts = {"head only": head, "stage 7 and on": head - 2, "stage 6 and on": head - 3}
    found = []
    for name, cut in cuts.items():
        contest.ours(cut)  # from now on it is a revisit
        bare = contest.bare_loop(cut)
        rounds = [
            {"naive": contest.naive(cut), "ours": contest.ours(cut), "bare": bare()}
            for _ in range(repeat)
        ]
        found.append(summary(name, cut, rounds))
        if cut == head:
            first = [
                {"naive": r["naive"], "ours": contest.ours_first(cut), "bare": r["bare"]}
                for r in rounds
            ]
            found.append(summary("head only, first time", cut, first))
        found[-1]["accuracy"] = contest.accuracies(cut)
        print_rows(found[-2:] if cut == head else found[-1:])
    return found


def sweep(contest: Contest, repeat: int) -> list[dict[str, Any]]:
    """Measure every cut; ours first and alone, so that the peak of memory is ours."""
    cuts = range(contest.n_blocks - 1, -1, -1)
    first, seconds = timed(lambda: {cut: contest.ours(cut) for cut in cuts})
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found: list[dict[str, Any]] = [
        {"case": "sweep, first time", **seconds, "peak_rss_mb": peak_mb, "by_cut": first}
    ]
    print(f"sweep: {seconds['cpu']:.1f} CPU s, {seconds['wall']:.1f} s, peak {peak_mb:.0f} MB")
    for cut in cuts:
        bare = contest.bare_loop(cut)
        rounds = [
            {"naive": contest.naive(cut), "ours": contest.ours(cut), "bare": bare()}
            for _ in range(repeat)
        ]
        found.append(summary(read_blocks(contest.model)[cut].name, cut, rounds))
        print_rows(found[-1:])
    return found


def summary(name: str, cut: int, rounds: list[dict[str, Seconds]]) -> dict[str, Any]:
    medians = {
        who: {unit: statistics.median(r[who][unit] for r in rounds) for unit in ("cpu", "wall")}
        for who in ("naive", "ours", "bare")
    }
    ours = medians["ours"]["cpu"]
    return {
        "case": name,
        "cut": cut,
        **medians,
        "times_faster_cpu": medians["naive"]["cpu"] / ours,
        "times_faster_wall": medians["naive"]["wall"] / medians["ours"]["wall"],
        "times_bare_cpu": ours / medians["bare"]["cpu"],
        "times_bare_wall": medians["ours"]["wall"] / medians["bare"]["wall"],
        "rounds": rounds,
    }


def print_rows(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        naive, ours, bare = (row[who] for who in ("naive", "ours", "bare"))
        print(
            f"{row['case']:24} CPU s: naive {naive['cpu']:7.2f}  ours {ours['cpu']:7.3f}  "
            f"bare {bare['cpu']:7.3f}  | {row['times_faster_cpu']:6.1f}x less than naive, "
            f"{row['times_bare_cpu']:4.2f}x bare | wall {row['times_faster_wall']:6.1f}x, "
            f"{row['times_bare_wall']:4.2f}x | {row.get('accuracy', '')}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--sweep", action="store_true", help="every cut instead of three")
    options = parser.parse_args()
    load = os.getloadavg()
    contest = Contest(options.images, options.epochs)
    measure = sweep if options.sweep else compare
    rows = measure(contest, options.repeat)
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    known["sweep" if options.sweep else "cuts"] = {
        "settings": vars(options),
        "load_before": load,
        "load_after": os.getloadavg(),
        "rows": rows,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
