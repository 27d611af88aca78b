"""Where lessons stand on the map, and what the picture shows."""

from itertools import pairwise
from pathlib import Path

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from tlwidgets import plot_course, read_lessons
from tlwidgets.course import plot
from tlwidgets.course.plot import direct_edges, lay_out
from tlwidgets.course.progress import Progress
from tlwidgets.course.progress_file import CheckRecord, Records

matplotlib.use("agg")
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = read_lessons(NOTEBOOKS)
COURSE = dict(zip(LESSONS.index, LESSONS["needs"], strict=True))
T = "2026-01-02T03:04:05+00:00"


def crossings(arrows):
    """How many pairs of straight pieces between the same two columns cross."""
    pieces = {(a, b) for way in arrows for a, b in pairwise(way)}
    return sum(
        (a[1] - c[1]) * (b[1] - d[1]) < 0
        for (a, b) in pieces for (c, d) in pieces if a[0] == c[0]
    ) / 2  # fmt: skip


def test_a_lesson_stands_right_of_what_it_needs_and_nothing_crosses():
    course = {**COURSE, "11": ("02", "03", "07", "10")}
    found = lay_out(course)
    assert crossings(found.arrows) == 0
    for name, needs in course.items():
        assert all(found.boxes[one][0] < found.boxes[name][0] for one in needs)


def test_what_follows_from_other_arrows_is_not_drawn():
    needs = {"00": [], "01": ["00"], "02": ["00", "01"]}
    assert direct_edges(needs) == [("00", "01"), ("01", "02")]


def test_a_long_arrow_passes_between_the_boxes():
    needs = {"0": [], "1": ["0"], "2": ["1"], "3": ["2"], "x": [], "y": ["3", "x"]}
    found = lay_out(needs)
    way = next(way for way in found.arrows if way[0] == found.boxes["x"])
    assert [column for column, _ in way] == [0, 1, 2, 3, 4]
    boxes = set(found.boxes.values())
    assert not boxes & set(way[1:-1])


TANGLED = {"a": [], "b": [], "c": [], "d": ["c"], "e": ["b"], "f": ["a"]}


def test_the_order_in_a_column_is_what_untangles(monkeypatch):
    assert crossings(lay_out(TANGLED).arrows) == 0
    monkeypatch.setattr(plot, "_with_few_crossings", lambda columns, edges: columns)
    assert crossings(lay_out(TANGLED).arrows) == 3


@st.composite
def courses(draw):
    names = [f"{k:02}" for k in range(draw(st.integers(1, 12)))]
    return {
        name: draw(st.lists(st.sampled_from(names[:k]), unique=True, max_size=3)) if k else []
        for k, name in enumerate(names)
    }


@given(courses())
def test_boxes_never_overlap_and_every_need_can_be_followed(needs):
    found = lay_out(needs)
    places = sorted(found.boxes.values())
    for (column, row), (other, below) in pairwise(places):
        assert column != other or below - row >= 1 - 1e-9
    follows = {name: set() for name in needs}
    for one, name in direct_edges(needs):
        follows[name] |= {one} | follows[one]
    assert all(set(needs[name]) <= follows[name] for name in needs)


def test_lessons_that_need_each_other_are_refused():
    with pytest.raises(ValueError, match="`needs` must not go in a circle; got one among 01, 02"):
        lay_out({"00": [], "01": ["02"], "02": ["01"]})


def test_a_lesson_that_is_not_there_is_left_out():
    assert lay_out({"02": ["00", "01"]}).arrows == []


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
    assert "10 min · passed" in texts
    assert "40 min · 1 of 2 passed" in texts
    assert "50 min · 0 of 2 passed" not in texts
    assert not [b for b in drawn(LESSONS)[1].values() if to_hex(b.get_facecolor()) != "#ffffff"]


def test_a_title_with_dollars_is_no_formula():
    lessons = LESSONS.copy()
    lessons["title"] = "$x^{$"
    drawn(lessons)
