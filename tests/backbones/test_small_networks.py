"""The small shipped networks: what their families are known for, and that letters help them."""

import time

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tlwidgets.backbones import MINI_FAMILIES, load_glyph_net, load_mini, small_networks
from tlwidgets.data import load_digits, load_results, make_glyphs
from tlwidgets.freezing import read_blocks

pytestmark = pytest.mark.keras
BLOCKS = {
    "glyph_net": ["conv1", "conv2", "conv3", "conv4", "dense1"],
    "mini_vgg": ["block1", "block2", "block3", "fc1"],
    "mini_resnet": ["stem", *(f"conv{s}_block{b}" for s in (2, 3, 4) for b in (1, 2))],
    "mini_inception": ["stem", "mixed0", "mixed1", "mixed2"],
}
NAMES = list(BLOCKS)


def load(name, checkpoint="letters"):
    return load_glyph_net(checkpoint) if name == "glyph_net" else load_mini(name, checkpoint)


def head_accuracy(network, seed, data=None, n_labels=50):
    """Accuracy of a head with few labels on 1,000 images it has not seen."""
    data = data or load_digits()
    order = np.random.default_rng(seed).permutation(len(data.labels))[: 1000 + n_labels]
    found = network.predict(data.images[order, ..., None], batch_size=500, verbose=0)
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=300))
    with threadpool_limits(1):
        head.fit(found[:n_labels], data.labels[order[:n_labels]])
        return head.score(found[n_labels:], data.labels[order[n_labels:]])


@pytest.mark.parametrize("name", NAMES)
def test_letters_help_to_read_digits(name):
    gains = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        pair = [head_accuracy(load(name, c), seed) for c in ("letters", None)]
        gains.append(pair[0] - pair[1])
    assert np.mean(gains) > 0.1


@pytest.mark.parametrize("name", ["glyph_net", "mini_vgg"])
def test_two_random_networks_differ_by_less(name):
    # The twin: random parameters make no such difference.
    keras.utils.set_random_seed(0)
    scores = [head_accuracy(load(name, None), seed % 3) for seed in range(6)]
    assert abs(np.mean(scores[:3]) - np.mean(scores[3:])) < 0.1


def test_letters_beat_the_same_network_from_scratch_on_every_seed():
    runs = load_results("minis_from_scratch").query("labels == 50")
    runs = runs.pivot_table("accuracy", ["network", "seed"], "way")
    assert set(runs.index.unique("network")) == set(MINI_FAMILIES) and len(runs) >= 30
    gain = runs["letters, head only"] - runs["from scratch"]
    assert gain.min() > 0
    assert gain.groupby("network").mean().min() > 0.08


def test_it_can_tell_letters_apart():
    assert head_accuracy(load_glyph_net(), 0, make_glyphs(3000, seed=999), 520) > 0.7


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small_loads_at_once_and_takes_raw_pixels(name):
    began = time.process_time()
    network = load(name)
    assert time.process_time() - began < 1
    assert 50_000 < network.count_params() < 300_000
    assert network.input_shape == (None, 28, 28, 1)
    rescaled = network.get_layer("preprocessing")(np.array([[[[0.0], [255.0]]]]))
    assert np.allclose(np.ravel(rescaled), [0 if name == "glyph_net" else -1, 1])


@pytest.mark.parametrize("name", NAMES)
def test_the_checkpoint_is_the_shipped_one(name):
    one, two = (load(name).get_weights() for _ in "ab")
    assert all(map(np.array_equal, one, two))
    first, second = (load(name, None).get_weights()[0] for _ in "ab")
    assert not np.array_equal(one[0], first) and not np.array_equal(first, second)


@pytest.mark.parametrize(("name", "blocks"), BLOCKS.items())
def test_blocks_are_found_as_in_the_large_network(name, blocks):
    network = load(name, None)
    assert [block.name for block in read_blocks(network)] == blocks
    with_head = keras.Sequential([network, layers.Dense(10, name="digits")])
    assert [block.name for block in read_blocks(with_head)] == [*blocks, "digits"]


def test_each_keeps_the_idea_of_its_family():
    kinds = [{type(layer) for layer in load_mini(name, None).layers} for name in MINI_FAMILIES]
    vgg, resnet, inception = kinds
    assert layers.MaxPooling2D in vgg and layers.Dense in vgg
    assert layers.BatchNormalization not in vgg and layers.Add not in vgg
    assert layers.Add in resnet and layers.Concatenate not in resnet
    assert layers.Concatenate in inception and layers.Add not in inception


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


@pytest.mark.parametrize(
    ("name", "entry", "call"),
    [
        ("glyph_net", "glyph_net", r"load_glyph_net\(\)"),
        ("mini_vgg", "mini_families", r"load_mini\('mini_vgg'\)"),
    ],
)
def test_a_changed_file_is_refused(tmp_path, monkeypatch, name, entry, call):
    shipped = small_networks.shipped_path(small_networks.read_catalog()[entry])
    data = bytearray(shipped.read_bytes())
    data[5000] ^= 1
    changed = tmp_path / f"{entry}.npz"
    changed.write_bytes(data)
    monkeypatch.setattr(small_networks, "shipped_path", lambda _entry: changed)
    with pytest.raises(ValueError, match=rf"{call}.*{entry}\.npz.*reinstall"):
        load(name)
