# %% [markdown] transfer="inductive" method="self-taught"
# # 06 · Can a network learn to see without any labels?
#
# Eight thousand letters, and nobody has said which is which. Twenty digits with labels, and you
# want to read the others. The letters cannot tell you what a 7 is; can they teach you what to look
# at? You will let a computer teach itself in three ways, and find out which of them is of use.
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/06_self_taught.ipynb)
#
# **About 45 minutes** · needs 01 · 60 CPU seconds · 1.1 GB of memory
#
# ## You will
#
# - **learn** features from images without labels, in seconds and without a network;
# - **train** a network to tell pairs of views apart, and read digits with what it learned;
# - **judge** a pretext task by what it teaches, not by how well it is solved.
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
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect
from tlwidgets import load_digits, make_glyphs
from tlwidgets.adapt import learn_patches
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
N_LABELS = (20, 50, 100)  # labelled digits
N_LETTERS = 8000  # letters without labels
STEPS = 300
SEEDS = range(5)  # each seed: other letters, another test set, other random parameters
SEED = 0

# %% [markdown]
# The **source** has no labels at all, and its images are not even of the same kind as the
# **target**'s: letters, not digits. Raina et al. (2007) called this **self-taught learning**. In
# Pan and Yang's map it is inductive: the few labels are in the target.

# %%
digits = load_digits()
x, y = digits.images[..., None], digits.labels
letters = {seed: make_glyphs(N_LETTERS, seed=seed).images[..., None] for seed in SEEDS}
fig, axes = plt.subplots(2, 12, figsize=(12, 2.2))
some = np.random.default_rng(SEED).choice(len(y), 12)
for ax, image in zip(axes.flat, [*letters[SEED][:12], *x[some]], strict=True):
    ax.imshow(image, cmap="gray")
    ax.axis("off")


# %%
def draw(seed):
    """Return 500 digits to learn from, all ten in turn, and 1,000 others for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    return np.array([pool[y[pool] == digit][:50] for digit in range(10)]).T.ravel(), test


def score(name, encode, seed):
    """Read digits with these features and few labels; keep the accuracies in `rows`."""
    learn, test = draw(seed)
    known, unseen = (of_one_length(np.asarray(encode(x[c]))) for c in (learn, test))
    for n in N_LABELS:
        head = LogisticRegression(C=100, max_iter=2000).fit(known[:n], y[learn[:n]])
        rows.append((name, n, seed, head.score(unseen, y[test])))


def of_one_length(features):
    """Return features, each image's divided by their length: fair to few and to many."""
    return features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-9)


# %% [markdown]
# The digits are read by a **head** on the features, a logistic regression. Its first features are
# the pixels themselves: that is the line to beat.
#
# ## 1. What are letters made of?
#
# Cut 20,000 patches of 6 x 6 pixels out of the letters, and sort them into a hundred groups of
# patches that look alike (**k-means**). Nobody says what a group is.

# %%
patches = learn_patches(letters[SEED], seed=SEED)
pictures = patches.pictures()
fig, axes = plt.subplots(5, 20, figsize=(12, 3.2))
for ax, picture in zip(axes.flat, pictures, strict=True):
    ax.imshow(picture, cmap="gray")
    ax.axis("off")

# %% [markdown]
# Look at them: edges, strokes and ends of strokes, in all directions. To see a digit with these
# patches, ask at each place which groups it is near, and add up in nine parts of the image: 900
# features such as "a stroke to the right, top left" (Coates et al. 2011). The head gets these
# instead of pixels.

# %% tags=["widget"]
patch_guess = Prediction("50 labels: points (of 100) gained over pixels?", low=-10, high=30)
patch_guess

# %%
rows = []
for seed in SEEDS:
    score("pixels", lambda images: images.reshape(len(images), -1) / 255, seed)
    score("patches", learn_patches(letters[seed], seed=seed), seed)


def summarise(rows):
    """Return all rows as a table, and what each way gains over the pixels in the mean."""
    table = pd.DataFrame(rows, columns=["features", "labels", "seed", "accuracy"])
    mean = table.pivot_table(index="labels", columns="features", values="accuracy")
    return table, mean.sub(mean["pixels"], axis=0)


