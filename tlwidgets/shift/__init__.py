"""Dataset shift: how a sample comes to differ from its population, and what mends it.

A mechanism of selection draws a biased sample from a population; a density ratio, a label ratio
or cleaned labels repair some of it; distances say how far apart two samples are. NumPy only.
"""

from .density_ratio import LogisticRatio, clip_ratio, effective_sample_size, true_ratio
from .kliep import KLIEP
from .kmm import KernelMeanMatching
from .population import Population, Selection
from .ulsif import RULSIF, ULSIF

__all__ = [
    "KLIEP",
    "RULSIF",
    "ULSIF",
    "KernelMeanMatching",
    "LogisticRatio",
    "Population",
    "Selection",
    "clip_ratio",
    "effective_sample_size",
    "true_ratio",
]
