# %% [markdown] transfer="unsupervised" method="clustering and dimension reduction"
# # 08 · Can you sort what nobody has labelled?
#
# Two thousand handwritten digits, and no label at all; nor has anybody labelled the letters that
# you may learn from. You cannot read the digits then, for nobody ever said what a 7 is called. But
# you can put those together that belong together. Do letters help with that? You will find out,
# and you will find out whether you needed them.
#
# **About 45 minutes** · needs 06 · 66 CPU seconds · 1.0 GB of memory

# %% [markdown]
# ## You will
#
# - **sort** images without labels into groups, and judge the groups fairly;
# - **compare** features from a source with those that the target can teach itself;
# - **decide** for a new problem which type of transfer it is, and what to try first.
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
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize
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
N_OWN = (10, 100, N_TARGET)  # digits that a network learns from, without labels: few, some, all
STEPS = 150
SEED = 0
SEEDS = range(SEED, SEED + 5)  # each: other digits, other letters, other random parameters

# %% [markdown]
# There *are* labels of the digits, for us to see in the end how well it went. They are **sealed**:
# they serve to judge what is finished, and to colour a picture of it. Nothing that sorts or learns
# ever gets them; look for `sealed` while you read on.

# %%
digits = load_digits()
x, sealed, FIRST = digits.images[..., None], digits.labels, SEEDS[0]  # pictures are of the first
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
# The **Hungarian method** finds the best names. Ten groups by chance get a little more than a tenth
# right.

# %%
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, confusion_matrix, normalized_mutual_info_score


def matched(labels, groups):
    """Return the share of images that are right when the groups get the best names."""
    table = confusion_matrix(labels, groups)
    return table[linear_sum_assignment(-table)].sum() / table.sum()


def judge(name, groups, seed):
    """Open the seal, and keep in `rows` how well these groups fit the digits."""
    labels = sealed[draw(seed)]
    scores = [f(labels, groups) for f in (adjusted_rand_score, normalized_mutual_info_score)]
    rows.append((name, seed, matched(labels, groups), *scores))


# %%
def group(features, seed):
    """Return the group of each image, one of ten; of ten attempts the tightest."""
    return KMeans(10, n_init=10, random_state=seed).fit_predict(features)


def summarise(rows):
    """Draw the accuracy of each way, as wide as the seeds differ; return all means."""
    table = pd.DataFrame(rows, columns=["features", "seed", "accuracy", "ARI", "NMI"])
    _, ax = plt.subplots(figsize=(8, 0.8 + 0.3 * table["features"].nunique()))
    sns.pointplot(table, x="accuracy", y="features", errorbar="sd", linestyle="none",
                  color="#00825F", ax=ax)  # fmt: skip
    ax.set(ylabel="", xlabel="accuracy of ten groups", xlim=(0.3, 1))
    ax.grid(axis="x")
    return table.groupby("features", sort=False)[["accuracy", "ARI", "NMI"]].mean()


# %% [markdown]
# First, k-means gets pixels. Then ten numbers per image instead of 784, by **PCA**: it finds the
# directions in which images differ most. In which images? Either in the **target**, the digits
# themselves, or in the **source**, 8,000 letters. What do you expect?

# %% tags=["widget"]
from ipywidgets import VBox

pixel_guess = Prediction(
    "By their pixels, how many digits of 100 are sorted right?", low=0, high=100
)
pca_guess = Prediction("Ten directions from letters or digits?", choices=["letters", "digits"])
VBox([pixel_guess, pca_guess])

# %%
from sklearn.decomposition import PCA

rows = []
for seed in SEEDS:
    target, source = flat(x[draw(seed)]), flat(letters[seed])
    judge("pixels", group(target, seed), seed)
    judge("pixels, length one", group(normalize(target), seed), seed)
    for name, images in {"PCA of digits": target, "PCA of letters": source}.items():
        for n in (10, 50):
            directions = PCA(n, random_state=0).fit(images)
            judge(f"{name}, {n}", group(directions.transform(target), seed), seed)
mean = summarise(rows)
pixel_guess.reveal(100 * mean.loc["pixels", "accuracy"])
pca = mean.loc[["PCA of letters, 10", "PCA of digits, 10"], "accuracy"]
pca_guess.reveal(pca.idxmax()[7:-4])
mean.round(2)

# %% [markdown]
# Read it from top to bottom. Half of the digits, far more than by chance; the digits' ten
# directions keep that. The letters' ten directions **harm**: letters differ most in what digits
# don't. With fifty little of the harm is left: fifty directions leave room for both. The table's
# other columns need no names: **ARI** counts pairs of images that are rightly together or apart (0
# by chance), **NMI** how much the group tells about the digit. They agree.

