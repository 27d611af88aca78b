# %% [markdown] transfer="every type" method="pretrained models"
# # 04 · Which pretrained network should you take?
#
# Keras has forty networks on its shelf, trained on a million photographs, with names like VGG16 and
# EfficientNetV2B0. You need one, for your own images, on your own machine. You will look inside
# three famous families, find out what of them transfers, and choose.
#
# **About 50 minutes** · needs 02 · 80 CPU seconds · 1.3 GB of memory
#
# ## You will
#
# - **read** three families of networks off their graphs: VGG, ResNet and Inception;
# - **compare** which block of each transfers, and which forgets;
# - **choose** a network by size, speed and accuracy, and then its layer, on labels kept aside.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell below.

# %%
import gc

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect, list_backbones, load_backbone
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
SEEDS = range(5)  # each seed: another test set, other labels, other random parameters
TUNED = ["mini_vgg"]  # fine-tuned; mini_resnet or mini_inception take 0.2 GB more each
TUNED_SEEDS, EPOCHS = range(3), 8
SEED = 0
FEW, MANY = N_LABELS = [50, 500]  # labelled digits, 500 at most
DOWNLOAD = False  # True fetches the ImageNet checkpoints of all six: 1 GB
LIMITS = {"Binder": (30, 3), "laptop": (100, 5)}  # MB, times the fastest
NETWORKS = ["vgg16", "inception_v3", "resnet50", "mobilenet_v2", "efficientnet_b0",
            "efficientnet_lite0"]  # fmt: skip

# %% [markdown]
# **ImageNet** is a collection of photographs with names; 1.2 million of them, of 1,000 kinds of
# things, were the material of a yearly competition. A network may give five names for each
# photograph; if none is right, that is an error. (The entries are averages of several networks. The
# one of 2012 was itself transferred in part, from a larger ImageNet.)

# %%
winners = pd.DataFrame(
    [("2012, the second", 26.2, "Krizhevsky et al. 2012"), ("2012, AlexNet", 15.3, "the same"),
     ("2013, Clarifai", 11.7, "Russakovsky et al. 2015"),
     ("2014, VGG (second)", 7.3, "Simonyan and Zisserman 2014"),
     ("2014, GoogLeNet", 6.7, "Szegedy et al. 2014; the first Inception"),
     ("2015, ResNet", 3.6, "He et al. 2015"), ("2017, SENet", 2.3, "Hu et al. 2018")],
    columns=["entry", "error, %", "source"],
)  # fmt: skip
fig, ax = plt.subplots(figsize=(8, 3))
sns.barplot(winners, y="entry", x="error, %", color="#0072B2", ax=ax)
ax.axvline(5.1, color="#D55E00", linestyle=":")
ax.text(5.4, 6.1, "a trained person: 5.1 (Russakovsky et al. 2015)", color="#D55E00")
ax.set(xlabel="none of five names is right, % of the test photographs", ylabel="")
winners.set_index("entry")

# %% [markdown]
# Read it from top to bottom: AlexNet, the first deep network there, makes far fewer errors than the
# best without one. Three years later networks beat a person who had trained for it. What transfer
# lives on came after the competition: the authors gave their parameters away.
#
# ## 1. What each family changed
#
# VGG, ResNet and Inception, drawn from the models themselves. Purple is a convolution, with the
# side of its kernel and its channels; grey is **pooling**, which makes a map smaller; black is
# where branches meet.

# %%
from tlwidgets import plot_blocks
from tlwidgets.freezing import block_costs

parts = {"vgg16": None, "inception_v3": ["stem", "mixed0", "mixed1"],
         "resnet50": ["stem", "conv2_block1", "conv2_block2", "conv2_block3"]}  # fmt: skip
fig, axes = plt.subplots(3, 1, figsize=(13, 9), height_ratios=[2, 3, 2], layout="tight")
places, costs = dict(zip(parts, axes, strict=True)), {}
for name in NETWORKS:  # one after the other: all of them together take 0.3 GB
    network = load_backbone(name, 224, checkpoint=None)
    costs[name] = block_costs(network)  # for the table below
    if name in parts:
        plot_blocks(network, places[name], parts[name])
        places[name].set_title(f"{name}, {'the first' if parts[name] else 'all'} blocks")
    del network
    gc.collect()  # a network leaves the memory only now: it and its layers know each other

