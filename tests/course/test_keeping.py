"""The file with the progress: two kernels at once, damage, and folders that cannot be written."""

import subprocess
import sys
import threading
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest

from tlwidgets.course import progress_file as keeping
from tlwidgets.course.progress_file import (
    ProgressWarning,
    Records,
    change,
    progress_file,
    read,
    remove,
    with_try,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "_said_not_kept", False)
    return tmp_path / "new" / "folder" / "progress.json"


def passing(exercise):
    return lambda records: with_try(records, "02_x", exercise, passed=True, now=NOW)


def exercises(file):
    return sorted(record.exercise for record in read(file).checks)


@pytest.mark.parametrize(
    ("value", "name"), [("off", None), (" OFF ", None), ("/x/mine.json", "mine.json")]
)
def test_the_variable_moves_the_file_or_switches_it_off(value, name, monkeypatch):
    monkeypatch.setenv("TLWIDGETS_PROGRESS", value)
    assert getattr(progress_file(), "name", None) == name


def test_by_default_it_is_in_the_users_data_and_not_in_the_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("TLWIDGETS_PROGRESS")
    monkeypatch.setenv("TLWIDGETS_CACHE", str(tmp_path))
    from tlwidgets._cache import cache_folder

    assert progress_file().name == "progress.json"
    assert tmp_path not in progress_file().parents
    monkeypatch.delenv("TLWIDGETS_CACHE")
    assert cache_folder() not in progress_file().parents


def test_a_change_is_read_again_and_leaves_no_other_file(file):
    assert read(file) == Records()
    change(file, passing("Exercise 1"))
    change(file, passing("Exercise 2"))
    assert exercises(file) == ["Exercise 1", "Exercise 2"]
    assert {p.name for p in file.parent.iterdir()} <= {"progress.json", "progress.json.lock"}


def change_within_a_change(file, seconds):
    """Another kernel changes the file after this one has read it, before it writes."""
    other = threading.Thread(target=change, args=(file, passing("other")))

    def step(records):
        other.start()
        other.join(seconds)
        return passing("mine")(records)

    change(file, step)
    other.join()


def test_two_kernels_lose_nothing_of_each_other(file):
    change_within_a_change(file, 0.2)  # the other has to wait, so this ends without it
    assert exercises(file) == ["mine", "other"]


def test_without_the_lock_one_would_be_lost(file, monkeypatch):
    monkeypatch.setattr(keeping, "_lock", lambda path: nullcontext())
    change_within_a_change(file, 60)
    assert exercises(file) == ["mine"]


MANY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tlwidgets.course.progress_file import change
from tlwidgets.course.progress_file import with_try
for k in range(25):
    name = f"{sys.argv[2]} {k:02}"
    change(Path(sys.argv[1]), lambda r: with_try(
        r, "02_x", name, passed=True, now=datetime.now(UTC)))
"""


def test_two_processes_at_once_keep_everything(file):
    both = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", MANY, str(file), who])
        for who in "ab"
    ]
    assert [process.wait(120) for process in both] == [0, 0]
    assert exercises(file) == [f"{who} {k:02}" for who in "ab" for k in range(25)]


def test_a_lock_file_that_a_dead_kernel_left_stops_nobody(file):
    file.parent.mkdir(parents=True)
    file.with_name("progress.json.lock").write_text("")
    change(file, passing("Exercise 1"))
    assert exercises(file) == ["Exercise 1"]


def test_who_holds_the_lock_for_long_costs_a_record_and_not_the_lesson(file, monkeypatch):
    monkeypatch.setattr(keeping, "_WAIT_SECONDS", 0.05)
    change(file, passing("Exercise 1"))
    with (
        keeping._lock(file),
        pytest.warns(ProgressWarning, match=r"cannot be kept .*another notebook has held it"),
    ):
        change(file, passing("Exercise 2"))
    assert exercises(file) == ["Exercise 1"]


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b"{}" * 1_500_000], ids=len)
def test_a_broken_file_is_set_aside_and_it_is_said(file, content):
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.warns(ProgressWarning, match=r"could not be understood .*broken-"):
        change(file, passing("Exercise 1"))
    assert exercises(file) == ["Exercise 1"]
    aside = [p for p in file.parent.iterdir() if ".broken-" in p.name]
    assert [p.read_bytes() for p in aside] == [content]


def test_reading_a_broken_file_sets_it_aside_too(file):
    file.parent.mkdir(parents=True)
    file.write_text("no")
    with pytest.warns(ProgressWarning, match="could not be understood"):
        assert read(file) == Records()
    assert remove(file) == 1
    assert list(file.parent.iterdir()) == []


def test_a_step_that_fails_changes_nothing_and_gives_the_lock_back(file):
    change(file, passing("Exercise 1"))
    with pytest.raises(ZeroDivisionError):
        change(file, lambda records: 1 / 0)
    change(file, passing("Exercise 2"))
    assert exercises(file) == ["Exercise 1", "Exercise 2"]


def test_a_folder_that_cannot_be_written_is_said_once(file, recwarn):
    file.parent.parent.write_text("a file where the folder should be")
    change(file, passing("Exercise 1"))
    change(file, passing("Exercise 2"))
    assert read(file) == Records()
    assert [w.category for w in recwarn] == [ProgressWarning]
    assert "all else works" in str(recwarn[0].message)


def test_forgetting_deletes_all_that_is_ours_and_nothing_else(file):
    change(file, passing("Exercise 1"))
    file.with_name("progress.broken-20260101.json").write_text("x")
    file.with_name("other.json").write_text("x")
    assert remove(file) == 2
    assert [p.name for p in file.parent.iterdir()] == ["other.json"]
    assert remove(file) == 0
