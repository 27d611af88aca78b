"""What a threshold costs: counted one by one, and where theory puts the cheapest."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from tlwidgets.shipping import cheapest_threshold, cost_by_threshold
from tlwidgets.shipping.calibration import plot_costs

RNG = np.random.default_rng(1)
CLAIM = RNG.beta(0.7, 0.7, 8000)
HONEST = (RNG.random(8000) < CLAIM).astype(int)
LIAR = (RNG.random(8000) < CLAIM**3).astype(int)  # cries wolf
COSTS = {"cost_missed": 9.0, "cost_false_alarm": 1.0}
IN_THEORY = 0.1


def measured(y, threshold):
    """Return the cost per item of a threshold, counted without the table."""
    alarm = threshold <= CLAIM
    return (9 * np.sum((y == 1) & ~alarm) + np.sum((y == 0) & alarm)) / len(y)


def test_every_row_is_what_counting_gives():
    y, claim = np.array([0, 1, 0, 1, 1, 0]), np.array([0.0, 0.2, 0.2, 0.7, 1.0, 1.0])
    table = cost_by_threshold(y, claim, cost_missed=5, cost_false_alarm=2)
    assert table.columns.tolist() == ["threshold", "n_missed", "n_false_alarms", "cost_per_item"]
    assert table["threshold"].tolist() == pytest.approx([0, 0.1, 0.45, 0.85, 1])
    for row in table.itertuples():
        alarm = claim >= row.threshold
        assert row.n_missed == np.sum((y == 1) & ~alarm)
        assert row.n_false_alarms == np.sum((y == 0) & alarm)
        assert row.cost_per_item == pytest.approx((5 * row.n_missed + 2 * row.n_false_alarms) / 6)


def test_calibrated_claims_put_the_cheapest_where_theory_says_and_others_do_not():
    best = {}
    for name, y in (("honest", HONEST), ("liar", LIAR)):
        best[name] = cheapest_threshold(cost_by_threshold(y, CLAIM, **COSTS))
        assert measured(y, best[name]) <= measured(y, IN_THEORY)
    assert best["honest"] == pytest.approx(IN_THEORY, abs=0.05)
    assert best["liar"] > IN_THEORY + 0.2
    # What theory costs: next to nothing, or a good part.
    assert measured(HONEST, IN_THEORY) < 1.02 * measured(HONEST, best["honest"])
    assert measured(LIAR, IN_THEORY) > 1.2 * measured(LIAR, best["liar"])


def test_free_mistakes_of_one_kind_are_made_always():
    table = cost_by_threshold(HONEST, CLAIM, cost_missed=1, cost_false_alarm=0)
    assert cheapest_threshold(table) == 0
    table = cost_by_threshold([0, 1], [0.2, 0.9], cost_missed=0, cost_false_alarm=1)
    assert cheapest_threshold(table) == pytest.approx(0.55)  # the lowest of those without alarm


@pytest.mark.parametrize(
    ("argument", "value", "costs"),
    [
        ("cost_missed", "-1", {"cost_missed": -1, "cost_false_alarm": 1}),
        ("cost_false_alarm", "'much'", {"cost_missed": 1, "cost_false_alarm": "much"}),
        ("cost_missed", "0 and 0", {"cost_missed": 0, "cost_false_alarm": 0}),
    ],
)
def test_a_wrong_cost_is_named(argument, value, costs):
    with pytest.raises((TypeError, ValueError)) as caught:
        cost_by_threshold([0, 1], [0.2, 0.8], **costs)
    assert f"`{argument}`" in str(caught.value)
    assert value in str(caught.value)


def test_labels_and_claims_are_checked_as_for_calibration():
    with pytest.raises(ValueError, match="`y` must hold 0 and 1"):
        cost_by_threshold([1, 1], [0.2, 0.8], **COSTS)


@pytest.mark.parametrize("table", [None, pd.DataFrame({"threshold": [0.5]})])
def test_another_table_is_refused(table):
    with pytest.raises((TypeError, ValueError), match=r"`table` must.*cost_by_threshold"):
        cheapest_threshold(table)
    with pytest.raises((TypeError, ValueError), match=r"`table` must.*cost_by_threshold"):
        plot_costs(table, Figure().subplots())


def test_the_picture_marks_the_cheapest():
    table = cost_by_threshold(HONEST, CLAIM, **COSTS)
    ax = Figure().subplots()
    assert plot_costs(table, ax) is ax
    line, dot = ax.lines
    np.testing.assert_allclose(line.get_xydata(), table[["threshold", "cost_per_item"]])
    assert dot.get_xydata()[0] == pytest.approx(
        [cheapest_threshold(table), table["cost_per_item"].min()]
    )
    assert f"{cheapest_threshold(table):.2f}" in ax.texts[0].get_text()
    assert ax.get_xlabel() and ax.get_ylabel()


def test_the_label_of_the_cheapest_does_not_lie_on_the_curve():
    claimed = np.random.default_rng(0).beta(0.5, 1, 2000)
    truth = np.random.default_rng(1).random(2000) < claimed
    figure = Figure(figsize=(5, 3))
    ax = plot_costs(
        cost_by_threshold(truth, claimed, cost_missed=10, cost_false_alarm=1), figure.subplots()
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # before it the axes do not know their limits
    # Not its own extent, which has the dotted line in it.
    label = Text.get_window_extent(ax.texts[0], canvas.get_renderer())
    points = ax.transData.transform(ax.lines[0].get_xydata())
    assert not any(label.contains(x, y) for x, y in points)


def test_where_every_alarm_is_a_look_all_alarms_cost_one_look_each():
    looks = {"cost_missed": 10.0, "cost_false_alarm": 1.0, "cost_found": 1.0}
    table = cost_by_threshold(HONEST, CLAIM, **looks)
    assert table["cost_per_item"].iloc[0] == pytest.approx(1.0)
    assert table["cost_per_item"].iloc[-1] == pytest.approx(10 * HONEST.mean())
    assert abs(cheapest_threshold(table) - 0.1) < 0.03  # look / missed
    # The twin: if a right alarm is free, looking at everything seems cheaper than it is.
    free = cost_by_threshold(HONEST, CLAIM, **{**looks, "cost_found": 0.0})
    assert free["cost_per_item"].iloc[0] == pytest.approx(1 - HONEST.mean())
