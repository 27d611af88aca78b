"""A widget as a still picture, drawn from the state that was saved when its lesson ran.

Controls become plain HTML that follows the theme. A live view of ours keeps its own module, which
draws it in the page (`static/book.js`): it needs no kernel for that.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

Models = Mapping[str, Any]
Show = Callable[[Mapping[str, Any]], str]


class UnknownWidgetError(ValueError):
    """A lesson shows a widget that the book cannot draw."""


class Stills:
    """Draws the widgets of one notebook.

    Parameters
    ----------
    models : dict
        The saved state, by the id of the model.
    show_output : callable
        Turns an output of a cell into HTML, for what stands inside of an Output widget.
    show_picture : callable
        Turns a PNG as base64 and a width (or None) into HTML.
    """

    def __init__(
        self, models: Models, show_output: Show, show_picture: Callable[[str, Any], str]
    ) -> None:
        self._models, self._show_output, self._show_picture = models, show_output, show_picture

    def draw(self, model_id: str) -> str:
        """Return a widget, with all that is in it, as HTML.

        Raises
        ------
        UnknownWidgetError
            If it is of a kind that is not drawn here.
        """
        model = self._models[model_id]
        state, kind = model["state"], model["model_name"].removesuffix("Model")
        style = self._style_of(state)
        if "display: none" in style or "visibility: hidden" in style:
            return ""
        if kind in _BOXES:
            inside = "".join(self.draw(_id(child)) for child in state["children"])
            return f'<div class="still-{kind.lower()}" style="{style}">{inside}</div>'
        if kind == "Any" and not model.get("buffers"):
            return f'<div style="{style}">{_view(state)}</div>'
        if kind == "Image":
            return self._show_picture(model["buffers"][0]["data"], state.get("width"))
        if kind == "Output":
            return "".join(self._show_output(output) for output in state["outputs"])
        if kind not in _CONTROLS:
            raise UnknownWidgetError(
                f"The book cannot draw a {kind}; teach `_CONTROLS` in docs/book/stills.py."
            )
        return f'<div class="still-row" style="{style}">{_CONTROLS[kind](state)}</div>'

    def _style_of(self, state: Mapping[str, Any]) -> str:
        # A Layout's traits are properties of CSS, by the same names.
        layout = self._models[_id(state["layout"])]["state"]
        return escape("; ".join(
            f"{name.replace('_', '-')}: {value}"
            for name, value in layout.items()
            if value and not name.startswith("_")
        ))  # fmt: skip


_BOXES = {"Box", "VBox", "HBox", "GridBox"}


def _id(reference: str) -> str:
    return reference.removeprefix("IPY_MODEL_")


def _view(state: Mapping[str, Any]) -> str:
    # In a script element only "</" could end the text too early.
    saved = json.dumps(state).replace("</", "<\\/")
    # A chart only shows. What has more to say to a kernel must not seem to listen.
    own = {name for name in state if not name.startswith("_")} - _SAYS_NOTHING
    inert = " inert" if own else ""
    return f'<div class="still-view"{inert}><script type="text/json">{saved}</script></div>'


_SAYS_NOTHING = {"kind", "view", "still", "layout", "tabbable", "tooltip"}


def _described(state: Mapping[str, Any]) -> str:
    text = state.get("description", "")
    return f'<span class="still-label">{escape(text)}</span>' if text else ""


def _slider(state: Mapping[str, Any]) -> str:
    span = (state["value"] - state["min"]) / (state["max"] - state["min"])
    return _track(state, span, f"{state['value']:g}")


def _log_slider(state: Mapping[str, Any]) -> str:
    exponent = math.log(state["value"], state["base"])
    span = (exponent - state["min"]) / (state["max"] - state["min"])
    return _track(state, span, f"{state['value']:g}")


def _selection_slider(state: Mapping[str, Any]) -> str:
    names, place = state["_options_labels"], state["index"] or 0
    return _track(state, place / max(1, len(names) - 1), names[place])


def _track(state: Mapping[str, Any], share: float, value: str) -> str:
    track = f'<span class="still-track"><i style="left: {share:.1%}"></i></span>'
    return f'{_described(state)}{track} <span class="still-value">{escape(value)}</span>'


def _dropdown(state: Mapping[str, Any]) -> str:
    names, index = state["_options_labels"], state["index"]
    chosen = "" if index is None else names[index]
    return f'{_described(state)}<span class="still-box">{escape(chosen)} ▾</span>'


def _toggles(state: Mapping[str, Any]) -> str:
    names = enumerate(state["_options_labels"])
    return _described(state) + "".join(_key(name, i == state["index"]) for i, name in names)


def _button(state: Mapping[str, Any]) -> str:
    return _key(state["description"], bool(state.get("value")))


def _key(name: str, is_chosen: bool) -> str:
    chosen = " chosen" if is_chosen else ""
    return f'<span class="still-button{chosen}">{escape(name)}</span>'


def _checkbox(state: Mapping[str, Any]) -> str:
    return f"<span>{'☑' if state['value'] else '☐'} {escape(state['description'])}</span>"


def _typed(state: Mapping[str, Any]) -> str:
    text = str(state["value"]) or state.get("placeholder", "")
    return f'{_described(state)}<span class="still-box">{escape(text)}</span>'


def _progress(state: Mapping[str, Any]) -> str:
    return ""  # nothing is running on a page


_CONTROLS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "BoundedFloatText": _typed,
    "BoundedIntText": _typed,
    "Button": _button,
    "Checkbox": _checkbox,
    "Dropdown": _dropdown,
    "FloatLogSlider": _log_slider,
    "FloatProgress": _progress,
    "FloatSlider": _slider,
    "FloatText": _typed,
    # Our own lessons wrote it; ipywidgets shows it as it is, too.
    "HTML": lambda state: f"{_described(state)}<div>{state['value']}</div>",
    "IntProgress": _progress,
    "IntSlider": _slider,
    "IntText": _typed,
    "Label": lambda state: escape(str(state["value"])),
    "SelectionSlider": _selection_slider,
    "Text": _typed,
    "ToggleButton": _button,
    "ToggleButtons": _toggles,
}
