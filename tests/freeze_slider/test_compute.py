"""Sentences, pictures and tables of the freeze slider, from states typed by hand."""

import json
from dataclasses import replace
from itertools import accumulate

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
    progress,
    runs_view,
    shares,
    slider_view,
    table_of,
)
from tlwidgets.freezing import Block, Estimate, Run

pytestmark = pytest.mark.keras

CODE = CompileCode(optimizer="keras.optimizers.Adam", options=(), loss="'mse'", metrics="[]")


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
        (
            Estimate(n_bytes=300_000_000, n_bytes_on_disk=200_000_000, seconds=1.7),
            "about 1.7 s and 100 MB more memory and 200 MB in temporary files.",
        ),
        (Estimate(n_bytes=0, seconds=61.2), "about 62 s."),
    ],
)
def test_the_cost_is_said_as_far_as_it_is_known(estimate, sentence):
    assert describe_cost(replace(STATE, estimate=estimate)).endswith(sentence)


def test_what_the_page_gets_is_plain_json_and_its_widths_add_up():
    moves = (LayerMove(layer="stem_conv", has_moved=False, largest_change=0.0),)
    view = slider_view(replace(STATE, moves=moves, records=(record(1, 0.8),)))
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert sum(b["share"] for b in view["blocks"]) == pytest.approx(1, abs=1e-3)
    assert [b["batchnorm"] for b in view["blocks"]] == [False, True, False]
    assert "20,000 parameters in 1 layer, output 3 x 3 x 8" in view["blocks"][1]["info"]
    assert [b["sentence"] for b in view["blocks"]] == [
        describe(replace(STATE, choice=replace(CHOICE, cut=cut))) for cut in range(3)
    ]


def moved(layer, relative, largest=0.5):
    has_moved = relative != 0
    return LayerMove(
        layer=layer, has_moved=has_moved, largest_change=largest, relative_change=relative
    )


@pytest.mark.parametrize(
    ("relative", "words"),
    [(0, "0, exactly"), (1e-5, "< 0.1 %"), (0.012, "1.2 %"), (0.21, "21 %"), (None, "moved")],
)
def test_a_block_says_how_far_it_moved(relative, words):
    view = slider_view(replace(STATE, moves=(moved("stem_conv", relative),)))
    ((height, _),) = view["blocks"][0]["moves"]
    assert view["blocks"][0]["moved"] == words
    assert (height == 0) == (relative == 0) and height <= 1
    assert view["blocks"][1]["moves"] == []


def test_what_moved_farther_has_a_higher_bar():
    heights = [
        slider_view(replace(STATE, moves=(moved("stem_conv", far),)))["blocks"][0]["moves"][0][0]
        for far in (0.001, 0.01, 0.1, 1.0)
    ]
    assert heights == sorted(set(heights))


BEFORE = {"val_loss": 2.0, "val_accuracy": 0.65}


def test_the_big_number_is_that_of_the_depth_with_what_is_chosen_now():
    records = (record(1, 0.8), record(1, 0.9, seed=1), record(2, 0.6), record(0, 0.7, n_labels=50))
    blocks = slider_view(replace(STATE, records=records, before=BEFORE))["blocks"]
    assert blocks[0]["score"] is None  # measured with other labels
    assert blocks[1]["score"] == {
        "text": "0.850", "note": "validation accuracy, mean of 2 seeds", "gain": "+0.200",
        "than": "over untrained", "tone": "good",
    }  # fmt: skip
    assert (blocks[2]["score"]["gain"], blocks[2]["score"]["tone"]) == ("−0.050", "bad")


def test_an_error_that_falls_is_a_gain_and_without_validation_there_is_none():
    run = Run(cut=1, block="middle", n_trained=9, history={"loss": [1.0], "val_loss": [0.5]})
    records = (Record(choice=CHOICE, run=run),)
    score = slider_view(replace(STATE, records=records, before=BEFORE))["blocks"][1]["score"]
    assert (score["gain"], score["than"], score["tone"]) == ("−1.500", "against untrained", "good")
    alone = replace(STATE, subject=replace(SUBJECT, n_validation=0), records=(record(1, 0.8),))
    score = slider_view(alone)["blocks"][1]["score"]
    assert score["gain"] == "" and "no validation set" in score["note"]


def test_before_the_first_run_words_say_what_to_do():
    view = slider_view(STATE)
    assert "press Train" in view["hint"] and view["depth"] is None and view["curves"] == []
    assert slider_view(replace(STATE, records=(record(1, 0.8),)))["hint"] == ""


def test_a_run_elsewhere_is_shown_where_it_trains():
    live = Live(choice=replace(CHOICE, cut=0), history={"loss": (0.5,), "accuracy": (0.7,)})
    view = slider_view(replace(STATE, live=live))["live"]
    assert (view["cut"], view["score"], view["text"]) == (0, 0.7, "0.700")


def test_what_moved_is_said():
    moves = tuple(LayerMove(layer=f"{i}", has_moved=i > 0, largest_change=i / 9) for i in range(3))
    state = replace(STATE, moves=moves)
    assert describe_moves(state).startswith("The last run moved 2 of 3 layers")
    assert "1 stayed exactly as it was" in describe_moves(state)
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
    assert (progress(preparing), progress(training)) == (0.4, pytest.approx(0.4))
    assert describe_progress(replace(STATE, message="Done.")) == "Done."


