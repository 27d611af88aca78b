"""Freeze the first blocks of a Keras model, prove it, and retrain the rest quickly."""

from .._quiet import start_keras

start_keras()

from .blocks import Block, read_blocks
from .flags import set_trainable
from .moving import moved, snapshot
from .runs import Estimate, Plan, Run
from .splitting import split_at
from .tables import block_costs
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
