"""Cached training gives what Keras' own `fit` gives."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tlwidgets.freezing import CachedTrainer, Plan, moved, read_blocks, set_trainable, snapshot

from .small_models import MODELS, data, nested, randomise_statistics, sequential

pytestmark = pytest.mark.keras

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.02, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(0.005),
}


def compiled(model, optimizer="sgd", **settings):
    settings = {"loss": LOSS, "metrics": ["accuracy"]} | settings
    model.compile(OPTIMIZERS[optimizer](), **settings)
    return model


def small(name="sequential", **options):
    keras.utils.set_random_seed(1)
    return randomise_statistics(MODELS[name](**options))


def naive(model, cut, x, y, *, keep_batchnorm_frozen=True, **fit):
    """What a learner would write; the history and the trained parameters."""
    set_trainable(model, cut, keep_batchnorm_frozen=keep_batchnorm_frozen)
    history = model.fit(x, y, shuffle=False, verbose=0, **fit).history
    return history, model.get_weights()


def cached(model, cut, x, y, *, validation=None, **plan):
    with CachedTrainer(model, x, y, validation=validation) as trainer:
        run = trainer.train(cut, Plan(shuffle=False, **plan))
        trainer.write_to_model(model)
    return run, model.get_weights()


def assert_equal(found, wanted, rtol=1e-3):
    for a, b in zip(found, wanted, strict=True):
        assert np.linalg.norm(a - b) <= rtol * (np.linalg.norm(b) + 1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_parameters_after_30_steps_are_those_of_fit(name, optimizer):
    one, two = compiled(small(name), optimizer), compiled(small(name), optimizer)
    start = [v.copy() for v in one.get_weights()]
    x, y = data(one, 76)  # batches of 8 and a last one of 4
    for cut in range(len(read_blocks(one))):
        for model in (one, two):
            model.set_weights(start)
        run, found = cached(one, cut, x, y, epochs=3, batch_size=8)
        history, wanted = naive(two, cut, x, y, epochs=3, batch_size=8)
        assert_equal(found, wanted)
        assert run.history["loss"] == pytest.approx(history["loss"], rel=1e-3)
        assert run.history["accuracy"] == pytest.approx(history["accuracy"], abs=0.03)
        with pytest.raises(AssertionError):  # the twin: without training nothing is equal
            assert_equal(start, wanted)


def test_validation_is_that_of_fit():
    one, two = compiled(small()), compiled(small())
    (x, y), validation = data(one, 80), data(one, 50, seed=2)
    run, _ = cached(one, 2, x, y, epochs=3, validation=validation)
    history, _ = naive(two, 2, x, y, epochs=3, batch_size=32, validation_data=validation)
    assert set(run.history) == set(history)
    assert run.history["val_loss"] == pytest.approx(history["val_loss"], rel=1e-3)


def test_class_weights_are_those_of_fit():
    weight = {0: 0.2, 2: 5.0}
    one, two = compiled(small()), compiled(small())
    x, y = data(one, 80)
    _, found = cached(one, 2, x, y, epochs=3, class_weight=weight)
    _, wanted = naive(two, 2, x, y, epochs=3, batch_size=32, class_weight=weight)
    assert_equal(found, wanted)
    _, without = cached(compiled(small()), 2, x, y, epochs=3)
    with pytest.raises(AssertionError):
        assert_equal(without, wanted)


def test_early_stopping_is_that_of_keras():
    one, two = compiled(small(), "adam"), compiled(small(), "adam")
    (x, y), validation = data(one, 40), data(one, 30, seed=2)
    y = np.random.default_rng(0).permutation(y)  # nothing to learn: it gets worse soon
    stopping = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    history, wanted = naive(
        two, 1, x, y, epochs=30, batch_size=8, validation_data=validation, callbacks=[stopping]
    )
    run, found = cached(one, 1, x, y, epochs=30, batch_size=8, patience=2, validation=validation)
    assert run.ending == "early" and "best epoch" in run.describe()
    assert run.n_epochs == len(history["loss"]) < 30
    assert_equal(found, wanted, rtol=1e-2)


def test_dropout_in_the_top_draws_the_numbers_that_fit_draws():
    one = compiled(small("nested", dropout=0.5))
    two = compiled(small("nested", dropout=0.5))
    x, y = data(one, 64)
    for model in (one, two):
        model.get_layer("drop").seed_generator.state.assign([7, 7])
    _, found = cached(one, 2, x, y, epochs=2)
    _, wanted = naive(two, 2, x, y, epochs=2, batch_size=32)
    assert_equal(found, wanted)


def test_a_random_trunk_is_said_and_runs_in_inference_mode():
    model = compiled(small("nested", augment=True))
    x, y = data(model, 40)
    with CachedTrainer(model, x, y) as trainer:
        (note,) = trainer.train(1, Plan(epochs=1)).notes
        assert "flip" in note and "inference mode" in note
        assert trainer.train(0, Plan(epochs=1)).notes == ()  # there it trains, and is random


def test_batchnorm_that_trains_is_that_of_fit():
    one, two = compiled(small("nested")), compiled(small("nested"))
    x, y = data(one, 64)
    _, found = cached(one, 1, x, y, epochs=2, keep_batchnorm_frozen=False)
    _, wanted = naive(two, 1, x, y, epochs=2, batch_size=32, keep_batchnorm_frozen=False)
    assert_equal(found, wanted)


def test_only_blocks_from_the_cut_on_move(model):
    compiled(model)
    x, y = data(model, 40)
    with CachedTrainer(model, x, y) as trainer:
        for cut in range(len(trainer.blocks)):
            trainer.train(cut, Plan(epochs=1))
            table = trainer.moved()
            layers = {name for block in trainer.blocks[cut:] for name in block.layers}
            assert set(table.layer[table.moved]) <= layers
            assert table.moved.any() and table[table.moved].trainable.all()


def test_exploring_leaves_the_model_as_it_was():
    model = compiled(small("nested", dropout=0.3))
    x, y = data(model, 40)
    before, flags = snapshot(model), [v.trainable for v in model.variables]
    optimizer = model.optimizer
    nodes = [len(layer._inbound_nodes) for layer in model._flatten_layers()]
    with CachedTrainer(model, x, y) as trainer:
        trainer.train(0)
        trainer.train(2)
        assert not moved(before, model).moved.any()
        assert model.optimizer is optimizer and int(optimizer.iterations) == 0
        assert [v.trainable for v in model.variables] == flags
        assert [len(layer._inbound_nodes) for layer in model._flatten_layers()] == nodes
        trainer.write_to_model(model)
    assert moved(before, model).moved.any()


def test_a_revisit_gives_the_same_without_compiling_again():
    model = compiled(small("nested", dropout=0.3), "adam")
    x, y = data(model, 64)
    with CachedTrainer(model, x, y, validation=data(model, 20, seed=3)) as trainer:
        first = trainer.train(1, Plan(seed=4))
        trainer.train(0, Plan(epochs=1))
        again = trainer.train(1, Plan(seed=4))
        other = trainer.train(1, Plan(seed=5))
        slower = trainer.train(1, Plan(seed=4, learning_rate=1e-6))
        back = trainer.train(1, Plan(seed=4))
    assert again.history == first.history == back.history
    assert other.history != first.history
    assert slower.history["loss"][-1] > first.history["loss"][-1]
    assert again.preparation_seconds < first.preparation_seconds / 3


def test_a_part_of_the_examples_is_all_that_is_seen():
    one, two = compiled(small()), compiled(small())
    x, y = data(one, 80)
    few = np.array([3, 5, 20, 41, 79, 60])
    _, found = cached(one, 2, x, y, epochs=3, examples=few)
    _, wanted = naive(two, 2, x[few], y[few], epochs=3, batch_size=32)
    assert_equal(found, wanted)  # and fewer than a batch


def test_other_losses_and_heads():
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(4, activation="relu", name="hidden")(inputs)
    head = keras.layers.Dense(1, activation="sigmoid", name="head")(hidden)
    one = keras.Model(inputs, head)
    two = keras.models.clone_model(one)
    two.set_weights(one.get_weights())
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 6)), rng.integers(0, 2, 50)
    for model in (one, two):
        compiled(model, "adam", loss="binary_crossentropy", metrics=[keras.metrics.AUC(name="auc")])
    run, found = cached(one, 1, x, y, epochs=2)
    history, wanted = naive(two, 1, x, y, epochs=2, batch_size=32)
    assert_equal(found, wanted)
    assert run.history["auc"] == pytest.approx(history["auc"], abs=1e-3)


def test_regularised_and_constrained_layers():
    def build():
        keras.utils.set_random_seed(2)
        options = {"kernel_regularizer": "l2", "activity_regularizer": "l2"}
        model = keras.Sequential(
            [
                keras.Input((6,)),
                keras.layers.Dense(5, name="first", **options),
                keras.layers.Dense(4, name="second", kernel_constraint="max_norm", **options),
                keras.layers.Dense(3, name="out"),
            ]
        )
        return compiled(model)

    one, two = build(), build()
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 6)).astype("float32"), rng.integers(0, 3, 64)
    _, found = cached(one, 1, x, y, epochs=3)
    _, wanted = naive(two, 1, x, y, epochs=3, batch_size=32)
    # Keras adds the activity loss of frozen layers to the loss; it has no gradient for the top.
    assert_equal(found, wanted)


def test_files_give_the_same_and_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    x, y = data(sequential(), 64)
    runs = []
    for budget in (10**9, 0):
        with CachedTrainer(compiled(small()), x, y, memory_budget=budget) as trainer:
            runs += [trainer.train(cut, Plan(epochs=2)).history for cut in (1, 2, 3)]
            n_files = len(list(tmp_path.rglob("*")))
            assert (n_files > 0) == (budget == 0)
        assert list(tmp_path.iterdir()) == []
    assert runs[:3] == runs[3:]
    trainer = CachedTrainer(compiled(small()), x, y, memory_budget=0)
    trainer.train(2, Plan(epochs=1))
    assert list(tmp_path.iterdir())
    del trainer  # nobody closed it
    import gc

    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_deeper_cut_starts_from_the_nearest_cache(monkeypatch):
    from tlwidgets.freezing.activations import Trunk

    asked = []
    function = Trunk.function
    monkeypatch.setattr(
        Trunk, "function", lambda self, *ends: asked.append(ends) or function(self, *ends)
    )
    x, y = data(sequential(), 40)
    with CachedTrainer(compiled(small()), x, y) as trainer:
        for cut in (2, 3, 2):
            trainer.train(cut, Plan(epochs=1))
    assert asked == [(0, 2), (2, 3)]


def test_a_trainer_can_go_on_after_it_was_closed():
    x, y = data(sequential(), 40)
    trainer = CachedTrainer(compiled(small()), x, y)
    first = trainer.train(2)
    trainer.close()
    assert trainer.train(2).history == first.history
    trainer.close()


def test_nested_names_that_clash():
    inputs = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="dense")], name="inner")
    model = compiled(keras.Model(inputs, keras.layers.Dense(3, name="dense")(inner(inputs))))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 4)).astype("float32"), rng.integers(0, 3, 20)
    with CachedTrainer(model, x, y) as trainer:
        assert trainer.train(1).n_trained == 15
        assert len(set(trainer.moved().layer)) == 2
        trainer.write_to_model(model)


def test_bytes_as_pixels_need_no_conversion_by_the_learner():
    model = compiled(nested())
    x, y = data(model, 40)
    pixels = x.clip(0, 255).astype(np.uint8)
    for cut in (0, 1, 2):
        _, found = cached(compiled(small("nested")), cut, pixels, y, epochs=1)
        _, wanted = cached(compiled(small("nested")), cut, pixels.astype("float32"), y, epochs=1)
        assert_equal(found, wanted, rtol=1e-6)


def test_programs_beyond_their_budget_are_dropped_and_built_again(monkeypatch):
    monkeypatch.setattr("tlwidgets.freezing.trainer._PROGRAM_BUDGET", 0)
    x, y = data(sequential(), 40)
    with CachedTrainer(compiled(small()), x, y) as trainer:
        first = [trainer.train(cut, Plan(epochs=1)).history for cut in (1, 2)]
        assert [trainer.train(cut, Plan(epochs=1)).history for cut in (1, 2)] == first
        assert trainer._programs.known((1, True, False)) is None


# A trainer that begins anew gives what a new trainer would give.

PLAN = Plan(epochs=2, batch_size=8)


def another(name, seed):
    """A model of a kind, with parameters of its own."""
    model = compiled(small(name))
    for variable in model.trainable_variables:
        variable.assign_add(0.01 * seed * np.ones(variable.shape))
    return model


def trained(trainer, cut):
    trainer.train(cut, PLAN)
    return trainer.model.get_weights()


@pytest.mark.parametrize("name", MODELS)
def test_after_a_restart_a_run_is_that_of_a_new_trainer(name):
    one, two = another(name, 1), another(name, 2)
    first, second = data(one, 40), data(one, 32, seed=5)
    with CachedTrainer(one, *first) as again, CachedTrainer(two, *second) as new:
        for cut in range(len(read_blocks(one))):
            old = trained(again, cut)  # its activations are of the old trunk and the old examples
        again.restart(two, *second)
        assert not again.moved()["moved"].any()
        for cut in range(len(read_blocks(one))):
            found = trained(new, cut)
            assert_equal(trained(again, cut), found, rtol=1e-5)
        with pytest.raises(AssertionError):  # the twin: without a restart it is not
            assert_equal(old, found)


def test_after_a_restart_nothing_is_compiled_again(monkeypatch):
    one, two = another("sequential", 1), another("sequential", 2)
    examples = data(one, 40)
    with CachedTrainer(one, *examples) as trainer:
        trained(trainer, 1)

        def refuse(*_args, **_keywords):
            raise AssertionError("compiled again")

        monkeypatch.setattr("tlwidgets.freezing.trainer.Program", refuse)
        trainer.restart(two, *examples)
        trained(trainer, 1)
        with pytest.raises(AssertionError, match="compiled again"):
            trained(trainer, 2)


def test_a_restart_that_does_not_fit_is_refused_and_changes_nothing():
    one, other = another("sequential", 1), another("skip", 1)
    x, y = data(one, 40)
    with CachedTrainer(one, x, y) as trainer:
        before = trained(trainer, 0)
        for wrong, says in [
            ((other, x, y), "`model` must have the architecture of"),
            ((one, x[:, :5], y), "`x` must have shape"),
            ((one, x, y[:3]), "`y` must"),
        ]:
            with pytest.raises(ValueError, match=says):
                trainer.restart(*wrong)
        assert_equal(trained(trainer, 0), before, rtol=1e-5)


def test_no_restart_while_it_trains():
    model = another("sequential", 1)
    x, y = data(model, 40)
    asked = []
    with CachedTrainer(model, x, y) as trainer:

        def try_to_restart(_epoch, _logs):
            with pytest.raises(RuntimeError) as caught:
                trainer.restart(model, x, y)
            asked.append(caught)

        trainer.train(0, PLAN, on_epoch=try_to_restart)
    assert len(asked) == PLAN.epochs
