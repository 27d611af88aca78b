"""Compiled programs: what they leave behind when they are dropped."""

from __future__ import annotations

import gc
import weakref

import keras
import pytest

from tlwidgets.freezing import CachedTrainer, Plan

from .small_models import data, sequential
from .test_trainer import small

pytestmark = pytest.mark.keras


class Summing(keras.optimizers.SGD):
    """Sums over replicas whatever it is told, as Keras' optimizers do."""

    def __setattr__(self, name, value):
        if name != "_all_reduce_sum_gradients":
            super().__setattr__(name, value)


@pytest.mark.parametrize("optimizer", [keras.optimizers.SGD, Summing])
def test_a_dropped_program_leaves_nothing_behind(optimizer):
    model = small()
    model.compile(optimizer(0.02, momentum=0.9), "sparse_categorical_crossentropy")
    with CachedTrainer(model, *data(sequential(), 40)) as trainer:
        trainer.train(2, Plan(epochs=1))
        (program,) = trainer._programs._programs.values()
        graph = weakref.ref(program._loops[""].graph)
        del program
        trainer._programs._programs.clear()
        gc.collect()
        # The twin: with the sum TensorFlow keeps the graph for good (tensorflow#97697). Should
        # it be mended there, this test says that the line in `compile_like` can go.
        assert (graph() is None) == (optimizer is not Summing)
