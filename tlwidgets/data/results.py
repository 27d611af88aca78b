"""Saved results of experiments too long for a lesson, each with the script that made it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from .. import _check

if TYPE_CHECKING:
    import pandas as pd


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

    Raises
    ------
    ValueError
        If there is no such result.

    Examples
    --------
    >>> load_results("solar_cells_from_scratch").columns.tolist()
    ['way', 'n_labels', 'seed', 'auc', 'accuracy', 'cpu_seconds']
    """
    import pandas as pd

    folder = _folder()
    known = sorted(path.stem for path in folder.glob("*.csv"))
    _check.one_of("name", name, known, kind="saved result")
    return pd.read_csv(folder / f"{name}.csv")


def _folder() -> Path:
    in_wheel = Path(str(files(__package__))) / "files" / "results"
    return in_wheel if in_wheel.is_dir() else Path(__file__).parents[2] / "datasets" / "results"
