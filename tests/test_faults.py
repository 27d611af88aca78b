"""A full disk, a killed kernel, a clock that jumps: what has finished is not lost.

What trains keeps in files: see tests/freezing/test_disk.py.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from tests import runs_for_sweep as runs
from tlwidgets import _cache, sweep
from tlwidgets._cache import CacheWarning, cached
from tlwidgets.course import progress_file as keeping

resource = pytest.importorskip("resource", reason="Windows limits no files")

ROOT = Path(__file__).parents[1]
GRID = {"a": [0, 1, 2, 3], "seed": [0, 1, 2, 3]}
DAY = 86_400


@contextlib.contextmanager
def full_disk(n_bytes):
    """No file of this process may become longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_costs_the_cache_time_and_leaves_nothing(cache, monkeypatch):
    monkeypatch.setattr(_cache, "_said_read_only", False)
    few, many = {"x": np.arange(10)}, {"x": np.arange(10_000)}
    cached("few", "k", lambda: few)
    with full_disk(20_000), pytest.warns(CacheWarning, match="Nothing can be kept.*too large"):
        assert np.array_equal(cached("many", "k", lambda: many)["x"], many["x"])
    assert [path.name for path in cache.iterdir()] == ["few-k.npz"]
    assert np.array_equal(cached("few", "k", lambda: {})["x"], few["x"])
    cached("many", "k", lambda: many)
    assert len(list(cache.iterdir())) == 2, "with room it is kept"


def passing(exercise):
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return lambda records: keeping.with_try(records, "02_x", exercise, passed=True, now=now)


def test_a_full_disk_costs_no_progress_that_was_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "_said_not_kept", False)
    file = tmp_path / "progress.json"
    keeping.change(file, passing("first"))
    with full_disk(100), pytest.warns(keeping.ProgressWarning, match="cannot be kept.*too large"):
        keeping.change(file, passing("second"))
    assert [record.exercise for record in keeping.read(file).checks] == ["first"]
    keeping.change(file, passing("third"))
    assert [record.exercise for record in keeping.read(file).checks] == ["first", "third"]
    assert not list(tmp_path.glob(".*.part"))


def test_a_full_disk_ends_a_sweep_with_all_that_was_kept(tmp_path):
    keep, whole = tmp_path / "runs.csv", sweep(GRID, runs.add, progress=False)
    with full_disk(300), pytest.raises(OSError, match=r"`keep`.*runs\.csv cannot.*large.*goes on"):
        sweep(GRID, runs.add, keep=keep, progress=False)
    kept = pd.read_csv(keep)
    assert 0 < len(kept) < len(whole)
    computed = []

    def run(a, seed):
        computed.append((a, seed))
        return runs.add(a, seed)

    again = sweep(GRID, run, keep=keep, progress=False)
    assert len(computed) == len(whole) - len(kept)
    columns = ["a", "seed", "sum", "word", "is_even"]
    pd.testing.assert_frame_equal(again[columns], whole[columns])


def killed(code, is_time):
    """Start Python with this code and kill it, without a word, when it is time."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
    end = time.monotonic() + 120
    while not is_time():
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < end
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return children


SWEEPING = """
from tests import runs_for_sweep as runs
from tlwidgets import sweep
if __name__ == "__main__":
    sweep({grid!r}, runs.slow_add, keep={keep!r}, executor={executor}, progress=False)
"""


@pytest.mark.parametrize("executor", [None, 2], ids=["here", "processes"])
def test_a_sweep_whose_kernel_is_killed_goes_on_and_leaves_no_process(executor, tmp_path):
    keep = tmp_path / "runs.csv"
    code = SWEEPING.format(grid=GRID, keep=str(keep), executor=executor)
    children = killed(code, lambda: keep.exists())
    kept = pd.read_csv(keep)
    assert 0 < len(kept) < 16
    computed = []

    def run(a, seed):
        computed.append((a, seed))
        return a + seed

    table = sweep(GRID, run, keep=keep, progress=False)
    assert len(computed) == 16 - len(kept)
    assert table["value"].tolist() == [a + s for a, s in itertools.product(range(4), range(4))]
    assert len(children) == 0 if executor is None else len(children) >= 2
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == [], "its workers end with it"


def test_what_was_half_written_is_removed_a_day_later_and_nothing_else(tmp_path):
    names = [f".{'0a' * 16}.part", f".{'0b' * 16}.part", ".mine.part", "runs.csv"]
    for name in names:
        (tmp_path / name).touch()
        if name != names[1]:
            os.utime(tmp_path / name, (time.time() - 2 * DAY,) * 2)
    sweep({"a": [1]}, lambda a: a, keep=tmp_path / "other.csv", progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names[1:], "other.csv"])


@pytest.mark.keras
def test_a_clock_that_jumps_changes_no_number(monkeypatch, tmp_path):
    from tests.freeze_slider.models import compiled, pairs
    from tlwidgets import FreezeSlider

    def numbers():
        model = compiled()
        slider = FreezeSlider(model, **pairs(model, n=48, n_validation=32))
        slider.epochs = 2
        table = slider.sweep()
        assert (table["seconds"] >= 0).all() and (table["seconds"] < 600).all()
        slider.close()
        return table.drop(columns=["seconds", "preparation_seconds"])

    here = numbers()
    times = itertools.cycle([0.0, 4e9, 1.8e9])
    monkeypatch.setattr(time, "time", lambda: next(times))
    pd.testing.assert_frame_equal(numbers(), here)
    table = sweep(GRID, runs.add, keep=tmp_path / "runs.csv", progress=False)
    assert len(table) == 16 and (table["seconds"].between(0, 600)).all()
