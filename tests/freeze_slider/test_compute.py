"""Sentences, pictures and tables of the freeze slider, from states typed by hand."""

import json
from dataclasses import replace

import pytest

from tlwidgets.freeze_slider.code import CompileCode
from tlwidgets.freeze_slider.experiment import (
    Choice,
    LayerMove,
    Live,
    Record,
    State,
    Subject,
    count_trained,
)
from tlwidgets.freeze_slider.words import (
    curve_charts,
    depth_chart,
    describe,
    describe_cost,
    describe_moves,
    describe_progress,
    html_of,
    progress,
    ribbon_view,
    table_of,
)
from tlwidgets.freezing import Block, Estimate, Run

pytestmark = pytest.mark.keras

CODE = CompileCode(
    optimizer="keras.optimizers.Adam", options=(), learning_rate=0.01, loss="'mse'", metrics="[]"
)


def block(name, n, n_norm=0):
    return Block(name, (f"{name}_conv",), n, n, n_norm, (3, 3, 8))


BLOCKS = (block("stem", 100), block("middle", 20_000, n_norm=64), block("<b>head</b>", 10))
SUBJECT = Subject(
    model_name="net", blocks=BLOCKS, compile_code=CODE, n_train=500, n_validation=50, majority=0.5
)
CHOICE = Choice(cut=1, n_labels=500, learning_rate=0.01)
STATE = State(subject=SUBJECT, choice=CHOICE)


def record(cut, score, seed=0, ending="finished", **choice):
    history = {"loss": [1.0, 0.5], "accuracy": [0.2, 0.9], "val_accuracy": [0.3, score]}
    run = Run(cut=cut, block=BLOCKS[cut].name, n_trained=9, history=history, ending=ending)
    return Record(choice=replace(CHOICE, cut=cut, seed=seed, **choice), run=run)


@pytest.mark.parametrize(
    ("cut", "sentence"),
    [
        (0, "Nothing is frozen: everything from stem to <b>head</b> trains, 20,046 of 20,110"),
        (1, "stem is frozen; middle to <b>head</b> train, 19,946 of 20,110 parameters."),
        (2, "stem to middle are frozen; only <b>head</b> trains, 10 of 20,110 parameters."),
    ],
)
def test_the_sentence_says_what_trains(cut, sentence):
    state = replace(STATE, choice=replace(CHOICE, cut=cut))
    assert describe(state).startswith(sentence)


def test_batchnorm_counts_when_it_trains():
    assert count_trained(SUBJECT, CHOICE) == 19_946
    assert count_trained(SUBJECT, replace(CHOICE, keep_batchnorm_frozen=False)) == 20_010


@pytest.mark.parametrize(
    ("estimate", "sentence"),
    [
        (None, ""),
        (Estimate(n_bytes=0, seconds=None), "the first one measures this machine's speed."),
        (Estimate(n_bytes=0, seconds=0.2), "less than a second."),
        (Estimate(n_bytes=12_300_000, seconds=1.7), "about 1.7 s and 13 MB more memory."),
        (Estimate(n_bytes=0, seconds=61.2), "about 62 s."),
    ],
)
def test_the_cost_is_said_as_far_as_it_is_known(estimate, sentence):
    assert describe_cost(replace(STATE, estimate=estimate)).endswith(sentence)


def test_the_ribbon_is_plain_json_and_its_widths_add_up():
    moves = (LayerMove(layer="stem_conv", has_moved=False, largest_change=0.0),)
    view = ribbon_view(replace(STATE, moves=moves))
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert sum(b["share"] for b in view["blocks"]) == pytest.approx(1, abs=1e-3)
    assert [b["batchnorm"] for b in view["blocks"]] == [False, True, False]
    assert view["blocks"][0]["moves"] == [[0, "stem_conv: did not move"]]
    assert "20,000 parameters in 1 layer, output 3 x 3 x 8" in view["blocks"][1]["info"]


def test_what_moved_is_said():
    moves = tuple(LayerMove(layer=f"{i}", has_moved=i > 0, largest_change=i / 9) for i in range(3))
    state = replace(STATE, moves=moves)
    assert describe_moves(state).startswith("The last run moved 2 of 3 layers")
    assert "1 stayed exactly as they were" in describe_moves(state)
    here, elsewhere = (replace(state, records=(record(cut, 0.8),)) for cut in (1, 0))
    assert describe_moves(here) == describe_moves(state)
    assert "The last run, which trained from stem on, moved 2" in describe_moves(elsewhere)


def test_progress_is_said_while_it_runs():
    live = Live(choice=CHOICE, prepared=0.4, place="Depth 2 of 3")
    preparing = replace(STATE, live=live)
    assert "Depth 2 of 3: computing what the frozen blocks give, 40%" in describe_progress(
        preparing
    )
    training = replace(STATE, live=replace(live, prepared=1, history={"loss": (1.0, 0.9)}))
    assert describe_progress(training) == "Depth 2 of 3: epoch 3 of 5"
    assert progress(training) == pytest.approx(0.4)
    assert describe_progress(replace(STATE, message="Done.")) == "Done."


