"""A Keras model as one flat list of steps, so that it can be cut anywhere.

A nested model (the backbone in Keras' transfer-learning guide) is opened up: its layers
become steps like all others. Every tensor gets a number, its slot; a step reads slots and
writes slots. A cut is a position in the list: what is written before it and read after it
crosses the cut. With skip connections that can be several tensors.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
from keras import layers

from .. import _keras


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One call of one layer (or of a bare operation such as `x[..., ::-1]`)."""

    operation: Any
    arguments: Any  # Keras' record of the call, for `_keras.call_again`
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    scope: str  # the nested model that it comes from; "" for the outer model

    @property
    def name(self) -> str:
        """Name of the layer."""
        return str(self.operation.name)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The steps of a model in an order in which they can run."""

    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    tensors: tuple[keras.KerasTensor, ...]  # by slot: shape and dtype
    output_structure: Any
    input_structure: Any

    def crossings(self) -> list[tuple[int, ...]]:
        """Return for each position the slots that the steps from there on need from before."""
        needed = set(self.outputs)
        found = [tuple(sorted(needed))]
        for step in reversed(self.steps):
            needed = needed.difference(step.writes).union(step.reads)
            found.append(tuple(sorted(needed)))
        return found[::-1]


def read_graph(model: keras.Model) -> Graph:
    """Open up a Sequential or Functional model, nested models too."""
    functional = _keras.graph_of(check_model("model", model))
    if functional is None:
        raise _no_graph(model)
    reader = _Reader()
    inputs = [reader.new_slot(tensor) for tensor in functional.inputs]
    outputs = reader.read(functional, inputs, scope="")
    return Graph(
        tuple(reader.steps),
        tuple(inputs),
        tuple(outputs),
        tuple(reader.tensors),
        functional.output,
        _keras.input_structure(functional),
    )


def check_model(name: str, value: Any) -> Any:
    """Return `value` when it is a Keras model."""
    if not isinstance(value, keras.Model):
        raise TypeError(
            f"`{name}` must be a Keras model (Sequential or Functional); got "
            f"{type(value).__name__}. Pass the model itself, not its layers or its file."
        )
    return value


def _no_graph(model: keras.Model) -> Exception:
    if isinstance(model, keras.Sequential):
        return ValueError(
            f"`model` must be built; the Sequential model {model.name!r} does not know its "
            "input yet. Begin it with keras.Input(shape), or call it once on a batch."
        )
    return TypeError(
        f"`model` must be a Sequential or Functional model, whose layers Keras can list; got "
        f"{model.name!r}, a subclassed model ({type(model).__name__}), whose layers are wired in "
        "code. Write it as x = layer(x) from keras.Input and keras.Model(inputs, outputs)."
    )


class _Reader:
    """Walks a model and its nested models, and numbers their tensors."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.tensors: list[keras.KerasTensor] = []

    def new_slot(self, tensor: keras.KerasTensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def read(self, functional: Any, inputs: Sequence[int], *, scope: str) -> list[int]:
        """Append the steps of one call of one model; return the slots of its outputs."""
        # A nested model may be called several times: its tensors get new slots each time.
        slots = {id(t): slot for t, slot in zip(functional.inputs, inputs, strict=True)}
        for call in _keras.calls_in(functional):
            self._read_call(call, slots, scope)
        return [slots[id(tensor)] for tensor in functional.outputs]

    def _read_call(self, call: Any, slots: dict[int, int], scope: str) -> None:
        reads = [slots[id(tensor)] for tensor in call.input_tensors]
        operation, nested = call.operation, _keras.graph_of(call.operation)
        if nested is not None:
            # `training=False` in the call of a base is dropped here because Keras' fit
            # overrides it, too (keras#20285): what protects a layer is its flag.
            inner = f"{scope}{operation.name}/"
            writes = self.read(nested, reads, scope=inner)
        else:
            writes = [self.new_slot(tensor) for tensor in call.outputs]
            step = Step(operation, call.arguments, tuple(reads), tuple(writes), scope)
            self.steps.append(step)
        slots.update((id(t), slot) for t, slot in zip(call.outputs, writes, strict=True))


def build_model(graph: Graph, start: int, stop: int, *, name: str) -> keras.Model:
    """Build the model of the steps from `start` to before `stop`, sharing their layers.

    Its inputs are the tensors that cross at `start`, its outputs those that cross at `stop`.
    """
    crossings = graph.crossings()
    if stop < len(graph.steps):
        return build_between(graph, crossings[start], crossings[stop], name=name)
    return _build(graph, crossings[start], graph.outputs, graph.output_structure, name)[0]


def build_between(
    graph: Graph, entering: Sequence[int], leaving: Sequence[int], *, name: str
) -> keras.Model:
    """Build the model that computes the slots `leaving` from `entering`, sharing the layers."""
    return _build(graph, entering, leaving, [None] * len(leaving), name)[0]


def copy_graph(graph: Graph, *, name: str) -> tuple[Graph, keras.Model, dict[int, Any]]:
    """Copy a whole model, with parameters of its own and unique names.

    Returns the same steps with new layers, the flat model of them, and its tensors by slot.
    """
    copies: dict[int, Any] = {}
    taken: set[str] = set()
    for step in graph.steps:
        if id(step.operation) not in copies:
            unique = _unique(step.name, step.scope, taken)
            copies[id(step.operation)] = _copy_operation(step.operation, unique)
    steps = tuple(replace(step, operation=copies[id(step.operation)]) for step in graph.steps)
    copied = replace(graph, steps=steps)
    model, tensors = _build(copied, graph.inputs, graph.outputs, graph.output_structure, name)
    for old, new in zip(graph.steps, steps, strict=True):
        if isinstance(old.operation, keras.Layer):
            _keras.carry_state(old.operation, new.operation)
            _keras.carry_flags(old.operation, new.operation)
    return copied, model, tensors


def _build(
    graph: Graph, entering: Sequence[int], leaving: Sequence[int], structure: Any, name: str
) -> tuple[keras.Model, dict[int, Any]]:
    tensors = {slot: _placeholder(graph, slot) for slot in entering}
    inputs = [tensors[slot] for slot in entering]
    steps = _steps_between(graph, entering, leaving)
    with _unique_names(steps):
        for step in steps:
            given = [tensors[slot] for slot in step.reads]
            results = _keras.call_again(step.operation, step.arguments, given)
            tensors.update(zip(step.writes, results, strict=True))
        flat = [tensors[slot] for slot in leaving]
        outputs = keras.tree.pack_sequence_as(structure, flat)
        given = _single(inputs)
        if tuple(entering) == graph.inputs and len(inputs) > 1:
            given = keras.tree.pack_sequence_as(graph.input_structure, inputs)
        return keras.Model(given, _single(outputs), name=name), tensors


def _steps_between(graph: Graph, entering: Sequence[int], leaving: Sequence[int]) -> list[Step]:
    """Return the steps that are needed to get from some tensors to others."""
    needed = set(leaving) - set(entering)
    found = []
    for step in reversed(graph.steps):
        if needed.intersection(step.writes):
            found.append(step)
            needed.update(set(step.reads) - set(entering))
    return found[::-1]


def _single(structure: Any) -> Any:
    is_list_of_one = isinstance(structure, list) and len(structure) == 1
    return structure[0] if is_list_of_one else structure


def _placeholder(graph: Graph, slot: int) -> keras.KerasTensor:
    tensor = graph.tensors[slot]
    name = tensor.name if slot in graph.inputs else f"tensor_{slot}"
    return keras.Input(tuple(tensor.shape[1:]), dtype=tensor.dtype, name=name)


@contextlib.contextmanager
def _unique_names(steps: Sequence[Step]) -> Iterator[None]:
    """Rename layers for a moment: opened up, two models may use one name, which Keras refuses."""
    taken: dict[str, Any] = {}
    renamed: list[tuple[Any, str]] = []
    try:
        for step in steps:
            operation = step.operation
            if taken.setdefault(operation.name, operation) is not operation:
                renamed.append((operation, operation.name))
                operation.name = _unique(operation.name, step.scope, set(taken))
                taken[operation.name] = operation
        yield
    finally:
        for operation, name in renamed:
            operation.name = name


def _unique(name: str, scope: str, taken: set[str]) -> str:
    """Return the name, or one made from it that is not taken, and take it."""
    candidates = [name, scope.replace("/", "_") + name]
    candidates += [f"{name}_{number}" for number in range(2, len(taken) + 3)]
    unique = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(unique)
    return unique


def _copy_operation(operation: Any, name: str) -> Any:
    if not isinstance(operation, keras.Layer):
        return _keras.copy_operation(operation, name)
    try:
        config = {**operation.get_config(), "name": name}
        if isinstance(operation, layers.Lambda):
            # The learner's own code, in this very process: nothing is loaded from outside.
            return type(operation).from_config(config, safe_mode=False)
        return type(operation).from_config(config)
    except (NotImplementedError, TypeError, ValueError) as error:
        kind = type(operation).__name__
        raise TypeError(
            f"`model`: the layer {operation.name!r} ({kind}) cannot be copied, because it cannot "
            f"be made from its configuration: {error} Give {kind} a `get_config` method that "
            "returns all arguments of its `__init__`."
        ) from None


# How well-known networks name their layers by block: the first pattern that a layer's name begins
# with gives its block.
_PATTERNS = (
    r"stage\d+(?=_)",  # EfficientNet-Lite: stage3_block1_expand_conv
    r"conv\d+_block\d+(?=_)",  # ResNet, DenseNet: conv2_block1_1_conv
    r"mixed_?\d+[a-z]?$",  # Inception: the layers in a module have no names of their own
    r"\w+_stage_\d+_block_\d+(?=_)",  # ConvNeXt
    r"block\d+_\d+(?=_|$)",  # Inception-ResNet: block35_1_conv
    r"block_?\d+[a-z]?(?=_|$)",  # VGG block1_conv1, EfficientNet block1a_bn, MobileNet block_2
    r"expanded_conv(?:_\d+)?(?=_)",  # MobileNetV2's first, all of MobileNetV3
    r"transformer_layer_\d+",  # BERT, GPT-2 and their kin in keras-hub
    r"encoder_?(?:block|layer)_?\d+(?=_|$)",  # ViT: encoder_block_0_attention
)
# The two ends of a transformer; by themselves they make no family.
_ENDS = {
    r"(?:\w+_)?embeddings?(?=_|$)": "embeddings",
    r"head(?=_|\d|$)": "head",
}


def family_block(layer_name: str) -> str | None:
    """Return the block that a layer's name tells, None if it tells none.

    Examples
    --------
    >>> family_block("conv2_block1_1_conv"), family_block("conv2d_7")
    ('conv2_block1', None)
    """
    matches = (re.match(pattern, layer_name) for pattern in _PATTERNS)
    return next((found[0] for found in matches if found), None)


def family_end(layer_name: str) -> str | None:
    """Return "embeddings" or "head" for a layer at an end of a transformer.

    Examples
    --------
    >>> family_end("token_embedding"), family_end("head_norm"), family_end("block1_norm")
    ('embeddings', 'head', None)
    """
    found = (end for pattern, end in _ENDS.items() if re.match(pattern, layer_name))
    return next(found, None)


def count(variables: Iterable[keras.Variable]) -> int:
    """Return how many values some variables hold together."""
    return sum(math.prod(variable.shape) for variable in variables)


def batchnorms_in(operation: Any) -> list[keras.Layer]:
    """Return the BatchNormalization layers in a layer: itself, or those inside a wrapper."""
    found = _keras.layers_in(operation)
    return [inner for inner in found if isinstance(inner, layers.BatchNormalization)]
