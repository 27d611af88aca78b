"""Small random models: a copy, a cut and training on kept activations against plain Keras.

`TLWIDGETS_FUZZ` says how many models; `make nightly` tries ten times as many.
"""

from __future__ import annotations

import os

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from keras import layers

from tlwidgets.freezing import CachedTrainer, Plan, read_blocks, set_trainable, split_at
from tlwidgets.freezing.blocks import read_layout
from tlwidgets.freezing.graph import copy_graph

pytestmark = pytest.mark.keras

N_MODELS = int(os.environ.get("TLWIDGETS_FUZZ", "200"))
# Compiling two programs takes a second, calling a copy a hundredth of it.
N_TRAINED = max(1, N_MODELS // 20)
RANDOM = np.random.default_rng(0)
N = 12


def options(n):
    is_night = N_MODELS > 200
    return settings(
        max_examples=n,
        deadline=None,
        database=None,
        derandomize=not is_night,  # the same in each run of `make test`, others at night
        # To find a smaller model that fails, too, takes minutes.
        phases=[Phase.explicit, Phase.generate, *[Phase.shrink] * is_night],
        suppress_health_check=list(HealthCheck),
    )


ACTIVATIONS = st.sampled_from(["relu", "tanh", "gelu", None])
FLAT = st.one_of(
    st.builds(lambda n, a: ("Dense", n, a), st.integers(1, 5), ACTIVATIONS),
    st.just(("BatchNormalization",)),
    st.just(("LayerNormalization",)),
    st.just(("Rescaling",)),
)
PICTURE = st.one_of(
    FLAT,
    st.builds(lambda n, a: ("Conv2D", n, a), st.integers(1, 4), ACTIVATIONS),
    st.builds(lambda a: ("DepthwiseConv2D", a), ACTIVATIONS),
    st.just(("SeparableConv2D",)),
    st.just(("MaxPooling2D",)),
)
SEQUENCE = st.one_of(
    FLAT,
    st.builds(lambda n: ("LSTM", n), st.integers(1, 4)),
    st.builds(lambda n: ("GRU", n), st.integers(1, 4)),
    st.builds(lambda n: ("Bidirectional", n), st.integers(1, 3)),
    st.builds(lambda n: ("Conv1D", n), st.integers(1, 4)),
    st.just(("Attention",)),
)
SHAPES = {"flat": (4,), "picture": (5, 5, 2), "sequence": (4, 3)}
MERGES = st.sampled_from([None, "Add", "Concatenate", "Multiply"])


def parts_of(kind):
    layer = {"flat": FLAT, "picture": PICTURE, "sequence": SEQUENCE}[kind]
    part = st.tuples(layer, MERGES, st.booleans())  # merged with what came before; nested
    return st.tuples(st.just(kind), st.lists(part, min_size=1, max_size=5))


MODELS = st.tuples(
    st.sampled_from(sorted(SHAPES)).flatmap(parts_of),
    st.sampled_from(["float32", "mixed_bfloat16"]),
    st.sampled_from(["mse", "sparse_categorical_crossentropy", "binary_crossentropy"]),
    st.sampled_from(["sgd", "adam", "rmsprop"]),
)


def made_layer(spec):
    name, *given = spec
    same = {"padding": "same"}
    if name == "Attention":
        attention = layers.MultiHeadAttention(1, 2)
        return lambda t: attention(t, t)
    if name in ("LSTM", "GRU"):
        return getattr(layers, name)(given[0], return_sequences=True)
    if name == "Bidirectional":
        return layers.Bidirectional(layers.GRU(given[0], return_sequences=True))
    if name in ("Conv2D", "Conv1D"):
        return getattr(layers, name)(given[0], 3, activation=(*given, None)[1], **same)
    if name == "DepthwiseConv2D":
        return layers.DepthwiseConv2D(3, activation=given[0], **same)
    if name == "SeparableConv2D":
        return layers.SeparableConv2D(3, 3, **same)
    if name == "MaxPooling2D":
        return layers.MaxPooling2D(2, 1, **same)
    if name == "Rescaling":
        return layers.Rescaling(0.5, 0.1)
    return getattr(layers, name)(*given)


def build(recipe):
    """Return the model of a recipe, the same parameters each time."""
    (kind, parts), dtype, loss, optimizer = recipe
    keras.utils.set_random_seed(3)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        x = inputs = keras.Input(SHAPES[kind])
        for i, (spec, merge, is_nested) in enumerate(parts):
            y = made_layer(spec)(x) if not is_nested else nested(spec, x, i)
            same_shape = y.shape == x.shape
            if merge and (same_shape or merge == "Concatenate"):
                y = getattr(layers, merge)()([x, y])
            x = y
        x = layers.Flatten()(x)
        n, activation = {
            "mse": (1, None),
            "sparse_categorical_crossentropy": (3, "softmax"),
            "binary_crossentropy": (1, "sigmoid"),
        }[loss]
        model = keras.Model(inputs, layers.Dense(n, activation, dtype="float32")(x))
    finally:
        keras.config.set_dtype_policy(before)
    for variable in model.variables:  # statistics, too
        if "moving" in variable.path:
            variable.assign(np.linspace(0.5, 1.5, variable.shape[0]))
    model.compile(optimizer, loss)
    return model


def nested(spec, x, i):
    inner = keras.Input(x.shape[1:])
    return keras.Model(inner, made_layer(spec)(inner), name=f"inner_{i}")(x)


def data_for(recipe):
    (kind, _), _, loss, _ = recipe
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N, *SHAPES[kind])).astype("float32")
    y = rng.integers(0, 3 if loss.startswith("sparse") else 2, N)
    return x, y


def tolerance(recipe):
    return 0.05 if recipe[1] == "mixed_bfloat16" else 1e-4


@options(N_MODELS)
@given(MODELS, st.integers(0, 99))
def test_a_copy_and_a_cut_are_the_model(recipe, where):
    model, (x, _) = build(recipe), data_for(recipe)
    wanted = model(x, training=False)
    _, twin, _ = copy_graph(read_layout(model).graph, name="twin")
    np.testing.assert_allclose(twin(x, training=False), wanted, atol=tolerance(recipe))
    trunk, top = split_at(model, where % len(read_blocks(model)))
    np.testing.assert_allclose(
        top(trunk(x, training=False), training=False), wanted, atol=tolerance(recipe)
    )


@options(N_TRAINED)
@given(MODELS, st.integers(0, 99), st.booleans())
def test_training_is_that_of_fit(recipe, where, keep):
    model, other, (x, y) = build(recipe), build(recipe), data_for(recipe)
    blocks = read_blocks(model)
    able = [
        i
        for i in range(len(blocks))
        if sum(b.count_trained(keep_batchnorm_frozen=keep) for b in blocks[i:])
    ]
    cut = able[where % len(able)]
    plan = Plan(epochs=2, batch_size=8, shuffle=False, keep_batchnorm_frozen=keep)
    with CachedTrainer(model, x, y) as trainer:
        run = trainer.train(cut, plan)
        trainer.write_to_model(model)
    assert run.notes == ()
    set_trainable(other, cut, keep_batchnorm_frozen=keep)
    other.run_eagerly = True  # nothing is compiled, which would take longest
    history = other.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0).history
    np.testing.assert_allclose(
        run.history["loss"], history["loss"], rtol=0.05 if tolerance(recipe) > 0.01 else 1e-3
    )
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=tolerance(recipe), rtol=1e-3)
