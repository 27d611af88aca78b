"""Ship a classifier: check its probabilities, price its mistakes, write its card, hand it over."""

from .._keras import start_keras

start_keras()

from .calibration import (
    calibration_error,
    calibration_table,
    cheapest_threshold,
    cost_by_threshold,
    decisions_at,
    plot_calibration,
    plot_costs,
)
from .card import ModelCard
from .inspector import Answer, Inspector, load_inspector
from .page import InspectorPage
from .to_keras import to_keras

__all__ = [
    "Answer",
    "Inspector",
    "InspectorPage",
    "ModelCard",
    "calibration_error",
    "calibration_table",
    "cheapest_threshold",
    "cost_by_threshold",
    "decisions_at",
    "load_inspector",
    "plot_calibration",
    "plot_costs",
    "to_keras",
]
