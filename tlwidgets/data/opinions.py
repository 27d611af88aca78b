"""Sentences that say what somebody thinks of something, each rated by about twenty people.

Four kinds of English text under one question (Hutto and Gilbert 2014): tweets, reviews of movies
and of products, and newspaper editorials. Four domains, one task.
"""

from __future__ import annotations

import lzma
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check
from .catalog import read_catalog, shipped_path, verify

DOMAINS = ("tweets", "movies", "products", "editorials")
_NEUTRAL = ord("4")  # the file has a digit for each rater, 0 to 8


@dataclass(frozen=True, eq=False)
class Opinions:
    """Sentences of one domain, and what people said of each.

    Parameters
    ----------
    domain : str
        One of "tweets", "movies", "products" and "editorials".
    texts : array of str (dtype object), shape (n,)
        The sentences. No sentence stands there twice.
    ratings : tuple of n arrays of int64, -4..4
        What each rater said: -4 is as negative as can be, 0 neither, 4 as positive as can be.
        Fifteen to 99 raters a sentence, twenty for most.
    group : array of int64, shape (n,)
        The review or article that a sentence was cut from. Of tweets and movies it is not recorded,
        or there is one sentence of each: every sentence is its own group.
    word_list : array of float64, shape (n,), -1..1
        What VADER, a list of words with rules of 2014, says of each sentence: above 0 is positive,
        0 where it knows no word of it. Ten people rated each of its words.
    """

    domain: str
    texts: NDArray[np.object_]
    ratings: tuple[NDArray[np.int64], ...]
    group: NDArray[np.int64]
    word_list: NDArray[np.float64]

    def __repr__(self) -> str:
        n, share = len(self.texts), self.is_positive.mean()
        return f"Opinions({n:,} sentences of {self.domain}, {share:.0%} positive)"

    @cached_property
    def rating(self) -> NDArray[np.float64]:
        """Mean of the raters, from -4 to 4."""
        return _fixed(np.array([numbers.mean() for numbers in self.ratings]))

    @cached_property
    def is_positive(self) -> NDArray[np.int64]:
        """Labels: 1 where the mean of the raters is above 0, else 0."""
        return _fixed((self.rating > 0).astype(np.int64))

    def clear(self, least: float = 0.5) -> NDArray[np.int64]:
        """Find the sentences that are not neutral.

        Parameters
        ----------
        least : float, 0..4
            How far from 0 the mean of the raters must be.

        Returns
        -------
        array of int64
            Their indices.
        """
        least = _check.number("least", least, low=0, high=4, meaning="the distance from neutral")
        return np.flatnonzero(np.abs(self.rating) >= least)

    def split(
        self, seed: int = 0, n_test: int = 800, *, least: float = 0.5
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Choose clear sentences to learn from, and others for the test.

        Sentences of one review or article all go to the same side.

        Parameters
        ----------
        seed : int, >= 0
            Another seed gives another split.
        n_test : int, >= 1
            The sentences for the test; some more, where the last review brings several.
        least : float, 0..4
            As in `clear`.

        Returns
        -------
        train, test : arrays of int64
            Indices of the sentences; those to learn from are shuffled.

        Raises
        ------
        TypeError, ValueError
            If an argument is not usable, or nothing would be left to learn from.
        """
        rng = np.random.default_rng(_check.seed(seed))
        kept = self.clear(least)
        n_test = _check.whole_number(
            "n_test", n_test, low=1, high=max(1, len(kept) - 1), meaning="the sentences to test on"
        )
        names, of = np.unique(self.group[kept], return_inverse=True)
        rank = rng.permutation(len(names))[of]
        last = np.sort(rank)[n_test - 1]
        if last == rank.max():
            raise ValueError(
                f"`n_test` must leave something to learn from; got {n_test} of {len(kept)} clear "
                "sentences. Take fewer."
            )
        return rng.permutation(kept[rank > last]), kept[rank <= last]


def load_opinions(domain: str) -> Opinions:
    """Give me sentences of one kind of text, and how positive people found each.

    Parameters
    ----------
    domain : "tweets", "movies", "products" or "editorials"
        4,200 tweets; 10,603 sentences of movie reviews; 3,697 of reviews of cameras, telephones and
        players; 5,118 of newspaper editorials.

    Returns
    -------
    Opinions
        The arrays are read-only and shared between calls.

    Raises
    ------
    ValueError
        If there is no such domain, or the shipped file was changed.

    Notes
    -----
    Never print tweets at random: 124 of them hold coarse or abusive words.

    References
    ----------
    Hutto and Gilbert (2014), VADER: a parsimonious rule-based model for sentiment analysis of
    social media text, ICWSM.

    Examples
    --------
    >>> load_opinions("products")
    Opinions(3,697 sentences of products, 57% positive)
    """
    return _read_all()[_check.one_of("domain", domain, DOMAINS, kind="domain")]


@cache
def _read_all() -> dict[str, Opinions]:
    entry = read_catalog()["opinions"]
    path = shipped_path(entry)
    verify(path, entry.sha256, what="load_opinions()")
    rows = defaultdict(list)
    for line in lzma.decompress(path.read_bytes()).decode().splitlines():
        domain, *row = line.split("\t", 4)
        rows[domain].append(row)
    return {domain: _from_rows(domain, found) for domain, found in rows.items()}


def _from_rows(domain: str, rows: list[list[str]]) -> Opinions:
    groups, digits, listed, texts = zip(*rows, strict=True)
    ratings = tuple(
        _fixed(np.frombuffer(d.encode(), np.uint8).astype(np.int64) - _NEUTRAL) for d in digits
    )
    return Opinions(
        domain,
        _fixed(np.array(texts, object)),
        ratings,
        _fixed(np.array(groups, np.int64)),
        _fixed(np.array(listed, float) / 1000),
    )


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, read-only: all callers share it."""
    array.flags.writeable = False
    return array
