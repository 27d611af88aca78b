"""Read a PyTorch checkpoint of the old, not zipped kind without PyTorch and without trust.

A pickle can call anything. This reader lets it call three harmless stand-ins and refuses
every other name. The layout of such a file, little endian:

    pickle  magic number           pickle  protocol version      pickle  system information
    pickle  ordered dict of name -> tensor (storage key, offset, shape, stride)
    pickle  storage keys, then for each key: int64 number of elements, raw elements
"""

from __future__ import annotations

import io
import math
import pickle  # only subclassed below: find_class decides what may be called
import struct
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
}


class CheckpointFormatError(ValueError):
    """The file is not a checkpoint of the expected kind, or was damaged or tampered with."""


@dataclass(frozen=True, slots=True)
class _StorageType:
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class _TensorView:
    """Where a tensor lies; its numbers come later in the file."""

    key: str
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def _rebuild_tensor(
    storage: tuple[str, np.dtype[Any]], offset: int, shape: Any, stride: Any, *_unused: object
) -> _TensorView:
    return _TensorView(*storage, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    **{("torch", name): _StorageType(dtype) for name, dtype in _DTYPES.items()},
}


# The unpickler written in Python: the one in C lets nine bytes ask for gigabytes of memo.
class _RestrictedUnpickler(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}, which is refused")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype[Any]]:
        kind, storage_type, key, _device, _count, view = pid
        if kind != "storage" or view is not None or not isinstance(storage_type, _StorageType):
            raise pickle.UnpicklingError("it refers to something that is not a plain storage")
        if not isinstance(key, str):
            raise pickle.UnpicklingError("the key of a storage is not text")
        return key, storage_type.dtype


def read_legacy_checkpoint(path: Path) -> dict[str, NDArray[Any]]:
    """Read every tensor of a file that `torch.save` wrote before version 1.6, by name.

    They are read-only, and those that shared a storage still do. None may have more elements than
    its storage, so that a small file cannot ask for a large array.
    """
    # In memory a read returns at most what is there, whatever length the file claims.
    file = io.BytesIO(path.read_bytes())
    try:
        views = _read_header(file)
        keys = _RestrictedUnpickler(file).load()
        storages = {key: _read_storage(file, key, views) for key in keys}
        if file.read(1):
            raise CheckpointFormatError("bytes follow the last tensor")
        return {name: _view(name, view, storages) for name, view in views.items()}
    except CheckpointFormatError as error:
        problem = error
    except (pickle.UnpicklingError, EOFError, struct.error) as error:
        problem = CheckpointFormatError(str(error) or "it ends too early")
    except Exception as error:  # noqa: BLE001 - a pickle of random bytes fails in any way
        problem = CheckpointFormatError(f"its header makes no sense ({error})")
    raise CheckpointFormatError(
        f"{path.name} is not a usable PyTorch checkpoint: {problem}. Expected an unchanged file "
        "in torch.save's old format; install the package that brings it again."
    ) from None


def _read_header(file: BinaryIO) -> dict[str, _TensorView]:
    magic, protocol, system, tensors = (_RestrictedUnpickler(file).load() for _ in range(4))
    if magic != _MAGIC or protocol != _PROTOCOL:
        raise CheckpointFormatError("it does not start as one")
    if system.get("little_endian") is not True:
        raise CheckpointFormatError("its numbers are big endian")
    for name, view in tensors.items():
        if not isinstance(name, str) or not isinstance(view, _TensorView):
            raise CheckpointFormatError(f"{name!r} is not a tensor")
    return dict(tensors)


def _read_storage(file: BinaryIO, key: str, views: dict[str, _TensorView]) -> NDArray[Any]:
    dtypes = {view.dtype for view in views.values() if view.key == key}
    if len(dtypes) != 1:
        raise CheckpointFormatError("a storage belongs to no tensor, or to tensors of two types")
    dtype = dtypes.pop()
    (count,) = struct.unpack("<q", file.read(8))
    n_bytes = count * dtype.itemsize
    data = file.read(n_bytes) if count >= 0 else b""
    if count < 0 or len(data) != n_bytes:
        raise CheckpointFormatError("it ends in the middle of a tensor")
    return np.frombuffer(data, dtype)


def _view(name: str, view: _TensorView, storages: dict[str, NDArray[Any]]) -> NDArray[Any]:
    storage = storages[view.key]
    numbers = (view.offset, *view.shape, *view.stride)
    if len(view.shape) != len(view.stride) or min(numbers) < 0:
        raise CheckpointFormatError(f"{name}: impossible shape or stride")
    last = sum((n - 1) * step for n, step in zip(view.shape, view.stride, strict=True))
    reaches_beyond = 0 not in view.shape and view.offset + last >= storage.size
    if reaches_beyond or math.prod(view.shape) > storage.size:
        raise CheckpointFormatError(f"{name} has more elements than its storage")
    steps = tuple(step * storage.itemsize for step in view.stride)
    start = storage[view.offset :]
    return np.lib.stride_tricks.as_strided(start, view.shape, steps, writeable=False)