table, gain = summarise(rows)
patch_guess.reveal(100 * gain.loc[50, "patches"])

# %% [markdown]
# A second of computing, no network and no label, and the head reads many more digits. A head on
# pixels must learn from your labels that a stroke, moved by a pixel, is the same stroke. The
# patches know it from letters. We draw the picture when all ways are together.

# %% tags=["claim"]
claim("Patches over pixels, 50 labels", gain.loc[50, "patches"], at_least=0.03)
claim("Patches over pixels, 100 labels", gain.loc[100, "patches"], at_least=0.04)

# %% [markdown]
# ## 2. Tell pairs apart
#
# Now a network. Without labels, what should it be asked? **Contrastive learning** (Chen et al.
# 2020): bend each letter of a batch twice, at random, and ask for each view which of the others is
# its partner. With $s$ the cosine between two views and $T$ a temperature, view $i$ with partner
# $j$ costs
#
# $$-\log \frac{e^{s_{ij}/T}}{\sum_{k \neq i} e^{s_{ik}/T}}$$


# %%
def new_network(seed):
    """Return a network with random parameters, from an image to 64 features."""
    keras.utils.set_random_seed(seed)
    settings = {"strides": 2, "padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(16, 5, **settings, name="conv1"),
            keras.layers.Conv2D(32, 3, **settings, name="conv2"),
            keras.layers.Conv2D(64, 3, **settings, name="conv3"),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu", name="features"),
        ]
    )


# %%
from tlwidgets.adapt import ContrastiveLearner

fresh = {seed: new_network(seed) for seed in SEEDS}  # once: a new seed slows what runs next
contrast = ContrastiveLearner(fresh[SEED])
views = contrast.two_views(letters[SEED][:12])
fig, axes = plt.subplots(2, 12, figsize=(12, 2.2))
for ax, image in zip(axes.flat, np.concatenate(views), strict=True):
    ax.imshow(image, cmap="gray")
    ax.axis("off")

# %% [markdown]
# Look at the columns: two views of the same letter. Turned, slanted, moved and stretched it is
# still the same letter, and that is all the network is told. What do you expect with 50 labels?

# %% tags=["widget"]
pair_guess = Prediction(
    "50 labels: which reads best?", choices=["pixels", "from scratch", "contrast"]
)
pair_guess

# %%
from tlwidgets.adapt import MultiTask

alone = MultiTask(fresh[SEED], {"digit": 10})  # one task: plain training from scratch
for seed in SEEDS:
    contrast.restart(fresh[seed], seed=seed)
    contrast.fit(letters[seed], steps=STEPS, seed=seed)
    score("contrast", contrast.network, seed)
    learn, test = draw(seed)
    for n in N_LABELS:
        alone.restart(fresh[seed], seed=seed)
        alone.fit({"digit": (x[learn[:n]], y[learn[:n]])}, steps=STEPS, seed=seed)
        rows.append(("from scratch", n, seed, alone.accuracy("digit", x[test], y[test])))
table, gain = summarise(rows)
pair_guess.reveal(gain.loc[50, ["pixels", "from scratch", "contrast"]].idxmax())

# %% [markdown]
# The contrast wins. To find its partner among 127 others, a view must show *which shape* it is,
# however it was bent; and what tells shapes apart tells digits apart, too. From scratch, the same
# network with the same labels is no better than the pixels: twenty labels are too few to learn
# what a shape is, and the letters had eight thousand.

# %% tags=["claim"]
over_scratch = gain["contrast"] - gain["from scratch"]
for n, bound in {20: 0.08, 50: 0.06, 100: 0.04}.items():
    claim(f"Contrast over pixels, {n} labels", gain.loc[n, "contrast"], at_least=bound)
    claim(f"Contrast over scratch, {n} labels", over_scratch[n], at_least=bound)
claim("From scratch over pixels, mean: nothing", gain["from scratch"].mean(), at_most=0.03)

