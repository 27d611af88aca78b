"""A model card: what a model is for, what was measured and how, and where it fails.

Nobody can see that from the file of a model, so it travels with it (Mitchell et al. 2019).
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import _check
from .card_text import markdown_line, markdown_section, to_html
from .measuring import read_measured

if TYPE_CHECKING:
    import pandas as pd

_PACKAGES = ("tlwidgets", "keras", "tensorflow", "tensorflow-cpu", "scikit-learn", "numpy")
_MEANING = {
    "name": "what the model is called",
    "question": "what it answers, for whom, and what it must not be used for",
    "data": "what it learned from, how much of it, and who is missing",
    "training": "how it was trained",
    "licence": "who may use it, for what",
}


def installed_versions() -> dict[str, str]:
    """Tell me which Python and which packages are at work here.

    Returns
    -------
    dict of str to str
        From a name to its version; packages that are not installed are left out.
    """
    versions = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


@dataclass(frozen=True, slots=True, eq=False)
class ModelCard:
    """Say what my model is for, what I measured, and where it fails.

    Parameters
    ----------
    name : str
        What the model is called.
    question : str
        What it answers, for whom, and what it must not be used for.
    data : str
        What it learned from, how much of it, and who is missing.
    training : str
        How it was trained.
    measured : mapping or DataFrame
        What was measured and how: ``{"AUC": (0.91, "656 cells kept for the test")}``, or a table
        with one row per figure and a column "how". No figure and no "how" may be missing.
    limits : str or list of str
        Where it fails and what nobody has tried.
    licence : str
        Who may use it, for what: the data may decide.
    made_with : mapping of str to str, optional
        Versions; by default those at work here.

    Raises
    ------
    TypeError, ValueError
        If a part is missing, empty or of another kind.

    References
    ----------
    Mitchell et al. (2019), Model Cards for Model Reporting, FAT*, arXiv 1810.03993.

    Examples
    --------
    >>> card = ModelCard("Inspector", "Is this cell defective?", "1,968 cells", "a linear head",
    ...     {"AUC": (0.9, "656 other cells")}, ["one camera"], "CC BY-NC-SA 4.0")
    >>> card
    ModelCard('Inspector', 1 figure, 1 limit)
    >>> "| AUC | 0.9 | 656 other cells |" in card.to_markdown()
    True
    """

    name: str
    question: str
    data: str
    training: str
    measured: Mapping[str, tuple[Any, str]] | pd.DataFrame
    limits: str | Sequence[str]
    licence: str
    made_with: Mapping[str, str] = field(default_factory=installed_versions)

    def __post_init__(self) -> None:
        for part, meaning in _MEANING.items():
            _check.text(part, getattr(self, part), meaning=meaning)
        object.__setattr__(self, "measured", read_measured(self.measured))
        object.__setattr__(self, "limits", _read_limits(self.limits))
        object.__setattr__(self, "made_with", _read_versions(self.made_with))

    def __repr__(self) -> str:
        counts = {"figure": len(self.measured), "limit": len(self.limits)}
        shown = ", ".join(f"{n} {what}{'s' * (n != 1)}" for what, n in counts.items())
        return f"ModelCard({self.name!r}, {shown})"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        return to_html(self.name, self._sections())

    def to_markdown(self) -> str:
        """Give me the card as text for a README.

        Returns
        -------
        str
            Markdown in which nothing that was written into the card has a special meaning.
        """
        parts = [f"# {markdown_line(self.name)}"]
        for title, content in self._sections():
            parts += [f"## {title}", markdown_section(content)]
        return "\n\n".join(parts) + "\n"

    def save(self, path: str | Path) -> Path:
        """Write the card into a Markdown file; a file of that name is replaced.

        Parameters
        ----------
        path : str or Path
            It ends in .md, and its folder exists.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        TypeError, ValueError
            If it is another kind of file or in no folder.
        """
        if not isinstance(path, str | Path):
            raise TypeError(f"`path` must be the name of a file; got {path!r}.")
        path = Path(path)
        if path.suffix != ".md" or not path.parent.is_dir():
            raise ValueError(
                f"`path` must end in .md and be in a folder that exists; got '{path}'. For "
                "instance 'card.md'."
            )
        path.write_text(self.to_markdown(), "utf-8")
        return path

    def _sections(self) -> list[tuple[str, Any]]:
        return [
            ("Question", self.question),
            ("Data", self.data),
            ("Training", self.training),
            ("Measured", self.measured),
            ("Limits", self.limits),
            ("Licence", self.licence),
            ("Made with", tuple(f"{name} {number}" for name, number in self.made_with.items())),
        ]


def _read_limits(limits: str | Sequence[str]) -> tuple[str, ...]:
    each = [limits] if isinstance(limits, str) else limits
    if not isinstance(each, list | tuple):
        raise TypeError(f"`limits` must be text or a list of texts; got {limits!r}.")
    if not each:
        raise ValueError(
            "`limits` must name at least one: no model is right everywhere; got an empty list. "
            "Say where it fails and what nobody has tried."
        )
    return tuple(_check.text("limits", limit, meaning="where the model fails") for limit in each)


def _read_versions(made_with: Mapping[str, str]) -> dict[str, str]:
    texts = isinstance(made_with, Mapping) and all(
        isinstance(part, str) for item in made_with.items() for part in item
    )
    if not texts or not made_with:
        raise TypeError(
            "`made_with` must be a mapping from a name to its version, both text; got "
            f"{made_with!r}. Leave it out: the versions at work here are taken then."
        )
    return dict(made_with)
