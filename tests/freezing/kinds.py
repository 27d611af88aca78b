"""What people bring: models, tasks and data of every kind, each small. `docs/what_works.md` is
printed from here (`python -m tests.freezing.kinds`), and `test_matrix.py` tries every line."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers, ops

from tlwidgets import load_text_encoder

PAGE = Path(__file__).parents[2] / "docs" / "what_works.md"
RNG = np.random.default_rng(0)
N = 40
ROWS = RNG.normal(size=(N, 6)).astype("float32")
CLASSES = RNG.integers(0, 3, N)
PICTURES = RNG.normal(size=(N, 8, 8, 3)).astype("float32")
WORDS = RNG.integers(0, 9, (N, 5)) * (np.arange(5) < RNG.integers(2, 6, N)[:, None])
TEXTS = np.array(["good film", "bad film", "good", "so bad"] * (N // 4))
MASKS = RNG.integers(0, 3, (N, 8, 8))
WEIGHTS = RNG.uniform(0, 2, N).astype("float32")
SPARSE = "sparse_categorical_crossentropy"


def dense(n, name, activation="relu", **options):
    return layers.Dense(n, activation, name=name, **options)


def table(loss=SPARSE, *, n=3, activation="softmax", optimizer="adam", metrics=(), **options):
    parts = [keras.Input((6,)), dense(8, "a", **options), dense(6, "b", **options)]
    model = keras.Sequential([*parts, dense(n, "head", activation, **options)])
    model.compile(keras.optimizers.get(optimizer), loss, metrics=list(metrics))
    return model


def nameless():
    parts = [layers.Dense(8, "relu"), layers.Dense(6, "relu"), layers.Dropout(0.0)]
    model = keras.Sequential([keras.Input((6,)), *parts, layers.Dense(3, "softmax")])
    model.compile("adam", SPARSE, metrics=["accuracy"])
    return model


def nameless_backbone():
    x = inputs = keras.Input((8, 8, 3))
    for _ in range(2):
        x = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(x))
    base = keras.Model(inputs, layers.GlobalAveragePooling2D()(x))
    outer = keras.Input((8, 8, 3))
    return functional(outer, layers.Dense(3, "softmax")(base(outer, training=False)))


def functional(inputs, outputs, loss=SPARSE, cls=keras.Model, **compiled):
    model = cls(inputs, outputs)
    model.compile("adam", loss, **compiled)
    return model


def pictures(*first, dtype=None):
    x = inputs = keras.Input((8, 8, 3))
    for layer in first:
        x = layer(x)
    x = layers.Conv2D(4, 3, activation="relu", name="c1", dtype=dtype)(x)
    x = layers.BatchNormalization(name="bn", dtype=dtype)(x)
    x = layers.Conv2D(4, 3, activation="relu", name="c2", dtype=dtype)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return functional(inputs, dense(3, "head", "softmax")(x))


@contextlib.contextmanager
def policy(name):
    """As long as a model is built; what is made of it later finds another one."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    yield
    keras.config.set_dtype_policy(before)


def half():
    """Keras scales the loss of such a model by itself."""
    with policy("mixed_float16"):
        return pictures()


def spectral():
    inputs = keras.Input((6,))
    x = layers.SpectralNormalization(dense(8, "inner1"), name="a")(inputs)
    x = layers.SpectralNormalization(dense(6, "inner2"), name="b")(x)
    return functional(inputs, dense(3, "head", "softmax")(x))


def of_applications(network, **options):
    base = network(include_top=False, weights=None, pooling="avg", **options)
    inputs = keras.Input(base.input_shape[1:])
    return functional(inputs, dense(3, "head", "softmax")(base(inputs, training=False)))


def mobile_net():
    return of_applications(keras.applications.MobileNetV2, input_shape=(32, 32, 3), alpha=0.35)


def minilm():
    network = load_text_encoder(6, n_blocks=2, checkpoint=None)
    inputs = keras.Input((6,), dtype="int32")
    return functional(inputs, dense(3, "head", "softmax")(network(inputs)))


def backbone():
    x = inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="block1_conv")(x)
    x = layers.Conv2D(4, 3, activation="relu", name="block2_conv")(x)
    base = keras.Model(inputs, layers.GlobalAveragePooling2D()(x), name="base")
    outer = keras.Input((8, 8, 3))
    return functional(outer, dense(3, "head", "softmax")(base(outer, training=False)))


def normalised():
    norm = layers.Normalization()
    norm.adapt(ROWS * 9 + 5)
    inputs = keras.Input((6,))
    return functional(inputs, dense(3, "head", "softmax")(dense(8, "a")(norm(inputs))))


