# %% [markdown] transfer="inductive" method="self-taught"
# # 06 · Can a network learn to see without any labels?
#
# Eight thousand letters, and nobody has said which is which. Twenty digits with labels, and you
# want to read the others. The letters cannot tell you what a 7 is; can they teach you what to look
# at? You will let a computer teach itself in three ways, and find out what it was that helped.
#
# **About 45 minutes** · needs 01 · 70 CPU seconds · 1.1 GB of memory
#
# ## You will
#
# - **learn** features from images without labels, and find the part of them that does the work;
# - **train** a network to tell pairs of views apart, with letters or without, with bends or
#   without;
# - **judge** a pretext task by what it teaches, not by how well it is solved.
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
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect
from tlwidgets import load_digits, make_glyphs
from tlwidgets.adapt import PatchFeatures, learn_patches
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
N_LABELS = (20, 50, 100)  # labelled digits, from 10 to 500
N_LETTERS = 8000  # letters without labels, 100 or more
STEPS = 300  # of each training
N_SEEDS = 3  # 1 or more; each seed: other letters, another test set, other random parameters
SEED = 0  # the first of them

# %% [markdown]
# The **source** has no labels at all, and its images are not even of the same kind as the
# **target**'s: letters, not digits. Raina et al. (2007) called this **self-taught learning**;
# images that give the answers themselves make **self-supervised learning**. In Pan and Yang's map
# (2010) it is inductive: the few labels are in the target.
#
# The digits are read by a **head** on the features, a logistic regression (**linear probing**). Its
# first features are the pixels: that is the line to beat.

# %%
if not (10 <= min(N_LABELS) <= max(N_LABELS) <= 500 and N_LETTERS >= 100 and N_SEEDS >= 1):
    raise ValueError("N_LABELS go from 10 to 500; N_LETTERS from 100, N_SEEDS from 1 on.")
SEEDS, MID = range(SEED, SEED + N_SEEDS), sorted(N_LABELS)[len(N_LABELS) // 2]
digits = load_digits()
x, y = digits.images[..., None], digits.labels
letters = {seed: make_glyphs(N_LETTERS, seed=seed).images[..., None] for seed in SEEDS}


def show(images, n_rows):
    """Draw images in rows."""
    n = len(images) // n_rows
    _, axes = plt.subplots(n_rows, n, figsize=(12, 12.5 * n_rows / n))
    for ax, image in zip(axes.flat, images, strict=True):
        ax.imshow(image, cmap="gray")
        ax.axis("off")


show([*letters[SEED][:12], *x[np.random.default_rng(SEED).choice(len(y), 12)]], 2)


# %%
def draw(seed):
    """Return 500 digits to learn from, all ten in turn, and 1,000 others for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    return np.array([pool[y[pool] == digit][:50] for digit in range(10)]).T.ravel(), test


def score(way, encode, seed, labels=N_LABELS):
    """Read digits with a head on these features and few labels; keep the accuracies."""
    learn, test = draw(seed)
    known, unseen = (of_one_length(np.asarray(encode(x[c]))) for c in (learn[: max(labels)], test))
    for n in labels:
        head = LogisticRegression(C=100, max_iter=2000).fit(known[:n], y[learn[:n]])
        accuracy[way, n, seed] = head.score(unseen, y[test])


def of_one_length(features):
    """Return features, each image's divided by their length: fair to few and to many."""
    return features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-9)


# %% [markdown]
# ## 1. What are letters made of?
#
# Cut 20,000 patches of 6 x 6 pixels out of the letters, and sort them into a hundred groups of
# patches that look alike (**k-means**). Nobody says what a group is.

# %%
accuracy = {}  # (way, labels, seed) -> accuracy on 1,000 test digits


def means():
    """Return the mean accuracy of each way (column) with each number of labels (row)."""
    return pd.Series(accuracy).groupby(level=[1, 0]).mean().unstack()


def noise_patches(seed):
    """Return a hundred patches of noise, each as bright and as rich in contrast as the others."""
    noise = np.random.default_rng(seed).normal(size=(36, 100)).astype("float32")
    noise = (noise - noise.mean(axis=0)) / noise.std(axis=0)
    return PatchFeatures(noise.T, np.zeros(36, "float32"), np.eye(36, dtype="float32"))


patches = learn_patches(letters[SEED], seed=SEED)
show([*patches.pictures()[:75], *noise_patches(SEED).pictures()[:25]], 4)

