"""Claims against what came true: typed by hand, against a slow loop, with a liar as the twin."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tlwidgets.shipping import calibration_error, calibration_table
from tlwidgets.shipping.calibration import plot_calibration

RNG = np.random.default_rng(0)
CLAIM = RNG.beta(0.7, 0.7, 4000)
HONEST = (RNG.random(4000) < CLAIM).astype(int)
LIAR = (RNG.random(4000) < 0.5 + (CLAIM - 0.5) / 3).astype(int)  # claims more than it knows


def slow_error(y, probability, n_bins):
    total = 0.0
    for i in range(n_bins):
        low, high = i / n_bins, (i + 1) / n_bins
        inside = [k for k, p in enumerate(probability) if low < p <= high or (i == 0 and p == 0)]
        if inside:
            claimed = sum(probability[k] for k in inside) / len(inside)
            true = sum(y[k] for k in inside) / len(inside)
            total += len(inside) / len(y) * abs(true - claimed)
    return total


def test_a_table_typed_by_hand():
    table = calibration_table([0, 1, 1, 1, 0], [0.0, 0.1, 0.1, 1.0, 0.95], n_bins=10)
    assert table.columns.tolist() == ["claimed", "true_rate", "n"]
    np.testing.assert_allclose(table["claimed"], [0.2 / 3, 1.95 / 2])
    np.testing.assert_allclose(table["true_rate"], [2 / 3, 0.5])
    assert table["n"].tolist() == [3, 2]


@pytest.mark.parametrize("n_bins", [2, 10, 15])
def test_the_error_is_that_of_a_slow_loop(n_bins):
    y, probability = LIAR[:300], CLAIM[:300].round(2)  # rounded: many lie on an edge
    wanted = slow_error(y, probability, n_bins)
    assert calibration_error(y, probability, n_bins=n_bins) == pytest.approx(wanted)
    assert calibration_table(y, probability, n_bins=n_bins)["n"].sum() == 300


def test_who_keeps_the_word_has_a_small_error_and_who_does_not_a_large_one():
    assert calibration_error(HONEST, CLAIM) < 0.03
    assert calibration_error(LIAR, CLAIM) > 0.15


def test_claiming_the_base_rate_is_calibrated_and_useless():
    base_rate = np.full(len(HONEST), HONEST.mean())
    assert calibration_error(HONEST, base_rate) == pytest.approx(0)


def test_booleans_are_labels():
    pd.testing.assert_frame_equal(
        calibration_table(HONEST == 1, CLAIM), calibration_table(HONEST, CLAIM)
    )


@pytest.mark.parametrize(
    ("argument", "value", "y", "probability", "more"),
    [
        ("probability", "(2, 2)", [0, 1], np.zeros((2, 2)), {}),
        ("probability", "-3 to 2", [0, 1], [-3.0, 2.0], {}),
        ("probability", "nan", [0, 1], [float("nan"), 0.5], {}),
        ("y", "(2,)", [0, 1, 1], [0.5, 0.5], {}),
        ("y", "'sound'", ["sound", "defective"], [0.5, 0.5], {}),
        ("y", "got 1", [1, 1], [0.5, 0.5], {}),
        ("y", "2", [0, 2], [0.5, 0.5], {}),
        ("n_bins", "1", [0, 1], [0.5, 0.5], {"n_bins": 1}),
    ],
)
def test_a_wrong_value_is_named(argument, value, y, probability, more):
    for function in (calibration_table, calibration_error):
        with pytest.raises((TypeError, ValueError)) as caught:
            function(y, probability, **more)
        assert f"`{argument}`" in str(caught.value)
        assert value in str(caught.value)


def test_the_picture_shows_every_bin_and_the_diagonal():
    table = calibration_table(LIAR, CLAIM)
    ax = Figure().subplots()
    assert plot_calibration(table, ax) is ax
    dots = ax.collections[-1]
    np.testing.assert_allclose(dots.get_offsets(), table[["claimed", "true_rate"]])
    np.testing.assert_allclose(
        dots.get_sizes() / dots.get_sizes().max(), table["n"] / table["n"].max()
    )
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[0, 0], [1, 1]])
    assert ax.get_xlabel() and ax.get_ylabel()


@pytest.mark.parametrize(
    ("table", "value"), [([1], "list"), (pd.DataFrame({"claimed": [1.0]}), "claimed")]
)
def test_another_table_is_refused(table, value):
    with pytest.raises((TypeError, ValueError), match=f"`table` must.*calibration_table.*{value}"):
        plot_calibration(table, Figure().subplots())
    with pytest.raises(TypeError, match=r"`ax` must be matplotlib Axes.*None"):
        plot_calibration(calibration_table(LIAR, CLAIM), None)
