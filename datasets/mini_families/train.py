"""Make mini_vgg.npz, mini_resnet.npz and mini_inception.npz: each learns to read letters.

Run with: python datasets/mini_families/train.py [NAME ...]
Takes about 10 CPU minutes for all three. Another machine rounds otherwise, so the files'
SHA-256 will differ, what they can do hardly.
"""

import hashlib
import sys
import time
from pathlib import Path

import keras
import numpy as np

from tlwidgets import load_mini, make_glyphs
from tlwidgets.backbones import MINI_FAMILIES

FOLDER = Path(__file__).parent
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
    """Write the files and tell their sizes and SHA-256 for the catalog."""
    for name in sys.argv[1:] or MINI_FAMILIES:
        began = time.process_time()
        network, accuracy = pretrain(name)
        seconds = time.process_time() - began
        out = FOLDER / f"{name}.npz"
        # 16 bits are enough: features change by less than a thousandth.
        np.savez_compressed(
            out, **{v.path: v.numpy().astype(np.float16) for v in network.variables}
        )
        data = out.read_bytes()
        print(f"{name}: {network.count_params():,} parameters, {accuracy:.1%} of new letters read, "
              f"{seconds:.0f} CPU s; {len(data)} bytes, sha256 "
              f"{hashlib.sha256(data).hexdigest()}")  # fmt: skip


if __name__ == "__main__":
    main()