# %% [markdown]
# Look at the upper three rows: edges, strokes and ends of strokes. To see a digit with these, ask
# at each of 12 x 12 places which groups it is near, and average that over nine parts of the image
# (**pooling**): 900 features such as "a stroke to the right, top left" (Coates, Lee and Ng 2011;
# they add up in four parts).
#
# Is it the *patches* that help? The control, lowest row, gets a hundred patches of **noise**. And
# both are also tried without pooling, each place by itself.

# %% tags=["widget"]
noise_guess = Prediction(
    "Of what patches of letters gain over pixels, how much does noise gain?",
    choices=["nothing", "about half", "nearly all"],
)
noise_guess

# %%
from dataclasses import replace

for seed in SEEDS:
    score("pixels", lambda images: images.reshape(len(images), -1) / 255, seed)
    by_letters, by_noise = learn_patches(letters[seed], seed=seed), noise_patches(seed)
    for way, seen in {"patches": by_letters, "noise": by_noise}.items():
        score(way, seen, seed)
        score(f"{way}, not pooled", replace(seen, n_parts=12), seed, [MID])
mean, centres = means(), ["patches", "noise"]
switches = mean.loc[MID, ["patches", "noise", "patches, not pooled", "noise, not pooled"]]
gained = mean[centres].sub(mean["pixels"], axis=0)
share = gained.loc[MID, "noise"] / gained.loc[MID, "patches"]
noise_guess.reveal("nothing" if share < 0.25 else "about half" if share < 0.7 else "nearly all")
pd.DataFrame(switches.to_numpy().reshape(2, 2).T.round(2),
             ["patches of letters", "noise"], ["pooled", "not pooled"])  # fmt: skip

# %% [markdown]
# Read it from left to right, then from top to bottom. **Pooling** is what helps: a stroke that
# moves by a pixel mostly stays in its part of the image. *Which* patches are asked hardly matters;
# noise does nearly as well as letters. Coates and Ng (2011) found this with photographs. Without
# the control we would have praised the letters.

# %% tags=["claim"]
last = mean.index.max()
claim(f"Patches over pixels, {last} labels", gained.loc[last, "patches"], at_least=0.03)
claim("Noise over pixels, mean over labels", gained["noise"].mean(), at_least=0.02)
claim("Patches over noise, mean over labels: little", (gained["patches"] - gained["noise"]).mean(),
      at_most=0.035)  # fmt: skip
for way in centres:
    pooling = switches[way] - switches[f"{way}, not pooled"]
    claim(f"Pooling, {way}, {MID} labels", pooling, at_least=0.02)

# %% [markdown]
# ## 2. Tell pairs apart
#
# Now a network. Without labels, what should it be asked? **Contrastive learning** (SimCLR, Chen et
# al. 2020): bend each letter of a batch twice, at random, and ask for each view which of the others
# is its partner. With $s$ the cosine between two views and $T$ a temperature, view $i$ with partner
# $j$ costs
#
# $$-\log \frac{e^{s_{ij}/T}}{\sum_{k \neq i} e^{s_{ik}/T}}$$
#
# The cosines are not taken of the features but of a layer on top, the **projection head**, which is
# thrown away afterwards: it may forget what the features should keep.


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
from tlwidgets.adapt import ContrastiveLearner, MultiTask, RandomViews

fresh = {seed: new_network(seed) for seed in SEEDS}  # once: a new seed slows what runs next
VIEWS = {"no bends": RandomViews(0, 0, 0, 0), "bends": RandomViews()}
learners = {bends: ContrastiveLearner(fresh[SEED], views=VIEWS[bends]) for bends in VIEWS}
alone = MultiTask(fresh[SEED], {"digit": 10})  # one task: plain training


def train_all(way, network, views, seed):
    """Train all layers, beginning with this network, on copies of few digits."""
    (learn, test), seeds = draw(seed), keras.random.SeedGenerator(seed)
    copies = np.array([views(x[learn[: max(N_LABELS)]], seeds) for _ in range(20)])
    for n in N_LABELS:
        known = copies[:, :n].reshape(-1, 28, 28, 1), np.tile(y[learn[:n]], 20)
        alone.restart(network, seed=seed)
        alone.fit({"digit": known}, steps=STEPS, seed=seed)
        accuracy[way, n, seed] = alone.accuracy("digit", x[test], y[test])


show(np.concatenate(learners["bends"].two_views(letters[SEED][:12])), 2)

# %% [markdown]
# Each column shows two views of one letter. Turned, slanted, moved and stretched it is still the
# same letter. That is knowledge, and it is *ours*: whoever bends training images makes
# **data augmentation**. A network without any letter can have it, too, if we bend its few labelled
# digits. So there are two switches, **letters** and **bends**. All four networks below then train
# all layers, equally long, on 20 copies of each labelled digit, bent or not.

