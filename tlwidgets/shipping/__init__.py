"""Ship a classifier: check its probabilities, price its mistakes, write its card."""

from .calibration import calibration_error, calibration_table
from .card import ModelCard, installed_versions
from .costs import cheapest_threshold, cost_by_threshold

__all__ = [
    "ModelCard",
    "calibration_error",
    "calibration_table",
    "cheapest_threshold",
    "cost_by_threshold",
    "installed_versions",
]
