"""How good a learner's guesses are: each scaled to the range that its question left.

0 is the low end of the range and 1 the high end, so that guesses of percents, of seconds and
of images can stand in one picture. A lean to one side is said only where a sign test finds it.
"""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd

# What `Prediction` calls close where its question says nothing else, as a part of the range.
CLOSE = 1 / 20
# Of fewer guesses no lean can be told from luck.
LEAST = 5
# Two-sided: five of five, six of six, seven of eight on one side.
_LUCK = 0.1


def scaled_guesses(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return guesses and results between the ends of their ranges.

    Parameters
    ----------
    predictions : DataFrame
        As in `Progress.predictions`. Questions with choices are left out, and guesses whose
        result is not known yet.

    Returns
    -------
    DataFrame
        Columns guess and measured (0 to 1; a result outside of the range stands at its end),
        close (bool).
    """
    known = predictions[predictions["low"].notna() & predictions["close"].notna()]
    low = known["low"].to_numpy(float)
    width = known["high"].to_numpy(float) - low
    columns = {
        name: np.clip((pd.to_numeric(known[name], errors="coerce") - low) / width, 0, 1)
        for name in ("guess", "measured")
    }
    return pd.DataFrame({**columns, "close": known["close"].astype(bool)}).dropna()


def describe_calibration(scaled: pd.DataFrame) -> str:
    """Return what the guesses say about the one who guesses.

    Parameters
    ----------
    scaled : DataFrame
        From `scaled_guesses`.

    Returns
    -------
    str

    Examples
    --------
    >>> guesses = pd.DataFrame({"guess": 0.8, "measured": [0.5] * 6, "close": False})
    >>> describe_calibration(guesses)
    'You guess too high: 6 of 6, in the middle by 30 % of the range. Close: 0 of 6.'
    """
    n, n_close = len(scaled), int(scaled["close"].sum())
    if n < LEAST:
        left = LEAST - n
        return f"{left} more {'guess' if left == 1 else 'guesses'}, and you can read how you guess."
    error = (scaled["guess"] - scaled["measured"]).to_numpy()
    n_high, n_low = int((error > 0).sum()), int((error < 0).sum())
    end = f" Close: {n_close} of {n}."
    if _by_luck(n_high, n_low) > _LUCK:
        return f"You lean to neither side: {n_high} too high, {n_low} too low.{end}"
    side, most = ("high", n_high) if n_high > n_low else ("low", n_low)
    middle = 100 * abs(float(np.median(error)))
    lean = f"You guess too {side}: {most} of {n}, in the middle by {middle:.0f} % of the range."
    return lean + end


def _by_luck(n_high: int, n_low: int) -> float:
    """Return how often a fair coin would split at least as unevenly."""
    n, most = n_high + n_low, max(n_high, n_low)
    return min(1.0, float(2 * sum(comb(n, k) for k in range(most, n + 1)) / 2**n))