# %% [markdown]
# Read each from left to right. **VGG** is a chain of 3 × 3 convolutions; two see as far as one of
# 5 × 5, with fewer parameters. **Inception** looks at several sizes side by side and joins them;
# 1 × 1 convolutions make it thin before. **ResNet** has shortcuts: the input of a block is added to
# its output. So a block need only learn the *change*, and many in a row still learn.
#
# MobileNet and EfficientNet make the convolution cheaper: filter each channel alone, then mix
# channels with 1 × 1.

# %% tags=["widget"]
times = Prediction(
    "How many times more multiplications does VGG16 need than MobileNetV2?", low=1, high=100
)
times

# %%
total = pd.DataFrame({name: table.sum() for name, table in costs.items()}).T / 1e6
times.reveal(total["multiplications"]["vgg16"] / total["multiplications"]["mobilenet_v2"])
parts = []
for name in ["vgg16", "resnet50", "mobilenet_v2"]:
    share = costs[name] / costs[name].sum()
    fifth = np.linspace(1, 5.999, len(share)).astype(int)  # five parts with as many blocks
    parts.append(share.groupby(fifth).sum().assign(network=name))
shares = pd.concat(parts).rename_axis("fifth").reset_index()
total.add_prefix("million ").round(1)

# %% tags=["claim"]
long = shares.melt(["network", "fifth"], var_name="what", value_name="share")
grid = sns.catplot(long, kind="bar", col="network", x="fifth", y="share", hue="what",
                   palette="colorblind", height=3.2)  # fmt: skip
grid.set(xlabel="fifth of the blocks").set_titles("{col_name}")
sns.move_legend(grid, "upper center", bbox_to_anchor=(0.45, 1.1), ncol=3, title=None)
ratio = total.loc["vgg16"] / total
claim("Multiplications, VGG16 over MobileNetV2", ratio["multiplications"]["mobilenet_v2"],
      at_least=40)  # fmt: skip
claim("Multiplications, VGG16 over ResNet50", ratio["multiplications"]["resnet50"], at_least=3)
end = shares.query("fifth == 5")
claim("Share of parameters in the last fifth, least", end["parameters"].min(), at_least=0.4)
claim("Share of values in the last fifth, most", end["values"].max(), at_most=0.15)

# %% [markdown]
# The bars show **where** in three of them that goes; *values* are what blocks hand on, and what
# training must keep in memory. Early blocks fill the **memory**, for their maps are large; late
# blocks hold the **parameters**, for their channels are many. The **work** is spread. Under `fit`
# the first blocks work forward in each epoch, frozen or not; frozen they save the way back, about
# two thirds of their work, and the memory for it. Only who keeps their output (lesson 03) saves
# all.
#
# ## 2. Which block transfers, and which forgets?
#
# ImageNet is too large to play with. Here are the three families in the small: `mini_vgg`,
# `mini_resnet` and `mini_inception`, trained on printed **letters**.


# %%
import logging
from itertools import pairwise, product

from tlwidgets import dense_parameters, load_digits, load_mini, load_results, solve_head
from tlwidgets.freezing import CachedTrainer, Plan, read_blocks

digits, minis = load_digits(), ["mini_vgg", "mini_resnet", "mini_inception"]
x, y = digits.images[::2, ..., None], digits.labels[::2]  # every other one: it is quicker
logging.getLogger("tensorflow").setLevel("ERROR")  # it warns of many small networks


def open_blocks(network):
    """Return a model of what each block hands on, maps averaged over their places."""
    seen = {
        block.name: network.get_layer(block.layers[-1]).output for block in read_blocks(network)
    }
    pool = keras.layers.GlobalAveragePooling2D
    outputs = {name: pool()(z) if len(z.shape) == 4 else z for name, z in seen.items()}
    return keras.Model(network.input, outputs)


