"""The catalog of networks: complete, consistent, listed, and all that a new network needs."""

import pytest

from tlwidgets.backbones import list_backbones, load, load_backbone
from tlwidgets.backbones.load import read_backbones
from tlwidgets.freezing import read_blocks

pytestmark = pytest.mark.keras  # the package of backbones loads Keras

ENTRIES = read_backbones()
FAMILIES = "ConvNeXt DenseNet EfficientNet Inception MobileNet NASNet ResNet VGG Xception"

# Keras is asked for the file of each small network (test_loading.py). The large ones would take
# a minute to build; their files differ from a sibling's in one word.
SIBLINGS = {
    "inception_resnet_v2": ("inception_v3", "inception_v3", "inception_resnet_v2"),
    "resnet101": ("resnet50", "resnet50", "resnet101"),
    "resnet152": ("resnet50", "resnet50", "resnet152"),
    "resnet101_v2": ("resnet50_v2", "resnet50v2", "resnet101v2"),
    "resnet152_v2": ("resnet50_v2", "resnet50v2", "resnet152v2"),
    "densenet169": ("densenet121", "densenet121", "densenet169"),
    "densenet201": ("densenet121", "densenet121", "densenet201"),
    "nasnet_large": ("nasnet_mobile", "mobile", "large"),
    **{f"efficientnet_b{i}": ("efficientnet_b0", "b0", f"b{i}") for i in range(1, 8)},
    **{
        f"efficientnet_v2_{v}": ("efficientnet_v2_b0", "b0", v)
        for v in ("b1", "b2", "b3", "s", "m", "l")
    },
    **{f"convnext_{v}": ("convnext_tiny", "tiny", v) for v in ("small", "base", "large", "xlarge")},
}


def test_every_family_of_the_course_is_there():
    assert {entry.family for entry in ENTRIES.values()} == set(FAMILIES.split())
    assert len(ENTRIES) == 41
    assert len({entry.file for entry in ENTRIES.values()}) == 41  # no two share a file


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)
def test_facts_are_plausible(entry):
    assert 2014 <= entry.year <= 2022
    assert entry.paper.endswith(")")
    assert 60 < entry.top1 < 90
    assert 32 <= entry.min_size <= entry.input_size <= 600
    assert entry.preprocessing in {"inside", "tf", "caffe", "torch"}
    assert 0.9e6 < entry.parameters < 350e6


@pytest.mark.parametrize(("name", "sibling"), SIBLINGS.items(), ids=SIBLINGS.keys())
def test_the_files_of_a_large_network_are_named_like_its_sibling_s(name, sibling):
    small, old, new = sibling
    assert ENTRIES[name].file == ENTRIES[small].file.replace(old, new)
    assert ENTRIES[name].file_with_top == ENTRIES[small].file_with_top.replace(old, new)


@pytest.fixture
def keras_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_there_is_a_row_for_each_network():
    table = list_backbones()
    assert table.index.tolist() == list(ENTRIES)
    assert table.loc["vgg16"].tolist()[:6] == ["VGG", 2014, 14_714_688, 58.9, 71.3, 224]


def test_ours_comes_in_a_package_and_works_offline(keras_folder, monkeypatch):
    table = list_backbones()
    assert table.query("offline").index.tolist() == ["efficientnet_lite0"]
    assert table.query("checkpoint == 'package'").index.tolist() == ["efficientnet_lite0"]
    monkeypatch.setattr(load, "find_spec", lambda _name: None)
    assert not list_backbones()["offline"].any()


def test_a_downloaded_checkpoint_works_offline(keras_folder):
    assert not list_backbones().loc["vgg16", "offline"]
    (keras_folder / ENTRIES["vgg16"].file).write_bytes(b"")
    assert list_backbones().loc["vgg16", "offline"]
    assert load.offline_names() == ["efficientnet_lite0", "vgg16"]


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