def test_the_curves_are_those_of_the_run_that_goes_on():
    state = replace(STATE, records=(record(1, 0.8),))
    loss, accuracy = curve_charts(state)
    assert [s.name for s in accuracy.series] == ["training 0.900", "validation 0.800"]
    assert list(accuracy.series[1].points) == [(1, 0.3), (2, 0.8)]
    live = replace(state, live=Live(choice=CHOICE, history={"loss": (3.0,)}))
    loss, _ = curve_charts(live)
    assert list(loss.series[0].points) == [(1, 3.0)]
    assert loss.x.high == 5.5


PLACES = [0.0, *accumulate(shares(BLOCKS))][:-1]


def rounded(points):
    return [(round(x, 6), y if y is None else round(y, 6)) for x, y in points]


def test_the_depth_curve_joins_the_means_over_the_boundaries_and_has_whiskers():
    records = (record(1, 0.8), record(1, 0.8), record(1, 0.9, seed=1), record(2, 0.6))
    chart = depth_chart(replace(STATE, records=records))
    _low, _high, whiskers, line = chart.series
    x = [round(place, 6) for place in PLACES]
    assert rounded(line.points) == [(x[1], 0.85), (x[2], 0.6)]  # the same run twice counts once
    assert rounded(whiskers.points) == [(x[1], 0.8), (x[1], 0.9), (x[1], None)]
    assert [at for at, _ in chart.rules] == [0.5]
    assert chart.gaps == [(line.colour, 0, 1)]
    assert [text for *_, text in chart.marks] == ["best: 0.850 from middle"]
    assert "Best so far with 500 labels: 0.900, training from middle on" in chart.description


def test_the_band_is_what_a_validation_set_of_this_size_can_tell():
    def width(n):
        subject = replace(SUBJECT, n_validation=n)
        low, high, _ = depth_chart(
            replace(STATE, subject=subject, records=(record(1, 0.8),))
        ).series
        return high.points[0][1] - low.points[0][1]

    assert width(50) == pytest.approx(0.219, abs=0.01)  # Wilson's interval, by hand
    assert width(5000) < 0.03


def test_what_is_not_chosen_now_is_faint():
    records = (record(1, 0.8), record(2, 0.7, n_labels=50))
    chart = depth_chart(replace(STATE, records=records))
    assert [s.is_faint for s in chart.series if s.name] == [True, False]
    other = replace(STATE, records=records, choice=replace(CHOICE, n_labels=20))
    assert all(s.is_faint for s in depth_chart(other).series)


@pytest.mark.parametrize("scores", [(0.812, 0.815), (0.995, 1.0), (0.0, 0.01), (0.3, 0.9)])
def test_noise_does_not_look_like_a_cliff(scores):
    subject = replace(SUBJECT, n_validation=0, majority=None)
    records = tuple(record(cut, score) for cut, score in enumerate(scores))
    y = depth_chart(replace(STATE, subject=subject, records=records)).y
    assert y.high - y.low >= 0.0999
    assert y.low <= min(scores) and y.high >= max(scores)
    assert y.low >= -0.021 and y.high <= 1.021


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


def test_where_training_began_far_below_is_said():
    state = replace(STATE, records=(record(1, 0.94),), before={"val_accuracy": 0.09})
    chart = depth_chart(state)
    assert [at for at, _ in chart.rules] == []
    assert chart.y.low > 0.5 and "before training 0.090, far below" in chart.y.label


def test_the_depth_chart_shows_where_all_runs_began():
    records = (record(1, 0.94), record(2, 0.92))
    before = {"val_loss": 2.0, "val_accuracy": 0.9}
    chart = depth_chart(replace(STATE, records=records, before=before))
    assert chart.rules == [(0.9, "before training 0.900")]
    assert chart.y.low <= 0.9
    assert depth_chart(replace(STATE, before=before)) is None


@pytest.mark.parametrize(("epochs", "ticks"), [(5, [1, 2, 3, 4, 5]), (30, [5, 10, 15, 20, 25, 30])])
def test_epochs_have_round_ticks(epochs, ticks):
    loss, _ = curve_charts(replace(STATE, choice=replace(CHOICE, epochs=epochs)))
    assert [at for at, _ in loss.x.ticks] == ticks


def test_stopped_and_diverged_runs_are_not_in_the_depth_curve():
    records = (record(1, 0.8), record(2, 0.99, ending="stopped"), record(2, 1.0, ending="diverged"))
    (line,) = [s for s in depth_chart(replace(STATE, records=records)).series if s.has_dots]
    assert [y for _, y in line.points] == [0.8]


def test_curves_with_other_choices_are_apart_and_named_by_what_differs():
    records = (record(1, 0.8), record(1, 0.5, n_labels=50), record(1, 0.4, n_labels=50, epochs=9))
    names = [s.name for s in depth_chart(replace(STATE, records=records)).series if s.name]
    assert names == ["50 labels, 5 epochs", "50 labels, 9 epochs", "500 labels, 5 epochs"]


def test_without_validation_it_is_said():
    state = replace(STATE, subject=replace(SUBJECT, n_validation=0), records=(record(1, 0.8),))
    assert "No validation set" in depth_chart(state).description


def test_the_table_has_a_row_for_each_run_and_marks_the_best():
    runs = table_of(replace(STATE, records=(record(1, 0.8), record(2, 0.7))))
    assert list(runs["cut"]) == [1, 2]
    assert list(runs["val_accuracy"]) == [0.8, 0.7]
    view = runs_view(replace(STATE, records=(record(1, 0.8), record(2, 0.7))))
    at = view["columns"].index("val accuracy")
    assert [row[at] for row in view["rows"]] == ["0.7", "0.8"]  # the newest first
    assert view["best"] == 1
    assert view["rows"][1][view["columns"].index("BN frozen")] == "yes"
    assert runs_view(STATE)["rows"] == []


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
