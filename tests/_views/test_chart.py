"""The chart as plain data, and the figure that is drawn from it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tlwidgets._widgets.chart import Chart, Series, axis_over, thin_out
from tlwidgets._widgets.still import figure_of

NUMBER = st.floats(allow_nan=True, allow_infinity=True, width=32)


def make_chart(**others):
    lines = [
        Series(name="a", points=[(1, 1.0), (2, None), (3, 2.0)], colour="#000000"),
        Series(name="b", points=[(1, 2.0), (3, 3.0)], colour="#111111", is_dashed=True),
    ]
    x, y = axis_over("epoch", [1, 3], is_whole=True), axis_over("loss", [1, 3])
    return Chart(**{"title": "t", "description": "", "x": x, "y": y, "series": lines, **others})


def test_whole_axes_have_no_halves():
    assert [at for at, _ in axis_over("epoch", [0, 3], is_whole=True).ticks] == [0, 1, 2, 3]
    assert [at for at, _ in axis_over("epoch", [0, 12], is_whole=True).ticks] == [0, 5, 10, 15]
    assert axis_over("loss", [0, 2]).ticks[1] == (0.5, "0.5")


@given(st.lists(NUMBER, min_size=1, max_size=300), st.integers(4, 60))
def test_thinning_keeps_the_extremes_and_the_ends(values, n):
    points = list(enumerate(values))
    kept = thin_out(points, n)
    assert len(kept) <= max(n, 3 * (n // 2) + 2)
    assert kept[0] is points[0]
    assert kept[-1] is points[-1]
    finite = [v for v in values if abs(v) < float("inf")]
    if finite:
        assert {min(finite), max(finite)} <= {y for _, y in kept}
    assert [x for x, _ in kept] == sorted({x for x, _ in kept})


def test_the_view_is_json_with_gap_switch_and_height():
    chart = make_chart(gaps=[("#222222", 0, 1)], y_other=axis_over("loss", [1, 3], is_log=True))
    view = json.loads(json.dumps(chart.to_view(), allow_nan=False))
    assert view["gaps"] == [["#222222", 0, 1]]
    assert (view["y_other"]["log"], view["low"]) == (True, False)
    assert json.loads(json.dumps(make_chart().to_view()))["y_other"] is None


def test_the_number_of_points_can_be_lowered():
    many = Series(name="a", points=[(i, i % 7) for i in range(1000)], colour="#000000")
    view = make_chart(series=[many]).to_view(50)
    assert len(view["series"][0]["points"]) <= 52


def test_the_figure_shades_the_gap_and_puts_low_charts_below():
    charts = [make_chart(gaps=[("#222222", 0, 1)]), make_chart(is_low=True, title="low")]
    figure = figure_of([chart.to_view() for chart in charts])
    above, below = figure.axes
    assert len(above.patches) == 1
    assert above.get_position().y0 > below.get_position().y0
    assert below.get_title(loc="left") == "low"


def test_names_of_bands_stand_above_the_picture():
    (ax,) = figure_of([make_chart(bands=[(1, 2, "first")]).to_view()]).axes
    (label,) = [text for text in ax.texts if text.get_text() == "first"]
    assert label.xy == (1, 1)
