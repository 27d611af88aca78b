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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ._check import missing_package

_STANDARD_ERROR = 2


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


def own_parameters(layer: Any) -> list[Any]:
    """Return the variables of a layer alone: no inner layers, no states of random generators."""
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def is_random_in_training(operation: Any) -> bool:
    """Tell whether a layer, or one in it, draws random numbers: Dropout, augmentation, noise."""
    return any(inner._seed_generators for inner in layers_in(operation))


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


def infer(model: Any, x: Any) -> list[Any]:
    """Return what a model gives for `x`, its one input; Keras warns where it wants `[x]`."""
    import keras

    structure = getattr(model, "_inputs_struct", None)
    given = x if structure is None else keras.tree.pack_sequence_as(structure, [x])
    return list(keras.tree.flatten(model(given, training=False)))


# Compiling and training.


def compile_settings(model: Any) -> dict[str, Any]:
    """Return the arguments that a compiled model was compiled with."""
    return dict(model._compile_config.config)


def build_training(model: Any, batch: Any) -> None:
    """Create the variables of optimizer and metrics: a compiled loop cannot."""
    model._symbolic_build(data_batch=batch)


def has_schedule(optimizer: Any) -> bool:
    """Tell whether the learning rate of an optimizer follows a schedule."""
    import keras

    schedule = keras.optimizers.schedules.LearningRateSchedule
    return isinstance(optimizer._learning_rate, schedule)


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
