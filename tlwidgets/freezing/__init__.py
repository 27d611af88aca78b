"""Freeze the first blocks of a Keras model, prove it, and retrain the rest quickly."""

from .._keras import start_keras

start_keras()

from .blocks import Block, block_costs, read_blocks, split_at
from .flags import moved, set_trainable, snapshot
from .loop import Estimate, Plan, Run
from .trainer import CachedTrainer

__all__ = [
    "Block",
    "CachedTrainer",
    "Estimate",
    "Plan",
    "Run",
    "block_costs",
    "moved",
    "read_blocks",
    "set_trainable",
    "snapshot",
    "split_at",
]
