"""Where lessons stand on the map, and what the picture shows."""

import re
from itertools import combinations, pairwise
from pathlib import Path

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from tlwidgets import plot_course, plot_transfer_map, read_lessons
from tlwidgets.course.plot import direct_needs, lay_out
from tlwidgets.course.progress import Progress
from tlwidgets.course.progress_file import CheckRecord, Records

matplotlib.use("agg")
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = read_lessons(NOTEBOOKS)
COURSE = dict(zip(LESSONS.index, LESSONS["needs"], strict=True))
T = "2026-01-02T03:04:05+00:00"


def crossings(direct):
    """How many pairs of arrows between the same two columns cross."""
    places = lay_out(direct)
    arrows = [(places[one], places[name]) for name, needed in direct.items() for one in needed]
    return sum(
        (a[1] - c[1]) * (b[1] - d[1]) < 0
        for (a, b), (c, d) in combinations(arrows, 2) if a[0] == c[0]
    )  # fmt: skip


def test_nothing_crosses_on_the_map_of_this_course_and_each_arrow_goes_to_the_next_column():
    direct = direct_needs(COURSE)
    places = lay_out(direct)
    assert crossings(direct) == 0
    for name, needed in direct.items():
        assert all(places[one][0] == places[name][0] - 1 for one in needed)


def test_the_order_in_a_column_is_that_of_what_is_needed():
    tangled = {"a": [], "b": [], "c": [], "d": ["c"], "e": ["b"], "f": ["a"]}
    assert crossings(tangled) == 0
    assert sorted("fed", key=lambda name: lay_out(tangled)[name][1]) == ["f", "e", "d"]


@st.composite
def courses(draw):
    names = [f"{k:02}" for k in range(draw(st.integers(1, 12)))]
    return {
        name: draw(st.lists(st.sampled_from(names[:k]), unique=True, max_size=3)) if k else []
        for k, name in enumerate(names)
    }


@given(courses())
def test_boxes_never_overlap_and_every_need_can_be_followed(needs):
    direct = direct_needs(needs)
    places = lay_out(direct)
    for (column, row), (other, below) in pairwise(sorted(places.values())):
        assert column != other or below - row >= 1 - 1e-9
    follows = {name: set() for name in needs}
    for name, needed in direct.items():
        for one in needed:
            assert places[one][0] < places[name][0]
            follows[name] |= {one} | follows[one]
    assert all(set(needs[name]) <= follows[name] for name in needs)
    # None can be left out.
    assert not [n for n, some in direct.items() for one in some
                if any(one in follows[other] for other in some)]  # fmt: skip


def test_lessons_that_need_each_other_are_refused():
    with pytest.raises(ValueError, match=r"`needs` must not go in a circle; got 0., 0., 0.\."):
        direct_needs({"00": [], "01": ["02"], "02": ["01"]})


def test_a_lesson_that_is_not_there_is_left_out():
    assert direct_needs({"02": ["00", "01"]}) == {"02": []}


def test_each_lesson_stands_under_its_type_on_the_map_of_types():
    ax = plot_transfer_map(LESSONS, Figure(figsize=(10, 4.4)).add_subplot())
    texts = [text for text in ax.texts if text.get_text()]
    for number, lesson in LESSONS.iterrows():
        (below,) = (t for t in texts if re.search(rf"{number}\b", t.get_text()))
        assert lesson["method"] in below.get_text().replace("\n", " ")
        if lesson["transfer"] != "every type":
            (head,) = (t for t in texts if t.get_text() == lesson["transfer"].upper())
            assert head.get_position()[0] == below.get_position()[0]


def drawn(lessons, progress=None):
    ax = Figure(figsize=(10, 5), layout="constrained").add_subplot()
    plot_course(lessons, ax, progress)
    ax.figure.draw_without_rendering()
    boxes = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
    return ax, dict(zip(lessons.index, boxes, strict=True))


def test_every_lesson_has_a_box_and_its_text_fits_into_it():
    ax, boxes = drawn(LESSONS)
    for number, box in boxes.items():
        label = f"{number} {LESSONS['title'][number]}"
        (text,) = (t for t in ax.texts if t.get_text() == label)
        assert text.get_window_extent().width < box.get_window_extent().width


def test_what_is_passed_is_filled_and_what_is_begun_says_how_much():
    checks = (
        CheckRecord("00_start_here", "Exercise 1", 1, T),
        CheckRecord("00_start_here", "Exercise 2", 1, T),
        CheckRecord("02_feature_extraction", "Exercise 1", 1, T),
        CheckRecord("03_fine_tuning", "Exercise 1", 4),
    )
    lessons = LESSONS.assign(exercises=2)
    ax, boxes = drawn(lessons, Progress(Records(checks), None))
    filled = [n for n, box in boxes.items() if to_hex(box.get_facecolor()) != "#ffffff"]
    assert filled == ["00"]
    texts = [text.get_text() for text in ax.texts]
    minutes = lessons["minutes"]
    assert f"{minutes['00']} min · passed" in texts
    assert f"{minutes['03']} min · 1 of 2 passed" in texts
    assert not any("0 of 2 passed" in text for text in texts)
    assert not [b for b in drawn(LESSONS)[1].values() if to_hex(b.get_facecolor()) != "#ffffff"]


def test_a_title_with_dollars_is_no_formula():
    lessons = LESSONS.copy()
    lessons["title"] = "$x^{$"
    drawn(lessons)
