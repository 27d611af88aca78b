"""What a network sees in images or reads in texts: features of its end or of several depths."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike, NDArray

from .. import _check
from .._cache import cached, digest
from ..freezing.activations import fold_batchnorm, gives_the_same
from .wordpiece import check_texts, load_tokenizer

# Raise it when extraction changes, so that old cache entries are not found.
_EXTRACTION_VERSION = 2
# So many images show whether the faster network is the same one.
_N_PROOF = 2


@dataclass(frozen=True, slots=True, eq=False)
class BlockTaps:
    """A network whose output is the pooled features of several of its blocks.

    Parameters
    ----------
    model : keras.Model
        Gives an array of shape (n, sum of the blocks' channels).
    columns : dict of str to slice
        Which columns of that array belong to which block.
    """

    model: keras.Model
    columns: dict[str, slice]


def tap_blocks(backbone: keras.Model, blocks: Sequence[str]) -> BlockTaps:
    """Let me look at several depths of a network at once.

    Parameters
    ----------
    backbone : keras.Model
        Functional, with layers named by block, as `load_backbone` and `load_text_encoder` give.
    blocks : list of str
        Prefixes of layer names, for instance ["stage3", "stage6", "head"]. The last layer
        with four-dimensional output whose name starts so is averaged over its pixels; in a text
        encoder the last one with three-dimensional output over its pieces, without the padding.

    Returns
    -------
    BlockTaps

    Raises
    ------
    TypeError, ValueError
        If a name fits no layer with a feature map.
    """
    _check.functional_model("backbone", backbone)
    rank = 3 if _takes_pieces(backbone) else 4
    maps = {
        layer.name: layer.output for layer in backbone.layers if len(layer.output.shape) == rank
    }
    prefixes = list(dict.fromkeys(name.split("_", 1)[0] for name in maps))
    wanted = (
        [b for b in blocks if isinstance(b, str) and b] if isinstance(blocks, list | tuple) else []
    )
    known = [*prefixes, *(b for b in wanted if any(name.startswith(b) for name in maps))]
    chosen = _check.columns_of("blocks", blocks, list(dict.fromkeys(known)), kind="block")
    mask = ops.not_equal(backbone.inputs[0], 0) if rank == 3 else None
    pooled = [
        _mean([z for name, z in maps.items() if name.startswith(block)][-1], mask, f"pool_{block}")
        for block in chosen
    ]
    joined = layers.Concatenate(name="taps")(pooled) if len(pooled) > 1 else pooled[0]
    ends = np.cumsum([0, *(tensor.shape[-1] for tensor in pooled)]).tolist()
    columns = {
        block: slice(start, end)
        for block, start, end in zip(chosen, ends[:-1], ends[1:], strict=True)
    }
    model = keras.Model(backbone.inputs[0], joined, name=f"{backbone.name}_taps")
    return BlockTaps(model, columns)


def _mean(tensor: keras.KerasTensor, mask: keras.KerasTensor | None, name: str) -> Any:
    if mask is None:
        return layers.GlobalAveragePooling2D(name=name)(tensor)
    return layers.GlobalAveragePooling1D(name=name)(tensor, mask=mask)


def _takes_pieces(model: Any) -> bool:
    """Tell whether a model reads texts: numbers of pieces, 0 where a text has ended."""
    inputs: list[Any] = getattr(model, "inputs", None) or []
    return len(inputs) == 1 and len(inputs[0].shape) == 2 and "int" in str(inputs[0].dtype)


def extract_features(
    backbone: keras.Model, images: ArrayLike, *, batch_size: int = 16, progress: bool = True
) -> NDArray[np.float32]:
    """Tell me what this network sees in these images, or reads in these texts.

    The network runs in inference mode, with BatchNormalization folded into the convolutions
    (the same features up to rounding, in less time). Results are kept on disk: the same
    images or texts and the same network cost nothing the second time.

    Parameters
    ----------
    backbone : keras.Model
        Functional, with one output; for instance of `load_backbone` or `load_text_encoder`.
    images : array, shape (n, height, width) or (n, height, width, 1 or 3), 0..255
        Raw pixels. Grey images are repeated to three channels where the network wants three. To a
        text encoder give a list of n texts: they are split into pieces and made as long as its
        input; of longer ones the end is cut off, with a warning.
    batch_size : int, 1..1024
        Images or texts at a time: more needs more memory, not less time.
    progress : bool
        Show a progress bar while the network works.

    Returns
    -------
    array of float32, shape (n, n_features)
        Or (n, height, width, channels) from a backbone without pooling.

    Raises
    ------
    TypeError, ValueError
        If the images have the wrong shape, type or range, or a size that the network does
        not take; if a text is none.
    """
    batch_size = _check.whole_number(
        "batch_size", batch_size, low=1, high=1024, meaning="the number of images at a time"
    )
    is_text = _takes_pieces(backbone)
    examples = _as_pieces(backbone, images) if is_text else _fit_to(backbone, images)
    key = digest(_EXTRACTION_VERSION, examples, fingerprint(backbone))

    def build() -> dict[str, NDArray[np.float32]]:
        if is_text:
            return {"features": _read(backbone, examples, batch_size, progress)}
        some = as_input(examples[:_N_PROOF], backbone)
        model = fold_batchnorm(backbone)
        if not gives_the_same(backbone, model, some):  # of its own, because `_run` compiles it
            model = keras.Model(backbone.inputs, backbone.outputs, name=backbone.name)
        return {"features": _run(model, examples, batch_size, progress)}

    return cached(f"features-{_unnumbered(backbone.name)}", key, build)["features"]


def fingerprint(model: keras.Model) -> str:
    """Return a hash of a model's architecture and parameters."""
    config = json.dumps(model.get_config() | {"name": ""}, sort_keys=True, default=str)
    # Keras numbers unnamed models, layers and inputs through the session: the same network,
    # built twice, would have two hashes. Such a name says no more than class and place.
    place = {op.name: str(i) for i, op in enumerate(_operations(model)) if _is_automatic(op)}
    config = re.sub(
        r'(?<=")[^"]*(?="(?!:))', lambda quoted: place.get(quoted[0], quoted[0]), config
    )
    state = hashlib.sha256(config.encode())
    for values in model.get_weights():
        state.update(np.ascontiguousarray(values).data)
    return state.hexdigest()


def _operations(model: keras.Model) -> list[keras.Operation]:
    found = model.layers if isinstance(model, keras.Sequential) else model.operations
    return list(found)


def _is_automatic(operation: keras.Operation) -> bool:
    kind = _unnumbered(operation.name)
    return kind == "keras_tensor" or kind.replace("_", "") == type(operation).__name__.lower()


def _unnumbered(name: str) -> str:
    return re.sub(r"_\d+(?=_|$)", "", name)


def _fit_to(backbone: keras.Model, images: ArrayLike) -> NDArray[Any]:
    pixels = _check.images("images", images)
    _one_in_one_out(backbone)
    expected = tuple(backbone.inputs[0].shape[1:])
    sizes_fit = all(
        want in (None, got) for want, got in zip(expected[:2], pixels.shape[1:3], strict=True)
    )
    if not sizes_fit or pixels.shape[-1] not in (1, expected[-1]):
        raise ValueError(
            f"`images` must fit the network's input {expected}; got images of shape "
            f"{pixels.shape[1:]}. Load the images at that size, or the network with "
            f"input_size={pixels.shape[1]}."
        )
    return pixels


def _one_in_one_out(backbone: keras.Model) -> None:
    _check.functional_model("backbone", backbone)
    if len(backbone.outputs) != 1 or len(backbone.inputs) != 1:
        raise ValueError(
            "`backbone` must have one input and one output; "
            f"got {len(backbone.inputs)} and {len(backbone.outputs)}."
        )


def _as_pieces(backbone: keras.Model, texts: Any) -> NDArray[np.int32]:
    _one_in_one_out(backbone)
    texts, tokenizer = check_texts("texts", texts), load_tokenizer()
    n_known = [layer.input_dim for layer in backbone.layers if isinstance(layer, layers.Embedding)]
    if len(tokenizer.vocabulary) not in n_known:
        raise ValueError(
            f"`backbone` must know the {len(tokenizer.vocabulary):,} pieces of load_tokenizer(); "
            f"{backbone.name} has embeddings for {n_known or 'none'}. Take load_text_encoder()."
        )
    return tokenizer(texts, backbone.inputs[0].shape[1])


def as_input(pixels: NDArray[Any], model: keras.Model) -> NDArray[Any]:
    """Return pixels as the network takes them: decimals, grey repeated to all channels."""
    if _takes_pieces(model):
        return pixels
    channels = model.inputs[0].shape[-1]
    batch = pixels.astype(np.float32)
    return batch if batch.shape[-1] == channels else np.repeat(batch, channels, axis=-1)


def _read(
    network: keras.Model, pieces: NDArray[np.int32], batch_size: int, progress: bool
) -> NDArray[np.float32]:
    """Run texts of like length together, without the padding that none of them needs."""
    order = np.argsort(-np.count_nonzero(pieces, axis=1), kind="stable")
    # The layers themselves, so their parameters are there once (measured: half the time, with
    # sentences of 21 pieces at a length of 40).
    any_length = keras.Input((None,), dtype=network.inputs[0].dtype)
    twin = keras.models.clone_model(
        network, input_tensors=any_length, clone_function=lambda layer: layer
    )
    found = _run(twin, pieces[order], batch_size, progress)
    return found[np.argsort(order)]


def _run(
    model: keras.Model, pixels: NDArray[Any], batch_size: int, progress: bool
) -> NDArray[np.float32]:
    from tqdm.auto import tqdm

    # One batch after the other: two at a time are an eighth quicker and need 120 MB more (measured
    # with 16 images of 160 px), which a notebook with 2 GB has not got.
    # XLA on CPU compiles for seconds and then runs slower (measured: 10 times at 96 px).
    model.compile(jit_compile=False)
    found: list[NDArray[np.float32]] = []
    batch_size = min(batch_size, len(pixels))
    starts = range(0, len(pixels), batch_size)
    for start in tqdm(starts, desc="extracting features", unit="batch", disable=not progress):
        batch = as_input(pixels[start : start + batch_size], model)
        if _takes_pieces(model):
            batch = batch[:, : np.count_nonzero(batch, axis=1).max()]
        # A last batch of another size would be traced anew: fill it up, cut it off below.
        n_missing = batch_size - len(batch)
        batch = np.concatenate([batch, np.zeros((n_missing, *batch.shape[1:]), batch.dtype)])
        # A network of half precision gives half precision.
        found.append(np.asarray(model.predict_on_batch(batch), np.float32))
    return np.concatenate(found)[: len(pixels)]
