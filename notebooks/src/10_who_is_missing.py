# %% [markdown] transfer="transductive" method="sample-selection bias"
# # 10 · Who is missing from my data?
#
# Your test set gives your model a good mark; the people who use it do not. Both are honest. How can
# that be? You will draw samples in which some people or some classes hardly stand, catch each
# deceiving its own test set, repair what can be repaired, and find out where nothing can.
#
# **About 45 minutes** · needs 02 · 40 CPU seconds the first time, 20 after · 1.2 GB of memory
#
# The photographs of solar cells (ELPV, CC BY-NC-SA 4.0) are for **non-commercial use only**.
#
# ## You will
#
# - **name** what changed between your sample and the world, and what must have stayed the same;
# - **repair** what can be repaired: with importance weights, and with corrected classes;
# - **tell** when no weight can help, and what to collect instead.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell below.

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
for what in ("BBSE is not", ".*hardly overlap", "The least populated"):  # the text says why
    warnings.filterwarnings("ignore", what)
budget()

# %% tags=["parameters"]
HOLD_OUT = 300  # the last of each sample, kept as its own test set
N_LEARN = 1000  # part 3 learns from so many; with under 600 a rare digit may be absent: an error
BIAS = 0.7  # 0: everybody has the same chance; 1: nobody comes from one side
SEEDS = range(10)  # each seed: another sample
SEED = 0
SIZE_PX = 160  # side of a solar cell
COLOURS = {"hold-out says": "#A65C8E", "everybody": "#00825F", "the missing": "#D55E00",
           "weighted hold-out": "#0072B2"}  # fmt: skip
MARKERS = {"hold-out says": "o", "everybody": "D", "the missing": "s"}

# %% [markdown]
# ## 1. What can change
#
# A sample is the source, the world its target: **dataset shift**. Four things can differ; each has
# its name, what must stay, and a remedy:
#
# | changes | name | must stay | repair | fails |
# |---|---|---|---|---|
# | $p(x)$ | **covariate shift** | $p(y \mid x)$ | weights | nobody stands in |
# | $p(y)$ | **label shift** | $p(x \mid y)$ | ratio of shares | a class is absent |
# | $p(y \mid x)$ | **concept shift** | nothing | new labels | without them |
# | the labels | **label noise** | most of them | lesson 11 | most are wrong |
#
# Who comes; how frequent a class is (also *prior probability shift*); what the right answer is.
# Often *somebody chose* who comes: **sample selection bias**.

# %% [markdown]
# ## 2. Covariate shift: some hardly come
#
# An app reads digits from photographs. People hold the phone as they like, so the digits come
# turned by up to 60 degrees, to either side. **Everybody** is these 5,000. Your **sample** is 600
# of them, and most of those who sent you theirs hold the phone the same way. What a digit is does
# not change: $p(y \mid x)$ stays, as far as $x$ shows how a digit is turned.

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


# %%
fair = [SimpleRandom()(people, 0, 2 * HOLD_OUT, np.random.default_rng(seed)) for seed in SEEDS]
biased_rows, random_rows = [], []
for rows, drawn in [(biased_rows, samples), (random_rows, fair)]:
    for sample in drawn:
        way = "biased" if drawn is samples else "random"
        rows += judge(way, sample, learn(sample).predict(people.x), angle > 20)
marks = plot_marks(biased_rows + random_rows)
lie.reveal("10 points worse" if marks.diff(axis=1).iloc[0, 1] > 0.05 else "as well")

# %% [markdown]
# Read it row by row. The biased hold-out promises far more than everybody gets: it was **drawn like
# the sample**, so whoever is missing there is missing here. No test of your own sees this.
#
# If you know who everybody is, even without labels, there is a repair (Shimodaira 2000): let the
# few stand in for the missing. Each example counts $r(x) = p_{everybody}(x) / p_{sample}(x)$, its
# **density ratio**: **importance weighting**. **Kernel mean matching** (Huang et al. 2006)
# estimates it from 1,000 digits without labels.

# %%
from tlwidgets.shift import KernelMeanMatching

weighted_rows = []
for seed, sample in zip(SEEDS, samples, strict=True):
    unlabelled = np.random.default_rng(seed).choice(people.x, 1000, replace=False)
    ratio = KernelMeanMatching()(sample.x, unlabelled)
    guess = learn(sample, ratio).predict(people.x)
    weighted_rows += judge("weighted", sample, guess, angle > 20, ratio[-HOLD_OUT:])
mean = plot_marks(biased_rows + weighted_rows + random_rows)

