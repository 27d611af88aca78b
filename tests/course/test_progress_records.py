"""What a record holds, how it changes, and what is refused when a file is read."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlwidgets.course.progress_file import (
    GuessRecord,
    Records,
    from_json,
    plain,
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
