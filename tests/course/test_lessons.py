"""The lessons as a table: read from the notebooks of the course, and refused when not lessons."""

import json
import shutil
from pathlib import Path

import pytest

from tlwidgets import read_lessons, table_of_lessons
from tlwidgets.course.lessons import label
from tlwidgets.course.progress import Progress
from tlwidgets.course.progress_file import CheckRecord, Records

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
T = "2026-01-02T03:04:05+00:00"
COST = (
    "**About 50 minutes** · needs 02, 03 · 80 CPU seconds the first time, 20 after · "
    "1.4 GB of memory"
)


def write(folder, name, *cells):
    path = folder / name
    path.write_text(json.dumps({"cells": list(cells)}), "utf-8")
    return path


PLACE = {"transfer": "inductive", "method": "multi-task"}


def header(title="# 07 · Can it be?", cost=COST, **place):
    metadata = {**PLACE, **place}
    return {"cell_type": "markdown", "source": [f"{title}\n", "\n", cost], "metadata": metadata}


CHECK = {"cell_type": "code", "source": "check()", "metadata": {"tags": ["check"]}}
CODE = {"cell_type": "code", "source": "1", "metadata": {}}


def test_every_notebook_of_the_course_is_read():
    lessons = read_lessons(NOTEBOOKS)
    files = sorted(p.name for p in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    assert lessons["file"].tolist() == files
    assert lessons.index.tolist() == [name[:2] for name in files]
    assert set().union(*lessons["needs"]) <= set(lessons.index)
    assert lessons["exercises"].min() >= 1


def test_what_a_header_says_is_read(tmp_path):
    write(tmp_path, "07_a_b.ipynb", CODE, header(), CHECK, CHECK)
    lesson = read_lessons(tmp_path).loc["07"]
    assert lesson.to_dict() == {
        "title": "A b",
        "question": "Can it be?",
        "minutes": 50,
        "needs": ("02", "03"),
        "cpu_seconds": 80,
        "memory_gb": 1.4,
        "transfer": "inductive",
        "method": "multi-task",
        "exercises": 2,
        "file": "07_a_b.ipynb",
    }
    write(tmp_path, "07_a_b.ipynb", header(cost=COST.replace("02, 03", "nothing")))
    assert read_lessons(tmp_path)["needs"].tolist() == [()]


def test_the_default_is_the_folder_of_the_notebook(tmp_path, monkeypatch):
    write(tmp_path, "07_a_b.ipynb", header())
    write(tmp_path, "07_a_b-Copy1.ipynb", CODE)
    write(tmp_path, "mine.ipynb", CODE)
    write(tmp_path, "42_mine.ipynb", header("# 42, my own notebook"))
    write(tmp_path, "43_mine.ipynb", CODE)
    monkeypatch.chdir(tmp_path)
    assert read_lessons()["file"].tolist() == ["07_a_b.ipynb"]


@pytest.mark.parametrize(
    "cell",
    [
        header("# 07 · No question"),
        header("# 08 · Another number?"),
        header(cost="**About 50 minutes**"),
        header(cost=COST.replace("needs 02, 03", "needs two")),
    ],
)
def test_a_notebook_without_the_header_is_named_with_what_is_expected(tmp_path, cell):
    write(tmp_path, "07_a_b.ipynb", cell)
    with pytest.raises(ValueError, match=r"`folder`: 07_a_b\.ipynb must have '# NN · question\?'"):
        read_lessons(tmp_path)


@pytest.mark.parametrize("place", [{"transfer": "deductive"}, {"transfer": None}, {"method": " "}])
def test_a_lesson_without_a_place_on_the_map_is_named_with_what_its_source_needs(tmp_path, place):
    write(tmp_path, "07_a_b.ipynb", header(**place))
    with pytest.raises(ValueError, match=r"07_a_b\.ipynb must say its place on the map .* # %% \["):
        read_lessons(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cells": [{}]}', '{"cells": [1]}', '{"cells": 5}', "[" * 100_000]
)
def test_a_broken_notebook_is_named(tmp_path, text):
    (tmp_path / "07_a_b.ipynb").write_text(text)
    with pytest.raises(ValueError, match=r"07_a_b\.ipynb cannot be read as a notebook"):
        read_lessons(tmp_path)


def test_a_lesson_that_stands_there_twice_is_named(tmp_path):
    write(tmp_path, "07_a_b.ipynb", header())
    write(tmp_path, "07_old.ipynb", header())
    with pytest.raises(ValueError, match=r"each lesson once; got 07_a_b\.ipynb, 07_old\.ipynb"):
        read_lessons(tmp_path)


def test_a_folder_without_lessons_says_where_it_looked(tmp_path):
    with pytest.raises(ValueError, match=f"`folder` must hold lessons.*{tmp_path}"):
        read_lessons(tmp_path)
    with pytest.raises(ValueError, match="`folder` must hold lessons"):
        read_lessons(tmp_path / "none")


@pytest.mark.parametrize("lesson", ["00_start_here.ipynb", "05_multi_task.ipynb", None])
def test_a_lesson_alone_reads_those_of_the_package_and_links_no_others(
    lesson, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    if lesson:
        shutil.copy(NOTEBOOKS / lesson, tmp_path)
    lessons = read_lessons()
    assert lessons["file"].tolist() == read_lessons(NOTEBOOKS)["file"].tolist()
    html = table_of_lessons(lessons)._repr_html_()
    assert html.count("<a href") == len(list(tmp_path.glob("*.ipynb")))


def test_the_table_links_each_lesson_and_says_what_is_passed(monkeypatch):
    monkeypatch.chdir(NOTEBOOKS)
    lessons = read_lessons()
    passed = Records((CheckRecord("00_start_here", "Exercise 1", 1, T),))
    lessons["exercises"] = 7
    html = table_of_lessons(lessons, Progress(passed, None))._repr_html_()
    for number, lesson in lessons.iterrows():
        assert f'<a href="{lesson["file"]}">{number} {lesson["title"]}</a>' in html
    assert html.count("1 of 7") == 1
    assert "1 of 7" in repr(table_of_lessons(lessons, Progress(passed, None)))
    assert " of 7" not in table_of_lessons(lessons)._repr_html_()


def test_names_with_markup_are_text_in_the_table():
    lessons = read_lessons(NOTEBOOKS)
    bad = '"><script>'
    lessons["title"] = lessons["question"] = lessons["file"] = bad
    lessons["needs"] = [(bad,)] * len(lessons)
    html = table_of_lessons(lessons)._repr_html_()
    assert "<script>" not in html
    assert "&quot;&gt;&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("name", "shown"),
    [("03_fine_tuning", "03 Fine-tuning"), ("00_start_here", "00 Start here"), ("mine", "mine")],
)
def test_a_lesson_is_called_by_number_and_title(name, shown):
    assert label(name) == shown
