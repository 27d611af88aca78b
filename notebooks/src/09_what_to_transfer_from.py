# %% [markdown] transfer="every type" method="what to transfer from"
# # 09 · What should I transfer from?
#
# You want to read handwritten digits, and have a hundred labels. Fourteen pretrained networks are
# on offer: one learned letters, one learned fonts, one photographs. Which do you take? You will
# rank them without building on any (**transferability estimation**), see how good such a ranking
# is, and what fools it.
#
# **About 50 minutes** · needs 01 · 55 CPU seconds · 1.2 GB of memory
#
# ## You will
#
# - **rank** the sources that are on offer, and say how good the ranking is;
# - **tell** what the likeness of images can promise, and what it cannot see;
# - **choose** layer and variables as carefully as the source.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell below.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from scipy.ndimage import zoom
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect
from tlwidgets import load_digits, load_glyph_net, load_optdigits, load_photographs, make_glyphs
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
SEED = 0  # draws the digits, the sources and the networks
N_SOURCE = 4000  # images of a source, where there are so many; 1,000 or more
STEPS = 200  # of pretraining, 64 images each
DRAWS = range(5)  # each draw, a number from 0 on: another hundred labels
SOURCE, TARGET, NEUTRAL = "#A65C8E", "#00825F", "#7A7A7A"  # colours

# %% [markdown]
# The **target**: 2,000 handwritten digits. A hundred of them have a label, ten of each digit. The
# other 1,900 will say in the end how well you chose; outside of a lesson you do not have them.

# %%
digits, rng = load_digits(), np.random.default_rng(SEED)
some = rng.permutation(len(digits.labels))[:2000]
x, y = digits.images[some][..., None], digits.labels[some]


