"""The code that is shown does what the slider does."""

import ast

import keras
import numpy as np
import pytest

from tests.freeze_slider.models import LOSS, compiled, pairs
from tests.freezing.small_models import nested, skip
from tlwidgets import FreezeSlider
from tlwidgets.freeze_slider.code import covering_prefixes
from tlwidgets.freezing import read_blocks

pytestmark = pytest.mark.keras

STATES = [
    (compiled, {}, {"cut": 3}),
    (compiled, {}, {"cut": 1, "n_labels": 60, "seed": 3}),
    (compiled, {}, {"cut": 0, "learning_rate": 0.003}),
    (compiled, {"build": skip}, {"cut": 1, "keep_batchnorm_frozen": False}),
    (compiled, {"build": nested}, {"cut": 1}),
    (compiled, {"build": nested}, {"cut": 2, "n_labels": 90}),
]


def run(code, model, train, validation=None):
    names = {"model": model, "x": train[0], "y": train[1]}
    if validation is not None:
        names |= {"x_val": validation[0], "y_val": validation[1]}
    exec(code, names)
    return names


@pytest.mark.parametrize(("build", "options", "choice"), STATES)
def test_the_script_gives_what_the_slider_gave(build, options, choice):
    model = build(**options)
    data = pairs(model, n=300, n_validation=400)
    slider = FreezeSlider(model, **data)
    slider.epochs = 8
    for name, value in choice.items():
        setattr(slider, name, value)
    found = slider.train()
    names = run(slider.code(), model, **data)
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == found.n_trained
    accuracy = names["history"].history["val_accuracy"]
    assert accuracy == pytest.approx(found.history["val_accuracy"], abs=0.02)
    slider.close()


def test_labels_in_their_given_order_are_the_first_ones():
    model = compiled()
    data = pairs(model, n=300, n_validation=400)
    slider = FreezeSlider(model, **data, label_order="given")
    slider.epochs, slider.n_labels, slider.seed = 8, 60, 3
    found = slider.train()
    experiment = slider._experiment
    assert sorted(experiment.plan_of(experiment.state.choice).examples) == list(range(60))
    names = run(slider.code(), model, **data)
    assert sorted(names["chosen"]) == list(range(60))
    accuracy = names["history"].history["val_accuracy"]
    assert accuracy == pytest.approx(found.history["val_accuracy"], abs=0.02)
    slider.close()


def test_another_choice_gives_other_numbers():
    model = compiled()
    data = pairs(model, n=300, n_validation=400)
    slider = FreezeSlider(model, **data)
    slider.epochs = 8
    found = slider.train()
    slider.cut = 0
    accuracy = run(slider.code(), model, **data)["history"].history["val_accuracy"]
    assert accuracy != pytest.approx(found.history["val_accuracy"], abs=0.02)
    slider.close()


def test_without_validation_the_script_needs_none():
    model = compiled()
    data = {"train": pairs(model)["train"]}
    slider = FreezeSlider(model, **data)
    assert "x_val" not in slider.code()
    assert "val_loss" not in run(slider.code(), model, **data)["history"].history
    slider.close()


def test_loss_metric_and_optimizer_are_written_with_what_differs_from_the_default():
    model = compiled()
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    metrics = ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=2)]
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=metrics)
    slider = FreezeSlider(model, **pairs(model))
    code = slider.code()
    assert "keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)" in code
    assert "loss='sparse_categorical_crossentropy'" in code
    assert "metrics=['accuracy', keras.metrics.SparseTopKCategoricalAccuracy(k=2)]" in code
    slider.close()


def own_loss(y, logits):
    return keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)


def test_what_is_not_of_keras_is_taken_from_the_model():
    model = compiled()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(keras.optimizers.Adam(schedule), own_loss, metrics=["accuracy"])
    data = pairs(model)
    slider = FreezeSlider(model, **data)
    found = slider.train()
    names = run(slider.code(), model, **data)
    assert names["history"].history["loss"] == pytest.approx(found.history["loss"], rel=1e-3)
    slider.close()


def test_layers_with_equal_names_are_known_by_their_places():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="same")], name="inner")
    model = keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(3, name="same")])
    model.compile("adam", LOSS, metrics=["accuracy"])
    x, y = np.random.default_rng(0).normal(size=(40, 4)), np.arange(40) % 3
    slider = FreezeSlider(model, train=(x, y))
    assert "N_FROZEN = " in slider.code() and "tlwidgets" not in slider.code()
    run(slider.code(), model, train=(x, y))
    assert [v.trainable for v in model.variables] == [False, False, True, True]
    slider.close()


@pytest.mark.parametrize("cut", range(4))
def test_the_script_is_python_and_says_which_block(cut):
    model = compiled()
    slider = FreezeSlider(model, **pairs(model))
    slider.cut = cut
    ast.parse(slider.code())
    name = read_blocks(model)[cut].name
    assert slider.code().startswith(f"# Train 'sequential_model' from block {name!r} on: ")
    slider.close()


def unwritable():
    """Each by another setting that no line of plain Keras repeats."""
    adam, sparse = keras.optimizers.Adam, "sparse_categorical_crossentropy"
    spares = keras.optimizers.AdamW()
    spares.exclude_from_weight_decay(var_names=["bias"])
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    yield {"optimizer": keras.optimizers.LossScaleOptimizer(adam()), "loss": sparse}
    yield {"optimizer": spares, "loss": sparse}
    yield {"optimizer": adam(schedule), "loss": sparse}
    yield {"optimizer": adam(), "loss": own_loss}
    yield {"optimizer": adam(), "loss": sparse, "loss_weights": [2.0]}
    yield {"optimizer": adam(), "loss": sparse, "weighted_metrics": ["accuracy"]}


def test_what_cannot_be_written_is_left_to_our_own_function():
    for settings in unwritable():
        model = compiled()
        model.compile(**settings)
        data = {"train": pairs(model)["train"]}
        slider = FreezeSlider(model, **data)
        found = slider.train().history
        assert "set_trainable(model, 3, keep_batchnorm_frozen=True)" in slider.code()
        assert run(slider.code(), model, **data)["history"].history["loss"] == pytest.approx(
            found["loss"], rel=1e-3
        )
        slider.close()


def test_beginnings_tell_names_apart():
    assert covering_prefixes(["a_1", "a_2", "b"], ["aa_1", "b_1"]) == (["a_"], ["b"])
    assert covering_prefixes(["conv2d_7", "conv2d_8"], ["conv2d_1"]) == (
        [],
        ["conv2d_7", "conv2d_8"],
    )
