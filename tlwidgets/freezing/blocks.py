"""The blocks of a model that a freeze slider moves over, from the input to the classifier.

A block begins at a layer with parameters. Layers without parameters belong to the block
before them, so that what is kept of a frozen trunk is as small as it can be (after pooling,
not before); but from the first Dropout or augmentation on they belong to the block after
them, because what they do changes with every batch and cannot be kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras
import pandas as pd
from keras import layers

from .. import _check
from .._keras import (
    has_automatic_name,
    is_random_in_training,
    movable_variables_in,
    trainable_variables_in,
)
from .graph import (
    Graph,
    Step,
    batchnorms_in,
    build_model,
    count,
    family_block,
    read_graph,
)


class Key(NamedTuple):
    """What steps of one block have in common."""

    scope: str  # the nested model that they come from
    name: str
    is_name: bool  # whether `name` is what to call the block, or only its first layer


_STEM = Key("", "stem", True)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a model that is frozen or trained as one.

    Parameters
    ----------
    name : str
        Unique within the model.
    layers : tuple of str
        Names of its layers in the order in which they run.
    n_parameters : int
        All of them, the statistics of its BatchNormalization layers included.
    n_trainable : int
        Those that training can move.
    n_trainable_batchnorm : int
        Those of them that belong to BatchNormalization layers.
    output_shape : tuple of int or None
        Of its last layer, without the batch.
    """

    name: str
    layers: tuple[str, ...]
    n_parameters: int
    n_trainable: int
    n_trainable_batchnorm: int
    output_shape: tuple[int | None, ...]

    @property
    def has_batchnorm(self) -> bool:
        """Whether a BatchNormalization layer is in it."""
        return self.n_trainable_batchnorm > 0

    def count_trained(self, *, keep_batchnorm_frozen: bool) -> int:
        """Return how many parameters move when the block trains."""
        return self.n_trainable - keep_batchnorm_frozen * self.n_trainable_batchnorm


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A model's graph, its blocks, and where in the graph each block begins."""

    graph: Graph
    blocks: tuple[Block, ...]
    starts: tuple[int, ...]

    def steps_of(self, block: int) -> tuple[Step, ...]:
        """Return the steps of one block."""
        ends = (*self.starts[1:], len(self.graph.steps))
        return self.graph.steps[self.starts[block] : ends[block]]

    def layers_of(self, block: int) -> list[keras.Layer]:
        """Return the layers of one block; a shared layer belongs to the first that uses it."""
        before = {id(step.operation) for step in self.graph.steps[: self.starts[block]]}
        own = {id(step.operation): step.operation for step in self.steps_of(block)}
        return [
            operation
            for key, operation in own.items()
            if key not in before and isinstance(operation, keras.Layer)
        ]

    def check_cut(self, cut: object) -> int:
        """Return `cut` when it is the index of a block."""
        return _check.whole_number(
            "cut",
            cut,
            low=0,
            high=len(self.blocks) - 1,
            meaning="the index of the first block that trains (0: all train; "
            f"{len(self.blocks) - 1}: only the last, {self.blocks[-1].name!r})",
        )

    def count_trained(self, cut: int, keep_batchnorm_frozen: bool) -> int:
        """Return how many parameters a cut lets train; refuse one that leaves none."""
        trained = self.blocks[cut:]
        n = sum(b.count_trained(keep_batchnorm_frozen=keep_batchnorm_frozen) for b in trained)
        if n == 0:
            raise ValueError(
                f"`cut` must leave something to train; from block {cut} ({trained[0].name!r}) on "
                "there is only BatchNormalization, which is kept frozen. Take a smaller cut, or "
                "keep_batchnorm_frozen=False."
            )
        return n


def paired_layers(
    one: Layout, two: Layout, name: str, expected: str
) -> list[tuple[keras.Layer, keras.Layer]]:
    """Return the layers of two models of one architecture, side by side; refuse others."""
    left, right = (
        [layer for i in range(len(a.blocks)) for layer in a.layers_of(i)] for a in (one, two)
    )
    shapes = ([[v.shape for v in layer.variables] for layer in found] for found in (left, right))
    if len({str(each) for each in shapes}) > 1:
        raise ValueError(
            f"`model` must have the architecture of {expected!r}, which was trained; the "
            f"parameters of {name!r} have other shapes. Pass the model that the trainer was "
            "made with."
        )
    return list(zip(left, right, strict=True))


