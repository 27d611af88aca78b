"""Pretrained convolutional networks that take raw pixels, and what they see in your images."""

from .._keras import start_keras

start_keras()

from ..freezing.activations import fold_batchnorm
from .features import BlockTaps, extract_features, tap_blocks
from .load import (
    BackboneEntry,
    CheckpointUnavailableError,
    imagenet_class_names,
    list_backbones,
    load_backbone,
    read_backbones,
    top_names,
)
from .small_networks import MINI_FAMILIES, load_glyph_net, load_mini

__all__ = [
    "MINI_FAMILIES",
    "BackboneEntry",
    "BlockTaps",
    "CheckpointUnavailableError",
    "extract_features",
    "fold_batchnorm",
    "imagenet_class_names",
    "list_backbones",
    "load_backbone",
    "load_glyph_net",
    "load_mini",
    "read_backbones",
    "tap_blocks",
    "top_names",
]
