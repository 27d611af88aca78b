"""A sweep of the slider by an executor gives the table of a sweep in this process."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pandas as pd
import pytest

from tests.freeze_slider.models import LOSS, compiled, pairs
from tests.freezing.small_models import nested, sequential
from tlwidgets import FreezeSlider
from tlwidgets.freezing import Plan

pytestmark = pytest.mark.keras


class Counting(ThreadPoolExecutor):
    """Tells how many tasks it was given."""

    n_tasks = 0

    def submit(self, *args, **kwargs):
        self.n_tasks += 1
        return super().submit(*args, **kwargs)


def numbers(table):
    return table.drop(columns=["seconds", "preparation_seconds"])


def same(one, other):
    pd.testing.assert_frame_equal(numbers(one), numbers(other), rtol=1e-5)


def slider_of(model, **options):
    slider = FreezeSlider(model, **pairs(model, n=48, n_validation=32), **options)
    slider.epochs = 2
    return slider


def options_of(kind):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    if kind == "dropout, labels in order":
        return compiled(sequential, dropout=0.5), {"label_order": "given"}
    if kind == "as fit, nested":
        return compiled(nested, dropout=0.3, augment=True), {"as_fit": True}
    if kind == "blocks and a plan":
        blocks = {"below": ["c1", "r1", "c2", "bn2", "r2", "flat"], "above": ["hidden", "digits"]}
        return compiled(), {"blocks": blocks, "plan": Plan(class_weight={0: 2.0, 1: 1.0, 2: 1.0})}
    model = compiled()
    model.compile(keras.optimizers.SGD(schedule), LOSS)
    return model, {}


@pytest.mark.parametrize(
    "kind", ["dropout, labels in order", "as fit, nested", "blocks and a plan", "schedule"]
)
def test_threads_give_the_table_of_this_process(kind):
    model, options = options_of(kind)
    here, there = slider_of(model, **options), slider_of(model, **options)
    here.n_labels = there.n_labels = 40
    with ThreadPoolExecutor(2) as pool:
        table = there.sweep(executor=pool)
    same(table, here.sweep())
    assert len(table) > 1 and table["loss"].nunique() > len(table) / 2
    one, other = (slider._experiment.state.before for slider in (here, there))
    assert one == pytest.approx(other) and one


def test_processes_give_the_table_of_this_process_and_the_chart_shows_it():
    model = compiled()
    here, there = slider_of(model), slider_of(model)
    table = there.sweep([0, 1], executor=2)
    same(table, here.sweep([0, 1]))
    *_, line = there._ribbon.view["depth"]["series"]
    assert len(line["points"]) == 4
    assert there.moved()["moved"].sum() == 0, "nothing was trained here"


def test_the_start_is_that_of_the_slider_though_the_model_has_learnt_since():
    model = compiled()
    there = slider_of(model)
    before = slider_of(model).sweep()
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    with ThreadPoolExecutor(1) as pool:
        same(there.sweep(executor=pool), before)
    assert (slider_of(model).sweep()["loss"] - before["loss"]).abs().max() > 0.01, "the twin"


def test_finished_runs_are_kept_and_others_are_trained(tmp_path):
    model, keep = compiled(), tmp_path / "runs.csv"
    with Counting(1) as pool:
        first = slider_of(model).sweep(executor=pool, keep=keep)
        again = slider_of(model)
        pd.testing.assert_frame_equal(again.sweep(executor=pool, keep=keep), first)
        assert len(again.sweep(executor=pool, keep=keep)) == len(first), "each once"
        assert pool.n_tasks == 1
        again.n_labels = 20
        again.sweep(keep=keep)  # here
        assert again.sweep(executor=pool, keep=keep)["n_labels"].tolist() == [48] * 4 + [20] * 4
        assert pool.n_tasks == 1
    assert {"seed", "cut", "n_labels", "loss", "val_accuracy"} <= {*pd.read_csv(keep).columns}


def test_a_layer_that_the_worker_cannot_import_is_named():
    class Own(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(3)(Own()(inputs)))
    model.compile("sgd", LOSS)
    x, y = np.ones((8, 4), "float32"), np.zeros(8, int)
    slider = FreezeSlider(model, train=(x, y))
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.raises(RuntimeError, match=r"1 of 1 tasks.*`model`.*locate class 'Own'.*registered"),
    ):
        slider.sweep(executor=pool)