def read_blocks(model: keras.Model) -> list[Block]:
    """Tell me the blocks of this model, between which I can freeze.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional; the layers of a nested backbone are listed one by one.

    Returns
    -------
    list of Block
        From the input to the output. Networks with names by block (EfficientNet, ResNet,
        Inception, VGG, MobileNet, DenseNet) give those blocks; others one block for each
        layer with parameters. BatchNormalization belongs to the layer before it. A Dense
        layer at the end is a block of its own.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="hidden"),
    ...                           keras.layers.ReLU(), keras.layers.Dense(2, name="digits")])
    >>> [(block.name, block.n_parameters) for block in read_blocks(model)]
    [('hidden', 36), ('digits', 10)]
    """
    return list(read_layout(model).blocks)


def read_layout(model: keras.Model) -> Layout:
    """Return the blocks of a model with the graph that they are pieces of."""
    graph = read_graph(model)
    labels = _labels(graph)
    owners = _owners(graph.steps, labels)
    if not owners:
        raise ValueError(
            f"`model` must have at least one layer with parameters to train; {model.name!r} has "
            "none. Add a head, for instance keras.layers.Dense(n_classes)."
        )
    starts: list[int] = []
    previous, previous_key = -1, None
    for index, key in owners:
        if key != previous_key:
            starts.append(_boundary(graph.steps, labels, previous, index) if starts else 0)
        previous, previous_key = index, key
    ends = [*starts[1:], len(graph.steps)]
    keys = list(dict.fromkeys(key for _, key in owners))
    pieces = [graph.steps[start:end] for start, end in zip(starts, ends, strict=True)]
    return Layout(graph, tuple(_blocks(graph, pieces, keys)), tuple(starts))


def _labels(graph: Graph) -> list[Key | None]:
    """Return for each step the block that its name tells, if the network is of a known family."""
    own = [
        Key(step.scope, block, True) if (block := family_block(step.name)) else None
        for step in graph.steps
    ]
    if len(set(own) - {None}) < 2:
        return [None] * len(own)
    # Between two points where a single tensor passes lies one module. Its unnamed layers
    # (the convolutions of an Inception module) belong to the name that occurs in it.
    narrow = [i for i, slots in enumerate(graph.crossings()) if len(slots) == 1 or i == 0]
    for start, end in zip(narrow, [*narrow[1:], len(own)], strict=True):
        names = set(own[start:end]) - {None}
        if len(names) == 1:
            own[start:end] = list(names) * (end - start)
    return own


def _owners(steps: Sequence[Step], labels: Sequence[Key | None]) -> list[tuple[int, Key]]:
    """Return (index, block) of each step that has parameters; blocks come one after the other."""
    indices = [i for i, step in enumerate(steps) if trainable_variables_in(step.operation)]
    is_known_family = any(labels)
    found: list[tuple[int, Key]] = []
    closed: set[Key] = set()
    has_begun = False
    for index in indices:
        step, label, current = steps[index], labels[index], found[-1][1] if found else None
        # A Dense layer that comes last is the classifier, which every task replaces.
        is_last = index == indices[-1] and isinstance(step.operation, layers.Dense)
        has_begun = has_begun or label is not None
        if is_last:
            key = Key(step.scope, step.name, False)
        elif label is not None:
            key = label
        elif isinstance(step.operation, layers.BatchNormalization) and current:
            key = current
        elif is_known_family and not has_begun:
            key = _STEM
        else:
            key = Key(step.scope, step.name, False)
        # In graphs without narrow points a closed block may come back: one list, one order.
        key = current if key in closed and current else key
        if key != current and current:
            closed.add(current)
        found.append((index, key))
    return found


def _boundary(
    steps: Sequence[Step], labels: Sequence[Key | None], previous: int, index: int
) -> int:
    """Return where the block of the step `index` begins, after the step `previous`."""
    for position in range(previous + 1, index):
        is_own = labels[position] is not None and labels[position] == labels[index]
        is_random = labels[position] is None and is_random_in_training(steps[position].operation)
        if is_own or is_random:
            return position
    return index