# %% tags=["widget"]
switch_guess = Prediction(
    "Few labels: which switch brings more?", choices=["8,000 letters", "bends"]
)
switch_guess

# %%
for bends, contrast in learners.items():
    for seed in reversed(SEEDS):  # SEED comes last: "Play" takes that network
        contrast.restart(fresh[seed], seed=seed)
        contrast.fit(letters[seed], steps=STEPS, seed=seed)
        score(f"contrast, {bends}", contrast.network, seed)
        train_all(f"letters, {bends}", contrast.network, VIEWS[bends], seed)
        train_all(f"no letters, {bends}", fresh[seed], VIEWS[bends], seed)
mean = means()
of_bends = mean["no letters, bends"] - mean["no letters, no bends"]
of_letters = mean["letters, bends"] - mean["no letters, bends"]
brings_more = of_letters.mean() > of_bends.mean()
switch_guess.reveal("8,000 letters" if brings_more else "bends")

# %% [markdown]
# The four corners, and as a fifth line the usual way: a head on the contrastive network, which
# stays frozen.

# %%
LOOKS = {"letters, bends": ("#A65C8E", "o-"), "no letters, bends": ("#7A7A7A", "s-"),
         "contrast, bends": ("#00825F", "^-"), "no letters, no bends": ("#7A7A7A", "s:"),
         "letters, no bends": ("#A65C8E", "o:")}  # fmt: skip
ax = plt.subplots(figsize=(7, 3.8))[1]
for way, (colour, line) in LOOKS.items():
    label = "letters and bends, head only" if way.startswith("contrast") else way
    ax.plot(mean.index, mean[way], line, color=colour, label=label)
ax.set(xscale="log", xlabel="labelled digits", ylabel="accuracy on 1,000 test digits")
ax.set_xticks(mean.index, mean.index)
ax.minorticks_off()
ax.legend(frameon=False, bbox_to_anchor=(1, 1), loc="upper left")
sns.despine()

# %% [markdown]
# Read it from the dotted lines up to the solid ones: the **bends** do most of the work. The step
# from solid grey to solid purple is what eight thousand letters add, a few points. Without bends
# the letters bring nothing: two equal views are told from the others by any pixel. Frozen features
# (green) keep up where labels are very few; with more, all layers, trained on bent digits, leave
# them behind. Whoever compares green with dotted grey praises the letters for the bends.

# %% tags=["claim"]
claim("Bends, mean over labels", of_bends.mean(), at_least=0.07)
claim("Letters, both with bends, mean over labels", of_letters.mean(), at_least=0.005)
claim("Bends over letters", of_bends.mean() - of_letters.mean(), at_least=0.05)
useless = mean["letters, no bends"] - mean["no letters, no bends"]
claim("Letters, both without bends: nothing", useless.mean(), at_most=0.03)
frozen = mean["contrast, bends"] - mean["no letters, bends"]
claim("Frozen features over bends alone, many labels", frozen[last], at_most=0.0)
claim("The same, from many labels to few", frozen.iloc[0] - frozen[last], at_least=0.01)
apparent = (mean["contrast, bends"] - mean["no letters, no bends"]).mean()
claim("Letters with bends over a control that lacks both", apparent, at_least=0.05,
      control=of_letters.mean())  # fmt: skip

# %% [markdown]
# ## 3. Mend what is damaged
#
# Another task that needs no labels: make holes into a letter, and ask for the whole one. A network
# of the same size turns the damaged letter into 64 numbers, a decoder draws it again from these: a
# **denoising autoencoder** (Vincent et al. 2008). Without holes, with straight lines for layers and
# the squared error it would be **PCA**; we add it. To draw a letter from 64 numbers you must know
# letters. Mustn't you?

# %% tags=["widget"]
mend_guess = Prediction(f"{MID} labels: points (of 100) gained over pixels?", low=-10, high=30)
mend_guess

# %%
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tlwidgets.adapt import DenoisingAutoencoder

mender = DenoisingAutoencoder(fresh[SEED])
for seed in SEEDS:
    mender.restart(fresh[seed], seed=seed)
    mender.fit(letters[seed], steps=STEPS, seed=seed)
    score("mending", mender.network, seed)
    pixels = FunctionTransformer(lambda images: images.reshape(len(images), -1) / 255)
    score("PCA", make_pipeline(pixels, PCA(64)).fit(letters[seed]).transform, seed)
mend_guess.reveal(100 * (means()["mending"] - means()["pixels"])[MID])
damaged = mender.damage(letters[SEED][:12])
show([*letters[SEED][:12], *damaged, *mender.rebuild(damaged)], 3)

