"""A page for people who only want to know: choose a photograph, read the answer."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets
from numpy.typing import ArrayLike
from PIL import Image

from .._widgets.base import Panel
from .._widgets.files import FileChooser
from ..data.photographs import image_strip
from .inspector import Answer, Inspector, read_photograph

_PHOTOGRAPH_PX = 320
_TITLE = "Inspector"
_NO_CARD = "This inspector came without a model card: nobody wrote down what was measured."
_WARNING = "It answers for every photograph, also for one that shows something else."
_TEXT = "color: var(--jp-content-font-color1, inherit); line-height: 1.5; max-width: 46em"
_QUIET = "color: var(--jp-content-font-color2, inherit); line-height: 1.5; max-width: 46em"
_EDGE = "border-left: 4px solid var(--jp-warn-color1, #D55E00); padding: 4px 12px"
_FRAME = "display: block; width: 100%; border: 1px solid var(--jp-border-color2, #ccc)"


class InspectorPage(Panel):
    """Let people use my inspector: an upload button, the photograph, the answer, the card.

    Parameters
    ----------
    inspector : Inspector
        For instance of `load_inspector`.

    Raises
    ------
    TypeError
        If it is none.
    """

    def __init__(self, inspector: Inspector) -> None:
        if not isinstance(inspector, Inspector):
            raise TypeError(
                f"`inspector` must be an Inspector; got {type(inspector).__name__}. Load one with "
                "load_inspector(folder)."
            )
        self.inspector = inspector
        self._upload = FileChooser(
            "Choose a photograph", accept="image/*,.tif,.tiff", is_primary=True
        )
        self._upload.observe(self._answer_upload, "files")
        self._photograph = ipywidgets.HTML(layout=ipywidgets.Layout(width=f"{_PHOTOGRAPH_PX}px"))
        self._answer = ipywidgets.HTML(layout=ipywidgets.Layout(flex="1 1 24em"))
        result = ipywidgets.HBox(
            [self._photograph, self._answer],
            layout=ipywidgets.Layout(flex_flow="row wrap", grid_gap="8px 28px"),
        )
        super().__init__(
            [self._head(), self._upload, result, self._foot()],
            layout=ipywidgets.Layout(max_width="64em", padding="8px 16px", grid_gap="10px"),
        )
        self._photograph.layout.display = "none"
        self.add_class("tlwidgets-inspector-page")

    def __repr__(self) -> str:
        """Stand for the page where it cannot be shown."""
        return f"InspectorPage of {self.inspector!r}"

    def show(
        self, image: ArrayLike | Image.Image | bytes | str | Path, *, name: str = ""
    ) -> Answer:
        """Answer for a photograph as if it had been uploaded.

        Parameters
        ----------
        image : array, PIL.Image, path or bytes
            As for `Inspector.inspect`. The page shows the part that the inspector looks at.
        name : str
            Stands under the photograph.

        Returns
        -------
        Answer

        Raises
        ------
        TypeError, ValueError
            As `Inspector.inspect`; the page keeps what it shows.
        """
        answer = self.inspector.inspect(image)
        height, width = self.inspector.size_px
        larger = _PHOTOGRAPH_PX / max(height, width)
        seen = read_photograph(image, (round(height * larger), round(width * larger)))
        png = base64.b64encode(image_strip(seen[None])).decode()
        shown = escape(name or "the photograph")
        with self.hold_sync():
            self._photograph.value = (
                f'<figure style="margin: 0; {_QUIET}"><img style="{_FRAME}" alt="{shown}" '
                f'src="data:image/png;base64,{png}"><figcaption>{escape(name)}</figcaption></figure>'
            )
            self._photograph.layout.display = None
            self._answer.value = f'<div role="status">{answer._repr_html_()}</div>'
        return answer

    def _answer_upload(self, change: dict[str, Any]) -> None:
        if not change["new"]:  # what we set below
            return
        ((name, content),) = change["new"]
        try:
            self.show(content, name=name)
        except ValueError:  # it is worded for who writes Python
            self._refuse(name)
        finally:
            self._upload.clear()

    def _refuse(self, name: str) -> None:
        self._photograph.layout.display = "none"
        self._answer.value = (
            f'<div role="alert" style="{_TEXT}; {_EDGE}"><b>No answer.</b> '
            f"{escape(name)} cannot be read as a photograph. Choose a PNG or JPEG file.</div>"
        )

    def _head(self) -> ipywidgets.HTML:
        card = self.inspector.card
        title, question = (_TITLE, "") if card is None else (card.name, card.question)
        return ipywidgets.HTML(
            f'<header class="tex2jax_ignore mathjax_ignore" style="{_TEXT}">'
            f'<h1 style="margin: 8px 0; font-size: 1.7em; line-height: 1.2">{escape(title)}</h1>'
            f"{escape(question)}</header>"
        )

    def _foot(self) -> ipywidgets.HTML:
        card = self.inspector.card
        shown = f'<p style="{_TEXT}">{_NO_CARD}</p>' if card is None else card._repr_html_()
        return ipywidgets.HTML(f'<p style="{_QUIET}; margin: 4px 0 14px">{_WARNING}</p>{shown}')
