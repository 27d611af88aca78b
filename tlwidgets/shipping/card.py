"""A model card: what a model is for, what was measured and how, and where it fails.

Nobody can see that from the file of a model, so it travels with it (Mitchell et al. 2019).
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import _check
from .calibration import DECISION_COLUMNS, table_with

if TYPE_CHECKING:
    import pandas as pd

# A model card as Markdown and as HTML; what people wrote into it stays text.

# What Markdown reads inside of a line, and at its start.
_INSIDE = re.compile(r"([\\`*_\[\]|~$])")
_AT_START = re.compile(r"^([#+=-]|\d+(?=[.)](?:\s|$)))")
_BOX = (
    "max-width: 60em; padding: 2px 18px 10px; border: 1px solid var(--jp-border-color2, #ccc); "
    "border-radius: 6px; line-height: 1.5; color: var(--jp-content-font-color1, inherit)"
)
_HEADING = "margin: 14px 0 2px; font-size: 1em; font-weight: 600"
_SHORT = 24  # letters
_CELL = (
    "text-align: left; padding: 3px 18px 3px 0; vertical-align: top; "
    "border-bottom: 1px solid var(--jp-border-color2, #ccc)"
)


def markdown_line(text: str) -> str:
    """Return one line of Markdown that shows this text and nothing else."""
    line = _INSIDE.sub(r"\\\1", escape(" ".join(text.split()), quote=False))
    return _AT_START.sub(lambda found: _not_a_list(found[0]), line)


def _not_a_list(start: str) -> str:
    # "1." begins a list, and so does "-": digits cannot be escaped, the dot after them can.
    return f"{start}\\" if start.isdigit() else f"\\{start}"


def markdown_section(content: str | tuple[str, ...] | pd.DataFrame) -> str:
    """Return paragraphs, a list or a table."""
    if isinstance(content, str):
        return "\n\n".join(markdown_line(part) for part in _paragraphs(content))
    if isinstance(content, tuple):
        return "\n".join(f"- {markdown_line(item)}" for item in content)
    rows = [list(content.columns), ["---"] * len(content.columns), *_cells(content)]
    lines = [[cell if cell == "---" else markdown_line(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def to_html(name: str, sections: Sequence[tuple[str, Any]]) -> str:
    """Return the whole card; JupyterLab would take dollars for mathematics without the classes."""
    parts = [f'<h3 style="margin: 10px 0 4px">Model card: {escape(name)}</h3>']
    for title, content in sections:
        parts += [f'<h4 style="{_HEADING}">{escape(title)}</h4>', _html_section(content)]
    return (
        f'<section class="tlwidgets-card tex2jax_ignore mathjax_ignore" style="{_BOX}" '
        f'aria-label="Model card of {escape(name)}">{"".join(parts)}</section>'
    )


def _html_section(content: str | tuple[str, ...] | pd.DataFrame) -> str:
    if isinstance(content, str):
        return "".join(f'<p style="margin: 2px 0">{escape(p)}</p>' for p in _paragraphs(content))
    if isinstance(content, tuple):
        items = "".join(f"<li>{escape(item)}</li>" for item in content)
        return f'<ul style="margin: 2px 0; padding-left: 1.4em">{items}</ul>'
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(c)}</th>' for c in content.columns)
    rows = [
        "".join(f'<td style="{_CELL}{_unbroken(cell)}">{escape(cell)}</td>' for cell in row)
        for row in _cells(content)
    ]
    body = "".join(f'<tr style="background: none">{row}</tr>' for row in rows)
    return (
        '<div style="overflow-x: auto"><table style="border-collapse: collapse; margin: 0">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _unbroken(cell: str) -> str:
    """Return a style that keeps a short cell, such as "86.2% ± 1.2%", in one line."""
    return "; white-space: nowrap" if len(cell) <= _SHORT else ""


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _cells(table: pd.DataFrame) -> list[list[str]]:
    return [
        [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row]
        for row in table.itertuples(index=False, name=None)
    ]


# The figures of a model card as one table, in which nothing is missing.

_NAME, _FIGURE, _HOW = "what", "figure", "how"
_EXAMPLE = "Write {'AUC': (0.91, '656 cells kept for the test')}."
_THRESHOLD = "threshold"
# Figures that are another one at another threshold, and what says which.
_OF_A_RULE = re.compile(
    r"accura|\brecall|precision|sensitivity|specificity|false.alarm|miss rate|error rate|\bf1\b",
    re.IGNORECASE,
)
_NAMES_ITS_RULE = re.compile(rf"{_THRESHOLD}\D{{0,9}}(\d*\.?\d+)", re.IGNORECASE)
_MOST_PROBABLE = "most probable"  # the rule of more than two classes


def read_measured(value: Any) -> pd.DataFrame:
    """Return the figures as a table of its own: names first, one column "how", nothing missing."""
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        table = _named(value)
    elif isinstance(value, Mapping):
        table = pd.DataFrame([_row(*item) for item in value.items()])
    else:
        raise TypeError(
            "`measured` must be a mapping from a name to (figure, how it was measured), or a "
            f"DataFrame with a column 'how'; got {type(value).__name__}. {_EXAMPLE}"
        )
    if not len(table):
        raise ValueError(
            f"`measured` must hold at least one figure; got none. Measure first. {_EXAMPLE}"
        )
    return _with_rules(_complete(table))


def _with_rules(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table if each figure of a decision rule says which rule."""
    if _THRESHOLD in table.columns:
        return table
    for row in _cells(table):
        text = " ".join(row)
        said = [part for part, column in zip(row, table.columns, strict=True) if column != _HOW]
        is_of_a_rule = any(_OF_A_RULE.search(part) for part in (*said, *table.columns))
        if is_of_a_rule and not (_NAMES_ITS_RULE.search(text) or _MOST_PROBABLE in text.lower()):
            raise ValueError(
                f"`measured`: {row[0]!r} is the figure of a decision rule and must name its "
                f"threshold; got none in {' | '.join(row)!r}. Measure the rule that ships, with "
                "decisions_at(y, probability, threshold=..., how=...), or write 'threshold 0.12' "
                "beside it; of several classes, 'the most probable class'."
            )
    return table


