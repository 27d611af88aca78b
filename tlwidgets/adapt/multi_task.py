"""Several tasks, one trunk: what one task teaches the features, the others may use.

    loss = sum over tasks t of  share_t * mean cross-entropy of task t on a batch of its own

Each task has its own examples and its own head; all heads read the features of the same
trunk (Caruana 1997).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .compiled_steps import (
    LEARNING_RATE,
    CompiledSteps,
    apply_in_parts,
    as_input,
    copy_network,
    draw_batches,
    n_steps_of,
    size_of_batch,
    trainable_network,
)

BATCH_SIZE = 32


class MultiTask:
    """Let me train one network for several tasks at once.

    Parameters
    ----------
    trunk : keras.Model
        Turns an example into one row of features. It is copied and stays as it is.
    heads : dict of str to int
        For each task the number of its outputs: classes, or yes-or-no questions.
    loss_share : dict of str to float, > 0, optional
        How much the loss of each task counts; by default 1 each.
    learning_rate : float, > 0
        Of Adam.
    seed : int, >= 0
        Of the heads' first parameters.

    Attributes
    ----------
    trunk : keras.Model
        The copy that trains, with the parameters of the last step.
    heads : dict of str to keras.Model
        From the trunk's features to the scores (logits) of each task.

    Notes
    -----
    A share says how much a task pulls at the trunk; with Adam only the ratio of the shares
    matters. A task whose features are of no use to the others takes room in the trunk and
    can make them worse: compare with the single task, and with random labels as a second
    task, which is what more images and a harder problem do without any knowledge.

    References
    ----------
    Caruana (1997), Multitask learning, Machine Learning 28, section 2.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> trunk = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8, "relu")])
    >>> learner = MultiTask(trunk, {"sign": 2, "size": 2}, learning_rate=0.01)
    >>> tasks = {"sign": (x[:20], x[:20, 0] > 0), "size": (x, x[:, 0] > 1)}
    >>> losses = learner.fit(tasks, steps=200)
    >>> losses.shape, bool(learner.accuracy("sign", x, x[:, 0] > 0) > 0.8)
    ((200,), True)
    """

    def __init__(
        self,
        trunk: keras.Model,
        heads: Mapping[str, int],
        *,
        loss_share: Mapping[str, float] | None = None,
        learning_rate: float = LEARNING_RATE,
        seed: int = 0,
    ) -> None:
        self.trunk = copy_network(trainable_network("trunk", trunk))
        n_outputs = _heads(heads)
        self._share = _loss_share(loss_share, list(n_outputs))
        n_features = self.trunk.output_shape[-1]
        self.heads = {
            name: keras.Sequential([keras.Input((n_features,)), keras.layers.Dense(n)])
            for name, n in n_outputs.items()
        }
        self._steps = CompiledSteps(
            self._loss,
            self.trunk,
            list(self.heads.values()),
            learning_rate=learning_rate,
            seed=seed,
        )

    def restart(self, trunk: keras.Model, *, seed: int = 0) -> None:
        """Begin again from the parameters of this trunk, with new heads; nothing is compiled."""
        self._steps.restart(trunk, seed=seed)

    def fit(
        self,
        tasks: Mapping[str, tuple[ArrayLike, ArrayLike]],
        *,
        steps: int,
        batch_size: int = BATCH_SIZE,
        seed: int = 0,
    ) -> NDArray[Any]:
        """Train on, a batch of every task in each step.

        Parameters
        ----------
        tasks : dict of str to (x, y)
            For each head its examples, of any number, and their labels: class numbers of shape
            (n,), or answers 0 and 1 of shape (n, n_outputs), one for each yes-or-no question.
        steps : int, >= 1
        batch_size : int, >= 1
            Of each task; a task with fewer examples shows all of them in each step.
        seed : int, >= 0
            Of the order of the examples. That of one task does not depend on the others.

        Returns
        -------
        losses : array, shape (steps,)

        Raises
        ------
        TypeError, ValueError
            If the tasks are not those of the heads, or examples and labels do not fit them.
        FloatingPointError
            If the training diverges.
        """
        n_steps, seed = n_steps_of(steps), _check.seed(seed)
        groups: list[Any] = []
        batches: list[Any] = []
        for name, (x, y) in _tasks(tasks, list(self.heads)).items():
            x = _check.model_input(f"examples of {name!r}", x, self.trunk.input_shape[1:])
            n_outputs = self.heads[name].output_shape[-1]
            groups.append((x, _labels(name, y, n=len(x), n_outputs=n_outputs)))
            size = size_of_batch(batch_size, len(x))
            # A task's place in the list seeds its order: the first task sees the same batches
            # with and without a second one.
            batches.append(draw_batches(len(x), n_steps, size, (seed, len(batches))))
        return self._steps.run(groups, batches)

    def scores(self, task: str, x: ArrayLike) -> NDArray[Any]:
        """Return the logits of one head, shape (n, n_outputs)."""
        head = self.heads[_check.one_of("task", task, self.heads, kind="task")]
        images = _check.model_input("x", x, self.trunk.input_shape[1:])
        return apply_in_parts(lambda part: head(self.trunk(part)), images)

    def accuracy(self, task: str, x: ArrayLike, y: ArrayLike) -> float:
        """Return the share of the labels, or of the answers, that one head gets right."""
        scores = self.scores(task, x)
        truth = _labels(task, y, n=len(scores), n_outputs=scores.shape[1])
        guess = scores > 0 if truth.ndim == 2 else scores.argmax(axis=1)
        return float(np.mean(guess == truth))

    def _loss(self, groups: Sequence[tuple[Any, ...]]) -> Any:
        """Return the weighted sum of the tasks' losses; all batches pass the trunk as one."""
        sizes = [ops.shape(x)[0] for x, _ in groups]
        features = self.trunk(
            ops.concatenate([as_input(x) for x, _ in groups], axis=0), training=True
        )
        total, start = 0.0, 0
        for (name, head), size, (_, y) in zip(self.heads.items(), sizes, groups, strict=True):
            logits = head(features[start : start + size])
            total += self._share[name] * ops.mean(_cross_entropy(y, logits))
            start += size
        return total


