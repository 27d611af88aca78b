"""A sweep of the slider by an executor: what is sent, what is done there, and what comes back.

A run is the same wherever it is computed, for all that decides it is sent: the model as Keras saves
it, the parameters that each run begins with, the examples, and what is chosen.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..freezing import Run
from ..freezing.examples import Stream
from ..sweeping import Cell, sweep
from .experiment import Choice, Experiment, Record

if TYPE_CHECKING:
    import keras

# In a file of runs each thing has a value.
_BY_SCHEDULE = "by schedule"
_NOT_FOUND = re.compile(r"Could not locate \w+ '[^']*'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An experiment, to be made again in another process."""

    model: bytes  # a file of Keras
    start: list[NDArray[Any]]  # in the order of its variables
    examples: dict[str, Any]  # train and validation
    options: dict[str, Any]  # how the experiment was made


def train_elsewhere(
    model: keras.Model,
    experiment: Experiment,
    choices: Sequence[Choice],
    *,
    executor: Executor | int | None,
    keep: str | os.PathLike[str] | None,
) -> None:
    """Train all choices, which differ in cut and seed only, and add what came of them.

    `executor` and `keep` are those of `tlwidgets.sweep`; a task is all cuts of one seed.
    """
    sent = _sent(model, experiment)
    grid: dict[str, list[Any]] = {"seed": [], "cut": []}
    for choice in choices:
        for name, value in _cell_of(choice).items():
            found = grid.setdefault(name, [])
            found += [value] * (value not in found)
    table = sweep(grid, train_there, start=lambda **_: sent, executor=executor, keep=keep)
    rows = [json.loads(text) for text in table["run"]]
    records = [
        Record(choice=choice, run=Run(**row["run"] | {"notes": tuple(row["run"]["notes"])}))
        for choice, row in zip(choices, rows, strict=True)
    ]
    experiment.add(records, before=rows[0]["before"])


def train_there(sent: Sent, cells: list[Cell]) -> Iterator[dict[str, Any]]:
    """Make the experiment again, in whatever process, and train its cells."""
    model = _read(sent.model)
    for variable, value in zip(model.variables, sent.start, strict=True):
        variable.assign(value)
    experiment = Experiment(model, **sent.examples, **sent.options)
    before: dict[str, float] = {}
    for cell in cells:
        choice = _choice_of(cell)
        run = experiment.trainer.train(
            choice.cut,
            experiment.plan_of(choice),
            on_start=None if before else before.update,
        )
        last = {name: values[-1] for name, values in run.history.items()}
        yield {**last, "run": json.dumps({"run": asdict(run), "before": before}, default=float)}
    experiment.close()


def _sent(model: keras.Model, experiment: Experiment) -> Sent:
    sets = {"train": "training", "validation": "validation"}
    found = {name: experiment.trainer.sets.get(kind) for name, kind in sets.items()}
    for name, part in found.items():
        if isinstance(part, Stream):
            raise TypeError(
                f"`{name}` must fit into memory to be sent to another process; got a "
                f"{type(part.data).__name__} that is streamed. Sweep here, without an executor, or "
                "take fewer examples: dataset.take(n)."
            )
    return Sent(
        model=_written(model),
        start=experiment.trainer.start_values(model),
        examples={
            name: None if part is None else (part.x, part.y, part.sample_weight)
            for name, part in found.items()
        },
        options=experiment.options,
    )


def _written(model: keras.Model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def _read(content: bytes) -> keras.Model:
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        try:
            with warnings.catch_warnings():
                # Each run begins with a fresh optimizer; what an earlier one knew is left out.
                warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
                # It is the learner's own: its Lambda layers may be run.
                return keras.saving.load_model(path, safe_mode=False)
        except (TypeError, ValueError) as error:
            found = _NOT_FOUND.search(str(error))
            raise TypeError(
                "`model` must be one that Keras can load in the process that trains; there it "
                f"says {found[0] if found else error!r}. Put classes and functions of your own "
                "into a module, registered with keras.saving.register_keras_serializable, or "
                "sweep without an executor."
            ) from error


def _cell_of(choice: Choice) -> Cell:
    rate = _BY_SCHEDULE if choice.learning_rate is None else choice.learning_rate
    return {**asdict(choice), "learning_rate": rate}


def _choice_of(cell: Cell) -> Choice:
    rate = None if cell["learning_rate"] == _BY_SCHEDULE else cell["learning_rate"]
    chosen = {field.name: cell[field.name] for field in fields(Choice)}
    return Choice(**chosen | {"learning_rate": rate})
