"""Scrub through the training and watch two domains move."""

from __future__ import annotations

import functools

import ipywidgets
from numpy.typing import ArrayLike

from .features import ProjectedDomains
from .plot import DPI, INCHES, picture_of_domains

__all__ = ["scrub_domains"]


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

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.
    """
    classes = {"source_classes": source_classes, "target_classes": target_classes}

    @functools.cache
    def picture(moment: int) -> bytes:
        return picture_of_domains(projected, moment, **classes)

    side = f"{INCHES * DPI:.0f}"
    image = ipywidgets.Image(value=picture(0), format="png", width=side, height=side)
    slider = ipywidgets.SelectionSlider(
        options=[(name, moment) for moment, name in enumerate(projected.names)],
        description="Moment:",
    )

    def show(change: dict) -> None:
        image.value = picture(change["new"])

    slider.observe(show, "value")
    return ipywidgets.VBox([slider, image])