# %% [markdown]
# ## 3. Mend what is damaged
#
# Another task that needs no labels: make holes into a letter, and ask for the whole one. A network
# of the same size turns the damaged letter into 64 numbers, a decoder draws it again from these: a
# **denoising autoencoder** (Vincent et al. 2008). Without holes and without bends (ReLU) that
# would be **PCA**; we add it. Who can draw letters from 64 numbers knows letters. Doesn't it?

# %% tags=["widget"]
mend_guess = Prediction("50 labels: points (of 100) gained over pixels?", low=-10, high=30)
mend_guess

# %%
from sklearn.decomposition import PCA

from tlwidgets.adapt import DenoisingAutoencoder


def flat(images):
    return images.reshape(len(images), -1) / 255


mender = DenoisingAutoencoder(fresh[SEED])
for seed in SEEDS:
    mender.restart(fresh[seed], seed=seed)
    mender.fit(letters[seed], steps=STEPS, seed=seed)
    score("mending", mender.network, seed)
    pca = PCA(64, random_state=0).fit(flat(letters[seed]))
    score("PCA", lambda images, pca=pca: pca.transform(flat(images)), seed)
table, gain = summarise(rows)
mend_guess.reveal(100 * gain.loc[50, "mending"])

# %% [markdown]
# So is it bad at its task? Letters that it has not seen, the same with holes, and what it drew
# from those:

# %%
new = make_glyphs(12, seed=99).images[..., None]
damaged = mender.damage(new)
fig, axes = plt.subplots(3, 12, figsize=(12, 3.3))
for ax, image in zip(axes.flat, [*new, *damaged, *mender.rebuild(damaged)], strict=True):
    ax.imshow(image, cmap="gray", vmin=0, vmax=255)
    ax.axis("off")

# %% [markdown]
# It draws them again, if blurred, and yet its features are **no better than pixels**. For drawing,
# everything counts that takes ink: where a letter stands, how bold and how slanted it is. So two
# views of one letter lie far apart in its features; `apart`, below, measures how far. The contrast
# was told to ignore just that. Or were the steps too few? We have saved runs with four times as
# many. All ways in one picture:

# %%
from tlwidgets import load_results

longer = load_results("self_taught_longer").groupby(["features", "labels"])["accuracy"].mean()
ORDER = ["contrast", "patches", "from scratch", "pixels", "PCA", "mending"]
LOOKS = ["#00825F", "#3D9BD6", "#D55E00", "#7A7A7A", "#B07D00", "#A8487F"]
fig, ax = plt.subplots(figsize=(8, 4))
ax.plot(longer["mending"], ":", color=LOOKS[-1], label="mending, 4 x the steps")
sns.lineplot(table, x="labels", y="accuracy", hue="features", style="features", hue_order=ORDER,
             style_order=ORDER, markers=True, palette=LOOKS, dashes=False,
             err_style="bars", errorbar="sd", ax=ax)  # fmt: skip
ax.set(xscale="log", xticks=N_LABELS, xticklabels=N_LABELS, ylabel="accuracy on 1,000 test digits")
ax.minorticks_off()
sns.move_legend(ax, "upper left", bbox_to_anchor=(1, 1), frameon=False, title="")

# %% [markdown]
# Read it from top to bottom at 50 labels: contrast, patches, then the pixels. PCA lies on them: it
# only turns the pixels, and the head could have done that itself. Mending lies below; with four
# times the steps it reads about as well as the patches, which took a second, and less than the
# contrast with a quarter of the steps. In a **pretext task** it matters what must be known, and
# what must be ignored, to solve it. And who trains too briefly finds that nothing works.

# %% tags=["claim"]
pairs = contrast.two_views(make_glyphs(500, seed=99).images[..., None])


def apart(network):
    """Return how far two views of a letter are apart; 1: as far as views of two letters."""
    one, two = (of_one_length(np.asarray(network(views))) for views in pairs)
    partners, others = (np.linalg.norm(one - v, axis=1).mean() for v in (two, np.roll(two, 1, 0)))
    return partners / others


