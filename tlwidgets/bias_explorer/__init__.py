"""The sample-selection-bias explorer: who was drawn, what the sample believes, what is so."""

from .populations import built_in

__all__ = ["built_in"]
