"""The table of networks, and which of them work offline."""

import pytest

from tlwidgets.backbones import list_backbones, load
from tlwidgets.backbones.load import read_backbones

pytestmark = pytest.mark.keras  # the package of backbones loads Keras

FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


@pytest.fixture
def keras_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_there_is_a_row_for_each_network():
    table = list_backbones()
    assert table.index.tolist() == list(read_backbones())
    assert table.columns.tolist() == [
        "family",
        "year",
        "parameters",
        "size_mb",
        "top1",
        "input_size",
        "checkpoint",
        "offline",
    ]
    assert table.loc["vgg16"].tolist()[:6] == ["VGG", 2014, 14_714_688, 58.9, 71.3, 224]


def test_ours_comes_in_a_package_and_works_offline(keras_folder):
    table = list_backbones()
    assert table.query("offline").index.tolist() == ["efficientnet_lite0"]
    assert table.query("checkpoint == 'package'").index.tolist() == ["efficientnet_lite0"]


def test_without_the_package_ours_does_not_work_offline(keras_folder, monkeypatch):
    monkeypatch.setattr(load, "find_spec", lambda _name: None)
    assert not list_backbones()["offline"].any()


def test_a_downloaded_checkpoint_works_offline(keras_folder):
    assert not list_backbones().loc["vgg16", "offline"]
    (keras_folder / FILE).write_bytes(b"")
    assert list_backbones().loc["vgg16", "offline"]
    assert load.offline_names() == ["efficientnet_lite0", "vgg16"]
