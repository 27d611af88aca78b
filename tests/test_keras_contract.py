"""Keras still has what `tlwidgets/_keras.py` uses of it beyond its promises: a test for each."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tlwidgets import _keras

pytestmark = pytest.mark.keras

START = """\
import os
from tlwidgets._keras import _hidden_standard_error
with _hidden_standard_error():
    os.write(2, b"a log line ")
    {inside}
os.write(2, b"after it")
"""


def standard_error_of(inside):
    code = START.format(inside=inside)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr


def test_what_native_code_writes_is_hidden_and_what_follows_is_shown():
    assert standard_error_of("pass") == "after it"


def test_when_starting_fails_all_is_shown():
    shown = standard_error_of("raise ImportError('broken')")
    assert shown.startswith("a log line ")
    assert "ImportError: broken" in shown


def functional():
    x = inputs = keras.Input((4,), name="in")
    x = layers.Dense(3, name="first")(x)
    y = layers.Dense(3, name="second")(x)
    return keras.Model(inputs, layers.Add(name="sum")([x, y]) * 2.0)


class OwnCall(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize("is_list", [False, True])
def test_infer(is_list, recwarn):
    inputs = keras.Input((4,))
    model = keras.Model([inputs] if is_list else inputs, layers.ReLU()(inputs) * 2.0)
    (found,) = _keras.infer(model, np.ones((3, 4), "float32"))
    np.testing.assert_array_equal(found, np.full((3, 4), 2.0))
    (found,) = _keras.infer(keras.Sequential([keras.Input((4,)), layers.ReLU()]), np.ones((3, 4)))
    assert found.shape == (3, 4)
    assert [str(w.message) for w in recwarn if w.category is UserWarning] == []


def test_graph_of():
    model = functional()
    assert _keras.graph_of(model) is model
    sequential = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    assert [layer.name for layer in _keras.graph_of(sequential).layers[1:]] == [
        sequential.layers[0].name
    ]
    assert _keras.graph_of(keras.Sequential([layers.Dense(3)])) is None
    assert _keras.graph_of(OwnCall(model.inputs, model.outputs)) is None


def test_calls_in():
    calls = list(_keras.calls_in(functional()))
    assert [call.operation.name for call in calls][:3] == ["first", "second", "sum"]
    assert len(calls) == 4
    first, second, total, _ = calls
    assert first.outputs[0] is second.input_tensors[0]
    assert [id(t) for t in total.input_tensors] == [id(first.outputs[0]), id(second.outputs[0])]


def test_call_again():
    *_, total, product = _keras.calls_in(functional())
    one = np.ones((1, 3), "float32")
    [summed] = _keras.call_again(total.operation, total.arguments, [one, 2 * one])
    assert summed.numpy().tolist() == [[3, 3, 3]]
    # What is no tensor is remembered: here the factor.
    [doubled] = _keras.call_again(product.operation, product.arguments, [summed])
    assert doubled.numpy().tolist() == [[6, 6, 6]]


def test_count_calls_and_count_readers():
    model = functional()
    first, second = model.get_layer("first"), model.get_layer("second")
    assert (_keras.count_calls(first), _keras.count_readers(first)) == (1, 2)
    second(first.output)
    assert (_keras.count_calls(second), _keras.count_readers(first)) == (2, 3)


def test_maker_of():
    model = functional()
    assert _keras.maker_of(model.get_layer("sum").input[0]) is model.get_layer("first")


def test_is_masked():
    words = keras.Input((5,), dtype="int32")
    assert _keras.is_masked(layers.Embedding(9, 2, mask_zero=True)(words))
    assert not _keras.is_masked(layers.Embedding(9, 2)(words))


def test_copy_operation():
    *_, product = _keras.calls_in(functional())
    twin = _keras.copy_operation(product.operation, "twin")
    assert (twin.name, _keras.count_calls(twin), _keras.count_readers(twin)) == ("twin", 0, 0)
    assert _keras.count_calls(product.operation) == 1
    twin(keras.Input((3,)), 2.0)
    assert _keras.count_calls(product.operation) == 1


def test_layers_in():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="deep")], name="inner")
    outer = keras.Sequential([keras.Input((4,)), inner], name="outer")
    assert {"outer", "inner", "deep"} <= {layer.name for layer in _keras.layers_in(outer)}
    *_, product = _keras.calls_in(functional())
    assert _keras.layers_in(product.operation) == []
    wrapped = layers.TimeDistributed(layers.Dense(3, name="wrapped"))
    assert "wrapped" in [layer.name for layer in _keras.layers_in(wrapped)]


def test_trainable_variables_in_a_frozen_layer():
    norm = layers.BatchNormalization()
    norm.build((None, 3))
    norm.trainable = False
    assert norm.trainable_variables == []
    assert [v.name for v in _keras.trainable_variables_in(norm)] == ["gamma", "beta"]


def test_own_parameters():
    norm = layers.BatchNormalization()
    norm.build((None, 3))
    norm.trainable = False
    names = [v.name for v in _keras.own_parameters(norm)]
    assert names == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert _keras.own_parameters(layers.Dropout(0.5)) == []
    model = functional()
    assert _keras.own_parameters(model) == []


@pytest.mark.parametrize("layer", [layers.Dropout(0.5), layers.GaussianNoise(1.0)])
def test_is_random_in_training(layer):
    assert _keras.is_random_in_training(layer)
    assert _keras.is_random_in_training(keras.Sequential([layer]))
    assert not _keras.is_random_in_training(layers.Dense(3))


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU, layers.SimpleRNN, layers.LSTMCell])
def test_a_recurrent_layer_is_random_in_training_where_it_has_dropout(kind):
    assert not _keras.is_random_in_training(kind(3))
    assert _keras.is_random_in_training(kind(3, dropout=0.1))
    assert _keras.is_random_in_training(kind(3, recurrent_dropout=0.1))


@pytest.mark.parametrize("name", ["first", "conv2d_b", "conv2d_1_1", "my_conv2d"])
def test_has_automatic_name(name):
    assert _keras.has_automatic_name(layers.Conv2D(3, 3))
    assert _keras.has_automatic_name(layers.BatchNormalization())
    assert not _keras.has_automatic_name(layers.Conv2D(3, 3, name=name))


def compiled(learning_rate=0.1):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(learning_rate), "mse", metrics=["mae"])
    return model


def test_compile_settings():
    settings = _keras.compile_settings(compiled())
    assert (settings["loss"], settings["metrics"]) == ("mse", ["mae"])
    assert {"loss_weights", "weighted_metrics", "jit_compile"} <= set(settings)
    settings["loss"] = None  # a copy: the model's own stays as it is
    keras.Model.compile(compiled(), **settings)


def test_build_training():
    model = compiled()
    assert not model.optimizer.built
    _keras.build_training(model, (tf.zeros((1, 4)), tf.zeros((1, 1))))
    assert model.optimizer.built
    assert set(model.get_metrics_result()) == {"loss", "mae"}


def test_has_schedule():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    assert _keras.has_schedule(keras.optimizers.Adam(schedule))
    assert not _keras.has_schedule(keras.optimizers.Adam(0.1))


def test_state_of():
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build([keras.Variable([1.0])])
    state = _keras.state_of(optimizer)
    assert len(state) == len(optimizer.variables) - 1
    for variable in state:
        variable.assign(keras.ops.zeros_like(variable))
    assert float(optimizer.learning_rate) == np.float32(0.1)


def gradient_functions(*, is_patched):
    """How many gradient functions TensorFlow knows more after a compiled step."""
    from tensorflow.python.framework import ops

    known = ops.gradient_registry._registry
    optimizer, variable = keras.optimizers.SGD(0.1), keras.Variable([1.0])
    optimizer.build([variable])
    if is_patched:
        _keras.train_on_one_replica(optimizer)
    before = len(known)

    @tf.function(autograph=False)
    def step():
        optimizer.apply([tf.constant([1.0])], [variable])

    step()
    assert variable.numpy() == pytest.approx([0.9])
    return len(known) - before


def test_train_on_one_replica():
    assert gradient_functions(is_patched=True) == 0
    # When Keras no longer needs it, the function can go.
    assert gradient_functions(is_patched=False) > 0


def test_what_is_frozen_alone_is_remembered_while_the_layer_is_frozen():
    dense, twin = (layers.Dense(3) for _ in range(2))
    for layer in (dense, twin):
        layer.build((None, 4))
    dense.kernel.trainable = False
    assert [v.name for v in _keras.frozen_alone(dense)] == ["kernel"]
    dense.trainable = False
    assert [v.name for v in _keras.frozen_alone(dense)] == ["kernel"]
    assert [v.name for v in _keras.movable_variables_in(dense)] == ["bias"]
    _keras.carry_flags(dense, twin)
    assert not twin.trainable and [v.name for v in _keras.frozen_alone(twin)] == ["kernel"]
    dense.trainable = True
    assert dense.kernel.trainable, "Keras forgets it"


def test_carry_exclusions():
    old, new = keras.Variable([1.0], name="old"), keras.Variable([1.0], name="new")
    one, two = (keras.optimizers.AdamW(0.1, weight_decay=1.0) for _ in range(2))
    one.exclude_from_weight_decay(var_list=[old])
    _keras.carry_exclusions(one, two, [(old, new)])
    assert not two._use_weight_decay(new) and two._use_weight_decay(keras.Variable([1.0]))


def test_rebuilt():
    class Share(keras.metrics.Mean):
        def __init__(self, label):  # `get_config` does not tell it
            super().__init__()

    mean = keras.metrics.Mean(name="mine")
    twin = _keras.rebuilt(mean)
    assert twin is not mean and twin.name == "mine"
    assert _keras.rebuilt(Share(3)) is None


def test_unbuilt_copy():
    one, variable = keras.optimizers.Adam(0.1), keras.Variable([1.0])
    one.build([variable])
    one.apply([tf.constant([1.0])], [variable])
    two, other = _keras.unbuilt_copy(one), keras.Variable([1.0])
    two.build([other])
    assert len(two.variables) == len(one.variables) and int(two.iterations) == 0
    two.apply([tf.constant([1.0])], [other])
    assert (float(one.iterations), other.numpy()) == (1, pytest.approx(variable.numpy()))


def test_unsaved_copy():
    one = keras.metrics.AUC()
    one.update_state([0, 1], [0.1, 0.9])
    two = _keras.unsaved_copy(one)
    two.reset_state()
    assert float(one.result()) == 1.0 and float(two.result()) == 0.0
    assert [v.shape for v in one.variables] == [v.shape for v in two.variables]


def test_memory_of():
    inputs = keras.Input((3, 2), batch_size=4)
    model = keras.Model(inputs, layers.LSTM(5, stateful=True)(inputs))
    assert [v.shape for v in _keras.memory_of(model)] == [(4, 5), (4, 5)]
    known = {id(v) for v in model.variables}
    assert not known & {id(v) for v in _keras.memory_of(model)}, "if known, this can go"


def test_own_ways_and_what_adds_to_the_loss():
    class Own(keras.Model):
        def train_step(self, data):
            return {}

    inputs = keras.Input((3,))
    model = Own(inputs, layers.ActivityRegularization(l2=1.0, name="adds")(inputs))
    assert _keras.own_ways(model, ("fit", "train_step")) == ["train_step"]
    assert _keras.trains_in_its_own_way(model)
    assert [layer.name for layer in _keras.call_losses(model)] == ["adds"]
    plain = keras.Model(inputs, layers.Dense(2, kernel_regularizer="l2")(inputs))
    assert not _keras.trains_in_its_own_way(plain) and _keras.call_losses(plain) == []


def test_has_own_code():
    class Own(layers.Layer):
        def call(self, x):
            return x

    inputs = keras.Input((3,))
    inner = keras.Sequential([inputs, layers.Dense(2)])
    assert not _keras.has_own_code(keras.Model(inputs, inner(inputs)))
    assert _keras.has_own_code(keras.Model(inputs, keras.ops.relu(inner(inputs))))
    for layer in (Own(), layers.Lambda(lambda x: x)):
        assert _keras.has_own_code(keras.Sequential([inputs, layer]))


def test_input_structure():
    inputs = {name: keras.Input((3,), name=name) for name in ("b", "a")}
    model = keras.Model(inputs, layers.Add()(list(inputs.values())))
    assert set(_keras.input_structure(model)) == {"a", "b"}
