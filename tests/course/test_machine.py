"""The self-test tells what works, and what a broken part needs."""

import types

import psutil
import pytest

from tlwidgets.course import budget, self_test

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


class Program:
    """A program on a hub's machine, as psutil tells of it."""

    def __init__(self, owner, n_bytes):
        self.username, self.memory_info = lambda: owner, lambda: types.SimpleNamespace(rss=n_bytes)


@pytest.mark.parametrize(("owner", "used_gb"), [("me", 0.5), ("another", 0.0)])
def test_on_a_hub_only_my_own_programs_use_my_memory(owner, used_gb, monkeypatch):
    me = psutil.Process().username()
    running = [Program(me if owner == "me" else owner, 500_000_000)]
    monkeypatch.setenv("MEM_LIMIT", "2000000000")
    monkeypatch.setattr(psutil, "process_iter", lambda: iter(running))
    found = budget()
    assert (found.limit_gb, found.others_gb) == (2.0, used_gb)
    assert found.left_gb == pytest.approx(max(0, 2 - found.used_gb - used_gb))
