# %% [markdown]
# # 02 · Can an ImageNet network inspect solar cells?
#
# A network that learned to name cats and cups has never seen a solar cell. Can it still help to
# find the broken ones, when you have only a hundred labelled photographs?
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/02_feature_extraction.ipynb)
#
# **About 40 minutes** · at most 120 CPU seconds the first time, much less after · 1.1 GB of memory
#
# The photographs of solar cells (ELPV, CC BY-NC-SA 4.0) are for **non-commercial use only**.

# %% [markdown]
# ## You will
#
# - **use** a pretrained network as a frozen feature extractor, with a new head on top;
# - **measure** what ImageNet is worth, against networks that never saw it;
# - **find** the depth of the network from which features transfer best.

# %% [markdown]
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect

sns.set_theme(style="ticks")
threadpool_limits(1, user_api="blas")  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
SIZE_PX = 160  # side of a photograph
N_LABELS = [50, 100, 500, 1968]  # 1968 is all that is not kept for the test
SEEDS = range(10)  # each seed: another test set, another sample of labels
SEED = 0

# %% [markdown]
# ## 1. A network that names things
#
# EfficientNet-Lite0 learned from 1.2 million photographs to tell 1,000 kinds of things apart.
# "Person" is not among them. Guess what it says to a portrait of an astronaut.

# %% tags=["widget"]
astronaut = Prediction(
    "What will the network see in the portrait of an astronaut?",
    choices=["space shuttle", "football helmet", "mask", "suit"],
)
astronaut

# %%
from tlwidgets import imagenet_class_names, load_backbone, load_photographs

photographs = load_photographs(224)
classifier = load_backbone("efficientnet_lite0", 224, include_top=True)
probability = classifier.predict(photographs.images, verbose=0)
best = probability.argmax(axis=1)
names = np.array(imagenet_class_names())

fig, axes = plt.subplots(1, 6, figsize=(12, 2.6))
for ax, image, row, i in zip(axes, photographs.images, probability, best, strict=True):
    ax.imshow(image)
    ax.set_title(f"{names[i]}\n{row[i]:.0%}", fontsize=10)
    ax.axis("off")

# %% [markdown]
# Read it from left to right: the cat and the cup are what they are. The portrait gets the most
# similar thing that has a name, with little confidence: the network can only answer with words
# it was taught.

# %%
shown = dict(zip(photographs.names, best, strict=True))
astronaut.reveal(str(names[shown["astronaut"]]))

# %% tags=["claim"]
confidence = dict(zip(photographs.names, probability.max(axis=1), strict=True))
assert names[shown["coffee"]] == "espresso"
claim("It is sure of the cup", confidence["coffee"], at_least=0.9)

# %% tags=["claim"]
claim("It is unsure of the astronaut", confidence["astronaut"], at_most=0.3)

# %% [markdown]
# A solar cell has no name either. But the answer is only the **last** step. Before it, the
# network has turned the photograph into 1,280 numbers, its **features**: how much of this
# texture, how much of that shape. Perhaps these know a crack when they see one. So we keep the
# network as it is (**frozen**), cut off its last layer, and train a new **head** on the features.

# %% [markdown]
# ## 2. What is ImageNet worth?
#
# These are solar cells under current: they glow, and what stays dark is dead. Experts marked
# each as sound or defective. Some defects are cracks, some are whole dark areas, and much of
# what looks bad is harmless.

# %%
from tlwidgets import fetch_solar_cells

cells = fetch_solar_cells(SIZE_PX)
y = cells.is_defective
rng = np.random.default_rng(SEED)
fig, axes = plt.subplots(2, 6, figsize=(12, 4.4))
for row, label in enumerate([0, 1]):
    for ax, i in zip(axes[row], rng.choice(np.flatnonzero(y == label), 6), strict=True):
        ax.imshow(cells.images[i], cmap="gray", vmin=0, vmax=255)
        ax.set_title(["sound", "defective"][label], fontsize=10)
        ax.axis("off")

# %% [markdown]
# We measure with the **AUC**: show the head one defective and one sound cell; how often does it
# give the defective one the higher score? 0.5 is guessing, 1 is perfect. Unlike accuracy it is
# not flattered by the many sound cells.

# %% tags=["widget"]
with_100 = Prediction("AUC of a head on ImageNet features with 100 labels?", low=0.5, high=1.0)
with_100

# %% [markdown]
# Extract the features of all cells, once. The bar shows the network at work; the second time
# the features come from the disk.

# %%
from tlwidgets import extract_features