def test_the_curves_are_those_of_the_run_that_goes_on():
    state = replace(STATE, records=(record(1, 0.8),))
    loss, accuracy = curve_charts(state)
    assert [s.name for s in accuracy.series] == ["training", "validation"]
    assert list(accuracy.series[1].points) == [(1, 0.3), (2, 0.8)]
    live = replace(state, live=Live(choice=CHOICE, history={"loss": (3.0,)}))
    loss, _ = curve_charts(live)
    assert list(loss.series[0].points) == [(1, 3.0)]
    assert loss.x.high == 5.5


def test_the_depth_curve_shows_each_seed_and_joins_the_means():
    records = (record(1, 0.8), record(1, 0.9, seed=1), record(2, 0.6))
    chart = depth_chart(replace(STATE, records=records))
    line, dots = chart.series
    assert list(line.points) == [(1, pytest.approx(0.85)), (2, 0.6)]
    assert sorted(dots.points) == [(1, 0.8), (1, 0.9), (2, 0.6)]
    assert chart.rules == [(0.5, "always the most frequent class")]
    assert "Best so far with 500 labels: 0.900, training from middle on" in chart.description


def described(metric, *scores):
    runs = [record(cut, 0.5) for cut in range(len(scores))]
    runs = [
        replace(r, run=replace(r.run, history={"loss": [1.0], metric: [s], f"val_{metric}": [s]}))
        for r, s in zip(runs, scores, strict=True)
    ]
    return depth_chart(replace(STATE, records=tuple(runs))).description


@pytest.mark.parametrize(
    ("metric", "best"),
    [("mae", 1.228), ("head_RMSE", 1.228), ("auc", 3.873)],
)
def test_the_best_run_has_the_least_error_and_the_most_of_what_is_good(metric, best):
    sentence = described(metric, 3.873, 1.228, 2.493)
    where = "middle" if best == 1.228 else "stem"
    assert f"Best so far with 500 labels: {best}, training from {where} on (3 runs)." in sentence


def test_where_nobody_knows_what_is_better_no_depth_is_the_best():
    sentence = described("my_thing", 0.3, 0.9)
    assert sentence == (
        "So far with 500 labels: validation my_thing 0.900 in the last of 2 runs. Whether more "
        "my_thing is better is not known, so no depth is called the best."
    )


def test_a_majority_far_below_all_runs_is_not_drawn():
    records = (record(1, 0.94), record(2, 0.92))
    assert depth_chart(replace(STATE, records=records)).rules == []


def test_the_depth_chart_shows_where_all_runs_began():
    records = (record(1, 0.94), record(2, 0.92))
    before = {"val_loss": 2.0, "val_accuracy": 0.9}
    chart = depth_chart(replace(STATE, records=records, before=before))
    assert chart.rules == [(0.9, "before training")]
    assert chart.y.low <= 0.9
    assert depth_chart(replace(STATE, before=before)).rules == []


@pytest.mark.parametrize(("epochs", "ticks"), [(5, [1, 2, 3, 4, 5]), (30, [5, 10, 15, 20, 25, 30])])
def test_epochs_have_round_ticks(epochs, ticks):
    loss, _ = curve_charts(replace(STATE, choice=replace(CHOICE, epochs=epochs)))
    assert [at for at, _ in loss.x.ticks] == ticks


def test_stopped_and_diverged_runs_are_not_in_the_depth_curve():
    records = (record(1, 0.8), record(2, 0.99, ending="stopped"), record(2, 1.0, ending="diverged"))
    assert depth_chart(replace(STATE, records=records)).series[1].points == [(1, 0.8)]


def test_curves_with_other_choices_are_apart_and_named_by_what_differs():
    records = (record(1, 0.8), record(1, 0.5, n_labels=50), record(1, 0.4, n_labels=50, epochs=9))
    names = [s.name for s in depth_chart(replace(STATE, records=records)).series if s.name]
    assert names == ["500 labels, 5 epochs", "50 labels, 5 epochs", "50 labels, 9 epochs"]


def test_without_validation_it_is_said():
    state = replace(STATE, subject=replace(SUBJECT, n_validation=0), records=(record(1, 0.8),))
    assert "No validation set" in depth_chart(state).description


def test_the_table_has_a_row_for_each_run_and_escapes_what_is_text():
    runs = table_of(replace(STATE, records=(record(1, 0.8), record(2, 0.7))))
    assert list(runs["cut"]) == [1, 2]
    assert list(runs["val_accuracy"]) == [0.8, 0.7]
    html = html_of(runs)
    assert "<b>head" not in html and "&lt;b&gt;head" in html
    assert html.index("0.7") < html.index("0.8")  # the newest first
    assert html_of(table_of(STATE)) == ""


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"cut": 3}, "`cut` must be a whole number from 0 to 2"),
        ({"cut": -1}, "`cut`"),
        ({"cut": 1.0}, "`cut`"),
        ({"n_labels": 501}, "`n_labels` must be a whole number from 1 to 500"),
        ({"n_labels": 0}, "`n_labels`"),
        ({"epochs": 0}, "`epochs`"),
        ({"seed": -1}, "`seed`"),
        ({"learning_rate": 0}, "`learning_rate`"),
        ({"learning_rate": float("nan")}, "`learning_rate`"),
        ({"keep_batchnorm_frozen": 1}, "`keep_batchnorm_frozen` must be True or False"),
    ],
)
def test_an_impossible_choice_is_refused(change, argument):
    with pytest.raises((TypeError, ValueError), match=argument):
        CHOICE.changed(SUBJECT, **change)
