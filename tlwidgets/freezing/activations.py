"""Keep what the frozen blocks make of the data, so that it is computed only once.

Frozen blocks give the same output for an image in every epoch. Up to a budget it is kept in
memory, beyond it in files that are mapped into memory and removed with their owner. A deeper
cut starts from the nearest kept one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import filelock
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import DTypeLike, NDArray

from .. import _keras
from .blocks import Layout
from .graph import batchnorms_in, build_between, read_graph

# In inference a BatchNormalization is y = g (x - m) / sqrt(v + e) + b: one factor and one
# offset per channel. Both can be multiplied into the kernel and bias of the convolution that
# feeds it. The features stay the same (to 1e-5); extraction needs a third less CPU time.
# Not for training: the folded network has no batch statistics left.
_FOLDABLE = (layers.Conv2D, layers.DepthwiseConv2D)
# Larger batches are not faster on a processor (measured: 16 to 32), only hungrier.
_BATCH_SIZE = 32
# TensorFlow takes over NumPy's memory without a copy where it begins at such an address.
_ALIGNMENT = 64
_PREFIX, _LOCK = "tlwidgets-activations-", "owner.lock"
_SECONDS_TO_LOCK = 60.0  # a folder that is younger may just be about to get its lock
_PIECE = 1_000_000  # bytes that are written at once

ShouldStop = Callable[[], bool]
OnProgress = Callable[[float], None]


def fold_batchnorm(model: keras.Model) -> keras.Model:
    """Copy a network into one that computes the same features faster; it is not trainable.

    Folded is a BatchNormalization that alone follows a convolution without activation; the rest is
    copied as it is.
    """
    return Folding(model).folded


class Folding:
    """A network and its faster copy, kept together while the network's parameters change."""

    def __init__(self, model: keras.Model) -> None:
        if isinstance(model, keras.Sequential):  # Keras copies it in a way that cannot be steered
            model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
        self._pairs = _foldable_pairs(model)
        absorbed = {norm.name for norm in self._pairs.values()}

        # A layer of one's own may forget its name, so each is kept with its copy.
        self._twins: list[tuple[keras.Layer, keras.Layer]] = []

        def copy(layer: keras.Layer) -> keras.Layer:
            if layer.name in absorbed:
                return layers.Identity(name=layer.name)
            config = layer.get_config()
            if layer.name in self._pairs:
                config["use_bias"] = True
            self._twins.append((layer, type(layer).from_config(config)))
            return self._twins[-1][1]

        def call(layer: keras.Layer, *args: Any, **kwargs: Any) -> Any:
            # An Identity knows none of the keywords that the BatchNormalization was called with.
            return layer(args[0]) if layer.name in absorbed else layer(*args, **kwargs)

        self.folded = keras.models.clone_model(model, clone_function=copy, call_function=call)
        self.update()
        self.folded.trainable = False

    def update(self) -> None:
        """Carry the network's parameters, as they are now, over to the copy."""
        for layer, twin in self._twins:
            if layer.name in self._pairs:
                twin.set_weights(_fold(layer, self._pairs[layer.name]))
            else:
                _keras.carry_state(layer, twin)


def _foldable_pairs(model: keras.Model) -> dict[str, keras.Layer]:
    """Return the BatchNormalization that each convolution can absorb, by the latter's name."""
    outputs = {id(tensor) for tensor in model.outputs}
    pairs: dict[str, keras.Layer] = {}
    for layer in model.layers:
        if not isinstance(layer, layers.BatchNormalization) or _keras.count_calls(layer) != 1:
            continue
        feeder = _keras.maker_of(layer.input)
        if (
            isinstance(feeder, _FOLDABLE)
            and feeder.activation is keras.activations.linear
            and feeder.data_format == "channels_last"
            and layer.axis in (-1, 3)
            and _keras.count_readers(feeder) == 1
            and _keras.count_calls(feeder) == 1
            and id(feeder.output) not in outputs
        ):
            pairs[feeder.name] = layer
    return pairs


