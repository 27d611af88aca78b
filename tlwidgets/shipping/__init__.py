"""Ship a classifier: check its probabilities, price its mistakes, write its card, hand it over."""

from .._keras import start_keras

start_keras()

from .calibration import calibration_error, calibration_table, cheapest_threshold, cost_by_threshold
from .card import ModelCard, installed_versions
from .inspector import Answer, Inspector, load_inspector
from .to_keras import to_keras

__all__ = [
    "Answer",
    "Inspector",
    "ModelCard",
    "calibration_error",
    "calibration_table",
    "cheapest_threshold",
    "cost_by_threshold",
    "installed_versions",
    "load_inspector",
    "to_keras",
]
