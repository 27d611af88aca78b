"""What a learner and a teacher see of the progress: tables, lines, an export, a class."""

import json
import os

import pandas as pd
import pytest

from tlwidgets import merge_progress, progress, write_grades
from tlwidgets.course.progress import Progress
from tlwidgets.course.progress_file import CheckRecord, GuessRecord, Records, change, from_json

T = "2026-01-02T03:04:05+00:00"
RECORDS = Records(
    checks=(
        CheckRecord("02_feature_extraction", "Exercise 1", 2, T),
        CheckRecord("02_feature_extraction", "Exercise 2", 3),
        CheckRecord("03_fine_tuning", "Exercise 1", 1, T),
    ),
    guesses=(
        GuessRecord("02_feature_extraction", "How many?", 70.0, T, 72.0, True, 0.0, 100.0),
        GuessRecord("02_feature_extraction", "Which?", "cat", T, "dog", False),
        GuessRecord("02_feature_extraction", "And now?", 1.0, T, low=0.0, high=2.0),
    ),
)


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("TLWIDGETS_PROGRESS", str(path))
    return path


@pytest.fixture
def mine(file):
    change(file, lambda _: RECORDS)
    return progress()


def test_checks_are_a_table(mine):
    checks = mine.checks
    assert list(checks.columns) == ["lesson", "exercise", "passed_at", "tries"]
    assert checks["passed_at"].notna().tolist() == [True, False, True]
    assert checks["passed_at"][0] == pd.Timestamp(T)


def test_predictions_are_a_table(mine):
    table = mine.predictions
    expected = ["lesson", "question", "guess", "measured", "low", "high", "close", "at"]
    assert list(table.columns) == expected
    assert table["close"].tolist() == [True, False, None]
    assert table["low"].isna().tolist() == [False, True, False]
    assert table["guess"].tolist() == [70, "cat", 1]


def test_one_line_per_lesson_and_where_it_is_kept(mine, file):
    lines = repr(mine).splitlines()
    assert lines[0] == "02 Feature extraction: 1 exercise passed, 3 guesses (1 close)"
    assert lines[1] == "03 Fine-tuning: 1 exercise passed, 0 guesses (0 close)"
    assert lines[2] == f"Kept in {file}, on this machine only."


def test_without_anything_the_tables_are_empty_with_the_same_columns(file):
    mine = progress()
    assert repr(mine).startswith("Nothing is kept yet.")
    assert (len(mine.checks), len(mine.predictions)) == (0, 0)
    assert list(mine.checks.columns) == list(Progress(RECORDS, file).checks.columns)
    assert not file.exists()


def test_switched_off_it_says_so(monkeypatch):
    monkeypatch.setenv("TLWIDGETS_PROGRESS", "off")
    assert repr(progress()) == "Nothing is kept: TLWIDGETS_PROGRESS is 'off'."


def test_the_place_is_told_without_the_learners_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    monkeypatch.setenv("TLWIDGETS_PROGRESS", str(tmp_path / "ada" / "p.json"))
    assert "~/p.json" in repr(progress())
    assert "ada" not in repr(progress())


def test_names_with_markup_are_shown_as_text(file):
    bad = Records((CheckRecord("<script>x</script>", "<b>", 1, T),))
    html = Progress(bad, file)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_an_export_holds_the_same_and_says_what(mine, tmp_path):
    said = repr(mine.export(tmp_path / "out.json"))
    assert "2 exercises passed and 3 guesses" in said
    assert "no name" in said and "nothing was sent" in said
    assert from_json((tmp_path / "out.json").read_text("utf-8")) == RECORDS
    assert "the name 'Ada'" in repr(mine.export(tmp_path / "out.json", name="Ada"))
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))["name"] == "Ada"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_a_teacher_may_read_an_export_where_the_umask_says_so(mine, tmp_path):
    before = os.umask(0o022)
    try:
        mine.export(tmp_path / "ada.json")
    finally:
        os.umask(before)
    assert (tmp_path / "ada.json").stat().st_mode & 0o777 == 0o644


