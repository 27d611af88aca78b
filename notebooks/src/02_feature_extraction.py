# %% [markdown] transfer="inductive" method="feature extraction"
# # 02 · Can an ImageNet network inspect solar cells?
#
# A network that learned to name cats and cups has never seen a solar cell. Can it still help to
# find the broken ones, when you have only a hundred labelled photographs?
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/02_feature_extraction.ipynb)
#
# **About 40 minutes** · needs 00 · 100 CPU seconds the first time, 30 after · 1.3 GB of memory
#
# The photographs of solar cells (ELPV, CC BY-NC-SA 4.0) are for **non-commercial use only**.

# %% [markdown]
# ## You will
#
# - **use** a pretrained network as a frozen feature extractor, with a new head on top;
# - **measure** what ImageNet is worth, against networks that never saw it;
# - **find** the depth of the network from which features transfer best.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
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
names = np.array(imagenet_class_names())[probability.argmax(axis=1)]
seen = dict(zip(photographs.names, names.tolist(), strict=True))

fig, axes = plt.subplots(1, 6, figsize=(12, 2.6))
for ax, image, name, row in zip(axes, photographs.images, names, probability, strict=True):
    ax.imshow(image)
    ax.set_title(f"{name}\n{row.max():.0%}", fontsize=10)
    ax.axis("off")
astronaut.reveal(seen["astronaut"])

# %% [markdown]
# Read it from left to right: the cat and the cup are what they are. The portrait gets the most
# similar thing that has a name, with little confidence: the network can only answer with words
# it was taught.
#
# But the answer is only the **last** step. Before it, the network has turned the photograph into
# 1,280 numbers, its **features**: how much of this texture, how much of that shape. Perhaps they
# know a crack when they see one.

# %% tags=["claim"]
confidence = dict(zip(photographs.names, probability.max(axis=1), strict=True))
assert seen["coffee"] == "espresso" and confidence["coffee"] > 0.9
claim("It is unsure of the astronaut", confidence["astronaut"], at_most=0.3)

# %% [markdown]
# ## 2. What is ImageNet worth?
#
# These are solar cells under current: they glow, and what stays dark is dead. Experts marked
# each as sound or defective. We keep the network as it is (**frozen**), cut off its last layer,
# and train a new **head** on the features.
#
# The **AUC** says how good it is: show it one defective and one sound cell; how often does the
# defective one get the higher score? 0.5 is guessing, 1 is perfect. Look at the cells, then
# guess.

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

# %% tags=["widget"]
with_100 = Prediction("AUC of a head on ImageNet features with 100 labels?", low=0.5, high=1.0)
with_100

# %% [markdown]
# The head is a logistic regression: one weight per feature, one sum, one probability. The more
# features, the stronger the penalty `C`, so that none is trusted too early. Each seed keeps
# other cells for the test and draws other labels. (Cells of one module stand on both sides. That is
# kind to every way that we compare; lesson 12 shows how kind.)


# %%
def train_head(features, n_labels, seed):
    """Train a head on `n_labels` cells; return it with the cells kept for the test."""
    train, test = cells.split(seed)
    chosen = train[:n_labels]
    regression = LogisticRegression(C=3 / features.shape[1], class_weight="balanced", max_iter=999)
    return make_pipeline(StandardScaler(), regression).fit(features[chosen], y[chosen]), test


def auc_table(name, features):
    """Return the AUC for every number of labels and every seed."""
    rows = []
    for n_labels, seed in [(n, s) for n in N_LABELS for s in SEEDS]:
        head, test = train_head(features, n_labels, seed)
        auc = roc_auc_score(y[test], head.decision_function(features[test]))
        rows.append({"features": name, "n_labels": n_labels, "seed": seed, "auc": auc})
    return pd.DataFrame(rows)


# %%
from tlwidgets import extract_features

network = load_backbone("efficientnet_lite0", SIZE_PX)
features = extract_features(network, cells.images)
imagenet = auc_table("ImageNet", features)
with_100.reveal(imagenet.query("n_labels == 100")["auc"].mean())

# %% [markdown]
# Is that ImageNet, or would anything do? Two controls see the same cells and the same labels:
# the **same network with random parameters**, and the **raw pixels**. What the features gain over
# the first comes from what the network learned, not from how it is built.

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
ax.set(xscale="log", xlabel="labelled cells", ylabel="AUC on 656 test cells")
ax.set_xticks(N_LABELS, N_LABELS)
ax.minorticks_off()
ax.legend(title=None, frameon=False)
sns.despine()

# %% [markdown]
# Read it upwards: from 100 labels on, the distance between the curves is what ImageNet is worth,
# and it does not shrink with more labels. With 50 labels, pixels do as well! The band (one
# standard deviation over seeds) is wide there: luck decides much. Is transfer useless when
# labels are very few? Part 3 finds the reason.

