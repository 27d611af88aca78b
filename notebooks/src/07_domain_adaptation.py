# %% [markdown] transfer="transductive" method="domain adaptation"
# # 07 · Can a network learn a domain for which nobody has labels?
#
# Your inspector knows one kind of solar cell, and tomorrow another kind arrives. The question is
# the same, defective or not; the photographs look different, and nobody has labelled a single one.
# You will adapt without labels, three ways, and see one of them fail before it works.
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/07_domain_adaptation.ipynb)
#
# **About 50 minutes** · needs 02 · 60 CPU seconds · 1.4 GB of memory
#
# The photographs of solar cells (ELPV, CC BY-NC-SA 4.0) are for **non-commercial use only**.
#
# ## You will
#
# - **measure** what another domain costs, and how much of it adaptation brings back;
# - **adapt** without labels: by statistics, by a distance, and against an adversary;
# - **say** when adapting harms, before anybody has labels to notice it.
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
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect
from tlwidgets import load_digits, load_results, make_glyphs, make_mnist_m
from tlwidgets.adapt import SealedLabels
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
SEED = 0
SEEDS = range(5)  # each seed: other cells in the test, other cells to learn from
STEPS = 1000  # of training; each takes 64 images of each domain
SIZE_PX = 160  # side of a solar cell

# %% [markdown]
# **Transductive** transfer (Pan and Yang 2010): one task, two domains, labels only in the
# **source**. Here the task is to read digits. The source is printed: a computer draws digits in its
# fonts and knows what it drew. The target is handwritten, and has no labels. Those of 1,000 test
# images exist, but we **seal** them: what adapts cannot read them.

# %%
printed, digits = make_glyphs(6000, "digits", seed=SEED), load_digits()
order = np.random.default_rng(SEED).permutation(len(digits.labels))
x_source, y_source = printed.images[..., None], printed.labels
handwritten = digits.images[order, ..., None]
x_target, x_test = handwritten[2000:4000], handwritten[4000:]
secret = SealedLabels(digits.labels[order[4000:]])
photographed = make_mnist_m(digits.images[order[:14]])
fig, axes = plt.subplots(3, 14, figsize=(12, 2.8))
images = [*printed.images[:14], *x_target[:14], *photographed]
for ax, image in zip(axes.flat, images, strict=True):
    ax.imshow(image, cmap="gray")
    ax.axis("off")

# %% [markdown]
# Printed, handwritten, and below them a third domain, **MNIST-M**: handwriting blended with pieces
# of colour photographs. It comes later.
#
# ## 1. What does another domain cost?
#
# We train a small network on the printed digits, with all its steps inside one compiled function
# (`fit_two_domains`). It gets the target's images, too, and has no use for them: this is the
# **control**, *source only*. Every method below takes the same steps from the same random start.

# %% tags=["widget"]
alone = Prediction("It reads nearly all printed digits. Of the handwritten ones?", low=0.1, high=1)
alone

# %%
from tlwidgets.adapt import DomainAligned, annealed_sgd, digit_network, fit_two_domains


def train(model):
    """Train on both domains; return history, and features of 300 digits of each on the way."""
    moments = {}

    def keep(step, model):
        moments[f"step {step}"] = [model.features(x[:300]) for x in (x_source, x_test)]

    model.recompile(annealed_sgd(STEPS))
    source = (x_source, y_source)
    return fit_two_domains(model, source, x_target, steps=STEPS, on_record=keep), moments


def read(classifier, images):
    """Return the digit that the classifier sees in each image."""
    return np.asarray(classifier(images)).argmax(axis=1)


keras.utils.set_random_seed(SEED)
source_only = DomainAligned(digit_network())
_, moments_alone = train(source_only)

# %% tags=["claim"]
new = make_glyphs(1000, "digits", seed=1000 + SEED)
on_source = np.mean(read(source_only.classifier, new.images[..., None]) == new.labels)
on_target = secret.accuracy(read(source_only.classifier, x_test))
print(f"printed {on_source:.0%}, handwritten {on_target:.0%}")
claim("Accuracy on new printed digits", on_source, at_least=0.95)
claim("Lost on handwritten ones", on_source - on_target, at_least=0.12)
alone.reveal(on_target)

