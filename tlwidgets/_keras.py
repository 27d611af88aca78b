"""What we use of Keras that Keras does not promise to keep, one function each.

That is every attribute with an underscore, and `keras.src`. After a new release of Keras,
`tests/test_keras_contract.py` says which of them has changed. Importing this module loads no
Keras, so that `start_keras` can be called first.
"""

from __future__ import annotations

import copy
import os
import re
import sys
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ._check import missing_package

_STANDARD_ERROR = 2
# By layer: which of its variables are frozen one by one. A layer's own setter forgets it.
_FROZEN_ALONE: weakref.WeakKeyDictionary[Any, tuple[int, ...]] = weakref.WeakKeyDictionary()


def start_keras() -> None:
    """Import Keras and run one operation, with TensorFlow's greeting hidden.

    On some processors TensorFlow logs several lines at import and at the first operation,
    whatever the log level says (measured with 2.21); a notebook shows them in red.
    Without TensorFlow an ImportError says what to install.
    """
    try:
        with _hidden_standard_error():
            import keras

            keras.ops.ones(())
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise missing_package(error.name, needed_for="What has a network", extra="cpu") from None


@contextmanager
def _hidden_standard_error() -> Iterator[None]:
    """Keep what is written to the standard error, at the level of the process; show it on error."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        original = os.dup(_STANDARD_ERROR)
        os.dup2(kept.fileno(), _STANDARD_ERROR)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(original, kept.read())
            raise
        finally:
            os.dup2(original, _STANDARD_ERROR)
            os.close(original)


# The graph of a model.


def graph_of(operation: Any) -> Any:
    """Return the Functional model that holds the graph of a model; None of all others."""
    import keras
    from keras.src.models.functional import Functional  # Keras exports no name for it

    if isinstance(operation, keras.Sequential):
        return operation._functional
    # A subclass of a Functional model with a `call` of its own does what its code says, not
    # what its graph says.
    has_graph = isinstance(operation, Functional) and type(operation).call is Functional.call
    return operation if has_graph else None


def calls_in(functional: Any) -> Iterator[Any]:
    """Yield the calls that a model's graph records, in an order in which they can run.

    Each has the attributes operation, arguments, input_tensors and outputs.
    """
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        yield from (node for node in functional._nodes_by_depth[depth] if not node.is_input)


def call_again(operation: Any, arguments: Any, tensors: Sequence[Any]) -> list[Any]:
    """Call an operation as it was called before, on other tensors; return what it gives, flat."""
    import keras

    pairs = zip(arguments.keras_tensors, tensors, strict=True)
    args, kwargs = arguments.fill_in({id(old): new for old, new in pairs})
    results: list[Any] = keras.tree.flatten(operation(*args, **kwargs))
    return results


def count_calls(operation: Any) -> int:
    """Return how often an operation was called on symbolic tensors."""
    return len(operation._inbound_nodes)


def count_readers(operation: Any) -> int:
    """Return how many calls read what an operation gives."""
    return len(operation._outbound_nodes)


def maker_of(tensor: Any) -> Any:
    """Return the operation that a symbolic tensor comes from."""
    return tensor._keras_history.operation


def is_masked(tensor: Any) -> bool:
    """Tell whether a symbolic tensor carries a mask (of padded sequences)."""
    return getattr(tensor, "_keras_mask", None) is not None


def copy_operation(operation: Any, name: str) -> Any:
    """Copy an operation that is no layer, and so has no state but its arguments, uncalled."""
    twin = copy.copy(operation)
    twin._inbound_nodes, twin._outbound_nodes, twin.name = [], [], name
    return twin


# Layers and their variables.


def layers_in(operation: Any) -> list[Any]:
    """Return a layer, or a model, and all layers in it, however deep; none of another operation."""
    import keras

    return list(operation._flatten_layers()) if isinstance(operation, keras.Layer) else []


def trainable_variables_in(operation: Any) -> list[Any]:
    """Return the variables in a layer that training would move if it were not frozen.

    The public `layer.trainable_variables` is empty while a layer is frozen.
    """
    return [v for inner in layers_in(operation) for v in inner._trainable_variables]


def frozen_alone(layer: Any) -> list[Any]:
    """Return the variables of a layer alone that were frozen one by one: by hand, or for LoRA.

    While the layer as a whole is frozen, nobody can tell; it is what was seen last.
    """
    own = layer._trainable_variables
    if layer.trainable:
        _FROZEN_ALONE[layer] = tuple(i for i, v in enumerate(own) if not v.trainable)
    places = set(_FROZEN_ALONE.get(layer, ()))
    if getattr(layer, "lora_enabled", False):
        bases = {id(getattr(layer, name, None)) for name in ("_kernel", "_embeddings")}
        places |= {i for i, v in enumerate(own) if id(v) in bases}
    return [v for i, v in enumerate(own) if i in places]


def movable_variables_in(operation: Any) -> list[Any]:
    """Return the variables in a layer that train as soon as the layer does."""
    kept = {id(v) for inner in layers_in(operation) for v in frozen_alone(inner)}
    return [v for v in trainable_variables_in(operation) if id(v) not in kept]


def carry_flags(layer: Any, twin: Any) -> None:
    """Give the copy of a layer its flags: those of inner layers and of single variables, too."""
    pairs = list(zip(layers_in(layer), layers_in(twin), strict=True))
    for old, new in pairs:  # from the outside in: a setter reaches all within
        new.trainable = old.trainable
    for old, new in pairs:
        kept = {id(v) for v in frozen_alone(old)}
        places = [i for i, v in enumerate(old._trainable_variables) if id(v) in kept]
        _FROZEN_ALONE[new] = tuple(places)
        for i in places:
            new._trainable_variables[i].trainable = False


def own_parameters(layer: Any) -> list[Any]:
    """Return the variables of a layer alone: no inner layers, no states of random generators."""
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def memory_of(model: Any) -> list[Any]:
    """Return what stateful layers remember from batch to batch: `model.variables` has it not."""
    import keras

    found = [getattr(one, "states", None) for one in layers_in(model)]
    return [v for v in keras.tree.flatten(found) if isinstance(v, keras.Variable)]


def is_random_in_training(operation: Any) -> bool:
    """Tell whether a layer, or one in it, draws random numbers: Dropout, augmentation, noise."""
    return any(inner._seed_generators and _has_rate(inner) for inner in layers_in(operation))


def _has_rate(layer: Any) -> bool:
    """LSTM, GRU and their cells have a seed even where their two rates of dropout are 0."""
    rates = [getattr(layer, name, None) for name in ("dropout", "recurrent_dropout")]
    return rates != [0, 0]


def has_automatic_name(layer: Any) -> bool:
    """Tell whether Keras made up the layer's name, such as "conv2d_7"."""
    from keras.src.utils.naming import to_snake_case

    return re.fullmatch(rf"{to_snake_case(type(layer).__name__)}(_?\d+)?", layer.name) is not None


