"""The populations that come with the bias explorer: solar cells, digits, people with diabetes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check
from ..data import SolarCells, fetch_solar_cells, load_digits
from ..data.cache import cached, digest
from ..shift import Population
from .projecting import map_positions

DEFAULT = "solar cells"
# Raise it when a population is made in another way, so that old cache entries are not found.
_VERSION = 2
_N_COMPONENTS = 50
# 96 pixels: a quarter of the time of 160, and the head is as good within a point.
_CELL_SIZE_PX = 96
_LARGEST_ANGLE = 60.0
# What the columns of scikit-learn's diabetes data are called.
_DIABETES_NAMES = {"age": "age", "bmi": "body mass index", "bp": "blood pressure"}


def built_in(name: str = DEFAULT) -> Population:
    """Give me a population to draw samples from.

    Parameters
    ----------
    name : "solar cells", "digits" or "diabetes"
        2,624 solar cells, as an ImageNet network sees them: sound or defective? 5,000 digits,
        each turned by an angle of its own: which one? 442 people with diabetes: how far will
        it have progressed in a year, as a number?

    Returns
    -------
    Population

    Raises
    ------
    ValueError
        If there is none of this name.
    ImportError
        If the package with the solar cells is not installed.

    Notes
    -----
    The first call for the solar cells computes their features, which takes about a minute; they
    are kept on disk. The cells are for non-commercial use only.

    References
    ----------
    Deitsch et al. (2019), Automatic classification of defective photovoltaic module cells in
    electroluminescence images, Solar Energy 185. LeCun, Cortes and Burges (1998), The MNIST
    database of handwritten digits. Efron et al. (2004), Least angle regression, Annals of
    Statistics 32.

    Examples
    --------
    >>> digits = built_in("digits")
    >>> len(digits), list(digits.covariates)
    (5000, ['rotation', 'thickness', 'brightness'])
    """
    _check.one_of("name", name, _MAKERS, kind="population")
    if name not in _made:
        _made[name] = _MAKERS[name]()
    return _made[name]


def is_built_in(population: Population) -> bool:
    """Tell whether a population is one of ours, and not one that only has its name."""
    return _made.get(population.name) is population


def principal_components(x: NDArray[Any], n_components: int = _N_COMPONENTS) -> NDArray[np.float64]:
    """Return the leading principal components, scaled to a standard deviation of 1 on average."""
    from sklearn.decomposition import PCA

    n_components = min(n_components, *x.shape)
    # The exact solver: a random one gives other numbers in other versions.
    found = PCA(n_components, svd_solver="covariance_eigh").fit_transform(x.astype(np.float64))
    return np.asarray(found / found.std(axis=0).mean())


def _solar_cells() -> Population:
    cells = fetch_solar_cells(_CELL_SIZE_PX)
    key = digest(_VERSION, _CELL_SIZE_PX, len(cells.images))
    x = cached("population-solar-cells", key, lambda: _cell_features(cells))["x"]
    pixels = cells.images.reshape(len(x), -1)
    is_sure = np.isin(cells.defect_probability, [0.0, 1.0])
    return Population(
        name="solar cells",
        x=x,
        y=cells.is_defective,
        class_names=("sound", "defective"),
        covariates={
            "module type": cells.module_type,
            "experts": np.where(is_sure, "sure", "unsure"),
            "brightness": pixels.mean(axis=1, dtype=np.float64),
            "contrast": pixels.std(axis=1, dtype=np.float64),
        },
        group=cells.module_type,
        position=map_positions(x),
    )


def _cell_features(cells: SolarCells) -> Mapping[str, NDArray[Any]]:
    # Here, because they load Keras, which a kept population does not need.
    from ..backbones import extract_features, load_backbone

    backbone = load_backbone("efficientnet_lite0", _CELL_SIZE_PX)
    return {"x": principal_components(extract_features(backbone, cells.images))}


def _digits() -> Population:
    digits = load_digits()
    arrays = cached("population-digits", digest(_VERSION, _LARGEST_ANGLE), _turned_digits)
    names = ("rotation", "thickness", "brightness")
    return Population(
        name="digits",
        x=arrays["x"],
        y=digits.labels,
        class_names=tuple("0123456789"),
        covariates={name: arrays[name] for name in names},
        group=np.full(len(digits.labels), "everybody"),
        position=map_positions(arrays["x"]),
    )


def _turned_digits() -> Mapping[str, NDArray[Any]]:
    """Turn each digit by an angle of its own, and measure strokes and ink."""
    from scipy.ndimage import rotate

    images = load_digits().images.astype(np.float64) / 255
    angles = np.random.default_rng(0).uniform(-_LARGEST_ANGLE, _LARGEST_ANGLE, len(images))
    turned = np.stack(
        [rotate(image, a, reshape=False, order=1) for image, a in zip(images, angles, strict=True)]
    )
    ink = images.sum(axis=(1, 2))
    across, down = np.diff(images, axis=2), np.diff(images, axis=1)
    outline = np.abs(across).sum(axis=(1, 2)) + np.abs(down).sum(axis=(1, 2))
    return {
        "x": principal_components(turned.reshape(len(turned), -1)),
        "rotation": angles,
        # A stroke of length l and thickness t has ink l t and an outline of 2 l, and so twice
        # the quotient is t; about, because curves and slanted edges count by their steps.
        "thickness": 2 * ink / outline,
        "brightness": images.mean(axis=(1, 2)),
    }


def _diabetes() -> Population:
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False)
    columns = dict(zip(found.feature_names, found.data.T, strict=True))
    x = (found.data - found.data.mean(axis=0)) / found.data.std(axis=0)
    covariates: dict[str, NDArray[Any]] = {
        name: columns[column] for column, name in _DIABETES_NAMES.items()
    }
    # The data set does not say which is which.
    covariates["sex"] = np.array([f"sex {value:.0f}" for value in columns["sex"]])
    return Population(
        name="diabetes",
        x=x,
        y=found.target.astype(np.float64),
        class_names=(),
        covariates=covariates,
        group=np.full(len(x), "everybody"),
        position=map_positions(x),
    )


_made: dict[str, Population] = {}
_MAKERS = {"solar cells": _solar_cells, "digits": _digits, "diabetes": _diabetes}