# %% [markdown]
# The network did not forget how to read; nobody told it what a pen does. A network trained on 2,000
# *labelled* handwritten digits gets nearly all right. That is the ceiling, source only is the
# floor, and adaptation lives between them. Never show one bar without the other two.
#
# ## 2. Bring the statistics together
#
# First the solar cells. Cells of one crystal (**mono**) are labelled; those of many crystals
# (**poly**) are not. A frozen ImageNet network gives 1,280 features for each.

# %%
from tlwidgets import extract_features, fetch_solar_cells, load_backbone

cells = fetch_solar_cells(SIZE_PX)
y, kind = cells.is_defective, cells.module_type
fig, axes = plt.subplots(2, 6, figsize=(10, 3.6))
for row, name in zip(axes, ["mono", "poly"], strict=True):
    for ax, i in zip(row, np.flatnonzero((kind == name) & (y == 0))[40:46], strict=True):
        ax.imshow(cells.images[i], cmap="gray", vmin=0, vmax=255)
        ax.set_title(f"{name}, sound", fontsize=9)
        ax.axis("off")
features = extract_features(load_backbone("efficientnet_lite0", SIZE_PX), cells.images)


def parts(seed, source="mono", target="poly"):
    """Return cells of the source, of the target, and of the target to be tested."""
    learn, test = cells.split(seed)
    return learn[kind[learn] == source], learn[kind[learn] == target], test[kind[test] == target]


# %% tags=["widget"]
other_kind = Prediction(
    "Trained on mono cells: AUC on poly cells? (0.5 is guessing)", low=0.4, high=1
)
other_kind

# %% [markdown]
# All these cells are sound, yet the poly ones are full of dark grains: to a head that knows mono
# cells, every one looks broken. The simplest repair: each domain is standardised **by itself**,
# feature by feature,
#
# $$z = (x - m_{domain})\,/\,s_{domain}$$
#
# with mean and standard deviation of *its own* images. No label is needed for that. What was "more
# grains than a mono cell has" becomes "more than a poly cell usually has".


# %%
from tlwidgets.adapt import standardise_per_domain


def solve_head(x, labels):
    """Return a logistic regression on some features."""
    return LogisticRegression(C=3 / x.shape[1], class_weight="balanced", max_iter=999).fit(
        x, labels
    )


def head_auc(x, labels, x_new, new):
    """Solve a head on some cells; return its AUC on the cells `new`."""
    return roc_auc_score(y[new], solve_head(x, labels).decision_function(x_new))


def scaled(known, new):
    """Standardise both with the statistics of the first."""
    scaler = StandardScaler().fit(features[known])
    return scaler.transform(features[known]), scaler.transform(features[new])


# %%
rows = []
for mono, poly, new in map(parts, SEEDS):
    x, x_new = scaled(mono, new)
    rows.append(("source only", head_auc(x, y[mono], x_new, new)))
    x, x_new = standardise_per_domain(features[mono], features[new])
    rows.append(("standardised", head_auc(x, y[mono], x_new, new)))
    x, x_new = scaled(poly, new)
    rows.append(("trained on target", head_auc(x, y[poly], x_new, new)))
inspectors = pd.DataFrame(rows, columns=["way", "AUC on poly cells"])
colours = ["#A65C8E", "#B07D00", "#00825F"]
grid = sns.catplot(inspectors, y="way", x="AUC on poly cells", hue="way", kind="bar",
                   errorbar="sd", palette=colours, height=2.4, aspect=3)  # fmt: skip
grid.set(xlim=(0.4, 1), ylabel="")
auc = inspectors.groupby("way")["AUC on poly cells"].mean()
other_kind.reveal(auc["source only"])

# %% [markdown]
# Read it from top to bottom: not much better than guessing, then a good half of the way to the
# ceiling, for two lines of code and no label. That is as far as it goes: 1,280 features can differ
# in more than mean and spread.
#
# Another idea needs no statistics. **Self-training** (Lee 2013): `pseudo_label` picks the cells of
# which the head is very sure, with what it says of them, and we learn from these as if somebody had
# labelled them. Before standardising, or after?