# %% [markdown]
# The weighted hold-out is honest again, nearly. But those who were missing gain only a part of what
# a random sample gives them, and everybody together gains nothing. **Weights mend the mark more
# than the model**: they bring no new examples.
#
# How far does that go? Let the bias grow, and take the **exact** ratio, which nobody knows outside
# a lesson. The **effective sample size** (Kish 1965), $(\sum r)^2 / \sum r^2$, says how many
# examples a weighted sample is worth, *if nobody is missing*.

# %%
from tlwidgets.shift import effective_sample_size, true_ratio

rows = []
for bias, seed in [(bias, seed) for bias in (0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1) for seed in SEEDS]:
    sample = few_left(people, bias, 2 * HOLD_OUT, np.random.default_rng(seed))
    exact, guess = true_ratio(sample.probability[sample.indices]), learn(sample).predict(people.x)
    marks = dict(row[1:] for row in judge("", sample, guess))
    marks["weighted hold-out"] = judge("", sample, guess, ratio=exact[-HOLD_OUT:])[0][-1]
    counts = effective_sample_size(exact), np.sum(angle[sample.indices] > 20)
    rows += [(bias, *counts, who, mark) for who, mark in marks.items()]
sweep = pd.DataFrame(rows, columns=["bias", "worth", "n_missing", "who", "accuracy"])

# %%
fig, axes = plt.subplots(1, 2, figsize=(11, 3.4))
sns.lineplot(sweep, x="bias", y="accuracy", hue="who", style="who", palette=COLOURS,
             errorbar="sd", ax=axes[0])  # fmt: skip
lines = {
    "worth": ("black", "effective sample size"),
    "n_missing": ("#D55E00", "drawn of the missing"),
}
for column, (colour, label) in lines.items():
    sns.lineplot(sweep, x="bias", y=column, color=colour, label=label, errorbar="sd", ax=axes[1])
axes[1].set(ylabel="of 600 examples")
sns.move_legend(axes[0], "upper left", title=None, frameon=False)
sns.despine()

# %% [markdown]
# Read both from left to right. Up to the middle the weighted hold-out (blue) tells the truth. Then
# a handful of examples speaks for a third of the people: the effective size collapses, and the blue
# band explodes. After that it **rises**, and looks comforting. Look at the orange line: hardly
# anybody is left who would have had a large weight, and at 1 **nobody**. Then all weights are
# equal, and the mark is as wrong as without. A sample cannot measure its own lack.

# %% tags=["claim"]
too_high, gain = mean["hold-out says"] - mean["everybody"], mean - mean.loc["biased"]
claim("Biased hold-out too high; control: random sample", too_high["biased"], at_least=0.05,
      control=too_high["random"])  # fmt: skip
claim("Share of that left by weights", too_high["weighted"] / too_high["biased"], at_most=0.6)
claim("Hold-out off, random sample", abs(too_high["random"]), at_most=0.03)
missing = gain["the missing"]
claim("The missing gain by weights; control: a random sample", missing["weighted"],
      at_least=0.02, control=missing["random"])  # fmt: skip
claim("Everybody gains by weights: nothing", gain.loc["weighted", "everybody"], at_most=0.02)

# %% tags=["claim"]
by_bias = sweep.pivot_table("accuracy", "bias", "who", aggfunc=["mean", "std"])
off = by_bias["mean"]["weighted hold-out"] - by_bias["mean"]["everybody"]
spread = by_bias["std"]["weighted hold-out"]
size, n_missing = (sweep.groupby("bias")[name].mean() for name in ("worth", "n_missing"))
claim("Weighted mark off, bias 0.5", abs(off[0.5]), at_most=0.04)
claim("Drawn of the missing, bias 0.8; control: bias 0", n_missing[0.8], at_most=18,
      control=n_missing[0])  # fmt: skip
claim("Effective size of 600, bias 0.8", size[0.8], at_most=150)
claim("It rises again: size at 1 over that at 0.8", size[1] / size[0.8], at_least=3)
claim("Drawn of the missing, bias 0.9", n_missing[0.9], at_most=1)
claim("Drawn of the missing, bias 1", n_missing[1], at_most=0)
claim("Spread of the weighted mark, 0.8 over 0.5", spread[0.8] / spread[0.5], at_least=1.5)
claim("Weighted mark too high, bias 1", off[1], at_least=0.1, control=off[0.5])

# %% [markdown]
# ## 3. Label shift: some are rare
#
# The digits are upright again, and a 7 looks as it should: $p(x \mid y)$ stays. But some
# **classes** are rare: your sample has nine times as many 0 to 4 as 5 to 9. Where the model will be
# used, all ten digits are equally frequent. A model of a thousand digits has seen about twenty of
# each rare one.

