"""The freeze slider without a browser: what it sends, what it hears, and what it refuses."""

import gc
import json
import threading
import time
import weakref

import ipywidgets
import keras
import numpy as np
import pytest

from tests.freeze_slider.models import LOSS, compiled, pairs, parameters
from tests.page import listen, say, set_by_hand
from tlwidgets import FreezeSlider
from tlwidgets.freezing import moved, snapshot

pytestmark = pytest.mark.keras


@pytest.fixture
def slider():
    model = compiled()
    slider = FreezeSlider(model, **pairs(model))
    yield slider
    slider.close()
    assert not threads()


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "tlwidgets-worker"]


def status(slider):
    return slider._ribbon.view["status"]


def press(slider, kind):
    say(slider._ribbon, {"kind": kind})


def choose(slider, name, value):
    say(slider._ribbon, {"kind": "choose", "name": name, "value": value})


def control(slider, name):
    (found,) = [c for c in slider._ribbon.controls if c["name"] == name]
    return found


def shown(slider, name):
    """Return where a control of the page stands."""
    found = control(slider, name)
    return found["options"][found["value"]][0] if found["kind"] == "steps" else found["value"]


def wait_until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_it_begins_with_only_the_head_training(slider):
    assert (slider.cut, slider.epochs, slider.n_labels, slider.learning_rate) == (3, 5, 96, 0.01)
    assert repr(slider).startswith("FreezeSlider('sequential_model'): c1 to hidden are frozen")


def test_a_drag_is_answered_with_at_most_one_small_message(slider):
    messages = listen(slider)
    set_by_hand(slider._ribbon, cut=1)
    assert slider.cut == 1
    assert messages == []  # the page knows what it says and shows at each depth
    slider.train()
    messages.clear()
    set_by_hand(slider._ribbon, cut=2)
    assert [list(message["state"]) for message in messages] == [["view"]]  # what it would cost
    assert len(json.dumps(messages)) < 6000


def test_a_control_is_answered_with_where_it_stands_and_the_picture(slider):
    choose(slider, "auto", False)
    messages = listen(slider)
    choose(slider, "n_labels", 50)
    assert slider.n_labels == shown(slider, "n_labels") == 50
    assert len([m for m in messages if m["method"] == "update"]) <= 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 7),
        ("n_labels", 37),
        ("learning_rate", 3e-5),
        ("learning_rate", 500.0),
        ("seed", 4),
        ("keep_batchnorm_frozen", False),
    ],
)
def test_what_code_chooses_the_controls_show(slider, name, value):
    slider.n_labels = 50
    setattr(slider, name, value)
    assert getattr(slider, name) == value == shown(slider, name)


def test_what_can_not_be_chosen_says_why(slider):
    assert not control(slider, "keep_batchnorm_frozen")["why"]
    plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="head")])
    plain.compile("adam", LOSS, metrics=["accuracy"])
    other = FreezeSlider(plain, train=(np.zeros((40, 4)), np.arange(40) % 3))
    assert "no BatchNormalization" in control(other, "keep_batchnorm_frozen")["why"]
    other.close()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("cut", 4, "`cut` must be a whole number from 0 to 3"),
        ("n_labels", 97, "`n_labels`"),
        ("learning_rate", -1.0, "`learning_rate`"),
        ("learningrate", 0.1, "Did you mean 'learning_rate'"),
        ("runs", None, "runs"),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(slider, name, value, message):
    before = slider.code()
    with pytest.raises((TypeError, ValueError, AttributeError), match=message):
        setattr(slider, name, value)
    assert slider.code() == before


def test_an_unknown_order_of_the_labels_is_refused():
    model = compiled()
    with pytest.raises(ValueError, match="`label_order`: no order named"):
        FreezeSlider(model, **pairs(model), label_order="given_")


def test_the_depth_chart_knows_what_the_model_said_before_training():
    model = compiled()
    data = pairs(model, n_validation=64)
    slider = FreezeSlider(model, **data)
    slider.train()
    slider.train()
    loss, accuracy = model.evaluate(*data["validation"], verbose=0)
    before = slider._experiment.state.before
    assert before == pytest.approx({"val_loss": loss, "val_accuracy": accuracy}, abs=1e-5)
    slider.close()


def test_training_fills_the_table_the_pictures_and_the_proof(slider):
    model_before = parameters(slider.model)
    run = slider.train()
    assert run.ending == "finished" and run.n_epochs == 5
    assert list(slider.runs["cut"]) == [3]
    assert slider.runs["val_accuracy"][0] == run.history["val_accuracy"][-1]
    table = slider.moved()
    assert set(table.layer[table.moved]) == {"digits"}
    assert "All 5 epochs are done." in status(slider)
    view = slider._ribbon.view
    assert [len(s["points"]) for s in view["curves"][0]["series"]] == [5, 5]
    assert "The last run moved 1 of 5 layers" in status(slider)
    still, trained = view["blocks"][0], view["blocks"][3]
    assert still["moved"] == "0, exactly" and trained["moved"].endswith(" %")
    accuracy = run.history["val_accuracy"][-1]
    assert trained["score"]["text"] == f"{accuracy:.3f}"
    same = zip(model_before, parameters(slider.model), strict=True)
    assert all(np.array_equal(a, b) for a, b in same)


def test_the_train_button_trains_in_a_thread(slider):
    slider.epochs = 20
    press(slider, "train")
    assert threads()
    wait_until(lambda: not threads())
    assert list(slider.runs["ending"]) == ["finished"]
    assert not slider._ribbon.view["actions"]["is_running"]


