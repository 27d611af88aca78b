"""Keras' side, driven by hand: no training, only the calls that Keras would make."""

import copy
import json
import math
import types

import numpy as np
import pytest

pytestmark = pytest.mark.keras

NAN = math.nan


@pytest.fixture
def make():
    from tlwidgets import TrainingCurves

    def make(**choices):
        return TrainingCurves(**{"in_terminal": "silence", **choices})

    return make


def model_with(learning_rate=0.1):
    return types.SimpleNamespace(optimizer=types.SimpleNamespace(learning_rate=learning_rate))


def fit(callback, epochs, *, model=None, first=0, steps=2, planned=None, end=True):
    """Call a callback as `fit` does; `epochs` is a list of logs."""
    callback.set_params({"epochs": planned or first + len(epochs), "steps": steps, "verbose": 0})
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, logs in enumerate(epochs, first):
        callback.on_epoch_begin(epoch)
        for step in range(steps or 2):
            callback.on_train_batch_begin(step)
            callback.on_train_batch_end(step, {"loss": logs.get("loss", 0.0)})
        callback.on_epoch_end(epoch, logs)
    if end:
        callback.on_train_end()


def losses(*values):
    return [{"loss": value} for value in values]


def drawn(curves):
    from tlwidgets.training_curves.charts import charts_of

    charts = charts_of(curves.runs, curves.choices)
    return json.loads(json.dumps([chart.to_view() for chart in charts], allow_nan=False))


def test_nan_and_infinity_become_gaps_and_are_named(make):
    curves = make()
    fit(curves, losses(1.0, NAN, math.inf, 0.5))
    (chart,) = drawn(curves)
    line = next(s for s in chart["series"] if s["name"] == "training")
    assert [y for _, y in line["points"]] == [1, None, None, 0.5]
    assert "undefined (NaN) in epoch 2" in repr(curves)
    assert len(curves.to_frame().query("step.isna()")) == 4


def test_a_metric_that_appears_late(make):
    curves = make()
    fit(curves, [{"loss": 1.0}, {"loss": 0.9}, {"loss": 0.8, "auc": 0.6, "val_auc": 0.5}])
    assert [chart["title"] for chart in drawn(curves)] == ["Loss", "Auc"]
    assert drawn(curves)[1]["series"][-1]["points"] == [[3, 0.5]]


def test_the_same_model_goes_on_and_another_begins_anew(make):
    curves, first, second = make(), model_with(), model_with()
    fit(curves, losses(1.0, 0.9), model=first)
    fit(curves, losses(0.8), model=first)
    assert [run.n_epochs for run in curves.runs] == [3]
    fit(curves, losses(1.1), model=second)
    assert [run.n_epochs for run in curves.runs] == [3, 1]
    assert "run before" in [series["name"] for series in drawn(curves)[0]["series"]]
    curves.new_run()
    fit(curves, losses(1.2), model=second)
    assert len(curves.runs) == 3


def test_a_phase_goes_on_although_the_model_is_another_object(make):
    curves = make()
    fit(curves, losses(1.0, 0.9), model=model_with())
    fit(curves.phase("fine-tuning"), losses(0.8), model=model_with())
    (run,) = curves.runs
    assert [phase.name for phase in run.phases] == ["", "fine-tuning"]
    assert [label for *_, label in drawn(curves)[0]["bands"]] == ["fit 1", "fine-tuning"]


def test_initial_epoch_is_no_epoch_of_ours(make):
    curves = make()
    model = model_with()
    fit(curves, losses(1.0, 0.9), model=model)
    fit(curves, losses(0.8), model=model, first=2, planned=10, end=False)
    (run,) = curves.runs
    assert (run.n_epochs, run.n_planned) == (3, 10)


