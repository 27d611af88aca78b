"""How a model was compiled, written as the Python that would do it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileCode:
    """The arguments of `compile`, as code.

    Parameters
    ----------
    optimizer : str
        The class, for instance "keras.optimizers.Adam".
    options : tuple of str
        Its arguments that are not the default, without the learning rate.
    learning_rate : float or None
        None where a schedule decides it.
    loss, metrics : str
        What is not Keras' own is taken from the learner's model: "model.loss".
    """

    optimizer: str
    options: tuple[str, ...]
    learning_rate: float | None
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
