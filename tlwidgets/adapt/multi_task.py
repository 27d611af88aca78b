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

from . import example_errors as errors
from .compiled_steps import (
    LEARNING_RATE,
    CompiledSteps,
    apply_in_parts,
    as_input,
    copy_network,
    draw_batches,
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
        self.trunk = copy_network(errors.network("trunk", trunk))
        n_outputs = errors.heads(heads)
        self._share = errors.loss_share(loss_share, list(n_outputs))
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
        """Begin again from the parameters of this trunk, with new heads; nothing is compiled.

        Parameters
        ----------
        trunk : keras.Model
            Of the same layers as the one that this learner was made for.
        seed : int, >= 0
            Of the heads' first parameters.
        """
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
        n_steps, seed = errors.steps(steps), errors.seed(seed)
        groups: list[Any] = []
        batches: list[Any] = []
        for name, (x, y) in errors.tasks(tasks, list(self.heads)).items():
            x = errors.examples(f"examples of {name!r}", x, self.trunk.input_shape[1:])
            n_outputs = self.heads[name].output_shape[-1]
            groups.append((x, errors.labels(name, y, n=len(x), n_outputs=n_outputs)))
            size = errors.batch_size(batch_size, len(x))
            # A task's place in the list seeds its order: the first task sees the same batches
            # with and without a second one.
            batches.append(draw_batches(len(x), n_steps, size, (seed, len(batches))))
        return self._steps.run(groups, batches)

    def scores(self, task: str, x: ArrayLike) -> NDArray[Any]:
        """Return the logits of one head, shape (n, n_outputs)."""
        head = self.heads[errors.task(task, list(self.heads))]
        images = errors.examples("x", x, self.trunk.input_shape[1:])
        return apply_in_parts(lambda part: head(self.trunk(part)), images)

    def accuracy(self, task: str, x: ArrayLike, y: ArrayLike) -> float:
        """Return the share of the labels, or of the answers, that one head gets right."""
        scores = self.scores(task, x)
        truth = errors.labels(task, y, n=len(scores), n_outputs=scores.shape[1])
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