def test_a_fit_that_is_resumed_in_a_new_kernel_shows_the_epochs_that_keras_counts(make, capsys):
    curves, worse = make(in_terminal="text"), 9 * [{"loss": 0.5, "val_loss": 0.9}]
    fit(curves, [{"loss": 0.6, "val_loss": 0.8}, *worse], first=10, planned=20)
    assert "epoch 11/20: loss 0.6" in capsys.readouterr().out
    assert sorted(curves.to_frame()["epoch"].unique()) == [*range(11, 21)]
    (chart,) = drawn(curves)
    assert chart["marks"][0][2] == "best: epoch 11"  # as in ModelCheckpoint's {epoch}
    assert (chart["x"]["low"], chart["x"]["high"]) == (11, 20)
    fit(curves.phase("more"), worse, first=20)
    assert drawn(curves)[0]["bands"][-1][:2] == [20, 29]


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize(
    ("logs", "words"),
    [
        ([{"d_loss": 1 / n, "g_loss": n} for n in (1, 2, 4)],
         "d_loss went from 1 to 0.25, g_loss went from 1 to 4. Losses that work"),
        ([{"my_loss": 1 / n} for n in (1, 2, 4, 8)], "my_loss: Training loss is still falling"),
        ([{"d_loss": NAN, "g_loss": 1.0}] * 2, "d_loss: Training loss became undefined"),
        ([{"accuracy": n / 4} for n in (1, 2, 3)], "accuracy went from 0.25 to 0.75. There is no"),
    ],
)  # fmt: skip
def test_losses_of_a_loop_of_ones_own_get_a_sentence(make, logs, words, by_hand):
    curves = make()
    if by_hand:  # no on_train_begin, as nobody but Keras needs it
        for epoch, values in enumerate(logs):
            curves.on_epoch_end(epoch, values)
    else:
        fit(curves, logs, steps=0)
        curves.runs[-1].batches.clear()
    assert words in repr(curves)
    assert len(drawn(curves)) == len(logs[0])
    assert curves.figure().axes


WRONG_NAMES = [
    ({"metrics": ["acc"]}, "Did you mean 'accuracy'"),
    ({"metrics": ["loss", "val_accuracy"]}, "Did you mean 'accuracy'"),
    ({"metrics": ["Accuracy"]}, "Did you mean 'accuracy'"),
    ({"chance": {"acc": 0.25}}, "Did you mean 'accuracy'"),
]


@pytest.mark.parametrize(("choice", "words"), WRONG_NAMES)
def test_a_misspelt_metric_is_an_error_with_the_nearest_name(make, choice, words):
    from tlwidgets import TrainingCurves

    history = {"loss": [1.0, 0.5], "val_loss": [1.0, 0.5], "accuracy": [0.5, 0.75]}
    with pytest.raises(ValueError, match=words):
        TrainingCurves.from_history(history, **choice)
    curves = TrainingCurves.from_history(history)
    before = curves.choices
    with pytest.raises(ValueError, match=words):
        curves.choose(**choice)
    assert curves.choices is before
    live = make(**choice)
    with pytest.warns(UserWarning, match=words):  # an hour of training does not die of it
        fit(live, [{"loss": 1.0, "accuracy": 0.5}] * 2)
    assert all(chart["series"] for chart in drawn(live))


@pytest.mark.parametrize("metrics", [[], ["loss", "loss"]])
def test_metrics_are_at_least_one_and_each_once(make, metrics):
    with pytest.raises(ValueError, match="at least one metric, and each once"):
        make(metrics=metrics)


def test_copies_that_a_tuner_makes_report_to_the_original(make):
    curves = make()
    for original in (curves, curves.phase("head")):
        for _trial in range(2):  # a tuner copies the callbacks for each model that it tries
            fit(copy.deepcopy([original])[0], losses(1.0, 0.9), model=model_with())
    assert [run.n_epochs for run in curves.runs] == [2, 2, 2, 2]


def test_a_generator_of_unknown_length(make):
    curves = make()
    fit(curves, losses(1.0), steps=None, end=False)
    batches = drawn(curves)[0]["series"][0]["points"]
    assert [x for x, _ in batches] == [0.5, 1]


def test_steps_per_execution_reports_only_some_batches(make):
    curves = make()
    curves.set_params({"epochs": 1, "steps": 10})
    curves.on_train_begin()
    for last in (4, 9):
        curves.on_train_batch_end(last, {"loss": 1.0})
    assert [x for x, _ in drawn(curves)[0]["series"][0]["points"]] == [0.5, 1]


