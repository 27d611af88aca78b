"""MiniLM, a transformer that turns a sentence into 384 numbers, in Keras.

BERT's encoder (Devlin et al. 2019) made small by distillation (Wang et al. 2020): embeddings, then
blocks in which each piece of a word looks at all others (attention) and is changed by two dense
layers. Trained to put sentences of like meaning side by side (Reimers and Gurevych 2019).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from .. import _check
from ..data.catalog import read_catalog, shipped_path, verify
from .wordpiece import LONGEST

N_BLOCKS = 6
_N_PIECES, _WIDTH, _N_HEADS, _HIDDEN = 30_522, 384, 12, 1536
_EPSILON = 1e-12

Tensors = Mapping[str, NDArray[Any]]


def load_text_encoder(
    length: int = 32, *, n_blocks: int = N_BLOCKS, checkpoint: str | Path | None = "minilm"
) -> keras.Model:
    """Give me a pretrained network that turns sentences into features.

    It takes numbers of pieces, as `load_tokenizer` makes them; `extract_features` takes texts.

    Parameters
    ----------
    length : int, 3..512, pieces
        Of a sentence, with begin and end. Time and memory grow with it.
    n_blocks : int, 1..6
        The blocks that are kept, from the first: features of an earlier depth, in less time.
    checkpoint : "minilm", path or None
        Where the parameters come from: all-MiniLM-L6-v2 as it ships with tlwidgets, in 8 bits a
        number; a file `model.safetensors` of the same architecture, in full; or None for random
        ones.

    Returns
    -------
    keras.Model
        Functional, named "minilm". Input: int32, shape (n, length), 0 where a sentence has ended.
        Output: 384 features, the mean over the pieces. Its blocks: embeddings, block1, block2 ...

    Raises
    ------
    TypeError, ValueError
        If an argument is not usable, or a file is damaged or of another network.

    Notes
    -----
    The last of the six blocks was trained to tell what a sentence is about; for other questions an
    earlier one may be better. Three of the 384 features of the last block are always nearly 0.
    Divide no feature by its standard deviation without looking at it.

    References
    ----------
    Wang et al. (2020), MiniLM: deep self-attention distillation, NeurIPS. Reimers and Gurevych
    (2019), Sentence-BERT, EMNLP.

    Examples
    --------
    >>> network = load_text_encoder(16, n_blocks=1, checkpoint=None)
    >>> network.input_shape, network.output_shape
    ((None, 16), (None, 384))
    """
    length = _check.whole_number(
        "length", length, low=3, high=LONGEST, meaning="the pieces of a sentence"
    )
    n_blocks = _check.whole_number(
        "n_blocks", n_blocks, low=1, high=N_BLOCKS, meaning="the blocks to keep"
    )
    read = _reader(checkpoint)
    network = _build(length, n_blocks)
    if read is not None:
        read(network)
    return network


def _reader(checkpoint: object) -> Callable[[keras.Model], None] | None:
    """Return what gives a network its parameters; a file is read before anything is built."""
    if checkpoint is None:
        return None
    if not isinstance(checkpoint, str | Path):
        raise TypeError(
            f"`checkpoint` must be 'minilm', None or the path of a file; got {checkpoint!r}."
        )
    if checkpoint == "minilm":
        return _read_shipped
    path = Path(checkpoint)
    if not path.is_file():
        raise ValueError(
            f"`checkpoint` must be 'minilm', None or the path of a file; got {str(checkpoint)!r}, "
            "and there is no such file."
        )
    tensors = read_safetensors(path)
    return lambda network: _copy(network, tensors, path.name)


def _build(length: int, n_blocks: int) -> keras.Model:
    """Build the network with random parameters; names tell the block of each layer."""
    pieces = keras.Input((length,), dtype="int32", name="pieces")
    is_piece = ops.cast(ops.not_equal(pieces, 0), "float32")
    places = ops.cumsum(ops.ones_like(pieces), axis=1) - 1
    tables = {"embeddings_words": (_N_PIECES, pieces), "embeddings_places": (LONGEST, places)}
    looked_up = [
        layers.Embedding(n, _WIDTH, embeddings_initializer=_small(), name=name)(numbers)
        for name, (n, numbers) in tables.items()
    ]
    x = layers.Add(name="embeddings_add")(looked_up)
    x = layers.LayerNormalization(epsilon=_EPSILON, name="embeddings_norm")(x)
    # All blocks take the same mask, so that a cut between two of them crosses it once.
    mask = ops.expand_dims(is_piece, 1)
    for number in range(1, n_blocks + 1):
        x = _block(x, mask, f"block{number}_")
    x = layers.GlobalAveragePooling1D(name="pool")(x, mask=is_piece)
    return keras.Model(pieces, x, name="minilm")


def _small() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)


def _block(x: Any, mask: Any, prefix: str) -> Any:
    """Add what attention finds, and what two dense layers make of it; normalise after each."""
    attention = layers.MultiHeadAttention(
        _N_HEADS, _WIDTH // _N_HEADS, kernel_initializer=_small(), name=f"{prefix}attention"
    )
    seen = attention(x, x, attention_mask=mask)
    x = layers.Add(name=f"{prefix}attention_add")([x, seen])
    x = layers.LayerNormalization(epsilon=_EPSILON, name=f"{prefix}attention_norm")(x)
    wide = layers.Dense(
        _HIDDEN, activation="gelu", kernel_initializer=_small(), name=f"{prefix}wide"
    )(x)
    narrow = layers.Dense(_WIDTH, kernel_initializer=_small(), name=f"{prefix}narrow")(wide)
    x = layers.Add(name=f"{prefix}add")([x, narrow])
    return layers.LayerNormalization(epsilon=_EPSILON, name=f"{prefix}norm")(x)


# The file that ships: 8 bits a number, with one scale for each column of a matrix (of the tables
# for each row, a piece). It was made by `datasets/minilm/build.py`, which uses `quantise`.

_SCALE = ":scale"
_LARGEST_INT8 = 127


def quantise(name: str, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return a variable in 8 bits and its scales; vectors stay as they are."""
    if not _is_matrix(name):
        return {name: values.astype(np.float32)}
    flat = _as_matrix(name, values)
    largest = np.abs(flat).max(axis=int(name.startswith("embeddings")), keepdims=True)
    scale = np.maximum(largest, np.finfo(np.float32).tiny) / _LARGEST_INT8
    numbers = np.rint(flat / scale).astype(np.int8)
    return {name: numbers.reshape(values.shape), name + _SCALE: scale.astype(np.float32)}


