"""Stock controls as all widgets of ours have them: as wide as their words, none of them cut."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

FULL_WORDS = {"description_width": "initial"}
# A row that wraps where the page is narrow.
ROW = {"flex_flow": "row wrap", "align_items": "center", "width": "100%"}


def width_of(width: str, **more: str) -> ipywidgets.Layout:
    """Return a layout of this width."""
    return ipywidgets.Layout(width=width, **more)


def button(name: str, style: str, press: Callable[[], object]) -> ipywidgets.Button:
    """Return a button that calls `press`."""
    made = ipywidgets.Button(description=name, button_style=style, layout=width_of("auto"))
    made.on_click(lambda _: press())
    return made


def number_box(text: str, *, low: int, high: int) -> ipywidgets.BoundedIntText:
    """Return a box for a whole number."""
    return ipywidgets.BoundedIntText(
        min=low, max=high, description=text, style=FULL_WORDS, layout=width_of("9em")
    )
