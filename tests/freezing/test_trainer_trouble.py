"""Stopping, divergence, and data that do not fit."""

from __future__ import annotations

import threading
import time

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tlwidgets.freezing import CachedTrainer, Plan
from tlwidgets.freezing.costs import Costs

from .small_models import data, sequential, skip
from .test_trainer import LOSS, assert_equal, cached, compiled, naive, small

pytestmark = pytest.mark.keras


@pytest.fixture
def trainer():
    model = compiled(small())
    with CachedTrainer(model, *data(model, 64), validation=data(model, 20, seed=2)) as trainer:
        yield trainer


def values(trainer):
    return [v.numpy() for v in trainer.model.variables]


def test_stop_before_the_first_step_moves_nothing(trainer):
    stop = threading.Event()
    stop.set()
    run = trainer.train(1, stop=stop)
    assert (run.ending, run.n_epochs, run.history) == ("stopped", 0, {})
    assert not trainer.moved().moved.any()
    assert trainer.train(1).ending == "finished"  # nothing half done is left behind


def test_stop_while_activations_are_computed(trainer):
    stop = threading.Event()
    run = trainer.train(2, stop=stop, on_progress=lambda share: stop.set())
    assert run.ending == "stopped" and not trainer.moved().moved.any()
    whole = trainer.train(2)
    assert whole.ending == "finished" and np.isfinite(whole.history["val_loss"]).all()


def test_stop_in_the_middle_keeps_what_was_learnt(trainer):
    stop = threading.Event()
    run = trainer.train(
        2, Plan(epochs=50), stop=stop, on_epoch=lambda epoch, logs: epoch == 2 and stop.set()
    )
    assert (run.ending, run.n_epochs) == ("stopped", 3)
    assert run.describe().startswith("Stopped after 3 whole epochs")
    after = values(trainer)
    trainer.train(2, Plan(epochs=3))
    assert_equal(values(trainer), after, rtol=1e-6)


def test_stop_is_heard_within_an_epoch():
    model = compiled(small())
    x, y = data(model, 64)
    examples = np.random.default_rng(0).integers(0, 64, 2_000_000)  # one epoch of a minute
    with CachedTrainer(model, x, y) as trainer:
        trainer.train(2, Plan(epochs=1))  # compiled now
        stop = threading.Event()
        threading.Timer(0.5, stop.set).start()
        began = time.perf_counter()
        run = trainer.train(2, Plan(epochs=1, examples=examples), stop=stop)
        seconds = time.perf_counter() - began
    assert run.ending == "stopped" and run.n_epochs == 0
    assert 0.5 <= seconds < 3  # 0.1 s in calls, the rest for a machine under load


def test_a_loss_that_explodes_keeps_the_last_good_parameters(trainer):
    finite = trainer.train(1, Plan(epochs=2, learning_rate=1e-4))
    assert finite.ending == "finished"
    run = trainer.train(1, Plan(epochs=20, learning_rate=1e6))
    assert run.ending == "diverged"
    assert "learning rate ten times smaller" in run.describe()
    assert np.isfinite(run.history.get("loss", [])).all()
    assert all(np.isfinite(v).all() for v in values(trainer))
    assert trainer.train(1, Plan(epochs=2, learning_rate=1e-4)).history == finite.history


def test_a_second_run_at_the_same_time_is_refused(trainer):
    def again(epoch, logs):
        with pytest.raises(RuntimeError, match="training already"):
            trainer.train(2)

    assert trainer.train(1, Plan(epochs=1), on_epoch=again).ending == "finished"


def test_an_error_in_a_callback_comes_out_and_frees_the_trainer(trainer):
    with pytest.raises(ZeroDivisionError):
        trainer.train(1, on_epoch=lambda epoch, logs: 1 / 0)
    assert trainer.train(1, Plan(epochs=1)).ending == "finished"