# %% [markdown]
# So it is not bad at its task: whole, damaged, drawn again. And yet its features are **no better
# than pixels**. For drawing, everything counts that takes ink: where a letter stands, how bold and
# how slanted it is. Two views of one letter lie far apart in its features, as `apart` measures
# below; the contrast was told to ignore just that. Or were the steps too few? Saved runs took four
# times as many. All features, each read by a head; the bars are the spread over the seeds:

# %%
from tlwidgets import load_results

saved = load_results("self_taught_longer")
longer = saved.groupby(["labels", "features"])["accuracy"].mean().unstack()
ways = {"contrast, bends": "#00825F", "patches": "#3D9BD6", "mending, 4 x the steps": "#A8487F",
        "pixels": "#7A7A7A", "PCA": "#B07D00", "mending": "#D55E00"}  # fmt: skip
rows = [(way, n, value) for (way, n, _), value in accuracy.items() if way in ways]
rows += [("mending, 4 x the steps", row.labels, row.accuracy)
         for row in saved.query("features == 'mending'").itertuples()]  # fmt: skip
table = pd.DataFrame(rows, columns=["features", "labelled digits", "accuracy"])
ax = plt.subplots(figsize=(8, 4))[1]
sns.pointplot(table, x="labelled digits", y="accuracy", hue="features", palette=ways, errorbar="sd",
              hue_order=ways, dodge=0.5, markers=list("^vXsDo"), linestyles="", ax=ax)  # fmt: skip
sns.move_legend(ax, "upper left", bbox_to_anchor=(1, 1), frameon=False, title="")
sns.despine()

# %% [markdown]
# Read it from left to right within one number of labels: contrast, patches, long mending, then the
# pixels. PCA lies on them: it only turns the pixels, and the head could have done that itself.
# Mending lies below; four times the steps bring it above the pixels, yet not to the contrast with a
# quarter of the steps. In a **pretext task** it matters what must be known, and what ignored, to
# solve it. And who trains too briefly finds that nothing works.

# %% tags=["claim"]
pairs = learners["bends"].two_views(make_glyphs(500, seed=SEED + 1000).images[..., None])


def apart(network):
    """Return how far two views of a letter are apart; 1: as far as views of two letters."""
    one, two = (of_one_length(np.asarray(network(views))) for views in pairs)
    partners, others = (np.linalg.norm(one - v, axis=1).mean() for v in (two, np.roll(two, 1, 0)))
    return partners / others


lead = means().sub(means()["pixels"], axis=0).mean()
more_steps = (longer["mending"] - longer["pixels"]).mean()
claim("Apart, mending over contrast", apart(mender.network) / apart(contrast.network), at_least=1.2)
claim("Mending over pixels: nothing", lead["mending"], at_most=0.01)
claim("PCA over pixels: nothing", lead["PCA"], at_least=-0.03, at_most=0.02)
claim("Contrast over mending", lead["contrast, bends"] - lead["mending"], at_least=0.08)
claim("Mending with four times the steps over pixels", more_steps, at_least=0.02)
claim("Contrast over that", lead["contrast, bends"] - more_steps, at_least=0.03)

# %% [markdown]
# ## Play
#
# The network that told pairs apart, with a head solved for 20 digits. Drag the border between
# frozen (blue) and trainable (orange), and press Train. Try:
#
# 1. Head only: two digits in three, and the network has never been told what a digit is.
# 2. Cut at `conv1`: all layers train on 20 digits, unbent, and it reads no more than before.
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
lab = FreezeSlider(model, train=(x[learn], y[learn]), validation=(x[test], y[test]),
                   label_order="given")  # fmt: skip
lab.n_labels, lab.epochs, lab.learning_rate, lab.cut = 20, 20, 0.001, 4
lab

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Write the contrastive loss of part 2 yourself. `first` and `second` are what the
# projection head makes of two views of five letters, row by row. Put the ten views into one array,
# divide each by its length, and compute all cosines; the partner of view 0 is view 5, and the other
# way round. A view is never compared with itself. Put the mean over the ten views into `cost`, for
# a temperature of 0.2.

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
# **Exercise 2.** An augmentation can **lie**. Turned by up to 180 degrees, a 6 and a 9 are one.
# Make a `ContrastiveLearner` for `new_network(SEED)` with `views=RandomViews(max_rotation=180)`,
# train it on `letters[SEED]` for `STEPS` steps, let `score("dizzy", dizzy.network, SEED)` measure
# it, and put its accuracy with `MID` labels into `lied`: `accuracy["dizzy", MID, SEED]`.

