"""What a state says is true: states picked by hand, sentences judged by hand."""

import dataclasses
import re

import numpy as np
import pytest

from tests.bias_explorer.toys import make_toy
from tlwidgets.bias_explorer import built_in
from tlwidgets.bias_explorer.choice import Choice, Outcome, Score
from tlwidgets.bias_explorer.experiment import begin
from tlwidgets.bias_explorer.words import describe

FAIR = r"A fair sample of the same size does (no better|better|worse): \d+ %\."


def outcome(name, reported, actual):
    """An outcome with the same score in both groups."""
    return Outcome(
        name=name,
        reported=Score(overall=reported, by_group={"one": reported, "two": reported}),
        actual=Score(overall=actual, by_group={"one": actual, "two": actual}),
    )


def sentence(naive, repaired=None, ideal=0.9, ratio=None, **choice):
    """What is said of these scores: (by the test set, by the population)."""
    n = 1000
    state = begin(make_toy(2000), Choice(n=n, **choice))
    result = dataclasses.replace(
        state.result,
        naive=outcome("naive", *naive),
        repaired=outcome("repaired", *(repaired or naive)),
        ideal=outcome("ideal", ideal, ideal),
        density_ratio=np.ones(n) if ratio is None else ratio,
    )
    return describe(dataclasses.replace(state, result=result))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (  # the example of the design
            {"naive": (0.94, 0.71)},
            "Your own test set says 94 %, the population says 71 %: the test set is too kind, "
            "because it has the same bias as the sample. "
            "A fair sample of the same size does better: 90 %.",
        ),
        (  # the model is poor, but the report is true
            {"naive": (0.72, 0.71), "mechanism": "data skew", "kind": "long tail"},
            "Your own test set says 72 %, the population says 71 %: they agree within the luck of "
            "300 test examples. A fair sample of the same size does better: 90 %.",
        ),
        (  # wrong labels make the report too bad
            {"naive": (0.5, 0.8), "mechanism": "dataset quality", "kind": "pair flip"},
            "Your own test set says 50 %, the population says 80 %: the test set is too harsh, "
            "because its own labels are partly wrong. "
            "A fair sample of the same size does better: 90 %.",
        ),
        (  # the usual fate of importance weighting: the report is mended, the model is not
            {
                "naive": (0.9, 0.7),
                "repaired": (0.71, 0.7),
                "ideal": 0.7,
                "repair": "known chances",
            },
            "Your own test set says 90 %, the population says 70 %: the test set is too kind, "
            "because it has the same bias as the sample. Weighting by the known chances hardly "
            "changes the model (70 % to 70 %), but the test set, which now says 71 %, agrees with "
            "the population. A fair sample of the same size does no better: 70 %.",
        ),
        (  # and of label cleaning: the model is mended, the report is not
            {
                "naive": (0.5, 0.7),
                "repaired": (0.99, 0.8),
                "mechanism": "dataset quality",
                "kind": "symmetric noise",
                "repair": "label cleaning",
            },
            "Your own test set says 50 %, the population says 70 %: the test set is too harsh, "
            "because its own labels are partly wrong. Label cleaning makes the model better (70 % "
            "to 80 %), but the test set, which now says 99 %, is no nearer to the truth. "
            "A fair sample of the same size does better: 90 %.",
        ),
        (  # a repair that helps neither
            {
                "naive": (0.9, 0.7),
                "repaired": (0.95, 0.65),
                "mechanism": "sampling strategy",
                "kind": "convenience",
                "repair": "class weighting",
            },
            "Your own test set says 90 %, the population says 70 %: the test set is too kind, "
            "because it has the same bias as the sample. Class weighting makes the model worse "
            "(70 % to 65 %), and the test set, which now says 95 %, is further from the truth. "
            "A fair sample of the same size does better: 90 %.",
        ),
        (  # both helped
            {
                "naive": (0.9, 0.7),
                "repaired": (0.84, 0.8),
                "ideal": 0.8,
                "mechanism": "data skew",
                "kind": "half the classes",
                "repair": "class weighting",
            },
            "Your own test set says 90 %, the population says 70 %: the test set is too kind, "
            "because it has hardly any of the rare classes, in which the model is poor. Class "
            "weighting makes the model better (70 % to 80 %), and the test set, which now says "
            "84 %, agrees with the population. A fair sample of the same size does no better: "
            "80 %.",
        ),
        (  # luck is called luck
            {"naive": (0.9, 0.8), "strength": 0.0, "ideal": 0.81},
            "Your own test set says 90 %, the population says 80 %: the test set is too kind, by "
            "good luck. A fair sample of the same size does no better: 81 %.",
        ),
    ],
)
def test_eight_states(arguments, said):
    assert sentence(**arguments) == said


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
