"""Two domains as clouds of points, and the two flows through a network with an adversary."""

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

__all__ = ["plot_adversary", "plot_domains", "scrub_domains"]

_INCHES, _DPI = 4.6, 90  # of a picture
_DOT, _DIGIT = 14, 34  # areas of markers
_FACES = {"source": r"\mathbf", "target": r"\mathit"}

# Where the parts of a network with an adversary stand: name -> (x, y).
_PARTS = {
    "images": (0.06, 0.5),
    "features $F$": (0.25, 0.5),
    "head $C$": (0.52, 0.82),
    "label loss\n(source alone)": (0.86, 0.82),
    "gradient\nreversal": (0.44, 0.18),
    "discriminator $D$": (0.67, 0.18),
    "domain loss\n(both)": (0.92, 0.18),
}
_WAYS = ((0, 1), (1, 2), (2, 3), (1, 4), (4, 5), (5, 6))  # which part hands on to which
_BACK = {(1, 2): "$g$", (2, 3): "$g$", (1, 4): r"$-\lambda g$", (4, 5): "$g$", (5, 6): "$g$"}


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


def plot_adversary(ax: Axes) -> Axes:
    """Draw what a network with an adversary hands on: numbers forward, gradients back.

    Parameters
    ----------
    ax : matplotlib Axes

    Returns
    -------
    matplotlib Axes
        The same; dark arrows go forward, orange ones carry the gradient g back.
    """
    _check.axes("ax", ax)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.axis("off")
    places = list(_PARTS.values())
    box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": "#444444"}
    parts = [
        ax.text(x, y, name, ha="center", va="center", bbox=box)
        for name, (x, y) in _PARTS.items()
    ]  # fmt: skip
    for way in _WAYS:
        one, other = (parts[i].get_bbox_patch() for i in way)
        (x, y), (to_x, to_y) = (places[i] for i in way)
        forward = {"arrowstyle": "->", "color": "#444444", "patchA": one, "patchB": other}
        ax.annotate("", (to_x, to_y + 0.04), (x, y + 0.04), arrowprops=forward)
        if way in _BACK:
            colour = _palette.TRAINABLE
            back = {"arrowstyle": "->", "color": colour, "patchA": other, "patchB": one}
            ax.annotate("", (x, y - 0.04), (to_x, to_y - 0.04), arrowprops=back)
            middle = (x + to_x) / 2, (y + to_y) / 2 - 0.07
            ax.text(*middle, _BACK[way], color=colour, ha="center", va="top")
    return ax


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
        # Upright and slanted, so that the domains are told apart without colours, too.
        ax.scatter(x, y, s=_DIGIT, marker=f"${_FACES[name]}{{{label}}}$", **style)
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
