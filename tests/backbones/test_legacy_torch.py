"""The reader of old PyTorch files: right on honest ones, and deaf to what others ask it to do.

PyTorch is not installed, so a small writer below makes such files as torch.save did.
"""

import io
import os
import pickle
import struct
import sys
import tracemalloc
import types
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlwidgets.backbones.legacy_torch import CheckpointFormatError, read_legacy_checkpoint

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001


@dataclass
class Storage:
    """Raw numbers of one file section, under the name that torch has for their type."""

    key: str
    numbers: np.ndarray
    kind: str = "FloatStorage"


@dataclass
class Tensor:
    """A view into a storage, pickled as torch pickles it."""

    storage: Storage
    shape: tuple
    stride: tuple
    offset: int = 0

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (self.storage, self.offset, self.shape, self.stride, False, OrderedDict())


class TorchPickler(pickle.Pickler):
    """Writes storages as references, and names of torch although torch is not there."""

    def persistent_id(self, found):
        if not isinstance(found, Storage):
            return None
        kind = getattr(sys.modules["torch"], found.kind)
        return ("storage", kind, found.key, "cpu", len(found.numbers), None)


@pytest.fixture(scope="module", autouse=True)
def names_of_torch():
    """Stand-ins that can be pickled by name; nothing ever calls them."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("FloatStorage", "DoubleStorage", "HalfStorage", "LongStorage", "IntStorage"):
        setattr(torch, kind, type(kind, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        raise AssertionError("the stand-in must never be called")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", torch)
        patch.setitem(sys.modules, "torch._utils", utils)
        yield


def to_pickle(found):
    file = io.BytesIO()
    TorchPickler(file, protocol=2).dump(found)
    return file.getvalue()


def to_bytes(
    tensors, storages, *, magic=MAGIC, protocol=PROTOCOL, little_endian=True, counts=None, tail=b""
):
    header = [magic, protocol, {"little_endian": little_endian}, tensors, [s.key for s in storages]]
    counts = counts or [len(s.numbers) for s in storages]
    sections = [
        struct.pack("<q", count) + storage.numbers.tobytes()
        for storage, count in zip(storages, counts, strict=True)
    ]
    return b"".join([*map(to_pickle, header), *sections, tail])


@pytest.fixture
def read(tmp_path):
    """Write bytes as a file and read it as a checkpoint."""

    def write_and_read(data):
        path = tmp_path / "small.pth"
        path.write_bytes(data)
        return read_legacy_checkpoint(path)

    return write_and_read


SIX = Storage("1", np.arange(6, dtype="<f4"))
TWO = Storage("2", np.array([7, 8], "<i8"), "LongStorage")
ROWS = Tensor(SIX, (2, 3), (3, 1))
PAIR = Tensor(TWO, (2,), (1,))


def honest_file(**changes):
    return to_bytes(OrderedDict(rows=ROWS, pair=PAIR), [SIX, TWO], **changes)


def test_an_honest_file_comes_back(read):
    found = read(honest_file())
    assert list(found) == ["rows", "pair"]
    assert found["rows"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["pair"].tolist() == [7, 8]
    assert (found["rows"].dtype, found["pair"].dtype) == (np.float32, np.int64)
    with pytest.raises(ValueError, match="read-only"):
        found["rows"][0] = 1
    tied = read(to_bytes({"whole": ROWS, "tail": Tensor(SIX, (2,), (1,), 4)}, [SIX]))
    assert tied["tail"].tolist() == [4, 5]
    assert np.shares_memory(tied["whole"], tied["tail"])


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("FloatStorage", "<f4"),
        ("DoubleStorage", "<f8"),
        ("HalfStorage", "<f2"),
        ("LongStorage", "<i8"),
        ("IntStorage", "<i4"),
    ],
)
def test_every_number_type_comes_back(read, kind, dtype):
    storage = Storage("1", np.array([-2, 3], dtype), kind)
    found = read(to_bytes({"x": Tensor(storage, (2,), (1,))}, [storage]))["x"]
    assert found.dtype == dtype
    assert found.tolist() == [-2, 3]


@pytest.mark.parametrize(
    ("shape", "stride", "offset", "wanted"),
    [
        ((3, 2), (1, 3), 0, [[0, 3], [1, 4], [2, 5]]),  # transposed
        ((2,), (2,), 1, [1, 3]),  # every second, from the second on
        ((), (), 4, 4),  # a single number
        ((2, 2), (0, 1), 4, [[4, 5], [4, 5]]),  # a repeated row
        ((0, 3), (3, 1), 0, []),
        ((1, 6), (99, 1), 0, [[0, 1, 2, 3, 4, 5]]),  # the step of a single row never counts
    ],
)
def test_a_view_comes_back_as_it_was_cut(read, shape, stride, offset, wanted):
    found = read(to_bytes({"x": Tensor(SIX, shape, stride, offset)}, [SIX]))["x"]
    assert found.shape == shape
    assert found.tolist() == wanted


class Call:
    """Pickled as a call of any function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture(params=["os.system", "builtins.eval"])
