"""The four ways in which a sample comes to differ from its population, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .. import _check
from . import selection_errors as errors
from .class_skew import ClassSkew, LongTail
from .covariate_selection import CovariateSelection
from .drawing import Mechanism
from .nearness import Convenience, Diverse, Snowball
from .quality import Corruption, Duplicates, LabelNoise
from .sampling import Box, Cluster, Region, SimpleRandom, Stratified

MORE_OF = "more of "  # and then a category, where the covariate is one

# mechanism -> kind -> what makes it of a covariate and a region; most need neither
MECHANISMS: Mapping[str, Mapping[str, Callable[[str, Box | None], Mechanism]]] = MappingProxyType(
    {
        "domain shift": {
            "more of the high": lambda covariate, _: CovariateSelection(covariate, "high"),
            "more of the low": lambda covariate, _: CovariateSelection(covariate, "low"),
        },
        "data skew": {
            "half the classes": lambda *_: ClassSkew(),
            "long tail": lambda *_: LongTail(),
        },
        "dataset quality": {
            "symmetric noise": lambda *_: LabelNoise("symmetric"),
            "pair flip": lambda *_: LabelNoise("pair flip"),
            "feature-dependent noise": lambda *_: LabelNoise("feature dependent"),
            "duplicates": lambda *_: Duplicates(),
            "corrupted features": lambda *_: Corruption(),
        },
        "sampling strategy": {
            "simple random": lambda *_: SimpleRandom(),
            "stratified": lambda *_: Stratified(),
            "cluster": lambda *_: Cluster(),
            "convenience": lambda *_: Convenience(),
            "snowball": lambda *_: Snowball(),
            "region": lambda _, region: Region(errors.box(region, "region")),
            "diverse": lambda *_: Diverse(),
        },
    }
)


def make_mechanism(
    mechanism: str, kind: str, *, covariate: str = "", region: Box | None = None
) -> Mechanism:
    """Return the mechanism with this name.

    Parameters
    ----------
    mechanism : str
        A key of `MECHANISMS`.
    kind : str
        One of its kinds; in a domain shift also "more of <category>".
    covariate : str
        What a domain shift depends on.
    region : (left, bottom, right, top), each 0..1, optional
        Of the map, for the sampling strategy "region".

    Raises
    ------
    ValueError, TypeError
        If there is no such mechanism or kind, or no region was given.

    Examples
    --------
    >>> make_mechanism("domain shift", "more of mono", covariate="module type")
    CovariateSelection(covariate='module type', towards='mono')
    """
    kinds = MECHANISMS[_check.one_of("mechanism", mechanism, MECHANISMS, kind="mechanism")]
    if mechanism == "domain shift" and kind not in kinds and str(kind).startswith(MORE_OF):
        return CovariateSelection(covariate, kind.removeprefix(MORE_OF))
    make = kinds[_check.one_of("kind", kind, kinds, kind="way of " + mechanism)]
    return make(covariate, region)
