"""Pretrained convolutional networks that take raw pixels, and what they see in your images."""

from .._keras import start_keras

start_keras()

from .features import BlockTaps, extract_features, tap_blocks
from .load import (
    CheckpointUnavailableError,
    imagenet_class_names,
    list_backbones,
    load_backbone,
    top_names,
)
from .small_networks import MINI_FAMILIES, load_glyph_net, load_mini

__all__ = [
    "MINI_FAMILIES",
    "BlockTaps",
    "CheckpointUnavailableError",
    "extract_features",
    "imagenet_class_names",
    "list_backbones",
    "load_backbone",
    "load_glyph_net",
    "load_mini",
    "tap_blocks",
    "top_names",
]