def _fold(convolution: keras.Layer, norm: keras.Layer) -> list[np.ndarray]:
    kernel, *bias = convolution.get_weights()
    mean, variance = (np.asarray(v) for v in (norm.moving_mean, norm.moving_variance))
    factor = (np.asarray(norm.gamma) if norm.scale else 1.0) / np.sqrt(variance + norm.epsilon)
    offset = (np.asarray(norm.beta) if norm.center else 0.0) + factor * (
        (bias[0] if bias else 0.0) - mean
    )
    if isinstance(convolution, layers.DepthwiseConv2D):  # kernel: (h, w, channels, multiplier)
        return [kernel * factor.reshape(kernel.shape[2:]), offset]
    return [kernel * factor, offset]


def gives_the_same(model: keras.Model, twin: keras.Model, x: NDArray[Any]) -> bool:
    """Tell whether a copy gives what the model gives for some examples, up to rounding.

    What a layer keeps where we do not look for it is noticed here, before a number is shown.
    """
    if any(getattr(layer, "stateful", False) for layer in model.layers):
        return True  # asking would change what the learner's model remembers
    is_half = any("float16" in layer.compute_dtype for layer in model.layers if layer.compute_dtype)
    tolerance = 0.05 if is_half else 0.001
    pairs = zip(_keras.infer(model, x), _keras.infer(twin, x), strict=True)
    return all(_is_close(np.asarray(a, float), np.asarray(b, float), tolerance) for a, b in pairs)


def _is_close(wanted: NDArray[Any], found: NDArray[Any], tolerance: float) -> bool:
    finite = wanted[np.isfinite(wanted)]
    scale = float(np.abs(finite).max()) if finite.size else 0.0
    return bool(np.allclose(wanted, found, rtol=0, atol=tolerance * scale, equal_nan=True))


class NoRoomError(OSError):
    """The temporary folder has no room for activations."""