network = load_backbone("efficientnet_lite0", SIZE_PX)
features = extract_features(network, cells.images)
features.shape

# %% [markdown]
# The head is a logistic regression: one weight per feature, one sum, one probability. More
# features need a stronger penalty, so that none of them is trusted too early.

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def train_head(features, n_labels, seed):
    """Train a head on `n_labels` cells; return it with the cells kept for the test."""
    train, test = cells.split(seed)
    if n_labels < len(train):
        train, _ = train_test_split(
            train, train_size=n_labels, stratify=y[train], random_state=seed
        )
    regression = LogisticRegression(C=3 / features.shape[1], class_weight="balanced", max_iter=1000)
    return make_pipeline(StandardScaler(), regression).fit(features[train], y[train]), test


# %%
def auc_table(name, features):
    """Return the AUC for every number of labels and every seed."""
    rows = []
    for n_labels in N_LABELS:
        for seed in SEEDS:
            head, test = train_head(features, n_labels, seed)
            auc = roc_auc_score(y[test], head.decision_function(features[test]))
            rows.append({"features": name, "n_labels": n_labels, "seed": seed, "auc": auc})
    return pd.DataFrame(rows)


imagenet = auc_table("ImageNet", features)
imagenet.groupby("n_labels")["auc"].agg(["mean", "std"]).round(3)

# %%
with_100.reveal(imagenet.query("n_labels == 100")["auc"].mean())

# %% [markdown]
# Is that ImageNet, or would anything do? Two controls see the same cells and the same labels:
# the **same network with random parameters**, and the **raw pixels**. Any gain over the first
# comes from what the network learned, not from its architecture.

# %%
import keras

keras.utils.set_random_seed(SEED)
random_network = load_backbone("efficientnet_lite0", SIZE_PX, checkpoint=None)
random_features = extract_features(random_network, cells.images)
step = SIZE_PX // 32  # pixels: means over squares, 32 x 32 per cell
pixels = cells.images.reshape(len(y), 32, step, 32, step).mean(axis=(2, 4)).reshape(len(y), -1)
controls = [auc_table("random network", random_features), auc_table("raw pixels", pixels)]
frozen = pd.concat([imagenet, *controls])

# %%
fig, ax = plt.subplots(figsize=(8, 4))
sns.lineplot(
    frozen, x="n_labels", y="auc", hue="features", style="features", markers=True,
    dashes=False, errorbar="sd", palette="colorblind", ax=ax,
)  # fmt: skip
ax.set(xscale="log", xlabel="labelled cells", ylabel="AUC on 656 test cells", ylim=(0.65, 0.95))
ax.set_xticks(N_LABELS, N_LABELS)
ax.minorticks_off()
sns.despine()

# %% [markdown]
# Read it upwards: at each number of labels, the distance between the curves is what ImageNet is
# worth. The bands (one standard deviation over seeds) are wide on the left: with 50 labels, luck
# decides much.

# %% tags=["claim"]
mean_auc = frozen.groupby(["features", "n_labels"])["auc"].mean().unstack("features")
gain = mean_auc["ImageNet"] - mean_auc["random network"]
claim("Mean gain of ImageNet over random parameters, 100 labels", gain[100], at_least=0.05)

# %% tags=["claim"]
claim("The same gain with all labels: it does not go away", gain[1968], at_least=0.05)

# %% [markdown]
# And if we *train* a network on our cells alone? That takes too long for a lesson, so we ran it
# before: the script and its results lie in `datasets/results/`. The same network from random
# parameters, and a small one that suits few labels better, both with turned and mirrored copies
# of each cell. They saw the cells at 96 pixels, so for fairness ImageNet does here, too.

# %%
from tlwidgets import load_results

scratch = load_results("solar_cells_from_scratch").rename(columns={"network": "features"})
scratch["features"] += ", from scratch"
small_cells = fetch_solar_cells(96).images
small_features = extract_features(load_backbone("efficientnet_lite0", 96), small_cells)
at_96_px = pd.concat([auc_table("ImageNet, frozen", small_features), scratch])
at_96_px.pivot_table(index="features", columns="n_labels", values="auc").round(3)

# %% [markdown]
# Training from scratch needs all labels to come near to what the frozen network gives with few.
# Look at the column for 100 labels, the usual case.

# %% tags=["claim"]
by_96 = at_96_px.pivot_table(index="features", columns="n_labels", values="auc")
best_scratch = by_96.drop("ImageNet, frozen").max()
lead = by_96.loc["ImageNet, frozen"] - best_scratch
claim("Lead over the better network from scratch, 100 labels", lead[100], at_least=0.03)

