# %% [markdown]
# # 08 · Can you sort what nobody has labelled?
#
# Two thousand handwritten digits, and no label at all; nor has anybody labelled the letters that
# you may learn from. You cannot read the digits then, for nobody ever said what a 7 is called. But
# you can put those together that belong together. Do letters help with that? You will find out,
# and you will find out whether you needed them.
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/08_unsupervised_transfer.ipynb)
#
# **About 45 minutes** · 70 CPU seconds · 1.1 GB of memory

# %% [markdown]
# ## You will
#
# - **sort** images without labels into groups, and judge the groups fairly;
# - **compare** features from a source with those that the target can teach itself;
# - **decide** for a new problem which type of transfer it is, and what to try first.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect
from tlwidgets import image_strip, load_digits, load_glyph_net, make_glyphs
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
N_TARGET = 2000  # digits to be sorted
N_LETTERS = 8000  # letters without labels
N_OWN = (10, 100, 2000)  # digits that a network learns from, without labels
STEPS = 150
SEEDS = range(5)  # each seed: other digits, other letters, other random parameters
SEED = 0

# %% [markdown]
# There *are* labels of the digits, for us to see in the end how well it went. They are **sealed**:
# they are used in the function `judge`, and to colour one picture. Nothing that sorts or learns
# ever gets them; look for `sealed` while you read on.

# %%
digits = load_digits()
x, sealed = digits.images[..., None], digits.labels
letters = {seed: make_glyphs(N_LETTERS, seed=seed).images[..., None] for seed in SEEDS}


def draw(seed):
    """Return the positions of the digits that are to be sorted."""
    return np.random.default_rng(seed).permutation(len(x))[:N_TARGET]


def flat(images):
    """Return the pixels of each image in one row, from 0 to 1."""
    return images.reshape(len(images), -1) / 255


# %% [markdown]
# ## 1. What lies together
#
# **k-means** puts ten centres among the images, and each image to the nearest. The groups have no
# names. To judge them, open the seal and give every group the name of a digit, each name once, so
# that as many images as possible are right ($c_i$ is the group of image $i$, $y_i$ its digit):
#
# $$\text{accuracy} = \max_{\text{names}} \tfrac{1}{n} \sum_i [\,\text{name}(c_i) = y_i\,]$$
#
# The **Hungarian method** finds the best names. Ten groups by chance get about a tenth right.

# %%
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, confusion_matrix, normalized_mutual_info_score


def matched(labels, groups):
    """Return the share of images that are right when the groups get the best names."""
    table = confusion_matrix(labels, groups)
    return table[linear_sum_assignment(-table)].sum() / table.sum()


def judge(features, groups, seed):
    """Open the seal, and keep in `rows` how well these groups fit the digits."""
    labels = sealed[draw(seed)]
    scores = [f(labels, groups) for f in (adjusted_rand_score, normalized_mutual_info_score)]
    rows.append((features, seed, matched(labels, groups), *scores))


# %% [markdown]
# What k-means gets are pixels first. Then ten numbers per image instead of 784, by **PCA**: it finds
# the directions in which images differ most. In which images? Either in the **target**, the digits
# themselves, or in the **source**, 8,000 letters. What do you expect?

# %% tags=["widget"]
pixel_guess = Prediction("By their pixels, how many digits of 100 are sorted right?", low=0, high=100)
pca_guess = Prediction("Ten directions from letters or digits?", choices=["letters", "digits"])
pixel_guess, pca_guess

# %%
from sklearn.decomposition import PCA


def group(features, seed, n_groups=10):
    """Return the group of each image; of ten attempts the tightest."""
    return KMeans(n_groups, n_init=10, random_state=seed).fit_predict(features)


rows = []
for seed in SEEDS:
    target, source = flat(x[draw(seed)]), flat(letters[seed])
    judge("pixels", group(target, seed), seed)
    for name, images in {"PCA of digits": target, "PCA of letters": source}.items():
        directions = PCA(10, random_state=0).fit(images)
        judge(name, group(directions.transform(target), seed), seed)

# %%
COLUMNS = ["features", "seed", "accuracy", "ARI", "NMI"]


