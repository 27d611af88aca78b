"""A sweep gives the same table wherever it runs, and loses nothing that has finished."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import pytest

from tests import runs_for_sweep as runs
from tlwidgets import sweep

GRID = {"a": [0, 1, 2], "seed": [0, 1, 2]}
quiet = partial(sweep, progress=False)


def numbers(table):
    return table.drop(columns="seconds")


def test_the_table_has_a_row_for_each_cell_in_the_order_of_the_grid():
    table = quiet(GRID, runs.add)
    assert list(zip(table["a"], table["seed"], strict=True)) == [
        *itertools.product([0, 1, 2], [0, 1, 2])
    ]
    assert table["sum"].tolist() == [a + seed / 3 for a in range(3) for seed in range(3)]
    assert table["is_even"].tolist() == [True] * 3 + [False] * 3 + [True] * 3
    assert (table["seconds"] >= 0).all()
    assert quiet({"a": [0.1, 1e-17]}, lambda a: np.float64(a) / 3)["value"].tolist() == [
        0.1 / 3, 1e-17 / 3,
    ]  # fmt: skip


def test_a_generator_prepares_once_for_each_task():
    begun = []

    def run(cells):
        begun.append(cells)
        yield from (cell["a"] for cell in cells)

    assert quiet(GRID, run)["value"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [{cell["seed"] for cell in cells} for cells in begun] == [{0}, {1}, {2}]
    begun.clear()
    quiet(GRID, run, together=["a", "seed", "backbone"])
    assert [len(cells) for cells in begun] == [1] * 9


def test_what_starts_a_task_is_called_here_with_what_its_cells_share():
    called = []
    quiet(GRID, lambda start, **cell: start, start=lambda **shared: called.append(shared) or 1)
    assert called == [{"seed": 0}, {"seed": 1}, {"seed": 2}]


def executors():
    yield "this process", None
    yield "threads", ThreadPoolExecutor(4)
    yield "processes", 2


@pytest.mark.parametrize(
    "executor", [pair[1] for pair in executors()], ids=[p[0] for p in executors()]
)
@pytest.mark.parametrize(
    ("run", "start"), [(runs.slow_draws, None), (runs.from_start, runs.first_numbers)]
)
def test_the_numbers_do_not_depend_on_who_computes(executor, run, start):
    here = quiet(GRID, run, start=start)
    pd.testing.assert_frame_equal(
        numbers(quiet(GRID, run, start=start, executor=executor)), numbers(here)
    )


def test_what_is_kept_is_not_computed_again(tmp_path):
    path, seen = tmp_path / "deep" / "runs.csv", []

    def run(a, seed):
        seen.append((a, seed))
        return runs.add(a, seed)

    whole = quiet(GRID, run)
    quiet({"a": [0, 1], "seed": [0, 1]}, run, keep=path)
    seen.clear()
    table = quiet(GRID, run, keep=path)
    assert len(seen) == 5
    pd.testing.assert_frame_equal(numbers(table), numbers(whole))
    seen.clear()
    again = quiet(GRID, run, keep=path)
    assert seen == []
    pd.testing.assert_frame_equal(again, table)
    assert len(pd.read_csv(path)) == 9


def test_a_task_that_fails_costs_no_other(tmp_path):
    path = tmp_path / "runs.csv"

    def run(a, seed, broken=1):
        return 1 / (seed - broken)

    with pytest.raises(
        RuntimeError, match=r"1 of 3 tasks failed.*'seed': 1.*ZeroDivision.*goes on"
    ):
        quiet(GRID, run, keep=path)
    assert sorted(pd.read_csv(path)["seed"].unique()) == [0, 2]
    assert len(quiet(GRID, partial(run, broken=7), keep=path)) == 9


def test_an_interrupt_keeps_what_has_finished(tmp_path):
    path = tmp_path / "runs.csv"

    def run(a, seed):
        if seed == 2:
            raise KeyboardInterrupt
        return a

    with pytest.raises(KeyboardInterrupt):
        quiet(GRID, run, keep=path)
    assert sorted(pd.read_csv(path)["seed"].unique()) == [0, 1]


def test_a_killed_worker_is_replaced_and_no_run_is_lost(tmp_path):
    run = partial(runs.kill_once, folder=str(tmp_path))
    table = quiet(GRID, run, executor=2, keep=tmp_path / "runs.csv")
    assert (tmp_path / "killed").exists()
    assert table["value"].tolist() == [a + seed for a in range(3) for seed in range(3)]


def test_a_task_that_always_kills_its_worker_ends_and_is_named(tmp_path):
    with pytest.raises(RuntimeError, match=r"1 of 3 tasks failed.*'seed': 1.*BrokenProcessPool"):
        quiet(GRID, runs.always_kill, executor=1, keep=tmp_path / "runs.csv")
    assert sorted(pd.read_csv(tmp_path / "runs.csv")["seed"].unique()) == [0, 2]


def test_tasks_in_threads_of_one_process_come_one_after_the_other():
    busy = threading.Lock()

    def run(a, seed):
        assert busy.acquire(blocking=False)
        seconds = threading.Event()
        seconds.wait(0.01)
        busy.release()
        return a

    with ThreadPoolExecutor(4) as pool:
        assert len(quiet(GRID, run, executor=pool)) == 9


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"grid": 5}, TypeError, "`grid` must be a dict"),
        ({"grid": {}}, TypeError, "`grid` must be a dict"),
        ({"grid": {"a": []}}, ValueError, "'a' must be a list of different values"),
        ({"grid": {"a": "text"}}, ValueError, "'a' must be a list of different values"),
        ({"grid": {"a": [1, 1]}}, ValueError, "different values"),
        ({"grid": {"a": [[1]]}}, TypeError, "numbers, texts.*look it up"),
        ({"grid": {"seconds": [1]}}, TypeError, "not be called 'seconds'"),
        ({"run": 5}, TypeError, "`run` must be a function of a, seed; got 5"),
        ({"executor": 0}, ValueError, "`executor` must be a whole number of at least 1"),
        ({"executor": "dask"}, TypeError, "`executor`.*open Executor"),
        ({"run": lambda **cell: [1]}, RuntimeError, "must give numbers or texts; got list"),
        ({"run": lambda **cell: {"a": 1}}, RuntimeError, "names of their own; got a"),
    ],
)
def test_what_cannot_be_swept_is_named(change, error, words):
    with pytest.raises(error, match=words):
        quiet(**{"grid": GRID, "run": runs.add, **change})


@pytest.mark.parametrize("n", [0, 2, 4])
def test_a_generator_must_yield_one_result_for_each_cell(n):
    def run(cells):
        yield from range(n)

    with pytest.raises(RuntimeError, match=r"one result for each of its 3 cells; got (only|more)"):
        quiet(GRID, run)


@pytest.mark.parametrize("text", ["", "x,y\n1,2\n", "a,seed\n1,2\n"])
def test_a_file_of_something_else_is_named_and_stays(text, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"`keep`: .*runs\.csv must (be a file of|hold runs of)"):
        quiet(GRID, runs.add, keep=path)
    assert path.read_text() == text


@pytest.mark.keras
def test_dask_with_two_worker_processes_trains_to_the_numbers_of_this_process(tmp_path):
    distributed = pytest.importorskip("distributed")
    grid = {"cut": [0, 1], "n_labels": [50, 200], "seed": [0, 1]}
    options = {"run": runs.small_training, "start": runs.small_model}
    here = quiet(grid, **options)
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    )
    with cluster, distributed.Client(cluster) as client:
        table = quiet(grid, **options, executor=client.get_executor())
    pd.testing.assert_frame_equal(numbers(table), numbers(here), rtol=1e-6)
    assert here["loss"].nunique() == len(here)
