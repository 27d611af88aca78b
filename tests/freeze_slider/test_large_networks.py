"""The slider lies over the large networks of lesson 04, each cut where its family has blocks."""

import keras
import numpy as np
import pytest

from tests.freeze_slider.models import LOSS
from tlwidgets import FreezeSlider, load_backbone
from tlwidgets.freezing import read_blocks

pytestmark = pytest.mark.keras
SIDES_PX = {
    "vgg16": 32,
    "inception_v3": 75,
    "resnet50": 32,
    "mobilenet_v2": 32,
    "efficientnet_b0": 32,
    "efficientnet_lite0": 32,
}


@pytest.mark.parametrize("name", SIDES_PX)
def test_what_lies_behind_the_border_trains_and_nothing_before_it(name):
    side = SIDES_PX[name]
    network = load_backbone(name, side, checkpoint=None)
    model = keras.Sequential([network, keras.layers.Dense(3, name="head")])
    model.compile("adam", LOSS, metrics=["accuracy"])
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, side, side, 3), dtype=np.uint8)
    blocks = read_blocks(model)
    slider = FreezeSlider(model, train=(images, rng.integers(0, 3, 12)))
    slider.epochs = 1
    for cut in (len(blocks) - 1, len(blocks) - 2):
        slider.cut = cut
        run = slider.train()
        assert (run.block, run.ending) == (blocks[cut].name, "finished")
        moved = set(slider.moved().query("moved")["layer"])
        assert moved & set(blocks[cut].layers)
        assert moved <= {layer for block in blocks[cut:] for layer in block.layers}
    slider.close()
