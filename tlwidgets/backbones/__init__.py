"""Pretrained convolutional networks that take raw pixels, and what they see in your images."""

from .._quiet import start_keras

start_keras()

from .catalog import BackboneEntry, read_backbones
from .features import BlockTaps, extract_features, tap_blocks
from .folding import fold_batchnorm
from .glyph_net import load_glyph_net
from .loading import CheckpointUnavailableError, load_backbone
from .mini_families import MINI_FAMILIES, load_mini
from .names import imagenet_class_names, top_names
from .overview import list_backbones

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
