"""Small cases of every widget and saved state, which `same_behaviour` runs like a lesson.

Only public names, so that the same file runs on code from before and after a change.
"""

# %%
import json
import os
import tempfile
from hashlib import sha256
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from IPython.display import display
from keras import layers

from tlwidgets import BiasExplorer, FreezeSlider, Prediction, TrainingCurves
from tlwidgets.freezing import block_costs, read_blocks
from tlwidgets.shift import MECHANISMS

pd.set_option("display.max_columns", 99, "display.width", 999, "display.max_rows", 999)
FOLDER = Path(tempfile.mkdtemp())
REPAIRS = ["none", "importance weighting", "known chances", "class weighting"]
REPAIRS += ["label-shift correction", "label cleaning", "stratified re-sampling"]


def attempt(what, *args, **options):
    """Print what comes of a call, also if it is refused."""
    try:
        print(what(*args, **options))
    except (TypeError, ValueError, RuntimeError, AttributeError) as error:
        print(f"{type(error).__name__}: {error}")


def view_of(widget):
    """Return the pictures in a widget as data, of arrays their digests."""
    if not hasattr(widget, "view"):
        return [view for child in getattr(widget, "children", ()) for view in view_of(child)]
    state = {name: value for name, value in widget.get_state().items() if name[0] != "_"}
    arrays = {name: value for name, value in state.items() if isinstance(value, bytes)}
    return [widget.view | {n: sha256(value).hexdigest().upper() for n, value in arrays.items()}]


# %% A classifier, a regression, and a network within a network
def classifier():
    parts = [keras.Input((8, 8, 1)), layers.Conv2D(4, 3, name="conv")]
    parts += [layers.BatchNormalization(name="norm"), layers.ReLU(name="relu")]
    parts += [layers.Flatten(name="flat"), layers.Dense(8, activation="relu", name="hidden")]
    model = keras.Sequential([*parts, layers.Dense(3, name="classes")], name="classifier")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model


def regression():
    x = inputs = keras.Input((5,), name="numbers")
    for name in ("first", "second"):
        x = layers.Dense(6, activation="tanh", name=name)(x)
    model = keras.Model(inputs, layers.Dense(1, name="outcome")(x), name="regression")
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse", metrics=["mae"])
    return model


