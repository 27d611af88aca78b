"""A trainer begins anew, and gives what a new trainer would give."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest

from tlwidgets.freezing import CachedTrainer, Plan, read_blocks

from .small_models import MODELS, data, randomise_statistics

pytestmark = pytest.mark.keras

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
PLAN = Plan(epochs=2, batch_size=8)


def make(name, seed):
    keras.utils.set_random_seed(seed)
    model = randomise_statistics(MODELS[name]())
    for layer in model._flatten_layers(include_self=False):
        for variable in layer._trainable_variables:
            variable.assign_add(0.01 * seed * np.ones(variable.shape))
    model.compile("sgd", LOSS)
    return model


def trained(trainer, cut):
    run = trainer.train(cut, PLAN)
    return run, trainer.model.get_weights()


def largest_difference(one, two):
    return max(np.abs(a - b).max() for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_after_a_restart_a_run_is_that_of_a_new_trainer(name):
    one, two = make(name, 1), make(name, 2)
    first, second = data(one, 40), data(one, 32, seed=5)
    with CachedTrainer(one, *first) as again, CachedTrainer(two, *second) as new:
        for cut in range(len(read_blocks(one))):
            trained(again, cut)  # its activations are of the old trunk and the old examples
        again.restart(two, *second)
        for cut in range(len(read_blocks(one))):
            assert largest_difference(trained(again, cut)[1], trained(new, cut)[1]) < 1e-5


def test_without_a_restart_it_is_not():
    # The twin.
    one, two = make("nested", 1), make("nested", 2)
    examples = data(one, 40)
    with CachedTrainer(one, *examples) as old, CachedTrainer(two, *examples) as new:
        assert largest_difference(trained(old, 1)[1], trained(new, 1)[1]) > 1e-3


def test_nothing_is_compiled_again(monkeypatch):
    one, two = make("sequential", 1), make("sequential", 2)
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


def test_moved_compares_with_the_new_start():
    one, two = make("sequential", 1), make("sequential", 2)
    examples = data(one, 40)
    with CachedTrainer(one, *examples) as trainer:
        trainer.restart(two, *examples)
        assert not trainer.moved()["moved"].any()


def test_other_architectures_and_examples_are_refused_and_nothing_changes():
    one, other = make("sequential", 1), make("skip", 1)
    x, y = data(one, 40)
    with CachedTrainer(one, x, y) as trainer:
        before = trained(trainer, 0)[1]
        with pytest.raises(ValueError, match="`model` must have the architecture of"):
            trainer.restart(other, x, y)
        with pytest.raises(ValueError, match="`x` must have shape"):
            trainer.restart(one, x[:, :5], y)
        with pytest.raises(ValueError, match="`y` must"):
            trainer.restart(one, x, y[:3])
        assert largest_difference(before, trained(trainer, 0)[1]) < 1e-5


def test_not_while_it_trains():
    model = make("sequential", 1)
    x, y = data(model, 40)
    asked = []
    with CachedTrainer(model, x, y) as trainer:

        def try_to_restart(_epoch, _logs):
            with pytest.raises(RuntimeError) as caught:
                trainer.restart(model, x, y)
            asked.append(caught)

        trainer.train(0, PLAN, stop=threading.Event(), on_epoch=try_to_restart)
    assert len(asked) == PLAN.epochs
