"""Losses of different depths hold the penalties of different layers: what is compared then."""

import keras
import numpy as np
import pytest

from tests.freezing.kinds import CLASSES, ROWS, table
from tlwidgets import FreezeSlider
from tlwidgets.freeze_slider.words import runs_view, slider_view
from tlwidgets.freezing import Plan

pytestmark = pytest.mark.keras
L2 = 0.3
PLAN = Plan(epochs=2, learning_rate=1e-5)  # so small that the depths differ by penalties only


def swept(*, l2=L2, metrics=(), validation=(ROWS[::2], CLASSES[::2]), as_fit=False):
    keras.utils.set_random_seed(2)
    model = table(kernel_regularizer=keras.regularizers.L2(l2) if l2 else None, metrics=metrics)
    slider = FreezeSlider(
        model, train=(ROWS, CLASSES), validation=validation, plan=PLAN, as_fit=as_fit
    )
    slider.sweep()
    state = slider._experiment.state
    slider.close()
    return slider, state


@pytest.mark.parametrize("as_fit", [False, True])
def test_the_data_loss_is_compared(as_fit):
    slider, state = swept(as_fit=as_fit)
    runs = slider.runs
    assert np.ptp(runs.val_loss) > 1, "the twin: the losses differ by the penalties"
    assert np.ptp(runs.val_data_loss) < 0.01
    assert {record.score_name for record in state.records} == {"val_data_loss"}
    model = slider.model
    wanted = model.evaluate(ROWS[::2], CLASSES[::2], verbose=0)
    wanted -= sum(float(L2 * np.square(v.numpy()).sum()) for v in model.weights if v.ndim == 2)
    assert runs.val_data_loss.to_numpy() == pytest.approx(wanted, abs=0.01)
    assert state.before["val_data_loss"] == pytest.approx(wanted, abs=1e-3)
    view = slider_view(state)
    assert view["blocks"][0]["score"]["note"] == "validation loss without penalties"
    assert view["depth"]["marks"] and [chart["title"] for chart in view["curves"]] == ["loss"] * 2


def test_without_validation_no_depth_is_called_the_best():
    _, state = swept(validation=None)
    depth = slider_view(state)["depth"]
    assert "no depth is called the best: give a validation set" in depth["description"]
    assert not depth["marks"] and runs_view(state)["best"] is None


@pytest.mark.parametrize("options", [{"l2": 0}, {"metrics": ["accuracy"]}])
def test_without_penalties_or_with_a_metric_all_is_as_it_was(options):
    _, state = swept(**options)
    name = "val_accuracy" if "metrics" in options else "val_loss"
    assert {record.score_name for record in state.records} == {name}
    assert slider_view(state)["depth"]["marks"] and runs_view(state)["best"] is not None