# %% tags=["claim"]
claim("Pixels, sorted right", mean.loc["pixels", "accuracy"], at_least=0.42, at_most=0.62)
harm = mean.loc["PCA of letters, 10"] - mean.loc["PCA of digits, 10"]
harm_of_50 = mean.loc["PCA of letters, 50"] - mean.loc["PCA of digits, 50"]
claim("Letters' directions over the digits' own, accuracy", harm["accuracy"], at_most=-0.05)
claim("Letters' directions over the digits' own, ARI", harm["ARI"], at_most=-0.05)
claim("With fifty directions, accuracy", harm_of_50["accuracy"], at_least=-0.05,
      control=harm["accuracy"])  # fmt: skip

# %% [markdown]
# ## 2. What letters teach
#
# Lesson 06 had a network that looks at letters without labels and learns to tell **pairs of views**
# apart: it learns to ignore slant, size and place. No label anywhere: with this source and k-means
# it is unsupervised transfer in the strict sense. (The idea is that of **self-taught clustering**:
# Dai et al. 2008 sorted both data sets at once, to find features good for both.) Here is the
# network again.


# %%
def new_network(seed):
    """Return a network with random parameters, from an image to 64 features."""
    keras.utils.set_random_seed(seed)
    settings = {"strides": 2, "padding": "same", "activation": "relu"}
    sizes = [(16, 5), (32, 3), (64, 3)]
    convolutions = [keras.layers.Conv2D(n, width, **settings) for n, width in sizes]
    begin = [keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255)]
    end = [keras.layers.Flatten(), keras.layers.Dense(64, activation="relu")]
    return keras.Sequential([*begin, *convolutions, *end])


def features_of(network, images):
    """Return what the network says about each image, every row of length one."""
    features = network.predict(images, batch_size=500, verbose=0)
    return normalize(features)


# %% [markdown]
# Two controls beside it. A network with **random parameters** tells what the architecture alone is
# good for. And `load_glyph_net` learned letters **with their labels**: no digit has a label, but
# this is not strictly unsupervised, and we say so. All features are brought to length one, so that
# only their direction counts, as the contrast compared them; so their rival is the row "pixels,
# length one". Where will the letters end up?

# %% tags=["widget"]
letter_guess = Prediction("Unlabelled letters: points (of 100) over pixels?", low=-20, high=40)
letter_guess

# %%
from tlwidgets.adapt import ContrastiveLearner

contrast, learned = ContrastiveLearner(new_network(SEED)), {}
for seed in SEEDS:
    contrast.restart(new_network(seed), seed=seed)
    contrast.fit(letters[seed], steps=STEPS, seed=seed)
    learned[seed] = contrast.network.get_weights()
    networks = {"random network": new_network(seed), "letters, unlabelled": contrast.network,
                "letters with labels": load_glyph_net()}  # fmt: skip
    for name, network in networks.items():
        judge(name, group(features_of(network, x[draw(seed)]), seed), seed)
mean = summarise(rows)
gain = mean - mean.loc["pixels, length one"]
letter_guess.reveal(100 * gain.loc["letters, unlabelled", "accuracy"])
mean.round(2)

# %% [markdown]
# Read it from top to bottom. The random network is **worse** than the pixels: features don't help
# because a network made them. What it learned from letters helps, a lot, and nobody labelled one.
# With labels it learned in 3,000 steps what tells 52 letters apart, and that helps more. So letters
# transfer, if the method looks for shape: PCA's ten directions of the same letters did harm.

# %% tags=["claim"]
claim("Unlabelled letters over pixels", gain.loc["letters, unlabelled", "accuracy"], at_least=0.07)
claim("Random network over pixels", gain.loc["random network", "accuracy"], at_most=-0.02)
claim("Letters with labels over pixels", gain.loc["letters with labels", "accuracy"], at_least=0.18)

# %% [markdown]
# ## 3. Did you need them?
#
# A gain over pixels is a gain over a weak rival. The honest control is the **same network, the same
# steps, no source**: it tells pairs of views of the digits themselves apart. No label is needed for
# that, so the seal holds. It gets 10, 100 or all 2,000 of the digits, and sorts all. (Ten have
# batches of ten: fewer pairs to tell apart, which is part of having few.)

