# %% [markdown] transfer="inductive" method="feature extraction"
# # 02 · Can an ImageNet network inspect solar cells?
#
# A network that learned to name cats and cups has never seen a solar cell. Can it still help to
# find the broken ones, when you have only a hundred labelled photographs?
#
# **About 50 minutes** · needs 00 · 100 CPU seconds the first time, 30 after · 1.3 GB of memory
#
# The photographs of solar cells (ELPV, CC BY-NC-SA 4.0) are for **non-commercial use only**.

# %% [markdown]
# ## You will
#
# - **use** a pretrained network as a frozen feature extractor, with a new head on top;
# - **measure** what ImageNet is worth, against networks that never saw it;
# - **find** the depth from which features transfer best, and write the recipe in plain Keras.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell below.

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
SIZE_PX = 160  # side of a photograph, a multiple of 32
N_LABELS = [50, 100, 500, 1968]  # 1968 is all that is not kept for the test
SEEDS = range(10)  # each seed: another test set, another sample of labels
N_RECIPE, RECIPE_PX, EPOCHS = 200, 96, 8  # cells, their side, and epochs of the recipe in part 3
SEED = 0

# %% [markdown]
# ## 1. What is ImageNet worth?
#
# EfficientNet-Lite0 learned from 1.2 million photographs (**ImageNet**) to tell 1,000 kinds of
# things apart. "Astronaut" is not among them, nor is "dahlia". What does it say to these six?

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
assert seen["coffee"] == "espresso" and "helmet" in seen["astronaut"]

# %% [markdown]
# A flower without a name of its own gets the name of another flower. In the portrait it finds what
# has a name, a helmet: it can only answer with words that it was taught. But the answer
# is only the **last** step. Before it, the photograph has become 1,280 numbers, its **features**:
# how much of this texture, how much of that shape. Perhaps they know a crack when they see one.
#
# These are solar cells under current: they glow, and what stays dark is dead. Experts marked each.

# %%
from tlwidgets import fetch_solar_cells

assert {50, 100, 500} <= set(N_LABELS), "N_LABELS needs 50, 100 and 500: the text speaks of them."
assert SIZE_PX % 32 == 0, "SIZE_PX must be a multiple of 32: raw pixels are means over squares."
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
# **AUC**: of one defective and one sound cell, how often does the defective one get the higher
# score? 0.5 is guessing. We keep the network as it is (**frozen**) and train a new **head** on its
# features, a logistic regression: one weight per feature. `C` is the *inverse* of its **penalty**:
# the more features, the smaller `C`, so that none is trusted early. Each seed keeps other cells
# for the test. (Cells of one module stand on both sides: kind to all ways; the last lesson shows
# how kind.)

# %%
BLOCKS = [f"stage{i}" for i in range(1, 8)] + ["head"]  # all in one pass: part 2 wants them, too


def new_head(n_features):
    """Return a logistic regression on features that are scaled alike."""
    return make_pipeline(
        StandardScaler(),
        LogisticRegression(C=3 / n_features, class_weight="balanced", max_iter=999),
    )


def train_head(features, n_labels, seed):
    """Train a head on `n_labels` cells; return it with the cells kept for the test."""
    train, test = cells.split(seed)
    chosen = train[:n_labels]
    return new_head(features.shape[1]).fit(features[chosen], y[chosen]), test


# %%
from tlwidgets import extract_features, tap_blocks


def auc_table(name, features):
    """Return the AUC for every number of labels and every seed."""
    rows = []
    for n_labels, seed in [(n, s) for n in N_LABELS for s in SEEDS]:
        head, test = train_head(features, n_labels, seed)
        auc = roc_auc_score(y[test], head.decision_function(features[test]))
        rows.append({"features": name, "n_labels": n_labels, "seed": seed, "auc": auc})
    return pd.DataFrame(rows)


network = load_backbone("efficientnet_lite0", SIZE_PX)
taps = tap_blocks(network, BLOCKS)
tapped = extract_features(taps.model, cells.images)
features = tapped[:, taps.columns["head"]]  # = extract_features(network, cells.images)
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
random_features = extract_features(random_network, cells.images)  # one network for all seeds
step = SIZE_PX // 32  # pixels: means over squares, 32 x 32 per cell
pixels = cells.images.reshape(len(y), 32, step, 32, step).mean(axis=(2, 4)).reshape(len(y), -1)
controls = [auc_table("random network", random_features), auc_table("raw pixels", pixels)]
frozen = pd.concat([imagenet, *controls])
ax = sns.lineplot(frozen.astype({"n_labels": str}), x="n_labels", y="auc", hue="features",
                  style="features", markers=True, dashes=False, errorbar="sd",
                  palette="colorblind")  # fmt: skip
