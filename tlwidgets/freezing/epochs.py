"""Epoch after epoch: order of the examples, early stopping, and what to do when it diverges."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from . import errors
from .caching import ShouldStop
from .programs import Program, Source
from .runs import Plan

OnEpoch = Callable[[int, dict[str, float]], None]


class Epochs:
    """The course of one run.

    Parameters
    ----------
    plan : Plan
    n : int
        Number of examples that there are; the plan may take some of them.
    should_stop : callable
        Asked between steps.
    on_epoch : callable (epoch, logs), optional
    """

    def __init__(
        self, plan: Plan, n: int, should_stop: ShouldStop, on_epoch: OnEpoch | None
    ) -> None:
        self._plan, self._should_stop, self._on_epoch = plan, should_stop, on_epoch
        self._examples = errors.example_indices("examples", plan.examples, n)
        self._rng = np.random.default_rng(plan.seed)

    def run(
        self, program: Program, sources: dict[str, Source]
    ) -> tuple[str, dict[str, list[float]]]:
        """Train; return how it ended (a key of `ENDINGS`) and the history."""
        history: dict[str, list[float]] = {}
        good = best = _values(program)
        n_without_gain = 0
        for epoch in range(self._plan.epochs):
            logs = self._train_and_test(program, sources)
            if logs is None:
                return "stopped", history
            now = _values(program)
            if not math.isfinite(logs["loss"]) or not _are_finite(now):
                _assign(program, good)
                return "diverged", history
            good = now
            n_without_gain = 0 if _is_better(logs, history) else n_without_gain + 1
            best = best if n_without_gain else now
            for name, value in logs.items():
                history.setdefault(name, []).append(value)
            if self._on_epoch:
                self._on_epoch(epoch, logs)
            if self._plan.patience and n_without_gain >= self._plan.patience:
                break
        program.top.optimizer.finalize_variable_values(program.top.trainable_variables)
        if self._plan.patience:
            _assign(program, best)
        is_early = len(history["loss"]) < self._plan.epochs
        return "early" if is_early else "finished", history

    def _train_and_test(
        self, program: Program, sources: dict[str, Source]
    ) -> dict[str, float] | None:
        shuffled = self._rng.permutation(self._examples) if self._plan.shuffle else self._examples
        found: dict[str, float] = {}
        for name, source in sources.items():
            order = np.arange(len(source)) if name else shuffled
            batches = _batches(order, self._plan.batch_size)
            logs = program.run(name, source, batches, should_stop=self._should_stop)
            if logs is None:
                return None
            found |= {f"val_{key}" if name else key: value for key, value in logs.items()}
            if not math.isfinite(found["loss"]):
                return found
        return found


def _batches(order: NDArray, batch_size: int) -> list[NDArray]:
    """Return the full batches and, as Keras does it, a smaller last one."""
    n_full = len(order) // batch_size * batch_size
    full = order[:n_full].reshape(-1, batch_size)
    last = order[n_full:].reshape(1, -1)
    return [group.astype(np.int32) for group in (full, last) if group.size]


def _is_better(logs: dict[str, float], history: dict[str, list[float]]) -> bool:
    monitored = "val_loss" if "val_loss" in logs else "loss"
    return logs[monitored] < min(history.get(monitored, [math.inf]))


def _values(program: Program) -> list[NDArray]:
    return [variable.numpy() for variable in program.top.variables]


def _assign(program: Program, values: list[NDArray]) -> None:
    variables: list[keras.Variable] = program.top.variables
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _are_finite(values: list[NDArray]) -> bool:
    return all(np.isfinite(value).all() for value in values)
