"""Files in the wrong class: found where they are, and few doubted where there are none."""

import numpy as np
import pytest
from PIL import Image

from tlwidgets import read_images
from tlwidgets.shift.label_noise import find_suspects


def separated(n_per_class, k=3, d=64, distance=1.5, seed=0):
    """Features around class centres, as a network gives, and the true labels."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(k), n_per_class)
    return distance * rng.normal(size=(k, d))[y] + rng.normal(size=(len(y), d)), y


def flipped(y, share=0.1, seed=0):
    rng = np.random.default_rng(seed)
    labels, k = y.copy(), y.max() + 1
    wrong = rng.choice(len(y), max(1, round(share * len(y))), replace=False)
    labels[wrong] = (y[wrong] + rng.integers(1, k, len(wrong))) % k
    return labels, wrong


@pytest.mark.parametrize("n_per_class", [5, 10, 40])
def test_most_wrong_labels_are_found_and_the_right_class_is_suggested(n_per_class):
    n_found = n_wrong = n_false = n_right = 0
    for seed in range(10):
        x, y = separated(n_per_class, seed=seed)
        labels, wrong = flipped(y, seed=seed)
        table = find_suspects(x, labels)
        hits = table["file"].isin(wrong)
        assert (table["suggested"][hits] == y[table["file"][hits].astype(int)]).all()
        assert (table["label"] == labels[table.index]).all()
        n_found, n_wrong = n_found + hits.sum(), n_wrong + len(wrong)
        n_false, n_right = n_false + (~hits).sum(), n_right + len(y) - len(wrong)
    assert n_found / n_wrong > 0.75
    assert n_false / n_right < 0.02


@pytest.mark.parametrize("n_per_class", [2, 5, 40])
def test_right_labels_are_left_alone(n_per_class):
    """The twin: without errors there is nothing to find."""
    n = [len(find_suspects(*separated(n_per_class, seed=seed))) for seed in range(10)]
    assert np.sum(n) < 0.02 * 10 * 3 * n_per_class


def test_features_that_know_nothing_find_no_more_than_chance():
    """The other twin: what finds the errors is in the features."""
    rng, hits = np.random.default_rng(0), []
    for seed in range(20):
        _, y = separated(20, seed=seed)
        labels, wrong = flipped(y, seed=seed)
        table = find_suspects(rng.normal(size=(len(y), 64)), labels)
        hits.append(np.isin(wrong, table["file"]).mean() - len(table) / len(y))
    assert abs(np.mean(hits)) < 0.2


def test_classes_of_different_size_and_a_constant_feature():
    x, y = separated(40, distance=3)
    keep = np.r_[0:40, 40:46, 80:120]
    x, labels = np.c_[x, np.ones(len(x))][keep], y[keep]
    labels[[3, 60]] = 1, 0
    assert set(find_suspects(x, labels)["file"]) == {3, 60}


def test_the_surest_stands_first_and_names_are_used():
    x, y = separated(20)
    labels, _ = flipped(y)
    names = ["cat", "dog", "owl"]
    table = find_suspects(x, labels, files=[f"{i}.png" for i in range(60)], class_names=names)
    assert list(table) == ["file", "label", "suggested", "probability"]
    assert table["probability"].is_monotonic_decreasing
    assert table["probability"].between(0.34, 1).all()
    assert set(table["label"]) | set(table["suggested"]) <= set(names)
    assert table["file"].str.endswith(".png").all()
    again = find_suspects(x, labels, files=[f"{i}.png" for i in range(60)], class_names=names)
    assert table.equals(again)


def test_own_images_name_the_file_in_the_wrong_folder(tmp_path):
    """Dark cats and bright dogs; the features are the pixels themselves."""
    rng = np.random.default_rng(0)
    for name, level in (("cat", 60), ("dog", 190)):
        (tmp_path / name).mkdir()
        for i in range(6):
            pixels = rng.integers(level - 40, level + 40, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i}.png")
    own = read_images(tmp_path, 32)
    assert len(own.suspects(own.images.reshape(12, -1))) == 0
    (tmp_path / "dog" / "5.png").rename(tmp_path / "cat" / "lost.png")
    own = read_images(tmp_path, 32)
    table = own.suspects(own.images.reshape(12, -1))
    assert table[["file", "label", "suggested"]].to_numpy().tolist() == [
        ["cat/lost.png", "cat", "dog"]
    ]
    with pytest.raises(ValueError, match=r"`features` must have 12 rows.*got 3"):
        own.suspects(np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"`features` must have shape \(n, d\)"):
        own.suspects(own.images)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": [0, 0, 1]}, r"`labels` must have shape \(4,\)"),
        ({"labels": [0, 0, 1, 2]}, r"`labels`.*at least twice.*fewer of 1, 2"),
        ({"labels": [0, 0, 0, 0]}, r"`labels`.*at least twice.*fewer of 1"),
        ({"class_names": ["cat"]}, r"`labels` must be classes from 0 to 0"),
        ({"files": ["1.png"]}, r"`files` must hold 4 names.*got 1"),
        ({"seed": -1}, r"`seed`.*got -1"),
        ({"features": np.full((4, 2), np.nan)}, r"`features` must be finite"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    right = {"features": np.eye(4), "labels": [0, 0, 1, 1]}
    with pytest.raises(ValueError, match=message):
        find_suspects(**(right | arguments))
    with pytest.raises(TypeError, match="`labels` must hold whole numbers"):
        find_suspects(np.eye(4), ["a", "a", "b", "b"])