# %% [markdown]
# ### What you would ship
#
# A logistic regression is a `Dense` layer with a sigmoid. Put it on the network, and the whole
# inspector is one Keras model that takes raw pixels. (We fold the scaling into the layer.)

# %%
head, test = train_head(features, 500, SEED)
scaler, regression = head[0], head[1]
kernel = regression.coef_ / scaler.scale_
dense = keras.layers.Dense(1, activation="sigmoid", name="defective")
inspector = keras.Sequential([network, dense])
dense.set_weights([kernel.T, regression.intercept_ - kernel @ scaler.mean_])
network.trainable = False  # frozen: only the head would learn if you trained on

few = np.repeat(cells.images[test[:32], :, :, None], 3, axis=-1)
by_keras = inspector.predict(few, verbose=0)[:, 0]
by_sklearn = head.predict_proba(features[test[:32]])[:, 1]

# %% tags=["claim"]
difference = float(np.abs(by_keras - by_sklearn).max())
claim("Largest difference of the two probabilities", difference, at_most=0.01)

# %% [markdown]
# ### What do the features see?
#
# Look up the nearest neighbour of some cells *in feature space*. No label is used here.

# %%
from sklearn.neighbors import NearestNeighbors

scaled = StandardScaler().fit_transform(features)
_, neighbours = NearestNeighbors(n_neighbors=4, metric="cosine").fit(scaled).kneighbors(scaled)
fig, axes = plt.subplots(3, 4, figsize=(7, 5.6))
for row, i in zip(axes, rng.choice(len(y), 3), strict=True):
    for ax, j, title in zip(row, neighbours[i], ["cell", "1st", "2nd", "3rd"], strict=True):
        ax.imshow(cells.images[j], cmap="gray", vmin=0, vmax=255)
        ax.set_title(f"{title}: {cells.module_type[j]}, {['sound', 'defective'][y[j]]}", size=9)
        ax.axis("off")

# %%
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

few_numbers = PCA(30, random_state=SEED).fit_transform(scaled)
across, up = TSNE(init="pca", max_iter=500, random_state=SEED).fit_transform(few_numbers).T
verdict = np.where(y == 1, "defective", "sound")
fig, axes = plt.subplots(1, 2, figsize=(11, 4))
for ax, colour, title in zip(
    axes, [cells.module_type, verdict], ["crystal", "verdict"], strict=True
):
    sns.scatterplot(x=across, y=up, hue=colour, palette="colorblind", s=9, linewidth=0, ax=ax)
    ax.set(title=f"each dot a cell, coloured by {title}", xticks=[], yticks=[])
    ax.set(xlabel="map, across", ylabel="map, up")

# %% [markdown]
# The map falls into parts by the **crystal** (grown as one, or as many), which nobody asked for.
# Defects are mixed into both parts. What a network sees first need not be what you want to know;
# the head has to find the rest. (Lessons 07 and 10 come back to these two parts.)

# %% tags=["claim"]
nearest = neighbours[:, 1]
same_crystal = np.mean(cells.module_type[nearest] == cells.module_type)
claim("Share of cells whose nearest neighbour is of the same crystal", same_crystal, at_least=0.95)

# %% [markdown]
# ## 3. From which depth?
#
# The network works in stages. Early ones see edges and spots, late ones see parts of animals and
# things. Which of them knows most about solar cells, when you have only 50 labels?

# %% tags=["widget"]
depth = Prediction(
    "Which features give the best head with 50 labels?",
    choices=["stage1", "stage3", "stage6", "head"],
)
depth

# %%
from tlwidgets import tap_blocks

BLOCKS = [f"stage{i}" for i in range(1, 8)] + ["head"]
taps = tap_blocks(network, BLOCKS)
tapped = extract_features(taps.model, cells.images)
by_block = pd.concat([auc_table(block, tapped[:, taps.columns[block]]) for block in BLOCKS])

# %%
fig, ax = plt.subplots(figsize=(8, 4))
sns.lineplot(
    by_block.query("n_labels in (50, 500)"), x="features", y="auc", hue="n_labels",
    style="n_labels", markers=True, errorbar="sd", palette=["#D55E00", "#0072B2"], ax=ax,
)  # fmt: skip
ax.set(xlabel="features from this depth", ylabel="AUC on 656 test cells")
ax.legend(title="labelled cells", frameon=False)
sns.despine()

