"""The table holds what the state holds."""

import numpy as np

from tests.bias_explorer.toys import make_numeric_toy, make_toy
from tlwidgets.bias_explorer.experiment import begin, changed, report


def test_a_row_for_each_model_and_judge():
    state = begin(make_toy())
    table = report(state)
    assert list(table.columns) == ["overall", "worst group", "high age", "low age", "middle age"]
    assert list(table.index) == [
        ("naive", "its own test set"),
        ("naive", "the population"),
        ("ideal", "its own test set"),
        ("ideal", "the population"),
    ]
    naive = state.result.naive
    assert table.loc[("naive", "the population"), "overall"] == naive.actual.overall
    assert table.loc[("naive", "the population"), "worst group"] == min(
        naive.actual.by_group.values()
    )
    repaired = report(changed(state, repair="known chances"))
    assert ("repaired", "the population") in repaired.index


def test_a_numeric_outcome_has_its_mean():
    state = begin(make_numeric_toy())
    table = report(state)
    assert np.isclose(
        table.loc[("naive", "its own test set"), "mean outcome"], state.result.naive.mean_outcome
    )
    assert np.isclose(
        table.loc[("ideal", "the population"), "mean outcome"], state.population.y.mean()
    )
    assert table.loc[("naive", "the population"), "worst group"] == max(
        state.result.naive.actual.by_group.values()
    )
