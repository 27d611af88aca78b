# %% [markdown] transfer="inductive" method="fine-tuning"
# # 03 · How much of a pretrained network should you retrain?
#
# Freeze everything and train a new head? Train all of it? Something in between? Everybody who
# fine-tunes a network has to decide, and most people guess. You will measure it, and meet three
# ways to lose on the way what the network had learned.
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/03_fine_tuning.ipynb)
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
# All numbers of this lesson that you may want to change stand in the second cell.

# %%
import os

os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # small networks: a second thread slows them

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, TrainingCurves, budget, check, claim, expect
from tlwidgets import load_digits, load_glyph_net, make_glyphs
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
EPOCHS = {50: 40, 500: 12}  # for each number of labels
SEEDS = range(5)  # each seed: another test set, other labels, other new layers
SEED = 0
N_CELLS = 200  # labelled solar cells, in the last part
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
    """Return 500 digits to learn from (the first 50 are 5 of each), and 1,000 for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    return np.array([pool[y[pool] == digit][:50] for digit in range(10)]).T.ravel(), test


def with_head(network, solved_for=None):
    """Put a head on a network, a new one or one solved for these digits; compile."""
    head = keras.layers.Dense(10, name="digits")
    model = keras.Sequential([network, head])
    if solved_for is not None:
        head.set_weights(solve_head(np.asarray(network(x[solved_for])), y[solved_for]))
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
# Read the table row by row: the flag says frozen, and the layer moves; the curves go on as if
# nothing had happened. Keras looks at the flags when it **compiles** the training step; the old
# step goes on with the old flags, without a warning. Compile again after every change.
# `set_trainable` does both: it freezes all before a block (our blocks have the numbers 0 to 5, so 5
# leaves only the head), and compiles.

# %% tags=["claim"]
set_trainable(model, 5)
before_head = snapshot(model)
model.fit(x[first], y[first], verbose=0)
really = moved(before_head, model).query("moved")["layer"].unique().tolist()
assert really == ["digits"]
claim("Layers that moved after the flag was set", n_moved, at_least=6)

# %% [markdown]
# A second trap sits in **BatchNormalization**. It keeps running averages of what it has seen, in a
# pretrained network of a million photographs. Many recipes call the network with `training=False`
# so that they stay. They move all the same, already in the first step; only the layers' own flag
# keeps them. `set_trainable` sets it, even in blocks that train. We measure both on the first three
# blocks of EfficientNet-Lite0; the last part of this lesson shows what it costs to forget it.

# %% tags=["claim"]
from tlwidgets import load_backbone, load_photographs
from tlwidgets.freezing import split_at

blocks, _ = split_at(load_backbone("efficientnet_lite0", 32), 3)
pixels = keras.Input((32, 32, 3))
pooled = keras.layers.GlobalAveragePooling2D()(blocks(pixels, training=False))
small = keras.Model(pixels, keras.layers.Dense(1)(pooled))
small.compile("adam", "mse", run_eagerly=True)  # for a single step, compiling takes longer
for way, limit in {"training=False": {"at_least": 1}, "flags": {"at_most": 0}}.items():
    if way == "flags":
        set_trainable(small, 0)
    start = snapshot(small)
    small.fit(load_photographs(32).images, np.zeros(6), verbose=0)
    share = moved(start, small).query("variable == 'moving_mean'")["moved"].mean()
    print(claim(f"Share of running averages that moved, {way}", share, **limit))

# %% [markdown]
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
from tlwidgets.freezing import CachedTrainer, Plan


def solve_head(features, labels):
    """Return kernel and bias of a logistic regression on these features."""
    scaler = StandardScaler().fit(features)
    regression = LogisticRegression(C=3 / features.shape[1], class_weight="balanced", max_iter=999)
    kernel = regression.fit(scaler.transform(features), labels).coef_ / scaler.scale_
    return [kernel.T, regression.intercept_ - kernel @ scaler.mean_]


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
best_50.reveal(str(mean["letters", 50].idxmax()))

# %% [markdown]
# Read it from left to right. With 50 labels it is highest at its end: keep all, for so few digits
# cannot train a layer anew. With 500 it rises until the third layer and is flat from there: they
# train the last layers as well as letters did. Early layers are general, late ones special, as
# Yosinski et al. found in 2014. Frozen random layers do not help: two cost next to nothing, four a
# lot. So it is what the letters taught that helps.

# %% tags=["claim"]
few, many = mean["letters", 50], mean["letters", 500]
claim("All five kept over scratch, 50 labels", few[5] - few[0], at_least=0.08)
claim("All five over four, 50 labels", few[5] - few[4], at_least=0.02)
claim("Four kept over scratch, 500 labels", many[4] - many[0], at_least=0.02)
claim("All five over four, 500 labels: nothing", many[5] - many[4], at_most=0.01)
random_gain = mean["random", 50] - few[0]
claim("Two random over scratch, 50 labels: nothing", random_gain[2], at_least=-0.04, at_most=0.03)
claim("Four random over scratch, 50 labels", random_gain[4], at_most=-0.04)

# %% [markdown]
# ## 3. Fine-tune, head first
#
# So far the layers after the cut began anew. But they are pretrained, too: let them start from the
# letters and train them a little. That is **fine-tuning**. We do it with 50 labels, all layers, and
# a new head. Keeping all layers frozen read more than four digits in five.

# %% tags=["widget"]
new_head = Prediction("Accuracy after fine-tuning everything behind a new head?", low=0.5, high=1.0)
new_head

# %%
rows = []
for seed, n_labels in [(s, n) for s in SEEDS for n in EPOCHS]:
    learn, test = draw(seed)
    learn = learn[:n_labels]
    solved = with_head(pretrained, learn)
    fresh = with_head(pretrained)
    fresh.layers[-1].set_weights(new[seed].layers[-1].get_weights())
    for way, score in {
        "new head, then all": accuracy(train(fresh, 0, learn, seed), test),
        "head only": accuracy(solved, test),
        "head first, then last layer": accuracy(train(solved, 4, learn, seed), test),
        "head first, then all": accuracy(train(solved, 0, learn, seed), test),
    }.items():
        rows.append((way, n_labels, score))
tuned = pd.DataFrame(rows, columns=["way", "labels", "accuracy"])

# %% [markdown]
# The training from scratch of part 2 (no layer kept) joins the picture.

# %%
all_ways = pd.concat([curve.query("kept == 0").assign(way="from scratch"), tuned])
fig, ax = plt.subplots(figsize=(8, 3.4))
sns.pointplot(all_ways, y="way", x="accuracy", hue="labels", errorbar="sd", linestyle="none",
              palette=["#D55E00", "#0072B2"], ax=ax)  # fmt: skip
ax.set(xlabel="accuracy on 1,000 test digits", ylabel="")
sns.move_legend(ax, "lower left", frameon=False)
sns.despine()
way = all_ways.groupby(["labels", "way"])["accuracy"].mean()
new_head.reveal(way[50, "new head, then all"])

# %% [markdown]
# Read it from top to bottom. Behind a **new head**, most of what the letters taught is lost:
# the head's first errors are arbitrary, and bend the features before the head can use them. **Head
# first, then fine-tune** (Kumar et al. 2022) keeps what was there; training the last layer adds
# about two points to the head alone, and training all adds no more. But even then the **learning
# rate** decides; 0.001 is usual. Next, twenty epochs with four of them, all layers, 50 labels.

# %% tags=["claim"]
gain = way.unstack("labels").pipe(lambda table: table - table.loc["head only"])
lead = gain.loc["head first, then all"] - gain.loc["new head, then all"]
claim("Head first over a new head, 50 labels", lead[50], at_least=0.06)
claim("Head first over a new head, 500 labels", lead[500], at_least=0.01)
kept = way[50, "new head, then all"] - way[50, "from scratch"]
whole = way[50, "head first, then all"] - way[50, "from scratch"]
claim("Share of the gain over scratch that a new head keeps, 50 labels", kept / whole, at_most=0.6)
claim("Last layer over head only, 50 labels", gain.loc["head first, then last layer", 50],
      at_least=0.005)  # fmt: skip
claim("Last layer over head only, 500 labels", gain.loc["head first, then last layer", 500],
      at_least=0.01)  # fmt: skip
claim("All over last layer, 500 labels: nothing", way[500, "head first, then all"]
      - way[500, "head first, then last layer"], at_most=0.005)  # fmt: skip

# %%
RATES = [0.0003, 0.001, 0.003, 0.01]
rows = []
for seed in SEEDS:
    learn, test = draw(seed)
    solved = with_head(pretrained, learn[:50])
    for rate in RATES:
        model = train(solved, 0, learn[:50], seed, learning_rate=rate, epochs=20)
        distance = trainers[0].moved().query("layer == 'conv4'")["relative_change"].iloc[0]
        rows.append((f"{rate:g}", accuracy(model, test), distance))
columns = ["learning rate", "accuracy on 1,000 test digits", "how far conv4 went"]
rates = pd.DataFrame(rows, columns=columns)
fig, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="tight")
axes[0].axhline(way[50, "head only"], color="#0072B2", linestyle=":")
for ax, column in zip(axes, columns[1:], strict=True):
    sns.pointplot(rates, x="learning rate", y=column, errorbar="sd", color="#D55E00", ax=ax)

# %% [markdown]
# Read both from left to right: the faster, the further the fourth layer goes (1: as far as it is
# long), and the less the network reads. The dotted line is the frozen network. Large steps away
# from pretrained features find others that read 50 digits as well, and the rest worse. When you
# fine-tune, take a learning rate a few times smaller than from scratch.

# %% tags=["claim"]
score, length = (rates.groupby("learning rate")[column].mean() for column in columns[1:])
claim("Lost with 0.01 against 0.0003", score["0.0003"] - score["0.01"], at_least=0.05)
claim("Lost with 0.003 against the frozen network", way[50, "head only"] - score["0.003"],
      at_least=0.02)  # fmt: skip
claim("How far conv4 went: 0.01 against 0.001", length["0.01"] / length["0.001"], at_least=3)

# %% [markdown]
# ## Play
#
# Drag the border between frozen (blue) and trainable (orange), and press Train. The head is solved
# already, for 50 digits. Try:
#
# 1. Cut at `digits`, then at `dense1`, with 50 labels: one more layer, and it reads better.
# 2. 500 labels, and the sweep over all cuts: `dense1` is best, and all of them lie close together.
# 3. Cut at 0 and learning rate 0.03: far worse than head only. `lab.moved()` says how far each
#    layer went.

# %% tags=["widget"]
from tlwidgets import FreezeSlider

learn, test = draw(SEED)
model = with_head(load_glyph_net(), learn[:50])
lab = FreezeSlider(model, train=(x[learn], y[learn]), validation=(x[test], y[test]))
lab.n_labels, lab.epochs, lab.cut = 50, 20, 5
lab

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
# Does fine-tuning help on solar cells? EfficientNet-Lite0, two hundred labelled cells, each seed
# with other cells and another test. The head is solved first; then the last stage and the layers
# after it train for five epochs with a small learning rate. Once with BatchNormalization frozen,
# and once as Keras would do it.

# %%
from sklearn.metrics import roc_auc_score

from tlwidgets import extract_features, fetch_solar_cells
from tlwidgets.freezing import read_blocks

cells = fetch_solar_cells(SIZE_PX)
defective = keras.layers.Dense(1, name="defective")
inspector = keras.Sequential([load_backbone("efficientnet_lite0", SIZE_PX), defective])
trunk, top = split_at(inspector, [block.name for block in read_blocks(inspector)].index("stage7"))
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
    defective.set_weights(solve_head(features[learn], cells.is_defective[learn]))
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
# not get from its features. Try the head first; often you are done.
#
# **With BatchNormalization left to train it is far worse.** In training these layers use the
# average of each batch, in use their running average, which after a few steps is neither that of
# ImageNet nor that of the cells. The head no longer gets the features it was solved for. No
# error, no warning.

# %% [markdown]
# ## You can now
#
# - **freeze** a part of a network so that it stays: set the flags, compile again, keep
#   BatchNormalization frozen, and prove it with `snapshot` and `moved`;
# - **choose** how many layers to keep: all with few labels, fewer with many; when the layers after
#   the cut start pretrained, too, the choice hardly matters, and the last layer or two are enough;
# - **retrain** head first, then with small steps, and compare with the head alone: it may be as
#   good.
#
# **References.** Yosinski et al. (2014), How transferable are features in deep neural networks?,
# *NeurIPS*. Kumar et al. (2022), Fine-tuning can distort pretrained features and underperform
# out-of-distribution, *ICLR*. Kornblith, Shlens and Le (2019), Do better ImageNet models transfer
# better?, *CVPR*.
