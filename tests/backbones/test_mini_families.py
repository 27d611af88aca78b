"""The small networks keep what made their families known, and letters help them with digits."""

import time

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tlwidgets.backbones import MINI_FAMILIES, load_mini, small_networks
from tlwidgets.data import load_digits, load_results
from tlwidgets.freezing import read_blocks

pytestmark = pytest.mark.keras
NAMES = list(MINI_FAMILIES)


def head_accuracy(network, seed, n_labels=50):
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.labels))[:1500]
    found, labels = network.predict(digits.images[order, ..., None], verbose=0), digits.labels
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=300))
    with threadpool_limits(1):
        head.fit(found[:n_labels], labels[order[:n_labels]])
        return head.score(found[n_labels:], labels[order[n_labels:]])


@pytest.mark.parametrize("name", NAMES)
def test_letters_help_to_read_digits(name):
    gains = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        pair = [head_accuracy(load_mini(name, c), seed) for c in ("letters", None)]
        gains.append(pair[0] - pair[1])
    assert np.mean(gains) > 0.1


def test_letters_beat_the_same_network_from_scratch_on_every_seed():
    runs = load_results("minis_from_scratch").query("labels == 50")
    runs = runs.pivot_table("accuracy", ["network", "seed"], "way")
    assert set(runs.index.unique("network")) == set(NAMES) and len(runs) >= 30
    gain = runs["letters, head only"] - runs["from scratch"]
    assert gain.min() > 0
    assert gain.groupby("network").mean().min() > 0.08


def test_two_random_networks_differ_by_less():
    keras.utils.set_random_seed(0)
    scores = [head_accuracy(load_mini("mini_vgg", None), seed % 3) for seed in range(6)]
    assert abs(np.mean(scores[:3]) - np.mean(scores[3:])) < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small_loads_at_once_and_takes_raw_pixels(name):
    began = time.process_time()
    network = load_mini(name)
    assert time.process_time() - began < 1
    assert 50_000 < network.count_params() < 300_000
    assert network.input_shape == (None, 28, 28, 1)
    rescaled = network.get_layer("preprocessing")(np.array([[[[0.0], [255.0]]]]))
    assert np.allclose(np.ravel(rescaled), [-1, 1])


@pytest.mark.parametrize("name", NAMES)
def test_the_checkpoint_is_the_shipped_one(name):
    one, two = (load_mini(name).get_weights() for _ in "ab")
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    random = load_mini(name, checkpoint=None).get_weights()
    assert not np.array_equal(one[0], random[0])


def test_each_keeps_the_idea_of_its_family():
    vgg, resnet, inception = (load_mini(name, checkpoint=None) for name in NAMES)
    kinds = [{type(layer) for layer in network.layers} for network in (vgg, resnet, inception)]
    assert layers.MaxPooling2D in kinds[0] and layers.Dense in kinds[0]
    assert layers.BatchNormalization not in kinds[0] and layers.Add not in kinds[0]
    assert layers.Add in kinds[1] and layers.Concatenate not in kinds[1]
    assert layers.Concatenate in kinds[2] and layers.Add not in kinds[2]


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("mini_vgg", ["block1", "block2", "block3", "fc1"]),
        (
            "mini_resnet",
            ["stem", *(f"conv{stage}_block{block}" for stage in (2, 3, 4) for block in (1, 2))],
        ),
        ("mini_inception", ["stem", "mixed0", "mixed1", "mixed2"]),
    ],
)
def test_blocks_are_found_as_in_the_large_network(name, blocks):
    assert [block.name for block in read_blocks(load_mini(name, checkpoint=None))] == blocks


def test_a_residual_block_with_nothing_in_it_lets_its_input_pass():
    network = load_mini("mini_resnet", checkpoint=None)
    for part in ("1", "2"):
        layer = network.get_layer(f"conv3_block2_{part}_conv")
        layer.set_weights([np.zeros(layer.kernel.shape)])
    before, after = (
        keras.Model(network.input, network.get_layer(f"conv3_block{block}_out").output)
        for block in (1, 2)
    )
    images = load_digits().images[:3, ..., None]
    assert np.allclose(before(images), after(images), atol=1e-5)


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    data = bytearray(
        small_networks.shipped_path(small_networks.read_catalog()["mini_families"]).read_bytes()
    )
    data[5000] ^= 1
    (tmp_path / "mini_families.npz").write_bytes(data)
    monkeypatch.setattr(
        small_networks, "shipped_path", lambda _entry: tmp_path / "mini_families.npz"
    )
    with pytest.raises(ValueError, match=r"load_mini\('mini_vgg'\).*mini_families\.npz.*reinstall"):
        load_mini("mini_vgg")
