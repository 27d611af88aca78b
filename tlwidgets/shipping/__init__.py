"""Ship a classifier: check its probabilities, price its mistakes, write its card, hand it over."""

from .._quiet import start_keras

start_keras()

from .answer import Answer
from .calibration import calibration_error, calibration_table
from .card import ModelCard, installed_versions
from .costs import cheapest_threshold, cost_by_threshold
from .folder import load_inspector
from .inspector import Inspector
from .joining import to_keras

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
