"""A chart as data: axes that cover everything, few points that keep every peak, plain JSON."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlwidgets._widgets.chart import Chart, Series, axis_over, thin_out
from tlwidgets._widgets.still import figure_of, png_of

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)
POINTS = st.lists(st.tuples(st.integers(0, 10**6), st.none() | NUMBERS), min_size=1, max_size=900)


def chart(points, **more):
    values = [y for _, y in points]
    return Chart(
        title="Loss",
        description="It falls.",
        x=axis_over("epoch", [x for x, _ in points]),
        y=axis_over("loss", values),
        series=[Series(name="training", points=points, colour="#000000")],
        **more,
    )


@given(st.lists(NUMBERS, min_size=1))
def test_an_axis_covers_all_values(values):
    axis = axis_over("loss", values)
    room = 1e-3 * max(1, *map(abs, values))
    assert axis.low <= min(values) + room and axis.high >= max(values) - room
    assert 2 <= len(axis.ticks) <= 9


@given(st.lists(st.floats(1e-9, 1e9), min_size=1))
def test_a_logarithmic_axis_covers_all_values(values):
    axis = axis_over("loss", values, is_log=True)
    assert 0 < axis.low <= min(values) * 1.001 and axis.high >= max(values) * 0.999
    assert axis.low < axis.high


@pytest.mark.parametrize("values", [[], [None], [math.nan, math.inf]])
@pytest.mark.parametrize("is_log", [False, True])
def test_an_axis_over_nothing_is_still_an_axis(values, is_log):
    axis = axis_over("loss", values, is_log=is_log)
    assert axis.low < axis.high and axis.ticks


def test_logarithmic_ticks_are_powers_of_ten():
    assert axis_over("loss", [0.02, 10], is_log=True).ticks == [
        (0.01, "0.01"),
        (0.1, "0.1"),
        (1.0, "1"),
        (10.0, "10"),
    ]


@given(POINTS)
def test_thinning_keeps_ends_and_extremes(points):
    kept = thin_out(points, n=60)
    assert len(kept) <= max(60, 3 * 30 + 2)
    assert kept[0] == points[0] and kept[-1] == points[-1]
    known = [y for _, y in points if y is not None]
    if known:
        left = [y for _, y in kept if y is not None]
        assert (min(left), max(left)) == (min(known), max(known))


@given(POINTS)
def test_a_view_is_plain_json_and_small(points):
    view = chart(points).to_view()
    text = json.dumps(view, allow_nan=False)
    assert len(text) < 30_000
    assert json.loads(text) == view


def test_what_cannot_be_drawn_is_a_gap():
    view = chart([(0, 1.0), (1, math.nan), (2, math.inf), (3, None), (4, 2.0)]).to_view()
    assert [y for _, y in view["series"][0]["points"]] == [1.0, None, None, None, 2.0]


def test_a_rule_near_the_top_has_its_label_below():
    view = chart([(0, 0.0), (1, 1.0)], rules=[(0.97, "high"), (0.2, "low")]).to_view()
    assert view["rules"] == [[0.97, "high", True], [0.2, "low", False]]
    y = axis_over("loss", [0.01, 100], is_log=True)
    view = Chart(
        title="", description="", x=y, y=y, series=[], rules=[(50, "high"), (1, "low"), (0, "no")]
    ).to_view()
    assert [is_below for _, _, is_below in view["rules"]] == [True, False, False]


@pytest.mark.parametrize(
    ("is_log", "x", "is_left"),
    [(False, 6, False), (False, 8, True), (True, 1, False), (True, 50, True)],
)
def test_the_name_of_a_mark_stands_where_there_is_room_on_the_page_and_in_the_figure(
    is_log, x, is_left
):
    axis = axis_over("rate", [0.01, 100] if is_log else [0, 10], is_log=is_log)
    view = Chart(
        title="", description="", x=axis, y=axis_over("loss", [0, 1]), series=[],
        marks=[(x, 0.5, "best")],
    ).to_view()  # fmt: skip
    assert view["marks"] == [[x, 0.5, "best", is_left]]
    (label,) = figure_of([view]).axes[0].texts
    assert label.get_ha() == ("right" if is_left else "left")


def test_the_figure_shows_the_same():
    view = chart([(0, 1.0), (1, None), (2, 0.5)], marks=[(2, 0.5, "best")]).to_view()
    figure = figure_of([view])
    (ax,) = figure.axes
    assert ax.get_title(loc="left") == "Loss"
    assert ax.get_xlabel() == "epoch"
    line, mark = ax.lines
    assert list(line.get_xdata()) == [0, 1, 2]
    assert math.isnan(line.get_ydata()[1])
    assert list(mark.get_ydata()) == [0.5]
    assert png_of(figure).startswith(b"\x89PNG")