# %% tags=["claim"]
auc = frozen.groupby(["features", "n_labels"])["auc"].mean().unstack("features")
over_random = auc["ImageNet"] - auc["random network"]
claim("ImageNet over random parameters, all labels", over_random[1968], at_least=0.05)
claim(
    "ImageNet over pixels, 50 labels: nothing",
    (auc["ImageNet"] - auc["raw pixels"])[50],
    at_most=0.03,
)
claim("ImageNet over random parameters, 100 labels", over_random[100], at_least=0.04)

# %% [markdown]
# And if you *train* a network on the cells alone? Too long for a lesson, so we ran it before: the
# script and its results lie in `datasets/results/`. The same network from random parameters, and
# a small one that suits few labels better, both with turned and mirrored copies of each cell; and
# the frozen network on the same cells, at the same 96 pixels. With few labels it leads clearly;
# with all of them, at a small part of the cost.

# %% tags=["claim"]
from tlwidgets import load_results

ways = load_results("solar_cells_from_scratch")
by_way = ways.pivot_table(index="way", columns="n_labels", values="auc")
cost = ways.query("n_labels == 1968").groupby("way")["cpu_seconds"].mean()
lead = by_way.loc["ImageNet network, frozen"] - by_way.drop("ImageNet network, frozen").max()
claim("Lead of the frozen network over both with all labels", lead[1968], at_least=0.0)
claim("Its lead with 100 labels", lead[100], at_least=0.03)
claim("Share of the cost", cost["ImageNet network, frozen"] / cost.max(), at_most=0.2)
by_way.round(3).assign(cpu_seconds=cost.round())

# %% [markdown]
# What do the features see *without* any label? A map that puts cells with similar features close
# together, coloured twice.

# %%
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

scaled = StandardScaler().fit_transform(features)
short = PCA(30, random_state=SEED).fit_transform(scaled)
x_map, y_map = TSNE(init="pca", max_iter=500, random_state=SEED).fit_transform(short).T
verdict = np.where(y == 1, "defective", "sound")
fig, axes = plt.subplots(1, 2, figsize=(11, 4))
for ax, colour in zip(axes, [cells.module_type, verdict], strict=True):
    sns.scatterplot(x=x_map, y=y_map, hue=colour, palette="colorblind", s=9, linewidth=0, ax=ax)
    ax.set(xticks=[], yticks=[], xlabel="map, across (no unit)", ylabel="map, up (no unit)")

# %% [markdown]
# Each dot is a cell. The map falls into parts by the **crystal** (left: grown as one, or as
# many), which nobody asked for. Defects (right) are mixed into all parts. What a network sees
# first need not be what you want to know; the head has to find the rest. Lessons 07 and 10 come
# back to the two crystals.

# %% tags=["claim"]
from sklearn.neighbors import NearestNeighbors

near = NearestNeighbors(n_neighbors=2, metric="cosine").fit(scaled).kneighbors(scaled)[1][:, 1]
same_crystal = np.mean(cells.module_type[near] == cells.module_type)
claim("Cells whose nearest neighbour is of the same crystal", same_crystal, at_least=0.95)

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

few_or_many = by_block.query("n_labels in (50, 500)").rename(columns={"n_labels": "labels"})
fig, ax = plt.subplots(figsize=(8, 4))
sns.lineplot(few_or_many, x="features", y="auc", hue="labels", style="labels", markers=True,
             errorbar="sd", palette=["#D55E00", "#0072B2"], ax=ax)  # fmt: skip
ax.set(xlabel="features from this depth", ylabel="AUC on 656 test cells")
at_50 = by_block.query("n_labels == 50").groupby("features")["auc"].mean()
depth.reveal(at_50[["stage1", "stage3", "stage6", "head"]].idxmax())

# %% [markdown]
# Read it from left to right: both curves rise through the stages and then no more. The last
# layer, the one that everybody takes, is the most specialised in ImageNet's own 1,000 words, and
# its 1,280 numbers are many for 50 labels; stage 6 has 192. With 500 labels the difference is
# small.
#
# You need not choose: joined, all depths are better than any of them.

# %% tags=["claim"]
joined = auc_table("all depths", tapped).groupby("n_labels")["auc"].mean()
claim("Stage 6 over stage 1, 50 labels", at_50["stage6"] - at_50["stage1"], at_least=0.03)
claim(
    "All depths over the last layer, all labels", joined[1968] - auc["ImageNet"][1968], at_least=0
)
claim("AUC of all depths, all labels", joined[1968], at_least=0.89)
claim("Stage 6 over the last layer, 50 labels", at_50["stage6"] - at_50["head"], at_least=0.02)

# %% [markdown]
# ## Play
#
# Change the depth, the number of labels and the seed. The pictures show the head's worst errors,
# and under each the most similar cell in feature space. Try:
#
# 1. `head` with 25 labels, and move the seed: the score jumps. That is luck, not skill.
# 2. `stage1` with 1,000 labels: hardly better than with 100. Edges alone don't tell.
# 3. `all` with 1,000 labels, and look at the errors: would *you* have been right?

# %% tags=["widget"]
from ipywidgets import HTML, Dropdown, Image, IntSlider, SelectionSlider, VBox, interactive_output

from tlwidgets import image_strip