def _blocks(graph: Graph, pieces: Sequence[Sequence[Step]], keys: Sequence[Key]) -> list[Block]:
    found: list[Block] = []
    seen: set[int] = set()
    for steps, key in zip(pieces, keys, strict=True):
        own = {
            id(step.operation): step.operation for step in steps if id(step.operation) not in seen
        }
        seen.update(own)
        operations = list(own.values())
        own_layers = [o for o in operations if isinstance(o, keras.Layer)]
        norms = [norm for layer in own_layers for norm in batchnorms_in(layer)]
        block = Block(
            name=_unique_name(_name(operations, key), key, [block.name for block in found]),
            layers=tuple(layer.name for layer in own_layers),
            n_parameters=sum(count(layer.weights) for layer in own_layers),
            n_trainable=sum(count(movable_variables_in(layer)) for layer in own_layers),
            n_trainable_batchnorm=sum(count(movable_variables_in(norm)) for norm in norms),
            output_shape=tuple(graph.tensors[steps[-1].writes[-1]].shape[1:]),
        )
        found.append(block)
    return found


def _name(operations: Sequence[keras.Operation], key: Key) -> str:
    """Return what to call a block: its family's name, or what its layers' names share."""
    named = [operation for operation in operations if trainable_variables_in(operation)]
    if key.is_name or len(named) < 2 or has_automatic_name(named[0]):
        return key.name
    shared = []
    for words in zip(*(operation.name.split("_") for operation in named), strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    return "_".join(shared) or key.name


def _unique_name(name: str, key: Key, taken: Sequence[str]) -> str:
    candidates = [name, f"{key.scope}{name}", *(f"{name} {n}" for n in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)


def split_at(model: keras.Model, cut: int) -> tuple[keras.Model, keras.Model]:
    """Cut this model in two before a block.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional, nested backbones too.
    cut : int, 0..n_blocks - 1
        Index of the first block of the top.

    Returns
    -------
    trunk, top : keras.Model
        With the very layers of `model`: training the top trains the model. `top(trunk(x))`
        is `model(x)`. Where several tensors cross the cut (a skip connection), the trunk
        gives a list and the top takes it. At cut 0 the trunk hands its input on.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.ReLU(),
    ...                           keras.layers.Dense(2)])
    >>> trunk, top = split_at(model, 1)
    >>> trunk.output_shape, top.output_shape
    ((None, 4), (None, 2))
    """
    layout = read_layout(model)
    cut = layout.check_cut(cut)
    position = layout.starts[cut]
    trunk = build_model(layout.graph, 0, position, name=f"{model.name}_trunk")
    top = build_model(layout.graph, position, len(layout.graph.steps), name=f"{model.name}_top")
    return trunk, top


def block_costs(model: keras.Model) -> pd.DataFrame:
    """Show me where the parameters, the arithmetic and the memory of this network go.

    Parameters
    ----------
    model : keras.Model
        Sequential or Functional, with a known size of the input.

    Returns
    -------
    pandas.DataFrame
        One row per block of `read_blocks`, indexed by its name: parameters, multiplications
        (of one example on its way forward, biases and normalisations left out), values (how
        many numbers the block hands on).

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="hidden"),
    ...                           keras.layers.Dense(2, name="digits")])
    >>> block_costs(model)["multiplications"].to_dict()
    {'hidden': 32, 'digits': 8}
    """
    layout = read_layout(model)
    rows = {
        block.name: (
            block.n_parameters,
            count_multiplications(layout, i),
            math.prod(size or 1 for size in block.output_shape),
        )
        for i, block in enumerate(layout.blocks)
    }
    columns = ["parameters", "multiplications", "values"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("block")


def count_multiplications(layout: Layout, block: int) -> int:
    """Return about how many multiplications one example costs in a block."""
    total = 0
    for step in layout.steps_of(block):
        shape = layout.graph.tensors[step.writes[0]].shape
        places = math.prod(size or 1 for size in shape[1:-1])
        kernels = [v for v in trainable_variables_in(step.operation) if len(v.shape) > 1]
        total += places * count(kernels)
    return total