def carry_state(layer: Any, twin: Any) -> None:
    """Give the copy of a layer all that it and its inner layers hold; others hold nothing.

    A layer's own way of loading makes what only hangs on its variables or stands in no variable:
    the mean of an adapted Normalization, the table of a vocabulary. It may rewrite variables on
    the way (LoRA is merged), so these come last, one by one.
    """
    for old, new in zip(layers_in(layer), layers_in(twin), strict=True):
        if _overrides(old, "load_own_variables") or _overrides(old, "save_own_variables"):
            store: dict[str, Any] = {}
            old.save_own_variables(store)
            new.load_own_variables(store)
        if _overrides(old, "load_assets"):
            with tempfile.TemporaryDirectory() as folder:
                old.save_assets(folder)
                new.load_assets(folder)
        # `variables`, not `weights`: the state of random generators makes runs repeatable.
        for variable, value in zip(new.variables, old.variables, strict=True):
            variable.assign(value)


def _overrides(layer: Any, method: str) -> bool:
    import keras

    kind = type(layer)
    return getattr(kind, method, None) is not getattr(keras.layers.Layer, method, None)


def has_own_code(model: Any) -> bool:
    """Tell whether not all in a model are layers of Keras: one's own, Lambda, an operation."""
    import keras

    for layer in layers_in(model):
        functional = graph_of(layer)
        if functional is not None:
            if not all(isinstance(call.operation, keras.Layer) for call in calls_in(functional)):
                return True
        elif not type(layer).__module__.startswith("keras.src.layers.") or isinstance(
            layer, keras.layers.Lambda
        ):
            return True
    return False


def infer(model: Any, x: Any, *, training: bool = False) -> list[Any]:
    """Return what a model gives for `x`; Keras warns where it wants `[x]`."""
    import keras

    structure = getattr(model, "_inputs_struct", None)
    is_one = structure is not None and len(keras.tree.flatten(x)) == len(model.inputs) == 1
    given = keras.tree.pack_sequence_as(structure, keras.tree.flatten(x)) if is_one else x
    return list(keras.tree.flatten(model(given, training=training)))


