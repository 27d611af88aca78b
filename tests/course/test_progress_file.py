"""What a record holds and what is refused; two kernels at once, damage, folders without writing."""

import json
import os
import subprocess
import sys
import threading
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlwidgets.course import progress_file as keeping
from tlwidgets.course.progress_file import (
    GuessRecord,
    ProgressWarning,
    Records,
    change,
    from_json,
    plain,
    progress_file,
    read,
    remove,
    to_iso,
    to_json,
    with_guess,
    with_try,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = datetime(2026, 2, 2, tzinfo=UTC)
GUESS = GuessRecord("02_x", "How many?", 70.0, to_iso(NOW), low=0.0, high=100.0)


def tries(*passed, now=NOW):
    records = Records()
    for each in passed:
        records = with_try(records, "02_x", "Exercise 1", passed=each, now=now)
    return records.checks[0]


def test_tries_count_until_the_first_pass():
    assert (tries(False).tries, tries(False).passed_at) == (1, None)
    assert (tries(False, True).tries, tries(False, True).passed_at) == (2, to_iso(NOW))
    records = with_try(Records(), "02_x", "Exercise 1", passed=True, now=NOW)
    assert with_try(records, "02_x", "Exercise 1", passed=True, now=LATER) == records
    assert with_try(records, "02_x", "Exercise 1", passed=False, now=LATER) == records


def test_exercises_of_the_same_name_in_two_lessons_are_two():
    records = with_try(Records(), "02_x", "Exercise 1", passed=True, now=NOW)
    assert len(with_try(records, "03_y", "Exercise 1", passed=True, now=NOW).checks) == 2


def guess(**changes):
    return GuessRecord(**{**{f: getattr(GUESS, f) for f in GuessRecord.__slots__}, **changes})


def test_a_guess_may_change_until_it_has_met_its_result():
    records = with_guess(with_guess(Records(), GUESS), guess(guess=80.0))
    assert records.guesses[0].guess == 80
    met = guess(guess=80.0, measured=60.0, close=False)
    records = with_guess(records, met)
    assert with_guess(records, guess(guess=60.0)).guesses == (met,)
    assert with_guess(records, guess(guess=60.0, measured=60.0, close=True)).guesses == (met,)


# Half a surrogate pair is text in Python, and cannot be written.
texts = st.text(st.characters(exclude_categories=()), max_size=600)


@given(texts, texts, st.floats(0, 100), st.floats() | st.integers() | texts, st.booleans())
def test_whatever_is_kept_can_be_read_again(exercise, question, number, measured, hit):
    measured = plain(measured)
    records = with_try(Records(), "02_x", exercise, passed=hit, now=NOW)
    record = guess(question=question, guess=number, measured=measured, close=hit)
    records = with_guess(records, record)
    text = to_json(records).encode().decode()
    assert from_json(text) == records


def written(**changes):
    content = {"tlwidgets_progress": 1, "name": "Ada", "checks": [], "predictions": []}
    return json.dumps({**content, **changes})


def check_of(**changes):
    return [{"lesson": "02_x", "exercise": "E", "tries": 1, "passed_at": None, **changes}]


def guess_of(**changes):
    entry = {"lesson": "02_x", "question": "?", "guess": 1, "at": to_iso(NOW), "measured": 2}
    return [{**entry, "low": 0, "high": 10, "close": False, **changes}]


def test_the_smallest_files_are_read():
    records = from_json(written(checks=check_of(), predictions=guess_of()))
    assert (records.name, records.checks[0].tries, records.guesses[0].measured) == ("Ada", 1, 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[]", "no key 'tlwidgets_progress'"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("1" * 5000, "digits"),
        ('{"cells": []}', "no key"),
        (written(tlwidgets_progress=2), "layout is '2', not 1"),
        (written(tlwidgets_progress=[[]]), "layout"),
        (written(name=5), "'name'"),
        (written(name=""), "'name'"),
        (written(name="x" * 501), "'name'"),
        (written(name="\ud800"), "'name'"),
        (written(checks={}), "'checks'"),
        (written(checks=[1]), "'checks'"),
        (written(checks=check_of(tries=True)), "'tries'"),
        (written(checks=check_of(tries=0)), "'tries'"),
        (written(checks=check_of(tries=1.5)), "'tries'"),
        (written(checks=check_of(lesson=None)), "'lesson'"),
        (written(checks=check_of(exercise=["E"])), "'exercise'"),
        (written(checks=check_of(passed_at="yesterday")), "yesterday"),
        (written(checks=check_of(passed_at="2026-01-01")), "'passed_at'"),
        (written(checks=check_of(passed_at="9999-12-31T23:59:59-23:00")), "'passed_at'"),
        (written(checks=check_of() * 2), "twice"),
        (written(predictions="none"), "'predictions'"),
        (written(predictions=guess_of(guess=None)), "'guess'"),
        (written(predictions=guess_of(guess=[1])), "'guess'"),
        (written(predictions=guess_of(guess=11)), "outside its range"),
        (written(predictions=guess_of(guess="a")), "outside its range"),
        (written(predictions=guess_of(measured=10**400)), "'measured'"),
        (written(predictions=guess_of(measured=float("nan"))), "NaN is no number"),
        (written(predictions=guess_of(low=None)), "range"),
        (written(predictions=guess_of(low=10)), "range"),
        (written(predictions=guess_of(close="yes")), "'close'"),
        (written(predictions=guess_of(at=None)), "'at'"),
        (written(predictions=guess_of() * 2), "twice"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason.replace("[", r"\[")):
        from_json(text)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "_said_not_kept", False)
    return tmp_path / "new" / "folder" / "progress.json"


def passing(exercise):
    return lambda records: with_try(records, "02_x", exercise, passed=True, now=NOW)


def exercises(file):
    return sorted(record.exercise for record in read(file).checks)


@pytest.mark.parametrize(
    ("value", "file"),
    [("off", None), (" OFF ", None), ("/x/mine.json", "/x/mine.json"), ("~/p.json", "/me/p.json")],
)
def test_the_variable_moves_the_file_or_switches_it_off(value, file, monkeypatch):
    monkeypatch.setenv("HOME", "/me")
    monkeypatch.setenv("TLWIDGETS_PROGRESS", value)
    assert progress_file() == (None if file is None else Path(file))


@pytest.mark.parametrize("year", [1, 1970, 1999, 2066, 2300, 9999])
def test_a_clock_that_is_wrong_costs_no_record(file, year):
    change(file, passing("before"))
    now = datetime(year, 1, 2, tzinfo=UTC)
    change(file, lambda records: with_try(records, "02_x", "then", passed=True, now=now))
    change(file, passing("after"))
    assert exercises(file) == ["after", "before", "then"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_progress_is_private(file):
    before = os.umask(0)  # where others could read all that is written without a thought
    try:
        change(file, passing("Exercise 1"))
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600


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
