"""The sample-selection-bias explorer: who was drawn, what the sample believes, what is so."""

from .data import built_in, read_population

__all__ = ["built_in", "read_population"]