class ActivationStore:
    """Room for arrays: in memory up to a budget of bytes, then in files of its own."""

    def __init__(self, memory_budget: int) -> None:
        self.memory_budget = memory_budget
        self.n_bytes_in_memory = 0
        self.n_bytes_on_disk = 0
        self._folder: Path | None = None

    def has_room(self, n_bytes: int) -> bool:
        """Tell whether so much more fits into memory."""
        return self.n_bytes_in_memory + n_bytes <= self.memory_budget

    def reserve(self, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
        """Return an uninitialised array; raise `NoRoomError` where the disk is too small."""
        n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if self.has_room(n_bytes):
            self.n_bytes_in_memory += n_bytes
            return _aligned(shape, dtype, n_bytes)
        file = self._new_file()
        try:
            _allocate(file, n_bytes)
        except OSError as error:
            file.unlink(missing_ok=True)
            raise NoRoomError(
                f"the temporary folder {str(file.parent.parent)!r} has no room for "
                f"{n_bytes / 1e6:,.0f} MB of activations ({error.strerror})"
            ) from None
        self.n_bytes_on_disk += n_bytes
        return np.memmap(file, dtype, "r+", shape=tuple(shape))

    def release(self, array: NDArray[Any]) -> None:
        """Count an array as given back."""
        if isinstance(array, np.memmap):
            self.n_bytes_on_disk -= array.nbytes
            Path(str(array.filename)).unlink(missing_ok=True)
        else:
            self.n_bytes_in_memory -= array.nbytes

    def close(self) -> None:
        """Remove the files."""
        if self._folder is not None:
            self._remove()
            self._folder = None

    def _new_file(self) -> Path:
        if self._folder is None:
            _remove_what_the_dead_left()
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
            # The system lets go of it when the process ends, in whatever way.
            lock = _lock_of(self._folder)
            lock.acquire(timeout=0)
            # Also when nobody closes the store: with the object, or with Python.
            self._remove = weakref.finalize(self, _remove_folder, self._folder, lock)
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
            return Path(file.name)


def _allocate(file: Path, n_bytes: int) -> None:
    """Take the bytes now: writing to a mapped file for which there are none ends the process."""
    with file.open("r+b") as opened:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(opened.fileno(), 0, max(1, n_bytes))
            return
        piece = bytes(_PIECE)
        for begin in range(0, max(1, n_bytes), _PIECE):
            opened.write(piece[: min(_PIECE, max(1, n_bytes) - begin)])
        opened.flush()
        os.fsync(opened.fileno())


def _lock_of(folder: Path) -> filelock.BaseFileLock:
    # Whichever thread collects the garbage gives it back.
    return filelock.FileLock(folder / _LOCK, thread_local=False)


def _remove_folder(folder: Path, lock: filelock.BaseFileLock) -> None:
    lock.release(force=True)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_what_the_dead_left() -> None:
    """Remove the folders of processes that were killed: nobody holds their locks any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = _lock_of(folder)
        try:
            if time.time() - folder.stat().st_mtime > _SECONDS_TO_LOCK:
                lock.acquire(timeout=0)
                _remove_folder(folder, lock)
        except (filelock.Timeout, OSError):
            continue  # somebody's who lives, or another user's


def _aligned(shape: Sequence[int], dtype: DTypeLike, n_bytes: int) -> NDArray[Any]:
    raw = np.empty(n_bytes + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + n_bytes].view(dtype).reshape(shape)


def as_tensor(array: NDArray[Any]) -> tf.Tensor:
    """Return a tensor over the memory of an array from `ActivationStore`, without a copy."""
    if array.dtype == tf.bfloat16.as_numpy_dtype:  # NumPy has no name for it to hand over
        return tf.bitcast(as_tensor(array.view(np.uint16)), tf.bfloat16)
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


class Trunk:
    """The blocks before any cut, in inference mode, with BatchNormalization folded.

    Needs a private copy of the model, no layer of which has been called again yet, the copy's
    tensors by slot, and a few examples, for which folding is tried.
    """

    def __init__(
        self, layout: Layout, tensors: dict[int, keras.KerasTensor], x: NDArray[Any]
    ) -> None:
        crossings = layout.graph.crossings()
        self._slots = [crossings[start] for start in layout.starts]
        self._is_masked = [
            any(_keras.is_masked(tensors[slot]) for slot in slots) for slots in self._slots
        ]
        kept = sorted({slot for slots in self._slots for slot in slots})
        inputs = [tensors[slot] for slot in layout.graph.inputs]
        # What crosses a cut is an output: folding then leaves it as it is.
        whole = keras.Model(inputs, [tensors[slot] for slot in kept], name="trunk")
        folding = Folding(whole) if _is_foldable(whole) else None
        is_proven = folding is not None and gives_the_same(whole, folding.folded, x)
        self._folding = folding if is_proven else None
        self._graph = read_graph(self._folding.folded if self._folding else whole)
        self._place = dict(zip(kept, self._graph.outputs, strict=True))
        self._functions: dict[tuple[int, int], Callable[..., list[tf.Tensor]]] = {}

    def update(self) -> None:
        """Follow the copy, whose parameters were changed."""
        if self._folding:
            self._folding.update()

    def shapes(self, cut: int) -> list[tuple[tuple[int, ...], str]]:
        """Return shape (without the batch) and dtype of the tensors that cross a cut."""
        found = [self._graph.tensors[self._place[slot]] for slot in self._slots[cut]]
        return [(tuple(tensor.shape[1:]), tensor.dtype) for tensor in found]

    def is_masked(self, cut: int) -> bool:
        """Tell whether a mask (of padded sequences) crosses a cut: it would not be kept."""
        return self._is_masked[cut]

    def function(self, start: int, cut: int) -> Callable[..., list[tf.Tensor]]:
        """Return the compiled function from what crosses at `start` to what crosses at `cut`."""
        if (start, cut) not in self._functions:
            entering, leaving = (
                [self._place[slot] for slot in self._slots[i]] for i in (start, cut)
            )
            model = build_between(self._graph, entering, leaving, name=f"blocks_{start}_to_{cut}")
            self._functions[start, cut] = _compile(model)
        return self._functions[start, cut]


def _is_foldable(model: keras.Model) -> bool:
    # A Lambda cannot be copied without the learner's leave to run code from a configuration.
    has_code = any(isinstance(layer, layers.Lambda) for layer in model.layers)
    return not has_code and any(batchnorms_in(layer) for layer in model.layers)


def _compile(model: keras.Model) -> Callable[..., list[tf.Tensor]]:
    # No XLA: on a processor it compiles for seconds and then runs slower (measured: 10 times).
    signature = [tf.TensorSpec((None, *t.shape[1:]), t.dtype) for t in model.inputs]

    def run(*tensors: tf.Tensor) -> Any:
        given = tensors[0] if len(tensors) == 1 else list(tensors)
        return keras.tree.flatten(model(given, training=False))

    compiled = tf.function(run, input_signature=signature, autograph=False, jit_compile=False)
    compiled.get_concrete_function()  # TensorFlow warns of many functions that compile when called
    found: Callable[..., list[tf.Tensor]] = compiled
    return found


class ActivationCache:
    """What the trunk makes of the input `x` of one data set, by cut."""

    def __init__(self, x: NDArray[Any], trunk: Trunk, store: ActivationStore) -> None:
        self.x = x
        self._trunk, self._store = trunk, store
        self._arrays: dict[int, tuple[NDArray[Any], ...]] = {}
        self._tensors: dict[int, tuple[tf.Tensor, ...]] = {}

    def nearest(self, cut: int) -> int:
        """Return the deepest kept cut up to this one; 0, the input, if there is none."""
        return max((known for known in self._arrays if known <= cut), default=0)

    def has_room(self, n_bytes: int) -> bool:
        """Tell whether so much more fits into memory."""
        return self._store.has_room(n_bytes)

    def clear(self) -> None:
        """Give everything back."""
        for array in (array for arrays in self._arrays.values() for array in arrays):
            self._store.release(array)
        self._arrays.clear()
        self._tensors.clear()

    def get(
        self,
        cut: int,
        *,
        should_stop: ShouldStop = lambda: False,
        on_progress: OnProgress | None = None,
    ) -> tuple[tf.Tensor, ...] | None:
        """Return what crosses a cut, kept or computed now; None if stopped."""
        if cut not in self._arrays:
            arrays: list[NDArray[Any]] = []
            is_whole = False
            try:
                for shape, dtype in self._trunk.shapes(cut):
                    arrays.append(self._store.reserve((len(self.x), *shape), dtype))
                is_whole = self._fill(arrays, cut, should_stop, on_progress)
            finally:
                if not is_whole:
                    for array in arrays:
                        self._store.release(array)
            if not is_whole:
                return None
            self._arrays[cut] = tuple(arrays)
            self._tensors[cut] = tuple(as_tensor(array) for array in arrays)
        return self._tensors[cut]

    def _fill(
        self,
        arrays: Sequence[NDArray[Any]],
        cut: int,
        should_stop: ShouldStop,
        on_progress: OnProgress | None,
    ) -> bool:
        """Compute what crosses a cut from the nearest kept cut before; False if stopped."""
        start = self.nearest(cut)
        sources = self._arrays.get(start, (self.x,))
        dtypes = [dtype for _, dtype in self._trunk.shapes(start)]
        run = self._trunk.function(start, cut)
        for begin in range(0, len(self.x), _BATCH_SIZE):
            if should_stop():
                return False
            rows = slice(begin, begin + _BATCH_SIZE)
            pairs = zip(sources, dtypes, strict=True)
            results = run(*(to_tensor(source[rows], dtype) for source, dtype in pairs))
            for array, tensor in zip(arrays, results, strict=True):
                array[rows] = tensor.numpy()
            if on_progress:
                on_progress(min(1.0, (begin + _BATCH_SIZE) / len(self.x)))
        return True


def to_tensor(rows: NDArray[Any], dtype: str) -> tf.Tensor:
    """Return rows as the network wants them: pixels of bytes become decimal numbers."""
    return tf.constant(rows if rows.dtype == dtype else rows.astype(dtype))
