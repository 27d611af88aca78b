"""A prediction: commit to a guess before you run the experiment, then compare."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import ipywidgets

from .. import _check
from .._widgets.base import HandleNames, Panel
from .notice import COLOUR_OF, Notice, prose, show, to_html, to_text
from .progress import CLOSE, keep_guess

# While the kernel is busy the browser holds back the last steps of a slider, but not a click: they
# arrive after it (seen on a machine under load: 53 on the screen, 51 kept).
_LATE_SECONDS = 1.0
_WIDTH = "24em"
_TRACK = f"calc({_WIDTH} - 89px)"  # what the number at its end leaves of a slider, measured
# A number on the screen is a hint: none is shown until the handle has been moved.
_UNSET = "tlwidgets-unset"
# Reopened without a kernel, a guess is read: no broken link beside each part of it.
_STYLE = (
    f"<style>.{_UNSET} .widget-readout {{ visibility: hidden; }} "
    ":is(.tlwidgets-prediction, .tlwidgets-prediction *).jupyter-widgets-disconnected::before "
    "{ content: none; }</style>"
)


def describe_guess(guess: float | str | None, measured: float | str, *, close: float) -> str:
    """Return the sentence that compares a guess, if there was one, with what was measured.

    Examples
    --------
    >>> describe_guess(70, 78.4, close=5)
    'You said 70, measured 78.4: too low by 8.4.'
    """
    if guess is None:
        return f"Measured {_short(measured)}. You made no guess; the next one is yours."
    start = f"You said {_short(guess)}, measured {_short(measured)}: "
    hit = is_close(guess, measured, close=close)
    if isinstance(guess, str) or isinstance(measured, str):
        return start + ("right." if hit else "not this time. Why?")
    if hit:
        return start + "close."
    error = float(guess) - float(measured)
    return start + f"too {'high' if error > 0 else 'low'} by {_short(abs(error))}."


def is_close(guess: float | str, measured: float | str, *, close: float) -> bool:
    """Tell whether a guess counts: the same choice, or a number that is near enough."""
    if isinstance(guess, str) or isinstance(measured, str):
        return bool(guess == measured)
    return abs(float(guess) - float(measured)) <= close


def _short(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


class Prediction(Panel):
    """Let me guess before I see the result, and remember my guess.

    Parameters
    ----------
    question : str
        What to guess.
    low, high : float
        Range of a numerical guess; both, or neither.
    choices : list of str, at least two
        Answers to choose from, instead of a range.
    close : float, >= 0
        How far a number may be off and still be called close. By default a twentieth of
        the range.

    Examples
    --------
    >>> guess = Prediction("How many of 100 cells will be sorted right?", low=0, high=100)
    >>> guess.commit(70)
    >>> guess.reveal(78.4)
    • How many of 100 cells will be sorted right? You said 70, measured 78.4: too low by 8.4.
    """

    def __init__(
        self,
        question: str,
        *,
        low: float | None = None,
        high: float | None = None,
        choices: Sequence[str] | None = None,
        close: float | None = None,
    ) -> None:
        self.question = _check.text("question", question, meaning="what to guess")
        self.guess: float | str | None = None
        self._control = _make_control(low, high, choices)
        self._is_set = False
        self._span = None if choices else (float(low), float(high))  # type: ignore[arg-type]
        if close is None:
            close = 0 if choices else (high - low) * CLOSE  # type: ignore[operator]
        self._close = _check.number(
            "close", close, low=0, high=math.inf, meaning="how far off a guess is still close"
        )
        self._button = ipywidgets.Button(
            description="This is my guess",
            button_style="primary",
            layout=ipywidgets.Layout(width="10em", margin="2px 2px 2px 12px"),
        )
        self._button.on_click(self._commit_control)
        self._clicked_at = -math.inf
        self._control.observe(self._moved, "value")
        self._line = ipywidgets.HTML()
        label = ipywidgets.HTML(_STYLE + prose(self.question))
        row = ipywidgets.HBox(
            [self._control, self._button], layout=ipywidgets.Layout(align_items="center")
        )
        super().__init__([label, row, self._line, HandleNames(self.question)])
        self.add_class("tlwidgets-prediction")

    def __repr__(self) -> str:
        state = "no guess yet" if self.guess is None else f"guess: {_short(self.guess)}"
        return to_text("neutral", self.question, f"({state})")

    def commit(self, guess: float | str) -> None:
        """Fix a guess, as the button does; a later one replaces it.

        Parameters
        ----------
        guess : float or str
            In the range, or one of the choices; anything else leaves the guess before.
        """
        if isinstance(self._control, ipywidgets.ToggleButtons):
            guess = _check.one_of("guess", guess, self._control.options, kind="choice")
        else:
            guess = _check.number(
                "guess",
                guess,
                low=self._control.min,
                high=self._control.max,
                meaning="the range of this question",
            )
        self.guess = guess
        self._control.value = guess
        self._set()
        self._line.value = to_html("good", "Kept:", f"{_short(guess)}. Now run the next cell.")
        keep_guess(self.question, guess, span=self._span)

    def _commit_control(self, _button: ipywidgets.Button) -> None:
        if not self._is_set:
            how = "choose an answer first." if self._span is None else "move the handle first."
            self._line.value = to_html("not yet", "Nothing chosen yet:", how)
        else:
            self.commit(self._control.value)
            self._clicked_at = time.monotonic()

    def _set(self) -> None:
        self._is_set = True
        self._control.remove_class(_UNSET)

    def _moved(self, change: dict[str, Any]) -> None:
        self._set()
        if time.monotonic() - self._clicked_at < _LATE_SECONDS and change["new"] != self.guess:
            self.commit(change["new"])

    def reveal(self, measured: float | str) -> Notice:
        """Compare my guess with what was measured.

        Parameters
        ----------
        measured : float or str
            What the experiment gave.

        Returns
        -------
        Notice
            In a notebook it has shown itself, as one line.
        """
        sentence = describe_guess(self.guess, measured, close=self._close)
        if self._span is not None and not isinstance(measured, str):
            self._line.value = self._marks(float(measured), self._span)
        if self.guess is not None:
            hit = is_close(self.guess, measured, close=self._close)
            keep_guess(self.question, self.guess, span=self._span, measured=measured, close=hit)
        return show(Notice(self.question, sentence))

    def _marks(self, measured: float, span: tuple[float, float]) -> str:
        """Return the range of the slider with the guess and the truth on it."""
        low, high = span
        marks = [("▲", "measured", measured, COLOUR_OF["good"])]
        if self.guess is not None:
            marks.insert(0, ("○", "your guess", float(self.guess), COLOUR_OF["neutral"]))
        signs = "".join(
            f'<span style="position: absolute; color: {colour}; transform: translateX(-50%); '
            f'left: {min(max(100 * (x - low) / (high - low), 0), 100):.1f}%">{sign}</span>'
            for sign, _, x, colour in marks
        )
        words = " · ".join(f"{sign} {word} {_short(x)}" for sign, word, x, _ in marks)
        return (
            f'<div aria-hidden="true" style="position: relative; width: {_TRACK}; height: 1.5em; '
            f'margin: -6px 6px 0">{signs}</div>'
            f'<div role="status" style="margin: 0 6px">{words}</div>'
        )


def _make_control(low: float | None, high: float | None, choices: Sequence[str] | None) -> Any:
    if (low is None) != (high is None) or (low is None) == (choices is None):
        raise ValueError(
            "`low` and `high`, or `choices`, must be given, and not all; "
            f"got low={low!r}, high={high!r}, choices={choices!r}."
        )
    if choices is not None:
        texts = isinstance(choices, list | tuple) and all(isinstance(c, str) for c in choices)
        if not texts or len(set(choices)) < max(2, len(choices)):
            raise ValueError(f"`choices` must be at least two different texts; got {choices!r}.")
        # Nothing is chosen beforehand: a preset answer would be a hint.
        return ipywidgets.ToggleButtons(
            options=list(choices), value=None, style={"button_width": "auto"}
        )
    for name, end in (("low", low), ("high", high)):
        _check.number(name, end, low=-1e12, high=1e12, meaning="an end of the range to guess in")
    if not low < high:  # type: ignore[operator]
        raise ValueError(f"`low` must be smaller than `high`; got {low!r} and {high!r}.")
    decimals = max(0, 2 - math.ceil(math.log10(high - low)))  # type: ignore[operator]
    slider = ipywidgets.FloatSlider(
        value=(low + high) / 2,  # type: ignore[operator]
        min=low,
        max=high,
        step=10**-decimals,
        readout_format=f".{decimals}f",
        layout=ipywidgets.Layout(width=_WIDTH),
    )
    slider.add_class(_UNSET)
    return slider