lead, pixels = gain.mean(), table.query("features == 'pixels'")["accuracy"].mean()
four = longer["mending"].mean() - pixels
claim("Apart, mending over contrast", apart(mender.network) / apart(contrast.network), at_least=1.2)
claim("Mending over pixels: nothing", lead["mending"], at_most=0.0)
claim("PCA over pixels: nothing", lead["PCA"], at_least=-0.03, at_most=0.02)
claim("Contrast over mending", lead["contrast"] - lead["mending"], at_least=0.08)
claim("Mending with four times the steps over pixels", four, at_least=0.02)
claim("Contrast over that", lead["contrast"] - four, at_least=0.03)

# %% [markdown]
# ## Play
#
# The network that told pairs apart, with a head solved for 20 digits. Drag the border between
# frozen (blue) and trainable (orange), and press Train. Try:
#
# 1. Head only: seven digits in ten, and the network has never been told what a digit is.
# 2. Cut at `conv1`: all layers train on 20 digits, and it reads fewer.
# 3. 500 labels, head only with learning rate 0.01; then cut at `conv1` with 0.001: with many labels
#    let all layers train.

# %% tags=["widget"]
from tlwidgets import FreezeSlider

learn, test = draw(SEED)
trunk = keras.Sequential([contrast.network, keras.layers.UnitNormalization()])
solved = LogisticRegression(C=100, max_iter=2000).fit(trunk(x[learn[:20]]), y[learn[:20]])
model = keras.Sequential([trunk, keras.layers.Dense(10, name="digits")])
model.layers[-1].set_weights([solved.coef_.T, solved.intercept_])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"])
lab = FreezeSlider(model, train=(x[learn], y[learn]), validation=(x[test], y[test]))
lab.n_labels, lab.epochs, lab.learning_rate, lab.cut = 20, 20, 0.001, 4
lab

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Write the contrastive loss of part 2 yourself. `first` and `second` are the
# projections of two views of five letters, row by row. Put the ten views into one array, divide
# each by its length, and compute all cosines; the partner of view 0 is view 5, and the other way
# round. A view is never compared with itself. Put the mean over the ten views into `cost`, for a
# temperature of 0.2.

# %% tags=["exercise"]
first, second = np.random.default_rng(SEED).normal(size=(2, 5, 8))

both = of_one_length(np.concatenate([first, second]))  #:
similar = np.exp(both @ both.T / 0.2)  #:
partner = (np.arange(10) + 5) % 10  #:
others = similar.sum(axis=1) - np.diag(similar)  #:
cost = -np.log(similar[np.arange(10), partner] / others).mean()  #: cost = ...

# %% tags=["check"]
from tlwidgets.adapt import contrastive_loss

truth = float(contrastive_loss(first, second, temperature=0.2))
warm = float(contrastive_loss(first, second, temperature=1))
check(
    "Exercise 1",
    cost,
    expect(lambda c: np.ndim(c) == 0, "One number: the mean over the ten views."),
    expect(lambda c: c > 0, "A loss is not negative: minus the logarithm."),
    expect(lambda c: not np.isclose(c, warm), "Divide the cosines by the temperature."),
    expect(lambda c: c < 2 * truth, "Far too large. The mean, not the sum?"),
    expect(lambda c: abs(c - truth) < 0.02, "Not yet. Is a view compared with itself? Lengths?"),
    well_done="It is `contrastive_loss`, and you know now what it asks for.",
)

# %% [markdown]
# **Exercise 2.** What if the two views were **the same image**, not bent at all? Make a
# `ContrastiveLearner` for `new_network(SEED)` with `views=RandomViews(0, 0, 0, 0)`, train it on
# `letters[SEED]` for `STEPS` steps, and put its accuracy with 50 labels into `unbent`. Let
# `score("unbent", still.network, SEED)` measure it: it puts a row (name, labels, seed, accuracy)
# into `rows` for 20, 50 and 100 labels, so `rows[-2]` then is that with 50.

# %% tags=["exercise"]
from tlwidgets.adapt import RandomViews

still = ContrastiveLearner(new_network(SEED), views=RandomViews(0, 0, 0, 0))  #: still = ...
still.fit(letters[SEED], steps=STEPS)  #:
score("unbent", still.network, SEED)  #:
unbent = rows[-2][3]  #: unbent = ...