_ = ax.set(xlabel="labelled cells", ylabel="AUC on the test cells")

# %% [markdown]
# Read it upwards: from 100 labels on, the distance between the curves is what ImageNet is worth,
# and it does not shrink with more labels. With 50 labels, pixels do as well! The band (one
# standard deviation over seeds) is wide there: luck decides much. Is transfer useless when
# labels are very few? Part 2 finds out.

# %% tags=["claim"]
auc = frozen.groupby(["features", "n_labels"])["auc"].mean().unstack("features")
over_random = auc["ImageNet"] - auc["random network"]
for n, bound in {100: 0.035, max(N_LABELS): 0.04}.items():
    claim(f"ImageNet over random parameters, {n} labels", over_random[n], at_least=bound)
over_pixels = auc["ImageNet"] - auc["raw pixels"]
claim("ImageNet over pixels, 50 labels: nothing", over_pixels[50], at_most=0.03)
growth = over_random[max(N_LABELS)] - over_random[100]
claim("What ImageNet adds, all labels less 100 labels", growth, at_least=-0.04)

# %% [markdown]
# And if you *train* on the cells alone? Too long for a lesson: we ran it before, script and results
# lie in `datasets/results/`. The same network from random parameters, and a small one that suits
# few labels better, both with **data augmentation** (turned and mirrored copies of each cell); and
# the frozen network on the same cells, at the same 96 pixels, without. With few labels it leads
# clearly; with all, a little, at a small part of the cost. (**Fine-tuning** it comes in lesson 03.)

# %% tags=["claim"]
from tlwidgets import load_results

ways = load_results("solar_cells_from_scratch")
by_way = ways.pivot_table(index="way", columns="n_labels", values="auc")
cost = ways.query("n_labels == 1968").groupby("way")["cpu_seconds"].mean()
lead = by_way.loc["ImageNet network, frozen"] - by_way.drop("ImageNet network, frozen").max()
claim("Lead of the frozen network over both, all labels", lead[1968], at_least=0.01)
claim("Its lead with 100 labels", lead[100], at_least=0.03)
claim("Share of the cost", cost["ImageNet network, frozen"] / cost.max(), at_most=0.2)
by_way.round(3).assign(cpu_seconds=cost.round())

# %% tags=["claim"]
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

scaled = StandardScaler().fit_transform(features)
short = PCA(30, random_state=SEED).fit_transform(scaled)
x_map, y_map = TSNE(init="pca", max_iter=500, random_state=SEED).fit_transform(short).T
verdict, (fig, axes) = np.where(y == 1, "defective", "sound"), plt.subplots(1, 2, figsize=(11, 4))
for ax, kind, colours in zip(
    axes, [cells.module_type, verdict], [["C0", "C1"], ["C4", "C8"]], strict=True
):
    sns.scatterplot(x=x_map, y=y_map, hue=kind, palette=colours, s=9, linewidth=0, ax=ax)
    ax.set(xticks=[], yticks=[], xlabel="map, across (no unit)", ylabel="map, up (no unit)")
near = NearestNeighbors(n_neighbors=2, metric="cosine").fit(scaled).kneighbors(scaled)[1][:, 1]
same = np.mean(cells.module_type[near] == cells.module_type)
claim("Cells whose nearest neighbour is of the same crystal", same, at_least=0.95)

# %% [markdown]
# What do the features see *without* any label? This map (**t-SNE**) puts cells with similar
# features close together, coloured twice. It falls into parts by the **crystal** (left: grown as
# one, or as many), which nobody asked for. Defects (right) are mixed into all parts. What a network
# sees first need not be what you want to know; the head has to find the rest. Lesson 07 comes back
# to the two crystals.

# %% [markdown]
# ## 2. From which depth?
#
# The network works in stages. Early ones see edges and spots, late ones see parts of animals and
# things. Which of them knows most about solar cells, when you have only 50 labels? And if it is not
# the last layer, is that because its 1,280 numbers are too many? A control takes only the number
# away: 192 of the 1,280, drawn at random. Stage 6 has 192, too.

# %% tags=["widget"]
depth = Prediction(
    "Which features give the best head with 50 labels?",
    choices=["stage1", "stage3", "stage6", "head", "192 of head"],
)
depth

