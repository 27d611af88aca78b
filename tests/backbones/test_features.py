"""Features: the same whatever the batches, found again in the cache, at one depth or several."""

import keras
import numpy as np
import pytest
from keras import layers

from tlwidgets.backbones import extract_features, features, load_backbone, tap_blocks
from tlwidgets.backbones.features import fingerprint
from tlwidgets.freezing import split_at

pytestmark = pytest.mark.keras

SIZE = 8


def build_toy(seed=0, pooled=True, name="toy", channels=3):
    """Two blocks with a BatchNormalization, small enough to compute while you read this."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((SIZE, SIZE, channels), name="image")
    x = layers.Rescaling(1 / 255, name="preprocessing")(inputs)
    x = layers.Conv2D(4, 3, padding="same", name="stage1_conv")(x)
    x = layers.BatchNormalization(name="stage1_bn")(x)
    x = layers.ReLU(name="stage1_relu")(x)
    x = layers.Conv2D(5, 3, strides=2, activation="relu", name="stage2_conv")(x)
    if pooled:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, x, name=name)


@pytest.fixture(scope="module")
def toy():
    return build_toy()


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (7, SIZE, SIZE, 3)).astype(np.uint8)


def direct(network, images):
    return np.asarray(network(images.astype(np.float32), training=False))


def extract(network, images, **arguments):
    return extract_features(network, images, progress=False, **arguments)


def test_features_are_what_the_network_gives(cache, toy, images):
    found = extract(toy, images)
    assert found.shape == (7, 5)
    assert found.dtype == np.float32
    assert found.std() > 0
    np.testing.assert_allclose(found, direct(toy, images), atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_features_are_float32_whatever_the_network_computes_in(cache, images, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        network = build_toy()
    finally:
        keras.config.set_dtype_policy(before)
    assert direct(network, images).dtype != np.float32
    for _made_then_kept in range(2):
        found = extract(network, images)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, np.float32(direct(network, images)), rtol=0.02, atol=0.01)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_features_do_not_depend_on_the_batches(cache, toy, images, batch_size):
    # Three leaves a last batch of one, which is filled up with black images.
    found = extract(toy, images, batch_size=batch_size)
    np.testing.assert_allclose(found, direct(toy, images), atol=1e-5)


@pytest.mark.parametrize("axis", [(), (1,)])
def test_grey_images_are_repeated_to_three_channels(cache, toy, images, axis):
    grey = images[..., :1] if axis else images[..., 0]
    repeated = np.repeat(images[..., :1], 3, axis=-1)
    np.testing.assert_allclose(extract(toy, grey), direct(toy, repeated), atol=1e-5)


def test_a_grey_network_takes_grey_images_as_they_are(cache, images):
    network = build_toy(channels=1, name="grey")
    grey = images[..., :1]
    np.testing.assert_allclose(extract(network, grey), direct(network, grey), atol=1e-5)


def test_without_pooling_the_map_comes_back(cache, images):
    network = build_toy(pooled=False)
    np.testing.assert_allclose(extract(network, images), direct(network, images), atol=1e-5)


def test_the_network_is_left_as_it_was(cache, toy, images):
    before = toy.get_weights()
    extract(toy, images)
    assert all(map(np.array_equal, before, toy.get_weights()))
    assert toy.trainable
    assert not toy.compiled


@pytest.fixture
def runs(monkeypatch):
    """The list of how many images each run of a network saw."""
    found = []
    real = features._run

    def count(model, pixels, *rest):
        found.append(len(pixels))
        return real(model, pixels, *rest)

    monkeypatch.setattr(features, "_run", count)
    return found


def test_a_second_call_runs_no_network(cache, toy, images, runs):
    first = extract(toy, images)
    second = extract(toy, images, batch_size=2)
    built_again = extract(build_toy(), images)
    assert np.array_equal(first, second) and np.array_equal(first, built_again)
    assert runs == [7]


def test_other_images_are_run(cache, toy, images, runs):
    extract(toy, images)
    changed = images.copy()
    changed[6, 0, 0, 0] ^= 1
    extract(toy, changed)
    extract(toy, images[:6])
    assert runs == [7, 7, 6]


def test_other_parameters_are_run(cache, images, runs):
    network = build_toy()
    one = extract(network, images)
    network.get_layer("stage2_conv").bias.assign_add(np.ones(5))
    other = extract(network, images)
    assert runs == [7, 7]
    assert not np.allclose(one, other)


def test_other_batch_statistics_are_run(cache, images, runs):
    # They are parameters too, though nothing trains them.
    network = build_toy()
    extract(network, images)
    network.get_layer("stage1_bn").moving_mean.assign_add(np.ones(4))
    np.testing.assert_allclose(extract(network, images), direct(network, images), atol=1e-5)
    assert runs == [7, 7]


def test_another_architecture_with_equal_parameters_is_run(cache, images, runs):
    linear = build_toy()
    config = linear.get_config()
    for layer in config["layers"]:
        if layer["name"] == "stage2_conv":
            layer["config"]["activation"] = "linear"
    other = keras.Model.from_config(config)
    other.set_weights(linear.get_weights())
    assert not np.allclose(extract(linear, images), extract(other, images))
    assert runs == [7, 7]


@pytest.mark.parametrize(("name", "size"), [("vgg16", 32), ("mobilenet_v2", 32)])
def test_a_fingerprint_does_not_depend_on_what_was_built_before(name, size):
    # Keras numbers unnamed layers through the whole session.
    one = load_backbone(name, size, checkpoint=None)
    other = load_backbone(name, size, checkpoint=None)
    assert fingerprint(one) != fingerprint(other)
    other.set_weights(one.get_weights())
    assert [op.name for op in one.operations] != [op.name for op in other.operations]
    assert fingerprint(one) == fingerprint(other)


def test_a_part_of_a_network_is_found_again_when_its_cell_runs_twice(cache, images):
    def first_stage():
        model = keras.Sequential([toy, layers.Dense(1)])  # Keras numbers model and input
        return split_at(model, 1)[0]

    toy = build_toy()
    one, other = first_stage(), first_stage()
    assert one.name != other.name and one.inputs[0].name != other.inputs[0].name
    first = extract(one, images)
    (file,) = cache.iterdir()
    np.testing.assert_array_equal(extract(other, images), first)
    assert list(cache.iterdir()) == [file]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x: x[:, :4], r"\(8, 8, 3\).*\(4, 8, 3\).*input_size=4"),
        (lambda x: x / 255, "up to 1.*Multiply them by 255"),
    ],
)
def test_wrong_images_are_named(cache, toy, images, wrong, words):
    with pytest.raises(ValueError, match=f"`images`.*{words}"):
        extract(toy, wrong(images))


def test_colour_images_do_not_fit_a_grey_network(cache, images):
    with pytest.raises(ValueError, match=r"`images` must fit .*\(8, 8, 1\).*\(8, 8, 3\)"):
        extract(build_toy(channels=1), images)


def test_a_network_with_two_outputs_is_refused(toy, images):
    two = keras.Model(toy.inputs, [toy.output, toy.get_layer("stage1_bn").output])
    with pytest.raises(
        ValueError, match=r"`backbone` must have one input and one output.* 1 and 2"
    ):
        extract(two, images)


def test_progress_is_shown_only_when_asked_for(cache, toy, images, capsys):
    extract_features(toy, images, progress=False)
    assert capsys.readouterr().err == ""
    extract_features(toy, images[:6], progress=True)
    assert "extracting features" in capsys.readouterr().err


def test_taps_are_the_pooled_maps_of_their_blocks(toy, images):
    taps = tap_blocks(toy, ["stage1", "stage2"])
    assert taps.columns == {"stage1": slice(0, 4), "stage2": slice(4, 9)}
    found = direct(taps.model, images)
    for block, last in (("stage1", "stage1_relu"), ("stage2", "stage2_conv")):
        feature_map = keras.Model(toy.inputs[0], toy.get_layer(last).output)
        pooled = direct(feature_map, images).mean(axis=(1, 2))
        np.testing.assert_allclose(found[:, taps.columns[block]], pooled, atol=1e-5)


def test_several_taps_are_the_single_taps_side_by_side(cache, toy, images):
    blocks = ["stage2", "stage1", "image"]
    together = tap_blocks(toy, blocks)
    found = extract(together.model, images)
    for block in blocks:
        alone = extract(tap_blocks(toy, [block]).model, images)
        np.testing.assert_allclose(found[:, together.columns[block]], alone, atol=1e-4)


def test_taps_share_the_network_s_parameters(images):
    network = build_toy()
    taps = tap_blocks(network, ["stage2"])
    before = direct(taps.model, images)
    network.get_layer("stage2_conv").bias.assign_add(np.ones(5))
    assert not np.allclose(direct(taps.model, images), before)


def test_a_whole_name_of_a_layer_is_a_tap_too(toy):
    assert tap_blocks(toy, ["stage1_conv"]).columns == {"stage1_conv": slice(0, 4)}


def test_every_stage_of_lite0_can_be_tapped():
    network = load_backbone("efficientnet_lite0", 32, checkpoint=None)
    blocks = ["stem", *(f"stage{i}" for i in range(1, 8)), "head"]
    widths = [s.stop - s.start for s in tap_blocks(network, blocks).columns.values()]
    assert widths == [32, 16, 24, 40, 80, 112, 192, 320, 1280]


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        (["stage3"], "no block named 'stage3'.*stage1, stage2.*Did you mean"),
        (["avg_pool"], "no block named 'avg_pool'"),
        ([5], "no block named 5"),
        ("stage1", "list of block names.*'stage1'"),
    ],
)
def test_wrong_blocks_are_named(toy, blocks, words):
    with pytest.raises((TypeError, ValueError), match=f"`blocks`.*{words}"):
        tap_blocks(toy, blocks)
