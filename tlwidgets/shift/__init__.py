"""Dataset shift: how a sample comes to differ from its population, and what mends it.

A mechanism of selection draws a biased sample from a population; a density ratio, a label ratio
or cleaned labels repair some of it; distances say how far apart two samples are. NumPy only.
"""

from .class_skew import ClassSkew, LongTail
from .covariate_selection import CovariateSelection
from .density_ratio import LogisticRatio, clip_ratio, effective_sample_size, true_ratio
from .distances import (
    TwoSampleTest,
    classifier_two_sample_test,
    coral_distance,
    mmd,
    population_stability_index,
    proxy_a_distance,
)
from .drawing import Mechanism
from .kliep import KLIEP
from .kmm import KernelMeanMatching
from .mechanisms import MECHANISMS, make_mechanism
from .nearness import Convenience, Diverse, Snowball
from .population import Population, Selection
from .quality import Corruption, Duplicates, LabelNoise
from .ranking import rank_sources
from .sampling import Cluster, Region, SimpleRandom, Stratified
from .transferability import h_score, leep, log_me
from .ulsif import RULSIF, ULSIF

__all__ = [
    "KLIEP",
    "MECHANISMS",
    "RULSIF",
    "ULSIF",
    "ClassSkew",
    "Cluster",
    "Convenience",
    "Corruption",
    "CovariateSelection",
    "Diverse",
    "Duplicates",
    "KernelMeanMatching",
    "LabelNoise",
    "LogisticRatio",
    "LongTail",
    "Mechanism",
    "Population",
    "Region",
    "Selection",
    "SimpleRandom",
    "Snowball",
    "Stratified",
    "TwoSampleTest",
    "classifier_two_sample_test",
    "clip_ratio",
    "coral_distance",
    "effective_sample_size",
    "h_score",
    "leep",
    "log_me",
    "make_mechanism",
    "mmd",
    "population_stability_index",
    "proxy_a_distance",
    "rank_sources",
    "true_ratio",
]
