"""The Keras script of what the slider shows."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from .._keras import (
    frozen_alone,
    has_automatic_name,
    has_schedule,
    layers_in,
    spares_from_decay,
)
from ..freezing.graph import batchnorms_in

if TYPE_CHECKING:
    from ..freezing.blocks import Layout
    from .experiment import Choice, Subject

_FLAGS = """\
def layers_of(model):
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from layers_of(layer)


model.trainable = True
{loop}:
    if isinstance(layer, keras.Model):
        layer.trainable = True  # so that its layers decide, one by one
    else:
        layer.trainable = {rule}{batchnorm}
"""
_BATCHNORM = """
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False  # its statistics come from far more images than yours"""
_BY_NAME, _BY_PLACE = "for layer in layers_of(model)", "for i, layer in enumerate(layers_of(model))"


def to_code(subject: Subject, choice: Choice) -> str:
    """Return a complete script: data, flags, compile, fit; nothing but Keras and NumPy.

    It uses the learner's own names `model`, `x`, `y` and, if there is one, `x_val`, `y_val`.
    """
    parts = [
        _beginning(subject, choice),
        _data(subject, choice),
        _flags(subject, choice),
        _compile(subject, choice),
        _fit(subject, choice),
    ]
    return "\n".join(part for part in parts if part)


