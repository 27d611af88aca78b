"""Runs that a worker process can import: tests/test_sweeping.py sends them."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import numpy as np


def add(a, seed):
    return {"sum": a + seed / 3, "word": "007" if a else "a, b", "is_even": a % 2 == 0}


def first_numbers(seed):
    """A start that is drawn from the global generators, as Keras draws its parameters."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    return [random.random(), np.random.random()]  # noqa: NPY002


def from_start(numbers, cells):
    """A generator: what stands before the first yield is done once for a task."""
    prepared = {"task": cells[0]["seed"]}
    for cell in cells:
        yield {"drawn": sum(numbers) * cell["a"], **prepared}


def slow_draws(a, seed):
    """Seeds the global generator as `keras.utils.set_random_seed` does, then takes its time."""
    random.seed(seed)
    drawn = 0.0
    for _ in range(20):
        time.sleep(0.001)
        drawn += random.random()
    return drawn * a


def kill_once(a, seed, folder):
    """Kills its process, without a word, the first time that seed 1 is run."""
    mark = Path(folder) / "killed"
    if seed == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return a + seed


def always_kill(a, seed):
    if seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return a + seed


def thread_count(seed):
    return threading.active_count()


def small_training(model, cells):
    """All cuts and numbers of labels of one start: the network is compiled once."""
    from tlwidgets.freezing import CachedTrainer, Plan

    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 8)).astype("float32")
    y = (x.sum(axis=1) > 0).astype("int64")
    for cell in cells:
        trainer = CachedTrainer(model, x[: cell["n_labels"]], y[: cell["n_labels"]])
        run = trainer.train(cell["cut"], Plan(epochs=2, learning_rate=0.01))
        yield {"loss": float(run.history["loss"][-1])}


def small_model(seed):
    import keras

    keras.utils.set_random_seed(seed)
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(8, "relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(hidden))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def slow_add(a, seed):
    """Takes its time, so that somebody can end the process in the middle."""
    time.sleep(0.2)
    return a + seed