# %%
from tlwidgets.adapt import pseudo_label

rows = []
for mono, _, new in map(parts, SEEDS):
    after = standardise_per_domain(features[mono], features[new])
    for way, (x, x_new) in {"source only": scaled(mono, new), "standardised": after}.items():
        sure, guess = pseudo_label(solve_head(x, y[mono]).predict_proba(x_new))
        more, labels = np.concatenate([x, x_new[sure]]), np.concatenate([y[mono], guess])
        rows.append((way, len(sure), 100 * guess.mean(), head_auc(more, labels, x_new, new)))
columns = ["way", "sure of", "called defective, %", "AUC after self-training"]
taught = pd.DataFrame(rows, columns=columns).groupby("way").mean()
taught["AUC before"] = auc
by_itself = taught["AUC after self-training"] - taught["AUC before"]
taught.round(2)

# %% [markdown]
# Before, it **harms**: all of which the head was sure it called defective, sound cells too, and
# learning from that makes it worse. After, it brings next to nothing. Self-training sharpens what
# is right already; it corrects nothing.
#
# Inside a network each **BatchNormalization** standardises, too, with statistics that it kept from
# the source. **AdaBN** (Li et al. 2016) replaces them by the target's, and leaves all parameters
# as they are. Try it on the reader of printed digits.

# %% tags=["claim"]
gain = auc["standardised"] - auc["source only"]
claim("Standardised over source only, AUC", gain, at_least=0.08)
claim("Missing to the ceiling, AUC", auc["trained on target"] - auc["standardised"], at_least=0.06)
called = taught.loc["source only", "called defective, %"]
claim("Sure guesses that say defective, source only, percent", called, at_least=95)
claim("Self-training over source only, AUC", by_itself["source only"], at_most=-0.03)
little = by_itself["standardised"]
claim("Self-training over standardised, AUC: nothing", little, at_least=-0.01, at_most=0.03)

# %%
from tlwidgets.adapt import adapt_batchnorm

n_changed = adapt_batchnorm(source_only.classifier, x_target, batch_size=2000)
with_adabn = secret.accuracy(read(source_only.classifier, x_test))
print(f"{n_changed} layers changed: {on_target:.1%} before, {with_adabn:.1%} after; {secret}")

# %% [markdown]
# One seed says little: saved runs over five seeds (`datasets/results/`) follow below. Note what the
# envelope counts: each look at the target's labels.
#
# ## 3. Let the network close the gap
#
# Now let the network **learn** features by which nobody can tell the domains apart. One way adds a
# distance between the two clouds to the loss: **Deep CORAL** (`coral_loss`) compares how features
# vary together, **MMD** (`mmd_loss`) where the points lie. The other is an **adversary** (**DANN**,
# Ganin et al. 2016): a discriminator learns to guess the domain from the features; a *gradient
# reversal* below it hands its gradient $g$ on as $-\lambda g$, so that the features learn to fool
# it. $\lambda$ grows from 0 to 1.

# %% tags=["widget"]
helps_most = Prediction("Which brings back most on handwriting?", choices=["AdaBN", "MMD", "DANN"])
helps_most

# %%
from tlwidgets.adapt import DomainAdversarial, project_domains
from tlwidgets.adapt.plot import plot_domains

keras.utils.set_random_seed(SEED)
adversarial = DomainAdversarial(digit_network(), steps=STEPS)
history, moments = train(adversarial)
adapted = secret.accuracy(read(adversarial.classifier, x_test))
print(f"source only {on_target:.1%}, DANN {adapted:.1%}; the discriminator is right in "
      f"{history['domain_accuracy'][-1]:.0%}, half would be guessing")  # fmt: skip
last = f"step {STEPS}"
projected = project_domains({"source only": moments_alone[last], "DANN": moments[last]})
fig, axes = plt.subplots(1, 2, figsize=(12, 6), layout="tight")
for moment, ax in enumerate(axes):
    plot_domains(projected, moment, ax, source_classes=y_source[:300],
                 target_classes=secret.open()[:300])  # fmt: skip

