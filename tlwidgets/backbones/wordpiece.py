"""From text to numbers as BERT does it: WordPiece, uncased (Devlin et al. 2019).

Lower case, accents off, punctuation apart, then from the left the longest pieces that the
vocabulary knows. By hand, because the package `tokenizers` brings the client of a model hub and
all that this needs; `datasets/minilm/reference.py` compares both on every sentence of the course.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .. import _check
from ..data.catalog import read_catalog, shipped_path, verify

LONGEST = 512  # pieces; MiniLM has parameters for so many places
_PAD, _UNKNOWN, _BEGIN, _END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
_LONGEST_WORD = 100  # letters; a longer one is unknown, as in BERT
_INSIDE = "##"  # begins a piece that does not begin a word
# First and last letter of the blocks of Chinese characters, each of which is a word of its own.
_CHINESE = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
_ASCII_MARKS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class WordPiece:
    """Split English text into pieces of words, and number them.

    Parameters
    ----------
    vocabulary : list of str
        The pieces; the place of each is its number. Those inside a word begin with "##".

    Examples
    --------
    >>> tokenizer = load_tokenizer()
    >>> tokenizer.pieces("Unwatchable!")
    ['un', '##watch', '##able', '!']
    >>> tokenizer(["Unwatchable!"], length=8)[0].tolist()
    [101, 4895, 18866, 3085, 999, 102, 0, 0]
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.vocabulary = tuple(vocabulary)
        self._number = {piece: number for number, piece in enumerate(self.vocabulary)}
        self._known: dict[str, tuple[int, ...]] = {}  # a word between blanks and its numbers

    def __repr__(self) -> str:
        return f"WordPiece({len(self.vocabulary):,} pieces)"

    def __call__(self, texts: Iterable[str], length: int = 32) -> NDArray[np.int32]:
        """Turn texts into the numbers that a text encoder takes.

        Parameters
        ----------
        texts : list of n str
            Sentences or short paragraphs. Empty text is allowed.
        length : int, 3..512, pieces
            All rows are made as long: shorter ones end in zeros, of longer ones the end is cut off,
            with a warning.

        Returns
        -------
        array of int32, shape (n, length)
            Each begins with 101 and ends with 102, the numbers of "[CLS]" and "[SEP]".

        Raises
        ------
        TypeError, ValueError
            If `texts` is not a list of texts, or `length` not usable.
        """
        length = _check.whole_number(
            "length", length, low=3, high=LONGEST, meaning="the pieces of a text"
        )
        rows = [self._numbers(text) for text in check_texts("texts", texts)]
        room = length - 2
        if n_cut := sum(len(row) > room for row in rows):
            warnings.warn(
                f"{n_cut:,} of {len(rows):,} texts have more than {room} pieces and lose their "
                f"end: the longest has {max(map(len, rows)):,}. Take a larger `length` (up to "
                f"{LONGEST}) to keep it, at the price of time.",
                stacklevel=2,
            )
        table = np.full((len(rows), length), self._number[_PAD], np.int32)
        begin, end = self._number[_BEGIN], self._number[_END]
        for line, row in zip(table, rows, strict=True):
            whole = [begin, *row[:room], end]
            line[: len(whole)] = whole
        return table

    def pieces(self, text: str) -> list[str]:
        """Show me the pieces of a text.

        Parameters
        ----------
        text : str

        Returns
        -------
        list of str
            Without the marks of begin and end. "[UNK]" is a word of which not all pieces are known.
        """
        (text,) = check_texts("text", [text])
        return [self.vocabulary[number] for number in self._numbers(text)]

    def _numbers(self, text: str) -> list[int]:
        return [number for word in _clean(text).split() for number in self._of_word(word)]

    def _of_word(self, word: str) -> tuple[int, ...]:
        if word not in self._known:
            parts = _split_at_punctuation(word)
            self._known[word] = tuple(number for part in parts for number in self._longest(part))
        return self._known[word]

    def _longest(self, part: str) -> list[int]:
        """Take the longest piece from the left, then from where it ends."""
        found: list[int] = []
        start = 0
        while start < len(part) <= _LONGEST_WORD:
            prefix = _INSIDE if start else ""
            stops = range(len(part), start, -1)
            stop = next((s for s in stops if prefix + part[start:s] in self._number), None)
            if stop is None:
                return [self._number[_UNKNOWN]]
            found.append(self._number[prefix + part[start:stop]])
            start = stop
        return found or [self._number[_UNKNOWN]]


def check_texts(name: str, value: Iterable[str]) -> list[str]:
    """Return a list of texts, at least one."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise TypeError(
            f"`{name}` must be a list of texts; got {str(value)[:40]!r} ({type(value).__name__}). "
            f"A single text needs a list around it: [text]."
        )
    texts = list(value)
    if not texts:
        raise ValueError(f"`{name}` must hold at least one text; got none.")
    wrong = [place for place, text in enumerate(texts) if not isinstance(text, str)]
    if wrong:
        first = texts[wrong[0]]
        raise TypeError(
            f"`{name}` must hold texts; got {str(first)[:40]} ({type(first).__name__}) at place "
            f"{wrong[0]}, and no text in {len(wrong):,} of {len(texts):,} places. Fill or drop "
            "them, for instance with Series.fillna('') or dropna()."
        )
    return texts


def _clean(text: str) -> str:
    """Return lower case without accents and control characters, Chinese characters apart."""
    if text.isascii() and text.isprintable():  # most English text; the rest would change nothing
        return text.lower()
    kept = "".join(_spaced(character) for character in text)
    lower = unicodedata.normalize("NFD", kept.lower())
    return "".join(c for c in lower if unicodedata.category(c) != "Mn")


def _spaced(character: str) -> str:
    if character.isspace() and unicodedata.category(character) in ("Zs", "Cc"):
        return " " if character in " \t\n\r" or ord(character) > 0x9F else ""
    if character == "\ufffd" or unicodedata.category(character).startswith("C"):
        return ""
    is_chinese = any(first <= ord(character) <= last for first, last in _CHINESE)
    return f" {character} " if is_chinese else character


def _split_at_punctuation(word: str) -> list[str]:
    """Return the parts of a word; each punctuation mark is one."""
    spaced = "".join(f" {c} " if _is_punctuation(c) else c for c in word)
    return spaced.split()


def _is_punctuation(character: str) -> bool:
    return character in _ASCII_MARKS or unicodedata.category(character).startswith("P")


@cache
def load_tokenizer() -> WordPiece:
    """Give me what splits texts into the pieces that MiniLM knows.

    Returns
    -------
    WordPiece
        With the 30,522 pieces of uncased English BERT.

    References
    ----------
    Devlin et al. (2019), BERT: pre-training of deep bidirectional transformers, NAACL.

    Examples
    --------
    >>> load_tokenizer()
    WordPiece(30,522 pieces)
    """
    entry = read_catalog()["minilm"]
    path = shipped_path(entry)
    verify(path, entry.sha256, what="load_tokenizer()")
    with np.load(path, allow_pickle=False) as archive:
        return WordPiece(archive["vocabulary"].tobytes().decode().split("\n"))
