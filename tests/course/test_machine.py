"""The self-test tells what works, and what a broken part needs."""

import pytest

from tlwidgets.course import self_test

pytestmark = pytest.mark.keras


def test_everything_works_here():
    report = self_test()
    assert report["works"].all(), report
    assert "espresso" in report.loc["ImageNet network", "detail"]


def test_a_missing_package_is_a_row_with_its_remedy(monkeypatch):
    monkeypatch.setattr("tlwidgets.data.solar_cells.find_spec", lambda _: None)
    row = self_test().loc["solar cells"]
    assert not row["works"]
    assert "pip install 'tlwidgets[data]'" in row["detail"]
