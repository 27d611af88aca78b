# %% [markdown] transfer="transductive" method="label noise and sampling"
# # 11 · Can you trust the sample?
#
# Nobody is missing from your sample, and still it may mislead: whoever labelled it was in a hurry.
# Some errors look hopeless and are not; some look harmless and are not. And if you may pay for two
# hundred more labels, which two hundred?
#
# **About 45 minutes** · needs 10 · 30 CPU seconds · 0.5 GB of memory
#
# ## You will
#
# - **judge** what a test set with wrong labels says, and find labels that are wrong;
# - **repair** what was learned from them, and find the one share of errors where that turns round;
# - **choose** whom to ask for a label: to learn, and to test, which is not the same.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell below.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect, load_digits
from tlwidgets.shift import Population, SimpleRandom

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
N_LEARN = 1000  # labelled digits to learn from, some of them wrongly labelled
HOLD_OUT = 300  # and to test on, with as many wrong
WRONG_LABELS = 0.4  # share of all labels
N_TRUSTED = 100  # labels that were looked at twice, equally many of each digit
N_ASKED = 200  # labels that you may pay for
SEEDS = range(10)  # each seed: another sample, other errors
SEED = 0
COLOURS = {"hold-out says": "#A65C8E", "everybody": "#00825F"}
MARKERS = {"hold-out says": "o", "everybody": "D"}

# %% [markdown]
# A model sees each of 5,000 handwritten digits as thirty numbers (PCA). **Everybody** are all that
# are not in the sample; here we have their true labels, and use them to judge.

# %%
y, pixels = load_digits().labels, load_digits().images.reshape(5000, -1) / 255
x_all = PCA(30, random_state=SEED).fit_transform(pixels)
people = Population(name="digits", x=x_all, y=y, class_names=tuple("0123456789"), covariates={},
                    position=x_all[:, :2], group=np.full(len(y), "everybody"))  # fmt: skip


# %%
def truth(guess, drawn):
    """Return the share of everybody else that is read right, all digits alike."""
    others = pd.DataFrame({"digit": y, "right": guess == y}).drop(index=drawn)
    return others.groupby("digit")["right"].mean().mean()


def plot_marks(rows, title=""):
    """Draw the marks of each way, mean and spread over the seeds; return the means."""
    table = pd.DataFrame(rows, columns=["way", "who", "mark"])
    ax = plt.figure(figsize=(7, 0.9 + 0.35 * table["way"].nunique())).add_subplot(title=title)
    sns.pointplot(table, x="mark", y="way", hue="who", errorbar="sd", linestyle="none", ax=ax,
        palette=COLOURS, markers=[MARKERS[who] for who in table["who"].unique()])  # fmt: skip
    ax.set(xlabel="accuracy", ylabel="", xlim=(0, 1))
    sns.move_legend(ax, "center left", bbox_to_anchor=(1, 0.5), title=None, frameon=False)
    return table.groupby(["way", "who"])["mark"].mean().unstack()


# %% [markdown]
# ## 1. Errors in all directions
#
# **Label noise**: four labels in ten are wrong, in your hold-out, too. First the wrong label may be
# any other digit (**symmetric** noise). Whatever a picture shows, its right label is still its most
# frequent one.

# %% tags=["widget"]
noisy = Prediction("What does this hold-out say about a model?",
                   choices=["too much", "the truth", "too little"])  # fmt: skip
noisy

# %% [markdown]
# Two repairs, each with its rival. **Confident learning** (Northcutt et al. 2021) cleans: it drops
# those whose label is unlikely among their neighbours. A **robust loss** (Zhang and Sabuncu 2018),
# $(1 - p^{0.7}) / 0.7$ with $p$ the probability of the given label: what the model finds impossible
# hardly pulls at it. The rivals get the labels as they are: a **stronger ridge**, chosen by
# cross-validation on the wrong labels, and the vote of **15 neighbours**.

# %%
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from tlwidgets.shift import LabelNoise, find_label_errors, fit_robust_linear


def vote(x, given):
    """Return the probability of each class, for each example by those outside of its fold."""
    proba, method = np.zeros((len(x), 10)), {"method": "predict_proba", "cv": 5}
    proba[:, np.unique(given)] = cross_val_predict(KNeighborsClassifier(15), x, given, **method)
    return proba


def read(fitted):
    """Return what a linear model, its kernel and its bias, reads on all digits."""
    return (x_all @ fitted[0] + fitted[1]).argmax(axis=1)


