"""Pretrained networks that take raw pixels or texts, and what they see in yours."""

from .._keras import start_keras

start_keras()

from .features import BlockTaps, extract_features, tap_blocks
from .heads import dense_parameters, solve_head
from .load import (
    CheckpointUnavailableError,
    imagenet_class_names,
    list_backbones,
    load_backbone,
    top_names,
)
from .small_networks import MINI_FAMILIES, load_glyph_net, load_mini
from .text import load_text_encoder
from .wordpiece import WordPiece, load_tokenizer

__all__ = [
    "MINI_FAMILIES",
    "BlockTaps",
    "CheckpointUnavailableError",
    "WordPiece",
    "dense_parameters",
    "extract_features",
    "imagenet_class_names",
    "list_backbones",
    "load_backbone",
    "load_glyph_net",
    "load_mini",
    "load_text_encoder",
    "load_tokenizer",
    "solve_head",
    "tap_blocks",
    "top_names",
]
