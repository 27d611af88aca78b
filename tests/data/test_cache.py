"""The cache: found or built, damaged or unwritable, the arrays are always right."""

import io
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from tlwidgets._cache import cache_folder, cache_folders, cached, digest, is_writable
from tlwidgets.data import CacheWarning

RIGHT = {"images": np.array([[1, 2, 3], [4, 5, 6]], np.float32), "labels": np.array([7, 8])}


class Builder:
    """Makes the right arrays and counts how often it had to."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return RIGHT


@pytest.fixture
def build():
    return Builder()


@pytest.fixture
def forget_warning(monkeypatch):
    """The warning about an unwritable folder is given once per session."""
    monkeypatch.setattr("tlwidgets._cache._said_read_only", False)


def assert_right(found):
    assert found.keys() == RIGHT.keys()
    for name, wanted in RIGHT.items():
        assert found[name].dtype == wanted.dtype
        assert np.array_equal(found[name], wanted)


def only_file(folder):
    (path,) = folder.iterdir()
    return path


def test_a_second_call_finds_what_the_first_built(cache, build, forget_warning):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_right(cached("cells", "k", build))
        assert_right(cached("cells", "k", build))
    assert build.calls == 1
    assert cache_folder() == cache and is_writable()
    assert only_file(cache).name == "cells-k.npz"
    cached("cells", "other", build)
    assert build.calls == 2


def test_without_a_wish_the_folder_is_the_users_own(monkeypatch):
    monkeypatch.delenv("TLWIDGETS_CACHE", raising=False)
    assert cache_folder().name == "tlwidgets"


def test_a_class_shares_the_first_folder_and_each_learner_keeps_new_things_in_the_last(
    tmp_path, monkeypatch, build
):
    shared, own = tmp_path / "shared", tmp_path / "own"
    monkeypatch.setenv("TLWIDGETS_CACHE", str(shared))
    cached("cells", "k", build)
    shared.chmod(0o555)  # nothing may be written there by a learner
    try:
        monkeypatch.setenv("TLWIDGETS_CACHE", os.pathsep.join(map(str, (shared, own))))
        assert_right(cached("cells", "k", build))
        assert build.calls == 1
        assert not own.exists()
        assert_right(cached("cells", "new", build))
        assert only_file(own).name == "cells-new.npz"
        assert_right(cached("cells", "new", build))
        assert build.calls == 2
    finally:
        shared.chmod(0o755)


def test_off_keeps_nothing_and_a_tilde_is_the_home(tmp_path, monkeypatch, build):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TLWIDGETS_CACHE", "off")
    assert_right(cached("cells", "k", build))
    assert_right(cached("cells", "k", build))
    assert build.calls == 2
    assert cache_folder() is None
    assert not is_writable()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TLWIDGETS_CACHE", "~/cache")
    assert cache_folders() == (tmp_path / "cache",)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_others_may_read_what_is_cached_as_the_umask_says(cache, build, umask, mode):
    before = os.umask(umask)
    try:
        cached("cells", "k", build)
    finally:
        os.umask(before)
    assert only_file(cache).stat().st_mode & 0o777 == mode


def flipped(data):
    middle = data.index(np.float32(4).tobytes())  # inside an array, where no header would tell
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def an_array(_data):
    file = io.BytesIO()
    np.save(file, RIGHT["images"])
    return file.getvalue()


def without_its_last_array(data):
    """Let the first entry of a zip's directory swallow the second, as a comment."""
    first = data.index(b"PK\1\2")
    second, end = data.index(b"PK\1\2", first + 1), data.index(b"PK\5\6")
    length = (end - second).to_bytes(2, "little")
    damaged = data[: first + 32] + length + data[first + 34 :]
    with np.load(io.BytesIO(damaged)) as archive:  # the twin: NumPy alone does not notice
        assert archive.files == ["images"]
    return damaged


