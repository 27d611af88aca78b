"""A model that is ready for people: it takes any photograph and answers with a sentence."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from .. import _check, _palette
from ..data.own_images import UnreadableError, read_picture
from .card import ModelCard, read_measured

if TYPE_CHECKING:
    import pandas as pd

# What an inspector says about one photograph: a class, a probability, a sentence, and bars.

_N_BARS = 8
_ROW = (
    "display: grid; grid-template-columns: minmax(5em, max-content) minmax(6em, 16em) 7em; "
    "gap: 3px 12px; align-items: center; margin: 6px 0"
)
_TRACK = (
    "position: relative; height: 14px; border-radius: 3px; "
    "background: var(--jp-layout-color2, #eee)"
)
_BAR = "height: 100%; border-radius: 3px; width: {width:.2f}%; background: {colour}"
_MARK = (
    "position: absolute; top: -3px; bottom: -3px; left: {left:.2f}%; "
    "border-left: 2px solid var(--jp-content-font-color1, currentColor)"
)
_ANSWER = "max-width: 46em; line-height: 1.5; color: var(--jp-content-font-color1, inherit)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the inspector says about one photograph.

    Parameters
    ----------
    class_name : str
        The answer.
    probability : float, 0..1
        Of this class, as the model claims.
    probabilities : mapping of str to float
        Of every class.
    is_sure : bool
        False where the most probable of several classes does not reach the threshold. Of two
        classes one is always named.
    threshold : float, 0..1
        Of two classes: from which probability on the second is named. Of more: from which one on
        the answer is sure.
    """

    class_name: str
    probability: float
    probabilities: Mapping[str, float]
    is_sure: bool
    threshold: float

    @property
    def sentence(self) -> str:
        """The answer as a person would say it."""
        name, share, limit = self.class_name, percent(self.probability), percent(self.threshold)
        if len(self.probabilities) > 2:
            if self.is_sure:
                return f"I say {name}: its probability is {share}."
            return (
                f"I am not sure. Most likely it is {name}, with a probability of {share}; I am "
                f"sure from {limit} on."
            )
        first, looked_for = self.probabilities
        if name == looked_for:
            return f"I say {name}: its probability is {share}. I say so from {limit} on."
        share = percent(self.probabilities[looked_for])
        return (
            f"I say {first}: the probability of {looked_for} is {share}. I say {looked_for} from "
            f"{limit} on."
        )

    def __repr__(self) -> str:
        return f"Answer({self.sentence!r})"

    def _repr_html_(self) -> str:
        ranked = sorted(self.probabilities.items(), key=lambda item: -item[1])[:_N_BARS]
        shown = list(self.probabilities.items()) if len(self.probabilities) == 2 else ranked
        bars = "".join(self._bar(name, probability) for name, probability in shown)
        return (
            f'<div class="tlwidgets-answer tex2jax_ignore mathjax_ignore" style="{_ANSWER}">'
            f'<b style="font-size: 1.15em">{escape(self.sentence)}</b>'
            f'<div style="{_ROW}">{bars}</div></div>'
        )

    def _bar(self, name: str, probability: float) -> str:
        is_answer = name == self.class_name
        bar = _BAR.format(
            width=100 * probability,
            colour=_palette.VALIDATION if is_answer else _palette.NEUTRAL,
        )
        mark = ""
        if name == self._marked:
            title = escape(f"threshold: {percent(self.threshold)}")
            mark = f'<div title="{title}" style="{_MARK.format(left=100 * self.threshold)}"></div>'
        weight = "600" if is_answer else "400"
        return (
            f'<span style="font-weight: {weight}; overflow-wrap: anywhere">{escape(name)}</span>'
            f'<div style="{_TRACK}" aria-hidden="true"><div style="{bar}"></div>{mark}</div>'
            f'<span style="font-weight: {weight}">{percent(probability)}</span>'
        )

    @property
    def _marked(self) -> str:
        """The class on whose bar the threshold is drawn."""
        names = list(self.probabilities)
        return names[1] if len(names) == 2 else self.class_name