# %% tags=["widget"]
few, some, every = (f"own {n}" for n in N_OWN)
own_guess = Prediction("Sorts best?", choices=["letters", few, some])
own_guess

# %%
own_learned, losses = {}, {}
for seed, n in [(seed, n) for seed in SEEDS for n in N_OWN]:
    target = x[draw(seed)]
    contrast.restart(new_network(seed), seed=seed)
    fitted = contrast.fit(target[:n], steps=STEPS, batch_size=min(64, n), seed=seed)
    losses[f"own {n}", seed] = fitted
    judge(f"own {n}", group(features_of(contrast.network, target), seed), seed)
    own_learned[seed, n] = contrast.network.get_weights()
mean = summarise(rows)
accuracy = mean["accuracy"].rename({"letters, unlabelled": "letters"})
own_guess.reveal(accuracy[["letters", few, some]].idxmax())

# %% [markdown]
# Read the last three rows. From **ten** digits a network learns less than from 8,000 letters; from
# a **hundred** it learns more, even more than letters with labels taught, and 2,000 add little. You
# had these images all along. Borrow when there is only a handful.
#
# Now the second use, **dimension reduction**: 500 digits in the plane, placed by **t-SNE** so that
# neighbours stay neighbours. It gets no labels; we open the seal for the colours.

# %%
from sklearn.manifold import TSNE

shown, places = draw(FIRST)[:500], {}
networks = {"letters": learned[FIRST], every: own_learned[FIRST, N_TARGET]}
views, network = {"pixels": flat(x[shown])}, new_network(SEED)
for name, parameters in networks.items():
    network.set_weights(parameters)
    views[name] = features_of(network, x[shown])
fig, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
for ax, (name, features) in zip(axes, views.items(), strict=True):
    places[name] = TSNE(max_iter=500, random_state=SEED).fit_transform(features)
    for digit in range(10):  # each is drawn as itself
        of = places[name][sealed[shown] == digit].T
        ax.scatter(*of, color=plt.cm.tab10(digit), s=26, marker=f"${digit}$")
    ax.set(title=name, xticks=[], yticks=[], xlabel="t-SNE 1", ylabel="t-SNE 2")

# %% tags=["claim"]
from sklearn.neighbors import NearestNeighbors

alike = {}
for name, points in places.items():
    neighbours = NearestNeighbors(n_neighbors=5).fit(points).kneighbors(return_distance=False)
    alike[name] = np.mean(sealed[shown][neighbours] == sealed[shown][:, None])
gain = alike[every] - alike["pixels"]
claim("In the plane, neighbours of the same digit, own over pixels", gain, at_least=0.03)
claim("Letters over own few", accuracy["letters"] - accuracy[few], at_least=0.03)
claim("Own 100 over letters", accuracy[some] - accuracy["letters"], at_least=0.05)
rest = accuracy[some] - accuracy["letters with labels"]
claim("Own 100 over letters with labels", rest, at_least=0.02)
claim("Own 2000 over own 100", accuracy[every] - accuracy[some], at_most=0.04)

# %% [markdown]
# Compare from left to right. By pixels most digits run into each other; by what letters taught they
# lie in clumps, some of two digits; by their own, most have a clump. Only who is near whom means
# something, not the sizes of clumps.
#
# ## Play
#
# Each row of images is one group, from its centre outwards. Try:
#
# 1. `pixels`, 10 groups: the ones fill two rows, upright and slanted; 4, 7 and 9 share two others.
# 2. `own 2000`, 10 groups: nearly every digit has a row.
# 3. `own 2000`, 5 groups, then 20: both make sense. How many groups there *are* depends on what you
#    want to know.

# %% tags=["widget"]
from ipywidgets import HTML, Dropdown, Image, IntSlider, interactive_output

images, network = x[draw(FIRST)], new_network(FIRST)
everything = {"pixels": flat(images), "random network": features_of(network, images)}
for name, parameters in networks.items():
    network.set_weights(parameters)
    everything[name] = features_of(network, images)
choice = Dropdown(options=list(everything), description="features")
n_groups = IntSlider(10, 2, 20, description="groups", continuous_update=False)
picture, verdict = Image(width=560), HTML()


# %% tags=["widget"]
def show(choice, n_groups):
    features = everything[choice]
    means = KMeans(n_groups, n_init=4, random_state=SEED).fit(features)
    outwards = means.transform(features).min(axis=1).argsort()
    members = [outwards[means.labels_[outwards] == k] for k in range(n_groups)]
    twenty = [m[np.linspace(0, len(m) - 1, 20).astype(int)] for m in members]
    picture.value = image_strip(*(images[m] for m in twenty))
    score = adjusted_rand_score(sealed[draw(FIRST)], means.labels_)
    verdict.value = f"{n_groups} groups, ARI with the seal opened: <b>{score:.2f}</b>"