block = Dropdown(options=["all", *BLOCKS], value="head", description="features")
labels = SelectionSlider(options=[25, 50, 100, 200, 500, 1000], value=100, description="labels")
seed = IntSlider(0, 0, 9, description="seed")
score, missed, false_alarms = HTML(), Image(width=560), Image(width=560)
captions = [HTML("Defective, and missed:"), HTML("Sound, and called defective:")]
controls = {"block": block, "n_labels": labels, "seed": seed}


# %% tags=["widget"]
def show(block, n_labels, seed):
    x = tapped if block == "all" else tapped[:, taps.columns[block]]
    head, test = train_head(x, n_labels, seed)
    s = head.decision_function(x[test])
    score.value = f"AUC <b>{roc_auc_score(y[test], s):.3f}</b>"
    others = NearestNeighbors(n_neighbors=2).fit(head[0].transform(x))
    for picture, label, sign in [(missed, 1, 1), (false_alarms, 0, -1)]:
        worst = test[y[test] == label][(sign * s[y[test] == label]).argsort()[:5]]
        similar = others.kneighbors(head[0].transform(x[worst]))[1][:, 1]
        picture.value = image_strip(cells.images[worst], cells.images[similar])


errors = interactive_output(show, controls)
VBox([block, labels, seed, score, captions[0], missed, captions[1], false_alarms, errors])

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Your boss wants *accuracy*. Which share of all cells (labels `y`) does a head
# get right that calls **every** cell sound? A head must beat this number before it is worth
# anything.

# %% tags=["exercise"]
majority_accuracy = np.mean(y == 0)  #: majority_accuracy = ...

# %% tags=["check"]
check(
    "Exercise 1",
    majority_accuracy,
    expect(lambda a: 0 <= float(a) <= 1, "Give a share between 0 and 1."),
    expect(lambda a: not np.isclose(a, np.mean(y)), "That is the share of *defective* cells."),
    expect(lambda a: np.isclose(a, np.mean(y == 0)), "Which share of `y` is 0, that is sound?"),
    well_done="So two thirds right is nothing to be proud of here.",
)

# %% [markdown]
# **Exercise 2.** Ship it: a logistic regression *is* a `Dense` layer with a sigmoid. The cell
# makes that layer from a trained head (the scaling is folded in). Build `inspector`, **one** Keras
# model that takes raw pixels and gives the probability of a defect, and see to it that only the
# head would train if somebody trained on.

# %% tags=["exercise"]
head, test = train_head(features, 500, SEED)
kernel = head[1].coef_ / head[0].scale_
dense = keras.layers.Dense(1, activation="sigmoid", name="defective")
dense.build((None, kernel.shape[1]))
dense.set_weights([kernel.T, head[1].intercept_ - kernel @ head[0].mean_])

inspector = keras.Sequential([network, dense])  #: inspector = ...
network.trainable = False  #:

# %% tags=["check"]
rgb = np.repeat(cells.images[test[:2], :, :, None], 3, axis=-1)
goal = head.predict_proba(features[test[:2]])[:, 1]
check(
    "Exercise 2",
    inspector,
    expect(lambda m: isinstance(m, keras.Model), "A Keras model: keras.Sequential takes a list."),
    expect(lambda m: m.input_shape[1:] == network.input_shape[1:], "It must take raw pixels."),
    expect(lambda m: m.output_shape[1:] == (1,), "One number per cell: `dense` comes last."),
    expect(lambda m: np.allclose(np.ravel(m(rgb)), goal, atol=0.01), "Use `dense`, trained."),
    expect(lambda m: len(m.trainable_variables) == 2, "Freeze `network`: its `trainable` flag."),
    well_done="That is a product: pixels in, probability out, one file.",
)

# %% [markdown]
# ## Where it breaks
#
# A frozen network expects what it was trained with. Ours takes raw pixels from 0 to 255 and does
# the rest inside. A careful colleague who does not know this "normalises" the pixels to 0..1
# first. No error, no warning:

# %%
again = keras.layers.Rescaling(1 / 255, name="again")
twice = classifier.predict(again(photographs.images), verbose=0).argmax(axis=1)
pixels_in = keras.Input((SIZE_PX, SIZE_PX, 3))
wrong_network = keras.Model(pixels_in, network(again(pixels_in)), name="preprocessed_twice")
wrong_features = extract_features(wrong_network, cells.images)
wrong = auc_table("preprocessed twice", wrong_features).groupby("n_labels")["auc"].mean()
pd.DataFrame({"right": auc["ImageNet"], "preprocessed twice": wrong}).round(3)

# %% [markdown]
# To the network all photographs are black now, and it gives all six the same name. And yet the
# head still learns *something*: nothing crashes, the score is only worse, no better than with
# random parameters. This is the most common silent error of transfer learning.
# (`extract_features` refuses pixels between 0 and 1; the extra layer smuggled them in.)

# %% tags=["claim"]
assert len(set(twice)) == 1
claim("AUC lost, all labels", auc["ImageNet"][1968] - wrong[1968], at_least=0.05)
claim("AUC lost, 100 labels", auc["ImageNet"][100] - wrong[100], at_least=0.04)

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