# %%
def guesses(x, given, true):
    """Return what each way reads on all digits."""
    fine = ~find_label_errors(given, vote(x, given))
    ridge = GridSearchCV(LogisticRegression(max_iter=200), {"C": [0.001, 0.01, 0.1, 1]}, cv=3)
    return {"as given": read(fit_robust_linear(x, given, 10, q=0)),
            "stronger ridge": ridge.fit(x, given).predict(x_all),
            "15 neighbours": KNeighborsClassifier(15).fit(x, given).predict(x_all),
            "cleaned": read(fit_robust_linear(x[fine], given[fine], 10, q=0)),
            "robust loss": read(fit_robust_linear(x, given, 10, q=0.7)),
            "true labels": read(fit_robust_linear(x, true, 10, q=0))}  # fmt: skip


# %% [markdown]
# Each way is judged twice: by the hold-out with its wrong labels (purple), and by everybody
# (green).


# %%
def draw(kind, share, seed):
    """Return a sample with wrong labels, and of its learning part: x, given and true labels."""
    luck, n = np.random.default_rng([SEED, seed]), N_LEARN + HOLD_OUT
    sample = LabelNoise(kind)(people, share, n, luck)
    return sample, *(a[:-HOLD_OUT] for a in (sample.x, sample.labels, y[sample.indices]))


def marks_of(kind, ways, seed):
    """Return rows: what the hold-out says of each way, and what is true."""
    sample, x, given, true = draw(kind, WRONG_LABELS, seed)
    test, rows = sample.indices[-HOLD_OUT:], []
    for way, guess in ways(x, given, true).items():
        right = np.mean(guess[test] == sample.labels[-HOLD_OUT:])
        rows += [(way, "hold-out says", right), (way, "everybody", truth(guess, sample.indices))]
    return rows


# %%
rows = [row for seed in SEEDS for row in marks_of("symmetric", guesses, seed)]
any_digit = plot_marks(rows, "the wrong label is any other digit")
off = any_digit["hold-out says"] - any_digit["everybody"]
noisy.reveal("too little" if off["as given"] < -0.05 else "the truth")

# %% [markdown]
# For once the hold-out says **too little**: it counts right answers to wrong labels as errors. It
# still ranks the ways much as everybody does. Both repairs help a linear model. But the ridge alone
# has half of the gain of the robust loss, and **15 neighbours**, who know of no repair, are best:
# errors that point everywhere cancel in a vote. Compare a repair with a tuned rival, always.

# %% tags=["claim"]
told, true = any_digit["hold-out says"], any_digit["everybody"]
gain = true - true["as given"]
claim("Hold-out too low, labels as given", true["as given"] - told["as given"], at_least=0.15)
claim("Gain by the robust loss; control: by a ridge", gain["robust loss"], at_least=0.03,
      control=gain["stronger ridge"])  # fmt: skip
claim("Robust loss over the ridge", gain["robust loss"] - gain["stronger ridge"], at_least=0.01)
claim("Gain by cleaning", gain["cleaned"], at_least=0.02)
claim("15 neighbours, labels as given, over the robust loss",
      true["15 neighbours"] - true["robust loss"], at_least=0.005)  # fmt: skip

# %% [markdown]
# ## 2. Errors in one direction
#
# Now the labels of four in ten are always the **next** digit (**pair flip**): a 2 is called 3, a 9
# is called 0. On pictures of a 2 two labels stand, nearly equally often.

# %% tags=["widget"]
one_way = Prediction("How hard is that, compared with errors in all directions?",
                     choices=["easier", "as hard", "harder", "hopeless"])  # fmt: skip
one_way

# %% [markdown]
# Errors in one direction are a **code**. Let $T_{ji} = p(\text{labelled } i \mid \text{really }
# j)$, the **noise transition matrix**. If $p_j(x)$ is what is really there, then labels come with
#
# $$p(\text{labelled } i \mid x) = \sum_j p_j(x)\, T_{ji}$$
#
# **Forward correction** (Patrini et al. 2017) trains $p$ so that $p\,T$ fits the labels as given,
# and then uses $p$. $T$ is estimated from the wrong labels, by confident learning: no clean label
# is looked at.

# %%
from tlwidgets.shift import estimate_noise_transition, fit_forward_linear


def with_forward(x, given, true):
    """Return what each way reads, and forward correction, by the estimated and the true matrix."""
    estimated, exact = estimate_noise_transition(given, vote(x, given)), np.eye(10)
    for digit in np.unique(true):
        exact[digit] = np.bincount(given[true == digit], minlength=10) / np.sum(true == digit)
    return guesses(x, given, true) | {
        "forward, estimated": read(fit_forward_linear(x, given, estimated)),
        "forward, true matrix": read(fit_forward_linear(x, given, exact)),
    }