def u_net(loss):
    inputs = keras.Input((8, 8, 3))
    one = layers.Conv2D(4, 3, padding="same", activation="relu", name="enc1")(inputs)
    two = layers.Conv2D(4, 3, 2, padding="same", activation="relu", name="enc2")(one)
    up = layers.Concatenate()([layers.UpSampling2D()(two), one])
    up = layers.Conv2D(4, 3, padding="same", activation="relu", name="dec")(up)
    return functional(inputs, layers.Conv2D(3, 1, activation="softmax", name="masks")(up), loss)


def ignoring():
    return u_net(keras.losses.SparseCategoricalCrossentropy(ignore_class=255))


def words(*, mask=False, tags=False, length=5, **lstm):
    x = inputs = keras.Input((length,), **({"batch_size": 8} if lstm.get("stateful") else {}))
    x = layers.Embedding(9, 4, mask_zero=mask, name="words")(x)
    x = layers.LSTM(4, return_sequences=tags, name="reader", **lstm)(x)
    return functional(inputs, dense(3, "tags" if tags else "head", "softmax")(x))


def texts():
    cut = layers.TextVectorization(max_tokens=9, output_sequence_length=4)
    cut.adapt(TEXTS)
    inputs = keras.Input((), dtype="string")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(9, 4, name="words")(cut(inputs)))
    return functional(inputs, dense(3, "head", "softmax")(x))


def attention():
    x = inputs = keras.Input((5, 6))
    for i in (1, 2):
        y = layers.MultiHeadAttention(2, 3, name=f"block{i}_attention")(x, x)
        x = layers.LayerNormalization(name=f"block{i}_norm")(layers.Add()([x, y]))
    return functional(inputs, dense(3, "head", "softmax")(layers.GlobalAveragePooling1D()(x)))


def attention_with_lora():
    model = attention()
    model.get_layer("block2_attention")._query_dense.enable_lora(2)
    return model


def lora():
    model = table()
    model.get_layer("b").enable_lora(2)
    return model


def one_by_one():
    model = table()
    model.get_layer("b").kernel.trainable = False
    return model


def sparing():
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=2.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return table(optimizer=optimizer)


def siamese():
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    encoder = keras.Sequential([keras.Input((6,)), dense(6, "e1"), dense(4, "e2")], name="enc")
    together = layers.Subtract()([encoder(left), encoder(right)])
    return functional([left, right], dense(1, "head", "sigmoid")(together), "binary_crossentropy")


def by_name():
    inputs = {name: keras.Input((6,), name=name) for name in ("zebra", "ape")}
    x = layers.Concatenate()([dense(4, f"{name}_in")(inputs[name]) for name in inputs])
    return functional(inputs, dense(3, "head", "softmax")(x))


def two_outputs():
    inputs = keras.Input((6,))
    x = dense(6, "trunk")(inputs)
    outputs = {"age": dense(1, "age", None)(x), "kind": dense(3, "kind", "softmax")(x)}
    return functional(inputs, outputs, {"age": "mse", "kind": SPARSE})


class Wired(keras.Model):
    """Its layers are wired in code, and it has no configuration."""

    def __init__(self):
        super().__init__()
        self.base = keras.Sequential([keras.Input((6,)), dense(8, "a"), dense(6, "b")])
        self.head = dense(3, "head", "softmax")

    def call(self, x, training=False):
        return self.head(self.base(x, training=training))


def wired():
    model = Wired()
    model(ROWS[:1])
    model.compile("adam", SPARSE, metrics=["accuracy"])
    return model


class OwnStep(keras.Model):
    """Has a training step of its own."""

    def train_step(self, data):
        x, y = data
        return super().train_step((x * 2.0, y))


def own_step():
    inputs = keras.Input((6,))
    outputs = dense(3, "head", "softmax")(dense(8, "a")(inputs))
    return functional(inputs, outputs, cls=OwnStep)


@keras.saving.register_keras_serializable("tests")
class Forgetful(layers.Layer):
    """Cannot be made from its configuration."""

    def __init__(self, factor):
        super().__init__(name="forgetful")
        self.factor = factor

    def get_config(self):
        raise NotImplementedError("no configuration")

    def call(self, x):
        return x * self.factor


def forgetful():
    inputs = keras.Input((6,))
    return functional(inputs, dense(3, "head", "softmax")(Forgetful(2.0)(dense(8, "a")(inputs))))


def penalised():
    inputs = keras.Input((6,))
    x = layers.ActivityRegularization(l2=0.1)(dense(8, "a", kernel_regularizer="l2")(inputs))
    return functional(inputs, dense(3, "head", "softmax", kernel_regularizer="l2")(x))


