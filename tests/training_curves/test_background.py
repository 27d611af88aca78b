"""Training in a thread: it stops, it ends, it hands its error on."""

import keras
import numpy as np
import pytest

from tlwidgets import TrainingCurves, fit_in_background

pytestmark = pytest.mark.keras


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def curves():
    return TrainingCurves(in_terminal="silence")


X = np.ones((40, 3))
Y = np.ones((40, 1))


def test_it_trains_and_gives_what_fit_gives(model, curves):
    fit = fit_in_background(model, X, Y, curves=curves, epochs=3)
    assert fit.wait().history["loss"] == fit.history["loss"]
    assert not fit.is_running
    assert curves.runs[0].n_epochs == 3
    assert repr(fit).startswith("BackgroundFit (over)")


def test_stop_ends_it_and_the_model_stays_usable(model, curves):
    fit = fit_in_background(model, X, Y, curves=curves, epochs=10**6)
    while not curves.runs or not curves.runs[0].n_epochs:
        pass
    assert fit.is_running
    fit.stop()
    assert 1 <= len(fit.wait().history["loss"]) < 10**6
    assert not curves.is_training
    assert curves.runs[0].n_planned == curves.runs[0].n_epochs
    model.fit(X, Y, verbose=0)


def test_the_button_stops_too(model, curves):
    fit = fit_in_background(model, X, Y, curves=curves, epochs=10**6)
    button, line = fit._row.children
    button.click()
    fit.wait()
    assert (button.disabled, line.value) == (True, "Stopped.")


def test_an_error_of_the_model_is_raised_where_somebody_waits(model, curves):
    fit = fit_in_background(model, X, Y[:3], curves=curves, epochs=3)
    with pytest.raises(ValueError, match=r"[Dd]ata cardinality"):
        fit.wait()
    assert not curves.is_training


def test_other_callbacks_are_called_too(model, curves):
    seen = []
    other = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    fit_in_background(model, X, Y, curves=curves, callbacks=[other], epochs=2).wait()
    assert seen == [0, 1]


def test_a_phase_of_curves_can_train_in_the_background(model, curves):
    fit_in_background(model, X, Y, curves=curves, epochs=1).wait()
    fit_in_background(model, X, Y, curves=curves.phase("fine-tuning"), epochs=2).wait()
    assert [phase.name for phase in curves.runs[0].phases] == ["", "fine-tuning"]
    assert curves.runs[0].n_epochs == 3