def _dequantise(name: str, archive: Tensors) -> NDArray[Any]:
    values = archive[name]
    if not _is_matrix(name):
        return values
    return (_as_matrix(name, values) * archive[name + _SCALE]).reshape(values.shape)


def _is_matrix(name: str) -> bool:
    return name.endswith(("kernel", "embeddings"))


def _as_matrix(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Return inputs by outputs; attention has heads and their size in two axes, on either side."""
    n_inputs = math.prod(values.shape[:-1] if "attention_output" in name else values.shape[:1])
    return values.reshape(n_inputs, -1)


def _read_shipped(network: keras.Model) -> None:
    entry = read_catalog()["minilm"]
    path = shipped_path(entry)
    verify(path, entry.sha256, what="load_text_encoder()")
    with np.load(path, allow_pickle=False) as archive:
        for variable in network.variables:
            variable.assign(_dequantise(variable.path, archive))


# The full file, for who has it. Its format, safetensors: 8 bytes with the length of a JSON header,
# which tells of each tensor where its raw numbers begin and end. There is nothing in it to run.

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1"}
_MOST_HEADER_BYTES = 100_000_000


def read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """Read every tensor of a safetensors file, or say that it is none."""
    raw = np.fromfile(path, np.uint8)
    try:
        n_header = int.from_bytes(raw[:8].tobytes(), "little")
        if not 2 <= n_header <= min(len(raw) - 8, _MOST_HEADER_BYTES):
            raise ValueError("no header where there should be one")
        header = json.loads(raw[8 : 8 + n_header].tobytes())
        body = raw[8 + n_header :]
        return {
            name: _tensor(body, **entry) for name, entry in header.items() if name != "__metadata__"
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"`checkpoint`: {path.name} ({len(raw):,} bytes) is not a whole safetensors file: "
            f"{error}. Copy it again; its format begins with the length of a JSON header."
        ) from None


def _tensor(
    body: NDArray[np.uint8], *, dtype: str, shape: list[int], data_offsets: list[int]
) -> NDArray[Any]:
    begin, end = data_offsets
    kind = np.dtype(_DTYPES[dtype])
    if not 0 <= begin <= end <= len(body) or end - begin != math.prod(shape) * kind.itemsize:
        raise ValueError(f"a tensor should end at byte {end:,}, and there are {len(body):,}")
    return body[begin:end].view(kind).reshape(shape)


def _copy(network: keras.Model, tensors: Tensors, file: str) -> None:
    """Give a network the tensors of the original; nothing is changed unless all fit."""
    wanted = {layer: _of_layer(layer, tensors, file) for layer in network.layers if layer.weights}
    for layer, values in wanted.items():
        layer.set_weights(values)


_KINDS = ("weight", "bias")
_OF_EMBEDDINGS = {
    "words": ("word_embeddings.weight",),
    "places": ("position_embeddings.weight", "token_type_embeddings.weight"),
    "norm": ("LayerNorm.weight", "LayerNorm.bias"),
}
_OF_BLOCK = {
    "attention": (
        *(f"attention.self.{name}" for name in ("query", "key", "value")),
        "attention.output.dense",
    ),
    "attention_norm": ("attention.output.LayerNorm",),
    "wide": ("intermediate.dense",),
    "narrow": ("output.dense",),
    "norm": ("output.LayerNorm",),
}


def _of_layer(layer: layers.Layer, tensors: Tensors, file: str) -> list[NDArray[Any]]:
    """Return the parameters of a layer in Keras' order and axes."""
    block, _, part = layer.name.partition("_")
    if block == "embeddings":
        found = [_named(f"embeddings.{name}", tensors, file) for name in _OF_EMBEDDINGS[part]]
        if part == "places":  # one sentence at a time, so its kind is always the first
            found = [found[0] + found[1][0]]
    else:
        prefix = f"encoder.layer.{int(block.removeprefix('block')) - 1}."
        names = [f"{prefix}{step}.{kind}" for step in _OF_BLOCK[part] for kind in _KINDS]
        found = [_named(name, tensors, file).T for name in names]
    return [_fitted(v, w, file) for v, w in zip(found, layer.weights, strict=True)]


def _named(name: str, tensors: Tensors, file: str) -> NDArray[Any]:
    if name not in tensors:
        raise ValueError(
            f"`checkpoint`: {file} has no tensor {name!r}: it is not a BERT encoder of this "
            f"architecture. It has {len(tensors)} tensors, for instance "
            f"{next(iter(tensors), 'none')!r}. Take the model.safetensors of all-MiniLM-L6-v2."
        )
    return tensors[name]


def _fitted(values: NDArray[Any], variable: keras.Variable, file: str) -> NDArray[np.float32]:
    """Return a parameter as the variable has it: in the file heads are not parted."""
    expected = tuple(variable.shape)
    if "attention/" in variable.path:
        expected = (_WIDTH,) * (2 if _is_matrix(variable.path) else 1)
    if values.shape != expected:
        raise ValueError(
            f"`checkpoint`: {file} is of another network: {variable.path} should have the shape "
            f"{expected}, and has {values.shape}. Take the model.safetensors of all-MiniLM-L6-v2."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            f"`checkpoint`: {file} has NaN or infinite numbers in {variable.path}: the training it "
            "comes from went wrong. Take an earlier file."
        )
    return values.reshape(tuple(variable.shape)).astype(np.float32)
