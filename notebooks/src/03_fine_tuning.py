# %% [markdown] transfer="inductive" method="fine-tuning"
# # 03 · How much of a pretrained network should you retrain?
#
# Freeze everything and train a new head? Train all of it? Something in between? Everybody who
# fine-tunes a network has to decide, and most people guess. You will measure it, and meet three
# ways to lose on the way what the network had learned.
#
# **About 50 minutes** · needs 02 · 80 CPU seconds · 1.3 GB of memory
#
# The photographs of solar cells (ELPV, CC BY-NC-SA 4.0) are for **non-commercial use only**.
#
# ## You will
#
# - **freeze** a part of a network, and prove that it does not move;
# - **choose** how many layers to keep, for few and for many labels;
# - **retrain** it without destroying what it knows.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell below.

# %%
import os

os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # small networks: a second thread slows them

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, TrainingCurves, budget, check, claim, expect
from tlwidgets import load_digits, load_glyph_net, make_glyphs
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
EPOCHS = {50: 40, 500: 12}  # for each number of labels (500 at most)
FEW, MANY = min(EPOCHS), max(EPOCHS)
SEEDS = range(5)  # each seed: another test set, other labels, other new layers
SEED = 0
N_CELLS = 200  # labelled solar cells, in the last part
N_RECIPE = 50  # cells on which the plain Keras recipe is tried
SIZE_PX = 96  # side of a solar cell

# %% [markdown]
# Our network is small, so that a run takes a second: four convolutions and a dense layer. It
# learned to read 52 **letters**, printed and bent. Your task: handwritten **digits**, which it
# has never seen.

# %%
letters, digits = make_glyphs(12), load_digits()
x, y = digits.images[..., None], digits.labels
fig, axes = plt.subplots(2, 12, figsize=(12, 2.2))
some = np.random.default_rng(SEED).choice(len(y), 12)
for ax, image in zip(axes.flat, [*letters.images, *digits.images[some]], strict=True):
    ax.imshow(image, cmap="gray")
    ax.axis("off")


def accuracy(model, chosen):
    """Return the share of these digits that the model reads right."""
    reader.set_weights(model.get_weights())  # compiled once, then used again
    return np.mean(reader.predict_on_batch(x[chosen]).argmax(axis=1) == y[chosen])