def summarise(rows):
    """Draw the accuracy of each way, as wide as the seeds differ; return all means."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    grid = sns.catplot(table, x="accuracy", y="features", kind="point", errorbar="sd",
                       linestyle="none", height=0.9 + 0.4 * table["features"].nunique(),
                       aspect=2.8 if len(table) < 40 else 2)  # fmt: skip
    grid.set(ylabel="", xlabel="accuracy of ten groups of 2,000 digits", xlim=(0.3, 1))
    return table.groupby("features", sort=False)[COLUMNS[2:]].mean()


mean = summarise(rows)
pixel_guess.reveal(100 * mean.loc["pixels", "accuracy"])
pca_guess.reveal(mean.loc[["PCA of letters", "PCA of digits"], "accuracy"].idxmax()[7:])
mean.round(2)

# %% [markdown]
# Read it from top to bottom. Half of the digits, far more than by chance; the digits' ten
# directions keep that. The letters' ten directions **harm**: letters differ most in what digits
# don't. The table's other columns need no names: **ARI** counts pairs of images that are rightly
# together or apart (0 by chance), **NMI** how much the group tells about the digit. They agree.

# %% tags=["claim"]
claim("Pixels, sorted right", mean.loc["pixels", "accuracy"], at_least=0.42, at_most=0.62)
harm = mean.loc["PCA of letters"] - mean.loc["PCA of digits"]
claim("Letters' directions over the digits' own, accuracy", harm["accuracy"], at_most=-0.05)
claim("Letters' directions over the digits' own, ARI", harm["ARI"], at_most=-0.05)

# %% [markdown]
# ## 2. What letters teach
#
# Lesson 06 had a network that looks at letters without labels and learns to tell **pairs of views**
# apart: it learns to ignore slant, size and place. No label anywhere: with this source and k-means
# it is unsupervised transfer in the strict sense. (Dai et al. 2008 called it **self-taught
# clustering**, and sorted both data sets together.) Here is the network again.


# %%
def new_network(seed):
    """Return a network with random parameters, from an image to 64 features."""
    keras.utils.set_random_seed(seed)
    settings = {"strides": 2, "padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(16, 5, **settings),
            keras.layers.Conv2D(32, 3, **settings),
            keras.layers.Conv2D(64, 3, **settings),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
        ]
    )


# %% [markdown]
# Two controls beside it. A network with **random parameters** tells what the architecture alone is
# good for. And `load_glyph_net` learned letters **with their labels**: no digit has a label, but
# this is not strictly unsupervised, and we say so. All features are brought to length one, so that
# only their direction counts, as the contrast compared them. Where will the letters end up?

# %% tags=["widget"]
letter_guess = Prediction("Unlabelled letters: points (of 100) over pixels?", low=-20, high=40)
letter_guess

# %%
from tlwidgets.adapt import ContrastiveLearner


def features_of(network, images):
    """Return what the network says about each image, every row of length one."""
    features = network.predict(images, batch_size=500, verbose=0)
    return features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-9)


contrast, learned = ContrastiveLearner(new_network(SEED)), {}
for seed in SEEDS:
    contrast.restart(new_network(seed), seed=seed)
    contrast.fit(letters[seed], steps=STEPS, seed=seed)
    learned[seed] = contrast.network.get_weights()
    networks = {"random network": new_network(seed), "letters, unlabelled": contrast.network,
                "letters with labels": load_glyph_net()}  # fmt: skip
    for name, network in networks.items():
        judge(name, group(features_of(network, x[draw(seed)]), seed), seed)

# %%
mean = summarise(rows)
gain = mean - mean.loc["pixels"]
letter_guess.reveal(100 * gain.loc["letters, unlabelled", "accuracy"])
mean.round(2)

# %% [markdown]
# Read it from top to bottom. The random network is **worse** than the pixels: features don't help
# because a network made them. What it learned from letters helps, a lot, and nobody labelled one.
# With labels it learned in 3,000 steps what tells 52 letters apart, and that helps more. So letters
# transfer, if the method looks for shape. PCA looked at the same letters and did harm.

# %% tags=["claim"]
claim("Unlabelled letters over pixels", gain.loc["letters, unlabelled", "accuracy"], at_least=0.10)
claim("Random network over pixels", gain.loc["random network", "accuracy"], at_most=0.0)
claim("Letters with labels over pixels", gain.loc["letters with labels", "accuracy"], at_least=0.18)

# %% [markdown]
# ## 3. Did you need them?
#
# A gain over pixels is a gain over a weak rival. The honest control is the **same network, the same
# steps, no source**: it tells pairs of views of the digits themselves apart. No label is needed for
# that, so the seal holds. It gets 10, 100 or all 2,000 of the digits, and sorts all.

# %% tags=["widget"]
own_guess = Prediction("Sorts best?", choices=["letters", "own 10", "own 100", "own 2000"])
own_guess

# %%
for seed, n in [(seed, n) for seed in SEEDS for n in N_OWN]:
    target = x[draw(seed)]
    contrast.restart(new_network(seed), seed=seed)
    contrast.fit(target[:n], steps=STEPS, batch_size=min(64, n), seed=seed)
    features = features_of(contrast.network, target)
    judge(f"own {n}", group(features, seed), seed)

# %%
mean = summarise(rows)
mean = mean.rename({"letters, unlabelled": "letters"})
best = mean.loc[["letters", *(f"own {n}" for n in N_OWN)], "accuracy"].idxmax()
own_guess.reveal(best)

# %% [markdown]
# Read the lower half. From **ten** digits a network learns less than from 8,000 letters. From a
# hundred it learns more, and from 2,000 it sorts better than even the network that knew the
# letters' *labels*. Views bring their own lesson, so unlabelled images of the target are worth a
# great deal, and here you had them all along. Borrow when the target has only a handful, or when
# you cannot train.

# %% tags=["claim"]
accuracy = mean["accuracy"]
claim("Letters over own 10", accuracy["letters"] - accuracy["own 10"], at_least=0.02)
claim("Own 2000 over letters", accuracy["own 2000"] - accuracy["letters"], at_least=0.06)

# %% [markdown]
# A picture, at last: 500 digits in the plane, placed by **t-SNE** so that neighbours stay
# neighbours. It gets no labels either; we open the seal for the colours.

# %%
from sklearn.manifold import TSNE

shown = draw(SEED)[:500]
from_letters = new_network(SEED)
from_letters.set_weights(learned[SEED])
own = new_network(SEED)
contrast.restart(own, seed=SEED)
contrast.fit(x[draw(SEED)], steps=STEPS, seed=SEED)
views = {"pixels": flat(x[shown]), "letters": features_of(from_letters, x[shown]),
         "own 2000": features_of(contrast.network, x[shown])}  # fmt: skip
fig, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="tight")
for ax, (name, features) in zip(axes, views.items(), strict=True):
    places = TSNE(max_iter=500, random_state=SEED).fit_transform(features)
    ax.scatter(*places.T, c=sealed[shown], cmap="tab10", s=9)
    ax.set(title=name, xticks=[], yticks=[], xlabel="t-SNE 1", ylabel="t-SNE 2")

# %% [markdown]
# PICTURE
#
# ## Play
#
# Each row of images is one group, from its centre outwards. Try:
#
# 1. PLAY1
# 2. PLAY2
# 3. PLAY3

# %% tags=["widget"]
from ipywidgets import HTML, Dropdown, Image, IntSlider, VBox, interactive_output

everything = {
    "pixels": flat(x[draw(SEED)]),
    "random network": features_of(new_network(SEED), x[draw(SEED)]),
    "letters": features_of(from_letters, x[draw(SEED)]),
    "own 2000": features_of(contrast.network, x[draw(SEED)]),
}
choice = Dropdown(options=list(everything), description="features")
n_groups = IntSlider(10, 2, 20, description="groups", continuous_update=False)
picture, verdict = Image(width=560), HTML()


# %% tags=["widget"]
def show(choice, n_groups):
    features, images = everything[choice], x[draw(SEED)]
    means = KMeans(n_groups, n_init=4, random_state=SEED).fit(features)
    far = means.transform(features)
    rows_of_images = [images[far[:, k].argsort()[:300:15]] for k in range(n_groups)]
    picture.value = image_strip(*rows_of_images)
    score = adjusted_rand_score(sealed[draw(SEED)], means.labels_)
    verdict.value = f"{n_groups} groups, ARI with the seal opened: <b>{score:.2f}</b>"


sorted_by = interactive_output(show, {"choice": choice, "n_groups": n_groups})
VBox([choice, n_groups, verdict, picture, sorted_by])

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Groups and features can help each other. Wang et al. (2008) began with features
# from a labelled source, sorted the target, took the **groups as if they were labels**, let a
# discriminant analysis (LDA) find nine directions that tell the groups apart best, sorted again in
# these directions, and so on. Do that **five times**: `fit` LDA on `features` and `groups`,
# `transform` the features, and `group` the result anew.

# %% tags=["exercise"]
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

features = features_of(load_glyph_net(), x[draw(SEED)])
lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1, n_components=9)
first = group(features, SEED)
groups = first

for _ in range(5):  #: ...
    directions = lda.fit(features, groups).transform(features)  #:
    groups = group(directions, SEED)  #: groups = ...

# %% tags=["check"]
expected = first
for _ in range(5):
    expected = group(lda.fit(features, expected).transform(features), SEED)
before, after = (adjusted_rand_score(sealed[draw(SEED)], g) for g in (first, expected))
check(
    "Exercise 1",
    groups,
    expect(lambda g: np.shape(g) == (N_TARGET,), "One group for each of the digits."),
    expect(lambda g: not np.array_equal(g, first), "These are the first groups. Sort again."),
    expect(
        lambda g: adjusted_rand_score(g, sealed[draw(SEED)]) < 0.99, "The labels stay sealed."
    ),
    expect(
        lambda g: adjusted_rand_score(g, expected) > 0.98,
        "LDA fits on `features` each time, with the newest groups. Five times?",
    ),
    well_done=f"The ARI went from {before:.2f} to {after:.2f}, and no label was opened for it.",
)

# %% [markdown]
# **Exercise 2.** A colleague does not match names one to one: he calls each group after its **most
# frequent** digit, and several may have the same name. The share that is right then is the
# **purity**. Compute it for the pixels of the digits in 10 and in 200 groups, as `purity[10]` and
# `purity[200]`. Has the sorting become better?

# %% tags=["exercise"]
purity, truth = {}, sealed[draw(SEED)]  # the sorting is over: the seal may be opened
for n in (10, 200):
    groups = KMeans(n, n_init=1, random_state=SEED).fit_predict(flat(x[draw(SEED)]))
    table = pd.crosstab(groups, truth)  #: ...
    purity[n] = table.max(axis=1).sum() / len(truth)  #: purity[n] = ...

# %% tags=["check"]
pure = {}
for n in (10, 200):
    groups = KMeans(n, n_init=1, random_state=SEED).fit_predict(flat(x[draw(SEED)]))
    pure[n] = pd.crosstab(groups, truth).max(axis=1).sum() / len(truth)
    fair = adjusted_rand_score(truth, groups)
check(
    "Exercise 2",
    purity.get(10, ...),
    expect(lambda p: set(purity) == {10, 200}, "`purity` needs 10 and 200."),
    expect(lambda p: 0 < p <= 1 and 0 < purity[200] <= 1, "Shares, from 0 to 1."),
    expect(lambda p: purity[200] > p, "More groups cannot be less pure. Rows are groups?"),
    expect(
        lambda p: np.allclose([p, purity[200]], list(pure.values())),
        "Of each group count the most frequent digit, add up, divide by all images.",
    ),
    well_done=f"It rises by itself, to 1 with 2,000 groups. ARI, with 200 groups: {fair:.2f}.",
)

# %% [markdown]
# **Which type is my problem?** You have met all four lessons on types. Start at the top left.

# %%
COLUMNS_OF_TREE = {
    "Are there labels\nin the target?": "INDUCTIVE\n\na few: head on borrowed\n   features 02\nmore: fine-tune 03\n"
    "cheap second task: 05\nonly unlabelled source: 06",
}

# %% [markdown]
# **Exercise 3.** TEXT

# %% tags=["exercise"]
answers = {}  #: ...

# %% tags=["check"]
check("Exercise 3", answers, expect(lambda a: a, "x"), well_done="x")

# %% [markdown]
# ## Where it breaks
#
# Why not both? Learn from the letters first, then **go on** with the digits: twice the steps, and
# all the images. What do you expect?

# %% tags=["widget"]
both_guess = Prediction("Letters, then own 2000: points (of 100) over own alone?", low=-30, high=30)
both_guess

# %%
for seed in SEEDS:
    network = new_network(seed)
    network.set_weights(learned[seed])
    contrast.restart(network, seed=seed)
    contrast.fit(x[draw(seed)], steps=STEPS, seed=seed)
    judge("letters, then own", group(features_of(contrast.network, x[draw(seed)]), seed), seed)
mean = summarise(rows)
loss = mean.loc["letters, then own"] - mean.loc["own 2000"]
both_guess.reveal(100 * loss["accuracy"])

# %% tags=["claim"]
claim("Letters first over own alone", loss["accuracy"], at_most=-0.04)

# %% [markdown]
# **Negative transfer.** REASON

# %% [markdown]
# ## You can now
#
# - **sort** images without labels, and judge the groups by names given once, ARI or NMI, with the
#   labels sealed until then;
# - **compare** features from a source with those that the target teaches itself: letters were far
#   better than pixels, a hundred digits without labels were better than letters;
# - **decide** which type a new problem is: look for labels in the target, then in the source.
#
# **References.** Kuhn (1955), The Hungarian method for the assignment problem, *Naval Research
# Logistics Quarterly*. Dai et al. (2008), Self-taught clustering, *ICML*. Wang, Song and Zhang
# (2008), Transferred dimensionality reduction, *ECML PKDD*. Pan and Yang (2010), A survey on
# transfer learning, *IEEE Transactions on Knowledge and Data Engineering*.
