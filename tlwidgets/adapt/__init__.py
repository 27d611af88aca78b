"""Losses and layers that make a network fit for another domain or for doubtful data."""

from .robust_loss import GeneralizedCrossEntropy

__all__ = ["GeneralizedCrossEntropy"]
