"""Charts of runs typed by hand: what a teacher would draw."""

import json
import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlwidgets.training_curves.charts import (
    charts_of,
    comparison_of,
    curves_png,
    plot_curves,
    points_per_series,
    to_code,
)
from tlwidgets.training_curves.reading import best_epoch, describe, epoch_line, read_run, smooth
from tlwidgets.training_curves.run import Choices, Run, frame_of

LOSS = [2.0, 1.2, 0.8, 0.5, 0.3, 0.2]
VALIDATION = [2.1, 1.4, 1.1, 1.2, 1.4, 1.7]


def make_run(loss=LOSS, validation=VALIDATION, *, number=1, name="", **others):
    run = Run(number=number)
    run.begin_phase(name, n_planned=len(loss), n_steps=2)
    for i, value in enumerate(loss):
        logs = {"loss": value, **{k: v[i] for k, v in others.items()}}
        if validation:
            logs["val_loss"] = validation[i]
        run.end_epoch(logs, float(i + 1))
    return run


def names(chart):
    return [series.name for series in chart.series if series.name]


def test_the_loss_chart_has_gap_best_epoch_and_sentence():
    (chart,) = charts_of([make_run()], Choices())
    assert names(chart) == ["training", "validation"]
    (gap,) = chart.gaps
    assert [chart.series[i].name for i in gap[1:]] == ["training", "validation"]
    assert chart.marks == [(3, 1.1, "best: epoch 3")]
    assert "overfitting since about epoch 3" in chart.description


def test_without_validation_there_is_neither_gap_nor_best():
    (chart,) = charts_of([make_run(validation=None)], Choices())
    assert (list(chart.gaps), list(chart.marks)) == ([], [])


def test_the_metrics_follow_the_loss_and_chance_is_drawn_where_it_is_meant():
    run = make_run(accuracy=[0.1] * 6, val_accuracy=[0.2] * 6)
    loss, accuracy = charts_of([run], Choices(chance=0.25))
    assert (list(loss.rules), list(accuracy.rules)) == ([], [(0.25, "chance")])
    loss, _ = charts_of([run], Choices(chance={"loss": 0.69}))
    assert list(loss.rules) == [(0.69, "chance")]


def test_only_losses_can_be_logarithmic():
    run = make_run(accuracy=[0.1] * 6)
    loss, accuracy = charts_of([run], Choices())
    assert (loss.y.is_log, loss.y_other.is_log, accuracy.y_other) == (False, True, None)
    loss, accuracy = charts_of([run], Choices(log=True))
    assert (loss.y.is_log, loss.y_other.is_log, accuracy.y.is_log) == (True, False, False)


def test_the_run_before_is_a_ghost_and_only_that_one():
    runs = [make_run([9.0] * 3, None, number=i) for i in (1, 2)] + [make_run(number=3)]
    (chart,) = charts_of(runs, Choices())
    ghosts = [series for series in chart.series if series.is_faint]
    assert [(ghost.name, len(ghost.points)) for ghost in ghosts] == [("run before", 3)]


def test_phases_are_bands():
    run = make_run(name="feature extraction")
    run.end_phase()
    run.begin_phase("fine-tuning", n_planned=4, n_steps=None)
    run.end_epoch({"loss": 0.1}, 9.0)
    (chart,) = charts_of([run], Choices())
    assert chart.bands == [(1, 6, "feature extraction"), (6, 10, "fine-tuning")]
    assert read_run(run).sentence.startswith("In “fine-tuning”: 1 epoch is too short")


def test_the_learning_rate_gets_a_strip_only_where_it_changes():
    assert len(charts_of([make_run(learning_rate=[0.1] * 6)], Choices())) == 1
    _, strip = charts_of([make_run(learning_rate=[0.1, 0.1, 0.05, 0.05, 0.01, 0.001])], Choices())
    assert (strip.title, strip.is_low, strip.y.is_log) == ("Learning rate", True, True)


def test_a_step_of_the_learning_rate_stays_a_step():
    _, strip = charts_of([make_run(learning_rate=[0.1] * 3 + [0.01] * 3)], Choices())
    assert strip.series[0].points == [(1, 0.1), (3, 0.1), (4, 0.01), (6, 0.01)]


def test_smoothing_never_hides_the_raw_points():
    (raw,) = charts_of([make_run()], Choices())
    (smoothed,) = charts_of([make_run()], Choices(smoothing=0.8))
    dots = [s.points for s in smoothed.series if s.has_dots and not s.has_line]
    assert dots == [series.points for series in raw.series]
    assert names(smoothed) == ["training, smoothed", "validation, smoothed"]
    assert smooth(LOSS_POINTS, 0.8) != LOSS_POINTS


LOSS_POINTS = list(enumerate(LOSS, 1))


def test_smoothing_leaves_a_gap_where_a_value_is_missing():
    assert smooth([(1, 2.0), (2, math.nan), (3, 2.0)], 0.5) == [(1, 2.0), (2, None), (3, 2.0)]


def test_the_x_axis_is_that_of_the_plan_and_of_what_came():
    run = make_run()
    run.begin_phase("", n_planned=94, n_steps=None)
    assert charts_of([run], Choices())[0].x.high == 100
    run.end_phase()
    assert charts_of([run], Choices())[0].x.high == 6


def test_batches_are_drawn_while_epochs_are_few():
    run = make_run(LOSS[:2], VALIDATION[:2])
    run.end_batch(0, {"loss": 0.9}, 3.0)
    (chart,) = charts_of([run], Choices())
    assert chart.series[0].points == [(2.5, 0.9)]
    assert chart.x.low == 0


