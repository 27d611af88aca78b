"""Ranking of sources: a useful one comes first, by every score that can know."""

import numpy as np
import pytest

from tlwidgets.shift import h_score, leep, log_me, mmd, proxy_a_distance, rank_sources

N = 60
Y = np.arange(N) % 3


@pytest.fixture
def sources():
    rng = np.random.default_rng(0)
    features = {
        "noise": rng.normal(size=(N, 5)),
        "useful": np.eye(3)[Y] + 0.2 * rng.normal(size=(N, 3)),
        "half": np.eye(3)[Y] + 1.0 * rng.normal(size=(N, 3)),
    }
    proba = {
        "half": 0.5 * np.eye(3)[Y] + 0.5 * rng.dirichlet(np.ones(3), N),
        "useful": 0.9 * np.eye(3)[Y] + 0.1 / 3,
        "noise": rng.dirichlet(np.ones(4), N),
    }
    own = {name: x + 3 * (name == "useful") for name, x in features.items()}
    return features, proba, own


def test_the_best_comes_first(sources):
    table = rank_sources(sources[0], Y)
    assert table.index.tolist() == ["useful", "half", "noise"]
    assert table.index.name == "source"
    assert table.columns.tolist() == ["log_me", "h_score"]


def test_shuffled_labels_have_no_such_order(sources):
    # The twin: it is the labels that make the order.
    shuffled = np.random.default_rng(2).permutation(Y)
    table, right = rank_sources(sources[0], shuffled), rank_sources(sources[0], Y)
    assert np.ptp(table.log_me) < np.ptp(right.log_me) / 4


def test_each_column_is_its_score(sources):
    features, proba, own = sources
    table = rank_sources(features, Y, source_proba_by_source=proba, source_features_by_source=own)
    for name, row in table.iterrows():
        assert row.log_me == log_me(features[name], Y)
        assert row.h_score == h_score(features[name], Y)
        assert row["leep"] == leep(proba[name], Y)
        assert row["mmd"] == mmd(own[name], features[name])
        assert row.proxy_a_distance == proxy_a_distance(own[name], features[name])


def test_distances_are_sorted_nearest_first(sources):
    features, proba, own = sources
    more = {"source_proba_by_source": proba, "source_features_by_source": own}
    assert rank_sources(features, Y, **more, by="mmd").index[-1] == "useful"
    assert rank_sources(features, Y, **more, by="leep").index[0] == "useful"


def test_more_unlabelled_target_examples_count_in_the_distances(sources):
    features, _, own = sources
    target = {name: x + 1 for name, x in own.items()}
    table = rank_sources(
        features, Y, source_features_by_source=own, target_features_by_source=target
    )
    assert table.loc["half", "mmd"] == mmd(own["half"], target["half"])


def test_equal_sources_stay_in_order():
    same = np.random.default_rng(0).normal(size=(N, 2))
    assert rank_sources({"b": same, "a": same}, Y).index.tolist() == ["b", "a"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, p: rank_sources({}, Y), "`features_by_source` must hold at least one"),
        (lambda f, p: rank_sources([f], Y), "`features_by_source` must be a mapping.*list"),
        (lambda f, p: rank_sources(f, Y[:5]), r"source 'noise': `y`.*\(60,\).*\(5,\)"),
        (lambda f, p: rank_sources({"bad": f["half"] * np.nan}, Y), "source 'bad': .*NaN"),
        (lambda f, p: rank_sources(f, Y, by="leep"), "`by`: no score named 'leep'"),
        (
            lambda f, p: rank_sources(f, Y, source_proba_by_source={"half": p["half"]}),
            "`source_proba_by_source`.*useful.*got half",
        ),
        (
            lambda f, p: rank_sources(f, Y, source_features_by_source=3),
            "`source_features_by_source`.*int",
        ),
    ],
)
def test_bad_input_is_named(sources, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(*sources[:2])