def test_train_pressed_twice_trains_once(slider):
    slider.epochs = 1000
    press(slider, "train")
    press(slider, "train")
    assert len(threads()) == 1
    with pytest.raises(RuntimeError, match="training already"):
        slider.train()
    press(slider, "stop")
    wait_until(lambda: not threads())
    assert "Stopped after" in status(slider)


def test_stop_before_the_first_step_leaves_no_row(slider):
    slider._experiment.start()
    slider._experiment.stop()
    slider._experiment.wait()
    assert len(slider.runs) <= 1
    assert slider.runs.empty or slider.runs["ending"][0] == "stopped"


def test_choosing_is_possible_while_it_trains(slider):
    slider.epochs = 1000
    press(slider, "train")
    wait_until(lambda: slider._shown.live is not None and slider._shown.live.history)
    choose(slider, "epochs", 3)
    set_by_hand(slider._ribbon, cut=1)
    assert (slider.cut, slider.epochs) == (1, 3)
    assert threads()
    press(slider, "stop")
    wait_until(lambda: not threads())
    assert slider.runs["cut"].tolist() == [3]


def test_letting_go_retrains_when_it_takes_a_moment(slider):
    slider.train()
    slider.cut = 2
    slider.train()
    set_by_hand(slider._ribbon, cut=3)
    press(slider, "released")
    wait_until(lambda: len(slider.runs) == 3)
    assert slider.runs["cut"].tolist() == [3, 2, 3]


def test_letting_go_while_it_trains_takes_the_place_of_that_run(slider):
    slider.train()
    slider.epochs = 1000
    press(slider, "train")
    wait_until(lambda: slider._shown.live is not None and slider._shown.live.history)
    choose(slider, "epochs", 3)
    wait_until(lambda: not threads())
    assert slider.runs["epochs"].tolist() == [5, 3]
    assert slider.runs["ending"].tolist() == ["finished", "finished"]


def test_letting_go_of_an_expensive_choice_only_says_so(slider):
    slider.train()
    slider.epochs = 1000
    slider.cut = 0
    press(slider, "released")
    assert "Press Train" in status(slider)
    assert not threads() and len(slider.runs) == 1


def test_before_the_first_run_nothing_starts_by_itself(slider):
    press(slider, "released")
    assert "Press Train" in status(slider) and not threads()


def test_a_sweep_tries_every_depth_and_each_seed(slider):
    slider.epochs = 2
    runs = slider.sweep(seeds=[0, 1])
    assert runs["cut"].tolist() == [3, 2, 1, 0] * 2
    assert runs["seed"].tolist() == [0] * 4 + [1] * 4
    *_, line = slider._ribbon.view["depth"]["series"]
    assert len(line["points"]) == 4
    assert all("mean of 2 seeds" in b["score"]["note"] for b in slider._ribbon.view["blocks"])
    assert slider._table.view["title"] == "Runs (8)"


def test_an_error_in_the_thread_is_said_and_raised():
    model = compiled()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(keras.optimizers.Adam(schedule), LOSS, metrics=["accuracy"])
    slider = FreezeSlider(model, **pairs(model))
    assert "schedule" in control(slider, "learning_rate")["why"]
    slider.learning_rate = 0.1
    with pytest.raises(ValueError, match="schedule"):
        slider.train()
    assert "ValueError" in status(slider) and "schedule" in status(slider)
    slider.learning_rate = None
    assert slider.train().ending == "finished"
    slider.close()


def test_apply_changes_my_model_and_nothing_else_does(slider):
    slider.train()
    slider.cut = 2
    slider.learning_rate = 0.005
    assert all(v.trainable for v in slider.model.trainable_variables)
    n_before = len(slider.model.trainable_variables)
    before = snapshot(slider.model)
    slider.apply()
    assert len(slider.model.trainable_variables) == 4 < n_before
    assert float(slider.model.optimizer.learning_rate) == pytest.approx(0.005)
    assert not moved(before, slider.model)["moved"].any()
    slider.apply(with_parameters=True)
    table = moved(before, slider.model)
    assert set(table.layer[table.moved]) == {"digits"}


def test_what_is_folded_away_is_written_while_it_is_open(slider):
    assert "code" not in slider._code.view
    set_by_hand(slider._code, is_open=True)
    assert "model.fit(" in slider._code.view["code"]
    slider.epochs = 2
    assert "epochs=2" in slider._code.view["code"]
    set_by_hand(slider._code, is_open=False)
    assert "code" not in slider._code.view
    set_by_hand(slider._table, is_open=True)
    slider.train()
    assert slider._table.view["title"] == "Runs (1)" and len(slider._table.view["rows"]) == 1


def test_a_page_without_a_kernel_gets_text_and_a_picture(slider):
    first = slider._repr_mimebundle_()
    first = first[0] if isinstance(first, tuple) else first
    assert first["text/plain"] == repr(slider) and "image/png" not in first
    slider.train()
    bundle = slider._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert len(bundle["image/png"]) > 1000


def test_closing_while_it_trains_leaves_nothing(slider):
    slider.epochs = 1000
    press(slider, "train")
    slider.close()
    assert not threads()


def test_a_closed_slider_leaves_no_widget_and_no_model():
    def explored():
        model = compiled()
        slider = FreezeSlider(model, **pairs(model))
        slider.train()
        slider.close()
        return [weakref.ref(x) for x in (slider, slider._experiment.trainer.model, model)]

    widgets = set(ipywidgets.widgets.widget._instances)
    left = explored()
    assert not set(ipywidgets.widgets.widget._instances) - widgets
    gc.collect()
    assert [x() for x in left] == [None] * 3
