"""Make opinions.tsv.xz from the source distribution of the package vaderSentiment.

Run with:
    pip download --no-deps --no-binary :all: vaderSentiment==3.3.2
    python datasets/opinions/build.py vaderSentiment-3.3.2.tar.gz
"""

import hashlib
import html
import io
import lzma
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

OUT = Path(__file__).with_name("opinions.tsv.xz")
SOURCE_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
PACKAGE = "vaderSentiment-3.3.2/vaderSentiment"  # the word list and its rules
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
DOMAINS = {
    "tweets": "tweets",
    "movies": "movieReviewSnippets",
    "products": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
}
N = 23_618


def main(source: Path) -> None:
    """Write the file and tell its size and SHA-256 for the catalog."""
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != SOURCE_SHA256:
        raise SystemExit(f"{source.name} is not the source distribution of vaderSentiment 3.3.2")
    with tarfile.open(fileobj=io.BytesIO(data)) as outer:
        inner = outer.extractfile(INNER).read()
        score = word_list(outer)
    with tarfile.open(fileobj=io.BytesIO(inner)) as folder:
        lines = [line for domain in DOMAINS for line in lines_of(domain, folder, score)]
    if len(lines) != N:
        raise SystemExit(f"expected {N:,} different sentences, found {len(lines):,}")
    OUT.write_bytes(lzma.compress("".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME))
    data = OUT.read_bytes()
    print(f"{OUT.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def word_list(outer: tarfile.TarFile) -> Callable[[str], float]:
    """Return what scores a sentence by the package's list of words, from -1 to 1."""
    names = ("vaderSentiment.py", "vader_lexicon.txt", "emoji_utf8_lexicon.txt")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            Path(folder, name).write_bytes(outer.extractfile(f"{PACKAGE}/{name}").read())
        sys.path.insert(0, folder)
        from vaderSentiment import SentimentIntensityAnalyzer

        analyzer = SentimentIntensityAnalyzer()  # has read its lists when the folder goes
        sys.path.remove(folder)
    return lambda sentence: analyzer.polarity_scores(sentence)["compound"]


def lines_of(domain: str, folder: tarfile.TarFile, score: Callable[[str], float]) -> list[str]:
    """Return a line for each different sentence.

    Domain, number of the text it is from, ratings, thousandths that the word list gives, sentence.
    """
    stem = DOMAINS[domain]
    sentences = {row[0]: row[2] for row in rows(folder, f"{stem}_GroundTruth.txt", 3)}
    ratings = {row[0]: row[3] for row in rows(folder, f"{stem}_anonDataRatings.txt", 4)}
    if sentences.keys() != ratings.keys():
        raise SystemExit(f"{domain}: sentences and ratings have other IDs")
    found: dict[str, str] = {}  # the first of equal sentences
    for name, raw in sentences.items():
        sentence = " ".join(html.unescape(html.unescape(raw)).split())  # some were escaped twice
        numbers = [int(number) for number in ratings[name].strip('" []').split(",")]
        digits = "".join(str(number + 4) for number in numbers)  # 0 to 8; 4 is neutral
        listed = round(1000 * score(sentence))
        row = (domain, name.split("_")[0], digits, str(listed), sentence)
        found.setdefault(sentence, "\t".join(row) + "\n")
    return list(found.values())


def rows(folder: tarfile.TarFile, name: str, n_columns: int) -> list[list[str]]:
    """Return the cells of a table; the last column may hold tabs."""
    member = next(m for m in folder.getmembers() if m.name.endswith(name))
    text = folder.extractfile(member).read().decode("utf-8-sig")
    return [line.split("\t", n_columns - 1) for line in text.split("\r\n") if line.strip()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
