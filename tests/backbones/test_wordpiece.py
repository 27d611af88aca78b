"""Pieces of words: those of the original on every sentence of the course, and what is no text."""

import hashlib
import warnings

import numpy as np
import pytest

from tests.backbones.minilm_reference import REFERENCE, SENTENCES, TEXTS
from tlwidgets.backbones import WordPiece, extract_features, load_text_encoder, load_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer()


def all_pieces(tokenizer):
    """Hash the pieces of every sentence as `datasets/minilm/reference.py` did."""
    state = hashlib.sha256()
    for text in SENTENCES:
        row = tokenizer([text], length=256)[0]
        state.update(row[row != 0].tobytes())
    return state.hexdigest()


def test_every_sentence_has_the_pieces_that_the_original_finds(tokenizer):
    assert all_pieces(tokenizer) == REFERENCE["all_pieces_sha256"]


def test_odd_texts_have_the_pieces_that_the_original_finds(tokenizer):
    wanted = REFERENCE["pieces"]
    assert np.array_equal(tokenizer(TEXTS, length=wanted.shape[1]), wanted)


def test_the_longest_piece_is_taken_and_an_unknown_word_is_one():
    tokenizer = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##do", "##doing", "u", "!"])
    assert tokenizer.pieces("UNDOING!") == ["un", "##doing", "!"]
    assert tokenizer.pieces("undo") == ["un", "##do"]
    assert tokenizer.pieces("undid u") == ["[UNK]", "u"]
    assert tokenizer(["undo", ""], 5).tolist() == [[2, 4, 5, 3, 0], [2, 3, 0, 0, 0]]


def test_marks_of_the_vocabulary_cannot_be_written_by_a_user(tokenizer):
    assert not {"[CLS]", "[SEP]", "[PAD]"} & set(tokenizer.pieces("[CLS] [SEP] [PAD]"))


def test_a_long_text_loses_its_end_and_says_so(tokenizer):
    with pytest.warns(UserWarning, match=r"1 of 2 texts have more than 6 pieces.* has 10,000"):
        rows = tokenizer(["fine", "good " * 10_000], length=8)
    assert rows[1].tolist() == [101, *[2204] * 6, 102]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokenizer(["one two three four five six"], length=8)


def test_a_word_of_ten_thousand_letters_is_unknown(tokenizer):
    assert tokenizer.pieces("a" * 10_000) == ["[UNK]"]


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("a sentence", TypeError, r"`texts` must be a list of texts; got 'a sentence' \(str\)"),
        (5, TypeError, r"`texts` must be a list of texts; got '5' \(int\)"),
        ([], ValueError, r"`texts` must hold at least one text"),
        (
            ["a", float("nan"), None],
            TypeError,
            r"got nan \(float\) at place 1, .* in 2 of 3 places",
        ),
        (np.zeros((2, 3)), TypeError, r"got \[0\. 0\. 0\.\] \(ndarray\) at place 0"),
        ([b"raw"], TypeError, r"got b'raw' \(bytes\) at place 0"),
    ],
)
def test_what_is_no_text_is_refused(tokenizer, texts, error, message):
    with pytest.raises(error, match=message):
        tokenizer(texts)


@pytest.mark.parametrize("length", [2, 513, 32.0, None])
def test_a_length_that_cannot_be_is_refused(tokenizer, length):
    with pytest.raises((TypeError, ValueError), match=rf"`length`.*3 to 512.*got {length}"):
        tokenizer(["a"], length)


@pytest.mark.keras
def test_a_column_with_gaps_is_refused_before_the_network_runs():
    network = load_text_encoder(8, n_blocks=1, checkpoint=None)
    with pytest.raises(TypeError, match=r"`texts` must hold texts; got nan"):
        extract_features(network, ["a", float("nan")])
