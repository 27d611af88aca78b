"""Dataset shift: how a sample comes to differ from its population, and what mends it.

A mechanism of selection draws a biased sample from a population; a density ratio, a label ratio
or cleaned labels repair some of it; distances say how far apart two samples are. Arrays go in
and come out: no Keras, no widgets.
"""

from .density_ratio import (
    KLIEP,
    KernelMeanMatching,
    LogisticRatio,
    clip_ratio,
    overlap,
    true_ratio,
)
from .distances import (
    Convenience,
    Diverse,
    Snowball,
    classifier_two_sample_test,
    mmd,
    proxy_a_distance,
)
from .label_noise import (
    estimate_noise_transition,
    find_label_errors,
    fit_forward_linear,
    fit_robust_linear,
)
from .label_shift import BBSE, RLLS, SaerensEM, correct_posterior
from .mechanisms import (
    MECHANISMS,
    ClassSkew,
    Cluster,
    Corruption,
    CovariateSelection,
    Duplicates,
    LabelNoise,
    LongTail,
    Region,
    SimpleRandom,
    Stratified,
    make_mechanism,
)
from .population import Population, Selection, effective_sample_size
from .transferability import h_score, leep, log_me, rank_sources

__all__ = [
    "BBSE",
    "KLIEP",
    "MECHANISMS",
    "RLLS",
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
    "Population",
    "Region",
    "SaerensEM",
    "Selection",
    "SimpleRandom",
    "Snowball",
    "Stratified",
    "classifier_two_sample_test",
    "clip_ratio",
    "correct_posterior",
    "effective_sample_size",
    "estimate_noise_transition",
    "find_label_errors",
    "fit_forward_linear",
    "fit_robust_linear",
    "h_score",
    "leep",
    "log_me",
    "make_mechanism",
    "mmd",
    "overlap",
    "proxy_a_distance",
    "rank_sources",
    "true_ratio",
]