# %% tags=["exercise"]
dizzy = ContrastiveLearner(new_network(SEED), views=RandomViews(max_rotation=180))  #: dizzy = ...
dizzy.fit(letters[SEED], steps=STEPS)  #:
score("dizzy", dizzy.network, SEED)  #:
lied = accuracy["dizzy", MID, SEED]  #: lied = ...

# %% tags=["check"]
begun, honest = new_network(SEED).get_weights()[0], accuracy["contrast, bends", MID, SEED]
dot = np.zeros((200, 28, 28, 1))
dot[:, 5:8, 13:16] = 255  # at the top; upside down it is at the bottom
check(
    "Exercise 2",
    lied,
    expect(lambda a: 0 < a <= 1, "One accuracy, from 0 to 1."),
    expect(lambda a: np.mean(dizzy.two_views(dot)[0][:, 14:].sum((1, 2, 3)) > 0) > 0.2,
           "Its views are never upside down: max_rotation=180."),
    expect(lambda a: np.any(dizzy.network.get_weights()[0] != begun), "It has not learned: fit."),
    expect(lambda a: accuracy["dizzy", MID, SEED] == a, "Take accuracy[...] after `score`."),
    expect(lambda a: a < honest, "As good as with honest bends? Did `dizzy` learn from these?"),
    well_done=f"With honest bends it was {honest:.0%}. It learned to ignore what you need.",
)  # fmt: skip

# %% [markdown]
# ## Where it breaks
#
# A pretext task that was famous: turn each image by a random quarter turn, and ask which way it was
# turned (Gidaris et al. 2018). Photographs of dogs teach a lot that way: who knows which way is up
# must know what a dog is. And letters?

# %% tags=["widget"]
turn_guess = Prediction(
    f"Turned letters, {MID} labels: points (of 100) over pixels?", low=-20, high=20
)
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
gain = means().sub(means()["pixels"], axis=0)
turn_guess.reveal(100 * gain.loc[MID, "turns"])
gain[["contrast, bends", "contrast, no bends", "turns", "random network"]].round(3)

# %% [markdown]
# **Worse than the pixels**, though better than a network that learned nothing; and four times the
# steps change nothing. Our guess, not tested: many letters (o, x, H, S, N, z) look the same
# after a half turn, and how the others stand, a few features tell. A pretext task that cannot be
# solved, or that can be solved without what you need, does not teach it. Contrast without bends
# ends far below the pixels, too. Try a task on few labels before you train for days.

# %% tags=["claim"]
claim("Turns over pixels, mean over labels", gain["turns"].mean(), at_most=0.0)
learned = (gain["turns"] - gain["random network"]).mean()
claim("Turns over a random network, mean over labels", learned, at_least=0.02)
still = (longer["turns"] - longer["pixels"]).mean()
claim("Turns with four times the steps over pixels", still, at_most=-0.03)
unbent = gain["contrast, no bends"].mean()
claim("Contrast without bends over pixels, mean over labels", unbent, at_most=-0.08)
own = (longer["contrast on digits"] - longer["contrast"]).min()
claim("Own digits over letters, saved runs, smallest lead", own, at_least=0.02)

# %% [markdown]
# And did it have to be **letters**? Telling pairs apart takes no labels, so the target's own images
# can serve. In saved runs the same network, with the same steps and bends, learned from 4,000
# digits that nobody had labelled, and its frozen features read better than after 8,000 letters. A
# source is for whoever has few images, not just few labels. How few? Lesson 08 counts.

# %% [markdown]
# ## You can now
#
# - **learn** features without labels: pooled patches take a second, and even patches of noise beat
#   pixels, so ask what it was that helped;
# - **train** a network to tell pairs of views apart, and give the control the same bends: they do
#   most of the work, letters add to it, and bends that lie take away what you need;
# - **judge** a pretext task by a head on few labels, against pixels and a random network: mending
#   needed four times the steps for less than the contrast; PCA and turning gave nothing.
#
# **References.** Pan and Yang (2010), A survey on transfer learning, *IEEE TKDE*. Raina et al.
# (2007), Self-taught learning: transfer learning from unlabeled data, *ICML*. Coates, Lee and Ng
# (2011), An analysis of single-layer networks in unsupervised feature learning, *AISTATS*. Coates
# and Ng (2011), The importance of encoding versus training with sparse coding and vector
# quantization, *ICML*. Vincent et al. (2008), Extracting and composing robust features with
# denoising autoencoders, *ICML*. Gidaris, Singh and Komodakis (2018), Unsupervised representation
# learning by predicting image rotations, *ICLR*. Chen et al. (2020), A simple framework for
# contrastive learning of visual representations, *ICML*.