def test_an_export_overwrites_nothing_else(mine, tmp_path):
    (tmp_path / "thesis.json").write_text("{}")
    with pytest.raises(ValueError, match=r"`path` .*thesis\.json is there and is no export"):
        mine.export(tmp_path / "thesis.json")
    assert (tmp_path / "thesis.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [((5,), "path"), (("",), "path"), (("no/folder/x.json",), "path"), (("x.json", 5), "name"),
     (("x.json", ""), "name"), (("x.json", "x" * 101), "name")],
)  # fmt: skip
def test_a_wrong_export_is_named_and_writes_nothing(
    mine, tmp_path, monkeypatch, arguments, argument
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises((TypeError, ValueError), match=f"`{argument}`"):
        mine.export(*arguments)
    assert list((tmp_path / "here").iterdir()) == []


def test_forgetting_wants_to_be_confirmed(mine, file):
    with pytest.raises(ValueError, match=r"`confirm` must be True .*2 exercises"):
        mine.forget()
    with pytest.raises(ValueError, match="`confirm`"):
        mine.forget(confirm="yes")
    assert file.exists()
    assert "1 file deleted" in repr(mine.forget(confirm=True))
    assert not file.exists()
    assert len(progress().checks) == 0


def exported(path, records, name=None):
    Progress(records, path).export(path, name)
    return path


def test_a_class_is_one_table(tmp_path):
    files = [
        exported(tmp_path / "a.json", RECORDS, "Ada"),
        exported(tmp_path / "b.json", Records(RECORDS.checks[2:])),
        exported(tmp_path / "c.json", Records(), "Cy"),
    ]
    table = merge_progress(files)
    assert table["learner"].tolist() == ["Ada", "Ada", "b", "Cy"]
    assert table["lesson"].tolist() == [
        "02_feature_extraction", "03_fine_tuning", "03_fine_tuning", ""
    ]  # fmt: skip
    assert table["passed"].tolist() == [1, 1, 1, 0]
    assert table["tries"].tolist() == [5, 1, 1, 0]
    assert table["guesses"].tolist() == [3, 0, 0, 0]
    assert table["close"].tolist() == [1, 0, 0, 0]


def test_a_total_makes_a_grade_of_it(tmp_path):
    others = (*RECORDS.checks, CheckRecord("my_notebook", "Exercise 1", 1, None))
    table = merge_progress([exported(tmp_path / "a.json", Records(others), "Ada")])
    assert table["exercises"].tolist() == [2, 2, pd.NA]


def grades_of_a_class(folder):
    return merge_progress(
        [
            exported(folder / "a.json", RECORDS, "ada@uni.example"),
            exported(folder / "b.json", Records(RECORDS.checks[2:]), 'grace, "G"@uni.example'),
            exported(folder / "c.json", Records(), "cy@uni.example"),
        ]
    )


def test_moodle_and_canvas_get_their_columns(tmp_path):
    table = grades_of_a_class(tmp_path)
    made = write_grades(table, tmp_path / "moodle.csv")
    assert list(made) == ["Email address", "02 Feature extraction", "03 Fine-tuning"]
    lines = (tmp_path / "moodle.csv").read_text("utf-8").splitlines()
    assert lines[1:] == ["ada@uni.example,1,1", '"grace, ""G""@uni.example",,1', "cy@uni.example,,"]
    write_grades(table, tmp_path / "canvas.csv", system="Canvas")
    head, points, ada, *_ = (tmp_path / "canvas.csv").read_text("utf-8").splitlines()
    assert head.startswith("Student,ID,SIS User ID,SIS Login ID,Section,02 Feature")
    assert points == "Points Possible,,,,,2,2"
    assert ada == ",,,ada@uni.example,,1,1"


@pytest.mark.parametrize(
    ("make", "options", "words"),
    [
        (lambda table: 5, {}, "`table` must come from merge_progress"),
        (lambda table: table.drop(columns="file"), {}, "`table` must come from merge_progress"),
        (lambda table: table, {"system": "moodel"}, "Did you mean 'Moodle'"),
        (lambda table: table.assign(learner="ada"), {}, "two files of ada"),
    ],
)
def test_grades_that_cannot_be_written_write_nothing(make, options, words, tmp_path):
    with pytest.raises((TypeError, ValueError), match=words):
        write_grades(make(grades_of_a_class(tmp_path)), tmp_path / "grades.csv", **options)
    assert not (tmp_path / "grades.csv").exists()


@pytest.mark.parametrize("content", ["{}", "[1]", "not json", '{"tlwidgets_progress": 1}'])
def test_a_file_that_is_something_else_is_named(tmp_path, content):
    good = exported(tmp_path / "a.json", RECORDS)
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(ValueError, match=r"`paths`: .*bad\.json is no progress .*Expected a file"):
        merge_progress([good, tmp_path / "bad.json"])


def test_files_that_cannot_be_read_are_named(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ValueError, match=f"`paths`: {path} is no progress"):
            merge_progress([path])


@pytest.mark.parametrize("paths", ["a.json", 5, [], [5]])
def test_paths_are_a_list_of_files(paths):
    with pytest.raises((TypeError, ValueError), match="`paths`"):
        merge_progress(paths)


def test_a_file_counts_once(tmp_path):
    good = exported(tmp_path / "a.json", RECORDS)
    with pytest.raises(ValueError, match=r"each once; got .*a\.json twice"):
        merge_progress([good, str(good)])
