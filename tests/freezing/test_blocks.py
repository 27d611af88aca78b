"""Blocks: what a learner moves the slider over, what they cost, and cuts between them."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tlwidgets import load_backbone
from tlwidgets.freezing import block_costs, read_blocks, split_at
from tlwidgets.freezing.graph import family_block

from .small_models import data, nested, randomise_statistics, sequential, skip

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
    ("network", "size", "first", "last", "n_blocks", "cuts"),
    [
        ("MobileNetV2", 32, ["stem", "expanded_conv", "block_1"], "Conv_1", 19, [1, 9, 18]),
        ("ResNet50", 32, ["stem", "conv2_block1"], "conv5_block3", 17, [1, 2, 8, 16]),
        ("InceptionV3", 75, ["stem", "mixed0"], "mixed10", 12, [1, 2, 9, 10, 11]),
        ("VGG16", 32, ["block1", "block2"], "block5", 5, [1, 4]),
        ("DenseNet121", 32, ["stem", "conv2_block1"], "conv5_block16", 62, [1, 7, 30, 61]),
        ("EfficientNetB0", 32, ["stem", "block1a", "block2a"], "top", 18, [1, 17]),
    ],
)
def test_known_networks_have_the_blocks_of_their_papers_and_are_cut_there(
    network, size, first, last, n_blocks, cuts
):
    keras.utils.set_random_seed(0)
    build = getattr(keras.applications, network)
    model = build(weights=None, include_top=False, input_shape=(size, size, 3), pooling="avg")
    blocks = read_blocks(randomise_statistics(model))
    found = [block.name for block in blocks]
    assert found[: len(first)] == first
    assert found[-1] == last
    assert len(found) == n_blocks == len(set(found))
    assert sum(block.n_parameters for block in blocks) == model.count_params()
    check_every(model, cuts)


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
        split_at(Own(), 0)
    with pytest.raises(ValueError, match=r"`model` must be built.*Call it once"):
        read_blocks(Own())
    with pytest.raises(ValueError, match=r"`model` must be built.*keras.Input"):
        read_blocks(keras.Sequential([layers.Dense(2)]))
    with pytest.raises(TypeError, match=r"`model` must be a Keras model.*got list"):
        read_blocks([layers.Dense(2)])
    with pytest.raises(ValueError, match=r"`model` must have at least one layer.*Dense"):
        read_blocks(keras.Sequential([keras.Input((4,)), layers.ReLU()]))


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


def test_a_cut_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"`cut` must be .* 0 to 3.*'digits'.*got 4"):
        split_at(skip(), 4)


def test_a_small_network_counted_by_hand():
    model = keras.Sequential(
        [
            keras.Input((10, 10, 3)),
            layers.Conv2D(4, 3, name="convolution"),  # 8 x 8 places, kernels of 27 numbers
            layers.DepthwiseConv2D(3, name="depthwise"),  # 6 x 6 places, 4 kernels of 9
            layers.Flatten(),
            layers.Dense(2, name="head"),  # 144 numbers in
        ]
    )
    table = block_costs(model)
    assert table["parameters"].tolist() == [112, 40, 290]
    assert table["multiplications"].tolist() == [64 * 27 * 4, 36 * 9 * 4, 144 * 2]
    assert table["values"].tolist() == [256, 144, 2]


def test_a_look_up_is_no_multiplication_and_a_recurrent_layer_works_at_each_time():
    inputs = keras.Input((7,), dtype="int32")
    z = layers.Embedding(50, 4, name="table")(inputs)
    z = layers.Bidirectional(layers.GRU(3, return_sequences=True), name="both")(z)
    model = keras.Model(inputs, layers.Dense(2, name="head")(layers.LSTM(5, name="lstm")(z)))
    table = block_costs(model)["multiplications"]
    assert table.tolist() == [0, 7 * 2 * 9 * (4 + 3), 7 * 20 * (6 + 5), 10]


def test_the_published_arithmetic_of_mobilenet_is_met():
    # Sandler et al. (2018), Table 4: 300 million multiply-adds and 3.4 million parameters.
    model = keras.applications.MobileNetV2(weights=None)
    total = block_costs(model).sum()
    assert total["multiplications"] == pytest.approx(300e6, rel=0.02)
    assert total["parameters"] == pytest.approx(3.5e6, rel=0.02)


def test_a_model_without_a_graph_is_refused():
    with pytest.raises(TypeError, match="`model`"):
        block_costs("vgg16")


def small():
    parts = [layers.Dense(4, name="a"), layers.Dense(4, name="b"), layers.ReLU(name="r")]
    return keras.Sequential([keras.Input((4,)), *parts, layers.Dense(2, name="c")])


def test_blocks_of_ones_own():
    found = read_blocks(small(), {"stem": ["a", "b"], "top": ["c"]})
    assert [(block.name, block.layers) for block in found] == [
        ("stem", ("a", "b", "r")),
        ("top", ("c",)),
    ]
    base = keras.Sequential([keras.Input((4,)), *small().layers[:2]], name="base")
    nested_one = keras.Sequential([keras.Input((4,)), base, layers.Dense(2, name="c")])
    assert [b.layers for b in read_blocks(nested_one, {"all": ["base"], "top": ["c"]})] == [
        ("a", "b"),
        ("c",),
    ]


def test_blocks_of_ones_own_that_cannot_be():
    with pytest.raises(ValueError, match=r"`blocks\['top'\]`: no layer named 'd'.*Available: a"):
        read_blocks(small(), {"stem": ["a"], "top": ["d"]})
    with pytest.raises(ValueError, match=r"`blocks` must come one after the other.*'b'.*later"):
        read_blocks(small(), {"one": ["b"], "two": ["a", "c"]})


class Wired(keras.Model):
    def __init__(self):
        super().__init__()
        self.base = keras.Sequential([keras.Input((4,)), *small().layers[:3]])
        self.drop = layers.Dropout(0.5, name="drop")
        self.head = layers.Dense(2, name="head")

    def call(self, x):
        return self.head(self.drop(self.base(x)))


def test_the_blocks_of_a_model_that_is_wired_in_code_are_its_layers():
    model = Wired()
    model(np.ones((1, 4)))
    found = [(block.name, block.layers) for block in read_blocks(model)]
    assert found == [("a", ("a",)), ("b", ("b", "r", "drop")), ("head", ("head",))]
    own = read_blocks(model, {"below": ["a"], "top": ["head"]})
    assert [block.layers for block in own] == [("a", "b", "r", "drop"), ("head",)]


def transformer(names):
    x = inputs = keras.Input((6,))
    first, second = names["embeddings"]
    x = layers.LayerNormalization(name=second)(layers.Embedding(9, 4, name=first)(x))
    for attention, norm in names["blocks"]:
        y = layers.MultiHeadAttention(1, 4, name=attention)(x, x)
        x = layers.LayerNormalization(name=norm)(layers.Add()([x, y]))
    x = layers.LayerNormalization(name=names["head"][0])(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(2, name=names["head"][1])(x))


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (
            {
                "embeddings": ("embeddings", "embeddings_norm"),
                "blocks": [(f"block{i}_attention", f"block{i}_norm") for i in (1, 2)],
                "head": ("head_norm", "head"),
            },
            ["embeddings", "block1", "block2", "head"],
        ),
        (
            {
                "embeddings": ("token_embedding", "embeddings_layer_norm"),
                "blocks": [
                    (f"transformer_layer_{i}_mha", f"transformer_layer_{i}_ln") for i in (0, 1)
                ],
                "head": ("pooled", "logits"),
            },
            ["embeddings", "transformer_layer_0", "transformer_layer_1", "pooled", "logits"],
        ),
    ],
    ids=["ours", "keras-hub"],
)
def test_transformers_have_embeddings_blocks_and_a_head(names, wanted):
    assert [block.name for block in read_blocks(transformer(names))] == wanted
