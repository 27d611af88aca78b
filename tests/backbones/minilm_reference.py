"""What `datasets/minilm/reference.py` wrote with the original implementation, and its texts."""

from pathlib import Path

import numpy as np

from tlwidgets.data import load_opinions
from tlwidgets.data.opinions import DOMAINS

with np.load(Path(__file__).with_suffix(".npz")) as archive:
    REFERENCE = {name: archive[name] for name in archive.files}
SENTENCES = [text for domain in DOMAINS for text in load_opinions(domain).texts]
TEXTS = [*(SENTENCES[line] for line in REFERENCE["lines"]), *REFERENCE["odd"].tolist()]
