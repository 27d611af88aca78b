"""The sentence under a curve, on curves typed by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlwidgets.training_curves.reading import read_curve

NAN, INF = math.nan, math.inf

CURVES = {
    "overfitting": ([2, 1.2, 0.8, 0.5, 0.3, 0.2], [2.1, 1.4, 1.1, 1.2, 1.4, 1.7]),
    "overfitting, noisy": (
        [2, 1.5, 1.1, 0.8, 0.6, 0.4, 0.3, 0.2, 0.15],
        [2.1, 1.7, 1.4, 1.5, 1.45, 1.7, 1.9, 1.85, 2.2],
    ),
    "underfitting": ([2.31, 2.3, 2.29, 2.3, 2.28], [2.31, 2.31, 2.3, 2.3, 2.3]),
    "diverging": ([2.3, 2.5, 4, 9], [2.3, 2.6, 5, 10]),
    "diverging, after a good start": ([2.3, 1, 1.2, 3, 8], []),
    "plateau": (
        [2, 1, 0.6, 0.5, 0.49, 0.49, 0.49, 0.488, 0.489],
        [2.1, 1.1, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6],
    ),
    "plateau, of validation": (
        [2, 1, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25],
        [2.1, 1.1, 0.8, 0.75, 0.74, 0.74, 0.74, 0.745, 0.74],
    ),
    "healthy": ([2, 1.5, 1.2, 1, 0.85, 0.75], [2.05, 1.6, 1.3, 1.1, 0.95, 0.86]),
    "healthy, without validation": ([2, 1.5, 1.2, 1, 0.85, 0.75], []),
    "too short": ([2, 1.5, 1.1], [2, 1.6, 1.2]),
    "unclear": ([2, 1.5, 1.8, 1.1, 1.6, 1.2, 1.5], [2, 2.5, 1.4, 2.6, 1.2, 2.2, 1.3]),
    "undefined": ([2, 1, NAN, NAN], [2, 1, NAN, NAN]),
    "nothing": ([], []),
}


@pytest.mark.parametrize("case", CURVES)
def test_the_kind_of_a_curve(case):
    assert read_curve(*CURVES[case]).kind == case.split(",")[0]


@pytest.mark.parametrize(
    ("case", "part"),
    [
        ("overfitting", "lowest in epoch 3 (1.1) and rose to 1.7 while training loss kept falling"),
        ("diverging, after a good start", "rose from 1 in epoch 2 to 8"),
        ("plateau", "over the last 3 epochs (about 0.489 and 0.6)"),
        ("plateau, of validation", "more epochs alone will hardly help"),
        ("healthy", "still falling (0.86)"),
        ("healthy, without validation", "Without validation data nobody can tell"),
        ("too short", "3 epochs are too short"),
        ("underfitting", "unless the model was good when it started"),
        ("undefined", "became undefined (NaN) in epoch 3"),
    ],
)
def test_the_sentence_names_what_was_seen(case, part):
    assert part in read_curve(*CURVES[case]).sentence


def test_a_wobble_near_zero_is_no_divergence():
    assert read_curve([2, 1, 0.3, 0.1, 0.01, 0.02, 0.05]).kind != "diverging"
    assert read_curve([2, 1, 0.3, 0.1, 0.01, 0.2, 0.9]).kind == "diverging"


def test_a_wobble_near_zero_is_no_noise():
    training = [10, 2.4, 0.5, 0.3, 0.1, 0.08, 0.01, 0.001, 0.004, 0.001, 0.003, 0.001]
    validation = [3.8, 1.5, 1.25, 1.2, 0.95, 0.97, 0.98, 0.96, 0.95, 0.94, 0.94, 0.94]
    assert read_curve(training, validation).kind == "plateau"


def test_epochs_are_counted_from_the_first_of_the_phase():
    assert "since about epoch 13" in read_curve(*CURVES["overfitting"], first_epoch=11).sentence


def test_a_rise_within_the_jitter_is_no_overfitting():
    train = [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2]
    jitter = [1.0, 0.8, 1.0, 0.8, 1.0, 0.8, 1.0]
    assert read_curve(train, jitter).kind != "overfitting"
    rise = [1.0, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]  # the twin: it rises as far, and steadily
    assert read_curve(train, rise).kind == "overfitting"


def test_when_both_losses_rise_it_is_not_called_overfitting():
    assert read_curve([2, 1, 0.8, 0.9, 1.0], [2, 1, 0.9, 1.1, 1.3]).kind != "overfitting"


def test_an_infinite_validation_is_named():
    assert read_curve([2, 1], [2, INF]).sentence.startswith("Validation loss became infinite")


def test_validation_only_every_other_epoch():
    train = [2, 1.2, 0.8, 0.5, 0.3, 0.2, 0.1, 0.05]
    reading = read_curve(train, [None, 1.2, None, 1.0, None, 1.4, None, 1.9])
    assert (reading.kind, "epoch 4" in reading.sentence) == ("overfitting", True)


RISING = ("it diverges", "it jumped up and stayed there")


@given(st.floats(0.02, 0.97), st.integers(6, 60), st.floats(1e-3, 1e3), st.booleans())
def test_a_loss_that_falls_in_every_epoch_is_read_as_falling(rate, n, start, has_validation):
    losses = [start * rate**i for i in range(n)]
    reading = read_curve(losses, losses if has_validation else ())
    assert reading.kind in ("healthy", "plateau"), reading
    assert "up and down" not in reading.sentence


@given(st.floats(1.15, 100), st.integers(4, 60), st.integers(1, 50))
def test_a_loss_that_rose_never_gets_the_advice_of_a_higher_learning_rate(factor, n, stays):
    start = [1.0, 0.9, 0.85]
    blown_up = [0.85 * factor**2] * max(stays, 3)
    rising = [factor**i for i in range(min(n, 20))]
    for losses in (start + blown_up, [*start, *rising], rising):
        reading = read_curve(losses)
        assert reading.kind == "diverging", (losses, reading)
        assert "smaller learning rate" in reading.sentence


@pytest.mark.parametrize(
    ("losses", "part"),
    [
        ([0.7, 3.0, 8.0, 7.9, 7.8, 7.7], RISING[1]),
        ([1, 1e3, 1e6, 1e6, 1e6, 1e6], RISING[1]),
        ([0.35, 2.31, 2.303, 2.303, 2.303, 2.303], RISING[1]),
        ([1, 1.2, 1.5, 1.9, 2.4, 3.0, 3.7, 3.69], RISING[0]),
        ([1, 8, 6, 4, 3, 2], "still falling"),
        ([0.0] * 6, "nothing to learn"),
    ],
)
def test_direction_comes_before_level(losses, part):
    assert part in read_curve(losses).sentence


def test_a_fall_is_a_fall_however_uneven_and_noise_alone_is_none():
    training = [4.82, 0.312, 0.138, 0.109, 0.057, 0.038, 0.033, 0.025]
    uneven = [0.084, 0.06, 0.03, 0.04, 0.02, 0.025, 0.015, 0.017]
    assert "fell from 0.084" in read_curve(training, uneven).sentence
    noise = [0.03, 0.06, 0.02, 0.06, 0.025, 0.055, 0.02, 0.05]  # the twin: as rough, and no fall
    assert read_curve(training, noise).kind == "unclear"


LOSSES = st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=30)


@given(LOSSES, LOSSES)
def test_every_curve_gets_a_sentence(training, validation):
    reading = read_curve(training, validation)
    assert reading.sentence.endswith(".")
    assert "None" not in reading.sentence
