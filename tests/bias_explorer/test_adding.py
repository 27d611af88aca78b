"""A new bias and a new repair are added in one place each; a forgotten part is an error at once."""

import sys
from dataclasses import dataclass, fields, replace
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from tests.bias_explorer.toys import make_toy
from tests.page import find
from tlwidgets import BiasExplorer
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.experiment import begin
from tlwidgets.bias_explorer.repairs import REFIT, REPAIRS, Repair, Repaired
from tlwidgets.bias_explorer.words import describe
from tlwidgets.shift import MECHANISMS, CovariateSelection
from tlwidgets.shift.mechanisms import Kind

TOY = make_toy(2000)


@dataclass(frozen=True)
class Earliest:
    """Draw those who stand first: as if only the early rows had been digitised."""

    def __call__(self, population, strength, n, rng):
        """Draw `n` examples; return the selection."""
        return CovariateSelection("age", "low")(population, strength, n, rng)


EARLIEST = Kind(
    make=lambda *_: Earliest(),
    needs_classes=False,
    too_kind="nobody who came late is in it",
    too_harsh="the early rows are the worst",
    has_strength=True,
)
HALVES = Repair(
    weigh=lambda at: Repaired(np.where(np.arange(len(at.sample.is_train)) % 2, 0.5, 1.5)),
    words="Counting every second example less",
    template="density_ratio = np.where(np.arange({n}) % 2, 0.5, 1.5)\n" + REFIT,
    doubts=(lambda at, density_ratio: "It is a whim.",),
    sensible_for=("data skew",),
    needs_classes=False,
)


@pytest.fixture
def earliest(monkeypatch):
    monkeypatch.setitem(MECHANISMS["sampling strategy"].kinds, "the earliest", EARLIEST)
    return {"mechanism": "sampling strategy", "kind": "the earliest"}


@pytest.fixture
def halves(monkeypatch):
    monkeypatch.setitem(REPAIRS, "halves", HALVES)
    return {"mechanism": "data skew", "repair": "halves"}


@pytest.fixture
def module(monkeypatch):
    """Where a script finds the new mechanism."""
    home = ModuleType(Earliest.__module__)
    home.Earliest = Earliest
    monkeypatch.setitem(sys.modules, Earliest.__module__, home)


def report_of(code):
    names = {"population": TOY}
    exec(code, names)
    return names["report"]


def says(found, **choice):
    """What is said where the test set claims 90 % and 50 % is so, or the other way round."""
    scores = (0.9, 0.5) if found == "too kind" else (0.5, 0.9)
    state = begin(TOY, Choice(n=300, **choice))
    naive = state.result.naive
    claimed = replace(naive.reported, overall=scores[0])
    naive = replace(naive, reported=claimed, actual=replace(naive.actual, overall=scores[1]))
    return describe(replace(state, result=replace(state.result, naive=naive)))


def test_adding_a_mechanism(earliest, module):
    explorer = BiasExplorer(TOY)
    explorer.mechanism = "sampling strategy"
    assert "the earliest" in find(explorer, "Strategy").options
    explorer.kind = "the earliest"
    pd.testing.assert_frame_equal(report_of(explorer.code()), explorer.report(), atol=2e-6)
    again = BiasExplorer.from_state(explorer.to_url_state(), TOY)
    assert (again.kind, repr(again)) == ("the earliest", repr(explorer))
    assert "nobody who came late is in it" in says("too kind", **earliest)
    assert "the early rows are the worst" in says("too harsh", **earliest)
    explorer.close()
    again.close()


def test_adding_a_repair(halves):
    explorer = BiasExplorer(TOY)
    explorer.mechanism = "data skew"
    assert "halves" in explorer._view.view["choices"]["repair"][1]
    explorer.repair = "halves"
    assert "Counting every second example less" in repr(explorer)
    pd.testing.assert_frame_equal(report_of(explorer.code()), explorer.report(), atol=2e-6)
    assert begin(TOY, Choice(**halves)).result.warning == "It is a whim."
    again = BiasExplorer.from_state(explorer.to_url_state(), TOY)
    assert (again.repair, repr(again)) == ("halves", repr(explorer))
    explorer.close()
    again.close()


@pytest.mark.parametrize("made", [EARLIEST, HALVES, MECHANISMS["data skew"]])
def test_forgetting_a_part_is_an_error_at_once(made):
    parts = {field.name: getattr(made, field.name) for field in fields(made)}
    for forgotten in parts:
        rest = {name: part for name, part in parts.items() if name != forgotten}
        with pytest.raises(TypeError, match=forgotten):
            type(made)(**rest)
    assert type(made)(**parts)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_who_says_why_is_biased_and_who_does_not_is_fair(mechanism):
    for name, kind in MECHANISMS[mechanism].items():
        said = says("too kind", mechanism=mechanism, kind=name, strength=0.5)
        assert ("by good luck" in said) == (not kind.too_kind)
