"""Many runs over a grid: here, in processes of this machine, or on a cluster.

A task is what shares its preparation: by default all cells of one seed. Its random start is drawn
here and sent, so that the numbers do not depend on who computes: in a worker other threads may
draw from the same global generators. We write no scheduler: whatever is a
`concurrent.futures.Executor` will do.
"""

from __future__ import annotations

import inspect
import io
import itertools
import multiprocessing
import multiprocessing.connection
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import _check
from ._cache import whole_file

Cell = dict[str, Any]
Rows = list[dict[str, Any]]

_SIMPLE = (str, bool, int, float)
SECONDS = "seconds"
# So often in a row a pool of ours may die without having finished anything.
_MOST_DEATHS = 3
# Two tasks in the threads of one process would draw from the same global generators.
_one_at_a_time = threading.RLock()
# So many tasks are sent ahead: each holds what `start` gave.
_MOST_SENT = 32


def sweep(
    grid: Mapping[str, Sequence[Any]],
    run: Callable[..., Any],
    *,
    start: Callable[..., Any] | None = None,
    together: Sequence[str] | str = "seed",
    executor: Executor | int | None = None,
    keep: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Try every combination, wherever there is a machine for it, and lose no finished run.

    Parameters
    ----------
    grid : dict of str to list
        Numbers, texts, True or False to combine: `{"cut": [0, 3], "n_labels": [50, 500],
        "seed": range(5)}`.
    run : callable
        Gives a number, or a dict of names to numbers or texts. A function is called for each cell:
        `run(cut=0, n_labels=50, seed=2)`. A generator is called once for a task, with a list of
        cells, and yields a result for each, so that what stands before its first `yield` is done
        once: `run(cells)`.
    start : callable, optional
        Called here, once for each task, with what its cells have in common: `start(seed=2)`. What
        it gives, for instance a model with its start parameters, is sent and is the first argument
        of `run`. All are drawn before anything is sent to an executor of yours.
    together : str or list of str
        Cells that agree in these make one task; names that the grid lacks do not count.
    executor : Executor or int, optional
        Who computes: an open `concurrent.futures.Executor` (with Dask `client.get_executor()`), or
        how many processes of this machine, each with one thread. By default this process.
    keep : str or path, optional
        A .csv file of finished runs. What stands in it is not computed again.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        One row per cell, in the order of the grid: its values, what `run` gave, and `seconds`.

    Raises
    ------
    TypeError, ValueError
        If the grid or the file is none.
    RuntimeError
        If tasks failed; all others are finished and kept first.

    Notes
    -----
    A task that fails or whose worker is killed is lost as a whole: what else has finished is kept,
    and the same call goes on. Processes of ours that die are replaced. For processes `run` and
    what `start` gives must be picklable: a function of a module, not of the notebook (Dask sends
    those, too).

    Examples
    --------
    >>> sweep({"a": [1, 2], "seed": [0]}, lambda a, seed: a + seed, progress=False)[["a", "value"]]
       a  value
    0  1      1
    1  2      2
    """
    cells = _cells_of(grid)
    if not callable(run):
        raise TypeError(f"`run` must be a function of {', '.join(grid)}; got {run!r}.")
    if executor is not None and not isinstance(executor, Executor):
        _check.whole_number("executor", executor, low=1, meaning="processes, or an open Executor")
    kept = _Kept(None if keep is None else Path(keep), list(grid), cells)
    shared = [together] if isinstance(together, str) else list(together)
    tasks = _tasks_of([cell for cell in cells if not kept.has(cell)], shared)
    with _progress_bar(len(cells), kept.n_rows, shown=progress) as bar:
        failed = _compute(tasks, run, start, executor, lambda rows: bar.update(kept.add(rows)))
    if failed:
        where = f" The others are kept in {keep}: the same call goes on." if keep else ""
        raise RuntimeError(
            f"{len(failed)} of {len(tasks)} tasks failed; the first, {failed[0][0]}, with "
            f"{type(failed[0][1]).__name__}: {failed[0][1]}.{where}"
        ) from failed[0][1]
    return kept.table()


def _cells_of(grid: Mapping[str, Sequence[Any]]) -> list[Cell]:
    if not isinstance(grid, Mapping) or not grid or not all(isinstance(k, str) for k in grid):
        raise TypeError(
            "`grid` must be a dict of names to lists, {'cut': [0, 1], 'seed': [0, 1, 2]}; got "
            f"{grid!r}."
        )
    for name, values in grid.items():
        found = [] if isinstance(values, str) or not isinstance(values, Iterable) else list(values)
        if not found or len({*map(str, found)}) < len(found):
            raise ValueError(
                f"`grid`: {name!r} must be a list of different values; got {values!r}."
            )
        if name == SECONDS or not all(isinstance(value, _SIMPLE) for value in found):
            raise TypeError(
                f"`grid`: {name!r} must hold numbers, texts, True or False, and not be called "
                f"{SECONDS!r}; got {found[0]!r}. Name a thing by a text and look it up in `run`."
            )
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def _tasks_of(cells: list[Cell], shared: list[str]) -> list[list[Cell]]:
    tasks: defaultdict[tuple[Any, ...], list[Cell]] = defaultdict(list)
    alone = [name for name in shared if any(name in cell for cell in cells)]
    for number, cell in enumerate(cells):
        key = tuple(cell[name] for name in alone) if alone else (number,)
        tasks[key].append(cell)
    return list(tasks.values())


def work(run: Callable[..., Any], given: tuple[Any, ...], cells: list[Cell]) -> Rows:
    """Compute a task, in whatever process or thread: a row for each of its cells."""
    with _one_at_a_time:
        rows: Rows = []
        begin = time.perf_counter()
        results = _results(run, given, cells)
        for cell, result in zip(cells, results, strict=False):
            end = time.perf_counter()
            rows.append({**cell, **_checked(result, cell), SECONDS: end - begin})
            begin = end
        if len(rows) < len(cells) or next(results, results) is not results:
            raise ValueError(
                f"`run` must yield one result for each of its {len(cells)} cells; got "
                f"{f'only {len(rows)}' if len(rows) < len(cells) else 'more'}."
            )
        return rows


def _checked(result: Any, cell: Cell) -> dict[str, Any]:
    found = dict(result) if isinstance(result, Mapping) else {"value": result}
    taken = {*found} & {*cell, SECONDS}
    if taken:
        raise ValueError(
            f"`run` must give its results names of their own; got {', '.join(sorted(taken))}, "
            "which the grid or sweep() itself uses."
        )
    for name, value in found.items():
        if not (value is None or isinstance(value, _SIMPLE) or np.ndim(value) == 0):
            raise TypeError(
                f"`run` must give numbers or texts; got {type(value).__name__} as {name!r}. Give "
                "a number for each: {'recall': 0.9, 'precision': 0.8}."
            )
    return found


def _results(run: Callable[..., Any], given: tuple[Any, ...], cells: list[Cell]) -> Iterator[Any]:
    if inspect.isgeneratorfunction(run):
        yield from run(*given, cells)
    else:
        yield from (run(*given, **cell) for cell in cells)


def _compute(
    tasks: list[list[Cell]],
    run: Callable[..., Any],
    start: Callable[..., Any] | None,
    executor: Executor | int | None,
    finish: Callable[[Rows], object],
) -> list[tuple[Cell, Exception]]:
    """Compute all tasks and hand over the rows of each that is done; return what failed."""
    if executor is None or isinstance(executor, Executor):
        return _with(executor or _Here(), tasks, run, start, finish)
    failed: list[tuple[Cell, Exception]] = []
    n_deaths = 0
    while tasks:
        with ProcessPoolExecutor(
            executor, multiprocessing.get_context("spawn"), initializer=_one_thread
        ) as pool:
            found = _with(pool, tasks, run, start, finish)
        lost = [cell for cell, error in found if isinstance(error, BrokenProcessPool)]
        n_deaths = n_deaths + 1 if len(lost) == len(tasks) else 0
        is_over = n_deaths >= _MOST_DEATHS
        failed += [(cell, error) for cell, error in found if is_over or cell not in lost]
        tasks = [task for task in tasks if task[0] in lost and not is_over]
        if n_deaths:  # the first may be what kills
            tasks = [*tasks[1:], *tasks[:1]]
    return failed


def _with(
    executor: Executor,
    tasks: list[list[Cell]],
    run: Callable[..., Any],
    start: Callable[..., Any] | None,
    finish: Callable[[Rows], object],
) -> list[tuple[Cell, Exception]]:
    sent: dict[Future[Rows], Cell] = {}
    failed: list[tuple[Cell, Exception]] = []
    try:
        starts: Iterable[tuple[Any, ...]] = (
            () if start is None else (start(**_in_common(cells)),) for cells in tasks
        )
        if not isinstance(executor, _Here | ProcessPoolExecutor):
            # Its threads in this process may draw from the generators that `start` draws from, as
            # Dask's do for each result (`random.choice`): all starts come before any result.
            starts = list(starts)
        for cells, given in zip(tasks, starts, strict=True):
            try:
                sent[executor.submit(work, run, given, cells)] = cells[0]
            except BrokenProcessPool as error:
                failed.append((cells[0], error))
            failed += _taken(sent, _MOST_SENT, finish)
        failed += _taken(sent, 0, finish)
    except BaseException:  # an interrupt: what has not begun does not begin
        for future in sent:
            future.cancel()
        raise
    return failed


def _taken(
    sent: dict[Future[Rows], Cell], n_left: int, finish: Callable[[Rows], object]
) -> list[tuple[Cell, Exception]]:
    """Hand over what is done, and wait until no more than `n_left` are under way."""
    failed: list[tuple[Cell, Exception]] = []
    while len(sent) > n_left or any(future.done() for future in sent):
        for future in wait(sent, return_when=FIRST_COMPLETED).done:
            cell = sent.pop(future)
            try:
                rows = future.result()
            except Exception as error:  # noqa: BLE001 - a run may fail in any way
                failed.append((cell, error))
            else:
                finish(rows)
    return failed


def _in_common(cells: list[Cell]) -> Cell:
    first = cells[0]
    return {name: first[name] for name in first if len({cell[name] for cell in cells}) == 1}


class _Here(Executor):
    """Computes in this process, at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Compute now; an interrupt stops it."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is raised where somebody asks
            future.set_exception(error)
        return future


def _one_thread() -> None:
    """Let a process compute in one thread: several processes would wait for each other.

    It ends with the process that began it, which may be killed and then says nothing.
    """
    from threadpoolctl import threadpool_limits

    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    threadpool_limits(1)
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _progress_bar(n: int, n_done: int, *, shown: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(total=n, initial=n_done, desc="runs", disable=not shown)


class _Kept:
    """Finished runs: in the order of the grid, and as a file that is whole at any moment."""

    def __init__(self, path: Path | None, names: list[str], cells: list[Cell]) -> None:
        self._path, self._names = path, names
        self._cells = {self._key(cell): cell for cell in cells}
        self._rows: dict[tuple[str, ...], dict[str, Any]] = {}
        if path is not None and path.exists():
            self._read(path)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)

    @property
    def n_rows(self) -> int:
        """How many cells of the grid are done."""
        return sum(key in self._rows for key in self._cells)

    def has(self, cell: Cell) -> bool:
        """Tell whether a cell is done."""
        return self._key(cell) in self._rows

    def add(self, rows: Rows) -> int:
        """Keep the rows of a task; return how many they are."""
        self._rows.update({self._key(row): row for row in rows})
        if self._path is not None:
            try:
                with whole_file(self._path) as file:
                    file.write(self._text(self._rows.values()).encode())
            except OSError as error:
                raise OSError(
                    f"`keep`: {self._path} cannot be written: {error.strerror or error}. The runs "
                    "that stand in it are whole. Make room, and the same call goes on with what "
                    "is missing."
                ) from error
        return len(rows)

    def table(self) -> pd.DataFrame:
        """Return the runs of the grid; the same whether they were read or computed."""
        rows = [{**self._rows[key], **cell} for key, cell in self._cells.items()]
        again = _texts_of(io.StringIO(self._text(rows))).drop(columns=self._names)
        own = pd.DataFrame(list(self._cells.values()), columns=self._names)
        return own.assign(**{str(name): _typed(texts) for name, texts in again.items()})

    def _key(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(row[name]) for name in self._names)

    def _text(self, rows: Iterable[Mapping[str, Any]]) -> str:
        table = pd.DataFrame([*rows])
        last = [SECONDS] * (SECONDS in table)
        results = [name for name in table if name not in {*self._names, *last}]
        return table[[*self._names, *results, *last]].to_csv(index=False)

    def _read(self, path: Path) -> None:
        try:
            found = _texts_of(path)
        except (ValueError, OSError) as error:  # pandas' errors of parsing are ValueErrors
            raise ValueError(
                f"`keep`: {path} must be a file of sweep(); {error}. Name another file."
            ) from error
        others = {*self._names, SECONDS} - {*found.columns}
        if others:
            raise ValueError(
                f"`keep`: {path} must hold runs of the same grid ({', '.join(self._names)}); got "
                f"the columns {', '.join(found.columns)}. Name another file."
            )
        rows = ({str(name): value for name, value in row.items()} for row in _records(found))
        self._rows = {self._key(row): row for row in rows}


def _texts_of(file: Path | io.StringIO) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False)


def _typed(texts: pd.Series[str]) -> list[Any]:
    """Return what a column holds: every digit of a number, which pandas 2 would not read."""
    for kind in (_truth, int, lambda text: float(text or "nan")):
        try:
            return [kind(text) for text in texts]
        except ValueError:
            continue
    return [text or None for text in texts]


def _truth(text: str) -> bool:
    if text not in ("True", "False"):
        raise ValueError
    return text == "True"


def _records(table: pd.DataFrame) -> Iterable[Mapping[Hashable, Any]]:
    return table.to_dict("records")
