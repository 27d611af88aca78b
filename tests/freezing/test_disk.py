"""Activations in files: room that is really there, and nothing left of killed processes."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from tlwidgets.freezing import CachedTrainer, Plan
from tlwidgets.freezing.activations import ActivationStore, NoRoomError

from .small_models import data
from .test_trainer import compiled, small

pytestmark = pytest.mark.keras


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def small_disk(folder):
    """No file may grow beyond 2 kB: the system itself refuses."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_is_reserved_is_there(folder):
    store = ActivationStore(0)
    array = store.reserve((1000, 1000), "float32")
    taken = 512 * Path(array.filename).stat().st_blocks
    assert taken >= array.nbytes, "the twin: an empty (sparse) file would have none"
    store.close()
    assert not list(folder.iterdir())


def test_without_posix_fallocate_it_is_written(folder, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate")
    store = ActivationStore(0)
    array = store.reserve((300, 1001), "float32")
    assert 512 * Path(array.filename).stat().st_blocks >= array.nbytes
    array[:] = 1.0
    store.close()


def test_a_disk_that_is_too_small_is_said(small_disk):
    store = ActivationStore(0)
    with pytest.raises(NoRoomError, match="no room for 4 MB of activations"):
        store.reserve((1000, 1000), "float32")
    assert store.n_bytes_on_disk == 0
    assert store.reserve((10, 10), "float32").sum() == 0
    store.close()


def test_a_trainer_trains_without_room(small_disk):
    model = compiled(small())
    x, y = data(model, 64)
    plan = Plan(epochs=2)
    kept = CachedTrainer(model, x, y)
    wanted = kept.train(2, plan)
    with CachedTrainer(model, x, y, memory_budget=0) as trainer:
        told = trainer.estimate(2, plan)
        assert told.n_bytes == told.n_bytes_on_disk > 0
        for _ in range(2):
            run = trainer.train(2, plan)
            (note,) = run.notes
            assert note.startswith("What the frozen blocks give is computed anew in each epoch")
            assert "no room for" in note and "TMPDIR" in note
            assert run.history["loss"] == pytest.approx(wanted.history["loss"], rel=1e-3)
        for mine, theirs in zip(trainer.model.weights, kept.model.weights, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)
        assert trainer.estimate(2, plan).n_bytes == 0
    assert kept.estimate(1, plan).n_bytes_on_disk == 0


KILLED = """
import os, signal, tempfile
from tlwidgets.freezing.activations import ActivationStore
store = ActivationStore(0)
store.reserve((100, 100), "float32")
print(store._folder, flush=True)
{end}
"""


def begun(folder, end):
    script = KILLED.format(end=end)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, Path(process.stdout.readline().strip())


def test_what_killed_processes_left_is_removed_and_what_others_use_is_not(folder):
    killed, left = begun(folder, "os.kill(os.getpid(), signal.SIGKILL)")
    killed.communicate()
    living, used = begun(folder, "input()")
    for old in (left, used):
        os.utime(old, (0, 0))
    young = folder / "tlwidgets-activations-young"
    young.mkdir()
    assert left.exists() and used.exists(), "the twin: nobody has cleaned up yet"
    store = ActivationStore(0)
    store.reserve((10, 10), "float32")
    assert not left.exists() and used.exists() and young.exists()
    living.communicate("\n")
    assert not used.exists()
    store.close()