def nested():
    x = inside = keras.Input((8, 8, 3))
    for name in ("block1", "block2"):
        x = layers.Conv2D(4, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
        x = layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_bn")(x))
    inputs = keras.Input((8, 8, 3), name="image")
    x = keras.Model(inside, x, name="base")(inputs, training=False)
    x = layers.Dropout(0.2, name="drop")(layers.GlobalAveragePooling2D(name="pool")(x))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="yes")(x), name="nested")
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(keras.optimizers.RMSprop(rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def data_for(model, n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, *model.input_shape[1:])).astype("float32")
    score = x.reshape(n, -1)[:, :5].sum(axis=1)
    if model.name == "regression":
        return x, score
    return x, np.digitize(score, [-1.0, 1.0] if model.name == "classifier" else [0.0])


def slider_on(make):
    keras.utils.set_random_seed(0)
    model = make()
    slider = FreezeSlider(model, train=data_for(model, 96, 1), validation=data_for(model, 60, 2))
    slider.epochs = 2
    return slider


def explore(make):
    slider = slider_on(make)
    print(slider)
    for cut in range(len(read_blocks(slider.model))):
        slider.cut = cut
        print(f"== cut {cut}\n{slider!r}\n{slider.code()}")
        print(json.dumps(view_of(slider), sort_keys=True))
    slider.n_labels, slider.seed, slider.keep_batchnorm_frozen = 50, 3, False
    print(f"== few labels\n{slider!r}\n{slider.code()}")
    for name, value in {"cut": 99, "n_labels": 0, "learning_rate": -1, "epoch": 3}.items():
        attempt(setattr, slider, name, value)
    slider.train()
    display(slider.runs, slider.moved())
    display(slider.sweep(seeds=[0, 1]))
    print(slider)
    display(slider.figure())
    slider.apply(with_parameters=True)
    print([layer.trainable for layer in slider.model.layers])
    return slider


# %% The slider on a classifier
explore(classifier)

# %% The slider on a regression
explore(regression)

# %% The slider on a nested network
explore(nested)

# %% What the blocks of the three are
for make in (classifier, regression, nested):
    display(read_blocks(make()), block_costs(make()))


# %% The explorer: what is drawn for a choice, said, scripted and written down
def choose(population, mechanism, kind, repair):
    explorer = BiasExplorer(population)
    print(f"== {population} / {mechanism} / {kind} / {repair}")
    try:
        explorer.mechanism, explorer.kind, explorer.repair = mechanism, kind, repair
    except (TypeError, ValueError) as error:
        return print(f"{type(error).__name__}: {error}")
    print(f"{explorer!r}\n{explorer.to_url_state()}\n{explorer.code()}")
    display(explorer.report())
    again = BiasExplorer.from_state(explorer.to_url_state(), population)
    print(repr(again) == repr(explorer), again.to_url_state() == explorer.to_url_state())
    print(json.dumps(view_of(explorer), sort_keys=True))
    explorer.close()
    return again.close()


def all_repairs(population, mechanism):
    for kind in MECHANISMS[mechanism]:
        for repair in REPAIRS:
            choose(population, mechanism, kind, repair)


# %% Digits, domain shift
all_repairs("digits", "domain shift")

# %% Digits, data skew
all_repairs("digits", "data skew")

# %% Digits, dataset quality
all_repairs("digits", "dataset quality")

# %% Digits, sampling strategy
all_repairs("digits", "sampling strategy")

# %% Diabetes, domain shift
all_repairs("diabetes", "domain shift")

# %% Diabetes, data skew
all_repairs("diabetes", "data skew")

# %% Diabetes, dataset quality
all_repairs("diabetes", "dataset quality")

# %% Diabetes, sampling strategy
all_repairs("diabetes", "sampling strategy")

# %% An explorer's other choices, its figure, and what it refuses
explorer = BiasExplorer("digits")
explorer.strength, explorer.n, explorer.seed = 0.9, 120, 4
explorer.region, explorer.colour_by = (0.2, 0.1, 0.7, 0.9), "rotation"
print(explorer.to_url_state(), explorer.code(), sep="\n")
for name, value in {"n": 3, "strength": 2, "kind": "long tale", "colour": "x"}.items():
    attempt(setattr, explorer, name, value)
for text in ("s=much", "m=nothing", ""):
    attempt(BiasExplorer.from_state, text, "diabetes")
explorer  # its picture, and its state

# %% My own table in the explorer
rng = np.random.default_rng(5)
own = pd.DataFrame({"age": rng.integers(20, 80, 300), "town": rng.choice(["A", "B"], 300)})
own["ill"] = np.where(own["age"] + rng.normal(0, 10, 300) > 55, "yes", "no")
own_explorer = BiasExplorer(own, "ill", name="my patients")
own_explorer.repair = "importance weighting"
print(own_explorer.code())
display(own_explorer.report(), own_explorer)

# %% Curves from a dictionary, and how else they can be shown
falling = 0.3 + np.exp(-np.arange(12) / 4)
history = {"loss": falling, "val_loss": falling + 0.02 * np.arange(12), "accuracy": 1.4 - falling}
curves = TrainingCurves.from_history(history, name="one", chance=0.25)
print(curves, curves.code(), sep="\n")
curves.choose(log=True, smoothing=0.6, metrics=["loss"])
print(curves.code("other.csv"))
display(curves.to_frame(), curves)
curves.redraw()

# %% Curves that go wrong, with gaps, with phases, and side by side
mae = TrainingCurves.from_history({"loss": [3.0, 2.0, 2.5, 2.9], "val_mae": [2.0, 1.0]})
print(mae, mae.code(), mae.to_frame().to_string(), sep="\n")
attempt(TrainingCurves.from_history, {"loss": [0.5, float("nan"), float("nan")]})
attempt(TrainingCurves.from_history, {"loss": ["a"]})
attempt(TrainingCurves, smoothing=2)
table = curves.to_frame().assign(phase=lambda frame: np.where(frame["epoch"] > 6, "tune", "head"))
phases = TrainingCurves.from_history(table)
print(phases, phases.code(), sep="\n")
display(phases, phases.compare(curves, mae))

# %% Curves of a training in a notebook
keras.utils.set_random_seed(0)
model, live = classifier(), TrainingCurves(name="live")
for phase in ("first", "second"):
    model.fit(*data_for(model, 96, 1), epochs=3, verbose=0, callbacks=[live.phase(phase)])
print(live, live.code(), live.to_frame().drop(columns="seconds").to_string(), sep="\n")
live.to_csv(FOLDER / "curves.csv")
print(",".join(pd.read_csv(FOLDER / "curves.csv").columns))

# %% What a saved inspector holds, and whether it answers the same when loaded
from tlwidgets.shipping import Inspector, load_inspector

keras.utils.set_random_seed(0)
parts = [keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D()]
sorter = keras.Sequential([*parts, layers.Dense(2, activation="softmax")], name="sorter")
inspector = Inspector(sorter, ["sound", "broken"], threshold=0.4)
inspector.save(FOLDER / "inspector")
for file in sorted((FOLDER / "inspector").iterdir()):
    print(f"== {file.name}", file.read_text("utf-8") if file.suffix != ".keras" else "")
pixels = np.random.default_rng(0).integers(0, 256, (10, 16, 3))
for one in (inspector, load_inspector(FOLDER / "inspector")):
    print(one, one.inspect(pixels), sep="\n")

# %% What is kept of a guess
os.environ["TLWIDGETS_PROGRESS"] = str(FOLDER / "progress.json")
os.environ.pop("TLWIDGETS_STRICT_CHECKS", None)  # with it nothing is kept
os.environ["JPY_SESSION_NAME"] = "/x/02_x.ipynb"
guess = Prediction("How many per cent?", low=0, high=100)
guess.commit(70)
guess.reveal(74)
print(guess, (FOLDER / "progress.json").read_text("utf-8"), sep="\n")
guess
