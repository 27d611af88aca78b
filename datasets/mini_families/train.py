"""Make mini_families.npz: small networks of three families, each learns to read letters.

Run with: python datasets/mini_families/train.py
Takes about 4 CPU minutes. Another machine rounds otherwise, so the file's SHA-256 will differ,
what the networks can do hardly.
"""

import hashlib
import time
from pathlib import Path

import keras
import numpy as np

from tlwidgets import load_mini, make_glyphs
from tlwidgets.backbones import MINI_FAMILIES

OUT = Path(__file__).with_name("mini_families.npz")
SEED = 0
N_GLYPHS = 24_000
N_TEST = 2_000
EPOCHS = 6  # of 375 steps
BATCH_SIZE = 64
LEARNING_RATE = 2e-3  # at the start; it falls to nothing on half a cosine


def pretrain(name: str, seed: int = SEED) -> tuple[keras.Model, float]:
    """Return a network after learning the 52 letters, and its accuracy on new ones."""
    keras.utils.set_random_seed(seed)
    # Seeds of the training and test letters must never be the same.
    train, test = make_glyphs(N_GLYPHS, seed=2 * seed), make_glyphs(N_TEST, seed=2 * seed + 1)
    network = load_mini(name, checkpoint=None)
    model = keras.Sequential([network, keras.layers.Dense(52, name="letters")])
    n_steps = EPOCHS * N_GLYPHS // BATCH_SIZE
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, n_steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    model.fit(
        train.images[..., None], train.labels, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0
    )
    _, accuracy = model.evaluate(test.images[..., None], test.labels, verbose=0)
    return network, accuracy


def main() -> None:
    """Write the file and tell its size and SHA-256 for the catalog."""
    arrays = {}
    for name in MINI_FAMILIES:
        began = time.process_time()
        network, accuracy = pretrain(name)
        # 16 bits are enough: features change by less than a thousandth.
        arrays |= {f"{name}/{v.path}": v.numpy().astype(np.float16) for v in network.variables}
        print(f"{name}: {network.count_params():,} parameters, {accuracy:.1%} of new letters read, "
              f"{time.process_time() - began:.0f} CPU s")  # fmt: skip
    np.savez_compressed(OUT, **arrays)
    data = OUT.read_bytes()
    print(f"{OUT.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
