"""The layer-freeze slider: choose what trains, train it, and see the proof."""
