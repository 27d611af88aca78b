"""What a state says, in words: whether the test set lies and why, and what a repair does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ..shift import effective_sample_size
from ..shift.mechanisms import Kind, find_kind
from .experiment import Outcome, State
from .learner import Score
from .repairs import REPAIRS

# Smaller differences of accuracy than these (as a share of the error for a numeric outcome) are
# not worth a word, however many examples speak for them.
_SMALLEST_LIE = 0.03
_SMALLEST_HELP = 0.02
_SEEN_IN_THE_BARS = 0.05  # whoever reads "8 too good" there does not believe "agrees"
_SMALLEST_HARM = 0.05  # to a single group
_FEW = 0.25  # of the test set: if no more of it counts, it may agree by luck


class Verdict(Enum):
    """How a test set's report compares with the truth."""

    TOO_KIND = "too kind"
    TOO_HARSH = "too harsh"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a state says."""

    whole: str  # two to four sentences
    finding: str  # of these: whether the test set lies, or whether a repair helps
    fair: str  # without a repair: how far a fair sample would come


def read(state: State) -> Reading:
    """Return what a state says: what the test set believes, what is so, and what a repair does.

    A difference that the luck of the test set explains is not called a lie.
    """
    numbers, judgement = _what_is_so(state)
    mean = "" if state.population.has_classes else _mean_outcome(state)
    repaired = "" if state.choice.repair == "none" else _what_the_repair_does(state)
    fair = _against_a_fair_sample(state)
    said = [f"{numbers}: {judgement}", mean, repaired, fair]
    finding = repaired or f"{judgement[0].upper()}{judgement[1:]}"
    return Reading(
        whole=" ".join(filter(None, said)),
        finding=" ".join(filter(None, (finding, mean))),
        fair="" if repaired else fair,
    )


def describe(state: State) -> str:
    """Return the whole of what a state says."""
    return read(state).whole


def gap_in_words(state: State, outcome: Outcome) -> str:
    """Return what a gap between claim and truth means: a lie, or luck."""
    found = verdict(state, outcome)
    if found is not Verdict.RIGHT:
        return str(found.value)
    return f"within the luck of {_n_worth(state, outcome):,.0f} examples"


def overall(score: Score) -> float:
    """Return the score of everybody."""
    return score.overall


def verdict(
    state: State,
    outcome: Outcome,
    score_of: Callable[[Score], float] = overall,
    members: NDArray[np.bool_] | None = None,
) -> Verdict:
    """Return whether a test set is wrong by more than its luck explains, of all or of a group."""
    gap = _gain(state, score_of(outcome.actual), score_of(outcome.reported))
    if abs(gap) <= _luck(state, score_of(outcome.actual), _n_worth(state, outcome, members)):
        return Verdict.RIGHT
    return Verdict.TOO_KIND if gap > 0 else Verdict.TOO_HARSH


def score_text(state: State, value: float) -> str:
    """Return a score with its unit: accuracy in percent, an error as a number."""
    if state.population.has_classes:
        return f"{100 * value:.0f} %"
    return f"{value:.3g}"


def _what_is_so(state: State) -> tuple[str, str]:
    """Return the two numbers, and what they say of the test set."""
    naive = state.result.naive
    reported = score_text(state, naive.reported.overall)
    actual = score_text(state, naive.actual.overall)
    error = "" if state.population.has_classes else "an error of "
    said = f"Your own test set says {error}{reported}, the population says {actual}"
    found = verdict(state, naive)
    if found is Verdict.RIGHT:
        return said, f"they agree within the luck of {_n_held(state):,} test examples."
    return said, f"the test set is {found.value}, {_reason(state, found)}."


def _reason(state: State, found: Verdict) -> str:
    """Return why the hold-out is wrong, as far as the mechanism tells."""
    kind = _kind_of(state)
    reason = kind.too_kind if found is Verdict.TOO_KIND else kind.too_harsh
    if reason and _is_biased(state):
        return f"because {reason}"
    return "by good luck" if found is Verdict.TOO_KIND else "by bad luck"


def _is_biased(state: State) -> bool:
    return state.choice.strength > 0 and not _kind_of(state).is_fair


def _kind_of(state: State) -> Kind:
    return find_kind(state.choice.mechanism, state.choice.kind)


def _what_the_repair_does(state: State) -> str:
    naive, repaired = state.result.naive.actual, state.result.repaired.actual
    model = _helps_the_model(state)
    test_set, helps = _what_the_test_set_says(state)
    change = {1: "makes the model better", 0: "hardly changes the model"}
    now = score_text(state, state.result.repaired.reported.overall)
    link = "and" if (model > 0) == helps else "but"
    return (
        f"{REPAIRS[state.choice.repair].words} "
        f"{change.get(model, 'makes the model worse')} "
        f"({score_text(state, naive.overall)} to {score_text(state, repaired.overall)}), {link} "
        f"the test set, which now says {now}, {test_set}."
    )


def _what_the_test_set_says(state: State) -> tuple[str, bool]:
    """Return how the test set stands after the repair, and whether that helps."""
    before = abs(_kindness(state, state.result.naive))
    after = abs(_kindness(state, state.result.repaired))
    if after <= _luck_of(state, state.result.naive):
        if after >= _SEEN_IN_THE_BARS:
            off = f"{100 * after:.0f} {'points' if state.population.has_classes else '%'}"
            return f"is {off} off, no more than luck explains", True
        still = "still " if verdict(state, state.result.naive) is Verdict.RIGHT else ""
        return f"{still}agrees with the population{_though_by_luck(state)}", True
    if after <= _luck_of(state, state.result.repaired):
        return (
            f"is worth only {_n_worth(state, state.result.repaired):.0f} examples: too few to tell",
            False,
        )
    if before - after >= max(_SMALLEST_HELP, before / 4):
        return "is nearer to the truth", True
    if after - before >= _SMALLEST_HELP:
        return "is further from the truth", False
    return "is no nearer to the truth", False


def _though_by_luck(state: State) -> str:
    """Return a warning where so few examples count that another draw may well disagree."""
    n_worth = _n_worth(state, state.result.repaired)
    if n_worth >= _FEW * _n_held(state):
        return ""
    return f" (perhaps by luck: it is worth only {n_worth:.0f} examples)"


def _helps_the_model(state: State) -> int:
    """Return 1 if the repair makes the model better, -1 if worse, 0 if neither."""
    gain = _gain(state, state.result.naive.actual.overall, state.result.repaired.actual.overall)
    return int(np.sign(gain)) if abs(gain) >= _SMALLEST_HELP else 0


def _mean_outcome(state: State) -> str:
    naive, repaired = state.result.naive.mean_outcome, state.result.repaired.mean_outcome
    weighted = "" if state.choice.repair == "none" else f" ({repaired:.4g} after the repair)"
    truth = state.population.y.mean()
    return (
        f"The mean outcome of the sample is {naive:.4g}{weighted}, that of everybody {truth:.4g}."
    )


def _against_a_fair_sample(state: State) -> str:
    """Return how far a fair sample of the same size would come, and who is hit hardest."""
    result = state.result
    shown = result.naive if state.choice.repair == "none" else result.repaired
    fair = result.ideal.actual
    overall = score_text(state, fair.overall)
    lost = _gain(state, shown.actual.overall, fair.overall)
    lost_by_group = {
        name: _gain(state, shown.actual.by_group[name], value)
        for name, value in fair.by_group.items()
        if not np.isnan([value, shown.actual.by_group[name]]).any()
    }
    hit = max(lost_by_group, key=lambda name: lost_by_group[name], default="")
    harm = lost_by_group.get(hit, 0.0)
    if _is_biased(state) and harm >= _SMALLEST_HARM + max(0.0, lost):
        here = score_text(state, shown.actual.by_group[hit])
        there = score_text(state, fair.by_group[hit])
        return (
            f"With a fair sample of the same size it would be {overall}; hit hardest is "
            f"{hit!r}: {here} instead of {there}."
        )
    if abs(lost) < _SMALLEST_HELP:
        return f"A fair sample of the same size does no better: {overall}."
    return f"A fair sample of the same size does {'better' if lost > 0 else 'worse'}: {overall}."


def _kindness(state: State, outcome: Outcome) -> float:
    """Return by how much the report is better than the truth."""
    return _gain(state, outcome.actual.overall, outcome.reported.overall)


def _gain(state: State, before: float, after: float) -> float:
    """Return how much better a score is than another; an error as a share of it."""
    if state.population.has_classes:
        return after - before
    return (before - after) / max(before, 1e-12)


def _luck_of(state: State, outcome: Outcome) -> float:
    return _luck(state, outcome.actual.overall, _n_worth(state, outcome))


def _luck(state: State, actual: float, n_worth: float) -> float:
    """Return what luck explains: twice the standard error of the report (sampling error)."""
    if state.population.has_classes:
        return max(_SMALLEST_LIE, 2 * float(np.sqrt(max(actual * (1 - actual), 0.01) / n_worth)))
    # Of a root mean squared error of about normal errors: 1 / sqrt(2 n) of it.
    return max(_SMALLEST_LIE, 2 / float(np.sqrt(2 * n_worth)))


def _n_worth(state: State, outcome: Outcome, members: NDArray[np.bool_] | None = None) -> float:
    """Return the effective sample size of the hold-out, or of a group in it; at least one."""
    result, held = state.result, ~state.result.is_train
    if outcome.name == "ideal":  # its own hold-out holds each group as often as the population
        share = 1.0 if members is None else float(members.mean())
        return max(1.0, float(held.sum()) * share)
    ratio = result.density_ratio[held] if outcome.name == "repaired" else np.ones(held.sum())
    if members is not None:
        ratio = ratio[members[result.selection.indices[held]]]
    return effective_sample_size(ratio) if ratio.any() else 1.0


def _n_held(state: State) -> int:
    return int((~state.result.is_train).sum())
