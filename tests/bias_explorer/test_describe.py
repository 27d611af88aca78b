"""What a state says is true: states picked by hand, sentences judged by hand."""

import dataclasses
import re

import numpy as np
import pytest

from tests.bias_explorer.toys import make_toy
from tlwidgets.bias_explorer import built_in
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import Outcome, begin
from tlwidgets.bias_explorer.learner import Score
from tlwidgets.bias_explorer.words import Verdict, describe, verdict

FAIR = r"A fair sample of the same size does (no better|better|worse): \d+ %\."


def outcome(name, reported, actual):
    """An outcome with the same score in both groups."""
    return Outcome(
        name=name,
        reported=Score(overall=reported, by_group={"one": reported, "two": reported}),
        actual=Score(overall=actual, by_group={"one": actual, "two": actual}),
    )


def state_of(naive, repaired=None, ideal=0.9, ratio=None, n=1000, **choice):
    """A state with these scores: (by the test set, by the population)."""
    state = begin(make_toy(2000), Choice(n=n, **choice))
    result = dataclasses.replace(
        state.result,
        naive=outcome("naive", *naive),
        repaired=outcome("repaired", *(repaired or naive)),
        ideal=outcome("ideal", ideal, ideal),
        density_ratio=np.ones(n) if ratio is None else ratio,
    )
    return dataclasses.replace(state, result=result)


def sentence(*arguments, **options):
    return describe(state_of(*arguments, **options))


def test_the_example_of_the_design():
    assert sentence((0.94, 0.71)) == (
        "Your own test set says 94 %, the population says 71 %: the test set is too kind, "
        "because it has the same bias as the sample. "
        "A fair sample of the same size does better: 90 %."
    )


NOISE = {"mechanism": "dataset quality", "kind": "symmetric noise"}


@pytest.mark.parametrize(
    ("scores", "choice", "expected"),
    [  # a poor model whose report is true; wrong labels; luck
        ((0.72, 0.71), {"mechanism": "data skew", "kind": "long tail"}, Verdict.RIGHT),
        ((0.5, 0.8), NOISE, Verdict.TOO_HARSH),
        ((0.9, 0.8), {"strength": 0.0}, Verdict.TOO_KIND),
        ((0.73, 0.71), {}, Verdict.RIGHT),
    ],
)
def test_a_test_set_is_judged_by_more_than_its_luck(scores, choice, expected):
    state = state_of(scores, **choice)
    assert verdict(state, state.result.naive) is expected
    assert ("luck" in describe(state)) == (expected is Verdict.RIGHT or choice == {"strength": 0.0})


def test_a_group_needs_a_larger_gap_than_everybody():
    state = state_of((0.78, 0.7))
    few = np.arange(2000) < 40
    naive = state.result.naive
    assert verdict(state, naive) is Verdict.TOO_KIND
    assert verdict(state, naive, lambda score: score.by_group["one"], few) is Verdict.RIGHT


@pytest.mark.parametrize(
    ("naive", "repaired", "choice", "model", "link", "test_set"),
    [  # the report is mended, the model is not; the other way round; neither; both
        ((0.9, 0.7), (0.71, 0.7), {"repair": "known chances"},
         "hardly changes", "but", "agrees with the population"),
        ((0.5, 0.7), (0.99, 0.8), {**NOISE, "repair": "label cleaning"},
         "better", "but", "is no nearer to the truth"),
        ((0.9, 0.7), (0.95, 0.65), {"repair": "class weighting"},
         "worse", "and", "is further from the truth"),
        ((0.9, 0.7), (0.84, 0.8), {"repair": "class weighting"},
         "better", "and", "agrees with the population"),
    ],
)  # fmt: skip
def test_a_repair_may_mend_the_model_or_the_report(naive, repaired, choice, model, link, test_set):
    said = sentence(naive, repaired, **choice)
    assert re.search(rf"{model}.*, {link} the test set, which now says \d+ %, {test_set}", said)


def test_a_weighted_test_set_that_is_worth_a_few_examples_proves_nothing():
    ratio = np.full(1000, 1e-6)
    ratio[:20] = 50
    said = sentence((0.9, 0.7), (0.9, 0.7), ratio=ratio, repair="known chances")
    assert re.search(r"which now says 90 %, is worth only \d examples: too few to tell\.", said)


def test_a_test_set_that_agrees_by_a_few_examples_is_not_trusted():
    few = np.full(1000, 1e-6)
    few[:20] = 50
    scores = {"naive": (0.9, 0.7), "repaired": (0.71, 0.7), "repair": "known chances"}
    said = sentence(**scores, ratio=few)
    assert re.search(
        r"agrees with the population \(perhaps by luck: it is worth only \d examples\)\.", said
    )
    assert "luck" not in sentence(**scores)


def test_real_states_of_the_digits_say_what_happens_there():
    def said(**choice):
        return describe(begin(built_in("digits"), Choice(n=1000, **choice)))

    fair = said(strength=0.0)
    assert re.fullmatch(
        rf"Your own .* they agree within the luck of 300 test examples\. {FAIR}", fair
    )
    turned = said(strength=0.9)
    assert "too kind, because it has the same bias" in turned
    assert "hit hardest is 'low rotation'" in turned
    copied = said(mechanism="dataset quality", kind="duplicates", strength=0.9)
    assert "because copies of the same examples stand in both parts" in copied
    noisy = said(mechanism="dataset quality", kind="symmetric noise", strength=0.4)
    assert "too harsh, because its own labels are partly wrong" in noisy


def test_a_numeric_outcome_is_read_by_its_error_and_its_mean():
    choice = Choice(covariate="body mass index", strength=0.8, n=200, repair="known chances")
    said = describe(begin(built_in("diabetes"), choice))
    assert re.match(r"Your own test set says an error of \d+\.?\d*, the population says \d", said)
    assert re.search(
        r"The mean outcome of the sample is 1\d\d\.?\d? \(1\d\d\.?\d? after the repair\), that of "
        r"everybody 152\.1\.",
        said,
    )


def test_a_gap_that_is_seen_in_the_bars_is_not_called_agreement():
    # 30 in the test set: luck is 17 points.
    few = {"repair": "known chances", "n": 100}
    said = sentence((0.9, 0.7), (0.78, 0.7), **few)
    assert re.search(r"which now says 78 %, is 8 points off, no more than luck explains", said)
    near = sentence((0.9, 0.7), (0.72, 0.7), **few)
    assert "agrees with the population" in near