def covering_prefixes(chosen: Sequence[str], others: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the beginnings of names, and whole names, that tell the chosen from the others.

    Examples
    --------
    >>> covering_prefixes(["block5_conv1", "block5_conv2", "dense"], ["block4_conv1", "dense_1"])
    (['block5_'], ['dense'])
    """
    others = list(others)
    prefixes: list[str] = []
    names: list[str] = []
    for name in chosen:
        if name.startswith(tuple(prefixes)) or name in names:
            continue
        words = name.split("_")
        beginnings = ["_".join(words[:n]) + "_" for n in range(1, len(words))]
        free = [b for b in beginnings if not any(o.startswith(b) for o in others)]
        if free and sum(other.startswith(free[0]) for other in chosen) > 1:
            prefixes.append(free[0])
        else:
            names.append(name)
    return prefixes, names


def _beginning(subject: Subject, choice: Choice) -> str:
    block = subject.blocks[choice.cut].name
    frozen = "nothing is frozen" if choice.cut == 0 else f"everything before {block!r} is frozen"
    is_streamed = subject.is_validation_streamed
    names, batches = ("validation", ", in batches") if is_streamed else ("x_val, y_val", "")
    validation = (
        f"# {names} = ...  # {subject.n_validation:,} examples that only measure{batches}\n"
        if subject.n_validation
        else ""
    )
    names = "train" if subject.is_streamed else "x, y"
    return f"""\
# Train {subject.model_name!r} from block {block!r} on: {frozen}.
import keras
import numpy as np

keras.utils.set_random_seed({choice.seed})

# Yours: the model, compiled, with the parameters that it had when you made the slider; the data.
# model = ...
# {names} = ...  # {subject.n_train:,} examples
{_more_data(subject)}{validation}"""


def _more_data(subject: Subject) -> str:
    lines = {
        "# sample_weight = ...  # how much each of them counts\n": _has_weights(subject),
        "# callbacks = [...]  # those that you gave the slider\n": bool(subject.plan.callbacks),
    }
    return "".join(line for line, is_needed in lines.items() if is_needed)


def _has_weights(subject: Subject) -> bool:
    return subject.has_sample_weight and not subject.is_streamed  # its batches hold them


def _data(subject: Subject, choice: Choice) -> str:
    n, n_train = choice.n_labels, subject.n_train
    if subject.is_streamed:
        return ""
    share = "All" if n == n_train else f"{n:,} of the"
    drawn = f"permutation({n_train})" + ("" if n == n_train else f"[:{n}]")
    if subject.label_order == "given":
        share = share if n == n_train else f"The first {n:,} of the"
        drawn = f"permutation({n})"
    x, y = subject.take_x.format("x"), subject.take_y.format("y")
    taken = f"x_train, y_train = {x}, {y}\n"
    if len(taken) > 80:
        taken = f"x_train = {x}\ny_train = {y}\n"
    if subject.has_sample_weight:
        taken += "sample_weight_train = np.asarray(sample_weight)[chosen]\n"
    return (
        f"# {share} {n_train:,} labels, in the order in which the slider took them.\n"
        f"chosen = np.random.default_rng({choice.seed}).{drawn}\n{taken}"
    )


PLAIN_TAKE = "{}[chosen]"


def code_that_takes(given: Any, read: Any) -> str:
    """Return the code, with a {} for the name, that takes the chosen ones of a learner's data.

    `read` is what became of `given`: an array, or a structure of arrays.
    """
    if read is None:
        return "None"
    if not isinstance(read, np.ndarray):
        return "keras.tree.map_structure(lambda a: np.asarray(a)[chosen], {})"
    if read.dtype.kind in "UOS":  # Keras takes texts as tensors only
        return "keras.ops.convert_to_tensor(np.asarray({})[chosen])"
    if isinstance(given, np.ndarray) and given.dtype.kind != "O":
        return PLAIN_TAKE
    if np.asarray(given).dtype.kind == "O":
        return "np.array(np.asarray({}).tolist())[chosen]"
    return "np.asarray({})[chosen]"  # the rows of a table would be chosen by their names


def _flags(subject: Subject, choice: Choice) -> str:
    note = "# The flags come before `compile`: later, `fit` would not see them.\n"
    if not _is_plain(subject):
        return f"{_our_flags(subject, choice)}\n"
    frozen, trained = (
        list(itertools.chain.from_iterable(some))
        for some in (subject.keys[: choice.cut], subject.keys[choice.cut :])
    )
    if isinstance(subject.keys[0][0], str):
        loop, (constants, rule) = _BY_NAME, _rule(frozen, trained)
    else:
        loop, (constants, rule) = _BY_PLACE, _rule_by_place(frozen, trained)
    batchnorm = textwrap.indent(_BATCHNORM, "    ") if choice.keep_batchnorm_frozen else ""
    return f"{note}{constants}{_FLAGS.format(loop=loop, rule=rule, batchnorm=batchnorm)}"


def _is_plain(subject: Subject) -> bool:
    """Tell whether nothing but Keras does what the slider did."""
    return bool(subject.keys) and subject.compile_code is not None


def _our_flags(subject: Subject, choice: Choice) -> str:
    own = f", blocks={dict(subject.own_blocks)!r}" if subject.own_blocks else ""
    rate = choice.learning_rate
    return (
        "# Sets the flags and compiles the model anew, with what it was compiled with.\n"
        "from tlwidgets.freezing import set_trainable\n\n"
        f"set_trainable(model, {choice.cut}, "
        f"keep_batchnorm_frozen={choice.keep_batchnorm_frozen}{own})\n"
        + ("" if rate is None else f"model.optimizer.learning_rate = {rate!r}\n")
    )


def _rule_by_place(frozen: Sequence[int], trained: Sequence[int]) -> tuple[str, str]:
    """Return the constant and the condition; layers without parameters may be on either side."""
    if not frozen:
        return "\n\n", "True"
    note = "# By their places, because Keras numbers the names of layers anew in each session.\n"
    if max(frozen) < min(trained):
        return f"{note}N_FROZEN = {max(frozen) + 1}\n\n\n", "i >= N_FROZEN"
    return f"{note}{_constant('TRAINED', 'set', trained)}\n\n", "i in TRAINED"


def _rule(frozen: Sequence[str], trained: Sequence[str]) -> tuple[str, str]:
    """Return the constants and the condition that tell which layers train, as short as can be."""
    if not frozen:
        return "\n\n", "True"
    found = [
        (covering_prefixes(trained, frozen), "TRAINED", "{}"),
        (covering_prefixes(frozen, trained), "FROZEN", "not ({})"),
    ]
    (prefixes, names), word, condition = min(found, key=lambda item: sum(map(len, item[0])))
    constants, tests = "", []
    if prefixes:
        constants += _constant(f"{word}_BLOCKS", "tuple", prefixes)
        tests.append(f"layer.name.startswith({word}_BLOCKS)")
    if names:
        constants += _constant(f"{word}_LAYERS", "set", names)
        tests.append(f"layer.name in {word}_LAYERS")
    return f"{constants}\n\n", condition.format(" or ".join(tests))


def _constant(name: str, kind: str, values: Sequence[Any]) -> str:
    left, right = {"tuple": ("(", ",)"), "set": ("{", "}")}[kind]
    inside = ", ".join(repr(value) for value in values)
    line = f"{name} = {left}{inside}{right}\n"
    if len(line) <= 100:
        return line
    body = textwrap.fill(inside, 96, break_long_words=False, break_on_hyphens=False)
    return f"{name} = {left[0]}\n{textwrap.indent(body, '    ')},\n{right[-1]}\n"


def _compile(subject: Subject, choice: Choice) -> str:
    code = subject.compile_code
    if not _is_plain(subject) or code is None:
        return ""
    rate = [] if choice.learning_rate is None else [f"learning_rate={choice.learning_rate!r}"]
    optimizer = f"{code.optimizer}({', '.join([*rate, *code.options])})"
    return (
        f"model.compile(\n    optimizer={optimizer},\n    loss={code.loss},\n"
        f"    metrics={code.metrics},\n)\n"
    )


def _fit(subject: Subject, choice: Choice) -> str:
    validation = "    validation_data=(x_val, y_val),\n" if subject.n_validation else ""
    if subject.is_validation_streamed:
        validation = "    validation_data=validation,\n"
    data = (
        f"    {subject.take_x.format(size=choice.batch_size)},\n"
        if subject.is_streamed
        else f"    x_train,\n    y_train,\n    batch_size={choice.batch_size},\n"
    )
    return (
        f"history = model.fit(\n{data}    epochs={choice.epochs},\n"
        "    shuffle=False,  # so that you get the very numbers of the slider\n"
        f"{validation}{_fit_options(subject)})\n"
    )


def _fit_options(subject: Subject) -> str:
    plan, found = subject.plan, ""
    if _has_weights(subject):
        found += "    sample_weight=sample_weight_train,\n"
    if plan.class_weight is not None:
        found += f"    class_weight={dict(plan.class_weight)!r},\n"
    callbacks = ["*callbacks"] if plan.callbacks else []
    if plan.patience is not None:
        monitored = "val_loss" if subject.n_validation else "loss"
        callbacks.append(
            f"keras.callbacks.EarlyStopping({monitored!r}, patience={plan.patience}, "
            "restore_best_weights=True)"
        )
    return found + (f"    callbacks=[{', '.join(callbacks)}],\n" if callbacks else "")


# How a model was compiled, written as the Python that would do it again.


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileCode:
    """The arguments of `compile`, as code."""

    optimizer: str  # the class, for instance "keras.optimizers.Adam"
    options: tuple[str, ...]  # its arguments that are not the default, without the rate
    loss: str
    metrics: str


def compile_code(settings: Mapping[str, Any]) -> CompileCode | None:
    """Return how to compile with these settings (of a model's `compile`).

    None if something in them cannot be written: not of Keras, a schedule, one for each output.
    """
    optimizer = settings["optimizer"]
    name = _public_name(optimizer, "optimizers")
    options = _options(optimizer) if name and not spares_from_decay(optimizer) else None
    loss = _object_code(settings["loss"], "losses")
    metrics = settings["metrics"] or []
    metrics = metrics if isinstance(metrics, list) else [metrics]
    written = [_object_code(metric, "metrics") for metric in metrics]
    others = (settings.get(key) for key in ("loss_weights", "weighted_metrics", "run_eagerly"))
    if options is None or loss is None or not all(written) or any(others):
        return None
    if has_schedule(optimizer):
        return None
    return CompileCode(
        optimizer=str(name),
        options=tuple(options),
        loss=loss,
        metrics=f"[{', '.join(code for code in written if code)}]",
    )


def _object_code(value: Any, home: str) -> str | None:
    """Return the code of a loss or metric; None if it is not one of Keras' own."""
    if isinstance(value, str):
        return repr(value)
    name = _public_name(value, home)
    options = _options(value) if name else None
    return None if options is None else f"{name}({', '.join(options)})"


def _public_name(value: Any, home: str) -> str | None:
    name = type(value).__name__
    is_public = getattr(getattr(keras, home), name, None) is type(value)
    return f"keras.{home}.{name}" if is_public else None


def _options(value: Any) -> list[str] | None:
    """Return "argument=value" for what differs from the default; None if it cannot be written."""
    try:
        default = type(value)().get_config()
    except TypeError:  # an argument without a default
        default = {}
    skipped = ("name", "learning_rate", "dtype")
    options = {
        key: setting
        for key, setting in value.get_config().items()
        if key not in skipped and setting != default.get(key)
    }
    if any(not isinstance(v, int | float | str | type(None)) for v in options.values()):
        return None
    return [f"{key}={setting!r}" for key, setting in options.items()]


# Which layers belong to which block, so that the script finds them again in another session.

Keys = tuple[tuple[Any, ...], ...]  # names, or places


def keys_of(model: keras.Model, layout: Layout) -> Keys:
    """Return by block the names of its layers, or their places where the names would not do.

    Empty where the script's own loop over the layers does not do what `set_trainable` does: for
    variables frozen one by one, layers that the loop does not reach, models that are one block.
    """
    walked = list(_layers_of(model))
    place = {id(layer): i for i, layer in enumerate(walked)}
    blocks = [layout.layers_of(i) for i in range(len(layout.blocks))]
    decided = [layer for block in blocks for layer in block]
    norms = [norm for layer in decided for norm in batchnorms_in(layer)]
    is_reached = all(id(layer) in place for layer in (*decided, *norms))
    is_opened = not any(isinstance(layer, keras.Model) for layer in decided)
    is_whole = not any(frozen_alone(layer) for layer in layers_in(model))
    if not (is_reached and is_opened and is_whole):
        return ()
    moving = [[layer for layer in block if layer.weights] for block in blocks]
    is_known = len({layer.name for layer in walked}) == len({id(layer) for layer in walked})
    if is_known and not any(has_automatic_name(layer) for block in moving for layer in block):
        return tuple(tuple(layer.name for layer in block) for block in moving)
    return tuple(tuple(place[id(layer)] for layer in block) for block in moving)


def _layers_of(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield the layers in the order of the script's function of that name."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers_of(layer)