# %%
rows = [row for seed in SEEDS for row in marks_of("pair flip", with_forward, seed)]
next_digit = plot_marks(rows, "the wrong label is the next digit")
repaired = next_digit["everybody"]["forward, estimated"]
one_way.reveal("easier" if repaired > any_digit["everybody"]["robust loss"] else "harder")

# %% [markdown]
# Read the green marks from top to bottom. What helped before leaves most of the harm: a vote of two
# nearly equal parties is a coin, and a robust loss does not know whom to doubt. **Forward
# correction** knows, and comes near the true labels, with no clean label. For the linear model
# errors in one direction are no harder than the others, if somebody asks which direction.
#
# The hold-out (purple) still says too little of it: its own labels are wrong, too.

# %%
_, x, given, true_labels = draw("pair flip", WRONG_LABELS, SEED)
matrix = estimate_noise_transition(given, vote(x, given))
fig, ax = plt.subplots(figsize=(5, 4))
sns.heatmap(matrix, vmin=0, vmax=1, cmap="cividis", annot=True, fmt=".1f", ax=ax,
            cbar_kws={"label": "share of the row"})  # fmt: skip
_ = ax.set(xlabel="labelled", ylabel="really", title="the matrix, estimated from wrong labels")

# %% tags=["claim"]
true = next_digit["everybody"]
claim("Lost by forward correction, estimated; control: as given",
      true["true labels"] - repaired, at_most=0.08,
      control=true["true labels"] - true["as given"])  # fmt: skip
others = true[["stronger ridge", "15 neighbours", "cleaned", "robust loss"]]
claim("Forward correction over the best of the others", repaired - others.max(), at_least=0.07)
claim("No harder: over the robust loss against errors in all directions",
      repaired - any_digit["everybody"]["robust loss"], at_least=-0.01)  # fmt: skip
off = next_digit["everybody"] - next_digit["hold-out says"]
claim("Hold-out too low on forward correction", off["forward, estimated"], at_least=0.15)
step = (np.arange(10) + 1) % 10
claim("Estimated share of the next digit", matrix[np.arange(10), step].mean(), at_least=0.2,
      at_most=0.5, control=np.mean(given != true_labels))  # fmt: skip

# %% [markdown]
# ## 3. Whom do you ask?
#
# You can pay for two hundred labels, all right ones: **random**; **stratified sampling**, twenty of
# each digit; a **convenience sample**, each digit in one style; **diverse**, nearest to the centres
# of two hundred clusters. Or begin with fifty at random and ask **in rounds of ten**, each time
# those of which the model is least sure: **active learning**, by the smallest margin between its
# first and second guess.

# %% tags=["widget"]
ask = Prediction("What does the actively chosen sample say of its own model?",
                 choices=["too much", "the truth", "too little"])  # fmt: skip
ask

# %%
from sklearn.model_selection import KFold, cross_val_score

from tlwidgets.shift import Convenience, Diverse, Stratified


def actively(n, luck):
    """Return positions: fifty at random, then ten at a time of whom the model is least sure."""
    known = list(luck.permutation(len(y))[: min(50, n)])
    while len(known) < n:
        model = LogisticRegression(max_iter=300).fit(x_all[known], y[known])
        first_two = np.sort(model.predict_proba(x_all), axis=1)[:, -2:]
        margin = first_two[:, 1] - first_two[:, 0]
        margin[known] = 2  # never again
        known += list(margin.argsort()[: min(10, n - len(known))])
    return np.array(known)


# %% [markdown]
# All ways get the same number of right labels. What each sample says of its own model is found by
# cross-validation (purple); then everybody else is read (green).

# %%
ways, rows = {"random": SimpleRandom(), "stratified": Stratified(), "diverse": Diverse(),
              "convenient": Convenience(is_per_class=True), "active": None}, []  # fmt: skip
folds = KFold(5, shuffle=True, random_state=SEED)
for way, seed in [(way, seed) for way in ways for seed in SEEDS]:
    luck, how = np.random.default_rng([SEED, seed]), ways[way]
    drawn = actively(N_ASKED, luck) if how is None else how(people, 1, N_ASKED, luck).indices
    model = LogisticRegression(max_iter=300)
    says = cross_val_score(model, x_all[drawn], y[drawn], cv=folds).mean()
    guess = model.fit(x_all[drawn], y[drawn]).predict(x_all)
    rows += [(way, "hold-out says", says), (way, "everybody", truth(guess, drawn))]
