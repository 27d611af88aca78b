"""`load_backbone`: every family from raw pixels, its checkpoint file, and being offline."""

import importlib
import re
import socket
from contextlib import contextmanager
from urllib.error import HTTPError, URLError

import keras
import numpy as np
import pytest

from tlwidgets.backbones import CheckpointUnavailableError, load_backbone
from tlwidgets.backbones.load import read_backbones

pytestmark = [
    pytest.mark.keras,
    # TensorFlow and NumPy on `copy`, thousands of times.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

# One of each family, or two where its generations differ in preprocessing or layers, with the
# module of keras.applications that says what it wants to be fed.
BY_FAMILY = {
    "vgg16": "vgg16",
    "inception_v3": "inception_v3",
    "resnet50": "resnet",
    "resnet50_v2": "resnet_v2",
    "xception": "xception",
    "densenet121": "densenet",
    "mobilenet": "mobilenet",
    "mobilenet_v3_small": "mobilenet_v3",
    "nasnet_mobile": "nasnet",
    "efficientnet_b0": "efficientnet",
    "efficientnet_v2_b0": "efficientnet_v2",
    "convnext_tiny": "convnext",
}


def pixels_of(network, seed=0):
    shape = (2, *network.input_shape[1:])
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.float32)


def outputs(network, pixels):
    return np.asarray(network(pixels, training=False))


def difference(one, other):
    """The largest difference as a share of the largest value: random networks say little."""
    assert np.abs(one).max() > 0
    return np.abs(one - other).max() / np.abs(one).max()


@contextmanager
def pretend_download():
    """Let Keras say which file it would download, and leave the parameters random."""
    asked_for = []

    def note_file(fname=None, origin=None, **_):
        asked_for.append(fname)
        return fname

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras.src.utils.file_utils.get_file", note_file)
        patch.setattr(keras.Model, "load_weights", lambda _model, _path: None)
        yield asked_for


SIZES = {
    "mobilenet": 128,
    "mobilenet_v3_small": 224,
}  # of other sizes Keras says that they have no file


@pytest.fixture(scope="module", params=BY_FAMILY)
def built(request):
    """One small network after the other, as for ImageNet, and the file that Keras asked for."""
    entry = read_backbones()[request.param]
    with pretend_download() as asked_for:
        network = load_backbone(entry.name, max(entry.min_size, SIZES.get(entry.name, 0)))
    yield network, asked_for
    keras.backend.clear_session()


@pytest.fixture
def network(built):
    return built[0]


def test_every_family_is_built_here():
    families = {read_backbones()[name].family for name in BY_FAMILY}
    assert families == {entry.family for entry in read_backbones().values()}


def test_raw_pixels_give_one_row_of_features_each(network):
    features = outputs(network, pixels_of(network))
    assert features.shape == (2, network.output_shape[-1])
    assert np.isfinite(features).all()
    assert features.std() > 0


def test_it_has_the_parameters_of_the_catalog(network):
    assert network.count_params() == read_backbones()[network.name].parameters


def test_it_is_flat_and_has_its_own_name(network):
    assert network.inputs[0].name == "image"
    inner = [layer for layer in network.layers if isinstance(layer, keras.Model)]
    # ConvNeXt groups a few layers so; what must not be is the whole network inside another.
    assert all(isinstance(layer, keras.Sequential) for layer in inner)
    assert not inner or network.name.startswith("convnext")


def test_preprocessing_is_that_of_keras_applications(network):
    entry = read_backbones()[network.name]
    module = importlib.import_module(f"keras.applications.{BY_FAMILY[network.name]}")
    # Keras' EfficientNet has a layer more where it downloads its checkpoint.
    checkpoint = "imagenet" if entry.class_name == "EfficientNetB0" else None
    with pretend_download():
        bare = getattr(keras.applications, entry.class_name)(
            include_top=False,
            weights=checkpoint,
            pooling="avg",
            input_shape=network.input_shape[1:],
        )
    bare.set_weights(network.get_weights())
    pixels = pixels_of(network)
    features = outputs(network, pixels)
    assert difference(features, outputs(bare, module.preprocess_input(pixels.copy()))) < 1e-4
    if entry.preprocessing != "inside":  # the twin: without preprocessing they differ
        assert difference(features, outputs(bare, pixels)) > 1e-2


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v3_small"])
def test_a_file_meets_the_same_network_as_the_download(name):
    # Keras adds a layer to EfficientNet only where it downloads.
    with pretend_download():
        downloaded = load_backbone(name, 224)
    local = load_backbone(name, 224, checkpoint=None)
    local.set_weights(downloaded.get_weights())
    pixels = pixels_of(local)
    assert difference(outputs(downloaded, pixels), outputs(local, pixels)) < 1e-5


def test_it_can_be_saved_and_loaded(network, tmp_path):
    network.save(tmp_path / "whole.keras")
    again = keras.models.load_model(tmp_path / "whole.keras")
    pixels = pixels_of(network)
    assert difference(outputs(network, pixels), outputs(again, pixels)) < 1e-5


def test_keras_asks_for_the_file_of_the_catalog(built):
    network, (file,) = built
    entry = read_backbones()[network.name]
    assert file == entry.checkpoint_file(network.input_shape[1], include_top=False)


