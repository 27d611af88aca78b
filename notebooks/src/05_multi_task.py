# %% [markdown] transfer="inductive" method="multi-task"
# # 05 · Can a second task help the first?
#
# You need digits read, and labels are dear: an expert writes each one down. But everybody can
# answer a yes-or-no question, and thousands of answers cost little. Can a network that learns to
# answer them read digits better, at the same time? You will train one network for two tasks, and
# find out how much of what you gain you owe to the second one.
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/05_multi_task.ipynb)
#
# **About 40 minutes** · needs 01 · 60 CPU seconds · 1.0 GB of memory

# %% [markdown]
# ## You will
#
# - **train** one network for two tasks, with other examples and another head for each;
# - **compare** it with an honest control: the same images, the same steps, random answers;
# - **choose** a second task and how much it counts, and see one that does harm.
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

from tlwidgets import Prediction, budget, check, claim, expect, load_digits
from tlwidgets.adapt import MultiTask
import keras

sns.set_theme(style="ticks")
budget()

# %% tags=["parameters"]
N_LABELS = (20, 100)  # labelled digits
N_ASKED = 3000  # images whose questions were answered
STEPS, BATCH_SIZE = 300, 20  # of training; a step takes a batch of each task
LOUD = 30  # how much the second task counts from part 3 on; the digits count 1
SEEDS = range(5)  # each seed: another test set, other labels, other random parameters
SEED = 0

# %% [markdown]
# Three questions, each about one image: is the digit **odd**? Is it **five or more**? Does it have
# a closed **loop**? Below, the answers for some digits. In Pan and Yang's map this is **inductive**
# transfer with labels in both tasks: **multi-task learning**.

# %%
digits = load_digits()
x, y = digits.images[..., None], digits.labels
answers = np.stack([y % 2, y >= 5, np.isin(y, [0, 6, 8, 9])], axis=1).astype(int)
fig, axes = plt.subplots(1, 10, figsize=(12, 1.9))
for digit, ax in enumerate(axes):
    shown = np.flatnonzero(y == digit)[SEED]
    ax.imshow(x[shown], cmap="gray")
    ax.axis("off")
    words = np.where(answers[shown], "yes", "no")
    ax.set_title("\n".join(words), fontsize=10)
_ = axes[0].text(-0.35, 1.05, "odd?\n5 or more?\nloop?", fontsize=10, ha="right",
                 transform=axes[0].transAxes)  # fmt: skip

# %% [markdown]
# ## 1. One trunk, two heads
#
# The **trunk** turns an image into 64 features. Each task has a **head** on them: ten scores for
# the digits, three for the questions. In every step the digits show a batch of the few that have
# labels, the questions a batch of the 3,000 that have answers, and the trunk learns from both:
#
# $$\text{loss} = \text{loss of the digits} + \text{share} \times \text{loss of the questions}$$


# %%
def new_trunk(seed):
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
trunks = {seed: new_trunk(seed) for seed in SEEDS}  # once: a new seed slows what runs next
learners = {}


def read_digits(seed, n, second=None, share=1):
    """Return the accuracy with `n` labels, and with a second task or without one."""
    pool, test = draw(seed)
    heads, shares, tasks = {"digit": 10}, {"digit": 1}, {"digit": (x[pool[:n]], y[pool[:n]])}
    if second is not None:
        n_outputs, images, labels = second
        heads["second"], shares["second"], tasks["second"] = n_outputs, share, (images, labels)
    key = (*heads.values(), share)
    if key not in learners:  # compiled once, then used again
        learners[key] = MultiTask(trunks[seed], heads, loss_share=shares)
    learners[key].restart(trunks[seed], seed=seed)
    learners[key].fit(tasks, steps=STEPS, batch_size=BATCH_SIZE, seed=seed)
    return learners[key].accuracy("digit", x[test], y[test])


# %% [markdown]
# Each seed draws 1,000 digits for the test and 3,000 others, all ten in turn: the first 20 or 100
# of these have labels, and all of them have answers.