# %% [markdown]
# All adapting is done, so we opened the envelope for a picture: purple digits are printed, green
# ones handwritten. Read both from their edge inwards. Left, the green sixes and fives stop short of
# the purple ones and crowd towards the middle, where everything is mixed up. Right they lie among
# their own; only in the middle do many classes still share a place.
#
# Now five seeds, the same steps each, and two ways more: self-training, and **entropy**
# (`entropy_loss`): decide on every image of the target!

# %%
saved = load_results("domain_adaptation")
final = saved.groupby(["pair", "way", "seed"], as_index=False, sort=False).last()
ways = ["source only", "AdaBN", "MMD", "Deep CORAL", "DANN", "self-training", "entropy",
        "trained on target"]  # fmt: skip
colours = ["#A65C8E", *["#B07D00"] * 6, "#00825F"]
grid = sns.catplot(final, y="way", x="accuracy", hue="way", col="pair", kind="bar", order=ways,
                   hue_order=ways, palette=colours, errorbar="sd", height=4,
                   aspect=1.5)  # fmt: skip
grid.set(xlabel="accuracy on 1,000 digits of the target", ylabel="").set_titles("{col_name}")
scores = final.pivot(index=["pair", "seed"], columns="way", values="accuracy")
gains = scores.sub(scores["source only"], axis=0)
mean = gains.groupby("pair").mean()
hand, photo = mean.loc["printed to handwritten"], mean.loc["MNIST to MNIST-M"]
helps_most.reveal(hand[["AdaBN", "MMD", "DANN"]].idxmax())

# %% tags=["claim"]
three = ["DANN", "MMD", "Deep CORAL"]
for way in three:
    claim(f"{way} over source only, handwriting", hand[way], at_least=0.04)
    claim(f"{way} over source only, photographs", photo[way], at_least=0.05)
    claim(f"{way} over source only, the worst of ten runs", gains[way].min(), at_least=0.01)
claim("Between these three, handwriting: nothing", np.ptp(hand[three]), at_most=0.02)
claim("DANN over AdaBN, handwriting", hand["DANN"] - hand["AdaBN"], at_least=0.02)
claim("Ceiling over DANN", (mean["trained on target"] - mean["DANN"]).min(), at_least=0.1)
claim("Entropy over source only, handwriting", hand["entropy"], at_least=0.03)
claim("Entropy over source only, photographs", photo["entropy"], at_most=-0.03)
claim("Self-training: next to nothing", mean["self-training"].abs().max(), at_most=0.03)
right, of_photos = (scores.groupby("pair").mean().loc[pair] for pair in (hand.name, photo.name))
claim("Source only, of handwriting right", right["source only"], at_least=0.65)
claim("Source only, of photographs right", of_photos["source only"], at_most=0.49)
claim("Accuracy of the ceiling, handwriting", right["trained on target"], at_least=0.9)

# %% [markdown]
# DANN helps in every run, and stays far from the ceiling; MMD and Deep CORAL, much simpler, do
# about as well. Self-training hardly changes anything here. With entropy the network decides: on
# handwriting, where most of its answers are right, that helps; on photographs, where most are
# wrong, it becomes sure of its errors. That is **negative transfer**, and without labels you would
# not know on which side you are.

# %% [markdown]
# The adversary of this picture was not the first that we tried. That did what many people do:
# train a network on the source until it is sure, **then** set a discriminator on its features, with
# Adam and no batch normalization. In grey what the same steps on the source alone give.

# %%
tries = {"DANN, first try": "#D55E00", "source only, first try": "#7A7A7A", "DANN": "#B07D00"}
grid = sns.relplot(
    saved[saved["way"].isin(tries)], x="step", y="accuracy", hue="way", style="way", col="pair",
    palette=tries, hue_order=tries, kind="line", errorbar="sd", height=3.2, aspect=1.4,
)  # fmt: skip
grid.set(ylabel="accuracy on the target").set_titles("{col_name}")
for ax in grid.axes.flat:
    ax.axvline(400, color="#7A7A7A", linestyle=":")
harm = scores["DANN, first try"] - scores["source only, first try"]

