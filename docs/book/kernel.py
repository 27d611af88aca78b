"""What a lesson's kernel does for the book: figures say in words what they show.

An IPython extension, loaded when the kernel starts, so that the lesson's own names are untouched.
The sentence becomes the text of the picture for readers who do not see it.
"""

from __future__ import annotations

import re
from typing import Any

_MANY = 8  # names; a longer list is cut


def load_ipython_extension(shell: Any) -> None:
    """Draw figures sharp enough for a printed page, each with a sentence in its metadata."""
    shell.config.InlineBackend.figure_formats = {"retina"}
    format_plainly = shell.display_formatter.format

    def format_with_text(shown: Any, *args: Any, **options: Any) -> Any:
        _try_out(shown)
        data, metadata = format_plainly(shown, *args, **options)
        if "image/png" in data and hasattr(shown, "axes") and hasattr(shown, "canvas"):
            metadata.setdefault("image/png", {})["alt"] = describe_figure(shown)
        return data, metadata

    shell.display_formatter.format = format_with_text


def _try_out(shown: Any) -> None:
    """Fill the charts of a freeze slider: a reader cannot press its buttons."""
    if type(shown).__name__ == "FreezeSlider" and shown.runs.empty:
        shown.sweep()


def describe_figure(figure: Any) -> str:
    """Return a sentence that says what a matplotlib figure shows.

    Parameters
    ----------
    figure : matplotlib Figure

    Returns
    -------
    str
        Read off its labels, titles and legends: "accuracy over labels: probe, from scratch".
    """
    charts = [ax for ax in figure.axes if ax.get_xlabel() or ax.get_ylabel()]
    pictures = [ax for ax in figure.axes if ax not in charts and ax.images]
    others = [ax for ax in figure.axes if ax not in charts and ax not in pictures]
    title = figure.get_suptitle()
    parts = [title] if title else []
    if pictures:
        n = len(pictures)
        names = _listed(_title_of(ax) for ax in pictures)
        parts.append(("one picture" if n == 1 else f"{n} pictures") + (names and f": {names}"))
    parts += list(dict.fromkeys(_describe_chart(ax) for ax in charts))
    # A colour bar has no label of its own, a drawing is made of texts.
    parts += [texts for ax in others if (texts := _listed(t.get_text() for t in ax.texts))]
    parts += [f"in the legend {_listed(_keys(key))}" for key in figure.legends]
    return _in_one_line(". ".join(parts)) or "Figure"


def _describe_chart(ax: Any) -> str:
    axes = " over ".join(label for label in (ax.get_ylabel(), ax.get_xlabel()) if label)
    keys = _listed(_keys(ax.get_legend())) if ax.get_legend() else ""
    title = _title_of(ax)
    return axes + (title and f" ({title})") + (keys and f": {keys}")


def _title_of(ax: Any) -> str:
    return next((t for side in ("center", "left") if (t := ax.get_title(loc=side))), "")


def _keys(legend: Any) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]


def _listed(names: Any) -> str:
    found = list(dict.fromkeys(_in_one_line(name) for name in names if name.strip()))
    return ", ".join(found[:_MANY]) + (" ..." if len(found) > _MANY else "")


def _in_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