# %%
at_depth = {block: tapped[:, taps.columns[block]] for block in BLOCKS}
some = np.random.default_rng(SEED).choice(features.shape[1], 192, replace=False)
more = {"192 of head": features[:, some], "joined": tapped}
by_depth = pd.concat([auc_table(name, columns) for name, columns in (at_depth | more).items()])
few_or_many = by_depth.query("n_labels in (50, 500)").rename(columns={"n_labels": "labels"})
fig, ax = plt.subplots(figsize=(11, 4))
sns.pointplot(few_or_many, x="features", y="auc", hue="labels", markers=["o", "s"],
              linestyle="none", errorbar="sd", palette=["#CC79A7", "#009E73"], ax=ax)  # fmt: skip
ax.set(xlabel="features from this depth", ylabel="AUC on the test cells")
reached = by_depth.groupby(["n_labels", "features"])["auc"].mean()
depth.reveal(reached[50][["stage1", "stage3", "stage6", "head", "192 of head"]].idxmax())

# %% [markdown]
# Read it from left to right. With 50 labels the last layer, which everybody takes, is worse than
# the stages before it. Not for its many numbers: 192 of them do no better. Perhaps because
# late layers are special to the old task (Yosinski et al. 2014). **Joined**, all depths beat the
# last with all labels; with 50 they don't beat stage 6.
#
# These are test cells: you must not choose with them! Let your 50 labels choose, by
# **cross-validation**: learn from 40, try on 10, five times.

# %% tags=["claim"]
from sklearn.model_selection import cross_val_score

of_seed, chosen = by_depth.query("n_labels == 50").set_index(["seed", "features"])["auc"], []
for seed in SEEDS:
    mine = cells.split(seed)[0][:50]
    tried = {name: cross_val_score(new_head(z.shape[1]), z[mine], y[mine], scoring="roc_auc").mean()
             for name, z in at_depth.items()}  # fmt: skip
    chosen.append(of_seed[seed, max(tried, key=tried.get)])
few, most = reached[50], reached[max(N_LABELS)]
claim("Stage 6 over the last layer, 50 labels (control: 192 of it)", few["stage6"] - few["head"],
      at_least=0.03, control=few["192 of head"] - few["head"])  # fmt: skip
claim("Joined over stage 6, 50 labels: no better", few["joined"] - few["stage6"], at_most=0.005)
claim("Joined over the last layer, all labels", most["joined"] - most["head"], at_least=0.004)
claim("Depth chosen by the 50 labels, over the last layer", np.mean(chosen) - few["head"],
      at_least=0.01)  # fmt: skip

# %% [markdown]
# ## 3. The recipe in plain Keras
#
# The fast way above extracts features once. At work you will also write the recipe below; from
# tlwidgets it takes only the network. It begins with photographs as they come: a folder for each
# class. We write one, then read it: a fifth of the learning cells is the **validation set** and
# says when to stop. `cache` keeps the decoded images in memory (before `shuffle`, or each epoch has
# the same order), `prefetch` prepares a batch while the network works on another.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

small, folder = fetch_solar_cells(RECIPE_PX), TemporaryDirectory()  # gone when the kernel stops
train, test = cells.split(SEED)
for part, chosen in {"learn": train[:N_RECIPE], "test": test}.items():
    for i in chosen:
        place = Path(folder.name, part, ["sound", "defective"][y[i]])
        place.mkdir(parents=True, exist_ok=True)
        keras.utils.save_img(place / f"{i}.png", small.images[i, :, :, None], scale=False)

# %%
import tensorflow as tf

read = {"image_size": (RECIPE_PX, RECIPE_PX), "class_names": ["sound", "defective"],
        "label_mode": "binary", "batch_size": None, "verbose": False}  # fmt: skip
learn, validation = keras.utils.image_dataset_from_directory(
    Path(folder.name, "learn"), validation_split=0.2, subset="both", seed=SEED, **read
)
kept = keras.utils.image_dataset_from_directory(Path(folder.name, "test"), **read)
learn = learn.cache().shuffle(1000, seed=SEED).batch(16).prefetch(tf.data.AUTOTUNE)
validation = validation.batch(16).cache().prefetch(tf.data.AUTOTUNE)
kept = kept.batch(16).prefetch(tf.data.AUTOTUNE)  # read once, so not kept in memory

# %% [markdown]
# `base.trainable = False` freezes the parameters, and **BatchNormalization** then uses its averages
# from ImageNet. `training=False` asks for the same; every guide has it, and lesson 03 shows which
# of the two does the work. **Pooling** makes one number of each map, **Dropout** hides a fifth of
# them in each step, **Adam** decides how large the steps are.

