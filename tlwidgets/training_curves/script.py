"""The Python that draws the curves again, without this package."""

from __future__ import annotations

from collections.abc import Sequence

from .charts import COLOURS, shown_metrics
from .state import Choices, Run

_SCRIPT = """\
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt

frame = pd.read_csv({path!r})  # written by curves.to_csv({path!r})
last = frame[(frame["run"] == frame["run"].max()) & frame["step"].isna()]
metrics = {metrics!r}

sns.set_theme(style="ticks")
figure, axes = plt.subplots(1, len(metrics), figsize=({width}, 3.4), squeeze=False)
for metric, ax in zip(metrics, axes[0]):
    sns.lineplot(
        last[last["metric"] == metric],
        x="epoch",
        y="value",
        hue="split",
        style="split",
        hue_order={splits!r},
        style_order={order!r},
        palette={palette!r},
        ax=ax,
    )
    ax.set(ylabel=metric{scale})
{extras}sns.despine(figure)
figure.tight_layout()
"""
_CHANCE = """\
for metric, level in {levels!r}.items():
    axes[0][metrics.index(metric)].axhline(level, color="0.35", linestyle=":")
"""
_PHASES = """\
for start, name in {starts!r}:
    for ax in axes[0]:
        ax.axvline(start, color="0.8", zorder=0)
        ax.text(start, 1, name, transform=ax.get_xaxis_transform(), va="top")
"""


def to_code(runs: Sequence[Run], choices: Choices, path: str) -> str:
    """Return a script that draws the last run from the table in a file.

    Parameters
    ----------
    runs : sequence of Run
    choices : Choices
    path : str
        What `to_csv` wrote.

    Returns
    -------
    str
    """
    run = runs[-1] if runs else Run()
    metrics = shown_metrics(run, choices)
    levels = {m: choices.chance_of(m) for m in metrics if choices.chance_of(m) is not None}
    starts = [(phase.start, phase.name) for phase in run.phases if phase.name]
    extras = _CHANCE.format(levels=levels) * bool(levels)
    extras += _PHASES.format(starts=starts) * bool(starts)
    return _SCRIPT.format(
        path=path,
        metrics=metrics,
        width=round(5.2 * len(metrics), 1),
        splits=list(COLOURS),
        order=list(reversed(COLOURS)),  # the first style is the solid one
        palette=dict(COLOURS),
        scale=', yscale="log" if "loss" in metric else "linear"' if choices.log else "",
        extras=extras,
    )