def attack(request, tmp_path):
    """An object that leaves a file behind when it is unpickled, and that file's path."""
    trace = tmp_path / "trace"
    if request.param == "os.system":
        return Call(os.system, f"touch {trace}"), trace
    return Call(eval, f"open({str(trace)!r}, 'w')"), trace


@pytest.mark.parametrize("place", range(5))
def test_a_call_of_anything_else_is_refused_and_not_made(read, attack, place):
    call, trace = attack
    parts = [MAGIC, PROTOCOL, {"little_endian": True}, {"x": ROWS}, ["1"]]
    parts[place] = call
    with pytest.raises(CheckpointFormatError, match=r"small\.pth.*wants to call.*refused"):
        read(b"".join(map(to_pickle, parts)))
    assert not trace.exists()


def test_the_same_call_is_made_by_a_trusting_reader(attack):
    # The twin: without our reader the attack works, so the test above tests something.
    call, trace = attack
    pickle.loads(to_pickle(call))
    assert trace.exists()


def test_a_file_cut_anywhere_is_refused(read):
    whole = honest_file()
    for length in range(len(whole)):
        with pytest.raises(CheckpointFormatError, match=r"small\.pth is not a usable"):
            read(whole[:length])


OTHER_TYPE = Storage("1", np.arange(6, dtype="<f8"), "DoubleStorage")

DISHONEST = {
    "bytes after the end": {"tail": b"x"},
    "another magic number": {"magic": MAGIC + 1},
    "another protocol": {"protocol": 1002},
    "big endian": {"little_endian": False},
    "a storage said to be longer": {"counts": [7, 2]},
    "a storage said to be shorter": {"counts": [5, 2]},
    "a storage of negative length": {"counts": [-1, 2]},
    "a storage longer than any memory": {"counts": [2**62, 2]},
}


@pytest.mark.parametrize("changes", DISHONEST.values(), ids=DISHONEST.keys())
def test_a_dishonest_file_is_refused(read, changes):
    with pytest.raises(CheckpointFormatError, match=r"small\.pth is not a usable.*install"):
        read(honest_file(**changes))


def test_a_file_of_another_kind_is_refused(read):
    for data in (b"", b"PK\x03\x04 a zip, as torch writes since 1.6"):
        with pytest.raises(CheckpointFormatError, match=r"small\.pth is not a usable"):
            read(data)
    with pytest.raises(CheckpointFormatError, match="two types"):
        read(to_bytes({"x": ROWS, "y": Tensor(OTHER_TYPE, (3,), (1,))}, [SIX]))
    with pytest.raises(CheckpointFormatError, match="5 is not a tensor"):
        read(to_bytes({5: ROWS}, [SIX]))


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(SIX, (7,), (1,)),
        Tensor(SIX, (2, 3), (4, 1)),
        Tensor(SIX, (2,), (1,), 5),
        Tensor(SIX, (2,), (1,), -1),
        Tensor(SIX, (2,), (-1,), 5),
        Tensor(SIX, (-2,), (1,)),
        Tensor(SIX, (-2, -2), (1, 1)),
        Tensor(SIX, (2, 3), (1,)),
        Tensor(SIX, (10**9,), (0,)),
        Tensor(SIX, (10**30,), (0,)),
        Tensor(SIX, (10**9, 10**9, 0), (0, 0, 10**30)),
        Tensor(SIX, (float("inf"),), (1,)),
        Tensor(SIX, None, (1,)),
        "not a tensor",
        Tensor(Storage("of no section", SIX.numbers), (1,), (1,)),
    ],
    ids=str,
)
def test_a_tensor_that_its_storage_cannot_hold_is_refused(read, tensor):
    with pytest.raises(CheckpointFormatError):
        read(to_bytes({"x": tensor, "y": ROWS}, [SIX]))


GREEDY = {
    "a view of a thousand million numbers": to_bytes,
    "a memo of sixteen million places": lambda *_: b"\x80\x02Nr\x00\x00\x00\x01.",
    "text of two thousand million letters": lambda *_: b"\x80\x02X\xff\xff\xff\x7fabc.",
    "a storage of a million million numbers": lambda _, s: to_bytes(
        {"x": ROWS}, s, counts=[10**12]
    ),
}


@pytest.mark.parametrize("make", GREEDY.values(), ids=GREEDY.keys())
def test_a_small_file_cannot_ask_for_much_memory(read, names_of_torch, make):
    data = make({"x": Tensor(SIX, (10**9,), (0,))}, [SIX])
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointFormatError):
            read(data)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def flipped_file(tmp_path_factory, names_of_torch):
    """A whole file to damage, and where to write it."""
    return honest_file(), tmp_path_factory.mktemp("flipped") / "flipped.pth"


@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4)
)
@settings(max_examples=400, deadline=None)
def test_random_damage_is_refused_or_harmless(flipped_file, flips):
    whole, path = flipped_file
    damaged = bytearray(whole)
    for place, pattern in flips:
        damaged[place % len(damaged)] ^= pattern
    path.write_bytes(damaged)
    try:
        found = read_legacy_checkpoint(path)
    except CheckpointFormatError:
        return
    assert all(isinstance(array, np.ndarray) for array in found.values())
    assert all(array.size <= len(whole) for array in found.values())