# %% tags=["widget"]
rare = Prediction("Which share of the rare digits does it read?", low=0, high=1)
rare

# %% [markdown]
# Two repairs. **Class weights**: in training all classes count the same. **Prior correction**:
# multiply $p(y \mid x)$ by the share of $y$ in use and divide by its share in the sample. The
# shares in use are found with 1,000 unlabelled digits: **EM** (Saerens et al. 2002) counts what it
# reads, corrects, and counts again, and needs probabilities that can be believed; **BBSE** (Lipton
# et al. 2018) solves for them with the table of confusions.

# %%
from sklearn.model_selection import cross_val_predict

from tlwidgets.shift import BBSE, ClassSkew, SaerensEM, correct_posterior


def guesses(sample):
    """Return what each way reads on all digits, and how much each class then counts."""
    x, labels = sample.x[:-HOLD_OUT], sample.labels[:-HOLD_OUT]  # the hold-out is not looked at
    model, nothing = learn(sample), np.ones(10)
    proba, balanced = model.predict_proba(upright.x), learn(sample, class_weight="balanced")
    known = cross_val_predict(model, x, labels, method="predict_proba")
    found = {"skewed": (proba.argmax(axis=1), nothing),
             "class weights": (balanced.predict(upright.x), nothing)}  # fmt: skip
    for way, method in {"EM": SaerensEM(), "BBSE": BBSE(is_soft=False)}.items():
        ratio = method(labels, known, proba[::5])
        found[way] = correct_posterior(proba, ratio).argmax(axis=1), ratio
    return found


# %%
skews = {"9 to 1": 0.92, "19 to 1": 0.97}  # frequent to rare digits; and the bias that gives it
rows = {odds: [] for odds in skews}
for odds, seed in [(odds, seed) for odds in skews for seed in SEEDS]:
    luck, n = np.random.default_rng([SEED, seed]), N_LEARN + HOLD_OUT
    sample, fair = (
        ClassSkew(range(5))(upright, skews[odds], n, luck),
        SimpleRandom()(upright, 0, n, luck),
    )
    for way, (guess, ratio) in guesses(sample).items():
        rows[odds] += judge(way, sample, guess, y > 4, ratio[sample.labels[-HOLD_OUT:]])
    rows[odds] += judge("random", fair, learn(fair).predict(upright.x), y > 4)
skewed = {odds: plot_marks(marks, f"frequent to rare: {odds}") for odds, marks in rows.items()}
rare.reveal(skewed["9 to 1"].loc["skewed", "the missing"])

# %% [markdown]
# Read from top to bottom. The **skewed** hold-out is proud of itself, for it has as few of the rare
# digits. **Class weights** help those, but the hold-out does not notice. **EM** mends both. Yet a
# random sample is better than any repair: you hardly learn what you hardly have.
#
# At nineteen to one a rare digit has about ten labels. BBSE divides by almost nothing and becomes a
# gamble (it warns of that; the setup silences it).

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
# ## Play
#
# Turned digits: what the test set says, and what is true. Try:
#
# 1. **Domain shift**, strength from 0 to 1: the mark goes up, the truth down. Then "known chances":
#    at 0.8 the effective size collapses, at 1 a warning says why nothing helps.
# 2. **Data skew**, strength 0.9: the worst group is a digit that hardly came. "Class weighting"
#    helps it; the gap that is left is what only examples can close.
# 3. **Sampling strategy**, region: drag a box over a corner of the map. The test set is content.
#    Point at digits outside of the box: there the model is wrong.

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
# **Exercise 3.** What changed? Answer with "covariate", "label" or "concept" shift:
#
# - `flu`: a model learned in July tells flu from a cold by symptoms. In January half of those who
#   come have flu; its symptoms are the same.
# - `camera`: cells are now photographed from the side; what counts as defective is as before.
# - `norm`: a new norm calls cells with one hairline crack defective, too.

# %% tags=["exercise"]
changed = {}
changed["flu"] = "label"  #: changed["flu"] = ...
changed["camera"] = "covariate"  #: changed["camera"] = ...
changed["norm"] = "concept"  #: changed["norm"] = ...

# %% tags=["check"]
check(
    "Exercise 3",
    ... if set(changed.values()) == {...} else changed,
    expect(lambda a: set(a) == {"flu", "camera", "norm"}, "Three answers, please."),
    expect(lambda a: set(a.values()) <= {"covariate", "label", "concept"}, "One of three words."),
    expect(lambda a: a["flu"] == "label", "`flu`: who falls ill more often? What stays?"),
    expect(lambda a: a["camera"] == "covariate", "`camera`: the same cell, the same verdict."),
    expect(lambda a: a["norm"] == "concept", "`norm`: the same photograph, another verdict."),
    well_done="`norm` always needs new labels; `camera`, too, if no old cell looks like a new one.",
)

