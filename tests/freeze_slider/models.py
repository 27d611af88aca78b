"""A small model and its data, for all tests of the freeze slider."""

import keras

from tests.freezing.small_models import data, randomise_statistics, sequential

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def compiled(build=sequential, rate=0.01, **options):
    keras.utils.set_random_seed(1)
    model = randomise_statistics(build(**options))
    model.compile(keras.optimizers.Adam(rate), LOSS, metrics=["accuracy"])
    return model


def pairs(model, n=96, n_validation=200):
    return {"train": data(model, n), "validation": data(model, n_validation, seed=1)}


def parameters(model):
    return [variable.numpy() for variable in model.variables]
