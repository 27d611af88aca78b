"""The blocks of a model that a freeze slider moves over, from the input to the classifier.

A block begins at a layer with parameters. Layers without parameters belong to the block
before them, so that what is kept of a frozen trunk is as small as it can be (after pooling,
not before); but from the first Dropout or augmentation on they belong to the block after
them, because what they do changes with every batch and cannot be kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras
import pandas as pd
from keras import layers

from .. import _check
from .._keras import (
    graph_of,
    has_automatic_name,
    is_random_in_training,
    layers_in,
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
    family_end,
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


@dataclass(frozen=True, slots=True, eq=False)
class Listed(Layout):
    """The blocks of a model whose layers are wired in code: it has no graph to be cut."""

    pieces: tuple[tuple[keras.Layer, ...], ...]

    def layers_of(self, block: int) -> list[keras.Layer]:
        """Return the layers of one block."""
        return list(self.pieces[block])


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


def read_blocks(
    model: keras.Model, blocks: Mapping[str, Sequence[str]] | None = None
) -> list[Block]:
    """Tell me the blocks of this model, between which I can freeze.

    Parameters
    ----------
    model : keras.Model
        Of any kind; the layers of a nested backbone are listed one by one. Of a subclassed
        model its layers are, in the order in which its attributes were set.
    blocks : dict of str to list of str, optional
        Blocks of your own, from the input to the output: a name, and the names of its layers or
        of nested models. A layer that is not named belongs to the block before it.

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
    return list(read_parts(model, blocks).blocks)


def read_parts(model: keras.Model, blocks: Mapping[str, Sequence[str]] | None = None) -> Layout:
    """Return the blocks of any model; with its graph where it has one."""
    is_subclass = (
        isinstance(model, keras.Model)
        and not isinstance(model, keras.Sequential)
        and graph_of(model) is None
    )
    return _read_listed(model, blocks) if is_subclass else read_layout(model, blocks)


def _read_listed(model: keras.Model, named: Mapping[str, Sequence[str]] | None) -> Listed:
    if not model.built or not model.variables:
        raise ValueError(
            f"`model` must be built; {model.name!r} has no parameters yet. Call it once on a "
            "batch: model(x[:1])."
        )
    found: list[tuple[str, list[keras.Layer]]] = []
    for layer in model.layers:
        inner = read_parts(layer) if graph_of(layer) and trainable_variables_in(layer) else None
        if inner:
            for i, block in enumerate(inner.blocks):
                found.append((block.name, inner.layers_of(i)))
        elif trainable_variables_in(layer) or not found:
            found.append((layer.name, [layer]))
        else:
            found[-1][1].append(layer)
    if named:
        by_name = {layer.name: layer for _, some in found for layer in some}
        labels = _own_labels(named, [(name, "") for name in by_name])
        found = _grouped(list(by_name.values()), labels)
    found = [pair for pair in found if any(map(trainable_variables_in, pair[1]))]
    if not found:
        raise _nothing_to_train(model)
    blocks: list[Block] = []
    for name, some in found:
        unique = _unique_name(name, Key("", name, True), [block.name for block in blocks])
        blocks.append(_block(unique, some, ()))
    graph = Graph((), (), (), (), None, None)
    starts = tuple(range(len(blocks)))
    return Listed(graph, tuple(blocks), starts, tuple(tuple(some) for _, some in found))


def _grouped(
    some: Sequence[keras.Layer], labels: Sequence[Key | None]
) -> list[tuple[str, list[keras.Layer]]]:
    found: list[tuple[str, list[keras.Layer]]] = []
    for layer, label in zip(some, labels, strict=True):
        if label is not None and (not found or found[-1][0] != label.name):
            found.append((label.name, []))
        if found:
            found[-1][1].append(layer)
    return found


def _own_labels(
    named: Mapping[str, Sequence[str]], names: Sequence[tuple[str, str]]
) -> list[Key | None]:
    """Return for each (layer, scope) the learner's block; blocks must come in their order."""
    owner = {layer: block for block, some in named.items() for layer in some}
    known = {part for name, scope in names for part in (name, *scope.split("/"))}
    for layer in owner:
        _check.one_of(f"blocks[{owner[layer]!r}]", layer, sorted(known - {""}), kind="layer")
    found: list[Key | None] = []
    order = list(named)
    last = 0
    for name, scope in names:
        parts = [name, *reversed(scope.split("/"))]
        block = next((owner[part] for part in parts if part in owner), None)
        if block is not None and order.index(block) < last:
            raise ValueError(
                f"`blocks` must come one after the other, from the input to the output; "
                f"{block!r} has the layer {name!r}, which comes after {order[last]!r}. Give that "
                "layer to a later block, or change the order."
            )
        last = last if block is None else order.index(block)
        found.append(Key("", block or order[last], True))
    return found


def _nothing_to_train(model: keras.Model) -> ValueError:
    return ValueError(
        f"`model` must have at least one layer with parameters to train; {model.name!r} has "
        "none. Add a head, for instance keras.layers.Dense(n_classes)."
    )


def read_layout(model: keras.Model, blocks: Mapping[str, Sequence[str]] | None = None) -> Layout:
    """Return the blocks of a model with the graph that they are pieces of."""
    graph = read_graph(model)
    if blocks:
        labels = _own_labels(blocks, [(step.name, step.scope) for step in graph.steps])
        trained = [i for i, s in enumerate(graph.steps) if trainable_variables_in(s.operation)]
        owners = [(i, key) for i in trained if (key := labels[i])]
    else:
        labels = _labels(graph)
        owners = _owners(graph.steps, labels)
    if not owners:
        raise _nothing_to_train(model)
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
    is_transformer = any(
        isinstance(inner, (layers.MultiHeadAttention, layers.GroupQueryAttention))
        for step in graph.steps
        for inner in layers_in(step.operation)
    )
    if is_transformer:
        ends = [family_end(step.name) for step in graph.steps]
        own = [
            label or (Key(step.scope, end, True) if end else None)
            for step, label, end in zip(graph.steps, own, ends, strict=True)
        ]
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
        is_last = is_last and (label is None or label.name != "head")
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
        name = _unique_name(_name(operations, key), key, [block.name for block in found])
        shape = tuple(graph.tensors[steps[-1].writes[-1]].shape[1:])
        found.append(_block(name, own_layers, shape))
    return found


def _block(
    name: str, own_layers: Sequence[keras.Layer], output_shape: tuple[int | None, ...]
) -> Block:
    norms = [norm for layer in own_layers for norm in batchnorms_in(layer)]
    return Block(
        name=name,
        layers=tuple(layer.name for layer in own_layers),
        n_parameters=sum(count(layer.weights) for layer in own_layers),
        n_trainable=sum(count(movable_variables_in(layer)) for layer in own_layers),
        n_trainable_batchnorm=sum(count(movable_variables_in(norm)) for norm in norms),
        output_shape=output_shape,
    )


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
        # A kernel is used at each place of what comes out; a recurrent layer's at each time.
        is_recurrent = isinstance(step.operation, layers.RNN | layers.Bidirectional)
        slot = step.reads[0] if is_recurrent else step.writes[0]
        places = math.prod(size or 1 for size in layout.graph.tensors[slot].shape[1:-1])
        total += places * count(
            [v for v in trainable_variables_in(step.operation) if _is_kernel(v)]
        )
    return total


def _is_kernel(variable: keras.Variable) -> bool:
    """Tell whether numbers are multiplied by it: embeddings are looked up, a bias is added."""
    name = variable.path.rsplit("/", 1)[-1]
    return len(variable.shape) > 1 and name not in ("embeddings", "bias")
