"""What a run costs in memory: the peak of a process, and what was announced beside what came.

    python -m benchmarks.costs memory       # MiniLM at every cut, a sweep over Lite0; minutes
    python -m benchmarks.costs announced    # every line of docs/what_works.md

Memory is measured in a process of its own for each case. Bytes announced are compared with those
kept; seconds announced with those that came, of which only the ratio over many kinds means anything
on a machine that others use, too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

N_SENTENCES, LENGTH, N_IMAGES, SIZE_PX = 500, 32, 2000, 96
MINILM_CUTS = range(1, 8)  # the embeddings are frozen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["memory", "announced", "minilm", "lite0"])
    parser.add_argument("--cut", type=int)
    options = parser.parse_args()
    if options.what == "memory":
        for cut in MINILM_CUTS:
            print(f"MiniLM, cut {cut}: {_peak_of('minilm', '--cut', str(cut))}", flush=True)
        print(f"Lite0, sweep, {N_IMAGES:,} images: {_peak_of('lite0')}", flush=True)
    elif options.what == "announced":
        _announced()
    else:
        run = _train_minilm if options.what == "minilm" else _sweep_lite0
        print(json.dumps({"epochs": run(options.cut), "peak_gb": _peak_gb()}))


def _peak_of(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.costs", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return f"{json.loads(done.stdout)['peak_gb']:.2f} GB at most"


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _train_minilm(cut: int) -> int:
    """Train MiniLM from one of its blocks on, as lesson 12 does."""
    import keras
    import numpy as np

    from tlwidgets import FreezeSlider, load_text_encoder
    from tlwidgets.freezing import Plan

    inputs = keras.Input((LENGTH,), dtype="int32")
    head = keras.layers.Dense(2, "softmax", name="head")
    model = keras.Model(inputs, head(load_text_encoder(LENGTH)(inputs)))
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x, y = rng.integers(1000, 30_000, (N_SENTENCES, LENGTH)), rng.integers(0, 2, N_SENTENCES)
    slider = FreezeSlider(model, train=(x, y), validation=(x, y), plan=Plan(epochs=2))
    slider.cut = cut
    return slider.train().n_epochs


def _sweep_lite0(_: Any) -> int:
    import keras
    import numpy as np

    from tlwidgets import FreezeSlider, load_backbone
    from tlwidgets.freezing import Plan

    base = load_backbone("efficientnet_lite0", SIZE_PX)
    model = keras.Sequential([base, keras.layers.Dense(2, "softmax", name="head")])
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (N_IMAGES, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    slider = FreezeSlider(model, train=(x, rng.integers(0, 2, N_IMAGES)), plan=Plan(epochs=1))
    return len(slider.sweep())


def _announced() -> None:
    """Compare, over all kinds: the head first, which measures the machine, then a middle depth."""
    from tests.freezing.kinds import KINDS
    from tlwidgets.freezing import CachedTrainer, Plan

    bytes_ratios, seconds_ratios = [], []
    for name, kind in KINDS.items():
        trainer = CachedTrainer(kind.made(), kind.train)
        plan, n_blocks = Plan(epochs=20, shuffle=False, **kind.plan), len(trainer.blocks)
        cuts = [n_blocks // 2] if kind.cuts is None else kind.cuts
        for cut in cuts:
            trainer.train(cut, Plan(epochs=1, shuffle=False, **kind.plan))
            trainer.close()
            told = trainer.estimate(cut, plan)
            run = trainer.train(cut, plan)
            if told.n_bytes:
                bytes_ratios.append(trainer.n_bytes_kept / told.n_bytes)
            if told.seconds:
                seconds_ratios.append((run.seconds + run.preparation_seconds) / told.seconds)
            print(
                f"{name}, cut {cut}: {told.n_bytes:,} B, kept {trainer.n_bytes_kept:,} B; "
                f"{told.seconds or 0:.3f} s, took {run.seconds + run.preparation_seconds:.3f} s"
            )
        trainer.close()
    for what, ratios in {"bytes": bytes_ratios, "seconds": seconds_ratios}.items():
        typical = statistics.median(max(ratio, 1 / ratio) for ratio in ratios)
        print(f"{what}: off by a factor of {typical:.2f} (median of {len(ratios)})")


if __name__ == "__main__":
    main()