@pytest.mark.parametrize("is_kept", [True, False])
def test_keeping_activations_or_not_gives_the_same(is_kept, monkeypatch):
    monkeypatch.setattr(Costs, "is_worth_keeping", lambda self, cut: is_kept and cut > 0)
    model = compiled(small("skip"))
    with CachedTrainer(model, *data(model, 60)) as trainer:
        for cut in (1, 2, 3):
            trainer.train(cut, Plan(epochs=2, shuffle=False))
            found = values(trainer)
            monkeypatch.undo()
            with CachedTrainer(model, *data(model, 60)) as other:
                other.train(cut, Plan(epochs=2, shuffle=False))
                assert_equal(found, values(other))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([0, 1, 2, 3] * 16), r"`y` must be classes from 0 to 2.*3 outputs.*0 to 3.*give"),
        (np.zeros(63, int), r"`y` must hold 64 labels, one per example; got \(63,\)"),
        (np.eye(3)[[0] * 64], r"`y` must have shape \(64,\).*got shape \(64, 3\).*categorical"),
        (np.full(64, 0.5), r"`y` must have shape \(64,\) and hold whole numbers"),
    ],
)
def test_labels_that_do_not_fit_the_head(y, message):
    model = compiled(sequential())
    with pytest.raises(ValueError, match=message):
        CachedTrainer(model, data(model, 64)[0], y)


def test_labels_that_do_not_fit_other_losses():
    x, y = data(sequential(), 64)
    model = compiled(sequential(), loss="categorical_crossentropy")
    with pytest.raises(ValueError, match=r"`y` must have shape \(64, 3\).*sparse_categorical"):
        CachedTrainer(model, x, y)
    model = compiled(sequential(), loss="binary_crossentropy")
    with pytest.raises(ValueError, match=r"`y` must be from 0 to 1.*got values from 0 to 2"):
        CachedTrainer(model, x, y)


def test_data_and_models_that_do_not_fit():
    x, y = data(sequential(), 64)
    with pytest.raises(ValueError, match=r"`x` must have shape \(n, 12, 12, 1\).*got \(64, 12, 12"):
        CachedTrainer(compiled(sequential()), x[..., 0], y)
    with pytest.raises(ValueError, match=r"`validation x` must have shape"):
        CachedTrainer(compiled(sequential()), x, y, validation=(x[:0], y[:0]))
    with pytest.raises(ValueError, match=r"`model` must be compiled.*model.compile"):
        CachedTrainer(sequential(), x, y)
    inputs = [keras.Input((2,)), keras.Input((2,))]
    both = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(inputs)))
    with pytest.raises(ValueError, match=r"`x` must hold 2 arrays, one for each input.*got 1"):
        CachedTrainer(compiled(both), x, y)
    with pytest.raises(ValueError, match=r"`memory_budget` must be .* at least 0.*got -1"):
        CachedTrainer(compiled(sequential()), x, y, memory_budget=-1)


def test_cuts_and_plans_that_do_not_fit(trainer):
    with pytest.raises(ValueError, match=r"`cut` must be a whole number from 0 to 3.*got 4"):
        trainer.train(4)
    with pytest.raises(ValueError, match=r"`examples` must be from 0 to 63.*got 0 to 64"):
        trainer.train(1, Plan(examples=np.array([0, 64])))
    for name, value in {"epochs": 0, "batch_size": 0, "patience": 0, "seed": -1}.items():
        with pytest.raises(ValueError, match=rf"`{name}` must be .*got {value}"):
            Plan(**{name: value})
    with pytest.raises(TypeError, match=r"`class_weight` must be a dict.*got \[1, 2\]"):
        Plan(class_weight=[1, 2])
    with pytest.raises(ValueError, match=r"`class_weight\[1\]` must be a number.*got -3"):
        Plan(class_weight={1: -3})
    with pytest.raises(ValueError, match=r"`learning_rate` must be a number.*got -0.1"):
        Plan(learning_rate=-0.1)
    with pytest.raises(ValueError, match=r"`model` must have the architecture"):
        trainer.write_to_model(skip())