# Keras has files of MobileNet for several sizes, and warns at those without one.
NAMES_OF_FILES = [
    *((name, None, False) for name in ("vgg19", "mobilenet_v3_large")),
    *((name, None, True) for name in ("vgg16", "mobilenet", "mobilenet_v2", "mobilenet_v3_small")),
    *((f"mobilenet{v}", size, False) for v in ("", "_v2") for size in (96, 100, 128, 160, 192)),
]


class AskedForError(Exception):
    """Carries the name of the file that Keras would download."""


@pytest.fixture
def nothing_downloads(monkeypatch):
    def get_file(fname=None, origin=None, **_):
        raise AskedForError(fname)

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)


@pytest.mark.parametrize(("name", "size", "include_top"), NAMES_OF_FILES)
@pytest.mark.filterwarnings("ignore:.*is undefined or non-square")
def test_keras_asks_for_the_file_of_the_catalog_by_size_and_top(
    name, size, include_top, nothing_downloads
):
    entry = read_backbones()[name]
    with pytest.raises(AskedForError) as asked:
        load_backbone(name, size, include_top=include_top)
    wanted = entry.checkpoint_file(size or entry.input_size, include_top=include_top)
    assert str(asked.value) == wanted and entry.file != entry.file_with_top


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Return a function that makes every download fail in a chosen way."""
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def fail_with(error):
        def urlretrieve(*_):
            raise error

        monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", urlretrieve)

    return fail_with


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (URLError("Name or service not known"), "Name or service not known"),
        (HTTPError("https://x", 503, "Service Unavailable", None, None), "Service Unavailable"),
        (TimeoutError("timed out"), "timed out"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
    ],
)
def test_offline_the_error_says_what_is_missing_and_what_works(offline, error, cause):
    offline(error)
    with pytest.raises(CheckpointUnavailableError) as caught:
        load_backbone("vgg16", 32)
    message = str(caught.value)
    assert f"({cause})" in message or f"{cause})" in message
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in message
    assert "about 59 MB" in message
    assert "work offline now: efficientnet_lite0." in message
    assert "checkpoint=None" in message
    # No traceback of the downloader is shown.
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_another_failure_than_a_download_is_not_called_one(monkeypatch):
    def get_file(*_, **__):
        raise ValueError("Incomplete or corrupted file detected.")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    with pytest.raises(ValueError, match="corrupted"):
        load_backbone("vgg16", 32)


def test_a_silent_network_is_given_up_on_and_others_may_still_wait(monkeypatch):
    during = []

    def get_file(*_, **__):
        during.append(socket.getdefaulttimeout())
        raise AskedForError

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    before = socket.getdefaulttimeout()
    with pytest.raises(AskedForError):
        load_backbone("vgg16", 32)
    assert during == [20]
    assert socket.getdefaulttimeout() == before


@pytest.fixture(scope="module")
def small():
    return load_backbone("mobilenet_v3_small", 32, checkpoint=None)


@pytest.mark.parametrize("file", ["own.weights.h5", "own.keras", "own.h5"])
def test_a_file_of_ones_own_is_loaded(small, tmp_path, file):
    path = tmp_path / file
    small.save_weights(path) if ".weights." in file else small.save(path)
    again = load_backbone("mobilenet_v3_small", 32, checkpoint=path)
    pixels = pixels_of(small)
    assert np.array_equal(outputs(small, pixels), outputs(again, pixels))
    # The twin: without the file the parameters are other random ones.
    other = load_backbone("mobilenet_v3_small", 32, checkpoint=None)
    assert not np.array_equal(outputs(small, pixels), outputs(other, pixels))


def test_a_checkpoint_of_the_bare_keras_network_is_loaded(small, tmp_path):
    # As somebody has it who downloaded the file by hand.
    bare = keras.applications.MobileNetV3Small(include_top=False, weights=None, pooling="avg")
    bare.set_weights(small.get_weights())
    bare.save(tmp_path / "bare.h5")
    again = load_backbone("mobilenet_v3_small", 32, checkpoint=str(tmp_path / "bare.h5"))
    assert all(map(np.array_equal, small.get_weights(), again.get_weights()))


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras says it before it fails
def test_a_file_of_another_network_is_refused_by_name(small, tmp_path):
    small.save_weights(tmp_path / "small.weights.h5")
    with pytest.raises(ValueError, match=r"`checkpoint`: small\.weights\.h5 does not fit vgg16"):
        load_backbone("vgg16", 32, checkpoint=tmp_path / "small.weights.h5")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *((f"junk{end}", "does not fit mobilenet") for end in (".weights.h5", ".h5", ".keras")),
        *((name, "must be a Keras file") for name in ("x.txt", "x.pth", "x")),
    ],
)
def test_a_file_that_keras_does_not_read_is_refused_by_name(tmp_path, name, says):
    (tmp_path / name).write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match=rf"`checkpoint`(?=.*{re.escape(name)}).*{says}"):
        load_backbone("mobilenet_v3_small", 32, checkpoint=tmp_path / name)


@pytest.mark.parametrize(("name", "size"), [("vgg16", 31), ("xception", 70), ("vgg16", 1025)])
def test_a_size_that_the_network_cannot_take_is_refused(name, size):
    least = read_backbones()[name].min_size
    with pytest.raises(ValueError, match=f"`input_size`.*{least} to 1024.*{name}.*got {size}"):
        load_backbone(name, size, checkpoint=None)
