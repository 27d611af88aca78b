"""Pictures of the course itself."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from .. import _check, _palette

# Pan and Yang (2010), Table 3: the type follows from where there are labels.
_QUESTION = "Where do you have labels?"
_TYPES = (
    ("in the target", "INDUCTIVE", _palette.TARGET),
    ("only in the source", "TRANSDUCTIVE", _palette.SOURCE),
    ("in neither", "UNSUPERVISED", _palette.NEUTRAL),
)
_METHODS = (
    ("feature extraction  02", "fine-tuning  03", "multi-task  05", "self-taught  06"),
    ("domain adaptation  07", "sample-selection bias  10"),
    ("clustering and", "dimension reduction  08"),
)
_LINE = "#777777"
_FOR_ALL = "why  01      pretrained models  04      what to transfer from  09      capstone  11"


def plot_transfer_map(ax: Axes) -> Axes:
    """Draw the map of transfer types with the lesson that teaches each.

    Parameters
    ----------
    ax : matplotlib Axes
        What stood there is kept; its axis lines are hidden. Best at about 10 x 4.2 inches.

    Returns
    -------
    matplotlib Axes
        The same.

    References
    ----------
    Pan and Yang (2010), A Survey on Transfer Learning, IEEE TKDE 22(10), Table 3.
    """
    _check.axes("ax", ax)
    ax.set(xlim=(0, 12), ylim=(0, 6))
    ax.axis("off")
    _box(ax, (6, 5.4), _QUESTION, width=4.4, colour="#333333")
    ax.plot([6, 6], [5.08, 4.75], [2, 10], [4.75, 4.75], color=_LINE)
    for x, (answer, name, colour), methods in zip((2, 6, 10), _TYPES, _METHODS, strict=True):
        ax.annotate("", (x, 4.02), (x, 4.77), arrowprops={"arrowstyle": "-|>", "color": _LINE})
        ax.text(x + 0.15, 4.48, answer, va="center", fontsize=10)
        _box(ax, (x, 3.72), name, width=3.4, colour=colour)
        ax.text(x, 3.2, "\n".join(methods), ha="center", va="top", fontsize=11, linespacing=1.6)
    ax.text(6, 0.4, _FOR_ALL, ha="center", va="center", fontsize=10, color="#333333")
    ax.text(6, 0.95, "for every type", ha="center", va="center", fontsize=9, color="#555555")
    return ax


def _box(ax: Axes, centre: tuple[float, float], label: str, *, width: float, colour: str) -> None:
    x, y = centre
    patch = FancyBboxPatch(
        (x - width / 2, y - 0.3),
        width,
        0.6,
        boxstyle="round,pad=0.02,rounding_size=0.15",
        color=colour,
    )
    ax.add_patch(patch)
    ax.text(x, y, label, ha="center", va="center", color="white", fontsize=11, weight="bold")