# %% [markdown]
# Read it from the dotted line on, where the discriminator sets in: orange falls below grey. A
# likely reason: where the network is sure of the source, the loss of the labels is nearly zero and
# no longer holds the classes in place; Adam takes full steps from whatever gradient is left, the
# adversary's. The clouds meet, sevens of one on ones of the other. What works is the paper's
# recipe: labels and adversary from the first step, SGD with a falling rate, batch normalization.

# %% tags=["claim"]
harm = harm.groupby("pair").mean()
claim("First try over its control, photographs", harm["MNIST to MNIST-M"], at_most=-0.01)
claim("First try over its control, handwriting", harm["printed to handwritten"], at_most=-0.01)
paper = pd.Series({"source only": 52.3, "DANN": 76.7, "trained on target": 96.0})
here = scores.loc["MNIST to MNIST-M"].mean() * 100
contrasts = "source only, other contrasts"
claim("Other contrasts over DANN, points", here[contrasts] - here["DANN"], at_least=5)
table = pd.DataFrame({"Ganin et al. 2016": paper, "here": here[[*paper.index, contrasts]].round(1)})
table.loc[[*paper.index, contrasts]]

# %% [markdown]
# **The paper and you**, MNIST to MNIST-M, in percent. The paper had 60,000 images, a larger network
# and hours, so the distances count. The last row adapts nothing: source only, with ink and paper of
# **other contrasts** in each image. Who knows *what* differs can vary it in the source.
#
# ## Play
#
# Move through the training of the DANN above. Try:
#
# 1. Step 0: random features; no class has a place of its own.
# 2. Steps 100 to 300: purple classes part, and green ones of the same class follow a little behind.
# 3. The end: look for green digits among purple ones of another class. The adversary is content
#    with them: it asks only for the domain.

# %% tags=["widget"]
from tlwidgets.adapt.plot import scrub_domains

scrub_domains(
    project_domains(moments),
    source_classes=y_source[:300],
    target_classes=secret.open()[:300],
)

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** You cannot see the accuracy on the target, for that takes labels. But you can see
# the **gap**. Put the `mmd_loss` between the features of the 300 printed and the 300 handwritten
# digits into `gap_alone`, for the network that saw only the source (`moments_alone`), and into
# `gap_adapted` for the adversarial one (`moments`), both at the end of the training.

# %% tags=["exercise"]
from tlwidgets.adapt import mmd_loss

gap_alone = float(mmd_loss(*moments_alone[last]))  #: gap_alone = ...
gap_adapted = float(mmd_loss(*moments[last]))  #: gap_adapted = ...

# %% tags=["check"]
wanted = [float(mmd_loss(*kept[last])) for kept in (moments_alone, moments)]
check(
    "Exercise 1",
    ... if gap_alone is ... else (gap_alone, gap_adapted),
    expect(
        lambda g: all(isinstance(v, float) for v in g),
        "Two numbers: float() makes one of a tensor.",
    ),
    expect(lambda g: g[1] < g[0], "The adversary closes the gap. Did you swap the two?"),
    expect(lambda g: np.isclose(g[0], wanted[0], rtol=0.01), "gap_alone: moments_alone[last]."),
    expect(lambda g: np.isclose(g[1], wanted[1], rtol=0.01), "gap_adapted: moments[last]."),
    well_done="A closed gap is necessary, not sufficient: classes may still be exchanged.",
)

# %% [markdown]
# **Exercise 2.** The other way round: poly cells are labelled, mono cells are not. `parts` takes
# `source` and `target`. Put the mean AUC over `SEEDS` of source only into `alone_auc`, that of
# `standardise_per_domain` into `adapted_auc`.

# %% tags=["exercise"]
turned = [parts(seed, "poly", "mono") for seed in SEEDS]
pairs = []  # for each seed the AUC of source only, and standardised
for poly, _, new in turned:  #: ...
    once = [scaled(poly, new), standardise_per_domain(features[poly], features[new])]  #:
    pairs.append([head_auc(x, y[poly], x_new, new) for x, x_new in once])  #:
alone_auc, adapted_auc = np.mean(pairs, axis=0)  #: alone_auc, adapted_auc = ..., ...