def test_before_the_first_value_there_is_an_empty_chart():
    (chart,) = charts_of([], Choices())
    assert json.dumps(chart.to_view(), allow_nan=False)


@pytest.mark.parametrize(
    ("metric", "epoch"),
    [
        ("loss", 1),
        ("head_RMSE", 1),
        ("cosine_similarity", 2),
        ("my_score", None),
    ],
)
def test_the_best_epoch_needs_a_known_direction(metric, epoch):
    best = best_epoch(metric, [(1, 0.1), (2, 0.9), (3, math.nan)])
    assert best is None if epoch is None else best[0] == epoch


def test_where_nobody_knows_what_is_better_the_sentence_says_so():
    run = make_run(my_thing=LOSS, val_my_thing=LOSS, accuracy=LOSS, val_accuracy=LOSS)
    _, mine, accuracy, *_ = charts_of([run], Choices())
    assert mine.marks == []
    assert "Whether more my_thing is better is not known, so no epoch" in mine.description
    assert accuracy.marks
    assert accuracy.description == "In the last epoch: training 0.2, validation 0.2."


def test_words():
    run = make_run(accuracy=[0.5] * 6)
    assert epoch_line(run) == "epoch 6/6: loss 0.2, val_loss 1.7, accuracy 0.5"
    assert describe([]).startswith("No training yet")
    assert describe([run, make_run(number=2)]).startswith("run 2, 6 epochs. Validation loss")


def test_a_comparison_has_one_line_for_each_training():
    named = {"scratch": [make_run(number=1)], "transfer": [make_run(validation=None)]}
    (chart,) = comparison_of(named, Choices())
    assert names(chart) == ["scratch", "transfer"]
    assert [s.points[-1][1] for s in chart.series] == [1.7, 0.2]
    assert len({s.colour for s in chart.series}) == 2


@pytest.mark.parametrize("n", [10, 50, 200, 5000])
def test_a_refresh_is_small_however_long_the_training(n):
    noisy = [2 / (i + 1) + 0.01 * (i % 13) for i in range(n)]
    run = make_run(noisy, noisy, accuracy=noisy, val_accuracy=noisy)
    charts = charts_of([run], Choices(chance=0.1))
    count = points_per_series(charts)
    assert len(json.dumps([chart.to_view(count) for chart in charts])) <= 5_000


def test_with_ghost_and_learning_rate_and_smoothing_it_is_a_little_more():
    noisy = [2 / (i + 1) + 0.01 * (i % 13) for i in range(500)]
    run = make_run(noisy, noisy, accuracy=noisy, val_accuracy=noisy, learning_rate=noisy)
    charts = charts_of([run, run], Choices(chance=0.1, smoothing=0.5))
    count = points_per_series(charts)
    assert len(json.dumps([chart.to_view(count) for chart in charts])) <= 7_500


VALUE = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(st.tuples(VALUE, VALUE), max_size=20), st.sampled_from([0.0, 0.5]), st.booleans())
def test_every_history_becomes_json(pairs, smoothing, log):
    run = make_run([a for a, _ in pairs], [b for _, b in pairs])
    for chart in charts_of([run, run], Choices(smoothing=smoothing, log=log)):
        assert json.dumps(chart.to_view(), allow_nan=False)


@pytest.fixture
def charts():
    rates = [0.1, 0.1, 0.05, 0.05, 0.01, 0.001]
    run = make_run(accuracy=[0.1, 0.3, 0.5, 0.6, 0.7, 0.7], learning_rate=rates)
    return charts_of([run], Choices(chance=0.25))


def test_the_figure_has_the_charts_and_tells_lines_apart_without_colour(charts):
    figure = plot_curves(charts)
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.axison]
    assert titles == ["Loss", "Accuracy", "Learning rate"]
    loss = figure.axes[0]
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "loss")
    lines = {line.get_label(): line for line in loss.get_lines() if line.get_label()[0] != "_"}
    assert lines.keys() == {"training", "validation"}
    assert list(lines["validation"].get_ydata()) == VALIDATION
    assert len({line.get_linestyle() for line in lines.values()}) == 2


def test_a_notebook_shows_the_figure_and_pyplot_does_not_know_it(charts):
    import matplotlib.pyplot as plt

    assert plot_curves(charts)._repr_png_()[:4] == b"\x89PNG"
    assert curves_png(charts)[:4] == b"\x89PNG"
    assert plt.get_fignums() == []


CHECK = """
lines = [line for ax in axes[0] for line in ax.get_lines() if len(line.get_xdata()) == 6]
print([[float(y) for y in line.get_ydata()] for line in lines])
print(axes[0][0].get_yscale(), [ax.get_ylabel() for ax in axes[0]])
"""


def test_the_printed_code_draws_the_same_numbers_without_this_package(tmp_path):
    run = make_run(accuracy=[0.1] * 6)
    frame_of([run]).to_csv(tmp_path / "mine.csv", index=False)
    code = to_code([run], Choices(chance=0.5, log=True), "mine.csv")
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", code + CHECK],
        cwd=tmp_path, env={"MPLBACKEND": "agg", "PATH": ""}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    drawn, axes = done.stdout.splitlines()
    assert str(LOSS) in drawn and str(VALIDATION) in drawn
    assert axes == "log ['loss', 'accuracy']"
    assert "tlwidgets" not in code
    compile(to_code([], Choices(), "curves.csv"), "curves", "exec")  # before any training
