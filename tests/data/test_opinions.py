"""Rated sentences: what the file promises, and a split that parts no review."""

import html

import numpy as np
import pytest

from tlwidgets.data import load_opinions, opinions
from tlwidgets.data.catalog import read_catalog, shipped_path

OF_DOMAIN = {  # sentences, reviews or articles, clear ones, fewest and most raters
    "tweets": (4200, 4200, 3432, 20, 99),
    "movies": (10603, 10603, 10070, 15, 29),
    "products": (3697, 300, 2977, 20, 20),
    "editorials": (5118, 498, 2930, 20, 20),
}


@pytest.fixture(params=OF_DOMAIN)
def found(request):
    return load_opinions(request.param)


def test_a_domain_is_what_the_card_says_and_nobody_can_change_it(found):
    n_raters = [len(numbers) for numbers in found.ratings]
    facts = len(found.texts), len(np.unique(found.group)), len(found.clear())
    assert (*facts, min(n_raters), max(n_raters)) == OF_DOMAIN[found.domain]
    assert load_opinions(found.domain) is found
    own = (found.texts, found.group, found.ratings[0], found.word_list)
    for array in (*own, found.rating, found.is_positive):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_texts_are_different_and_clean(found):
    assert len(set(found.texts)) == len(found.texts)
    assert all(text == " ".join(text.split()) and text for text in found.texts)
    assert [text for text in found.texts if html.unescape(text) != text] == []


def test_ratings_go_from_minus_four_to_four_and_labels_follow_their_mean(found):
    everything = np.concatenate(found.ratings)
    assert everything.min() == -4
    assert everything.max() == 4
    i = int(np.argmax(found.rating))
    assert found.rating[i] == found.ratings[i].mean() > 2.5
    assert np.array_equal(found.is_positive == 1, found.rating > 0)


def test_good_words_are_rated_above_bad_ones(found):
    # Knowledge that a file joined by the wrong lines would contradict.
    def mean_with(word):
        return found.rating[[word in text.lower().split() for text in found.texts]].mean()

    assert mean_with("great") > mean_with("worst") + 1


def test_the_word_list_scores_the_sentence_beside_it(found):
    # As published for these sentences (Hutto and Gilbert 2014, table 4): r = .88 on tweets, .45 to
    # .57 elsewhere. Scores of other lines would not go with the ratings at all.
    r = np.corrcoef(found.word_list, found.rating)[0, 1]
    assert r > (0.85 if found.domain == "tweets" else 0.4)
    assert found.word_list.min() >= -1
    assert found.word_list.max() <= 1
    assert found.word_list[["great" in text.split() for text in found.texts]].mean() > 0.3


@pytest.mark.parametrize("seed", [0, 1])
def test_a_split_parts_no_review_and_takes_every_clear_sentence_once(found, seed):
    train, test = found.split(seed, n_test=500)
    assert not set(found.group[train]) & set(found.group[test])
    assert np.array_equal(np.sort([*train, *test]), found.clear())
    assert 500 <= len(test) < 540
    assert np.array_equal(test, found.split(seed, n_test=500)[1])
    assert not np.array_equal(test, found.split(seed + 2, n_test=500)[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_test": 0}, r"`n_test`.*from 1 to 2976.*got 0"),
        ({"n_test": 2976}, r"`n_test` must leave something.*got 2976"),
        ({"seed": -1}, r"`seed`.*got -1"),
        ({"least": 5}, r"`least`.*from 0 to 4.*got 5"),
    ],
)
def test_a_split_that_cannot_be_says_so(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_opinions("products").split(**arguments)


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    data = bytearray(shipped_path(read_catalog()["opinions"]).read_bytes())
    data[1000] ^= 1
    (tmp_path / "opinions.tsv.xz").write_bytes(data)
    monkeypatch.setattr(opinions, "shipped_path", lambda _: tmp_path / "opinions.tsv.xz")
    with pytest.raises(ValueError, match=r"load_opinions\(\): the file opinions.* SHA-256"):
        opinions._read_all.__wrapped__()
