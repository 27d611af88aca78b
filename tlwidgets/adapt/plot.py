"""Two domains as clouds of points: whether they lie on each other, class by class."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from .. import _check, _palette
from .features import ProjectedDomains

__all__ = ["plot_domains"]

INCHES, DPI = 4.6, 90  # of a picture
_DOT, _DIGIT = 14, 34  # areas of markers


def plot_domains(
    projected: ProjectedDomains,
    moment: int,
    ax: Axes,
    *,
    source_classes: ArrayLike | None = None,
    target_classes: ArrayLike | None = None,
) -> Axes:
    """Draw source (purple) and target (green) at one moment, with axes that never move.

    Parameters
    ----------
    projected : ProjectedDomains
        As `project_domains` gives.
    moment : int, 0..n_moments - 1
    ax : matplotlib Axes
    source_classes, target_classes : array of int, shape (n,), 0..9, optional
        Drawn as digits instead of dots. Of the target they are what the classifier says; or, when
        all is done, the truth.

    Returns
    -------
    matplotlib Axes
        The same.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.
    """
    if not isinstance(projected, ProjectedDomains):
        raise TypeError(
            f"`projected` must come from project_domains(); got {type(projected).__name__}."
        )
    _check.axes("ax", ax)
    last = len(projected) - 1
    moment = _check.whole_number("moment", moment, low=0, high=last, meaning="a recorded moment")
    both = [
        ("source", projected.source[moment], source_classes, _palette.SOURCE),
        ("target", projected.target[moment], target_classes, _palette.TARGET),
    ]
    for name, points, classes, colour in both:
        _cloud(ax, points, _classes(f"{name}_classes", classes, len(points)), colour, name)
    ax.set(xlim=projected.limits[0], ylim=projected.limits[1], title=projected.names[moment])
    ax.set(xlabel="first component", ylabel="second component", xticks=[], yticks=[])
    ax.legend(loc="upper right", frameon=True, fontsize="small")
    return ax


def picture_of_domains(projected: ProjectedDomains, moment: int, **classes: ArrayLike) -> bytes:
    """Return a PNG of one moment, always of the same size.

    Parameters
    ----------
    projected, moment, **classes
        As for `plot_domains`.

    Returns
    -------
    bytes
    """
    figure = Figure((INCHES, INCHES), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    plot_domains(projected, moment, figure.subplots(), **classes)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _cloud(ax: Axes, points: NDArray, classes: NDArray | None, colour: str, name: str) -> None:
    style = {"color": colour, "linewidths": 0.4, "alpha": 0.75}
    if classes is None:
        ax.scatter(*points.T, s=_DOT, label=name, **style)
        return
    for label in np.unique(classes):
        ax.scatter(*points[classes == label].T, s=_DIGIT, marker=f"${label}$", **style)
    ax.scatter([], [], s=_DOT, label=name, **style)


def _classes(name: str, value: ArrayLike | None, n: int) -> NDArray | None:
    if value is None:
        return None
    array = np.asarray(value)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must hold {n} whole numbers, one per point; got shape {array.shape} and "
            f"dtype {array.dtype}."
        )
    return array
