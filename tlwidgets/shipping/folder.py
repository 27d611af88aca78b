"""An inspector as a folder: its model, what belongs to it, its card, and a page to use it."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from .card import ModelCard
from .inspector import Inspector

if TYPE_CHECKING:
    import pandas as pd

MODEL, FACTS, CARD, PAGE = "model.keras", "inspector.json", "card.md", "page.ipynb"
_FORMAT = 1
_PAGE_CODE = """\
from tlwidgets.shipping import load_inspector
from tlwidgets.shipping.widget import InspectorPage

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
    table: pd.DataFrame = card.measured
    parts = ("name", "question", "data", "training", "limits", "licence", "made_with")
    values = json.loads(table.to_json(orient="split", index=False, double_precision=15))
    return {**{part: getattr(card, part) for part in parts}, "measured": values}


def _card_from(facts: dict[str, Any]) -> ModelCard:
    import pandas as pd

    values = facts["measured"]
    table = pd.DataFrame(values["data"], columns=values["columns"])
    return ModelCard(**{**facts, "measured": table})


def _page(title: str) -> dict[str, Any]:
    """Return a notebook with one cell; Voila shows what it shows, without the code."""
    cell = {
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