def make_answer(probabilities: ArrayLike, class_names: Sequence[str], threshold: float) -> Answer:
    """Return the answer that follows from probabilities and a threshold."""
    claimed: list[float] = np.asarray(probabilities, float).tolist()
    if len(claimed) == 2:
        index = int(claimed[1] >= threshold)
        is_sure = True
    else:
        index = claimed.index(max(claimed))
        is_sure = claimed[index] >= threshold
    named = dict(zip(class_names, claimed, strict=True))
    return Answer(class_names[index], claimed[index], named, is_sure, threshold)


def percent(share: float) -> str:
    """Return a share as text; no rounding claims that something is certain.

    Examples
    --------
    >>> percent(0.834), percent(0.99999), percent(0.5)
    ('83.4 %', 'over 99.9 %', '50 %')
    """
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f} %".replace(".0 %", " %")


THRESHOLD = 0.5
_SAME_THRESHOLD = 0.005  # a card writes two digits


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
        above; or if all figures of the card belong to other thresholds than this one.

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
        self._check_rule()
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
        return write_folder(self, folder, overwrite=overwrite)

    def _probabilities(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        batch = self.model(pixels[None].astype(np.float32), training=False)
        answer: NDArray[np.float32] = np.asarray(batch, np.float32)[0]
        return answer

    def _check_rule(self) -> None:
        measured = () if self.card is None else self.card.thresholds
        if measured and not any(abs(self.threshold - one) < _SAME_THRESHOLD for one in measured):
            shown = ", ".join(f"{one:g}" for one in measured)
            raise ValueError(
                "`card` must have the figures of the rule that ships; got figures at the threshold "
                f"{shown} for an inspector with {self.threshold:g}. Measure again: decisions_at(y, "
                f"probability, threshold={self.threshold:g}, how=...)."
            )

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
    is_simple = len(shapes) == 1 and len(model.outputs) == 1
    if not is_simple or height is None or width is None or channels not in (1, 3):
        raise ValueError(
            "`model` must take images of a fixed size, (n, height, width, 1 or 3), and have one "
            f"output; got inputs of shape {', '.join(map(str, shapes))} and {len(model.outputs)} "
            "outputs. Build it with the size of its images."
        )
    return (height, width), channels


# An inspector as a folder: its model, what belongs to it, its card, and a page to use it.

MODEL, FACTS, CARD, PAGE = "model.keras", "inspector.json", "card.md", "page.ipynb"
_FORMAT = 1
_PAGE_CODE = """\
from tlwidgets.shipping import InspectorPage, load_inspector

InspectorPage(load_inspector("."))"""


def write_folder(inspector: Inspector, folder: str | Path, *, overwrite: bool) -> Path:
    """Write the files of an inspector; see `Inspector.save`."""
    path = _free_folder(folder, overwrite)
    path.mkdir(parents=True, exist_ok=True)
    # All of it is written elsewhere first: an error leaves no half of an inspector.
    with tempfile.TemporaryDirectory(dir=path, prefix=".writing-") as scratch:
        _write_files(inspector, Path(scratch))
        (path / CARD).unlink(missing_ok=True)  # that of another inspector
        for file in sorted(Path(scratch).iterdir()):
            shutil.move(file, path / file.name)
    return path


def load_inspector(folder: str | Path) -> Inspector:
    """Give me back the inspector that somebody saved.

    Parameters
    ----------
    folder : str or Path
        As `Inspector.save` wrote it.

    Returns
    -------
    Inspector

    Raises
    ------
    TypeError, ValueError
        If there is no such folder, or a file is missing, damaged or does not fit the others.

    Notes
    -----
    Keras refuses models that carry Python code of their own (``safe_mode``), so that opening the
    inspector of a stranger runs no code of theirs. Its page is a notebook, which does: read it
    first.
    """
    path = _existing_folder(folder)
    facts = _read_facts(path / FACTS)
    model = _read_model(path / MODEL)
    try:
        card = None if facts["card"] is None else _card_from(facts["card"])
        return Inspector(model, facts["class_names"], threshold=facts["threshold"], card=card)
    except (TypeError, ValueError, KeyError) as error:
        raise _damaged(FACTS, error) from None


def _free_folder(folder: str | Path, overwrite: bool) -> Path:
    if not isinstance(folder, str | Path) or not str(folder).strip():
        raise TypeError(f"`folder` must be the name of a folder; got {folder!r}.")
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise ValueError(f"`folder` must be the name of a folder; got '{path}', which is a file.")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise ValueError(
            f"`folder` must be new or empty; got '{path}', which is not empty. Choose another "
            "name, or replace the inspector in it with overwrite=True."
        )
    return path


def _existing_folder(folder: str | Path) -> Path:
    if not isinstance(folder, str | Path):
        raise TypeError(f"`folder` must be the name of a folder; got {folder!r}.")
    path = Path(folder)
    missing = [name for name in (MODEL, FACTS) if not (path / name).is_file()]
    if missing:
        reason = f"it has no {' and no '.join(missing)}" if path.is_dir() else "it does not exist"
        raise ValueError(
            f"`folder` must be one that Inspector.save() wrote; got '{path}': {reason}."
        )
    return path


def _write_files(inspector: Inspector, folder: Path) -> None:
    inspector.model.save(folder / MODEL)
    facts = {
        "format": _FORMAT,
        "class_names": inspector.class_names,
        "threshold": inspector.threshold,
        "size_px": inspector.size_px,
        "card": None if inspector.card is None else _card_as_dict(inspector.card),
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", "utf-8")
    title = "Inspector" if inspector.card is None else inspector.card.name
    (folder / PAGE).write_text(json.dumps(_page(title), indent=1) + "\n", "utf-8")
    if inspector.card is not None:
        inspector.card.save(folder / CARD)


def _card_as_dict(card: ModelCard) -> dict[str, Any]:
    table = read_measured(card.measured)
    parts = ("name", "question", "data", "training", "limits", "licence", "made_with")
    values = json.loads(_as_json(table))
    facts = {**{part: getattr(card, part) for part in parts}, "measured": values}
    if card.decisions is not None:
        facts["decisions"] = json.loads(_as_json(card.decisions))
    return facts


def _as_json(table: pd.DataFrame) -> str:
    return str(table.to_json(orient="split", index=False, double_precision=15))


def _card_from(facts: dict[str, Any]) -> ModelCard:
    import pandas as pd

    tables = {
        part: pd.DataFrame(facts[part]["data"], columns=facts[part]["columns"])
        for part in ("measured", "decisions")
        if facts.get(part)
    }
    return ModelCard(**{**facts, **tables})


def _page(title: str) -> dict[str, Any]:
    """Return a notebook with one cell; Voila shows what it shows, without the code."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "page",
        "metadata": {},
        "outputs": [],
        "source": _PAGE_CODE.splitlines(keepends=True),
    }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "title": title}
    return {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _read_facts(file: Path) -> dict[str, Any]:
    try:
        facts = json.loads(file.read_text("utf-8"))
    except ValueError as error:  # no JSON, or no text
        raise _damaged(file.name, error) from None
    wanted = {"format", "class_names", "threshold", "card"}
    if not isinstance(facts, dict) or not wanted <= set(facts):
        raise _damaged(file.name, f"it must hold {', '.join(sorted(wanted))}")
    if facts["format"] != _FORMAT:
        raise _damaged(
            file.name, f"its format is {facts['format']!r}, this tlwidgets reads {_FORMAT}"
        )
    return facts


def _read_model(file: Path) -> keras.Model:
    try:
        return keras.saving.load_model(file, compile=False)
    except (ValueError, TypeError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(file.name, next(iter(str(error).splitlines()), "")) from None


def _damaged(name: str, reason: object) -> ValueError:
    return ValueError(
        f"`folder`: {name} is damaged or does not fit the other files: {reason}. Ask for the "
        "folder again, or save the inspector anew with Inspector.save(folder, overwrite=True)."
    )