# %% tags=["check"]
once = [
    (p, n, scaled(p, n), standardise_per_domain(features[p], features[n])) for p, _, n in turned
]
wanted = [(head_auc(a, y[p], b, n), head_auc(c, y[p], d, n)) for p, n, (a, b), (c, d) in once]
floor, repaired = np.mean(wanted, axis=0)
check(
    "Exercise 2",
    ... if alone_auc is ... else (alone_auc, adapted_auc),
    expect(lambda a: all(isinstance(v, float) for v in a), "Two numbers: means over the seeds."),
    expect(lambda a: np.isclose(a[0], floor, atol=1e-3), "alone_auc: use scaled(poly, new)."),
    expect(lambda a: np.isclose(a[1], repaired, atol=1e-3), "Standardise poly and new apart."),
    well_done="Hardly a gain! A head that learned grains is not fooled by cells without.",
)

# %% [markdown]
# ## Where it breaks
#
# Today a batch of 100 poly cells arrives. It may be a good one, with few defects, or a bad one. You
# standardise it by itself, as in part 2, and count what your inspector reports.

# %% tags=["widget"]
bad_batch = Prediction(
    "A batch with 90 defective cells of 100: how many are reported?", low=0, high=100
)
bad_batch

# %%
rows, rng = [], np.random.default_rng(SEED)
for (mono, poly, new), n in [(parts(seed), n) for seed in SEEDS for n in (5, 30, 60, 90)]:
    sound, broken = (rng.choice(new[y[new] == label], k) for label, k in [(0, 100 - n), (1, n)])
    batch = np.concatenate([sound, broken])
    x, x_batch = standardise_per_domain(features[mono], features[batch])
    rows.append(("standardised", n, solve_head(x, y[mono]).predict(x_batch).sum()))
    x, x_batch = scaled(poly, batch)
    rows.append(("trained on target", n, solve_head(x, y[poly]).predict(x_batch).sum()))
batches = pd.DataFrame(rows, columns=["way", "defective of 100", "reported"])
fig, ax = plt.subplots(figsize=(6, 3.4))
sns.lineplot(batches, x="defective of 100", y="reported", hue="way", style="way", markers=True,
             dashes=False, errorbar="sd", palette=["#B07D00", "#00825F"], ax=ax)  # fmt: skip
ax.plot([5, 90], [5, 90], color="#7A7A7A", linestyle=":")
report = batches.groupby(["way", "defective of 100"])["reported"].mean()
bad_batch.reveal(report["standardised", 90])

# %% [markdown]
# Read it from left to right; the dotted line is the truth. The adapted inspector reports the same
# number **whatever arrives**: it knows only "more than usual in this batch", and in a bad batch
# broken is usual. Every method of this lesson makes that assumption: classes are mixed alike in
# both domains. Where they are not, matching the domains removes what you look for. Take the
# statistics from many cells over a long time, not from today's batch, and have a few labelled.

# %% tags=["claim"]
bad, good = report["standardised", 90], report["standardised", 5]
claim("Reported more in the bad batch than in the good one", bad - good, at_most=15)
true_bad, true_good = report["trained on target", 90], report["trained on target", 5]
claim("The same with a head trained on the target", true_bad - true_good, at_least=30)

# %% [markdown]
# ## You can now
#
# - **measure** what another domain costs: floor, adapted and ceiling, the same steps for all, and
#   labels of the target sealed until the end;
# - **adapt** without labels: standardise each domain by itself first, it costs nothing; then a
#   distance, or an adversary by the paper's recipe; and vary in the source what you know to differ;
# - **say** when adapting harms: when classes are mixed differently, when a network that is mostly
#   wrong becomes sure of itself, and when an adversary meets one that has made up its mind. A
#   closed gap proves nothing; a few labels do.
#
# **References.** Ganin et al. (2016), Domain-adversarial training of neural networks, *JMLR*. Li et
# al. (2016), Revisiting batch normalization for practical domain adaptation. Sun and Saenko
# (2016), Deep CORAL, *ECCV workshops*. Long et al. (2015), Learning transferable features with deep
# adaptation networks, *ICML*. Lee (2013), Pseudo-label, *ICML workshops*. Grandvalet and Bengio
# (2005), Semi-supervised learning by entropy minimization, *NeurIPS*. Pan and Yang (2010), A survey
# on transfer learning, *IEEE TKDE*.
