"""The catalog of data sets: which files there are, how large, whose, under which licence.

`catalog.toml` beside this file is the one place of these facts; the cards in `datasets/`
are tested against it.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DatasetEntry:
    """What we know of a data set before we open it.

    Parameters
    ----------
    name : str
        Folder in `datasets/`.
    title, question, licence, source : str
        As on the card.
    n : int, >= 1
        Number of examples.
    file : str
        Path below `datasets/`, or below the package that brings it.
    n_bytes : int, bytes
        Size of `file`.
    sha256 : str
        64 hexadecimal digits of `file`.
    package : str
        Name of the Python package that brings the file; empty when it is ours.
    """

    name: str
    title: str
    question: str
    n: int
    licence: str
    source: str
    file: str
    n_bytes: int
    sha256: str
    package: str = ""


@cache
def read_catalog() -> dict[str, DatasetEntry]:
    """List every data set of the course by name.

    Returns
    -------
    dict of str to DatasetEntry

    Examples
    --------
    >>> read_catalog()["digits"].n
    5000
    """
    table = tomllib.loads((files(__package__) / "catalog.toml").read_text("utf-8"))
    return {name: DatasetEntry(name=name, **fields) for name, fields in table.items()}


def shipped_path(entry: DatasetEntry) -> Path:
    """Return where a file of ours lies: in the wheel, or in a checkout's `datasets/`.

    Raises
    ------
    FileNotFoundError
        If it lies in neither place.
    """
    in_wheel = Path(str(files(__package__))) / "files" / entry.file
    in_checkout = Path(__file__).parents[2] / "datasets" / entry.file
    for path in (in_wheel, in_checkout):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"The data set {entry.name!r} should lie in {in_wheel}, but the file is missing. "
        "The installation is incomplete: reinstall tlwidgets."
    )


def verify(path: Path, sha256: str, *, what: str) -> None:
    """Raise unless the file at `path` has the SHA-256 that the catalog promises.

    Raises
    ------
    ValueError
        If the file was changed, cut short, or replaced.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(
            f"{what}: the file {path.name} is not the one we know. Expected SHA-256 "
            f"{sha256[:12]}…, got {found[:12]}… ({path.stat().st_size:,} bytes). "
            "It is damaged or another version: reinstall the package that brings it."
        )