# %%
by_depth = by_block.groupby(["n_labels", "features"])["auc"].mean().unstack()
choices = ["stage1", "stage3", "stage6", "head"]
depth.reveal(by_depth.loc[50, choices].idxmax())

# %% [markdown]
# Read it from left to right: the curves rise up to stage 6 and then no more. The last layer,
# the one that everybody takes, is the most specialised in ImageNet's own 1,000 words, and its
# 1,280 numbers are many for 50 labels; stage 6 has 192. With 500 labels the difference is small.

# %% tags=["claim"]
late = by_depth.loc[50, "stage6"] - by_depth.loc[50, "head"]
claim("Stage 6 over the last layer with 50 labels", late, at_least=0.02)

# %% tags=["claim"]
early = by_depth.loc[50, "stage6"] - by_depth.loc[50, "stage1"]
claim("Stage 6 over stage 1 with 50 labels", early, at_least=0.05)

# %% [markdown]
# You need not choose. Joined, the depths are better than any of them: cracks and dark areas are
# seen best at different depths, and the penalty keeps 2,064 numbers in check.

# %% tags=["claim"]
joined = auc_table("all depths", tapped).groupby("n_labels")["auc"].mean()
claim("AUC of all depths together, all labels", joined[1968], at_least=0.89)

# %% [markdown]
# ## Play
#
# Change the depth, the number of labels and the seed. Below the score you see the head's worst
# errors: on the left the defective cells that look most sound to it, on the right the sound ones
# that look most defective. Try these:
#
# 1. `head` with 25 labels, and move the seed: the score jumps. That is luck, not skill.
# 2. `stage1` with 1,000 labels: it hardly gains from labels. Edges alone don't tell.
# 3. `all` with 1,000 labels, and look at the errors: would *you* have been right?

# %%
import io

import ipywidgets
from PIL import Image


def strip(indices):
    """Return some cells side by side, as the bytes of a PNG."""
    file = io.BytesIO()
    Image.fromarray(np.hstack(cells.images[indices])).save(file, "png")
    return file.getvalue()


# %% tags=["widget"]
block = ipywidgets.Dropdown(options=["all", *BLOCKS], value="head", description="features")
labels = ipywidgets.SelectionSlider(options=[25, 50, 100, 200, 500, 1000], description="labels")
seed = ipywidgets.IntSlider(0, 0, 9, description="seed")
score = ipywidgets.HTML()
pictures = [ipywidgets.Image(width=420), ipywidgets.Image(width=420)]


def show(_=None):
    x = tapped if block.value == "all" else tapped[:, taps.columns[block.value]]
    head, test = train_head(x, labels.value, seed.value)
    s = head.decision_function(x[test])
    score.value = f"AUC <b>{roc_auc_score(y[test], s):.3f}</b>"
    pictures[0].value = strip(test[y[test] == 1][s[y[test] == 1].argsort()[:4]])
    pictures[1].value = strip(test[y[test] == 0][s[y[test] == 0].argsort()[-4:]])


# %% tags=["widget"]
for control in (block, labels, seed):
    control.observe(show, "value")
