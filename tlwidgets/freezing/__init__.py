"""Freeze the first blocks of a Keras model, prove it, and retrain the rest quickly."""

from .blocks import Block, read_blocks
from .flags import set_trainable
from .moving import moved, snapshot
from .splitting import split_at

__all__ = ["Block", "moved", "read_blocks", "set_trainable", "snapshot", "split_at"]