def _cross_entropy(y: Any, logits: Any) -> Any:
    if len(y.shape) == 2:
        return ops.binary_crossentropy(y, logits, from_logits=True)
    return ops.sparse_categorical_crossentropy(y, logits, from_logits=True)


def _heads(value: object) -> dict[str, int]:
    """Return the tasks' names with the number of outputs of each."""
    if not isinstance(value, Mapping) or not value:
        raise TypeError(
            "`heads` must give a number of outputs for each task, such as "
            f"{{'digit': 10, 'parity': 2}}; got {value!r}."
        )
    return {
        _check.text("heads", name, meaning="the name of a task"): _check.whole_number(
            f"heads[{name!r}]", n, low=1, meaning="classes, or yes-or-no questions"
        )
        for name, n in value.items()
    }


def _loss_share(value: object, names: Sequence[str]) -> dict[str, float]:
    """Return how much the loss of each task counts."""
    if value is None:
        return dict.fromkeys(names, 1.0)
    _same_names("loss_share", value, names)
    shares = {}
    for name, share in value.items():  # type: ignore[attr-defined]
        meaning = "how much the loss of this task counts"
        shares[name] = _check.number(
            f"loss_share[{name!r}]", share, low=0, high=1e6, meaning=meaning
        )
        if shares[name] == 0:
            raise ValueError(
                f"`loss_share[{name!r}]` must be greater than 0; got {share!r}, so its head would "
                "never learn. To train without a task, leave it out of `heads`."
            )
    return shares


def _tasks(value: object, names: Sequence[str]) -> dict[str, Any]:
    """Return a pair of examples and labels for each task."""
    _same_names("tasks", value, names)
    return {name: _check.pair(f"tasks[{name!r}]", value[name]) for name in names}  # type: ignore[index]


def _labels(task: str, value: ArrayLike, *, n: int, n_outputs: int) -> NDArray[Any]:
    """Return class numbers, shape (n,), or answers 0 and 1, shape (n, n_outputs)."""
    array = np.asarray(value)
    name = f"labels of {task!r}"
    if array.ndim == 0 or len(array) != n:
        raise ValueError(f"`{name}`: {n} are needed, one per example; got shape {array.shape}.")
    if array.ndim == 2 and array.shape[1] == n_outputs:
        if not np.isin(array, (0, 1)).all():
            raise ValueError(
                f"`{name}`: a table of answers must hold 0 (no) and 1 (yes); got values from "
                f"{array.min()} to {array.max()}. Class numbers need shape ({n},)."
            )
        return array.astype(np.float32)
    if array.ndim != 1:
        raise ValueError(
            f"`{name}`: expected shape ({n},), classes, or ({n}, {n_outputs}), one answer for "
            f"each output of the head; got {array.shape}. Give the head as many outputs as "
            "there are questions."
        )
    is_whole = array.dtype.kind in "uib" and array.min() >= 0 and array.max() < n_outputs
    if not is_whole:
        raise ValueError(
            f"`{name}`: expected whole numbers from 0 to {n_outputs - 1}, because the head has "
            f"{n_outputs} outputs; got {array.min()} to {array.max()} ({array.dtype}). Renumber "
            "the classes, or give the head more outputs."
        )
    return array.astype(np.int32)


def _same_names(name: str, value: object, names: Sequence[str]) -> None:
    if not isinstance(value, Mapping) or set(value) != set(names):
        got = sorted(map(str, value)) if isinstance(value, Mapping) else repr(value)
        raise ValueError(
            f"`{name}` must have one entry for each head, {sorted(names)}; got {got}. A task "
            "without a head cannot be learned, a head without a task would stay random."
        )