sorted_by = interactive_output(show, {"choice": choice, "n_groups": n_groups})
VBox([choice, n_groups, verdict, picture, sorted_by])

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Groups and features can help each other (Ding and Li 2007). Begin with features
# from a labelled source, sort the target, take the **groups as if they were labels**, let a
# discriminant analysis (LDA) find nine directions that tell the groups apart best, sort again in
# these directions, and so on. (Wang et al. 2008 also give the LDA the labelled source.) Do that
# **five times**: `fit` LDA on `features` and `groups`, `transform` the features, and `group` the
# result anew.

# %% tags=["exercise"]
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

features = features_of(load_glyph_net(), x[draw(SEED)])
lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1, n_components=9)
first = group(features, SEED)
groups = first

for _ in range(5):
    directions = lda.fit(features, groups).transform(features)  #:
    groups = group(directions, SEED)  #: groups = ...

# %% tags=["check"]
expected, truth = first, sealed[draw(SEED)]
for _ in range(5):
    expected = group(lda.fit(features, expected).transform(features), SEED)
before, after = (adjusted_rand_score(truth, g) for g in (first, expected))
check(
    "Exercise 1",
    groups,
    expect(lambda g: np.shape(g) == (N_TARGET,), "One group for each of the digits."),
    expect(lambda g: adjusted_rand_score(g, first) < 1, "The first groups. Sort again."),
    expect(lambda g: adjusted_rand_score(g, truth) < 0.99, "The labels stay sealed."),
    expect(lambda g: adjusted_rand_score(g, expected) > 0.98, "The newest groups? Five times?"),
    well_done=f"The ARI went from {before:.2f} to {after:.2f}, and no label was opened for it.",
)

# %% [markdown]
# **Which type is my problem?** With this lesson you know all types. The tree asks for one thing
# only: where are there labels? Begin at the top left; the numbers are those of the lessons. *Nearly
# unsupervised* is our own word, for what part 2 had as a control.

# %%
TREE = {  # question: type, what to try first and the number of its lesson
    "Labels in\nthe target?": (
        "INDUCTIVE",
        "few: head on borrowed\nfeatures 02\nmore: fine-tune 03\n"
        "a second task with\ncheap answers 05\nunlabelled images 06"),
    "In the source,\nfor the same task?": (
        "TRANSDUCTIVE", "another domain 07\na biased sample 10, 11"),
    "In the source,\nfor another task?": (
        "NEARLY UNSUPERVISED",
        "groups on its\nfeatures 08\nor label a few:\nthen inductive 02"),
    "Then there are\nno labels at all": (
        "UNSUPERVISED", "hundreds of images:\nlet them teach\nthemselves 08\n"
        "a handful: features\nof the source 08"),
}  # fmt: skip
TYPE_COLOURS = ["#00825F", "#A65C8E", "#7A7A7A", "#7A7A7A"]

# %%
fig, ax = plt.subplots(figsize=(12, 4.4))
ax.set(xlim=(-0.5, 3.5), ylim=(-0.2, 3.4))
ax.axis("off")
arrow = {"arrowstyle": "-|>", "color": "#777777"}
for i, (question, (name, advice)) in enumerate(TREE.items()):
    box = {"boxstyle": "round,pad=0.5", "facecolor": TYPE_COLOURS[i], "edgecolor": "none"}
    ax.annotate("", (i, 2.15), (i, 2.75), arrowprops=arrow)
    if i < 3:
        ax.annotate("", (i + 0.6, 3), (i + 0.3, 3), arrowprops=arrow)
        ax.text(i + 0.45, 3.1, "no", ha="center")
        ax.text(i + 0.05, 2.45, "yes", va="center")
    ax.text(i, 3, question, ha="center", va="center", bbox={**box, "facecolor": "#EEEEEE"})
    ax.text(i, 1.9, name, ha="center", va="center", color="white", weight="bold", bbox=box)
    ax.text(i, 1.55, advice, ha="center", va="top", linespacing=1.5)

# %% [markdown]
# **Exercise 2.** Say for each new problem which type it is, and the lesson to open first, for
# instance `("inductive", 3)`:
#
# - `plates`: thousands of number plates by day, with what is on them. Now they must be read by
#   **night**; there are photographs, and nobody has typed in one.
# - `coins`: 3,000 photographs of coins from a dig. Which belong together? Nobody knows; nor does
#   anybody for the 20,000 of a museum.
# - `scans`: 200 scans with diagnoses, and 50,000 of **another organ** without any. Can these help?