# %%
def draw(seed):
    """Return 500 digits to learn from (ten kinds in turn), and 1,000 for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    return np.array([pool[y[pool] == digit][:50] for digit in range(10)]).T.ravel(), test


def with_head(network, solved_for=None):
    """Put a head on a network, a new one or one solved for these digits; compile."""
    head = keras.layers.Dense(10, name="digits")
    model = keras.Sequential([network, head])
    if solved_for is not None:
        head.set_weights(head_for(np.asarray(network(x[solved_for])), y[solved_for]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


reader = with_head(load_glyph_net())  # judges the others


# %% [markdown]
# ## 1. Is it frozen?
#
# To **freeze** a layer is to keep its parameters as they are while others train. In Keras that is
# one flag, `layer.trainable = False`. We train network and head together for four epochs, then
# freeze the network and train on. Six layers have parameters, five in the network and the head.

# %% tags=["widget"]
still = Prediction(
    "After `network.trainable = False`: how many of the six layers still move?",
    choices=["none", "1, the head", "all 6"],
)
still

# %%
from tlwidgets.freezing import moved, set_trainable, snapshot

keras.utils.set_random_seed(SEED)
network = load_glyph_net()
model = with_head(network)
first = draw(SEED)[0][:192]  # six batches
curves = TrainingCurves(in_terminal="silence")
model.fit(x[first], y[first], epochs=4, verbose=0, callbacks=[curves.phase("all layers")])
before = snapshot(model)

network.trainable = False
model.fit(x[first], y[first], epochs=4, verbose=0, callbacks=[curves.phase("frozen, it says")])
table = moved(before, model)
n_moved = table.groupby("layer")["moved"].any().sum()
still.reveal({0: "none", 1: "1, the head", 6: "all 6"}[n_moved])
table.groupby("layer", sort=False)[["trainable", "moved"]].any()

# %% [markdown]
# Read the table row by row: the flag says frozen, and the layer moves. Keras looks at the flags
# when it **compiles** the training step; the old step goes on with the old flags, without a
# warning. `set_trainable` freezes all before a block (ours have the numbers 0 to 5, so 5 leaves
# only the head), and compiles anew.
#
# A second trap: **BatchNormalization** keeps running averages of what it has seen. Many recipes
# call the network with `training=False` so that they stay. Do they?

# %% tags=["claim"]
set_trainable(model, 5)
before_head = snapshot(model)
model.fit(x[first], y[first], verbose=0)
really = moved(before_head, model).query("moved")["layer"].nunique()
claim("Layers that moved after `set_trainable`", really, at_least=1, at_most=1, control=n_moved)
norm, inputs = keras.layers.BatchNormalization(), keras.Input((28, 28, 1))
base = keras.Sequential([keras.Input((28, 28, 1)), norm, keras.layers.Flatten()])
small = keras.Model(inputs, keras.layers.Dense(1)(base(inputs, training=False)))
for base.trainable in (True, False):  # the flag of the network and all its layers
    small.compile("sgd", "mse")
    average = norm.moving_mean.numpy()
    small.fit(x[:32] / 255, np.zeros(32), verbose=0)
    far = np.abs(norm.moving_mean.numpy() - average).max()
    bound = {"at_least": 1e-6} if base.trainable else {"at_most": 0}
    claim(f"How far the average moved, training=False, trainable {base.trainable}", far, **bound)

# %% [markdown]
# They move all the same: in **Keras 3** `fit` overrules `training=False` (in the older tf.keras 2
# it did hold, and older tutorials say so). Only the flag keeps them, and `set_trainable` sets it,
# even in blocks that train. What it costs to forget it, the last part shows.
#
# ## 2. How many layers to keep?
#
# Take the first layers from the network that read letters and freeze them; start the layers after
# them **anew**, and train those on digits. Keep none, and you train from scratch; keep all five,
# and only the head is new. How good is each, with 50 labels? With 500?

# %% tags=["widget"]
best_50 = Prediction(
    "With 50 labels, how many of the five layers should you keep?",
    choices=["0", "1", "2", "3", "4", "5"],
)
best_50

# %%
from tlwidgets import dense_parameters, solve_head
from tlwidgets.freezing import CachedTrainer, Plan


def head_for(features, labels):
    """Return kernel and bias of a logistic regression on these features."""
    return dense_parameters(solve_head(features, labels, class_weight="balanced"))


def train(model, cut, chosen, seed, **plan):
    """Train the blocks from `cut` on these digits; return the trained copy."""
    if cut not in trainers:  # compiled once, then used again
        trainers[cut] = CachedTrainer(model, x[chosen], y[chosen])
    trainers[cut].restart(model, x[chosen], y[chosen])
    usual = {"epochs": EPOCHS.get(len(chosen), 30), "batch_size": min(32, len(chosen) // 2)}
    trainers[cut].train(cut, Plan(seed=seed, **usual | plan))
    return trainers[cut].model


# %% [markdown]
# `CachedTrainer` computes the frozen layers only once. A head alone needs no steps at all: it is a
# logistic regression, **solved** to its end. (Trained for as few steps as the others, it would look
# far worse than it is: a common mistake.) As a control we keep frozen **random** layers: what
# letters give over those comes from the letters, not from freezing.

# %%
trainers, pretrained, mixed = {}, load_glyph_net(), with_head(load_glyph_net())
new, random = {}, {}
for seed in SEEDS:  # once, before training: a new seed slows what runs next
    keras.utils.set_random_seed(seed)
    new[seed], random[seed] = (with_head(load_glyph_net(checkpoint=None)) for _ in range(2))


def keep(source, n_kept, n_labels, seed):
    """Return the accuracy with the first layers of `source`, and new ones after them."""
    learn, test = draw(seed)
    learn = learn[:n_labels]
    n = 2 * n_kept  # a layer has two arrays, kernel and bias
    mixed.set_weights(source.get_weights()[:n] + new[seed].get_weights()[n:])
    if n_kept == 5:
        return accuracy(with_head(mixed.layers[0], learn), test)
    return accuracy(train(mixed, n_kept, learn, seed), test)


# %%
rows = []
for seed, n in [(seed, n) for seed in SEEDS for n in EPOCHS]:
    rows += [("letters", k, n, keep(pretrained, k, n, seed)) for k in range(6)]
    rows += [("random", k, n, keep(random[seed], k, n, seed)) for k in (2, 4, 5)]
curve = pd.DataFrame(rows, columns=["kept from", "kept", "labels", "accuracy"])
grid = sns.relplot(
    curve, x="kept", y="accuracy", hue="kept from", style="kept from", col="labels", kind="line",
    markers=True, dashes=False, errorbar="sd", palette=["#0072B2", "#777777"], height=3.6,
)  # fmt: skip
grid.set(xlabel="layers kept and frozen", ylabel="accuracy on 1,000 test digits")
mean = curve.groupby(["kept from", "labels", "kept"])["accuracy"].mean()
best_50.reveal(str(mean["letters", FEW].idxmax()))

# %% [markdown]
# Read it from left to right. With 50 labels it is highest at its end: keep all, for so few digits
# cannot train a layer anew. With 500 it is flat from the third layer on. Frozen random layers do
# not help: so it is what the letters taught that helps.
#
# Yosinski et al. (2014) saw their curve *fall* at its end: early layers are general, late ones
# **special**. Not visible here: letters and digits are too near. (Lesson 01 has a source that is
# too special at its end.)

# %% tags=["claim"]
few, many = mean["letters", FEW], mean["letters", MANY]
claim("All five kept over scratch, 50 labels", few[5] - few[0], at_least=0.08,
      control=mean["random", FEW][5] - few[0])  # fmt: skip
claim("All five over four, 50 labels", few[5] - few[4], at_least=0.02)
claim("Four kept over scratch, 500 labels", many[4] - many[0], at_least=0.02)
fall = many[5] - many[3:5].max()
claim("All five over the best of three and four, 500 labels: no fall", fall, at_least=-0.02)
random_gain = mean["random", FEW] - few[0]
claim("Two random over scratch, 50 labels: nothing", random_gain[2], at_least=-0.04, at_most=0.03)
claim("Four random over scratch, 50 labels", random_gain[4], at_most=-0.04)

# %% [markdown]
# ## 3. Fine-tune, head first
#
# So far the layers after the cut began anew. But they are pretrained, too: let them start from the
# letters and train them a little. That is **fine-tuning**; a head alone on frozen features is
# **linear probing**. We fine-tune all layers with 50 labels, behind a new head. Linear probing read
# more than four digits in five.

# %% tags=["widget"]
new_head = Prediction("Accuracy after fine-tuning everything behind a new head?", low=0.5, high=1.0)
new_head

# %%
rows = []
for seed, n_labels in [(s, n) for s in SEEDS for n in EPOCHS]:
    learn, test = draw(seed)[0][:n_labels], draw(seed)[1]
    solved, fresh = with_head(pretrained, learn), with_head(pretrained)
    fresh.layers[-1].set_weights(new[seed].layers[-1].get_weights())
    bent = train(fresh, 0, learn, seed)
    mixed.set_weights(bent.get_weights())
    for way, score in {
        "new head, then all": accuracy(bent, test),
        "the same, its head solved anew": accuracy(with_head(mixed.layers[0], learn), test),
        "head only": accuracy(solved, test),
        "head first, then last layer": accuracy(train(solved, 4, learn, seed), test),
        "head first, then all": accuracy(train(solved, 0, learn, seed), test),
    }.items():
        rows.append((way, n_labels, score))

# %% tags=["claim"]
tuned = pd.DataFrame(rows, columns=["way", "labels", "accuracy"])
all_ways = pd.concat([curve.query("kept == 0").assign(way="from scratch"), tuned])
_, ax = plt.subplots(figsize=(8, 3.4))
sns.pointplot(all_ways, y="way", x="accuracy", hue="labels", errorbar="sd", linestyle="none",
              palette=["#CC79A7", "#56B4E9"], markers=["o", "s"], ax=ax)  # fmt: skip
ax.set(xlabel="accuracy on 1,000 test digits", ylabel="")
way = all_ways.groupby(["labels", "way"])["accuracy"].mean()
new_head.reveal(way[FEW, "new head, then all"])
trained, read, probe, last, every = way[FEW][list(dict.fromkeys(tuned["way"]))]
claim("Head first over a new head, 50 labels", every - trained, at_least=0.06)
claim("Solving the head anew, 50 labels", read - trained, at_least=0.02)
kept = (read - way[FEW, "from scratch"]) / (probe - way[FEW, "from scratch"])
claim("Share of what letters gave that is still there", kept, at_least=0.5, at_most=0.97)
claim("Last layer, too, over head only, 50 labels: no loss", last - probe, at_least=-0.01)

# %% [markdown]
# Read it from top to bottom. Behind a **new head** fewer digits are read than with the head alone.
# Is the knowledge **lost, or only unread**? Solve a head anew on the features of that very network
# (second row): most is still there. A random head's first errors distorted the rest. **Head first,
# then fine-tune** avoids both. Kumar et al. (2022): on new pictures of the same kind fine-tuning
# beats the head alone, on another kind (out of distribution) it loses; head first is best on both.

# %%
RATES = [0.0003, 0.001, 0.003, 0.01]
rows = []
for seed in SEEDS:
    learn, test = draw(seed)
    solved = with_head(pretrained, learn[:FEW])
    for rate in RATES:
        model = train(solved, 0, learn[:FEW], seed, learning_rate=rate, epochs=20)
        distance = trainers[0].moved().query("layer == 'conv4'")["relative_change"].iloc[0]
        rows.append((f"{rate:g}", accuracy(model, test), distance))
columns = ["learning rate", "accuracy on 1,000 test digits", "how far conv4 went"]
rates = pd.DataFrame(rows, columns=columns)
fig, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="tight")
axes[0].axhline(way[FEW, "head only"], color="#0072B2", linestyle=":")
for ax, column in zip(axes, columns[1:], strict=True):
    sns.pointplot(rates, x="learning rate", y=column, errorbar="sd", color="#D55E00", ax=ax)

# %% [markdown]
# Read both from left to right: the faster, the further the fourth layer goes (length of its change,
# divided by the length of its parameters), and the less is read. Dotted: the head alone. Large
# steps find features that read these 50 digits as well, and the rest worse; where old knowledge is
# really gone, that is **catastrophic forgetting** (lesson 04). **When you fine-tune, take a rate 10
# to 100 times smaller** than for a new head.

# %% tags=["claim"]
score, length = (rates.groupby("learning rate")[column].mean() for column in columns[1:])
claim("Lost with 0.01 against 0.0003", score["0.0003"] - score["0.01"], at_least=0.05)
claim("Lost with 0.003 against the frozen network", way[FEW, "head only"] - score["0.003"],
      at_least=0.02)  # fmt: skip
claim("How far conv4 went: 0.01 against 0.001", length["0.01"] / length["0.001"], at_least=3)

# %% tags=["claim"]
from tlwidgets import load_results

saved = load_results("fine_tuning")  # datasets/results/fine_tuning.py ran it
scores = 100 * saved.pivot_table("score", ["data", "labels", "seed"], "way")
by_way = saved.query("data == 'digits' and labels == 500").groupby("way")
lies = ["head only", "head only, lying", "augmented with a lie"]
points = scores.sub(scores["head only"], axis=0).drop(columns=lies)
long = points.stack().rename("points over head only").reset_index()
grid = sns.catplot(long, x="points over head only", y="way", hue="labels", col="data", kind="point",
                   linestyle="none", errorbar="sd", palette="colorblind", dodge=0.3, height=3.6,
                   aspect=1.4, sharex=False)  # fmt: skip
grid.refline(x=0).set(ylabel="")


# %% tags=["claim"]
def paired(way, control):  # by how many points a way beats its control, on the same seeds
    return (scores[way] - scores[control]).groupby(["data", "labels"]).mean()


tuning, both = paired("augmented", "head only, augmented"), paired("augmented", "head only")
for data, n, least in (("digits", 500, 1.1), ("cells", 500, 0.4), ("cells", 1968, 0.35)):
    claim(f"{data}, {n}: points of fine-tuning, same pictures", tuning[data, n], at_least=least)
claim("cells, 200: points of fine-tuning, same pictures: none", tuning["cells", 200], at_most=0.3)
claim("cells, 500: points of augmentation and fine-tuning", both["cells", 500], at_least=1.4,
      control=paired("head only, augmented", "head only")["cells", 500])  # fmt: skip
depth = paired("augmented, rates by depth", "augmented")["digits"].max()
claim("Digits: points of rates by depth: nothing", depth, at_most=0.5)
step = paired("augmented, gradual unfreezing", "augmented")["digits", 50]
claim("Digits, 50: points of gradual unfreezing", step, at_least=0.5)
lost = by_way[["score", "six_or_nine"]].mean().loc[["augmented", "augmented with a lie"]].diff()
claim("Digits, 500: points lost by the lie on 6 and 9", -100 * lost["six_or_nine"].iloc[1],
      at_least=9, control=-100 * lost["score"].iloc[1])  # fmt: skip

# %% [markdown]
# Dotted: the head alone. **Data augmentation** (digits bent, cells flipped) helps it, too: compare
# with the head that saw *the same pictures*. Fine-tuning adds points on 500 labels and on all 1,968
# cells, none on 200; on 500 cells most is the flips (control). Rates by depth (**discriminative
# learning rates**) bring nothing here, **gradual unfreezing** something with 50 labels. And an
# augmentation can **lie**: upside down, a 6 is a 9 (control: over all digits).
#
# The recipe in plain Keras: phase 1 the head, phase 2 the top.

# %%
from tlwidgets import fetch_solar_cells, load_backbone

cells = fetch_solar_cells(SIZE_PX)
learn, test = cells.split(SEED)
inside, aside = np.split(learn[:N_RECIPE], [N_RECIPE * 4 // 5])  # a fifth tells when to stop
colour = {k: np.repeat(cells.images[i][..., None], 3, -1) for k, i in [(0, inside), (1, aside)]}
sick = cells.is_defective
base = load_backbone("efficientnet_lite0", SIZE_PX)  # or one of keras.applications
base.trainable = False
pixels = keras.Input((SIZE_PX, SIZE_PX, 3))
z = keras.layers.RandomFlip("horizontal_and_vertical")(pixels)  # data augmentation
z = keras.layers.Dropout(0.2)(base(z, training=False))
recipe = keras.Model(pixels, keras.layers.Dense(1)(z))
loss = keras.losses.BinaryCrossentropy(from_logits=True)
recipe.compile(keras.optimizers.Adam(1e-2), loss)
recipe.fit(colour[0], sick[inside], epochs=3, verbose=0)  # phase 1: the head

# %% tags=["claim"]
from pathlib import Path
from tempfile import mkdtemp

for layer in base.layers:  # phase 2: the top of the network, but never BatchNormalization
    is_top = layer.name.startswith(("stage7", "head"))
    layer.trainable = is_top and not isinstance(layer, keras.layers.BatchNormalization)
recipe.compile(keras.optimizers.Adam(1e-4), loss)  # anew, with a rate 100 times smaller
best = Path(mkdtemp()) / "best.keras"
callbacks = [keras.callbacks.EarlyStopping("val_loss", patience=4, restore_best_weights=True),
             keras.callbacks.ModelCheckpoint(best, "val_loss", save_best_only=True)]  # fmt: skip
recipe.fit(colour[0], sick[inside], validation_data=(colour[1], sick[aside]),
           epochs=3, callbacks=callbacks, verbose=0)  # fmt: skip
again = keras.models.load_model(best)
differs = np.abs(again.predict(colour[1], verbose=0) - recipe.predict(colour[1], verbose=0)).max()
claim("Saved and loaded: the scores differ by", differs, at_most=1e-3)

# %% [markdown]
# That is the whole recipe: two phases, two rates, **early stopping** on cells kept aside. In
# earnest take more epochs. A network of `keras.applications` comes with its own
# `preprocess_input`; ours has it inside.
#
# ## Play
#
# The same data as above: the head is solved for the first 50 labels, and the slider trains on them
# (`label_order="given"`). Press Train. Try:
#
# 1. Cut at `digits`, then at `dense1`: both end above the rule "before training", `dense1` higher.
# 2. 500 labels, and the sweep: all cuts below the head lie close together.
# 3. Cut at 0 and learning rate 0.03: far below the rule.

# %% tags=["widget"]
from tlwidgets import FreezeSlider

learn, test = draw(SEED)
model = with_head(load_glyph_net(), learn[:FEW])
lab = FreezeSlider(model, train=(x[learn], y[learn]), validation=(x[test], y[test]),
                   label_order="given")  # fmt: skip
lab.n_labels, lab.epochs, lab.cut = FEW, 20, 5
lab

# %%
script = lab.code()  # what the slider does, as plain Keras: read it, it is yours
print(script)
names = {"model": with_head(load_glyph_net(), learn[:FEW]), "x": x[learn], "y": y[learn]}
exec(script, names | {"x_val": x[test], "y_val": y[test]})  # noqa: S102

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Freeze `conv1` and `conv2` of this model, train the rest for an epoch on
# `x[first]`, `y[first]`, and put the proof of `moved` into `proof`.

# %% tags=["exercise"]
mine = with_head(load_glyph_net())
before_mine = snapshot(mine)

set_trainable(mine, 2)  #:
mine.fit(x[first], y[first], verbose=0)  #:
proof = moved(before_mine, mine)  #: proof = ...

# %% tags=["check"]
FROZEN = {"conv1", "conv2"}
check(
    "Exercise 1",
    proof,
    expect(lambda p: set(p["layer"]) >= {"conv1", "digits"}, "Call moved(before_mine, mine)."),
    expect(lambda p: p["moved"].any(), "Nothing moved: train after you have frozen."),
    expect(
        lambda p: not p[p["layer"].isin(FROZEN)]["moved"].any(),
        "conv1 or conv2 moved. Which block is the first to train? Did you compile again?",
    ),
    expect(lambda p: p[~p["layer"].isin(FROZEN)]["moved"].all(), "The others must train, too."),
    well_done="Two blocks stay, four move, and you can prove it.",
)

# %% [markdown]
# **Exercise 2.** The recipe: head first, then choose the cut. You have 100 digits to learn from and
# 300 others to choose with. Make `solved`, the pretrained network with a head solved for the 100.
# For each cut from 0 to 4 train from there on; keep the accuracy on the 300 in `scores[cut]`. At
# cut 5 nothing is left to train. Which cut is best?

# %% tags=["exercise"]
learn, test = draw(7)
hundred, choosing = learn[:100], learn[200:500]

solved = with_head(load_glyph_net(), hundred)  #: solved = ...
scores = {5: accuracy(solved, choosing)}  #: scores = {}
for cut in range(5):  #:
    scores[cut] = accuracy(train(solved, cut, hundred, SEED), choosing)  #:
best_cut = max(scores, key=scores.get)  #: best_cut = ...

# %% tags=["check"]
check(
    "Exercise 2",
    best_cut,
    expect(lambda c: set(scores) == set(range(6)), "`scores` needs one number for each cut, 0..5."),
    expect(lambda c: all(0 < s <= 1 for s in scores.values()), "Scores are accuracies, 0 to 1."),
    expect(lambda c: np.isclose(scores[5], accuracy(solved, choosing)), "Measure on `choosing`."),
    expect(lambda c: min(scores.values()) > 0.7, "Too low: solve the head, on `hundred`."),
    expect(lambda c: scores[c] == max(scores.values()), "Which cut has the highest score?"),
    well_done="And the scores lie close together: the cut is not the thing to worry about.",
)

# %% [markdown]
# ## Where it breaks
#
# Two hundred labelled solar cells, each seed with other cells and another test. The head is solved
# first; then the last stage and the layers after it train for five epochs with a small learning
# rate. Once with BatchNormalization frozen, and once left to train, as Keras would do it.

# %%
from sklearn.metrics import roc_auc_score

from tlwidgets import extract_features
from tlwidgets.freezing import read_blocks, split_at

defective = keras.layers.Dense(1, name="defective")
inspector = keras.Sequential([load_backbone("efficientnet_lite0", SIZE_PX), defective])
names = [block.name for block in read_blocks(inspector)]
trunk, top = split_at(inspector, names.index("stage7"))
before_stage7 = extract_features(trunk, cells.images, batch_size=32)
pooled, _ = split_at(top, len(read_blocks(top)) - 1)
features = pooled.predict(before_stage7, batch_size=500, verbose=0)
top.compile(keras.optimizers.Adam(1e-4), keras.losses.BinaryCrossentropy(from_logits=True))


def auc(scores, chosen):
    return roc_auc_score(cells.is_defective[chosen], np.ravel(scores))


# %% tags=["claim"]
rows, trainer = [], CachedTrainer(top, before_stage7, cells.is_defective)
for seed, norm in [(s, n) for s in SEEDS for n in ("BatchNorm frozen", "BatchNorm trains")]:
    learn, test = cells.split(seed)
    learn = learn[:N_CELLS]
    defective.set_weights(head_for(features[learn], cells.is_defective[learn]))
    trainer.restart(top, before_stage7[learn], cells.is_defective[learn])
    trainer.train(0, Plan(keep_batchnorm_frozen=norm == "BatchNorm frozen", seed=seed))
    scores = trainer.model.predict_on_batch(before_stage7[test])
    rows += [("head only", auc(defective(features[test]), test)), (norm, auc(scores, test))]
solar = pd.DataFrame(rows, columns=["way", "AUC"]).groupby("way", sort=False)["AUC"].mean()
gained, lost = (solar["BatchNorm frozen"] - solar["head only"],
                solar["head only"] - solar["BatchNorm trains"])  # fmt: skip
claim("AUC gained by fine-tuning: nothing", gained, at_least=-0.03, at_most=0.03)
claim("AUC lost when BatchNormalization trains", lost, at_least=0.08)
solar.to_frame().round(3)

# %% [markdown]
# **Fine-tuning gains nothing here**: two hundred cells tell the last stage nothing that a head did
# not get from its features. With 500, and with all, it gained (saved runs): count your labels.
#
# **With BatchNormalization left to train it is far worse.** In training these layers use the
# average of each batch, in use their running average, which after a few steps is neither that of
# ImageNet nor that of the cells. The head no longer gets the features it was solved for. No
# error, no warning.
#
# ## You can now
#
# - **freeze** a part of a network so that it stays: set the flags, compile again, keep
#   BatchNormalization frozen, and prove it with `snapshot` and `moved`;
# - **choose** how many layers to keep: all with few labels, fewer with many; when the layers after
#   the cut start pretrained, too, the choice hardly matters, and the last layer or two are enough;
# - **retrain** head first, then with a rate 10 to 100 times smaller, on augmented pictures; and
#   compare with the head alone that saw the same pictures.
#
# **References.** Yosinski et al. (2014), How transferable are features in deep neural networks?,
# *NeurIPS*. Kumar et al. (2022), Fine-tuning can distort pretrained features and underperform
# out-of-distribution, *ICLR*. Howard and Ruder (2018), Universal language model fine-tuning for
# text classification, *ACL*.
