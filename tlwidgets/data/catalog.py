"""The catalog of data sets: which files there are, how large, whose, under which licence.

`catalog.toml` beside this file is the one place of these facts; the cards in `datasets/` are tested
against it. And results of experiments too long for a lesson, each with the script that made it.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from .. import _check

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class DatasetEntry:
    """What we know of a data set before we open it, as on its card."""

    name: str
    title: str
    question: str
    n: int
    licence: str
    source: str
    file: str  # below `datasets/`, or below the package that brings it
    n_bytes: int
    sha256: str
    package: str = ""  # none: the file is ours


@cache
def read_catalog() -> dict[str, DatasetEntry]:
    """List every data set of the course by name.

    Examples
    --------
    >>> read_catalog()["digits"].n
    5000
    """
    table = tomllib.loads((files(__package__) / "catalog.toml").read_text("utf-8"))
    return {name: DatasetEntry(name=name, **fields) for name, fields in table.items()}


def shipped_path(entry: DatasetEntry) -> Path:
    """Return where a file of ours lies: in the wheel, or in a checkout's `datasets/`."""
    path = _shipped(entry.file)
    if not path.is_file():
        raise FileNotFoundError(
            f"The data set {entry.name!r} should lie in {path}, but the file is missing. "
            "The installation is incomplete: reinstall tlwidgets."
        )
    return path


def _shipped(name: str) -> Path:
    in_checkout = Path(__file__).parents[2] / "datasets" / name
    in_wheel = Path(str(files(__package__))) / "files" / name
    return in_checkout if in_checkout.exists() and not in_wheel.exists() else in_wheel


def verify(path: Path, sha256: str, *, what: str) -> None:
    """Raise unless the file at `path` has the SHA-256 that the catalog promises."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(
            f"{what}: the file {path.name} is not the one we know. Expected SHA-256 "
            f"{sha256[:12]}…, got {found[:12]}… ({path.stat().st_size:,} bytes). "
            "It is damaged or another version: reinstall the package that brings it."
        )


def load_results(name: str) -> pd.DataFrame:
    """Give me the results of an experiment that takes too long to run in a lesson.

    Parameters
    ----------
    name : str
        As of the files in `datasets/results/`: `<name>.csv` was written by `<name>.py`, which
        says in its first lines what was run, on which seeds, and how to run it again.

    Returns
    -------
    pandas.DataFrame
        One row per run.

    Examples
    --------
    >>> load_results("solar_cells_from_scratch").columns.tolist()
    ['way', 'n_labels', 'seed', 'auc', 'accuracy', 'cpu_seconds']
    """
    import pandas as pd

    folder = _shipped("results")
    known = sorted(path.stem for path in folder.glob("*.csv"))
    _check.one_of("name", name, known, kind="saved result")
    return pd.read_csv(folder / f"{name}.csv")