asked = plot_marks(rows, f"{N_ASKED} labels")
off = asked["hold-out says"] - asked["everybody"]
ask.reveal("too little" if off["active"] < -0.05 else "the truth")

# %% [markdown]
# Read the green marks: the **convenient** sample is perfect in its own eyes, and reads half of
# everybody's digits. **Diverse** beats random; asking **actively** gains most. But its purple mark
# is far too low: the sample holds the hardest cases (a **sample selection bias** that you made
# yourself). Ask actively to *learn*, and keep a **random** sample to *test*.

# %% tags=["claim"]
over_random = asked["everybody"] - asked["everybody"]["random"]
claim("Convenient over random", over_random["convenient"], at_most=-0.15)
claim("Its own mark too high", off["convenient"], at_least=0.25, control=off["random"])
claim("Diverse over random", over_random["diverse"], at_least=0.005)
claim("Active over random", over_random["active"], at_least=0.015)
claim("Active: its own mark off", off["active"], at_most=-0.12, control=off["random"])
claim("Random sample, its own mark off", abs(off["random"]), at_most=0.04)

# %% [markdown]
# ## Play
#
# Turned digits, and what the sample's own test set says of them. Try:
#
# 1. **Dataset quality**, symmetric noise, 0.4: the test set says too little. Clean the labels: now
#    too much, for what is hard was cleaned away.
# 2. **Sampling strategy**, convenience, strength 1: the test set is content. Then simple random:
#    both agree.
# 3. **Sampling strategy**, region: drag a box over a corner of the map. The errors lie outside.

# %% tags=["widget"]
from tlwidgets import BiasExplorer

explorer = BiasExplorer("digits")
explorer

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** A clerk calls four of ten sevens a one, and never a one a seven. For a picture the
# model says: one with 0.3, seven with 0.7 (`really`). How probable is it that the clerk **labels**
# it one (`labelled_one`)? And if it is labelled one: how probable is it that it is really a
# **seven** (`a_seven`)?

# %% tags=["exercise"]
really = np.array([0.3, 0.7])  # one, seven
clerk = np.array([[1.0, 0.0], [0.4, 0.6]])  # row: really; column: labelled

labelled_one = (really @ clerk)[0]  #: labelled_one = ...
a_seven = really[1] * clerk[1, 0] / labelled_one  #: a_seven = ...

# %% tags=["check"]
check(
    "Exercise 1",
    labelled_one,
    expect(lambda p: np.ndim(p) == 0 and 0 <= p <= 1, "One probability."),
    expect(lambda p: p > 0.3, "All ones, and some of the sevens, are labelled one."),
    expect(lambda p: not np.isclose(p, 0.7), "Only four in ten of the sevens."),
    expect(lambda p: np.isclose(p, 0.58), "`really @ clerk` sums over what it really is."),
    expect(lambda p: a_seven is not ..., "And `a_seven`?"),
    expect(lambda p: np.ndim(a_seven) == 0 and 0 <= a_seven <= 1, "`a_seven`: one probability."),
    expect(lambda p: not np.isclose(a_seven, 0.28), "`a_seven`: of those that are labelled one."),
    expect(lambda p: np.isclose(a_seven, 0.28 / 0.58), "`a_seven`: Bayes, as in lesson 10."),
    well_done="That is the forward correction: a model may say seven, and fit the label one.",
)

# %% [markdown]
# **Exercise 2.** In `messy` one label in five is the next digit's. Put into `suspects` the
# positions of those that confident learning doubts. `find_label_errors` needs probabilities by a
# model that has **not** seen the label: take `KNeighborsClassifier(15)` and `cross_val_predict`.

# %% tags=["exercise"]
luck = np.random.default_rng(SEED)
messy = LabelNoise("pair flip")(people, 0.2, 1000, luck)
model = KNeighborsClassifier(15)

held_out = cross_val_predict(model, messy.x, messy.labels, method="predict_proba")  #:
suspects = np.flatnonzero(find_label_errors(messy.labels, held_out))  #: suspects = ...