# %% tags=["exercise"]
answers = {}
answers["plates"] = ("transductive", 7)  #: answers["plates"] = ...
answers["coins"] = ("unsupervised", 8)  #: answers["coins"] = ...
answers["scans"] = ("inductive", 6)  #: answers["scans"] = ...

# %% tags=["check"]
types = {k: a[0] if isinstance(a, tuple) and len(a) == 2 else ... for k, a in answers.items()}
check(
    "Exercise 2",
    ... if set(types.values()) == {...} else answers,
    expect(lambda a: set(a) == {"plates", "coins", "scans"}, "Three answers, please."),
    expect(lambda a: ... not in types.values(), "Each: a type and the number of a lesson."),
    expect(lambda a: types["plates"] == "transductive", "`plates`: where are labels? Same task?"),
    expect(lambda a: a["plates"][1] == 7, "`plates`: night is another domain, not a biased day."),
    expect(lambda a: types["coins"] == "unsupervised", "`coins`: is there a label anywhere?"),
    expect(lambda a: a["coins"][1] == 8, "`coins`: you are reading the lesson."),
    expect(lambda a: types["scans"] == "inductive", "`scans`: your 200 are the target."),
    expect(lambda a: a["scans"][1] == 6, "`scans`: which lesson has a source without labels?"),
    well_done="And for the coins, let them teach themselves before you borrow from the museum.",
)

# %% [markdown]
# ## Where it breaks
#
# Why not both? Learn from the letters first, then **go on** with the 2,000 digits: twice the steps
# and all the images. It is what fine-tuning does. The control has everything but the letters: it
# learns from the digits first, and then **again** from the digits. What do you expect?

# %% tags=["widget"]
both_guess = Prediction("Letters first: points (of 100) over digits first?", low=-30, high=30)
both_guess

# %%
begins = {"letters, then own": learned,
          "own, then own": {seed: own_learned[seed, N_TARGET] for seed in SEEDS}}  # fmt: skip
for seed, way in [(seed, way) for seed in SEEDS for way in begins]:
    target, network = x[draw(seed)], new_network(seed)
    network.set_weights(begins[way][seed])
    contrast.restart(network, seed=seed)
    losses[way, seed] = contrast.fit(target, steps=STEPS, seed=seed)
    judge(way, group(features_of(contrast.network, target), seed), seed)
    network.set_weights(own_learned[seed, N_OWN[1]])
    pair = [features_of(network, target), features_of(load_glyph_net(), target)]
    if way.startswith("letters"):
        judge("own 100 | labelled", group(np.hstack(pair), seed), seed)
accuracy = summarise(rows)["accuracy"]
over_own = accuracy["letters, then own"] - accuracy["own, then own"]
both_guess.reveal(100 * over_own)

# %% tags=["claim"]
last = pd.DataFrame(losses).iloc[-20:].mean().groupby(level=0).mean()  # of the contrast
claim("Letters first over digits first, accuracy", over_own, at_most=-0.04)
claim("Their losses in the end, apart", abs(last["letters, then own"] - last["own, then own"]),
      at_most=0.06, control=last[every] - last["own, then own"])  # fmt: skip
beside = accuracy["own 100 | labelled"] - accuracy[some]
claim("Side by side over own 100: no harm", beside, at_least=-0.02)
side = accuracy["own 100 | labelled"] - accuracy["letters, then own"]
claim("Side by side over letters first", side, at_least=0.05)

# %% [markdown]
# **Negative transfer.** With the same steps and images it sorts *worse*, and its **loss is the
# same**: both tell pairs apart equally well (more steps lower it: the claim's control is half the
# steps). So the loss does not see the harm. A likely reason, which we did not test: whoever begins
# with fine differences tells one 7 from another by them, and need not find out what sevens share.
# Label a few images, and look.
#
# Features **side by side** (last row) do no such harm.

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
# Logistics Quarterly*. Dai et al. (2008), Self-taught clustering, *ICML*. Ding and Li (2007),
# Adaptive dimension reduction using discriminant analysis and k-means clustering, *ICML*. Wang,
# Song and Zhang (2008), Transferred dimensionality reduction, *ECML PKDD*. Pan and Yang (2010), A
# survey on transfer learning, *IEEE Transactions on Knowledge and Data Engineering*.
