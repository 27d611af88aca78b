"""The small network that learned letters: what it is, and that letters help with digits."""

import time

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tlwidgets.backbones import load_glyph_net, small_networks
from tlwidgets.data import load_digits, make_glyphs
from tlwidgets.freezing import read_blocks

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def network():
    return load_glyph_net()


def features(network, images):
    return network.predict(images[..., None], batch_size=500, verbose=0)


def score(network, images, labels, per_class, seed):
    """Accuracy of a head with few labels per class on 1,000 images it has not seen."""
    order = np.random.default_rng(seed).permutation(len(labels))
    pool, test = order[1000:], order[:1000]
    chosen = np.concatenate([pool[labels[pool] == c][:per_class] for c in np.unique(labels)])
    found = features(network, images)
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=300))
    with threadpool_limits(1):
        head.fit(found[chosen], labels[chosen])
        return head.score(found[test], labels[test])


def test_it_has_a_block_for_each_layer(network):
    assert [block.name for block in read_blocks(network)] == [
        "conv1",
        "conv2",
        "conv3",
        "conv4",
        "dense1",
    ]
    with_head = keras.Sequential([network, keras.layers.Dense(10, name="digits")])
    assert [block.name for block in read_blocks(with_head)][-2:] == ["dense1", "digits"]


def test_it_takes_raw_pixels(network):
    assert network.input_shape == (None, 28, 28, 1)
    rescaled = network.get_layer("preprocessing")
    assert rescaled(np.full((1, 28, 28, 1), 255.0)).numpy().max() == pytest.approx(1)


def test_letters_help_to_read_digits():
    digits, gains = load_digits(), []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        ours, random = load_glyph_net(), load_glyph_net(checkpoint=None)
        pair = [score(n, digits.images, digits.labels, 5, seed) for n in (ours, random)]
        gains.append(pair[0] - pair[1])
    assert np.mean(gains) > 0.15


def test_random_parameters_do_not():
    # The twin: between two random networks there is no such difference.
    digits, scores = load_digits(), []
    for seed in range(6):
        keras.utils.set_random_seed(seed)
        network = load_glyph_net(checkpoint=None)
        scores.append(score(network, digits.images, digits.labels, 5, seed % 3))
    assert abs(np.mean(scores[:3]) - np.mean(scores[3:])) < 0.1


def test_it_can_tell_letters_apart(network):
    letters = make_glyphs(3000, seed=999)
    assert score(network, letters.images, letters.labels, 20, 0) > 0.7


def test_random_parameters_are_random_and_the_others_are_not():
    keras.utils.set_random_seed(0)
    one, two = (load_glyph_net(checkpoint=None).get_layer("conv1").get_weights()[0] for _ in "ab")
    assert not np.array_equal(one, two)
    ours = [load_glyph_net().get_layer("dense1").get_weights()[0] for _ in "ab"]
    assert np.array_equal(*ours)
    assert ours[0].dtype == np.float32


def test_it_loads_in_less_than_a_second():
    begin = time.process_time()
    load_glyph_net()
    assert time.process_time() - begin < 1


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    data = bytearray(
        small_networks.shipped_path(small_networks.read_catalog()["glyph_net"]).read_bytes()
    )
    data[5000] ^= 1
    (tmp_path / "glyph_net.npz").write_bytes(data)
    monkeypatch.setattr(small_networks, "shipped_path", lambda _entry: tmp_path / "glyph_net.npz")
    with pytest.raises(ValueError, match=r"load_glyph_net\(\).*glyph_net\.npz.*reinstall"):
        load_glyph_net()


def test_an_unknown_checkpoint_is_named():
    with pytest.raises(ValueError, match=r"`checkpoint`.*'letter'.*mean 'letters'"):
        load_glyph_net("letter")