@pytest.mark.parametrize(
    "damage",
    [
        *(flipped, an_array, without_its_last_array),
        *(lambda data: data[: len(data) // 2], lambda _: b"this is no zip", lambda _: b""),
    ],
)
def test_a_damaged_file_is_built_again_and_mended(cache, build, damage):
    cached("cells", "k", build)
    path = only_file(cache)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(CacheWarning, match=r"cells-k\.npz cannot be read .* made again"):
        assert_right(cached("cells", "k", build))
    assert_right(cached("cells", "k", build))
    assert build.calls == 2


def test_no_flipped_bit_gives_wrong_arrays(cache, build):
    cached("cells", "k", build)
    path = only_file(cache)
    whole = path.read_bytes()
    for place in range(0, len(whole), 2):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place // 2 % 8
        path.write_bytes(flipped)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CacheWarning)
            assert_right(cached("cells", "k", build))
    assert build.calls > len(whole) // 4


def test_a_folder_that_cannot_be_written_costs_time_and_one_warning(
    tmp_path, monkeypatch, build, forget_warning
):
    # Tests may run as root, whom no permission stops; a file in the way stops anybody.
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TLWIDGETS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(CacheWarning, match="TLWIDGETS_CACHE") as caught:
        assert_right(cached("cells", "k", build))
        assert_right(cached("cells", "k", build))
    assert len(caught) == 1
    assert build.calls == 2
    assert not is_writable()


def test_a_write_that_fails_leaves_nothing(cache, build, monkeypatch, forget_warning):
    def full_disk(file, **_arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.savez", full_disk)
    with pytest.warns(CacheWarning, match="No space left"):
        assert_right(cached("cells", "k", build))
    assert list(cache.iterdir()) == []


def test_what_build_raises_reaches_the_caller_and_leaves_nothing(cache):
    def fail():
        raise RuntimeError("no images here")

    with pytest.raises(RuntimeError, match="no images here"):
        cached("cells", "k", fail)
    assert not cache.exists()


def test_a_reader_never_sees_half_a_file(cache, monkeypatch):
    # While the arrays are written, the file under its final name must not exist yet.
    seen = []
    real = np.savez

    def watch(file, **arrays):
        real(file, **arrays)
        seen.extend(path.name for path in cache.iterdir())

    monkeypatch.setattr("numpy.savez", watch)
    cached("cells", "k", Builder())
    (name,) = seen
    assert name.endswith(".part")
    assert only_file(cache).name == "cells-k.npz"


RACER = """
import sys, time
import numpy as np
from tlwidgets._cache import cached

def build():
    print("building", flush=True)
    sys.stdin.readline()  # both processes are here before either may write
    return {"numbers": np.arange(100_000)}

assert np.array_equal(cached("race", "k", build)["numbers"], np.arange(100_000))
"""


def test_two_processes_may_race_for_one_entry(cache):
    # They inherit TLWIDGETS_CACHE from the fixture.
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "building\n"
    errors = [racer.communicate("go\n", timeout=60)[1] for racer in racers]
    assert errors == ["", ""]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert only_file(cache).name == "race-k.npz"


small_arrays = arrays_of.arrays(
    st.sampled_from([np.uint8, np.int64, np.float32]),
    arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
parts = st.one_of(st.text(max_size=5), st.integers(), st.binary(max_size=5), small_arrays)


def same(one, other):
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and one.tobytes() == other.tobytes()
    return type(one) is type(other) and one == other


@given(st.lists(parts, max_size=3))
def test_a_digest_repeats_and_is_16_hexadecimal_digits(found):
    assert digest(*found) == digest(*found)
    assert len(digest(*found)) == 16
    int(digest(*found), 16)


@given(st.lists(parts, max_size=3), st.lists(parts, max_size=3))
def test_other_parts_have_another_digest(one, other):
    equal = len(one) == len(other) and all(map(same, one, other))
    assert (digest(*one) == digest(*other)) == equal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        ((1,), ("1",)),
        ((1,), (1.0,)),
        ((np.zeros(2, np.float32),), (np.zeros(1, np.float64),)),
        ((np.zeros((2, 3)),), (np.zeros((3, 2)),)),
        ((np.zeros(4, np.int32),), (np.zeros(4, np.uint32),)),
    ],
)
def test_a_digest_tells_apart_what_has_the_same_characters_or_bytes(one, other):
    assert digest(*one) != digest(*other)


def test_a_digest_does_not_depend_on_the_order_in_memory():
    grid = np.arange(6).reshape(2, 3)
    assert digest(np.asfortranarray(grid)) == digest(grid)
    assert digest(grid[:, ::2]) == digest(grid[:, ::2].copy())