# %%
def draw(seed):
    """Return 500 digits to learn from (the first 50 are 5 of each), and 1,000 for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    return np.array([pool[y[pool] == digit][:50] for digit in range(10)]).T.ravel(), test


def head_accuracy(features, learn, test):
    """Return the accuracy of a head that is solved on some digits, on others."""
    return solve_head(features[learn], y[learn]).score(features[test], y[test])


# %% [markdown]
# The task is handwritten **digits**. How good is a head on what *each block* hands on (**linear
# probing**)? Where that is a map, we average it over its places. As a control: the same networks
# with random parameters.

# %% tags=["widget"]
random_last = Prediction(
    "mini_inception with random parameters, 50 labels: accuracy of a head on its last block?",
    low=0.1, high=1.0,
)  # fmt: skip
random_last

# %%
rows = []
for name in minis:
    opened = open_blocks(network := load_mini(name))
    pretrained = opened.predict(x, batch_size=250, verbose=0)
    for seed in SEEDS:
        learn, test = draw(seed)
        keras.utils.set_random_seed(seed)
        network.set_weights(load_mini(name, checkpoint=None).get_weights())
        random = opened.predict(x, batch_size=250, verbose=0)
        for n, (kind, seen) in product(N_LABELS, [("letters", pretrained), ("random", random)]):
            scores = {block: head_accuracy(z, learn[:n], test) for block, z in seen.items()}
            rows += [(name, kind, n, block, score) for block, score in scores.items()]
table = pd.DataFrame(rows, columns=["network", "parameters", "labels", "block", "accuracy"])
means = table.groupby(list(table.columns[:4]), sort=False)["accuracy"].mean()
random_last.reveal(means["mini_inception", "random", FEW, "mixed2"])

# %% tags=["claim"]
few = table.query("labels == @FEW")
grid = sns.catplot(few, kind="point", x="block", y="accuracy", hue="parameters", col="network",
                   sharex=False, errorbar="sd", height=4, palette=["C0", "#777777"])  # fmt: skip
saved = load_results("minis_from_scratch").query("labels == 50 and way == 'from scratch'")
scratch = saved.groupby("network")["accuracy"].mean()
for name, ax in grid.set_titles("{col_name}").axes_dict.items():
    ax.axhline(scratch[name], color="#D55E00", linestyle=":")
grid.set(xlabel="").tick_params(axis="x", rotation=40)
few = few.pivot_table("accuracy", ["network", "block"], "parameters", sort=False)
first, last = few.groupby("network").first(), few.groupby("network").last()
vgg = means["mini_vgg", "letters", MANY]
early, late = (block["letters"] - block["random"] for block in (first, last))
claim("Last blocks, letters over random", late.min(), at_least=0.2, control=early.max())
claim("Last blocks, letters over scratch", (last["letters"] - scratch).min(), at_least=0.08)
claim("mini_vgg, 500 labels: block3 over fc1", vgg["block3"] - vgg["fc1"], at_least=0.005)

# %% [markdown]
# Fifty labels; dotted: the same network from scratch (ten saved runs). Read each from left to
# right: in first blocks letters are worth little more than random parameters, in last ones a lot,
# **in all families**. With 500 labels VGG's `block3` beats its end; it hands on more values
# (exercise 2).
#
# **Fine-tune** VGG on 500 digits. Are the letters still there, or is this **catastrophic
# forgetting**? We ask each block with its old head, and with a new one.


# %%
def fine_tune(name):
    """Yield, for each seed, the parameters after fine-tuning and what that gains on digits."""
    network, head = load_mini(name), keras.layers.Dense(10, name="digits")
    model = keras.Sequential([network, head])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    features, trainer = network.predict(x, verbose=0), CachedTrainer(model, x[:500], y[:500])
    for learn, test in map(draw, TUNED_SEEDS):
        solved = solve_head(features[learn], y[learn])
        head.set_weights(dense_parameters(solved))
        trainer.restart(model, x[learn], y[learn])
        trainer.train(0, Plan(epochs=EPOCHS, seed=SEED, learning_rate=0.0005))
        right = trainer.model.predict(x[test], verbose=0).argmax(axis=1) == y[test]
        gained = np.mean(right) - solved.score(features[test], y[test])
        yield trainer.model.get_weights()[:-2], 100 * gained


# %%
from tlwidgets import make_glyphs

HEADS = "with its old head", "with a new head"
letters, rows = make_glyphs(2000, seed=77), []  # drawn anew; half of them for the test
(known, new), images = np.split(letters.labels, 2), letters.images[..., None]
for name in TUNED:
    opened = open_blocks(network := load_mini(name))
    before = opened.predict(images, batch_size=250, verbose=0)
    heads = {block: solve_head(z[:1000], known) for block, z in before.items()}
    for parameters, gained in fine_tune(name):
        network.set_weights(parameters)
        for block, z in opened.predict(images, batch_size=250, verbose=0).items():
            was = heads[block].score(before[block][1000:], new)
            for what, head in zip(HEADS, (heads[block], solve_head(z[:1000], known)), strict=True):
                lost = 100 * (was - head.score(z[1000:], new))
                rows.append((name, block, what, lost, gained))

# %% tags=["claim"]
forgot = pd.DataFrame(rows, columns=["network", "block", "what", "lost", "gained"])
grid = sns.catplot(forgot, kind="point", x="block", y="lost", hue="what", col="network",
                   sharex=False, errorbar="sd", height=4, palette=["C1", "C0"])  # fmt: skip
gained = forgot.groupby("network", sort=False)["gained"].mean()
for name, ax in grid.axes_dict.items():
    ax.set(title=f"{name} (digits: {gained[name]:+.1f} points)", xlabel="")
grid.set_ylabels("letters: points of accuracy lost").tick_params(axis="x", rotation=40)
lost = forgot.groupby(["what", "network", "block"], sort=False)["lost"].mean()
works, known = (lost.xs(head).groupby("network") for head in HEADS)
claim("Points gained on digits, the least", gained.min(), at_least=0.5)
claim("First blocks: points forgotten, the most", known.first().max(), at_most=2)
claim("Last blocks: points forgotten, the least", known.last().min(), at_least=0.4)
claim("Last blocks: times as much works no more", (works.last() / known.last()).min(), at_least=1.5)

# %% [markdown]
# Read it from left to right. The digits gain a point or more, and the letters pay. Orange: with its
# old head **no block works as before**. Blue: a new head can read nearly everything, so little is
# lost, least at the beginning. (`TUNED` takes the other families, too.) If a network must go on
# doing its old work, keep a copy.
#
# ## 3. Choose
#
# What does it cost to look at one photograph of 96 × 96 on **your** machine? We count processor
# time, which other programs do not disturb. Accuracy on ImageNet (each network at the size that it
# was trained for) and megabytes are published.

# %% tags=["claim"]
from time import process_time
from timeit import repeat


def milliseconds(name):
    """Return the median processor time for an image, in a batch of eight."""
    gc.collect()
    network = load_backbone(name, 96, checkpoint=None)
    network.compile(jit_compile=False)
    noise = np.random.default_rng(SEED).uniform(0, 255, (8, 96, 96, 3))
    network.predict_on_batch(noise)  # compiles
    seconds = repeat(lambda: network.predict_on_batch(noise), timer=process_time, number=1)
    return 1000 * np.median(seconds) / len(noise)


shelf = list_backbones().loc[NETWORKS].assign(ms=[milliseconds(name) for name in NETWORKS])
slower = shelf["ms"] / shelf["ms"].min()
ratio = slower["vgg16"] / slower["mobilenet_v2"]
claim("Milliseconds, VGG16 over MobileNetV2", ratio, at_least=3, at_most=35)

# %%
fig, ax = plt.subplots(figsize=(9, 4))
sns.scatterplot(shelf, x="ms", y="top1", hue="family", size="size_mb", sizes=(40, 600),
                palette="colorblind", legend=False, ax=ax)  # fmt: skip
for name, row in shelf.iterrows():
    ax.annotate(f"{name}\n{row['size_mb']:.0f} MB", (row["ms"], row["top1"]), (0, 14),
                textcoords="offset points", ha="center", fontsize=9)  # fmt: skip
ax.set(xscale="log", ylim=(70, 80), xlabel="milliseconds an image (logarithmic)",
       ylabel="accuracy on ImageNet, %")  # fmt: skip
ax.xaxis.set(major_formatter="{x:g}", minor_formatter="{x:g}")
ax.tick_params(axis="x", which="both", length=5, pad=4)
ax.margins(x=0.12)
picks = {place: shelf[(shelf["size_mb"] <= mb) & (slower <= limit)]["top1"].idxmax()
         for place, (mb, limit) in LIMITS.items()}  # fmt: skip
picks["server, the whole shelf"] = list_backbones()["top1"].idxmax()
pd.Series(picks, name="most accurate within the limits").to_frame()

# %% [markdown]
# Read it from the lower right to the upper left: further left is faster, higher is more accurate.
# VGG16 has fifty times the multiplications of MobileNetV2 and is not fifty times as slow. So
# **measure**. The table takes the most accurate within `LIMITS`. On photographs that is a good
# rule: Kornblith et al. (2019) found that what is better on ImageNet transfers better.
#
# And on **digits**? We read EfficientNet-Lite0 at its last layer, and at earlier ones.

# %% tags=["widget"]
from tlwidgets import load_photographs

photographs = load_photographs(224)
some = np.random.default_rng(SEED).permutation(len(y))[:1000]
large = np.kron(digits.images[::2][some], np.ones((1, 3, 3), np.uint8))  # 84 x 84
earlier = Prediction(
    "EfficientNet-Lite0, 50 labels: points more from an earlier layer than from the last?",
    low=-20, high=40,
)  # fmt: skip
earlier

# %%
from tlwidgets import extract_features
from tlwidgets.backbones import tap_blocks

features = {"raw pixels": x[some].reshape(len(some), -1)}
features |= {name: load_mini(name).predict(x[some], verbose=0) for name in minis}
LITE0, CHOSEN = "efficientnet_lite0", "the same, layer chosen"
for name in [LITE0, *NETWORKS] if DOWNLOAD else [LITE0]:
    features[name] = extract_features(load_backbone(name, 84), large, progress=False)
taps = tap_blocks(load_backbone(LITE0, 84), [f"stage{i}" for i in range(3, 8)])
seen = extract_features(taps.model, large, progress=False)
layers = {stage: seen[:, columns] for stage, columns in taps.columns.items()}
layers["last"] = features[LITE0]

# %% [markdown]
# `tap_blocks` hands out several stages of one network. Which one to take is chosen on **a fifth of
# the labels, kept aside**, never on the test digits.

# %% tags=["claim"]
rows, chosen = [], []
for seed, n in product(SEEDS, N_LABELS):
    order = np.random.default_rng(seed).permutation(len(some))
    learn, test = order[:n], order[500:]
    aside, inside = learn[: n // 5], learn[n // 5 :]

    def score(z, learn, test):
        return solve_head(z[learn], y[some[learn]]).score(z[test], y[some[test]])

    rows += [(name, n, score(z, learn, test)) for name, z in features.items()]
    best = max(layers, key=lambda stage: score(layers[stage], inside, aside))
    rows.append((CHOSEN, n, score(layers[best], learn, test)))
    chosen.append(best)
claim("How often the last layer is chosen", np.mean(np.equal(chosen, "last")), at_most=0.3)

# %% tags=["claim"]
transfer = pd.DataFrame(rows, columns=["features of", "labels", "accuracy on digits"])
sns.catplot(transfer, x="accuracy on digits", y="features of", hue="labels", kind="point",
            errorbar="sd", linestyle="none", palette=["#CC79A7", "#56B4E9"], markers=["o", "s"],
            height=3.2, aspect=2.4).set(ylabel="")  # fmt: skip
reads = transfer.pivot_table("accuracy on digits", "features of", "labels")
earlier.reveal(100 * (reads.loc[CHOSEN, FEW] - reads.loc[LITE0, FEW]))
for n, least in zip(N_LABELS, (0.06, 0.05), strict=True):
    claim(f"Chosen layer over the last, {n} labels", reads.loc[CHOSEN, n] - reads.loc[LITE0, n],
          at_least=least)  # fmt: skip
over = reads - reads.loc["raw pixels"]
claim("Chosen layer over pixels, 500 labels", over.loc[CHOSEN, MANY], at_least=0.03,
      control=over.loc[LITE0, MANY])  # fmt: skip
near = reads.loc[minis].min() - reads.loc[CHOSEN]
claim("The worst mini over the chosen layer, 50 labels", near[FEW], at_least=0.04)
claim("The worst mini over the chosen layer, 500 labels: hardly", near[MANY], at_most=0.05)

# %% [markdown]
# Read it from top to bottom. The **last** layer of the large network reads digits no better than
# raw pixels. Is its source too far? No: an earlier layer of the *same* network reads far more. So
# choose **the layer first, then the source**: with few labels the near source wins, with many it
# hardly matters (lesson 09).
#
# ## Play
#
# The head is solved for 50 digits. Try:
#
# 1. 500 labels: the head alone, then cut at `stem`: more digits are right.
# 2. `NAME = "mini_vgg"`, 500 labels, cut at `fc1`: one block, and much of that gain.
# 3. `NAME = "mobilenet_v2"`: train its head, then read what the next run would cost.

# %% tags=["widget"]
from tlwidgets import FreezeSlider

NAME = "mini_resnet"  # or one of NETWORKS, at 84 x 84: the larger ones take 2 GB
learn, test = draw(SEED)
images = x if NAME in minis else np.kron(x, np.ones((1, 3, 3, 3), np.uint8))
network = load_mini(NAME) if NAME in minis else load_backbone(NAME, 84, checkpoint=None)
head = keras.layers.Dense(10, name="digits")
solved = solve_head(network.predict(images[learn[:FEW]], verbose=0), y[learn[:FEW]])
model = keras.Sequential([network, head])
head.set_weights(dense_parameters(solved))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"])
lab = FreezeSlider(model, train=(images[learn], y[learn]), validation=(images[test], y[test]),
                   label_order="given")  # fmt: skip
lab.n_labels, lab.epochs, lab.learning_rate, lab.cut = FEW, 15, 0.0005, len(read_blocks(model)) - 1
lab

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** VGG16 weighs half a gigabyte, but the blocks that you saw hold only 15 million
# parameters. The rest are three dense layers that we left out: 4,096, 4,096 and 1,000 units, on a
# map of 7 × 7 places and 512 channels. How many parameters do they have, biases included?

# %% tags=["exercise"]
sizes = [7 * 7 * 512, 4096, 4096, 1000]  #: sizes = [...]
dense_parameters = sum((a + 1) * b for a, b in pairwise(sizes))  #: dense_parameters = ...

# %% tags=["check"]
check(
    "Exercise 1",
    dense_parameters,
    expect(lambda n: n > 100e6, "Each of 7 * 7 * 512 values goes to each of 4,096 units."),
    expect(lambda n: n != 123_633_664, "Nearly: each unit has a bias, too."),
    expect(lambda n: n < 130e6, "That is all of VGG16: count the dense layers alone."),
    expect(lambda n: n == 123_642_856, "Three layers; each: (inputs + 1) times units."),
    well_done="Nine in ten of VGG16. Pooling over all places (Lin et al. 2013) saves them.",
)

# %% [markdown]
# **Exercise 2.** Random `mini_vgg` had a bump at `block3`: much better than the random blocks of
# the others. Its block does not end with a map but with all values of one, 3 × 3 places of 64
# channels; we never averaged those. Was it the places? Average `maps` over them and put the
# accuracy of a head with 50 labels into `pooled`.

# %% tags=["exercise"]
keras.utils.set_random_seed(SEED)
learn, test = draw(SEED)
network = load_mini("mini_vgg", checkpoint=None)
block3 = keras.Model(network.input, network.get_layer("block3_pool").output)
maps = extract_features(block3, x, progress=False)
flat = head_accuracy(maps.reshape(len(y), -1), learn[:50], test)

pooled = head_accuracy(maps.mean(axis=(1, 2)), learn[:50], test)  #: pooled = ...

# %% tags=["check"]
check(
    "Exercise 2",
    pooled,
    expect(lambda p: 0 < p < 1, "An accuracy, from 0 to 1: head_accuracy gives it."),
    expect(lambda p: abs(p - flat) > 1e-9, "That is the head on all values, `flat`."),
    expect(
        lambda p: np.isclose(p, head_accuracy(maps.mean(axis=(1, 2)), learn[:50], test)),
        "Average over axes 1 and 2, then solve for learn[:50] and measure on test.",
    ),
    well_done="It was the places: averaged, a random block is a random block.",
)

# %% [markdown]
# ## Where it breaks
#
# Each family wants its pixels in its own way: from -1 to 1, or minus the mean of ImageNet, or blue
# first. `load_backbone` does that inside the network; elsewhere you must, and nothing warns you if
# you do it wrongly, or twice. EfficientNet-Lite0 with all its 1,000 names, on photographs prepared
# in five ways:

# %%
from tlwidgets import imagenet_class_names

classifier = load_backbone("efficientnet_lite0", 224, include_top=True)
raw, words = photographs.images.astype("float32"), np.array(imagenet_class_names())
pytorch = (raw / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
ways = {"as it wants them": raw, "blue first": raw[..., ::-1], "as PyTorch does": 128 * pytorch
        + 127, "prepared twice": (raw - 127) / 128, "divided by 255": raw / 255}  # fmt: skip
answers = np.array([classifier.predict(images, verbose=0) for images in ways.values()])
sure = answers[:, range(6), answers[0].argmax(axis=1)]  # of what it says to the untouched ones
text = [[f"{words[p.argmax()]}\n{p.max():.2f}" for p in row] for row in answers]
fig, ax = plt.subplots(figsize=(12, 4))
sns.heatmap(sure, annot=np.array(text), fmt="", cmap="Blues", vmin=0, vmax=1, ax=ax,
            xticklabels=photographs.names, yticklabels=list(ways), annot_kws={"fontsize": 9},
            cbar_kws={"label": "probability of the first row's name"})  # fmt: skip
ax.tick_params(length=0)

# %% [markdown]
# Read it from top to bottom; each field has the name that comes first, and its probability. The
# last two mistakes are **loud**: no photograph keeps its name. The two before are **silent**: most
# photographs keep their name or get one nearby, with less probability.
#
# Behind a **new head** even the loud ones are silent, for the head learns from whatever is left. We
# divide the digits by 255 for our three minis, which want them as they are:

# %% tags=["claim"]
for way, rest in zip(list(ways)[1:], sure[1:], strict=True):
    bounds = {"at_most": 0.02} if way in list(ways)[3:] else {"at_least": 0.4, "at_most": 0.95}
    claim(f"{way}: share of the probability kept", rest.mean() / sure[0].mean(), **bounds)
rows = []
for name, divisor in product(minis, [1, 255]):
    gc.collect()
    features = load_mini(name).predict(x / divisor, verbose=0)
    scores = [head_accuracy(features, *draw(seed)) for seed in SEEDS]
    rows.append((name, f"divided by {divisor}", np.mean(scores)))
hidden = pd.DataFrame(rows, columns=["network", "pixels", "accuracy on digits"])
hidden = hidden.pivot(index="network", columns="pixels", values="accuracy on digits")
lost = hidden["divided by 1"] - hidden["divided by 255"]
claim("Divided by 255, digits: accuracy lost, the least", lost.min(), at_least=0.03)
claim("Divided by 255, digits: accuracy, the least", hidden["divided by 255"].min(), at_least=0.7)
hidden.round(3)

# %% [markdown]
# No error, no warning, most digits right: without the left column you would not know what you lose.
# So let a network name a photograph that it should know before you train a head on it.
#
# ## You can now
#
# - **read** three families off their graphs: VGG's chain, Inception's branches, ResNet's shortcuts;
#   early blocks fill the memory, late ones hold the parameters, and all have work to do;
# - **compare** their blocks: in each family the late ones transfer best to a near task; after
#   fine-tuning the old head does not fit any more, but a new one finds most of it;
# - **choose** by size, by speed on your machine and by what a network has seen; and its layer on
#   labels kept aside; and test its preprocessing on a photograph that it should know.
#
# **References.** Russakovsky et al. (2015), ImageNet large scale visual recognition challenge,
# *International Journal of Computer Vision*. Simonyan and Zisserman (2014), Very deep convolutional
# networks, arXiv 1409.1556. Szegedy et al. (2014), Going deeper with convolutions, arXiv 1409.4842.
# He et al. (2015), Deep residual learning, arXiv 1512.03385. Lin, Chen and Yan (2013), Network in
# network, arXiv 1312.4400. Kornblith, Shlens and Le (2019), Do better ImageNet models transfer
# better?, *CVPR*.