# %% [markdown]
# ## Where it breaks
#
# Solar cells under current, as in lesson 02: sound or defective? All your labels are of cells
# grown as **one** crystal (mono); your customer's are of **many** (poly). Nobody looks like those
# who are missing. The mark is the AUC: how often does a defective cell get the higher score?
# Cells that are neighbours in the list come from about the same module; they stay on one side.

# %%
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlwidgets import extract_features, fetch_solar_cells, load_backbone

cells = fetch_solar_cells(SIZE_PX)
features = extract_features(load_backbone("efficientnet_lite0", SIZE_PX), cells.images)
defective, is_mono = cells.is_defective, cells.module_type == "mono"
is_type = {"hold-out says": is_mono, "the missing": ~is_mono}
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
from sklearn.model_selection import GroupShuffleSplit
from tlwidgets.shift import LogisticRatio, overlap

stretch, rows = np.arange(len(features)) // 60, []
for learned, test in GroupShuffleSplit(10, random_state=SEED).split(features, groups=stretch):
    mono, poly = learned[is_mono[learned]], learned[~is_mono[learned]]
    ratio, fifty = LogisticRatio()(features[mono], features[poly]), poly[:: len(poly) // 50][:50]
    ways = {"mono only": (features, mono), "weighted": (features, mono, ratio),
            "scaled by type": (by_type, mono), "plus 50 poly": (features, [*mono, *fifty]),
            "plus all poly": (features, learned)}  # fmt: skip
    for way, given in ways.items():
        score = train_head(*given).decision_function(given[0])
        those = [(who, test[of[test]]) for who, of in is_type.items()]
        rows += [(way, who, roc_auc_score(defective[t], score[t])) for who, t in those]
auc = plot_marks(rows, mark="AUC")

# %% [markdown]
# Read it from top to bottom. The hold-out is always content. The **mono** head calls nearly every
# poly cell defective. A classifier tells the crystals apart; the **overlap** is about none, so the
# weights fall on a handful, and harm. **Scaling** each type by itself needs no label (lesson 07),
# and goes half of the way. **Fifty labels** of the missing, from many modules, go about as far:
# modules differ more than these two ways do.

# %% tags=["claim"]
missing = auc["the missing"]
gain, alike = missing - missing["mono only"], overlap(features[mono], features[poly])
claim("AUC that the hold-out promises", auc["hold-out says"]["mono only"], at_least=0.78)
claim("AUC on the missing; control: learned from all", missing["mono only"], at_most=0.72,
      control=missing["plus all poly"])  # fmt: skip
call = train_head(features, mono).predict(features[poly])
claim("Poly cells called defective; control: are", call.mean(), at_least=0.8,
      control=defective[poly].mean())  # fmt: skip
claim("Overlap: poly cells for which a mono cell stands in", alike, at_most=0.1)
claim("Effective size of the weights", effective_sample_size(ratio), at_most=40, control=len(mono))
claim("Gain of AUC by weights: harm", gain["weighted"], at_most=-0.02)
claim("by scaling each type", gain["scaled by type"], at_least=0.05)
claim("by 50 labels", gain["plus 50 poly"], at_least=0.04)
claim("by all labels", gain["plus all poly"], at_least=0.1)

# %% [markdown]
# ## You can now
#
# - **name** what changed: $p(x)$ is covariate shift, $p(y)$ label shift, $p(y \mid x)$ concept
#   shift; each hold-out inherits it, and says too much;
# - **repair** what can be repaired: importance weights mend a mark or a mean, if what decided who
#   comes is seen in $x$; EM mends shares of classes, and the model with them;
# - **tell** when no weight helps: no overlap, a class all but absent, another concept. An effective
#   size does not tell. Then collect: a random sample, or fifty labels of those who are missing.
#
# **References.** Shimodaira (2000), Improving predictive inference under covariate shift, *Journal
# of Statistical Planning and Inference* 90. Huang et al. (2006), Correcting sample selection bias
# by unlabeled data, *NIPS* 19. Kish (1965), *Survey sampling*. Saerens, Latinne and Decaestecker
# (2002), Adjusting the outputs of a classifier to new a priori probabilities, *Neural Computation*
# 14. Lipton, Wang and Smola (2018), Detecting and correcting for label shift with black box
# predictors, *ICML*. Moreno-Torres et al. (2012), A unifying view on dataset shift in
# classification, *Pattern Recognition* 45. Deitsch et al. (2019), Automatic classification of
# defective photovoltaic module cells in electroluminescence images, *Solar Energy* 185.