def own_loss(y_true, y_pred):
    return ops.mean(ops.square(ops.cast(ops.reshape(y_true, (-1, 1)), "float32") - y_pred), -1)


def own_metric(y_true, y_pred):
    return ops.max(y_pred, -1)


class Sequence(keras.utils.PyDataset):
    """Batches of 8."""

    def __len__(self):
        return N // 8

    def __getitem__(self, i):
        return ROWS[i * 8 : i * 8 + 8], CLASSES[i * 8 : i * 8 + 8]


def data_set(*parts):
    return tf.data.Dataset.from_tensor_slices(parts).batch(8)


@dataclass(frozen=True)
class Kind:
    """One line of the table."""

    build: Callable[[], keras.Model]
    train: Any  # as the trainer takes it
    way: str = "kept"  # or "fit", where kept activations cannot follow
    # What a script is given as x and y where `train` is no pair.
    arrays: Any = None
    plan: dict[str, Any] = field(default_factory=dict)
    cuts: tuple[int, ...] | None = None  # those trained; by default a middle one

    def made(self):
        keras.utils.set_random_seed(4)
        return self.build()

    @property
    def for_script(self):
        """What a learner would call by these names."""
        given = self.train if self.arrays is None else self.arrays
        x, y, sample_weight = (*given, None)[:3]
        return {"x": x, "y": y, "sample_weight": sample_weight} | {
            "callbacks": self.plan.get("callbacks")
        }


ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
F1 = keras.metrics.F1Score
KINDS = {
    "a table, classes": Kind(table, (ROWS, CLASSES)),
    "layers without names": Kind(nameless, (ROWS, CLASSES)),
    "layers without names, nested": Kind(nameless_backbone, (PICTURES, CLASSES)),
    "pictures, BatchNormalization": Kind(pictures, (PICTURES, CLASSES)),
    "a nested backbone": Kind(backbone, (PICTURES, CLASSES)),
    "an adapted Normalization inside": Kind(normalised, (ROWS, CLASSES)),
    "keras.applications (MobileNetV2)": Kind(
        mobile_net, (RNG.normal(size=(N, 32, 32, 3)).astype("float32"), CLASSES), cuts=(18,)
    ),
    "MiniLM (`load_text_encoder`)": Kind(
        minilm, (RNG.integers(1000, 30_000, (N, 6)), CLASSES), cuts=(2,)
    ),
    "spectral normalisation before the cut": Kind(spectral, (ROWS, CLASSES), "fit", cuts=(1, 2)),
    "spectral normalisation, nothing frozen": Kind(spectral, (ROWS, CLASSES), cuts=(0,)),
    "mixed_float16": Kind(half, (PICTURES, CLASSES)),
    "mixed_float16 in single layers": Kind(
        lambda: pictures(dtype="mixed_float16"), (PICTURES, CLASSES)
    ),
    "bfloat16": Kind(lambda: pictures(dtype="mixed_bfloat16"), (PICTURES, CLASSES)),
    "attention": Kind(attention, (RNG.normal(size=(N, 5, 6)).astype("float32"), CLASSES)),
    "LoRA in a Dense layer": Kind(lora, (ROWS, CLASSES)),
    "LoRA in attention": Kind(
        attention_with_lora, (RNG.normal(size=(N, 5, 6)).astype("float32"), CLASSES), "fit"
    ),
    "variables frozen one by one": Kind(one_by_one, (ROWS, CLASSES)),
    "variables spared from weight decay": Kind(sparing, (ROWS, CLASSES)),
    "word numbers, LSTM": Kind(words, (WORDS, CLASSES)),
    "word numbers with a mask, cut where it is handed on": Kind(
        lambda: words(mask=True), (WORDS, CLASSES), "fit", cuts=(1,)
    ),
    "word numbers with a mask, cut elsewhere": Kind(
        lambda: words(mask=True), (WORDS, CLASSES), cuts=(2,)
    ),
    "sequences of any length": Kind(lambda: words(length=None), (WORDS, CLASSES), "fit"),
    "texts": Kind(texts, (TEXTS, CLASSES), "fit"),
    "a stateful LSTM": Kind(
        lambda: words(stateful=True), (WORDS, CLASSES), "fit", plan={"batch_size": 8}
    ),
    "segmentation, class numbers": Kind(lambda: u_net(SPARSE), (PICTURES, MASKS)),
    "segmentation, one column per class": Kind(
        lambda: u_net("categorical_crossentropy"), (PICTURES, np.eye(3, dtype="float32")[MASKS])
    ),
    "segmentation, a class that is ignored": Kind(
        ignoring, (PICTURES, np.where(MASKS == 1, 255, MASKS))
    ),
    "a tag for each word": Kind(lambda: words(tags=True), (WORDS, WORDS % 3)),
    "one column per class": Kind(lambda: table("categorical_crossentropy"), (ROWS, ONE_HOT)),
    "yes or no": Kind(
        lambda: table("binary_crossentropy", n=1, activation="sigmoid"), (ROWS, CLASSES > 0)
    ),
    "a number": Kind(
        lambda: table("mse", n=1, activation=None), (ROWS, ROWS[:, 0].astype("float64"))
    ),
    "labels as objects": Kind(table, (ROWS, CLASSES.astype(object))),
    "labels as a column of pandas, in another order": Kind(
        table, (ROWS, pd.Series(CLASSES, index=np.arange(N)[::-1]))
    ),
    "labels as numbers of pandas": Kind(table, (ROWS, pd.Series(CLASSES, dtype="Int64"))),
    "a table of pandas": Kind(
        table, (pd.DataFrame(ROWS).sample(frac=1.0, random_state=0), CLASSES)
    ),
    "labels in a list": Kind(table, (ROWS, CLASSES.tolist())),
    "sample_weight": Kind(table, (ROWS, CLASSES, WEIGHTS)),
    "class_weight": Kind(table, (ROWS, CLASSES), plan={"class_weight": {0: 3.0, 2: 0.5}}),
    "several inputs": Kind(siamese, ([ROWS, ROWS[::-1]], (CLASSES > 0) * 1), "fit"),
    "several inputs by name": Kind(by_name, ({"ape": ROWS, "zebra": -ROWS}, CLASSES), "fit"),
    "several outputs": Kind(two_outputs, (ROWS, {"age": ROWS[:, 0], "kind": CLASSES}), "fit"),
    "a subclassed model": Kind(wired, (ROWS, CLASSES), "fit"),
    "a training step of its own": Kind(own_step, (ROWS, CLASSES), "fit"),
    "a layer without configuration": Kind(forgetful, (ROWS, CLASSES), "fit"),
    "kernel penalties": Kind(lambda: table(kernel_regularizer="l2"), (ROWS, CLASSES)),
    "activity penalties before the cut": Kind(penalised, (ROWS, CLASSES), "fit", cuts=(1,)),
    "a loss of your own": Kind(lambda: table(own_loss, n=1, activation=None), (ROWS, CLASSES)),
    "a metric of your own": Kind(lambda: table(metrics=[own_metric]), (ROWS, CLASSES)),
    "a metric with a number per class": Kind(
        lambda: table("categorical_crossentropy", metrics=[F1(average=None)]),
        (ROWS, ONE_HOT),
        "fit",
    ),
    "callbacks": Kind(
        table,
        (ROWS, CLASSES),
        "fit",
        plan={"callbacks": [keras.callbacks.LearningRateScheduler(lambda e: 0.01 / (e + 1))]},
    ),
    "tf.data.Dataset": Kind(
        table, data_set(ROWS, CLASSES), arrays=(ROWS, CLASSES), plan={"batch_size": 8}
    ),
    "tf.data.Dataset with weights": Kind(
        table,
        data_set(ROWS, CLASSES, WEIGHTS),
        arrays=(ROWS, CLASSES, WEIGHTS),
        plan={"batch_size": 8},
    ),
    "keras.utils.PyDataset": Kind(
        table, Sequence(), arrays=(ROWS, CLASSES), plan={"batch_size": 8}
    ),
}
_HOW = {"kept": "kept activations", "fit": "Keras' `fit`, with a note"}


def page() -> str:
    """Return the page that says what works."""
    lines = [f"| {name} | {_HOW[kind.way]} |" for name, kind in KINDS.items()]
    return "\n".join(
        [
            "# What works in `FreezeSlider` and `CachedTrainer`",
            "",
            "Each line is trained twice by `tests/freezing/test_matrix.py`, at a middle depth: by",
            "the slider, and by the script that its `code()` gives, in another process. After two",
            "epochs the parameters and the history are the same, and your own model is as it was.",
            "",
            "*Kept activations* means that frozen blocks are computed only once. Where that cannot",
            "be exact, Keras' own `fit` trains, more slowly, and the run says why. Texts or",
            "categories as labels, and undefined numbers in inputs or labels, are refused with",
            "what to write instead.",
            "",
            "A `tf.data.Dataset` or `PyDataset` of more than 600 MB is not read into memory:",
            "`fit` reads it in each epoch anew, in its own batches and order. It must say how many",
            "batches it has. A generator gives its examples once, so it must fit into memory.",
            "",
            "| you bring | it trains by |",
            "|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