# %% tags=["check"]
wrong = np.flatnonzero(messy.labels != y[messy.indices])
seen = model.fit(messy.x, messy.labels).predict_proba(messy.x)
found = cross_val_predict(model, messy.x, messy.labels, method="predict_proba")
by_heart, expected = (find_label_errors(messy.labels, p).nonzero()[0] for p in (seen, found))
check(
    "Exercise 2",
    suspects,
    expect(lambda s: np.ndim(s) == 1 and np.asarray(s).dtype != bool, "Positions: flatnonzero."),
    expect(lambda s: set(s) != set(by_heart), "That model has seen the labels it judges."),
    expect(lambda s: set(s) != set(wrong), "The true labels are not known here."),
    expect(lambda s: set(s) == set(expected), "`find_label_errors(labels, probabilities)`."),
    well_done=f"{np.isin(wrong, expected).sum()} of {len(wrong)} are found. Look before you drop.",
)

# %% [markdown]
# ## Where it breaks
#
# Let the share of wrong labels grow, always towards the next digit. Forward correction with the
# matrix **estimated** from the wrong labels; with one from a hundred **trusted** labels; and, as a
# control, learning from the trusted labels **alone**.

# %%
rows = []
for share, seed in [(share, seed) for share in (0, 0.2, 0.4, 0.5, 0.6, 0.7) for seed in SEEDS]:
    sample, x, given, true = draw("pair flip", share, seed)
    each = [np.flatnonzero(true == digit)[: N_TRUSTED // 10] for digit in range(10)]
    alone, estimated = np.concatenate(each), estimate_noise_transition(given, vote(x, given))
    trusted = [(np.bincount(given[i], minlength=10) + 0.01) / (len(i) + 0.1) for i in each]
    ways = {"estimated": fit_forward_linear(x, given, estimated),
            "trusted": fit_forward_linear(x, given, trusted),
            "trusted alone": fit_robust_linear(x[alone], true[alone], 10, q=0)}  # fmt: skip
    rows += [(share, way, truth(read(f), sample.indices)) for way, f in ways.items()]
grown = pd.DataFrame(rows, columns=["share of wrong labels", "matrix", "accuracy"])
ax = sns.lineplot(grown, x="share of wrong labels", y="accuracy", hue="matrix", style="matrix",
                  palette="colorblind", errorbar="sd", markers=True)  # fmt: skip
sns.despine()

# %% [markdown]
# Read it from left to right. Up to four in ten the estimate does about as well as trusted labels.
# At **one half** it turns round: beyond, most twos *are* called three, and the model reads the code
# backwards. Nothing in the sample says so. A hundred trusted labels do, and then a thousand wrong
# ones teach more than the hundred alone.
#
# One thing no matrix repairs: two **equal rows** of $T$. Who tosses a coin between 3 and 5 has told
# you nothing.

# %% tags=["claim"]
at = grown.pivot_table("accuracy", "share of wrong labels", "matrix")
claim("Estimated, four in ten wrong", at["estimated"][0.4], at_least=0.75)
claim("Estimated, six in ten wrong; control: trusted", at["estimated"][0.6], at_most=0.35,
      control=at["trusted"][0.6])  # fmt: skip
claim("Trusted matrix, six in ten wrong; control: trusted alone", at["trusted"][0.6],
      at_least=0.78, control=at["trusted alone"][0.6])  # fmt: skip
sample, x, given, true = draw("pair flip", 0, SEED)
coin, either = np.eye(10), np.isin(true, [3, 5])
coin[[3, 5]] = 0.5 * (coin[3] + coin[5])
tossed = np.where(either, np.random.default_rng(SEED).choice([3, 5], len(true)), true)
guess = read(fit_forward_linear(x, tossed, coin))
claim("3 and 5 told apart after a coin; control: other digits",
      np.mean(guess[np.isin(y, [3, 5])] == y[np.isin(y, [3, 5])]), at_most=0.65,
      control=np.mean(guess[~np.isin(y, [3, 5])] == y[~np.isin(y, [3, 5])]))  # fmt: skip

# %% [markdown]
# ## You can now
#
# - **judge** a test set with wrong labels: it says too little of a good model; confident learning
#   lists whom to look at again;
# - **repair** what was learned: a vote or a robust loss against errors in all directions, forward
#   correction against those in one, which look hopeless and are not; above one half only with
#   trusted labels;
# - **choose** whom to ask: actively or diverse to learn, at random to test, never whoever is near.
#
# **References.** Northcutt, Jiang and Chuang (2021), Confident learning, *JAIR* 70. Patrini, Rozza,
# Menon, Nock and Qu (2017), Making deep neural networks robust to label noise: a loss correction
# approach, *CVPR*. Zhang and Sabuncu (2018), Generalized cross entropy loss, *NeurIPS*. Hacohen,
# Dekel and Weinshall (2022), Active learning on a budget, *ICML*. Settles (2009), *Active learning
# literature survey*, University of Wisconsin-Madison.
