"""The populations that come with the bias explorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check
from ..data import load_digits
from ..data.cache import cached, digest
from ..shift.population import Population

DEFAULT = "digits"
# Raise it when a population is made in another way, so that old cache entries are not found.
_VERSION = 1
_LARGEST_ANGLE = 60.0
_N_COMPONENTS = 50


def built_in(name: str = DEFAULT) -> Population:
    """Give me a population to draw samples from.

    Parameters
    ----------
    name : "digits"

    Returns
    -------
    Population
    """
    _check.one_of("name", name, _MAKERS, kind="population")
    return _MAKERS[name]()


def _digits() -> Population:
    digits = load_digits()
    arrays = cached("population-digits", digest("digits", _VERSION), _make_digits)
    return Population(
        name="digits",
        x=arrays["x"],
        y=digits.labels,
        class_names=tuple("0123456789"),
        covariates={
            "rotation": arrays["rotation"],
            "thickness": arrays["thickness"],
            "brightness": arrays["brightness"],
        },
        group=np.full(len(digits.labels), "everybody"),
        position=arrays["position"],
    )


def _make_digits() -> Mapping[str, NDArray[Any]]:
    """Turn each digit by an angle of its own, and reduce the pixels to 50 numbers."""
    from scipy.ndimage import rotate

    images = load_digits().images.astype(np.float32) / 255
    rng = np.random.default_rng(0)
    angles = rng.uniform(-_LARGEST_ANGLE, _LARGEST_ANGLE, len(images))
    turned = np.stack(
        [
            rotate(image, angle, reshape=False, order=1)
            for image, angle in zip(images, angles, strict=True)
        ]
    )
    x = reduced(turned.reshape(len(turned), -1))
    ink = turned.sum(axis=(1, 2))
    edge = np.abs(np.diff(turned, axis=1)).sum(axis=(1, 2)) + np.abs(np.diff(turned, axis=2)).sum(
        axis=(1, 2)
    )
    position = x[:, :2] - x[:, :2].min(axis=0)
    return {
        "x": x,
        "rotation": angles,
        "thickness": (ink / edge).astype(np.float64),
        "brightness": turned.mean(axis=(1, 2), dtype=np.float64),
        "position": position / position.max(axis=0),
    }


def reduced(x: NDArray[Any]) -> NDArray[np.float64]:
    """Return the leading principal components, scaled to a standard deviation of 1 on average."""
    from sklearn.decomposition import PCA

    components = PCA(_N_COMPONENTS, random_state=0).fit_transform(x).astype(np.float64)
    return components / components.std(axis=0).mean()


_MAKERS = {"digits": _digits}