def test_several_outputs_have_several_charts_and_all_values_are_kept(make):
    curves = make()
    logs = {f"{head}_{m}": 0.5 for head in "ab" for m in ("loss", "accuracy", "auc")}
    fit(curves, [{**logs, "loss": 1.0}] * 2)
    assert [chart["title"] for chart in drawn(curves)] == ["Loss", "A loss", "A accuracy", "A auc"]
    assert set(curves.to_frame()["metric"]) == {*logs, "loss"}
    assert "Measured, too: b_loss, b_accuracy, b_auc;" in repr(curves)
    assert "Measured, too: b_loss, b_accuracy, b_auc;" in drawn(curves)[0]["description"]
    curves.choose(metrics=["b_auc"])
    assert "Measured, too" not in repr(curves)
    assert [chart["title"] for chart in drawn(curves)] == ["B auc"]


def test_a_model_that_raises_in_the_middle_leaves_curves_to_use(make):
    curves, model = make(), model_with()
    fit(curves, losses(1.0, 0.9), model=model, planned=10, end=False)
    curves.on_epoch_begin(2)
    curves.on_train_batch_end(0, {"loss": 0.8})  # and here the model raised
    assert "2 epochs" in repr(curves)
    assert curves.figure().axes
    fit(curves, losses(0.7), model=model)
    assert curves.runs[0].n_epochs == 3
    assert curves.runs[0].batches[-1].epoch == 3


def test_the_learning_rate_of_the_optimizer_is_kept_and_a_logged_one_wins(make):
    curves = make()
    fit(curves, [{"loss": 1.0}, {"loss": 1.0, "learning_rate": 0.01}], model=model_with(0.1))
    rates = curves.to_frame().query("metric == 'learning_rate'")["value"]
    assert list(rates) == [0.1, 0.01]
    assert drawn(curves)[-1]["title"] == "Learning rate"


def test_seconds_count_training_and_not_the_pause_between(make):
    curves, model = make(), model_with()
    now = [0.0]
    curves._clock = lambda: now[0]
    for _ in range(2):
        now[0] += 100.0  # the learner reads
        curves.set_model(model)
        curves.on_train_begin()
        now[0] += 5.0
        curves.on_epoch_end(0, {"loss": 1.0})
        curves.on_train_end()
    assert set(curves.to_frame()["seconds"]) == {5.0, 10.0}


def test_in_a_terminal_there_is_a_line_for_each_epoch(make, capsys):
    fit(make(in_terminal="text"), losses(1.0, 0.5))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["epoch 1/2: loss 1", "epoch 2/2: loss 0.5"]
    assert lines[2] == "2 epochs. 2 epochs are too short to tell anything."
    fit(make(), losses(1.0))
    assert capsys.readouterr().out == ""


def test_training_does_not_die_of_a_picture(make, monkeypatch):
    curves = make()

    def broken(*_arguments):
        raise OSError("no page")

    monkeypatch.setattr(curves.stage, "refresh", broken)
    with pytest.warns(UserWarning, match="cannot be drawn any more"):
        fit(curves, losses(1.0, 0.9))
    assert curves.runs[0].n_epochs == 2


def test_after(make, tmp_path):
    curves = make(name="scratch")
    fit(curves, losses(1.0, 0.5))
    other = type(curves).from_history({"loss": [0.9, 0.3]}, name="scratch")
    labels = [text.get_text() for text in curves.compare(other).axes[0].get_legend().get_texts()]
    assert labels == ["scratch", "scratch (2)"]
    curves.to_csv(tmp_path / "curves.csv")
    assert "epoch" in (tmp_path / "curves.csv").read_text("utf-8")
    assert "curves.csv" in curves.code()
    assert set(curves._repr_mimebundle_()) == {"image/png", "text/plain"}
    assert set(make()._repr_mimebundle_()) == {"text/plain"}
    curves.redraw()  # in a terminal: nothing, and no error


def test_with_a_real_fit_the_values_are_those_of_keras(make):
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=2)
    x = np.random.default_rng(0).normal(size=(20, 3))
    curves = make()
    history = model.fit(
        x, x[:, :1], epochs=3, batch_size=4, validation_data=(x, x[:, :1]), validation_freq=2,
        callbacks=[curves], verbose=0,
    )  # fmt: skip
    frame = curves.to_frame().query("step.isna() and metric == 'loss'")
    assert list(frame.query("split == 'training'")["value"]) == history.history["loss"]
    assert list(frame.query("split == 'validation'")["value"]) == history.history["val_loss"]
    assert list(frame.query("split == 'validation'")["epoch"]) == [2]
    assert curves.runs[0].n_steps == 5
