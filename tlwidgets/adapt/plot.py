"""Two domains as clouds of points: whether they lie on each other, class by class."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from .. import _check, _palette
from .features import ProjectedDomains

if TYPE_CHECKING:
    import ipywidgets

__all__ = ["plot_domains", "scrub_domains"]

_INCHES, _DPI = 4.6, 90  # of a picture
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


def scrub_domains(
    projected: ProjectedDomains,
    *,
    source_classes: ArrayLike | None = None,
    target_classes: ArrayLike | None = None,
) -> ipywidgets.VBox:
    """Show recorded moments of the training under a slider; the axes stay where they are.

    Parameters
    ----------
    projected : ProjectedDomains
        As `project_domains` gives.
    source_classes, target_classes : array of int, shape (n,), optional
        As for `plot_domains`.

    Returns
    -------
    ipywidgets.VBox
        A slider over the moments and the picture; arrow keys work, too.
    """
    import ipywidgets

    @functools.cache
    def picture(moment: int) -> bytes:
        return _picture(projected, moment, source_classes, target_classes)

    side = f"{_INCHES * _DPI:.0f}"
    image = ipywidgets.Image(value=picture(0), format="png", width=side, height=side)
    slider = ipywidgets.SelectionSlider(
        options=[(name, moment) for moment, name in enumerate(projected.names)],
        description="Moment:",
    )

    def show(change: Any) -> None:
        image.value = picture(change["new"])

    slider.observe(show, "value")
    return ipywidgets.VBox([slider, image])


def _picture(projected: ProjectedDomains, moment: int, source: Any, target: Any) -> bytes:
    """Return a PNG of one moment, always of the same size."""
    figure = Figure((_INCHES, _INCHES), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    plot_domains(projected, moment, ax, source_classes=source, target_classes=target)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _cloud(
    ax: Axes, points: NDArray[Any], classes: NDArray[Any] | None, colour: str, name: str
) -> None:
    style: dict[str, Any] = {"color": colour, "linewidths": 0.4, "alpha": 0.75}
    if classes is None:
        ax.scatter(points[:, 0], points[:, 1], s=_DOT, label=name, **style)
        return
    for label in np.unique(classes):
        x, y = points[classes == label].T
        ax.scatter(x, y, s=_DIGIT, marker=f"${label}$", **style)
    ax.scatter([], [], s=_DOT, label=name, **style)


def _classes(name: str, value: ArrayLike | None, n: int) -> NDArray[Any] | None:
    if value is None:
        return None
    array = np.asarray(value)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must hold {n} whole numbers, one per point; got shape {array.shape} and "
            f"dtype {array.dtype}."
        )
    return array
