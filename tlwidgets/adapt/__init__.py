"""Losses and layers that make a network fit for another domain or for doubtful data."""

from .._quiet import start_keras
from .autoencoding import DenoisingAutoencoder
from .contrast import ContrastiveLearner, RandomViews, contrastive_loss
from .multi_task import MultiTask
from .patches import PatchFeatures, learn_patches
from .robust_loss import GeneralizedCrossEntropy

__all__ = [
    "ContrastiveLearner",
    "DenoisingAutoencoder",
    "GeneralizedCrossEntropy",
    "MultiTask",
    "PatchFeatures",
    "RandomViews",
    "contrastive_loss",
    "learn_patches",
]
