"""The layer-freeze slider: choose what trains, train it, and see the proof."""

from .widget import FreezeSlider

__all__ = ["FreezeSlider"]