# %%
keras.utils.set_random_seed(SEED)
base = load_backbone("efficientnet_lite0", RECIPE_PX, pooling=None)
base.trainable = False
inputs = keras.Input((RECIPE_PX, RECIPE_PX, 3))
x = keras.layers.RandomFlip()(inputs)  # data augmentation: a mirrored cell is a cell
x = base(x, training=False)
x = keras.layers.GlobalAveragePooling2D()(x)
x = keras.layers.Dropout(0.2)(x)
model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
area = keras.metrics.AUC(name="auc")
model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=[area])
stop = keras.callbacks.EarlyStopping("val_auc", mode="max", patience=4, restore_best_weights=True)
said = model.fit(learn, validation_data=validation, epochs=EPOCHS, callbacks=[stop], verbose=0,
                 shuffle=False)  # fmt: skip # our data set shuffles itself
print(f"stopped after {len(said.history['loss'])} epochs")

# %% [markdown]
# With a network of `keras.applications` two lines change:
#
# ```python
# base = keras.applications.ResNet50(include_top=False, input_shape=(96, 96, 3))
# x = base(keras.applications.resnet.preprocess_input(x), training=False)
# ```
#
# Each family has its own `preprocess_input`: ResNet50 wants blue before red and a mean taken off,
# MobileNetV2 wants -1 to 1, EfficientNet does it inside. `load_backbone` puts the right one inside
# for all (`load_backbone("resnet50")` is that very network). And the head? It should read as well
# as the solved one from the same cells.

# %% tags=["claim"]
_, recipe_auc = model.evaluate(kept, verbose=0)
pooled = load_backbone("efficientnet_lite0", RECIPE_PX)
at_learn, at_test = (
    extract_features(pooled, small.images[some]) for some in (train[:N_RECIPE], test)
)
head = new_head(at_learn.shape[1]).fit(at_learn, y[train[:N_RECIPE]])
solved_auc = roc_auc_score(y[test], head.decision_function(at_test))
print(f"AUC of the recipe {recipe_auc:.3f}, of the solved head {solved_auc:.3f}")
claim("AUC of the recipe, less that of the solved head", recipe_auc - solved_auc,
      at_least=-0.09, at_most=0.09)  # fmt: skip

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

# %% tags=["claim"]
again = keras.layers.Rescaling(1 / 255, name="again")
twice = classifier.predict(again(photographs.images), verbose=0).argmax(axis=1)
pixels_in = keras.Input((SIZE_PX, SIZE_PX, 3))
wrong_network = keras.Model(pixels_in, network(again(pixels_in)), name="preprocessed_twice")
wrong_features = extract_features(wrong_network, cells.images)
wrong = auc_table("preprocessed twice", wrong_features).groupby("n_labels")["auc"].mean()
assert len(set(twice)) == 1
for n, bounds in {100: (0.035, 0.03), max(N_LABELS): (0.04, 0.03)}.items():
    claim(f"AUC lost, {n} labels", auc["ImageNet"][n] - wrong[n], at_least=bounds[0])
    over = wrong[n] - auc["random network"][n]
    claim(f"AUC left over random parameters, {n} labels", over, at_most=bounds[1])
pd.DataFrame({"right": auc["ImageNet"], "preprocessed twice": wrong}).round(3)

# %% [markdown]
# To the network all photographs are black now, and it gives all six the same name. And yet the
# head still learns *something*: nothing crashes, the score is only worse, hardly better than with
# random parameters. It is a common error, and a silent one. (`extract_features` refuses pixels
# between 0 and 1; the extra layer smuggled them in.)

# %% [markdown]
# ## You can now
#
# - **use** a frozen network: load it with its own preprocessing, extract features once, train a
#   logistic regression on them, and ship both as one Keras model;
# - **measure** what ImageNet is worth: against the same network with random parameters, against
#   pixels, and against training from scratch, each on the same cells and over seeds;
# - **find** the depth with labels that are not the test's: late, but not last, when labels are few;
#   all joined when they are many. And you have the recipe, from a folder to an evaluated model.
#
# **References.** Deitsch et al. (2019), Automatic classification of defective photovoltaic module
# cells in electroluminescence images, *Solar Energy* 185. Yosinski et al. (2014), How transferable
# are features in deep neural networks?, *NeurIPS*. Chollet (2020), Transfer learning and
# fine-tuning, *Keras guide*, keras.io/guides/transfer_learning.
