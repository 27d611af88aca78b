"""The Keras script of what the slider shows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from .experiment import Choice, Subject

_FLAGS = """\
def layers_of(model):
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from layers_of(layer)


model.trainable = True
for layer in layers_of(model):
    if isinstance(layer, keras.Model):
        layer.trainable = True  # so that its layers decide, one by one
    else:
        layer.trainable = {rule}{batchnorm}
"""
_BATCHNORM = """
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False  # its statistics come from far more images than yours"""


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
    return "\n".join(parts)


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
    validation = (
        f"# x_val, y_val = ...  # {subject.n_validation:,} examples that only measure\n"
        if subject.n_validation
        else ""
    )
    return f"""\
# Train {subject.model_name!r} from block {block!r} on: {frozen}.
import keras
import numpy as np

keras.utils.set_random_seed({choice.seed})

# Yours: the model with the parameters that it had when you made the slider, and the data.
# model = ...
# x, y = ...  # {subject.n_train:,} examples
{_more_data(subject)}{validation}"""


def _more_data(subject: Subject) -> str:
    lines = {
        "# sample_weight = ...  # how much each of them counts\n": subject.has_sample_weight,
        "# callbacks = [...]  # those that you gave the slider\n": bool(subject.plan.callbacks),
    }
    return "".join(line for line, is_needed in lines.items() if is_needed)


def _data(subject: Subject, choice: Choice) -> str:
    n, n_train = choice.n_labels, subject.n_train
    share = "All" if n == n_train else f"{n:,} of the"
    drawn = f"permutation({n_train})" + ("" if n == n_train else f"[:{n}]")
    if subject.label_order == "given":
        share = share if n == n_train else f"The first {n:,} of the"
        drawn = f"permutation({n})"
    taken = "x_train, y_train = x[chosen], y[chosen]\n"
    if subject.has_structure:
        taken = "".join(
            f"{name}_train = keras.tree.map_structure(lambda a: np.asarray(a)[chosen], {name})\n"
            for name in "xy"
        )
    if subject.has_sample_weight:
        taken += "sample_weight_train = sample_weight[chosen]\n"
    return (
        f"# {share} {n_train:,} labels, in the order in which the slider took them.\n"
        f"chosen = np.random.default_rng({choice.seed}).{drawn}\n{taken}"
    )


def _flags(subject: Subject, choice: Choice) -> str:
    frozen = [name for block in subject.blocks[: choice.cut] for name in block.layers]
    trained = [name for block in subject.blocks[choice.cut :] for name in block.layers]
    note = "# The flags come before `compile`: later, `fit` would not see them.\n"
    own = f", blocks={dict(subject.own_blocks)!r}" if subject.own_blocks else ""
    if set(frozen) & set(trained):  # a nested model has layers of the same names
        return (
            f"{note}from tlwidgets.freezing import set_trainable\n\n"
            f"set_trainable(model, {choice.cut}, "
            f"keep_batchnorm_frozen={choice.keep_batchnorm_frozen}{own})\n"
        )
    constants, rule = _rule(frozen, trained)
    batchnorm = textwrap.indent(_BATCHNORM, "    ") if choice.keep_batchnorm_frozen else ""
    return f"{note}{constants}{_FLAGS.format(rule=rule, batchnorm=batchnorm)}"


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


def _constant(name: str, kind: str, values: Sequence[str]) -> str:
    left, right = {"tuple": ("(", ",)"), "set": ("{", "}")}[kind]
    inside = ", ".join(repr(value) for value in values)
    line = f"{name} = {left}{inside}{right}\n"
    if len(line) <= 100:
        return line
    body = textwrap.fill(inside, 96, break_long_words=False, break_on_hyphens=False)
    return f"{name} = {left[0]}\n{textwrap.indent(body, '    ')},\n{right[-1]}\n"


def _compile(subject: Subject, choice: Choice) -> str:
    code = subject.compile_code
    rate = code.learning_rate if choice.learning_rate is None else choice.learning_rate
    if rate is None or code.optimizer.startswith("type("):
        change = "" if rate is None else f"config['learning_rate'] = {rate!r}\n"
        optimizer = "type(model.optimizer).from_config(config)"
        before = f"config = model.optimizer.get_config()\n{change}"
    else:
        optimizer = f"{code.optimizer}({', '.join((f'learning_rate={rate!r}', *code.options))})"
        before = ""
    return (
        f"{before}model.compile(\n    optimizer={optimizer},\n    loss={code.loss},\n"
        f"    metrics={code.metrics},\n)\n"
    )


def _fit(subject: Subject, choice: Choice) -> str:
    validation = "    validation_data=(x_val, y_val),\n" if subject.n_validation else ""
    return (
        "history = model.fit(\n    x_train,\n    y_train,\n"
        f"    batch_size={choice.batch_size},\n    epochs={choice.epochs},\n"
        "    shuffle=False,  # so that you get the very numbers of the slider\n"
        f"{validation}{_fit_options(subject)})\n"
    )


def _fit_options(subject: Subject) -> str:
    plan, found = subject.plan, ""
    if subject.has_sample_weight:
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
    learning_rate: float | None  # None where a schedule decides it
    # What is not Keras' own is taken from the learner's model: "model.loss".
    loss: str
    metrics: str


def compile_code(settings: Mapping[str, Any], learning_rate: float | None) -> CompileCode:
    """Return how to compile with these settings (of a model's `compile`)."""
    optimizer = settings["optimizer"]
    name = _public_name(optimizer, "optimizers")
    options = _options(optimizer) if name else None
    metrics = settings["metrics"] or []
    metrics = metrics if isinstance(metrics, list) else [metrics]
    written = [_object_code(metric, "metrics") for metric in metrics]
    return CompileCode(
        optimizer=name or "type(model.optimizer)",
        options=tuple(options or ()),
        learning_rate=learning_rate,
        loss=_object_code(settings["loss"], "losses") or "model.loss",
        metrics=(
            f"[{', '.join(code for code in written if code)}]"
            if all(written)
            else "model._compile_config.config['metrics']"
        ),
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
