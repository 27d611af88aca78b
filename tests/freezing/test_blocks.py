"""Blocks: what a learner moves the slider over."""

from __future__ import annotations

import keras
import pytest
from keras import layers

from tlwidgets import load_backbone
from tlwidgets.freezing import read_blocks
from tlwidgets.freezing.graph import family_block

from .small_models import nested, sequential, skip

pytestmark = pytest.mark.keras


def names(model):
    return [block.name for block in read_blocks(model)]


def test_a_sequential_model_has_one_block_for_each_layer_with_parameters():
    first, second, *_, last = read_blocks(sequential(dropout=0.5))
    assert names(sequential()) == ["c1", "c2", "hidden", "digits"]
    assert first.layers == ("c1", "r1")
    assert second.layers == ("c2", "bn2", "r2", "flat")
    assert last.layers == ("drop", "digits")  # what Dropout does cannot be kept
    assert (first.n_parameters, second.n_parameters) == (40, 222 + 24)
    assert (first.has_batchnorm, second.has_batchnorm) == (False, True)
    assert second.count_trained(keep_batchnorm_frozen=True) == 222
    assert second.count_trained(keep_batchnorm_frozen=False) == 222 + 12
    assert first.output_shape == (10, 10, 4)


def test_blocks_go_inside_a_nested_backbone():
    blocks = read_blocks(nested(dropout=0.2, augment=True))
    assert [block.name for block in blocks] == ["block1", "block2", "dense"]
    assert blocks[0].layers[:3] == ("flip", "preprocessing", "block1_conv")
    assert blocks[1].layers[-2:] == ("block2_relu", "pool")
    assert blocks[2].layers == ("drop", "dense")


def test_batchnorm_belongs_to_the_layer_before_it():
    assert names(skip()) == ["c1", "c2", "c3", "digits"]


@pytest.mark.parametrize("model", [sequential(), skip(), nested()], ids=lambda m: m.name)
def test_every_parameter_belongs_to_exactly_one_block(model):
    assert sum(block.n_parameters for block in read_blocks(model)) == model.count_params()


def test_efficientnet_lite_has_its_stages():
    model = load_backbone("efficientnet_lite0", 64, checkpoint=None, include_top=True)
    blocks = read_blocks(model)
    stages = [f"stage{number}" for number in range(1, 8)]
    assert [block.name for block in blocks] == ["stem", *stages, "head", "predictions"]
    expected = [992, 992, 15_024, 41_408, 203_760, 454_752, 1_670_688, 610_688, 414_720, 1_281_000]
    assert [block.n_parameters for block in blocks] == expected
    assert blocks[8].output_shape == (1280,)  # pooled: what the head sees


@pytest.mark.parametrize(
    ("network", "size", "first", "last", "n_blocks"),
    [
        ("MobileNetV2", 32, ["stem", "expanded_conv", "block_1"], "Conv_1", 19),
        ("ResNet50", 32, ["stem", "conv2_block1"], "conv5_block3", 17),
        ("InceptionV3", 75, ["stem", "mixed0"], "mixed10", 12),
        ("VGG16", 32, ["block1", "block2"], "block5", 5),
        ("DenseNet121", 32, ["stem", "conv2_block1"], "conv5_block16", 62),
        ("EfficientNetB0", 32, ["stem", "block1a", "block2a"], "top", 18),
    ],
)
def test_known_networks_have_the_blocks_of_their_papers(network, size, first, last, n_blocks):
    build = getattr(keras.applications, network)
    model = build(weights=None, include_top=False, input_shape=(size, size, 3))
    blocks = read_blocks(model)
    found = [block.name for block in blocks]
    assert found[: len(first)] == first
    assert found[-1] == last
    assert len(found) == n_blocks == len(set(found))
    assert sum(block.n_parameters for block in blocks) == model.count_params()


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("stage3_block1_expand_conv", "stage3"),
        ("conv2_block10_1_conv", "conv2_block10"),
        ("block_16_project_BN", "block_16"),
        ("block1_conv1", "block1"),
        ("block7a_se_expand", "block7a"),
        ("block35_1_conv", "block35_1"),
        ("expanded_conv_depthwise", "expanded_conv"),
        ("expanded_conv_3_expand", "expanded_conv_3"),
        ("mixed9", "mixed9"),
        ("mixed9_0", None),
        ("conv2d_7", None),
        ("dense", None),
    ],
)
def test_names_of_families(name, block):
    assert family_block(name) == block


def test_two_backbones_with_the_same_names_get_different_blocks():
    inputs = keras.Input((12, 12, 3))
    bases = [nested().get_layer("base") for _ in range(2)]
    one, two = (
        keras.Model(base.input, base.output, name=f"base{i}") for i, base in enumerate(bases)
    )
    joined = layers.Concatenate()([one(inputs), two(inputs)])
    model = keras.Model(inputs, layers.Dense(2, name="out")(layers.Flatten()(joined)))
    found = names(model)
    assert len(found) == len(set(found))
    assert {"block1", "block2"} < set(found)


def test_a_layer_that_is_used_twice_is_counted_once():
    inputs = keras.Input((4,))
    twice = layers.Dense(4, name="twice")
    model = keras.Model(inputs, layers.Dense(2, name="out")(twice(twice(inputs))))
    assert [block.n_parameters for block in read_blocks(model)] == [20, 10]


def test_what_cannot_be_cut_says_what_to_do():
    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(TypeError, match=r"`model` .*subclassed model \(Own\).*keras.Input"):
        read_blocks(Own())
    with pytest.raises(ValueError, match=r"`model` must be built.*keras.Input"):
        read_blocks(keras.Sequential([layers.Dense(2)]))
    with pytest.raises(TypeError, match=r"`model` must be a Keras model.*got list"):
        read_blocks([layers.Dense(2)])
    with pytest.raises(ValueError, match=r"`model` must have at least one layer.*Dense"):
        read_blocks(keras.Sequential([keras.Input((4,)), layers.ReLU()]))
