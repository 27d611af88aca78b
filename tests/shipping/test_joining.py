"""One Keras model against network and pipeline one after the other."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.shipping.small_inspectors import fitted_head, images, network
from tlwidgets import extract_features, load_backbone, load_mini, tap_blocks
from tlwidgets.shipping import to_keras

pytestmark = pytest.mark.keras
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def x():
    return images()


def features_of(model, x):
    made = model.predict(x.astype(np.float32), verbose=0)
    return np.concatenate(made, axis=1) if isinstance(made, list) else made


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("scaler", [True, False])
@pytest.mark.parametrize("outputs", [1, 2])
def test_the_model_says_what_the_pipeline_says(x, n_classes, scaler, outputs):
    base = network(outputs=outputs)
    features = features_of(base, x)
    head = fitted_head(features, n_classes, scaler)
    joined = to_keras(base, head)
    said, wanted = joined.predict(x, verbose=0), head.predict_proba(features)
    assert said.shape == (len(x), n_classes)
    np.testing.assert_allclose(said, wanted, atol=TOLERANCE)
    assert np.ptp(wanted) > 0.5  # a head that says the same of all would be equal too easily


@pytest.mark.parametrize("options", [{"with_mean": False}, {"with_std": False}])
def test_half_a_scaler_is_half_a_scaler(x, options):
    base = network()
    features = features_of(base, x)
    head = make_pipeline(StandardScaler(**options), LogisticRegression()).fit(
        features, np.arange(len(x)) % 2
    )
    np.testing.assert_allclose(
        to_keras(base, head).predict(x, verbose=0), head.predict_proba(features), atol=TOLERANCE
    )


def test_features_too_small_for_keras_are_kept(x):
    base = network()
    tiny = keras.Model(base.input, keras.layers.Rescaling(1e-12)(base.output), name="tiny")
    features = features_of(tiny, x)
    head = fitted_head(features)
    wanted = head.predict_proba(features)
    np.testing.assert_allclose(to_keras(tiny, head).predict(x, verbose=0), wanted, atol=TOLERANCE)
    assert np.ptp(wanted) > 0.5


def test_features_that_never_change_and_features_of_any_size(x):
    base = network()
    features = features_of(base, x)
    features[:, 0], features[:, 1] = 0.25, features[:, 1] * 1e4
    scale = keras.layers.Rescaling([0.0, 1e4, 1, 1, 1, 1], offset=[0.25, 0, 0, 0, 0, 0])
    wide = keras.Model(base.input, scale(base.output), name="wide")
    head = fitted_head(features)
    np.testing.assert_allclose(
        to_keras(wide, head).predict(x, verbose=0), head.predict_proba(features), atol=TOLERANCE
    )


def test_taps_of_a_network_are_joined(x):
    taps = tap_blocks(network(), ["stage1", "stage2"])
    features = extract_features(taps.model, x, progress=False)
    head = fitted_head(features)
    np.testing.assert_allclose(
        to_keras(taps, head).predict(x, verbose=0), head.predict_proba(features), atol=TOLERANCE
    )


@pytest.mark.parametrize(
    ("name", "channels", "size_px"), [("efficientnet_lite0", 3, 64), ("mini_resnet", 1, 28)]
)
def test_it_is_read_without_tlwidgets(tmp_path, name, channels, size_px, cache):
    x = images(40, channels, size_px)
    base = load_mini(name) if channels == 1 else load_backbone(name, size_px)
    features = extract_features(base, x, progress=False)
    head = fitted_head(features)
    to_keras(base, head).save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    code = """
import sys
sys.modules["tlwidgets"] = sys.modules["sklearn"] = None  # importing them would fail
import keras, numpy as np
model = keras.saving.load_model("model.keras")
np.save("said.npy", model.predict(np.load("x.npy").astype("float32"), verbose=0))"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    said = np.load(tmp_path / "said.npy")
    np.testing.assert_allclose(said, head.predict_proba(features), atol=TOLERANCE)


def test_the_order_of_the_channels_of_old_networks_is_saved_too(tmp_path, x):
    base = load_backbone("vgg16", 32, checkpoint=None)
    large = images(6, 3, 32)
    model = to_keras(base, fitted_head(features_of(base, large)))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(large, verbose=0), model.predict(large, verbose=0))


def test_what_cannot_be_joined_is_named(x):
    base = network()
    features = features_of(base, x)
    y = np.arange(len(x)) % 2
    other = make_pipeline(PCA(2), LogisticRegression()).fit(features, y)
    with pytest.raises(TypeError, match=r"`head` must be.*got PCA, LogisticRegression"):
        to_keras(base, other)
    with pytest.raises(TypeError, match=r"`head` must be.*got str"):
        to_keras(base, "head")
    with pytest.raises(TypeError, match=r"`head` must be.*got OneVsRestClassifier"):
        to_keras(base, OneVsRestClassifier(LogisticRegression()).fit(features, y))
    with pytest.raises(ValueError, match="`head` must be fitted; got Pipeline"):
        to_keras(base, make_pipeline(StandardScaler(), LogisticRegression()))
    with pytest.raises(ValueError, match=r"`head` must have learned.*gives 6, the head expects 3"):
        to_keras(base, fitted_head(features[:, :3]))
    with pytest.raises(TypeError, match=r"`network` must be a Keras model.*'vgg16'"):
        to_keras("vgg16", fitted_head(features))
    flat = keras.Model(base.input, base.get_layer("stage2_bn").output)
    with pytest.raises(ValueError, match=r"`network` must have one input.*\(None, 8, 8, 6\)"):
        to_keras(flat, fitted_head(features))


def test_a_head_that_is_no_softmax_is_refused(x):
    """As older scikit-learn decides several classes with 'liblinear'."""

    class OneAgainstTheRest(LogisticRegression):
        def predict_proba(self, features):
            shares = 1 / (1 + np.exp(-self.decision_function(features)))
            return shares / shares.sum(axis=1, keepdims=True)

    base = network()
    features = features_of(base, x)
    head = OneAgainstTheRest().fit(features, np.arange(len(x)) % 3)
    with pytest.raises(ValueError, match=r"`head` must give probabilities by softmax.*'lbfgs'"):
        to_keras(base, head)
