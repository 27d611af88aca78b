"""A chart as data, and its figure: axes over everything, points that keep every peak, JSON."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlwidgets._widgets.chart import Chart, Series, axis_over, thin_out
from tlwidgets._widgets.still import figure_of, png_of

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)
ANY = st.none() | st.floats(width=32)
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


@given(st.lists(ANY, min_size=1, max_size=300), st.integers(4, 60))
def test_thinning_keeps_the_extremes_and_the_ends(values, n):
    points = list(enumerate(values))
    kept = thin_out(points, n)
    assert len(kept) <= max(n, 3 * (n // 2) + 2)
    assert kept[0] is points[0]
    assert kept[-1] is points[-1]
    finite = [v for v in values if v is not None and abs(v) < math.inf]
    if finite:
        assert {min(finite), max(finite)} <= {y for _, y in kept}
    assert [x for x, _ in kept] == sorted({x for x, _ in kept})


@given(POINTS)
def test_a_view_is_plain_json_and_small(points):
    view = chart(points).to_view()
    text = json.dumps(view, allow_nan=False)
    assert len(text) < 30_000
    assert json.loads(text) == view


def test_a_view_has_fewer_points_where_that_is_asked():
    many = chart([(i, float(i % 7)) for i in range(1000)])
    assert len(many.to_view(50)["series"][0]["points"]) <= 52


def test_whole_axes_have_no_halves():
    assert [at for at, _ in axis_over("epoch", [0, 3], is_whole=True).ticks] == [0, 1, 2, 3]
    assert [at for at, _ in axis_over("epoch", [0, 12], is_whole=True).ticks] == [0, 5, 10, 15]
    assert axis_over("loss", [0, 2]).ticks[1] == (0.5, "0.5")


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


def test_the_figure_shades_the_gap_names_the_band_and_puts_low_charts_below():
    points = [(1, 1.0), (2, None), (3, 2.0)]
    other = axis_over("loss", [1, 3], is_log=True)
    shaded = chart(points, gaps=[("#222222", 0, 1)], bands=[(1, 2, "first")], y_other=other)
    second = Series(name="b", points=[(1, 2.0), (3, 3.0)], colour="#111111", is_dashed=True)
    high = replace(shaded, series=[*shaded.series, second]).to_view()
    low = chart(points, is_low=True).to_view()
    assert json.loads(json.dumps(high, allow_nan=False))["gaps"] == [["#222222", 0, 1]]
    assert (high["y_other"]["log"], high["low"]) == (True, False)
    assert (low["y_other"], low["low"]) == (None, True)
    above, below = figure_of([high, low]).axes
    assert len(above.patches) == 2
    assert not below.patches
    assert above.get_position().y0 > below.get_position().y0
    assert "first" in [text.get_text() for text in above.texts]
