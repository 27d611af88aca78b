"""Dataset shift: how a sample comes to differ from its population, and what mends it.

A mechanism of selection draws a biased sample from a population; a density ratio, a label ratio
or cleaned labels repair some of it; distances say how far apart two samples are. NumPy only.
"""

from .density_ratio import LogisticRatio, clip_ratio, effective_sample_size, true_ratio
from .distances import (
    TwoSampleTest,
    classifier_two_sample_test,
    coral_distance,
    mmd,
    population_stability_index,
    proxy_a_distance,
)
from .kliep import KLIEP
from .kmm import KernelMeanMatching
from .population import Population, Selection
from .ranking import rank_sources
from .transferability import h_score, leep, log_me
from .ulsif import RULSIF, ULSIF

__all__ = [
    "KLIEP",
    "RULSIF",
    "ULSIF",
    "KernelMeanMatching",
    "LogisticRatio",
    "Population",
    "Selection",
    "TwoSampleTest",
    "classifier_two_sample_test",
    "clip_ratio",
    "coral_distance",
    "effective_sample_size",
    "h_score",
    "leep",
    "log_me",
    "mmd",
    "population_stability_index",
    "proxy_a_distance",
    "rank_sources",
    "true_ratio",
]
