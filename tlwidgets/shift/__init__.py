"""Dataset shift: how a sample comes to differ from its population, and what mends it.

A mechanism of selection draws a biased sample from a population; a density ratio, a label ratio
or cleaned labels repair some of it; distances say how far apart two samples are. Arrays go in
and come out: no Keras, no widgets.
"""

from .class_skew import ClassSkew, LongTail
from .confusion import estimate_confusion
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
from .label_noise import estimate_confident_joint, estimate_noise_transition, find_label_errors
from .label_shift import BBSE, RLLS, SaerensEM, correct_posterior
from .mechanisms import MECHANISMS, make_mechanism
from .nearness import Convenience, Diverse, Snowball
from .population import Population, Selection
from .quality import Corruption, Duplicates, LabelNoise
from .ranking import rank_sources
from .robust_fit import fit_robust_linear
from .sampling import Cluster, Region, SimpleRandom, Stratified
from .suspects import find_suspects
from .transferability import h_score, leep, log_me
from .ulsif import RULSIF, ULSIF

__all__ = [
    "BBSE",
    "KLIEP",
    "MECHANISMS",
    "RLLS",
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
    "SaerensEM",
    "Selection",
    "SimpleRandom",
    "Snowball",
    "Stratified",
    "TwoSampleTest",
    "classifier_two_sample_test",
    "clip_ratio",
    "coral_distance",
    "correct_posterior",
    "effective_sample_size",
    "estimate_confident_joint",
    "estimate_confusion",
    "estimate_noise_transition",
    "find_label_errors",
    "find_suspects",
    "fit_robust_linear",
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