def input_structure(functional: Any) -> Any:
    """Return how a model takes its inputs: one, a list, or a dict by name."""
    return functional._inputs_struct


# Compiling and training.


def compile_settings(model: Any) -> dict[str, Any]:
    """Return the arguments that a compiled model was compiled with."""
    return dict(model._compile_config.config)


def own_ways(model: Any, methods: Sequence[str]) -> list[str]:
    """Return which of these methods the class of a model has of its own."""
    import keras

    return [m for m in methods if getattr(type(model), m) is not getattr(keras.Model, m)]


def trains_in_its_own_way(model: Any) -> bool:
    """Tell whether the class of a model says itself what a training step is."""
    return bool(own_ways(model, ("train_step", "compute_loss", "compute_metrics", "test_step")))


def call_losses(model: Any) -> list[Any]:
    """Return the layers in a model that add to the loss with what passes through them."""
    found = layers_in(model)
    return [one for one in found if getattr(one, "activity_regularizer", None) or one._losses]


def build_training(model: Any, batch: Any) -> None:
    """Create the variables of optimizer and metrics: a compiled loop cannot."""
    model._symbolic_build(data_batch=batch)


def has_schedule(optimizer: Any) -> bool:
    """Tell whether the learning rate of an optimizer follows a schedule."""
    import keras

    schedule = keras.optimizers.schedules.LearningRateSchedule
    return isinstance(optimizer._learning_rate, schedule)


def carry_exclusions(optimizer: Any, fresh: Any, twins: Sequence[tuple[Any, Any]]) -> None:
    """Let a fresh optimizer spare from weight decay what the old one spares.

    `twins` are pairs of a variable and the one that takes its place.
    """
    old, new = (getattr(o, "inner_optimizer", o) for o in (optimizer, fresh))
    if spares_from_decay(old):
        spared = getattr(old, "_exclude_from_weight_decay", None)
        pattern = getattr(old, "_exclude_from_weight_decay_pattern", None)
        place = {old._var_key(one): new._var_key(two) for one, two in twins}
        new._exclude_from_weight_decay = {place.get(key, key) for key in spared or ()}
        new._exclude_from_weight_decay_pattern = pattern
        new._exclude_from_weight_decay_cache = {}


def spares_from_decay(optimizer: Any) -> bool:
    """Tell whether some variables are spared from weight decay: no configuration says so."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    names = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    return any(getattr(inner, name, None) for name in names)


def rebuilt(value: Any) -> Any:
    """Make a metric or optimizer anew from its configuration; None where that does not tell all.

    One's own class may lack `get_config`, or tell too little for `from_config`.
    """
    try:
        return type(value).from_config(value.get_config())
    except (NotImplementedError, TypeError, ValueError, KeyError, AttributeError):
        return None


def unbuilt_copy(optimizer: Any) -> Any:
    """Copy an optimizer that cannot be made from its configuration, as it was before `build`."""
    shared = [*optimizer._trainable_variables, getattr(optimizer, "_distribution_strategy", None)]
    twin = _deep_copy(optimizer, {id(value): value for value in shared})
    own = twin._variables
    keep = [v for v in own if v is twin._iterations or v is twin._learning_rate]
    own[:] = keep  # in place: what tracks new variables knows this very list
    twin._iterations.assign(0)
    twin._trainable_variables, twin._trainable_variables_indices = [], {}
    twin.built = False
    return twin


def unsaved_copy(metric: Any) -> Any:
    """Copy a metric that cannot be made from its configuration, with a state of its own."""
    return _deep_copy(metric, {})


def _deep_copy(value: Any, known: dict[int, Any]) -> Any:
    # Keras' own way of copying goes through `get_config`.
    twin = object.__new__(type(value))
    memo = {**known, id(value): twin}
    twin.__dict__.update(copy.deepcopy(value.__dict__, memo))
    return twin


def state_of(optimizer: Any) -> list[Any]:
    """Return an optimizer's variables without its learning rate."""
    return [v for v in optimizer.variables if v is not optimizer._learning_rate]


def train_on_one_replica(optimizer: Any) -> None:
    """Let an optimizer not sum gradients over replicas, because there is only one.

    Keras asks TensorFlow to sum all the same, which registers a gradient function under a new
    name, for good, and with it the whole compiled graph and the optimizer's state
    (tensorflow#97697; measured: 90 MB for each deep cut of Lite0).
    """
    optimizer._all_reduce_sum_gradients = lambda gradients: gradients
