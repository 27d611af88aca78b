"""What an inspector says about one photograph: a class, a probability, a sentence, and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from .. import _palette

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


def make_answer(
    probabilities: Sequence[float], class_names: Sequence[str], threshold: float
) -> Answer:
    """Return the answer that follows from probabilities and a threshold."""
    claimed = [float(probability) for probability in probabilities]
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
