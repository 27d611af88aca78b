"""A backbone is an entry of the catalog: it is listed, loads, and is cut into blocks."""

import pytest

from tlwidgets.backbones import list_backbones, load, load_backbone
from tlwidgets.freezing import read_blocks

pytestmark = pytest.mark.keras

ENTRY = """
[another_mobilenet]
class_name = "MobileNetV2"
family = "MobileNet"
year = 2018
paper = "Sandler et al. (2018)"
parameters = 2257984
top1 = 71.3
input_size = 224
min_size = 32
preprocessing = "tf"
file = "another.h5"
file_with_top = "another_with_top.h5"
"""


@pytest.fixture
def catalog(tmp_path, monkeypatch):
    """Let the package read this catalog; the shipped one with a line more."""
    shipped = (load.files("tlwidgets.backbones") / "catalog.toml").read_text("utf-8")
    monkeypatch.setattr(load, "files", lambda _: tmp_path)
    load.read_backbones.cache_clear()

    def write(more):
        (tmp_path / "catalog.toml").write_text(shipped + more, "utf-8")

    yield write
    load.read_backbones.cache_clear()


def test_an_entry_is_all_that_a_network_of_keras_needs(catalog):
    catalog(ENTRY)
    assert not list_backbones().loc["another_mobilenet", "offline"]
    network = load_backbone("another_mobilenet", 32, checkpoint=None)
    assert network.count_params() == 2_257_984
    names = [block.name for block in read_blocks(network)]
    assert len(names) == len(set(names)) > 5


def test_a_forgotten_part_is_an_error_that_names_it(catalog):
    catalog(ENTRY.replace("top1 = 71.3\n", ""))
    with pytest.raises(TypeError, match="top1"):
        list_backbones()