show()
ipywidgets.VBox([block, labels, seed, score, ipywidgets.HBox(pictures)])

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Your boss wants *accuracy*. Which share of the test cells (`test`, labels
# `y[test]`) does a head get right that calls **every** cell sound? A head must beat this number
# before it is worth anything.

# %% tags=["exercise"]
majority_accuracy = np.mean(y[test] == 0)  #: majority_accuracy = ...

# %% tags=["check"]
check(
    "Exercise 1",
    majority_accuracy,
    expect(lambda a: 0 <= float(a) <= 1, "Give a share between 0 and 1."),
    expect(
        lambda a: not np.isclose(a, np.mean(y[test])), "That is the share of *defective* cells."
    ),
    expect(
        lambda a: np.isclose(a, np.mean(y[test] == 0)), "Count the sound cells of the test set."
    ),
    well_done="So two thirds right is nothing to be proud of here.",
)

# %% [markdown]
# **Exercise 2.** Join the features of stage 3, stage 6 and the head, in this order, into one
# array with one row per cell. (`taps.columns["stage3"]` says which columns of `tapped` belong to
# stage 3.) Then look at its AUC with `auc_table("three depths", three_depths)`.

# %% tags=["exercise"]
three = ["stage3", "stage6", "head"]  #:
three_depths = np.hstack([tapped[:, taps.columns[b]] for b in three])  #: three_depths = ...

# %% tags=["check"]
expected_columns = np.r_[taps.columns["stage3"], taps.columns["stage6"], taps.columns["head"]]
check(
    "Exercise 2",
    three_depths,
    expect(lambda a: np.ndim(a) == 2, "An array with rows and columns is wanted: see np.hstack."),
    expect(lambda a: len(a) == len(y), "One row per cell is wanted: join columns, not rows."),
    expect(lambda a: a.shape[1] == len(expected_columns), "Some columns are missing or too many."),
    expect(
        lambda a: np.array_equal(a, tapped[:, expected_columns]), "Mind the order of the three."
    ),
    well_done="Now the head can use edges, textures and parts at once.",
)

# %% [markdown]
# **Exercise 3.** How many labels do *random* features need to reach what ImageNet features reach
# with 50? Write a function that takes `mean_auc` (printed below) and returns the smallest number
# of labels in its index where "random network" is at least as good as "ImageNet" with 50; or
# `None` if no number is enough.

# %%
mean_auc.round(3)


# %% tags=["exercise"]
def labels_needed(mean_auc):
    goal = mean_auc.loc[50, "ImageNet"]  #: ...
    enough = mean_auc.index[mean_auc["random network"] >= goal]  #:
    return int(enough[0]) if len(enough) else None  #:


# %% tags=["check"]
toy = pd.DataFrame({"ImageNet": [0.8, 0.9], "random network": [0.6, 0.8]}, index=[50, 100])
check(
    "Exercise 3",
    labels_needed,
    expect(callable, "Write a function."),
    expect(lambda f: f(toy) is not None, "It returns nothing where 100 labels are enough."),
    expect(lambda f: f(toy) == 100, "In a table where 100 labels just reach it, 100 is wanted."),
    expect(lambda f: f(toy.assign(ImageNet=[0.5, 0.9])) == 50, "The smallest number is wanted."),
    expect(lambda f: f(toy * [2, 1]) is None, "Return None where no number of labels is enough."),
    well_done="This is how you say in labels what a pretrained network is worth.",
)

# %% [markdown]
# ## Where it breaks
#
# A frozen network expects what it was trained with. Ours takes raw pixels from 0 to 255 and does
# the rest inside. A careful colleague who does not know this "normalises" the pixels to 0..1
# first. No error, no warning:

# %%
twice = keras.Sequential([keras.Input((224, 224, 3)), keras.layers.Rescaling(1 / 255), classifier])
seen = names[twice.predict(photographs.images, verbose=0).argmax(axis=1)]
dict(zip(photographs.names, seen.tolist(), strict=True))

# %%
inputs = keras.Input((SIZE_PX, SIZE_PX, 3))
once_more = keras.layers.Rescaling(1 / 255, name="once_more")(inputs)
wrong_network = keras.Model(inputs, network(once_more), name="twice")
wrong_features = extract_features(wrong_network, cells.images)
wrong = auc_table("preprocessed twice", wrong_features).groupby("n_labels")["auc"].mean()
pd.DataFrame({"right": mean_auc["ImageNet"], "twice": wrong}).round(3)

# %% [markdown]
# All photographs are the same worm now, because to the network they are all black. And yet the
# head still learns *something*: nothing crashes, the score is only worse. This is the most common
# silent error of transfer learning. (`extract_features` refuses pixels between 0 and 1; here the
# extra layer smuggled them in.)

# %% tags=["claim"]
assert len(set(seen)) == 1
claim(
    "AUC lost to preprocessing twice, 100 labels",
    mean_auc["ImageNet"][100] - wrong[100],
    at_least=0.05,
)

# %% [markdown]
# Few labels are the other limit. With 50, whole seeds lie far apart:

# %% tags=["claim"]
with_50 = imagenet.query("n_labels == 50")["auc"]
claim("Best minus worst seed with 50 labels", with_50.max() - with_50.min(), at_least=0.05)

# %% [markdown]
# ## You can now
#
# - **use** a frozen network: load it with its own preprocessing, extract features once, train a
#   logistic regression on them, and ship both as one Keras model;
# - **measure** what ImageNet is worth: against the same network with random parameters, against
#   pixels, and against training from scratch, each on the same cells and over seeds;
# - **find** the best depth: late, but not last, when labels are few; all depths together when in
#   doubt.
#
# **References.** Deitsch et al. (2019), Automatic classification of defective photovoltaic module
# cells in electroluminescence images, *Solar Energy* 185. Yosinski et al. (2014), How transferable
# are features in deep neural networks?, *NeurIPS*. Kornblith, Shlens and Le (2019), Do better
# ImageNet models transfer better?, *CVPR*.

# %%
budget()