# %%
def draw(seed):
    """Return 3,000 digits to learn from, and 1,000 others for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    return np.array([pool[y[pool] == d][: N_ASKED // 10] for d in range(10)]).T.ravel(), test


def questions(seed):
    """Return the second task: the number of its outputs, its images and their answers."""
    pool, _ = draw(seed)
    return 3, x[pool], answers[pool]


# %%
COLOURS = {"digits alone": "#7A7A7A", "and questions": "#00825F", "and random answers": "#D55E00"}


def plot_tasks(table):
    """Draw the mean over the seeds for each number of labels, and a line as wide as they differ."""
    grid = sns.catplot(table, x="accuracy", y="tasks", col="labels", hue="tasks", kind="point",
                       errorbar="sd", linestyle="none", palette=COLOURS, sharex=False,
                       height=2.2, aspect=2.6)  # fmt: skip
    grid.set(ylabel="", xlabel="accuracy on 1,000 test digits")


# %% [markdown]
# The network alone reads about half of the digits with 20 labels. How many more will it read when
# it learns the questions, too?

# %% tags=["widget"]
gain_guess = Prediction("20 labels: points (of 100) gained by the questions?", low=-10, high=30)
gain_guess

# %%
rows = []
for seed, n in [(seed, n) for seed in SEEDS for n in N_LABELS]:
    rows.append(("digits alone", n, seed, read_digits(seed, n)))
    rows.append(("and questions", n, seed, read_digits(seed, n, questions(seed))))
columns = ["tasks", "labels", "seed", "accuracy"]
table = pd.DataFrame(rows, columns=columns)
plot_tasks(table)
mean = table.groupby(["labels", "tasks"])["accuracy"].mean()
gain = mean.unstack("tasks").pipe(lambda t: t.sub(t["digits alone"], axis=0))
gain_guess.reveal(100 * gain.loc[20, "and questions"])

# %% [markdown]
# Read it from top to bottom: with the questions the network reads more digits, with few labels and
# with more. Nobody told it how the answers and the digits belong together. It had to find features
# for the one, and the other could use them. But *is* that what happened?

# %% tags=["claim"]
claim("Questions over digits alone, 20 labels", gain.loc[20, "and questions"], at_least=0.02)
claim("Questions over digits alone, 100 labels", gain.loc[100, "and questions"], at_least=0.01)

# %% [markdown]
# ## 2. Is it the answers?
#
# The second task brought three things at once: answers, 3,000 more images, and a problem that keeps
# the trunk from learning its few labels by heart. Only the first is knowledge. The **control** has
# the same images, the same steps and the same head, and answers from tossing a coin.

# %% tags=["widget"]
coin = Prediction("Random answers against digits alone?", choices=["worse", "the same", "better"])
coin


# %%
def random_answers(seed):
    """Return the second task with answers that know nothing."""
    n_outputs, images, true_answers = questions(seed)
    rng = np.random.default_rng([seed, 1])  # not the generator that `draw` used
    return n_outputs, images, rng.integers(0, 2, true_answers.shape)


rows = []
for seed, n in [(seed, n) for seed in SEEDS for n in N_LABELS]:
    accuracy = read_digits(seed, n, random_answers(seed))
    rows.append(("and random answers", n, seed, accuracy))
table = pd.concat([table, pd.DataFrame(rows, columns=columns)], ignore_index=True)
plot_tasks(table)
mean = table.groupby(["labels", "tasks"])["accuracy"].mean()
gain = mean.unstack("tasks").pipe(lambda t: t.sub(t["digits alone"], axis=0))
by_chance = gain["and random answers"].mean()
coin.reveal("better" if by_chance > 0.005 else "worse" if by_chance < -0.005 else "the same")

# %% [markdown]
# **Random answers help, too**: a good part of the gain needs no knowledge. A coin cannot be
# learned, but trying to learn it on many images seems to keep the trunk from learning its few
# digits by heart. That is **regularisation**. Only what lies between the green and the orange point
# was transferred. From here on, every gain is against this control. And first we make sure that the
# control knows nothing: it must agree with the true answers half of the time.

# %% tags=["claim"]
agree = np.mean([questions(seed)[2] == random_answers(seed)[2] for seed in SEEDS])
claim("Random answers that happen to be true", agree, at_least=0.48, at_most=0.52)
claim("Random answers over digits alone", by_chance, at_least=0.005)
transferred = gain["and questions"] - gain["and random answers"]
claim("True over random answers", transferred.mean(), at_least=0.01)

# %% [markdown]
# ## 3. How much should it count?
#
# So far both tasks counted the same. But the digits have only 20 labels, which the trunk soon knows
# by heart, and the questions have 9,000 answers. What if we let them count more: 30 times as much?

# %% tags=["widget"]
loud = Prediction("20 labels, share 30: points more than with share 1?", low=-20, high=20)
loud

# %%
rows = []
for seed in SEEDS:
    for name, second in {"questions": questions, "random answers": random_answers}.items():
        rows.append((f"and {name}", LOUD, read_digits(seed, 20, second(seed), LOUD)))
few = table.query("labels == 20 and tasks != 'digits alone'").assign(share=1)
louder = pd.DataFrame(rows, columns=["tasks", "share", "accuracy"])
shares = pd.concat([few, louder], ignore_index=True)
fig, ax = plt.subplots(figsize=(7, 3.6))
sns.pointplot(shares, x="share", y="accuracy", hue="tasks", errorbar="sd", palette=COLOURS, ax=ax)
ax.axhline(mean[20, "digits alone"], color="#7A7A7A", linestyle=":")
ax.text(1.08, mean[20, "digits alone"] + 0.006, "digits alone", color="#666666")
ax.set(xlabel="share of the second task", ylabel="accuracy with 20 labels")
sns.move_legend(ax, "upper left", frameon=False, title="")
at = shares.groupby(["tasks", "share"])["accuracy"].mean()
loud.reveal(100 * (at["and questions", LOUD] - at["and questions", 1]))

# %% [markdown]
# Read it from left to right. When the true answers count more, it reads better; the random ones
# fall back below the dotted line. The share decides **whose** features the trunk learns. Whoever
# answers all three questions has nearly named the digit: ten digits have six different sets of
# answers. So features for the questions are features for digits, and the more of them the better.
# That is what a **related** task is.

# %% tags=["claim"]
apart = at["and questions"] - at["and random answers"]
claim("True over random answers, share 30", apart[LOUD], at_least=0.10)
louder_gain = at["and questions"][LOUD] - at["and questions"][1]
claim("Share 30 over share 1, true answers", louder_gain, at_least=0.06)
chance = at["and random answers"][LOUD] - mean[20, "digits alone"]
claim("Share 30 over digits alone, random answers: nothing", chance, at_most=0.01)
claim("Sets of answers for ten digits", len(np.unique(answers, axis=0)), at_least=6, at_most=6)

# %% [markdown]
# ## Play
#
# If the questions should count so much, why not learn only them, and the digits afterwards? That is
# the transfer of lesson 01. This trunk knows the questions, and its head is solved for 20 digits.
# Drag the border, and press Train. Try:
#
# 1. Head only: it reads more than the best of part 3. Both at once is not always better.
# 2. Learning rate 0.01, cut at `conv1`: all layers train in large steps on 20 digits, and most of
#    what the questions taught is gone.
# 3. 500 labels, head only; then cut at `features` with learning rate 0.001: a few points more.

# %% tags=["widget"]
from sklearn.linear_model import LogisticRegression

from tlwidgets import FreezeSlider

pool, test = draw(SEED)
asked = MultiTask(new_trunk(SEED), {"questions": 3})
asked.fit({"questions": (x[pool], answers[pool])}, steps=STEPS)
trunk = keras.Sequential([asked.trunk, keras.layers.UnitNormalization()])
solved = LogisticRegression(C=100, max_iter=2000).fit(trunk(x[pool[:20]]), y[pool[:20]])
model = keras.Sequential([trunk, keras.layers.Dense(10, name="digits")])
model.layers[-1].set_weights([solved.coef_.T, solved.intercept_])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"])
lab = FreezeSlider(model, train=(x[pool[:500]], y[pool[:500]]), validation=(x[test], y[test]))
lab.n_labels, lab.epochs, lab.learning_rate, lab.cut = 20, 20, 0.001, 4
lab

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Compute the loss yourself. `digit_scores` and `question_scores` are what the two
# heads say before the first step, for 20 images that have both kinds of labels, `y[few]` and
# `answers[few]`. The loss of the digits is the mean of minus the log of the **softmax** of the
# right one; that of the questions is the mean of minus the log of the **sigmoid** of each score, of
# minus each score where the answer is no. Put the loss with a share of 30 into `total`.

# %% tags=["exercise"]
from scipy.special import log_expit, log_softmax

few = draw(SEED)[0][:20]
shares_of = {"digit": 1, "questions": 30}
learner = MultiTask(new_trunk(SEED), {"digit": 10, "questions": 3}, loss_share=shares_of)
digit_scores, question_scores = (learner.scores(task, x[few]) for task in learner.heads)

of_digits = -log_softmax(digit_scores, axis=1)[np.arange(20), y[few]].mean()  #:
signs = np.where(answers[few] == 1, 1, -1)  #:
of_questions = -log_expit(signs * question_scores).mean()  #:
total = of_digits + 30 * of_questions  #: total = ...

# %% tags=["check"]
learner.restart(new_trunk(SEED))
both = {"digit": (x[few], y[few]), "questions": (x[few], answers[few])}
truth = learner.fit(both, steps=1)[0]
check(
    "Exercise 1",
    total,
    expect(lambda t: np.ndim(t) == 0, "One number: take the mean over the images, then add."),
    expect(lambda t: t > 0, "A loss is not negative: minus the logarithm."),
    expect(lambda t: t > 15, "Too small. Did you multiply by the share?"),
    expect(lambda t: t < 40, "Too large. Means, not sums; which of the two counts 30 times?"),
    expect(lambda t: abs(t - truth) < 0.01, "Near. What do the answers that are no add?"),
    well_done="That is the number that the first step lowers.",
)

# %% [markdown]
# **Exercise 2.** Is it a control? A colleague tests whether letters with their labels make a good
# second task. As control they "shuffle" the labels with a seed, below, and find that the control is
# as good as the true labels. Put the share of letters for which `shuffled` is the true label into
# `agreement`, and labels that are really random, whole numbers from 0 to 51, into `control`.

# %% tags=["exercise"]
from tlwidgets import make_glyphs

letters = make_glyphs(5200, seed=SEED)
shuffled = np.random.default_rng(SEED).permutation(np.arange(5200) % 52)

agreement = np.mean(shuffled == letters.labels)  #: agreement = ...
control = np.random.default_rng([SEED, 1]).permutation(letters.labels)  #: control = ...

# %% tags=["check"]
check(
    "Exercise 2",
    control,
    expect(lambda c: abs(agreement - 1) < 0.01, "`agreement`: how often are both labels equal?"),
    expect(lambda c: np.shape(c) == (5200,), "One label for each of the 5,200 letters."),
    expect(lambda c: set(np.unique(c)) <= set(range(52)), "Whole numbers from 0 to 51."),
    expect(lambda c: np.mean(c == letters.labels) < 0.05, "It still knows the letters."),
    expect(
        lambda c: pd.Series(c).groupby(letters.labels).nunique().min() > 10,
        "One letter always gets the same label: that is the alphabet renamed, not chance.",
    ),
    well_done="The same seed drew the same numbers twice. Test a control before you trust it.",
)

# %% [markdown]
# ## Where it breaks
#
# A second task that costs nothing: turn each of the 3,000 images by a random quarter turn, and ask
# **which way it was turned**. No human has to answer anything.


# %%
def turns(seed):
    """Return the second task: images turned, and how often."""
    pool, _ = draw(seed)
    how_often = np.random.default_rng([seed, 2]).integers(0, 4, len(pool))
    return 4, np.stack(list(map(np.rot90, x[pool], how_often))), how_often


# %% [markdown]
# With 100 labels, and shares of 1 and 30. Random answers with the same shares are the control.

# %% tags=["widget"]
turned_guess = Prediction("100 labels, share 30: points gained by the turns?", low=-20, high=20)
turned_guess

# %%
rows = []
for seed in SEEDS:
    rows += [("and turns", s, read_digits(seed, 100, turns(seed), s)) for s in (1, LOUD)]
    rows.append(("and random answers", LOUD, read_digits(seed, 100, random_answers(seed), LOUD)))
before = table.query("labels == 100 and tasks == 'and random answers'").assign(share=1)
broken = pd.concat([before, pd.DataFrame(rows, columns=louder.columns)], ignore_index=True)
fig, ax = plt.subplots(figsize=(7, 3.4))
sns.pointplot(broken, x="share", y="accuracy", hue="tasks", errorbar="sd",
              palette=["#D55E00", "#A8487F"], ax=ax)  # fmt: skip
ax.axhline(mean[100, "digits alone"], color="#7A7A7A", linestyle=":")
ax.text(1.08, mean[100, "digits alone"] + 0.004, "digits alone", color="#666666")
sns.move_legend(ax, "lower left", frameon=False, title="")
ax.set(xlabel="share of the second task", ylabel="accuracy with 100 labels")
lost = broken.groupby(["tasks", "share"])["accuracy"].mean() - mean[100, "digits alone"]
turned_guess.reveal(100 * lost["and turns", LOUD])

# %% tags=["claim"]
claim("Turns over digits alone, share 1: nothing", lost["and turns", 1], at_most=0.02)
claim("Turns over digits alone, share 30", lost["and turns", LOUD], at_most=-0.03)
lost_more = lost["and turns", LOUD] - lost["and random answers", LOUD]
claim("Turns over random answers, share 30", lost_more, at_most=-0.02)

# %% [markdown]
# Read it from left to right; the dotted line is the digits alone. At best the turns bring nothing,
# and when they count more, they cost more than random answers do. That is **negative transfer**.
# To see which way a digit was turned, the trunk needs other features than to see which digit it
# is, and with a large share it learns *those*. A loud second task is a bet that the tasks are
# related: compare with the single task, and with the control, on labels that you kept aside.

# %% [markdown]
# ## You can now
#
# - **train** one network for two tasks: a trunk, a head for each, and a loss that adds them up;
# - **compare** with an honest control: random answers help, too, and only what true ones give
#   beyond them was transferred; and a control is tested before it is trusted;
# - **choose** a related task, whose features the first one needs, and let it count; an unrelated
#   one takes the trunk away, the more it counts.
#
# **References.** Caruana (1997), Multitask learning, *Machine Learning* 28. Pan and Yang (2010), A
# survey on transfer learning, *IEEE Transactions on Knowledge and Data Engineering* 22. Standley et
# al. (2020), Which tasks should be learned together in multi-task learning?, *ICML*.