def read_decisions(value: Any) -> pd.DataFrame | None:
    """Return the table of what the rule decides, or None where there is none."""
    if value is None:
        return None
    table = table_with("decisions", value, DECISION_COLUMNS, made_by="decisions_at")
    return _complete(table.reset_index(drop=True))


def _row(name: Any, value: Any) -> dict[str, Any]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(
            f"`measured`: each figure must come with how it was measured, (figure, how); got "
            f"{value!r} for {name!r}. {_EXAMPLE}"
        )
    return {_NAME: str(name), _FIGURE: value[0], _HOW: value[1]}


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose row names, where it has any, are its first column."""
    import pandas as pd

    table = frame.copy()
    if not isinstance(table.index, pd.RangeIndex):
        names = [name or _NAME for name in table.index.names]
        table = table.reset_index(names=names)
    table.columns = pd.Index([str(column) for column in table.columns])
    if _HOW not in table.columns or len(table.columns) < 2:
        raise ValueError(
            "`measured` must have a column 'how' that says how each figure was measured, beside "
            f"the figures; got the columns {', '.join(table.columns) or 'none'}. Add it with "
            "table.assign(how='656 cells kept for the test')."
        )
    return table.reset_index(drop=True)


def _complete(table: pd.DataFrame) -> pd.DataFrame:
    for column in table.columns:
        for row, value in enumerate(table[column]):
            if _is_missing(value):
                raise ValueError(
                    f"`measured` must not leave anything out; got {value!r} in row {row}, column "
                    f"{column!r}. Write the figure, or say in words why there is none."
                )
    return table


def _is_missing(value: Any) -> bool:
    import pandas as pd

    if isinstance(value, str):
        return not value.strip()
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


_PACKAGES = ("tlwidgets", "keras", "tensorflow", "tensorflow-cpu", "scikit-learn", "numpy")
_MEANING = {
    "name": "what the model is called",
    "question": "what it answers, for whom, and what it must not be used for",
    "data": "what it learned from, how much of it, and who is missing",
    "training": "how it was trained",
    "licence": "who may use it, for what",
}


def installed_versions() -> dict[str, str]:
    """Tell me which Python and which packages are at work here."""
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
    decisions : DataFrame, optional
        What the rule that ships decides, of `decisions_at`: at its threshold, for each kind.

    Raises
    ------
    TypeError, ValueError
        If a part is missing, empty or of another kind; or if an accuracy, a recall or a share of
        false alarms stands there without its threshold: at another one it is another figure.

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
    decisions: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        for part, meaning in _MEANING.items():
            _check.text(part, getattr(self, part), meaning=meaning)
        object.__setattr__(self, "measured", read_measured(self.measured))
        object.__setattr__(self, "decisions", read_decisions(self.decisions))
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

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The thresholds that figures of this card belong to."""
        found = [] if self.decisions is None else self.decisions[_THRESHOLD].tolist()
        measured = read_measured(self.measured)
        for row in _cells(measured):
            found += _NAMES_ITS_RULE.findall(" ".join(row))
        if _THRESHOLD in measured.columns:
            found += [value for value in measured[_THRESHOLD] if isinstance(value, float)]
        return tuple(sorted({float(value) for value in found}))

    def _sections(self) -> list[tuple[str, Any]]:
        decisions = [] if self.decisions is None else [("Decisions", self.decisions)]
        return [
            ("Question", self.question),
            ("Data", self.data),
            ("Training", self.training),
            *decisions,
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
