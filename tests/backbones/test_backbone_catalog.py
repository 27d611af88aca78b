"""The catalog of networks: complete, consistent, and the same words for the same files."""

import pytest

from tlwidgets.backbones.load import read_backbones

ENTRIES = read_backbones()
FAMILIES = {
    "ConvNeXt",
    "DenseNet",
    "EfficientNet",
    "Inception",
    "MobileNet",
    "NASNet",
    "ResNet",
    "VGG",
    "Xception",
}

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
    assert {entry.family for entry in ENTRIES.values()} == FAMILIES
    assert len(ENTRIES) == 41


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)
def test_facts_are_plausible(entry):
    assert 2014 <= entry.year <= 2022
    assert entry.paper.endswith(")")
    assert 60 < entry.top1 < 90
    assert 32 <= entry.min_size <= entry.input_size <= 600
    assert entry.preprocessing in {"inside", "tf", "caffe", "torch"}
    assert 0.9e6 < entry.parameters < 350e6


def test_no_two_networks_share_a_file():
    files = [entry.file for entry in ENTRIES.values()]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize(("name", "sibling"), SIBLINGS.items(), ids=SIBLINGS.keys())
def test_the_files_of_a_large_network_are_named_like_its_sibling_s(name, sibling):
    small, old, new = sibling
    assert ENTRIES[name].file == ENTRIES[small].file.replace(old, new)
    assert ENTRIES[name].file_with_top == ENTRIES[small].file_with_top.replace(old, new)


def test_the_size_of_a_checkpoint_follows_from_its_parameters():
    assert ENTRIES["vgg16"].size_mb == pytest.approx(58.9, abs=0.05)


@pytest.mark.parametrize(
    ("size", "file"),
    [(128, "mobilenet_1_0_128_tf_no_top.h5"), (100, "mobilenet_1_0_224_tf_no_top.h5")],
)
def test_a_size_without_a_file_of_its_own_gets_the_usual_one(size, file):
    assert ENTRIES["mobilenet"].checkpoint_file(size, include_top=False) == file