def test_a_schedule_is_followed_and_cannot_be_overruled():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 2, 0.5)
    models = [compiled(small()), compiled(small())]
    for model in models:
        model.compile(keras.optimizers.SGD(schedule), model.loss)
    x, y = data(models[0], 60)
    _, found = cached(models[0], 2, x, y, epochs=2)
    _, wanted = naive(models[1], 2, x, y, epochs=2, batch_size=32)
    assert_equal(found, wanted)
    with pytest.raises(ValueError, match=r"`learning_rate` must be None here.*got 0.1"):
        CachedTrainer(models[0], x, y).train(1, Plan(learning_rate=0.1))


def test_a_model_with_a_fit_or_compile_of_its_own_is_refused():
    class Own(keras.Model):
        def compile(self, *args, **options):
            super().compile(*args, **options)

    plain = sequential()
    model = compiled(Own(plain.inputs, plain.outputs))
    with pytest.raises(TypeError, match=r"`model` must be compiled and trained.*Own has its own"):
        CachedTrainer(model, *data(plain, 8))


class Wired(keras.Model):
    """No copy of it can be made, so that it is lent."""

    def __init__(self):
        super().__init__()
        self.inner = sequential(dropout=0.5)

    def call(self, x, training=False):
        return self.inner(x, training=training)


@pytest.fixture
def lent():
    keras.utils.set_random_seed(1)
    model = Wired()
    model(data(sequential(), 2)[0])
    return compiled(model)


def state(model):
    parts = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    return (
        parts,
        [v.trainable for v in model.variables],
        [layer.trainable for layer in model.layers],
    )


def assert_same_state(before, model):
    for was, now in zip(before[0], state(model)[0], strict=True):
        np.testing.assert_array_equal(was, now)
    assert before[1:] == state(model)[1:]


def test_a_model_that_is_lent_comes_back_as_it_was_whatever_happens(lent):
    x, y = data(sequential(), 40)
    lent.layers[0].layers[0].trainable = False
    lent.fit(x, y, verbose=0)
    before, stop = state(lent), threading.Event()
    trainer = CachedTrainer(lent, x, y, validation=(x, y))
    seen = []
    run = trainer.train(
        1, Plan(epochs=9), on_epoch=lambda i, logs: i == 1 and stop.set(), stop=stop
    )
    assert (run.ending, run.n_epochs) == ("stopped", 2)
    assert_same_state(before, lent)
    with pytest.raises(ZeroDivisionError):
        trainer.train(1, on_epoch=lambda epoch, logs: 1 / 0)
    assert_same_state(before, lent)
    run = trainer.train(0, Plan(epochs=9, learning_rate=1e6), on_start=seen.append)
    assert run.ending == "diverged" and set(seen[0]) == {"val_loss", "val_accuracy"}
    assert_same_state(before, lent)
    assert trainer.train(2, stop=stop).history == {}
    lent.fit(x, y, verbose=0)  # goes on with its own optimizer
    assert_same_state((state(lent)[0], *before[1:]), lent)


ASKED = ("Trained with Keras' own fit, more slowly, because it was asked for.",)


def both_ways(**choice):
    """The same run by kept activations and by `fit`: each with the parameters it ends with."""
    x, y = data(sequential(), 40)
    y, unseen = np.random.default_rng(0).permutation(y), data(sequential(), 30, seed=2)
    for as_fit in (False, True):
        model = compiled(small(), "adam")
        with CachedTrainer(model, x, y, validation=unseen, as_fit=as_fit) as trainer:
            run = trainer.train(1, Plan(batch_size=8, **choice))
            yield run, [v.numpy() for v in trainer.model.weights]


def test_plain_training_ends_early_as_the_quick_one_does():
    (quick, found), (plain, wanted) = both_ways(epochs=30, patience=2)
    assert quick.ending == plain.ending == "early" and quick.n_epochs == plain.n_epochs
    assert plain.notes == ASKED
    assert_equal(found, wanted, rtol=1e-2)


