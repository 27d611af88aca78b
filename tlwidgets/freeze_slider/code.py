"""The Keras script of what the slider shows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from .state import Choice, Subject

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
{validation}"""


def _data(subject: Subject, choice: Choice) -> str:
    share = "All" if choice.n_labels == subject.n_train else f"{choice.n_labels:,} of the"
    first = "" if choice.n_labels == subject.n_train else f"[:{choice.n_labels}]"
    return (
        f"# {share} {subject.n_train:,} labels, in the order in which the slider took them.\n"
        f"chosen = np.random.default_rng({choice.seed}).permutation({subject.n_train}){first}\n"
        "x_train, y_train = x[chosen], y[chosen]\n"
    )


def _flags(subject: Subject, choice: Choice) -> str:
    frozen = [name for block in subject.blocks[: choice.cut] for name in block.layers]
    trained = [name for block in subject.blocks[choice.cut :] for name in block.layers]
    note = "# The flags come before `compile`: later, `fit` would not see them.\n"
    if set(frozen) & set(trained):  # a nested model has layers of the same names
        return (
            f"{note}from tlwidgets.freezing import set_trainable\n\n"
            f"set_trainable(model, {choice.cut}, "
            f"keep_batchnorm_frozen={choice.keep_batchnorm_frozen})\n"
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
        f"    shuffle=False,  # so that you get the very numbers of the slider\n{validation})\n"
    )
