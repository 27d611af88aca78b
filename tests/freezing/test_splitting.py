"""Cutting: trunk and top together are the model."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tlwidgets.freezing import read_blocks, split_at

from .small_models import data, nested, randomise_statistics, skip

pytestmark = pytest.mark.keras


def check_every(model, cuts=None):
    shape = [2 if size is None else size for size in model.input_shape]
    x = np.random.default_rng(0).uniform(0, 1, shape).astype("float32")
    wanted = model(x, training=False).numpy()
    for cut in cuts if cuts is not None else range(len(read_blocks(model))):
        trunk, top = split_at(model, cut)
        found = top(trunk(x, training=False), training=False).numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
        n = sum(block.n_parameters for block in read_blocks(model)[cut:])
        assert top.count_params() == n


def test_top_of_trunk_is_the_model_at_every_cut(model):
    check_every(model)


def test_several_tensors_cross_a_skip_connection():
    trunk, top = split_at(skip(), 2)
    assert len(trunk.outputs) == len(top.inputs) == 2


def test_the_parts_share_the_variables_of_the_model():
    model = nested()
    _, top = split_at(model, 1)
    top.get_layer("dense").bias.assign([1.0, 2.0, 3.0])
    assert model.get_layer("dense").bias.numpy().tolist() == [1.0, 2.0, 3.0]
    model.get_layer("base").get_layer("block2_conv").kernel.assign(np.zeros((3, 3, 4, 4)))
    check_every(model)


def test_a_model_still_saves_and_trains_after_it_was_cut(tmp_path):
    model = nested()
    split_at(model, 1)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x, y = data(model, 8)
    np.testing.assert_allclose(again(x).numpy(), model(x).numpy(), rtol=1e-6)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, verbose=0)


def test_inner_and_outer_layers_may_share_a_name():
    inputs = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="dense")], name="inner")
    model = keras.Model(inputs, layers.Dense(2, name="dense")(inner(inputs)))
    check_every(model)
    assert [layer.name for layer in model.layers[1:]] == ["inner", "dense"]


def test_outputs_keep_their_names():
    inputs = keras.Input((4,))
    x = layers.Dense(3, name="shared")(inputs)
    model = keras.Model(inputs, {"a": layers.Dense(1, name="a")(x), "b": x})
    trunk, top = split_at(model, 1)
    assert set(top(trunk(np.ones((2, 4))))) == {"a", "b"}


@pytest.mark.parametrize(
    ("network", "size", "cuts"),
    [
        ("MobileNetV2", 32, None),
        ("ResNet50", 32, [1, 2, 8, 16]),
        ("InceptionV3", 75, [1, 2, 9, 10, 11]),
        ("VGG16", 32, [1, 4]),
        ("DenseNet121", 32, [1, 7, 30, 61]),
    ],
)
def test_known_networks_are_cut_correctly(network, size, cuts):
    keras.utils.set_random_seed(0)
    options = {"alpha": 0.35} if network == "MobileNetV2" else {}
    build = getattr(keras.applications, network)
    base = build(
        weights=None, include_top=False, input_shape=(size, size, 3), pooling="avg", **options
    )
    check_every(randomise_statistics(base), cuts)


def test_a_cut_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"`cut` must be .* 0 to 3.*'digits'.*got 4"):
        split_at(skip(), 4)
