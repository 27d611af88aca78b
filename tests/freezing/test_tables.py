"""What a block costs, against numbers counted by hand."""

import keras
import pytest
from keras import layers

from tlwidgets.freezing import block_costs

pytestmark = pytest.mark.keras


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


def test_the_published_arithmetic_of_mobilenet_is_met():
    # Sandler et al. (2018), Table 4: 300 million multiply-adds and 3.4 million parameters.
    model = keras.applications.MobileNetV2(weights=None)
    total = block_costs(model).sum()
    assert total["multiplications"] == pytest.approx(300e6, rel=0.02)
    assert total["parameters"] == pytest.approx(3.5e6, rel=0.02)


def test_a_model_without_a_graph_is_refused():
    with pytest.raises(TypeError, match="`model`"):
        block_costs("vgg16")
