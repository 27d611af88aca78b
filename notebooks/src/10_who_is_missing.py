# %% [markdown] transfer="transductive" method="sample-selection bias"
# # 10 · Who is missing from my data?
#
# Your test set gives your model a good mark; the people who use it do not. Both are honest. How can
# that be? You will spoil samples in four ways, catch each deceiving its own test set, repair what
# can be repaired, and find out where nothing can.
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/10_who_is_missing.ipynb)
#
# **About 50 minutes** · needs 02 · 45 CPU seconds the first time, 25 after · 1.2 GB of memory
#
# The photographs of solar cells (ELPV, CC BY-NC-SA 4.0) are for **non-commercial use only**.
#
# ## You will
#
# - **recognise** four ways in which a sample misleads, and its own test set with it;
# - **repair** what can be repaired: with importance weights, corrected classes, a robust loss;
# - **tell** when no repair can work, and what to collect instead.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell.

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect, load_digits

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
warnings.filterwarnings("ignore", "BBSE is not")  # part 2 says what it warns of
budget()

# %% tags=["parameters"]
HOLD_OUT = 300  # the last of each sample, kept as its own test set
N_DRAWN = 1300  # parts 2 and 3; in part 1 half of the sample is hold-out
BIAS = 0.7  # 0: everybody has the same chance; 1: nobody comes from one side
BIASES = [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
SKEWS = {"9 to 1": 0.92, "19 to 1": 0.97}  # frequent to rare digits; and the bias that gives it
WRONG_LABELS = 0.4  # share
SEEDS = range(10)  # each seed: another sample
SEED = 0
SIZE_PX = 160  # side of a solar cell
COLOURS = {"hold-out says": "#A65C8E", "everybody": "#00825F", "the missing": "#D55E00",
           "weighted hold-out": "#0072B2"}  # fmt: skip
MARKERS = {"hold-out says": "o", "everybody": "D", "the missing": "s"}

# %% [markdown]
# ## 1. Domain shift: some hardly come
#
# An app reads digits from photographs. People hold the phone as they like, so the digits come
# turned by up to 60 degrees, to either side. **Everybody** is these 5,000. Your **sample** is 600
# of them, and most of those who sent you theirs hold the phone the same way.

# %%
from scipy.ndimage import rotate

from tlwidgets.shift import CovariateSelection, Population, SimpleRandom

y, angle = load_digits().labels, np.random.default_rng(SEED).uniform(-60, 60, 5000)
pairs = zip(load_digits().images / 255, angle, strict=True)
turned = np.array([rotate(image, by, reshape=False, order=1) for image, by in pairs])


def make_population(name, images, n_numbers, **covariates):
    """Return the digits as a population; a model sees each as a few numbers."""
    x = PCA(n_numbers, random_state=SEED).fit_transform(images.reshape(len(y), -1))
    place = (x[:, :2] - x[:, :2].min(axis=0)) / np.ptp(x[:, :2], axis=0)
    return Population(name=name, x=x, y=y, class_names=tuple("0123456789"), position=place,
                      group=np.full(len(y), "everybody"), covariates=covariates)  # fmt: skip


people = make_population("turned digits", turned, 10, angle=angle)
upright = make_population("digits", load_digits().images / 255, 30)


# %%
few_left = CovariateSelection("angle", "low")
samples = [few_left(people, BIAS, 2 * HOLD_OUT, np.random.default_rng(seed)) for seed in SEEDS]
fig = plt.figure(figsize=(11, 3.6))
for column, i in enumerate(np.argsort(angle)[227:5000:454], start=1):
    ax = fig.add_subplot(3, 11, column)
    ax.imshow(turned[i], cmap="gray")
    ax.axis("off")
ax, bins = fig.add_subplot(3, 1, (2, 3)), np.linspace(-60, 60, 25)
for name, who in {"everybody": angle, "hold-out says": angle[samples[0].indices]}.items():
    sns.histplot(x=who, bins=bins, color=COLOURS[name], element="step", ax=ax)
ax.set(xlabel="angle in degrees (above: a digit of each)", ylabel="people", xlim=(-60, 60))
sns.despine()

# %% [markdown]
# Read it from left to right: everybody (green) comes with any angle; the sample (purple) thins out
# to the right, where digits are turned left. As usual you learn from one half of the sample and
# test on the other, the **hold-out**. In this lesson purple is what the hold-out says, green what
# is true of everybody else, orange what is true of those who hardly came.


# %%
def learn(sample, ratio=None, **options):
    """Return a model that learned from all of a sample but its hold-out."""
    n = len(sample) - HOLD_OUT
    model = LogisticRegression(max_iter=500, **options)
    count = None if ratio is None else ratio[:n]
    return model.fit(sample.x[:n], sample.labels[:n], sample_weight=count)


def judge(way, sample, guess, missing=None, ratio=None):
    """Return rows: what the hold-out says, and what is true of those who were not drawn."""
    right = guess[sample.indices[-HOLD_OUT:]] == sample.labels[-HOLD_OUT:]
    others = pd.DataFrame({"digit": y, "right": guess == y}).drop(index=sample.indices)
    whom = [others] if missing is None else [others, others[missing[others.index]]]
    true = [some.groupby("digit")["right"].mean().mean() for some in whom]  # all digits alike
    marks = [np.average(right, weights=ratio), *true]
    return [(way, who, mark) for who, mark in zip(COLOURS, marks, strict=False)]


# %% tags=["widget"]
lie = Prediction(
    "The hold-out gives a mark. How well are everybody's digits read?",
    choices=["better", "as well", "2 points worse", "10 points worse"],
)
lie

# %% [markdown]
# As a control, random samples of the same size. Ten samples of each: a mark is their mean, the line
# their spread.


# %%
def plot_marks(rows, title="", mark="accuracy"):
    """Draw the marks of each way, mean and spread over the seeds; return the means."""
    table = pd.DataFrame(rows, columns=["way", "who", "mark"])
    ax = plt.figure(figsize=(7, 0.9 + 0.4 * table["way"].nunique())).add_subplot(title=title)
    sns.pointplot(table, x="mark", y="way", hue="who", errorbar="sd", linestyle="none", ax=ax,
        palette=COLOURS, markers=[MARKERS[who] for who in table["who"].unique()])  # fmt: skip
    ax.set(xlabel=mark, ylabel="")
    sns.move_legend(ax, "center left", bbox_to_anchor=(1, 0.5), title=None, frameon=False)
    return table.groupby(["way", "who"])["mark"].mean().unstack()


fair = [SimpleRandom()(people, 0, 2 * HOLD_OUT, np.random.default_rng(seed)) for seed in SEEDS]
rows = {"biased": samples, "random": fair}
for way, some in rows.items():
    rows[way] = [row for s in some for row in judge(way, s, learn(s).predict(people.x), angle > 20)]
marks = plot_marks(rows["biased"] + rows["random"])
lie.reveal("10 points worse" if marks.diff(axis=1).iloc[0, 1] > 0.05 else "as well")

# %% [markdown]
# Read it row by row. The biased hold-out promises far more than everybody gets: it was **drawn like
# the sample**, so whoever is missing there is missing here. No test on your own data sees this.
#
# If you know who everybody is, even without labels, there is a repair: let the few stand in for the
# missing. Each example counts $r(x) = p_{everybody}(x) / p_{sample}(x)$, its **density ratio**.
# Kernel mean matching (Huang et al. 2006) estimates it from 1,000 digits without labels.

# %%
from tlwidgets.shift import KernelMeanMatching

rows["weighted"] = []
for seed, sample in zip(SEEDS, samples, strict=True):
    unlabelled = np.random.default_rng(seed).choice(people.x, 1000, replace=False)
    ratio = KernelMeanMatching()(sample.x, unlabelled)
    guess = learn(sample, ratio).predict(people.x)
    rows["weighted"] += judge("weighted", sample, guess, angle > 20, ratio[-HOLD_OUT:])
mean = plot_marks(rows["biased"] + rows["weighted"] + rows["random"])

# %% [markdown]
# The weighted hold-out is honest again, nearly. But those who were missing gain only a part of what
# a random sample gives them, and everybody together gains nothing. **Weights mend the mark more
# than the model**: they bring no new examples.
#
# How far does that go? Let the bias grow, and take the **exact** ratio, which nobody knows outside
# a lesson. The **effective sample size** says how many examples a weighted sample is worth.

# %%
from tlwidgets.shift import effective_sample_size, true_ratio

rows = []
for bias, seed in [(bias, seed) for bias in BIASES for seed in SEEDS]:
    sample = few_left(people, bias, 2 * HOLD_OUT, np.random.default_rng(seed))
    exact, guess = true_ratio(sample.probability[sample.indices]), learn(sample).predict(people.x)
    marks = dict(row[1:] for row in judge("", sample, guess))
    marks["weighted hold-out"] = judge("", sample, guess, ratio=exact[-HOLD_OUT:])[0][-1]
    size = effective_sample_size(exact)
    rows += [(bias, size, who, mark) for who, mark in marks.items()]
sweep = pd.DataFrame(rows, columns=["bias", "effective sample size", "who", "accuracy"])
fig, axes = plt.subplots(1, 2, figsize=(11, 3.4))
sns.lineplot(sweep, x="bias", y="accuracy", hue="who", style="who", palette=COLOURS,
             errorbar="sd", ax=axes[0])  # fmt: skip
sns.lineplot(sweep, x="bias", y="effective sample size", color="black", errorbar="sd", ax=axes[1])
sns.move_legend(axes[0], "upper left", title=None, frameon=False)

# %% [markdown]
# Read both from left to right. Up to the middle the weighted hold-out (blue) tells the truth. Then
# a handful of examples speaks for half of the people: the effective size collapses, and the blue
# band explodes. At the right end **nobody** comes from one side. All who came had the same chance,
# so all exact weights are equal; the effective size looks perfect, and the mark is as wrong as
# without. Weights speak only for those who could have come.

# %% tags=["claim"]
too_high, gain = mean["hold-out says"] - mean["everybody"], mean - mean.loc["biased"]
claim("Hold-out too high, biased", too_high["biased"], at_least=0.05)
claim("Share of that left by weights", too_high["weighted"] / too_high["biased"], at_most=0.5)
claim("Hold-out off, random sample", abs(too_high["random"]), at_most=0.03)
claim("The missing gain by weights", gain.loc["weighted", "the missing"], at_least=0.02)
claim("and by a random sample", gain.loc["random", "the missing"], at_least=0.12)
claim("Everybody gains by weights: nothing", gain.loc["weighted", "everybody"], at_most=0.02)
by_bias = sweep.pivot_table("accuracy", "bias", "who", aggfunc=["mean", "std"])
off = by_bias["mean"]["weighted hold-out"] - by_bias["mean"]["everybody"]
spread = by_bias["std"]["weighted hold-out"]
size = sweep.groupby("bias")["effective sample size"].mean()
claim("Weighted mark off, bias 0.5", abs(off[0.5]), at_most=0.04)
claim("Effective size of 600, bias 0.8", size[0.8], at_most=250)
claim("Spread of the weighted mark, 0.8 over 0.5", spread[0.8] / spread[0.5], at_least=1.5)
claim("Weighted mark too high, bias 1", off[1], at_least=0.15)

# %% [markdown]
# ## 2. Data skew: some are rare
#
# The digits are upright again, and all who come look as they should. But some **classes** are rare:
# your sample has nine times as many 0 to 4 as 5 to 9. Where the model will be used, all ten digits
# are equally frequent. A model of a thousand digits has seen about twenty of each rare one.

# %% tags=["widget"]
rare = Prediction("Which share of the rare digits does it read?", low=0, high=1)
rare

# %% [markdown]
# Two repairs. **Class weights**: in training all classes count the same. **Correction**: multiply
# $p(y \mid x)$ by the share of $y$ in use and divide by its share in the sample. The shares in use
# are found with 1,000 unlabelled digits: EM (Saerens et al. 2002) counts what it reads, corrects,
# and counts again; BBSE (Lipton et al. 2018) solves for them with the table of confusions. At nine
# to one, and at nineteen.

# %%
from sklearn.model_selection import cross_val_predict

from tlwidgets.shift import BBSE, ClassSkew, SaerensEM, correct_posterior

rows = {odds: [] for odds in SKEWS}
for odds, seed in [(odds, seed) for odds in SKEWS for seed in SEEDS]:
    sample = ClassSkew(range(5))(upright, SKEWS[odds], N_DRAWN, np.random.default_rng(seed))
    fair = SimpleRandom()(upright, 0, N_DRAWN, np.random.default_rng(seed))
    known = cross_val_predict(learn(sample), sample.x, sample.labels, method="predict_proba")
    ways = {"skewed": (sample, {}), "class weights": (sample, {"class_weight": "balanced"}),
            "EM": (sample, {}, SaerensEM()), "BBSE": (sample, {}, BBSE(is_soft=False)),
            "random": (fair, {})}  # fmt: skip
    for way, (drawn, options, *estimate) in ways.items():
        proba = learn(drawn, **options).predict_proba(upright.x)
        ratio = estimate[0](drawn.labels, known, proba[::5]) if estimate else np.ones(10)
        guess = correct_posterior(proba, ratio).argmax(axis=1)
        rows[odds] += judge(way, drawn, guess, y > 4, ratio[drawn.labels[-HOLD_OUT:]])

# %%
skewed = {odds: plot_marks(marks, f"frequent to rare: {odds}") for odds, marks in rows.items()}
rare.reveal(skewed["9 to 1"].loc["skewed", "the missing"])

# %% [markdown]
# Read from top to bottom. The **skewed** hold-out is proud of itself, for it has as few of the rare
# digits. **Class weights** help those, but the hold-out does not notice. **EM** mends both. Yet a
# random sample is better than any repair: you hardly learn what you hardly have.
#
# At nineteen to one a rare digit has about ten labels. BBSE divides by almost nothing and becomes a
# gamble (it warns of that; the first cell silences it).

# %% tags=["claim"]
mild, strong = skewed["9 to 1"], skewed["19 to 1"]
too_high = mild["hold-out says"] - mild["everybody"]
claim("Hold-out too high, skewed", too_high["skewed"], at_least=0.05)
claim("and with class weights", too_high["class weights"], at_least=0.03)
claim("Hold-out off, EM", abs(too_high["EM"]), at_most=0.05)
gain, at_19 = (marks["everybody"] - marks["everybody"]["skewed"] for marks in (mild, strong))
claim("Everybody gains by EM", gain["EM"], at_least=0.03)
claim("and by class weights", gain["class weights"], at_least=0.02)
claim("A random sample over EM", gain["random"] - gain["EM"], at_least=0.02)
claim("Everybody gains by EM, 19 to 1", at_19["EM"], at_least=0.04)
spread = pd.DataFrame(rows["19 to 1"]).groupby([0, 1])[2].std()[:, "everybody"]
claim("Spread of BBSE over EM, 19 to 1", spread["BBSE"] / spread["EM"], at_least=1.3)

# %% [markdown]
# ## 3. Wrong labels, and whom you ask
#
# Third: nobody is missing, but whoever labelled was in a hurry. **Four labels in ten are wrong**,
# in your hold-out, too: any other digit, or always the next one. Two repairs. **Clean** (Northcutt
# et al. 2021): drop those whose label is unlikely among their most similar neighbours. A **robust
# loss** (Zhang and Sabuncu 2018), $(1 - p^{0.7}) / 0.7$ with $p$ the probability of the given
# label: what the model finds impossible hardly pulls at it.

# %% tags=["widget"]
noisy = Prediction("What does this hold-out say about a model?",
                   choices=["too much", "the truth", "too little"])  # fmt: skip
noisy

# %%
from sklearn.neighbors import KNeighborsClassifier
from tlwidgets.shift import LabelNoise, find_label_errors, fit_robust_linear

rows = {"symmetric": [], "pair flip": []}  # any other digit; always the next one
for kind, seed in [(kind, seed) for kind in rows for seed in SEEDS]:
    sample = LabelNoise(kind)(upright, WRONG_LABELS, N_DRAWN, np.random.default_rng(seed))
    x, given, true = (a[:-HOLD_OUT] for a in (sample.x, sample.labels, y[sample.indices]))
    proba = cross_val_predict(KNeighborsClassifier(15), x, given, method="predict_proba")
    fine = ~find_label_errors(given, proba)
    ways = {"as given": (x, given, 0), "cleaned": (x[fine], given[fine], 0),
            "robust loss": (x, given, 0.7), "true labels": (x, true, 0)}  # fmt: skip
    for way, (features, labels, q) in ways.items():
        kernel, bias = fit_robust_linear(features, labels, 10, q=q)
        rows[kind] += judge(way, sample, (upright.x @ kernel + bias).argmax(axis=1))
noise = {kind: plot_marks(marks, f"wrong labels: {kind}") for kind, marks in rows.items()}
noisy.reveal("too little" if noise["symmetric"].diff(axis=1).iloc[0, 1] < -0.05 else "the truth")

# %% [markdown]
# For once the hold-out says **too little**: it counts right answers to wrong labels as errors.
# Above, both repairs help, and the robust loss comes near the true labels. Below, all errors go
# the **same way**, and nothing comes near: who sees 2 and 3 on the same shape cannot know which is
# meant.
#
# Fourth: whom do you ask? You can pay for a hundred labels: **random**; **stratified**, ten of each
# digit; **convenient**, each in one style; **diverse**, nearest to the centres of a hundred
# clusters. We cross-validate.

# %%
from sklearn.model_selection import KFold, cross_val_score

from tlwidgets.shift import Convenience, Diverse, Stratified

rows, one_hand = [], Convenience(is_per_class=True)
ways = {"random": SimpleRandom(), "stratified": Stratified(), "convenient": one_hand}
for way, how in (ways | {"diverse": Diverse()}).items():
    for seed in SEEDS:
        sample, model = how(upright, 1, 100, np.random.default_rng(seed)), LogisticRegression()
        says = cross_val_score(model, sample.x, sample.labels, cv=KFold(5)).mean()
        guess = model.fit(sample.x, sample.labels).predict(upright.x)
        rows += [(way, "hold-out says", says), judge(way, sample, guess)[1]]
asked = plot_marks(rows)

# %% tags=["claim"]
near, same_way = noise["symmetric"], noise["pair flip"]
too_low = near["everybody"] - near["hold-out says"]
claim("Hold-out too low, labels as given", too_low["as given"], at_least=0.2)
gain = near["everybody"] - near["everybody"]["as given"]
claim("Gain by the robust loss, any digit", gain["robust loss"], at_least=0.04)
claim("Gain by cleaning, any digit", gain["cleaned"], at_least=0.02)
claim("True labels over the robust loss", gain["true labels"] - gain["robust loss"], at_most=0.06)
lost = same_way["everybody"]["true labels"] - same_way["everybody"]
claim("Lost at best, next digit", lost.drop("true labels").min(), at_least=0.12)
over_random = asked["everybody"] - asked["everybody"]["random"]
claim("Convenient over random", over_random["convenient"], at_most=-0.15)
claim("Its own mark too high", asked.diff(axis=1).loc["convenient"].iloc[1], at_least=0.3)
claim("Stratified over random", over_random["stratified"], at_least=0.0)
claim("Diverse over random", over_random["diverse"], at_least=0.03)

# %% [markdown]
# The convenient sample is perfect in its own eyes, and reads half of everybody's digits. Diverse
# beats random. No repair is worth as much as asking the right people.
#
# ## Play
#
# Turned digits, and all four ways. Try:
#
# 1. Domain shift, strength from 0 to 1: the mark goes up, the truth down. Then "known chances": at
#    0.8 the effective size collapses, at 1 a warning says why nothing helps.
# 2. Dataset quality, symmetric noise, 0.4: the test set says too little. Clean the labels: now too
#    much, for what is hard was cleaned away.
# 3. Sampling strategy, region: drag a box over a corner of the map. The test set is content; the
#    errors lie outside.

# %% tags=["widget"]
from tlwidgets import BiasExplorer

explorer = BiasExplorer("digits")
explorer

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** 150 of 442 people with diabetes came to a study, mostly slim ones. How far has
# their disease progressed after a year, on the **mean of all 442**? You know the ten measurements
# of all (`people_x`), but the outcome only of those who came. Put the ratio from
# `KernelMeanMatching` into `ratio`, and the mean with it into `reweighted`.

# %% tags=["exercise"]
from sklearn.datasets import load_diabetes

people_x, outcome = load_diabetes(return_X_y=True)
no_map = np.zeros((442, 2))
diabetes = Population(name="people", x=people_x, y=outcome, class_names=(), position=no_map,
                      group=np.full(442, "all"), covariates={"bmi": people_x[:, 2]})  # fmt: skip
study = CovariateSelection("bmi", "low")(diabetes, 0.6, 150, np.random.default_rng(SEED))
biased_mean = study.labels.mean()

ratio = KernelMeanMatching()(study.x, people_x)  #: ratio = ...
reweighted = ratio @ study.labels / ratio.sum()  #: reweighted = ...

# %% tags=["check"]
check(
    "Exercise 1",
    reweighted,
    expect(lambda m: np.shape(ratio) == (150,), "One ratio for each of the 150: `study.x` first."),
    expect(lambda m: np.ptp(ratio) > 0.1, "All count the same. The population is `people_x`."),
    expect(lambda m: not np.isclose(m, biased_mean), "That is the mean without the ratio."),
    expect(
        lambda m: np.isclose(m, np.average(study.labels, weights=ratio)),
        "Each outcome times its ratio, summed, divided by the sum of the ratios.",
    ),
    expect(lambda m: abs(m - outcome.mean()) < 8, "Far off. Is `ratio` from all ten numbers?"),
    well_done=f"The 150 alone say {biased_mean:.0f}, all 442 say {outcome.mean():.0f}.",
)

# %% [markdown]
# **Exercise 2.** In your training set one cell in two was defective; in the field it is one in ten.
# The model says `proba` for three cells, columns sound and defective. Correct it by hand into
# `corrected`: each column times its share in use, divided by its share in training, and each row
# made to sum to 1 again. Which rows do you still call defective?

# %% tags=["exercise"]
proba = np.array([[0.4, 0.6], [0.15, 0.85], [0.02, 0.98]])
share_in_training, share_in_use = np.array([0.5, 0.5]), np.array([0.9, 0.1])

corrected = proba * share_in_use / share_in_training  #: corrected = ...
corrected = corrected / corrected.sum(axis=1, keepdims=True)  #:
still_defective = np.flatnonzero(corrected[:, 1] > 0.5)  #: still_defective = ...

# %% tags=["check"]
check(
    "Exercise 2",
    corrected,
    expect(lambda c: np.shape(c) == (3, 2), "Three rows, two columns, as `proba`."),
    expect(lambda c: np.allclose(np.sum(c, axis=1), 1), "Divide each row by its sum."),
    expect(lambda c: not np.allclose(c, proba), "Nothing changed: use the shares."),
    expect(lambda c: c[0][1] < 0.6, "Defects are rarer in use: their probability must fall."),
    expect(
        lambda c: np.allclose(c, correct_posterior(proba, share_in_use / share_in_training)),
        "Times the share in use, divided by the share in training.",
    ),
    expect(lambda c: list(still_defective) == [2], "Which rows have more than one half, now?"),
    well_done="Nothing was trained again: one line of Bayes.",
)

# %% [markdown]
# ## Where it breaks
#
# Solar cells under current, as in lesson 02: sound or defective? All your labels are of cells
# grown as **one** crystal (mono); your customer's are of **many** (poly). Nobody looks like those
# who are missing. The mark is the AUC: how often does a defective cell get the higher score?
# (Accuracy would mislead: seven poly cells in ten are sound, so "all sound" looks good.)

# %%
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlwidgets import extract_features, fetch_solar_cells, load_backbone

cells = fetch_solar_cells(SIZE_PX)
features = extract_features(load_backbone("efficientnet_lite0", SIZE_PX), cells.images)
defective, is_mono = cells.is_defective, cells.module_type == "mono"
by_type = np.empty_like(features)
for kind in (is_mono, ~is_mono):
    by_type[kind] = StandardScaler().fit_transform(features[kind])


def train_head(x, chosen, ratio=None):
    """Return a logistic regression on the features of some cells."""
    regression = LogisticRegression(C=3 / x.shape[1], class_weight="balanced", max_iter=999)
    head = make_pipeline(StandardScaler(), regression)
    return head.fit(x[chosen], defective[chosen], logisticregression__sample_weight=ratio)


# %%
from sklearn.metrics import roc_auc_score
from tlwidgets.shift import LogisticRatio

rows, ratios = [], []
for learned, test in map(cells.split, SEEDS):
    mono, poly = learned[is_mono[learned]], learned[~is_mono[learned]]
    ratios.append(LogisticRatio()(features[mono], features[poly]))
    ways = {"mono only": (features, mono), "weighted": (features, mono, ratios[-1]),
            "scaled by type": (by_type, mono), "plus 50 poly": (features, [*mono, *poly[:50]]),
            "plus all poly": (features, learned)}  # fmt: skip
    for way, given in ways.items():
        score = train_head(*given).decision_function(given[0])
        for who, is_type in {"hold-out says": is_mono, "the missing": ~is_mono}.items():
            those = test[is_type[test]]
            rows.append((way, who, roc_auc_score(defective[those], score[those])))
auc = plot_marks(rows, mark="AUC")

# %% [markdown]
# Read it from top to bottom. The hold-out is always content. The **mono** head calls nearly every
# poly cell defective; its F1 is that of calling all so. A classifier tells the crystals apart, so
# no mono cell can stand in for a poly one: the **weights** fall on a handful, and harm.
# **Scaling** each type by itself needs no label, and goes half of the way. **Fifty labels** of the
# missing go further.
#
# The labels? Where experts said "probably defective", the best head agrees half of the time.

# %% tags=["claim"]
from tlwidgets.shift import classifier_two_sample_test

told_apart = classifier_two_sample_test(features[is_mono], features[~is_mono]).accuracy
missing, n_effective = auc["the missing"], np.mean([effective_sample_size(r) for r in ratios])
gain = missing - missing["mono only"]
claim("AUC that the hold-out promises", auc["hold-out says"]["mono only"], at_least=0.88)
claim("AUC on the missing", missing["mono only"], at_most=0.68)
claim("Types told apart", told_apart, at_least=0.98)
claim("Effective size of 806", n_effective, at_most=30)
claim("Gain of AUC by weights: harm", gain["weighted"], at_most=-0.03)
claim("by scaling each type", gain["scaled by type"], at_least=0.07)
claim("by 50 labels", gain["plus 50 poly"], at_least=0.1)
claim("50 labels over scaling", missing["plus 50 poly"] - missing["scaled by type"], at_least=0.01)
claim("Gain of AUC by all labels", gain["plus all poly"], at_least=0.2)

# %% tags=["claim"]
from sklearn.metrics import f1_score

facts = []
for learned, test in map(cells.split, SEEDS):
    poly, said = test[~is_mono[test]], cells.defect_probability[test].round(1)
    call = train_head(features, learned[is_mono[learned]]).predict(features[poly])
    right = train_head(features, learned).predict(features[test]) == defective[test]
    agreed = [right[said == 0.7].mean(), right[np.isin(said, [0, 1])].mean()]
    facts.append([call.mean(), f1_score(defective[poly], call), *agreed])
called, f1, agreed, agreed_if_sure = np.mean(facts, axis=0)
claim("Poly cells called defective", called, at_least=0.9)
claim("F1; calling all defective has 0.45", f1, at_most=0.47)
claim("Agreed where experts said 2/3", agreed, at_most=0.6)
claim("Agreed where they were sure", agreed_if_sure, at_least=0.8)

# %% [markdown]
# ## You can now
#
# - **recognise** four ways in which a sample misleads: some hardly come, some classes are rare,
#   labels are wrong, the sample was convenient; a hold-out inherits every one of them, and says too
#   much, or with wrong labels too little;
# - **repair** what can be repaired: weights mend a mark or a mean, EM mends shares of classes,
#   a robust loss mends errors in all directions;
# - **tell** when no repair works: when nobody stands in for the missing, when a class is all but
#   absent, when errors all go one way. Then collect: at random, diverse, or fifty labels from those
#   who are missing.
#
# **References.** Huang et al. (2006), Correcting sample selection bias by unlabeled data, *NIPS*.
# Saerens, Latinne and Decaestecker (2002), Adjusting the outputs of a classifier to new a priori
# probabilities, *Neural Computation* 14. Northcutt, Jiang and Chuang (2021), Confident learning,
# *JAIR* 70. Zhang and Sabuncu (2018), Generalized cross entropy loss, *NeurIPS*. Deitsch et al.
# (2019), Automatic classification of defective photovoltaic module cells in electroluminescence
# images, *Solar Energy* 185.
