"""A model that is ready for people: it takes any photograph and answers with a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from .. import _check
from ..data.decoding import UnreadableError, read_picture
from .answer import Answer, make_answer
from .card import ModelCard

THRESHOLD = 0.5


class Inspector:
    """Let my model answer for one photograph at a time, with a threshold that I chose.

    Parameters
    ----------
    model : keras.Model
        From raw pixels of shape (n, height, width, 1 or 3) to one probability per class; for
        instance of `to_keras`.
    class_names : list of str, at least two
        In the order of the model's columns, which is that of ``head.classes_``. Of two the second
        is the one that is looked for: ("sound", "defective").
    threshold : float, 0..1
        Of two classes: from which probability on the second is named. Of more: from which one on
        the most probable is a sure answer.
    card : ModelCard, optional
        What the model is for, what was measured, where it fails.

    Raises
    ------
    TypeError, ValueError
        If the model gives no probabilities, or another number of them, or an argument is not as
        above.

    Notes
    -----
    It answers for every photograph, also for one of a cat: a classifier knows no class "something
    else". Say so in the card.
    """

    def __init__(
        self,
        model: keras.Model,
        class_names: Sequence[str],
        *,
        threshold: float = THRESHOLD,
        card: ModelCard | None = None,
    ) -> None:
        self.class_names = _read_names(class_names)
        self.threshold = _check.number(
            "threshold", threshold, low=0, high=1, meaning="a probability"
        )
        if card is not None and not isinstance(card, ModelCard):
            raise TypeError(f"`card` must be a ModelCard or None; got {type(card).__name__}.")
        self.card = card
        self.size_px, self._channels = _read_input(model)
        self.model = model
        self._check_probabilities()

    def __repr__(self) -> str:
        height, width = self.size_px
        return (
            f"Inspector({' or '.join(self.class_names)}; threshold {self.threshold:g}; "
            f"{height} x {width} pixels; {'with a card' if self.card else 'no card'})"
        )

    def inspect(self, image: ArrayLike | Image.Image | bytes | str | Path) -> Answer:
        """Say what this photograph shows.

        Parameters
        ----------
        image : array, shape (height, width) or (height, width, 1 or 3); PIL.Image, path or bytes
            Of any size, and read as `read_images` reads it for training: the middle is cut out and
            resized to the model's size, what is transparent becomes white. An array holds 0..255,
            decimals up to 1 or 16 bits; bytes are the content of a file.

        Returns
        -------
        Answer

        Raises
        ------
        TypeError, ValueError
            If it is no picture, or its pixels are not raw.
        """
        pixels = read_photograph(image, self.size_px)
        if self._channels == 1:
            pixels = np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
        return make_answer(self._probabilities(pixels), self.class_names, self.threshold)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write everything that somebody else needs into one folder.

        Parameters
        ----------
        folder : str or Path
            It gets `model.keras`, `inspector.json`, `page.ipynb` (a page for Voila or JupyterLab)
            and, if there is a card, `card.md`.
        overwrite : bool
            Replace these files in a folder that is not empty; others stay.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        TypeError, ValueError
            If it is no folder, or not empty and `overwrite` is False.
        """
        from .folder import write_folder

        return write_folder(self, folder, overwrite=overwrite)

    def _probabilities(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(self.model(pixels[None].astype(np.float32), training=False))[0]

    def _check_probabilities(self) -> None:
        black = np.zeros((*self.size_px, self._channels))
        given = self._probabilities(black)
        if given.shape != (len(self.class_names),):
            raise ValueError(
                f"`class_names` must have one name per column of the model; got "
                f"{len(self.class_names)} names for an output of shape (n, "
                f"{', '.join(map(str, given.shape))}). A model for two classes needs two columns, "
                "too, with softmax."
            )
        _check.probabilities("model", given[None], least=1)


def read_photograph(
    image: ArrayLike | Image.Image | bytes | str | Path, size_px: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return a photograph of any kind as an array of shape (height, width, 3)."""
    try:
        return read_picture(image, size_px).pixels
    except UnreadableError as error:
        got = repr(str(image)) if isinstance(image, str | Path) else type(image).__name__
        raise ValueError(
            f"`image` must be a picture that Pillow can read, for instance PNG or JPEG; got "
            f"{got}: {error}. Give an array, or the path of a PNG or JPEG."
        ) from None


def _read_names(class_names: Sequence[str]) -> tuple[str, ...]:
    is_list = isinstance(class_names, list | tuple)
    if not is_list or not all(isinstance(name, str) and name.strip() for name in class_names):
        raise TypeError(f"`class_names` must be a list of texts; got {class_names!r}.")
    if len(class_names) < 2 or len(set(class_names)) < len(class_names):
        raise ValueError(
            f"`class_names` must hold at least two different names; got {list(class_names)!r}."
        )
    return tuple(class_names)


def _read_input(model: keras.Model) -> tuple[tuple[int, int], int]:
    """Return the size of the images that a model takes, and how many channels they have."""
    _check.functional_model("model", model)
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    height, width, channels = shapes[0][1:] if len(shapes[0]) == 4 else (None, None, None)
    one_output = len(model.outputs) == 1
    if len(shapes) != 1 or not one_output or None in (height, width) or channels not in (1, 3):
        raise ValueError(
            "`model` must take images of a fixed size, (n, height, width, 1 or 3), and have one "
            f"output; got inputs of shape {', '.join(map(str, shapes))} and {len(model.outputs)} "
            "outputs. Build it with the size of its images."
        )
    return (height, width), channels