# %% tags=["check"]
begun = new_network(SEED).get_weights()[0]
[bent] = table.query("features == 'contrast' and labels == 50 and seed == @SEED")["accuracy"]
check(
    "Exercise 2",
    unbent,
    expect(lambda u: 0 < u <= 1, "One accuracy, from 0 to 1."),
    expect(lambda u: rows[-2][3] == u and rows[-2][1] == 50, "Take rows[-2][3] after `score`."),
    expect(lambda u: np.allclose(*still.two_views(x[:2])), "These views are bent."),
    expect(lambda u: np.any(still.network.get_weights()[0] != begun), "It has not learned: fit."),
    expect(lambda u: u < bent, "As good as with bent views? Did `still` learn from these?"),
    well_done=f"With bent views it was {bent:.0%}: without anything to ignore it learns little.",
)

# %% [markdown]
# ## Where it breaks
#
# A pretext task that was famous: turn each image by a random quarter turn, and ask which way it was
# turned (Gidaris et al. 2018). Photographs of dogs teach a lot that way: who knows which way is up
# must know what a dog is. And letters?

# %% tags=["widget"]
turn_guess = Prediction("Turned letters, 50 labels: points (of 100) over pixels?", low=-20, high=20)
turn_guess

# %%
turned = MultiTask(fresh[SEED], {"turn": 4}, learning_rate=0.002)
for seed in SEEDS:
    turns = np.random.default_rng([seed, 2]).integers(0, 4, N_LETTERS)
    images = np.stack(list(map(np.rot90, letters[seed], turns)))
    turned.restart(fresh[seed], seed=seed)
    turned.fit({"turn": (images, turns)}, steps=STEPS, batch_size=64, seed=seed)
    score("turns", turned.trunk, seed)
    score("random network", fresh[seed], seed)
table, gain = summarise(rows)
turn_guess.reveal(100 * gain.loc[50, "turns"])
gain[["contrast", "turns", "random network"]].round(3)

# %% tags=["claim"]
claim("Turns over pixels, 50 labels", gain.loc[50, "turns"], at_most=-0.03)
learned = gain.loc[50, "turns"] - gain.loc[50, "random network"]
claim("Turns over a random network, 50 labels", learned, at_least=0.03)
claim("Turns with four times the steps over pixels", longer["turns"].mean() - pixels, at_most=-0.04)
claim("Contrast over turns, 50 labels", gain.loc[50, "contrast"] - gain.loc[50, "turns"],
      at_least=0.10)  # fmt: skip
own = (longer["contrast on digits"] - longer["contrast"]).min()
claim("Own digits over letters, smallest lead", own, at_least=0.02)

# %% [markdown]
# **Worse than the pixels**, though better than a network that learned nothing; and here, four times
# the steps change nothing. Many letters (o, x, H, S, N, z) look the same after a half turn: there
# is nothing to see; and how the others stand, a few features tell. A pretext task that cannot be
# solved, or that can be solved without what you need, does not teach it. Try one on few labels of
# your own before you train for days.

# %% [markdown]
# And did it have to be **letters**? Telling pairs apart takes no labels, so the target's own images
# can serve. In saved runs the same network, with the same steps, learned from 4,000 digits that
# nobody had labelled, and read better than after 8,000 letters. A source is for whoever has few
# images, not just few labels. How few? Lesson 08 counts.

# %% [markdown]
# ## You can now
#
# - **learn** features without labels: k-means on patches, in a second, is hard to beat;
# - **train** a network to tell pairs of views apart: choose the bends so that they leave alone
#   what your target needs, and change what it can ignore;
# - **judge** a pretext task by a head on few labels, against pixels and against scratch: mending
#   needed four times the steps for less than the contrast; PCA and turning gave nothing.
#
# **References.** Raina et al. (2007), Self-taught learning: transfer learning from unlabeled data,
# *ICML*. Coates, Lee and Ng (2011), An analysis of single-layer networks in unsupervised feature
# learning, *AISTATS*. Vincent et al. (2008), Extracting and composing robust features with
# denoising autoencoders, *ICML*. Gidaris, Singh and Komodakis (2018), Unsupervised representation
# learning by predicting image rotations, *ICLR*. Chen et al. (2020), A simple framework for
# contrastive learning of visual representations, *ICML*.