@pytest.mark.parametrize(
    "choice",
    [
        {"seed": 3},
        {"shuffle": False},
        {"class_weight": {0: 1.0, 1: 5.0, 2: 0.2}},
        {"examples": np.arange(0, 40, 3)},
        {"learning_rate": 0.02},
    ],
    ids=str,
)
def test_a_choice_counts_and_is_the_same_in_both_ways(choice):
    (quick, found), (plain, wanted) = both_ways(epochs=2, **choice)
    assert plain.notes == ASKED and quick.notes == ()
    np.testing.assert_allclose(quick.history["loss"], plain.history["loss"], rtol=1e-3)
    assert_equal(found, wanted, rtol=1e-2)
    (_, without), _ = both_ways(epochs=2)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(found, without, strict=True)), "it counts"


def test_data_sets_that_cannot_be_read_say_what_to_do(monkeypatch):
    x, y = data(sequential(), 40)
    endless = tf.data.Dataset.from_tensor_slices((x, y)).batch(8).repeat()
    with pytest.raises(ValueError, match=r"`train` must be a data set that ends.*take\(n\)"):
        CachedTrainer(compiled(sequential()), endless)
    with pytest.raises(TypeError, match=r"`train` must be a pair of examples and labels.*got dict"):
        CachedTrainer(compiled(sequential()), {})
    monkeypatch.setattr("tlwidgets.freezing.examples._LARGEST_READ", 1000)
    with pytest.raises(ValueError, match=r"`train` is larger than the 0 MB .*only once"):
        CachedTrainer(compiled(sequential()), ((x, y) for _ in range(2)))
    with pytest.raises(ValueError, match=r"at least one batch of examples; got none"):
        CachedTrainer(compiled(sequential()), (pair for pair in ()))


def test_what_a_data_set_draws_anew_is_said():
    pairs = tf.data.Dataset.from_tensor_slices(data(sequential(), 40))
    still = CachedTrainer(compiled(sequential()), pairs.batch(8), validation=pairs)
    assert still.train(3, Plan(epochs=1)).notes == ()
    drawn = CachedTrainer(compiled(sequential()), pairs.shuffle(40).batch(8))
    (note,) = drawn.train(3, Plan(epochs=1)).notes
    assert note.startswith("`train` was read once")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array(["cat", "dog"] * 20), r"`y` must hold numbers; got <U3, for instance .*'cat'"),
        (pd.Series(["cat", "dog"] * 20, dtype="category"), r"`y` must hold numbers.*np.unique"),
        (pd.date_range("2020", periods=40), r"`y` must hold numbers; got datetime64"),
        (np.where(np.arange(40) == 3, np.nan, 1.0), r"`y` must hold no undefined .*got 1 in 40"),
    ],
    ids=["texts", "categories", "dates", "NaN"],
)
@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy", LOSS])
def test_labels_that_are_no_numbers(y, message, loss):
    inputs = keras.Input((12, 12, 1))
    head = keras.layers.Dense(3 if loss is LOSS else 1)(keras.layers.Flatten()(inputs))
    model = compiled(keras.Model(inputs, head), loss=loss)
    with pytest.raises((TypeError, ValueError), match=message):
        CachedTrainer(model, data(sequential(), 40)[0], y)


def test_estimates_know_what_is_kept(trainer):
    plan = Plan(epochs=3)
    unknown = trainer.estimate(2, plan)
    (n_values,) = [np.prod(trainer.blocks[1].output_shape)]
    assert unknown.n_bytes == (64 + 20) * 4 * n_values and unknown.seconds is None
    trainer.train(2, plan)
    known = trainer.estimate(2, plan)
    assert known.n_bytes == 0 and known.seconds > 0
    more = trainer.estimate(2, Plan(epochs=30))
    assert more.seconds == pytest.approx(10 * known.seconds)
    assert trainer.estimate(0, plan).n_bytes == 0  # nothing is frozen: nothing to keep
    assert trainer.estimate(3, plan).seconds > 0


def test_many_trainers_at_many_depths_make_no_warnings(caplog):
    x, y = data(sequential(), 40)
    for cut in [0, 1, 2, 3] * 2:
        cached(compiled(small()), cut, x, y, epochs=1)
    assert not [record for record in caplog.records if "retracing" in record.getMessage()]
