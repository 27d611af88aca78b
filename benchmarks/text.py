"""What the text encoder costs: loading, and CPU milliseconds a sentence at several lengths.

    python benchmarks/text.py

Each figure is the median of several runs, in CPU seconds of the process. A product of matrices in
NumPy beside them tells how much one CPU second was worth: a busy machine gives less for it.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from tlwidgets import load_opinions, load_text_encoder, load_tokenizer

BATCH_SIZE = 32


def cpu_seconds(work: Callable[[], Any], repeat: int = 7) -> float:
    """Return the median CPU seconds of some work."""
    found = []
    for _ in range(repeat):
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return statistics.median(found)


def main() -> None:
    matrix = np.random.default_rng(0).normal(size=(1000, 1000)).astype(np.float32)
    print(f"matrices: {2 / cpu_seconds(lambda: matrix @ matrix, 20):.0f} GFLOP a CPU second")
    print(f"load: {cpu_seconds(lambda: load_text_encoder(32), 3):.2f} CPU s")
    texts = load_opinions("products").texts[:1000]
    tokenise = cpu_seconds(lambda: type(load_tokenizer())(load_tokenizer().vocabulary)(texts, 256))
    print(f"pieces of 1,000 sentences: {tokenise:.2f} CPU s")
    for length in (16, 32, 64):
        network = load_text_encoder(length)
        network.compile(jit_compile=False)
        ids = np.random.default_rng(0).integers(1000, 30_000, (BATCH_SIZE, length), np.int32)
        network.predict_on_batch(ids)  # compiles
        seconds = cpu_seconds(lambda: network.predict_on_batch(ids))  # noqa: B023 - called at once
        print(f"{length} pieces: {1000 * seconds / BATCH_SIZE:.1f} CPU ms a sentence")


if __name__ == "__main__":
    main()