def draw(seed):
    """Return a hundred digits to learn from, all ten in turn, and the others for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    learn = np.array([order[y[order] == digit][:10] for digit in range(10)]).T.ravel()
    return learn, np.setdiff1d(order, learn)


def head(features):  # untrained; the more features there are, the stronger its penalty
    regression = LogisticRegression(C=3 / features.shape[1], max_iter=999)
    return make_pipeline(StandardScaler(), regression)


def accuracy(features, draws=DRAWS):
    """Return the accuracy of heads on these features, the mean over draws of a hundred labels."""
    return np.mean([head(features).fit(features[learn], y[learn]).score(features[test], y[test])
                    for learn, test in map(draw, draws)])  # fmt: skip


# %% [markdown]
# The **sources**. A computer draws characters in 21 fonts, with labels that cost nothing. Two
# sources are narrow: five letters, or one font. One asks another question of the same images:
# which **font**? Five are the capital letters with one thing changed: brightness, direction, noise,
# the order of the pixels, or the **labels**, shuffled so that there is nothing to learn. Two are
# real: small digits from another scanner, and patches of six photographs (of which one?).

# %%
if N_SOURCE < 1000 or not len(DRAWS):
    raise ValueError("N_SOURCE must be 1,000 or more, and DRAWS hold at least one number.")
letters, printed = make_glyphs(2 * N_SOURCE, seed=SEED), make_glyphs(N_SOURCE, "digits", seed=SEED)
everything = make_glyphs(N_SOURCE, "all", seed=SEED)
is_capital, a_to_e, one_font = letters.labels < 26, letters.labels < 5, printed.fonts == 3
capitals, names = letters.images[is_capital], letters.labels[is_capital]
sources = {
    "all 62 characters": (everything.images, everything.labels),
    "which font?": (everything.images, everything.fonts),
    "capital letters": (capitals, names),
    "small letters": (letters.images[~is_capital], letters.labels[~is_capital]),
    "letters A to E": (letters.images[a_to_e], letters.labels[a_to_e]),
    "printed digits": (printed.images, printed.labels),
    "digits in one font": (printed.images[one_font], printed.labels[one_font]),
}

# %%
shuffled = capitals.reshape(-1, 784)[:, rng.permutation(784)].reshape(-1, 28, 28)
noisy = (capitals + rng.normal(0, 128, capitals.shape)).clip(0, 255)
scanned = zoom(load_optdigits().images, (1, 2.5, 2.5), order=1)
photographs = load_photographs(256).images.mean(axis=-1)
corners = rng.integers(0, 256 - 28, (N_SOURCE, 2))
patches = [photographs[i % 6, a : a + 28, b : b + 28] for i, (a, b) in enumerate(corners)]
sources |= {
    "capitals, inverted": (255 - capitals, names),
    "capitals, turned": (np.rot90(capitals, axes=(1, 2)), names),
    "capitals, noisy": (noisy, names),
    "capitals, pixels shuffled": (shuffled, names),
    "capitals, random labels": (capitals, rng.permutation(names)),
    "small scanned digits": (np.pad(scanned, ((0, 0), (4, 4), (4, 4))), load_optdigits().labels),
    "photographs": (np.array(patches), np.arange(N_SOURCE) % 6),
}

# %% [markdown]
# ## 1. What looks near?
#
# Look at them, and guess.

# %%
shown = {"the target": x[..., 0]} | {name: images for name, (images, _) in sources.items()}
fig, axes = plt.subplots(5, 3, figsize=(12, 6), layout="tight")
for ax, (name, images) in zip(axes.flat, shown.items(), strict=True):
    ax.imshow(np.hstack(images[:8]), cmap="gray", vmin=0, vmax=255)
    ax.set_title(name, color=TARGET if name == "the target" else SOURCE, fontsize=11)
    ax.axis("off")

# %% tags=["widget"]
offered = ["printed digits", "small scanned digits", "capital letters", "all 62 characters"]
best_source = Prediction("Which of these is worth most for handwritten digits?", choices=offered)
best_source

# %% [markdown]
# Now the expensive answer, which you want to do without: train the same small network on each
# source (it has 62 outputs, and a source uses as many as it has classes), freeze it, and put a head
# for digits on its features (**linear probing**). What a source is **worth**: the head's accuracy
# on the 1,900 others, the mean over five draws of a hundred labels. Two controls have no source:
# the same head on **raw pixels** (the line), and on the same network with **random parameters**
# (grey).

# %%
from tlwidgets.freezing import CachedTrainer, Plan


def new_network():
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([load_glyph_net(checkpoint=None), keras.layers.Dense(62)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.002), loss)
    return model


def learn_from(images, labels):
    """Return a network, head included, that learned from a source."""
    model, epochs = new_network(), max(1, round(64 * STEPS / len(images)))
    trainer.restart(model, images[..., None], labels)
    trainer.train(0, Plan(epochs=epochs, batch_size=64, seed=SEED))
    model.set_weights(trainer.model.get_weights())
    return model


trainer = CachedTrainer(new_network(), capitals[..., None], names)  # compiled once

# %%
networks = {name: learn_from(*source) for name, source in sources.items()}
features = {name: np.asarray(network.layers[0](x)) for name, network in networks.items()}
worth = pd.Series({name: accuracy(found) for name, found in features.items()}).sort_values()
raw_pixels = accuracy(x.reshape(len(x), -1))
untrained = accuracy(np.asarray(new_network().layers[0](x)))
fig, ax = plt.subplots(figsize=(8, 4.8))
ax.axvline(raw_pixels, color=NEUTRAL, linestyle="--")
ax.text(raw_pixels - 0.005, 1, "raw pixels", color=NEUTRAL, ha="right", va="center")
ax.plot(untrained, "random network", "D", color=NEUTRAL)
ax.plot(worth, worth.index, "o", color=SOURCE)
ax.set(xlabel="accuracy of a head with 100 labels", ylabel="")
ax.grid(axis="y", alpha=0.4)
sns.despine()
best_source.reveal(worth[offered].idxmax())

# %% [markdown]
# Read it from the top down. Letters come before real scanned digits, and about half of the sources
# lie clearly below raw pixels: **negative transfer**. Is the *source* bad, or its last layer? See
# part 3.
#
# Could you have known? First idea: what looks like the target. **Maximum mean discrepancy** (MMD,
# Gretton et al. 2012) compares two sets of images; 0: alike. Is that a good ranking? The
# share of all pairs of sources in the right order, less the share in the wrong, is **Kendall's
# tau** (1: perfect).

# %%
from tlwidgets.shift import mmd

flat = {name: images[:500].reshape(-1, 784) / 255 for name, images in shown.items()}
target = flat.pop("the target")
distance = pd.Series({name: mmd(images, target) for name, images in flat.items()})
fig, ax = plt.subplots(figsize=(9, 4.6))
ax.plot(distance, worth[distance.index], "o", color=SOURCE)
below = {"which font?", "small letters", "capitals, noisy", "capitals, turned"}
for name in distance.index:
    side = "top" if name in below else "bottom"
    ax.annotate(f" {name}", (distance[name], worth[name]), va=side, fontsize=8)
ax.axvline(distance["capital letters"], color=NEUTRAL, linestyle=":", zorder=0)
ax.set(xscale="log", ylabel="accuracy", xlabel="MMD of the pixels to the target (left: alike)")
ax.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
ax.minorticks_off()
sns.despine()

# %% [markdown]
# Read it from left to right: the cloud falls a little, but look at its left edge. The nearest
# source, printed digits, is not the best. And on the dotted line the capitals with true and with
# random labels are the **same images**: what differs is what was learned from them, and no distance
# between images can see that. The same holds for "which font?" and "all 62 characters".

# %% tags=["claim"]
claim("The best source over raw pixels", worth.max() - raw_pixels, at_least=0.05)
claim("Sources clearly worse than raw pixels", (worth < raw_pixels - 0.03).sum(), at_least=6)
more = worth[["capital letters", "all 62 characters"]].min() - worth["small scanned digits"]
claim("Letters over real scanned digits", more, at_least=0.03)
for same in [["capital letters", "capitals, random labels"], ["all 62 characters", "which font?"]]:
    near, lost = distance[same], worth[same]
    claim(f"Difference in MMD, {same}: none", near.max() - near.min(), at_most=0)
    claim(f"Difference in accuracy, {same}", lost.max() - lost.min(), at_least=0.15)
claim("Kendall's tau of the likeness", -distance.corr(worth, method="kendall"), at_most=0.5)

# %% [markdown]
# ## 2. Ask a hundred labels
#
# Second idea: let your labelled digits through each network, and ask whether its features go with
# the labels. You guess: how well will that rank the sources?

# %% tags=["widget"]
tau = Prediction("Kendall's tau of LogME and worth?", low=-1.0, high=1.0)
tau

# %% [markdown]
# Three scores that train nothing. **LEEP** (Nguyen et al. 2020): how well do the source's classes
# tell yours? **H-score** (Bao et al. 2019): how far apart do your classes lie in the features, for
# their spread? **LogME** (You et al. 2021): how probable are your labels, given the features,
# averaged over all linear models? And the plain one: a head, **cross-validated** on the same
# hundred. `rank_sources` gives the first three and the MMD in each network's features.

# %%
from sklearn.model_selection import cross_val_score

from tlwidgets.shift import rank_sources

labelled, unseen = draw(0)
own = {k: network.layers[0](sources[k][0][:500, ..., None]) for k, network in networks.items()}
ranking = rank_sources(
    {name: found[labelled] for name, found in features.items()},
    y[labelled],
    source_proba_by_source={k: keras.ops.softmax(m(x[labelled])) for k, m in networks.items()},
    source_features_by_source=own,
    target_features_by_source={name: found[:500] for name, found in features.items()},
)
scores = ranking[["log_me", "h_score", "leep"]].set_axis(["LogME", "H-score", "LEEP"], axis=1)
scores["MMD of features"] = -ranking["mmd"]  # so that higher is better, as for the others

# %%
scores["MMD of pixels"] = -distance
scores["head, cross-validated"] = pd.Series({
    name: cross_val_score(head(found), found[labelled], y[labelled], cv=5).mean()
    for name, found in features.items()
})  # fmt: skip
again = [rng.integers(0, len(scores), len(scores)) for _ in range(200)]
drawn = pd.DataFrame([scores.iloc[i].corrwith(worth[scores.index].iloc[i], method="kendall")
                      for i in again])  # fmt: skip
taus, band = scores.corrwith(worth, method="kendall").sort_values(), drawn.quantile([0.05, 0.95])
fig, ax = plt.subplots(figsize=(8, 3))
ax.barh(taus.index, taus, color=[NEUTRAL if "MMD" in name else TARGET for name in taus.index])
ax.hlines(taus.index, *band[taus.index].to_numpy(), color="black")
ax.set(xlabel="Kendall's tau with the worth of the source (1: perfect)", xlim=(-0.3, 1))
sns.despine()
tau.reveal(taus["LogME"])

# %% [markdown]
# Read it from the top down. Green scores asked the hundred labels, grey ones did not: labels tell,
# likeness of pixels hardly does, likeness of the network's features lies between. The black
# **bands** draw the fourteen sources anew (bootstrap): nine times in ten tau lies there. They
# overlap, so fourteen sources cannot say which green score is best. Where a head takes seconds,
# cross-validate; the scores are for hundreds of networks, or for heads that take hours.

# %% tags=["claim"]
asked = ["LogME", "H-score", "LEEP", "head, cross-validated"]
for name in asked:
    claim(f"Kendall's tau of {name}", taus[name], at_least=0.5)
ahead = taus["LogME"] - taus["MMD of pixels"]
claim("Kendall's tau of LogME over that of the likeness of pixels", ahead, at_least=0.25)
claim(
    "Kendall's tau of the likeness of features", taus["MMD of features"], at_least=0.2, at_most=0.8
)
width = (band.loc[0.95] - band.loc[0.05])[asked].min()
claim("Width of the narrowest green band", width, at_least=0.1)
claim("Between the best and the worst green score, in such widths", np.ptp(taus[asked]) / width,
      at_most=2)  # fmt: skip
claim("Lost with the first of LogME instead of the best source",
      worth.max() - worth[scores["LogME"].idxmax()], at_most=0.04)  # fmt: skip

# %% [markdown]
# ## 3. Which layer?
#
# So far we took each network whole, its last layer. The one that learned random labels is among the
# worst then. How good is its best layer?

# %% tags=["widget"]
hidden = Prediction("Random labels: accuracy with its best layer?", low=0.1, high=1.0)
hidden

# %% [markdown]
# We ask each layer of each network, and of one that learned **nothing**, its parameters random. The
# picture shows what each pair is worth; the green frame is the layer that LogME takes, with the
# hundred labels.


# %%
from tlwidgets.shift import h_score, log_me

LAYERS = ["conv1", "conv2", "conv3", "conv4", "dense1"]


def tap(network):
    """Return what each layer makes of the digits; of a convolution, the means over 4 x 4 places."""
    inner, found = network.layers[0], {}
    outputs = [inner.get_layer(layer).output for layer in LAYERS]
    for layer, values in zip(LAYERS, keras.Model(inner.inputs[0], outputs)(x), strict=True):
        if len(values.shape) == 4:
            side = -(-values.shape[1] // 4)  # pixels per place, rounded up
            values = keras.ops.average_pool(values, side, padding="same")
        found[layer] = np.reshape(values, (len(x), -1))
    return found


# %%
rows = []
for source, network in (networks | {"random network": new_network()}).items():
    for layer, found in tap(network).items():
        asked = [score(found[labelled], y[labelled]) for score in (log_me, h_score)]
        rows.append((source, layer, accuracy(found, DRAWS[:3]), *asked))
columns = ["source", "layer", "accuracy", "LogME", "H-score"]
pairs = pd.DataFrame(rows, columns=columns).set_index(["source", "layer"])
by_layer = pairs["accuracy"].unstack().sort_values("dense1", ascending=False)
chosen = pairs["LogME"].unstack().idxmax(axis=1)[by_layer.index]
ax = plt.subplots(figsize=(8, 5.4))[1]
sns.heatmap(by_layer, annot=True, fmt=".2f", cmap="Purples", ax=ax, cbar_kws={"label": "accuracy"})
for row, column in enumerate(map(LAYERS.index, chosen)):
    corner = (column + 0.02, row + 0.04)
    ax.add_patch(plt.Rectangle(corner, 0.96, 0.92, fill=False, edgecolor=TARGET, linewidth=2.5))
hidden.reveal(by_layer.loc["capitals, random labels"].max())

# %% [markdown]
# Read each row from left to right. A good source gets better to the end, or nearly. A bad one
# breaks down in the **last** layers, where its own question sits; its first ones are as good as
# anybody's. So the layer matters as much as the source, and LogME finds it without another label.
# Scanned digits, at their best layer, are worth what letters are. And over the best layer of the
# "random network" the best pair of all gains only a few points: *that* is no source.

# %% tags=["claim"]
best, last = by_layer.max(axis=1), by_layer["dense1"]
found = pd.Series({source: by_layer.loc[source, layer] for source, layer in chosen.items()})
claim("Random labels: best layer over the last", (best - last)["capitals, random labels"],
      at_least=0.15)  # fmt: skip
first = by_layer["conv1"]
claim("First layer, five worst sources over five best", first.tail(5).mean() - first.head(5).mean(),
      at_least=-0.03)  # fmt: skip
claim("Mean gain of LogME's layer over the last", (found - last).mean(), at_least=0.07)
claim("Mean loss against the best layer", (best - found).mean(), at_most=0.03)
claim("Spread of the sources, their best layers over their last", best.std() / last.std(),
      at_most=0.5)  # fmt: skip
alike = best[["capital letters", "small letters"]].mean() - best["small scanned digits"]
claim("Letters over real scanned digits, their best layers", alike, at_most=0.05, control=more)
claim("The best of all over the best of the random network", best.max() - best["random network"],
      at_least=0.01, at_most=0.12)  # fmt: skip

# %% [markdown]
# ## Play
#
# Each dot is a source. Change the score, the number of labels it may ask, and which. Try:
#
# 1. LogME with 100 labels, and move the draw: the dots shake, their order hardly does.
# 2. 20 labels, and move the draw again: tau falls, and jumps. The best and the worst can still be
#    told apart, what lies between cannot.
# 3. The H-score with 100 labels, then with 20: look at the numbers below. With **fewer** labels the
#    worst source gets a **higher** score. Keep that in mind for the end.

# %% tags=["widget"]
from ipywidgets import Dropdown, IntSlider, SelectionSlider, interact

ways = {"LogME": log_me, "H-score": h_score, "cross-validated": lambda found, labels:
        cross_val_score(head(found), found, labels, cv=2).mean()}  # fmt: skip


def show(score, n, seed):
    learn = draw(seed)[0][:n]
    promise = pd.Series({k: ways[score](f[learn], y[learn]) for k, f in features.items()})
    ax = plt.subplots(figsize=(7, 4))[1]
    ax.plot(promise, worth[promise.index], "o", color=SOURCE)
    ax.set(xlabel=score, ylabel="accuracy",
           title=f"Kendall's tau {promise.corr(worth, method='kendall'):.2f}")  # fmt: skip
    plt.show()


n_labels = SelectionSlider(options=[20, 50, 100], value=100, description="labels")
seeds = IntSlider(0, 0, 9, description="draw")
_ = interact(show, score=Dropdown(options=list(ways)), n=n_labels, seed=seeds)

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Kendall's tau by hand. Your boss asks: "If I show you **two** sources, how often
# does LogME put the better one first?" Count all pairs of two different sources, and put the share
# that is in the right order into `right`.

# %% tags=["exercise"]
from itertools import combinations

promised = scores["LogME"]
two = list(combinations(promised.index, 2))
agree = [(promised[a] > promised[b]) == (worth[a] > worth[b]) for a, b in two]  #:
right = np.mean(agree)  #: right = ...

# %% tags=["check"]
check(
    "Exercise 1",
    right,
    expect(lambda r: 0 <= float(r) <= 1, "Give a share between 0 and 1."),
    expect(lambda r: not np.isclose(r, taus["LogME"]), "That is tau: right minus wrong."),
    expect(lambda r: not np.isclose(r, (1 - taus["LogME"]) / 2), "That share is in wrong order."),
    expect(lambda r: np.isclose(2 * r - 1, taus["LogME"]), "right - (1 - right) should be tau."),
    well_done="So tau is easily said: it is twice that share, less one.",
)

# %% [markdown]
# **Exercise 2.** Which **variables**? All layers of the best network together have 2,368 of them.
# Keep the 64 that tell the digits apart best: `f_classif` gives each its F, the spread between the
# classes over that within them. Ask only the hundred labels. Put the columns into `kept`, and the
# accuracy of a head on them, for draw 0 alone, into `score`.

# %% tags=["exercise"]
from sklearn.feature_selection import f_classif

joined = np.concatenate(list(tap(networks["all 62 characters"]).values()), axis=1)
joined = joined[:, joined[labelled].std(axis=0) > 0]  # without those that are always the same
by_chance = accuracy(joined[:, np.random.default_rng(SEED).permutation(joined.shape[1])[:64]], [0])

kept = f_classif(joined[labelled], y[labelled])[0].argsort()[-64:]  #: kept = ...
score = accuracy(joined[:, kept], [0])  #: score = ...

# %% tags=["check"]
f_of_variable = f_classif(joined[labelled], y[labelled])[0]
check(
    "Exercise 2",
    kept,
    expect(lambda k: np.shape(k) == (64,) and len(set(k)) == 64, "`kept`: 64 different columns."),
    expect(
        lambda k: f_of_variable[k].min() > np.median(f_of_variable), "The largest F, not small."
    ),
    expect(
        lambda k: set(k) == set(f_of_variable.argsort()[-64:]), "F of the hundred labels alone?"
    ),
    expect(lambda k: np.isclose(score, accuracy(joined[:, k], [0])), "accuracy(..., [0]): draw 0."),
    well_done=f"Look at `score` beside all of them ({accuracy(joined, [0]):.0%}), and 64 by chance "
    f"({by_chance:.0%}): the first two are near each other, now one ahead, now the other.",
)

# %% [markdown]
# ## Where it breaks
#
# The H-score ranked whole networks well. Let it choose among **all** pairs of source and layer. The
# control is the network that learned nothing: its fourth layer, against the last layer of the best
# source.

# %% tags=["claim"]
nothing = pairs.loc[("random network", "conv4")]
good = pairs.loc[("all 62 characters", "dense1")]
tau_of_pairs = pairs.corr(method="kendall")["accuracy"]
claim("H-score of the network that learned nothing, over the good one",
      nothing["H-score"] - good["H-score"], at_least=1)  # fmt: skip
claim("And its accuracy", nothing["accuracy"] - good["accuracy"], at_most=-0.03)
claim("Kendall's tau of the H-score over all pairs", tau_of_pairs["H-score"], at_most=0.6)
claim("Lead of LogME", tau_of_pairs["LogME"] - tau_of_pairs["H-score"], at_least=0.1)
pairs.loc[[nothing.name, good.name]].round(2)

# %% [markdown]
# The H-score **counts**: with 1,024 variables and a hundred labels, nearly any features pull the
# classes apart on the labels that you have, though ours shrinks the spread (Ibrahim et al. 2022;
# the plain one is the same for all). Compare it only where the number of variables is the same.
# LogME, without an intercept and on features as they are, pays for each variable.
#
# And all these scores promise how a head on **frozen** features will read. What if you fine-tune?
# Four networks, all layers trained:

# %%
rows = {}
for name in ["all 62 characters", "small scanned digits", "capitals, random labels", None]:
    begin = new_network()
    if name is not None:
        begin.layers[0].set_weights(networks[name].layers[0].get_weights())
    trainer.restart(begin, x[labelled], y[labelled])
    trainer.train(0, Plan(epochs=60, batch_size=25, seed=SEED))
    tuned = np.mean(np.asarray(trainer.model(x[unseen])).argmax(axis=1) == y[unseen])
    rows[name or "random network"] = worth.get(name, untrained), tuned
tuned = pd.DataFrame(rows, ["frozen, last layer", "all layers trained"]).T
frozen, trained = np.ptp(tuned, axis=0)
claim("Between best and worst, fine-tuned over frozen", trained / frozen, at_most=0.5)
tuned.round(2)

# %% [markdown]
# ## You can now
#
# - **rank** sources with a hundred labels: cross-validate a head, or take LogME; and say with
#   Kendall's tau, and a band around it, how good the ranking is;
# - **tell** what likeness can promise: it sees images, not what was learned from them, so true and
#   random labels look the same to it;
# - **choose** the layer along with the source: a bad source has good first layers; and distrust a
#   score that grows with the number of variables. And fine-tune before you throw a source away:
#   trained as a whole, the four networks of the last table lie much closer together.
#
# **References.** You et al. (2021), LogME: practical assessment of pre-trained models for transfer
# learning, *ICML*. Nguyen et al. (2020), LEEP: a new measure to evaluate transferability of learned
# representations, *ICML*. Bao et al. (2019), An information-theoretic approach to transferability
# in task transfer learning, *ICIP*. Ibrahim, Ponomareva and Mazumder (2022), Newer is not always
# better: rethinking transferability metrics, their peculiarities, stability and performance, *ECML
# PKDD*. Gretton et al. (2012), A kernel two-sample test, *JMLR* 13.
