"""Dataset shift: how a sample comes to differ from its population, and what mends it.

A mechanism of selection draws a biased sample from a population; a density ratio, a label ratio
or cleaned labels repair some of it; distances say how far apart two samples are. NumPy only.
"""

from .population import Population, Selection

__all__ = ["Population", "Selection"]
