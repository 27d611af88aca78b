# %% [markdown] transfer="inductive" method="multi-task"
# # 05 · Can a second task help the first?
#
# You need digits read, and labels are expensive: an expert writes each one down. But everybody can
# answer a yes-or-no question, and thousands of answers cost little. Can a network that learns to
# answer them read digits better, at the same time? You will train one network for two tasks, and
# find out how much of what you gain you owe to the second one.
#
# **About 45 minutes** · needs 01 · 70 CPU seconds · 1.0 GB of memory
#
# The photographs of solar cells (ELPV, CC BY-NC-SA 4.0) are for **non-commercial use only**.

# %% [markdown]
# ## You will
#
# - **train** one network for two tasks, in plain Keras and with other examples for each task;
# - **compare** it with an honest control: the same images, the same head, random answers;
# - **choose** a second task and how much it counts, and see what a loud one costs.
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

from tlwidgets import Prediction, budget, check, claim, expect, fetch_solar_cells, load_digits
from tlwidgets.adapt import MultiTask
import keras

sns.set_theme(style="ticks")
budget()

# %% tags=["parameters"]
FEW, MORE = 20, 100  # labelled digits
N_ASKED = 3000  # images whose questions were answered
STEPS, BATCH_SIZE = 300, 20  # of training; a step takes a batch of each task
SHARES = (1, 3, 10, 30)  # how much the second task counts; the digits count 1
SEEDS = range(5)  # each seed: another test set, other labels, other random parameters
SEED = 0
EPOCHS = 6  # on the solar cells

# %% [markdown]
# ## 1. One trunk, two heads
#
# To learn several tasks at once is **multi-task learning**. In Pan and Yang's map it is
# **inductive** transfer with labels in both tasks. Strictly, it wants *all* its tasks done well.
# Here one is the **main task**; the other is an **auxiliary task**: it may fail, if it helps.
#
# First in plain Keras, where each image has both labels: is a solar cell **defective**? Is it cut
# from **one crystal**, or from many? The **trunk** turns an image into 32 features, each task has a
# **head** on them, and `loss_weights` says how much the loss of each task counts.

# %%
cells = fetch_solar_cells(48)
both_labels = {"defect": cells.is_defective, "crystal": np.equal(cells.module_type, "mono") * 1}
keras.utils.set_random_seed(SEED)
pixels = keras.Input((48, 48, 1))
z = keras.layers.Rescaling(1 / 255)(pixels)
for filters in (16, 32, 64):
    z = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(z)
z = keras.layers.Dense(32, activation="relu", name="features")(keras.layers.Flatten()(z))
heads = {name: keras.layers.Dense(1, "sigmoid", name=name)(z) for name in both_labels}
network = keras.Model(pixels, heads)
network.compile(
    "adam", loss=dict.fromkeys(heads, "binary_crossentropy"),
    loss_weights={"defect": 1, "crystal": 0.3}, metrics={name: ["accuracy"] for name in heads},
)  # fmt: skip

# %% tags=["claim"]
learn, test = cells.split(SEED)
images = cells.images[..., None]
network.fit(
    images[learn], {task: labels[learn] for task, labels in both_labels.items()},
    epochs=EPOCHS, verbose=0,
)  # fmt: skip
for task, scores in network.predict(images[test], verbose=0).items():
    truth = both_labels[task][test]
    right = np.mean((scores[:, 0] > 0.5) == truth)
    most = max(truth.mean(), 1 - truth.mean())
    claim(f"{task}: accuracy of the one network", right, at_least=most + 0.02, control=most)

# %% [markdown]
# One network answers both; the control always says the more frequent answer. A trunk that all tasks
# have in common is **hard parameter sharing**. In **soft parameter sharing** each task has a
# network of its own, and a penalty keeps them alike.
#
# That is all you need **if each image has all labels**. Digits have ten labels, written by an
# expert, for few images. Many images have answers to three questions: is the digit **odd**? Is it
# **five or more**? Does it have a closed **loop**?

# %%
digits = load_digits()
x, y = digits.images[..., None], digits.labels
answers = np.stack([y % 2, y >= 5, np.isin(y, [0, 6, 8, 9])], axis=1).astype(int)
fig, axes = plt.subplots(1, 11, figsize=(13, 1.9))
axes[0].text(1.1, 1.05, "odd?\n5 or more?\nloop?", fontsize=10, ha="right",
             transform=axes[0].transAxes)  # fmt: skip
axes[0].axis("off")
for digit, ax in enumerate(axes[1:]):
    shown = np.flatnonzero(y == digit)[SEED % 400]
    ax.imshow(x[shown], cmap="gray")
    ax.axis("off")
    words = np.where(answers[shown], "yes", "no")
    ax.text(0.5, 1.05, "\n".join(words), fontsize=10, ha="center", transform=ax.transAxes)

# %% [markdown]
# The answers follow from the digit: they are coarse labels, and to learn from such is **weak
# supervision**. No second task could be kinder. One head gives ten scores, the other three.
# `MultiTask` takes for each task a batch of its own images in every step:
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
# of these have labels, and all of them have answers. A **gain** is always against the digits alone
# *of the same seed*: paired like this, what differs between seeds does not hide it.


# %%
def draw(seed):
    """Return the digits to learn from, and 1,000 others for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    n_each = min(N_ASKED // 10, np.bincount(y[pool]).min())
    return np.array([pool[y[pool] == d][:n_each] for d in range(10)]).T.ravel(), test


def questions(seed):
    """Return the second task: the number of its outputs, its images and their answers."""
    pool, _ = draw(seed)
    return 3, x[pool], answers[pool]


# %%
COLOURS = {"questions": "#00825F", "random answers": "#D55E00", "turns": "#A8487F",
           "random turns": "#E69F00"}  # fmt: skip
alone = {(seed, n): read_digits(seed, n) for seed in SEEDS for n in (FEW, MORE)}


def gains(tasks, n, shares):
    """Return, for each second task, share and seed, the points gained over the digits alone."""
    rows = []
    for (name, make), share, seed in [
        (t, s, d) for t in tasks.items() for s in shares for d in SEEDS
    ]:
        accuracy = read_digits(seed, n, make(seed), share)
        rows.append((name, n, share, seed, accuracy, 100 * (accuracy - alone[seed, n])))
    columns = ["second task", "labels", "share", "seed", "accuracy", "points gained"]
    return pd.DataFrame(rows, columns=columns)


# %% [markdown]
# The network alone reads about half of the digits with 20 labels. How many more will it read when
# it learns the questions, too?

# %% tags=["widget"]
gain_guess = Prediction("20 labels: points (of 100) gained by the questions?", low=-10, high=30)
gain_guess

# %% tags=["claim"]
table = pd.concat([gains({"questions": questions}, n, [1]) for n in (FEW, MORE)])
table["alone"] = [alone[key] for key in zip(table["seed"], table["labels"], strict=True)]
_, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="tight")
for n, ax in zip((FEW, MORE), axes, strict=True):
    for _, row in table[table["labels"] == n].iterrows():
        ax.plot([0, 1], [row["alone"], row["accuracy"]], color=COLOURS["questions"], marker="o")
    ax.set(title=f"{n} labels", xlim=(-0.4, 1.4), xticks=[0, 1])
    ax.set_xticklabels(["digits alone", "and questions"])
axes[0].set_ylabel("accuracy on 1,000 test digits")
gain = table.groupby("labels")["points gained"].mean()
gain_guess.reveal(gain[FEW])
claim("Points that questions gain, 20 labels", gain[FEW], at_least=2)
claim("Points that questions gain, 100 labels", gain[MORE], at_least=1)

# %% [markdown]
# A line is a seed; read it from left to right. With the questions the network reads more digits.
# Nobody told it how answers and digits belong together. It had to find features for the one, and
# the other could use them (Caruana calls it **eavesdropping**). But *is* that what happened?
#
# ## 2. Is it the answers?
#
# The second task brought three things at once: answers, 3,000 more images, and a problem that keeps
# the trunk busy. Only the first is knowledge. The **control** gets everything but the knowledge:
# the same images, steps and head, and answers from tossing a coin.

# %% tags=["widget"]
coin = Prediction("Random answers against digits alone?", choices=["worse", "the same", "better"])
coin


# %%
def random_answers(seed):
    """Return the second task with answers that know nothing."""
    n_outputs, images, true_answers = questions(seed)
    rng = np.random.default_rng([seed, 1])  # not the generator that `draw` used
    return n_outputs, images, rng.integers(0, 2, true_answers.shape)


by_chance = pd.concat([gains({"random answers": random_answers}, n, [1]) for n in (FEW, MORE)])
table = pd.concat([table, by_chance])
grid = sns.catplot(table, x="points gained", y="second task", col="labels", hue="second task",
                   palette=COLOURS, height=2.2, aspect=2.2, size=7)  # fmt: skip
for ax in grid.axes.flat:
    ax.axvline(0, color="#7A7A7A", linestyle=":")
grid.set(ylabel="", xlabel="points gained over digits alone")
coin_gain = by_chance["points gained"].mean()
coin.reveal("better" if coin_gain > 0.5 else "worse" if coin_gain < -0.5 else "the same")

# %% [markdown]
# A dot is a seed. **Random answers do no harm**, and in some seeds they help: a coin cannot be
# learned, but trying to may keep the trunk from learning its few digits by heart
# (**regularisation**). How much differs from seed to seed, so we claim only that it costs nothing.
# What lies between the two rows was **transferred**. And we test the control: its answers must be
# true half of the time, no more.

# %% tags=["claim"]
agree = np.mean([questions(seed)[2] == random_answers(seed)[2] for seed in SEEDS])
claim("Random answers that happen to be true", agree, at_least=0.48, at_most=0.52)
claim("Points that random answers gain: no harm", coin_gain, at_least=-1)
true_gain = table.query("`second task` == 'questions'")["points gained"].mean()
claim("Points that questions gain beyond random answers", true_gain - coin_gain, at_least=1)

# %% [markdown]
# ## 3. How much should it count?
#
# So far both tasks counted the same. But the digits have only 20 labels, which the trunk soon knows
# by heart, and the questions have 9,000 answers. What if we let them count more: 3, 10, 30 times?

# %% tags=["widget"]
loud = Prediction("20 labels, share 30: points more than with share 1?", low=-20, high=20)
loud

# %%
tasks = {"questions": questions, "random answers": random_answers}
shares = pd.concat([table[table["labels"] == FEW], gains(tasks, FEW, SHARES[1:])])


def plot_shares(shares, reading):
    """Draw the mean accuracy by share, and a bar as wide as the seeds differ."""
    _, ax = plt.subplots(figsize=(7.5, 3.6))
    sns.pointplot(shares, x="share", y="accuracy", hue="second task", errorbar="sd",
                  palette=COLOURS, dodge=0.05, ax=ax)  # fmt: skip
    n = shares["labels"].iloc[0]
    level = np.mean([alone[seed, n] for seed in SEEDS])
    ax.axhline(level, color="#7A7A7A", linestyle=":", label="digits alone")
    ax.set(xlabel="share of the second task", ylabel=f"accuracy with {n} labels", title=reading)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


plot_shares(shares, "Related: the louder, the better")
at = shares.groupby(["second task", "share"])["points gained"].mean()
loud.reveal(at["questions", SHARES[-1]] - at["questions", SHARES[0]])

# %% [markdown]
# Read it from left to right. When the true answers count more, the network reads better; with
# random ones it falls below the dotted line. The share decides **whose** features the trunk learns.
# Whoever answers all three questions has nearly named the digit: ten digits have six sets of
# answers. So features for the questions are features for digits. That is a **related** task.
#
# How is a share chosen? By hand, on labels kept aside. Uncertainty weighting (Kendall et al. 2018)
# and GradNorm (Chen et al. 2018) learn it.

# %% tags=["claim"]
first, last = SHARES[0], SHARES[-1]
louder = at["questions", last] - at["questions", first]
coins = at["random answers", last] - at["random answers", first]
claim("Points more with the largest share", louder, at_least=5, control=coins)
steps = np.diff([at["questions", share] for share in SHARES])
claim("The smallest step from share to share", steps.min(), at_least=0)
claim("The largest share of random answers over digits alone: nothing",
      at["random answers", last], at_most=1)  # fmt: skip
claim("Sets of answers for ten digits", len(np.unique(answers, axis=0)), at_least=6, at_most=6)

# %% [markdown]
# ## Play
#
# If the questions should count so much, why not learn only them, and the digits afterwards? That is
# the transfer of lesson 01; which of the two is better cannot be told beforehand (Standley et al.
# 2020). This trunk knows the questions; its head is solved for 20 digits. Try:
#
# 1. Head only, the rule "before training": it reads more than the best of part 3.
# 2. Learning rate 0.01, cut at `conv1`: all layers train in large steps on 20 digits, and much of
#    what the questions taught is gone.
# 3. 500 labels, head only; then cut at `features` with learning rate 0.001: more digits are right.

# %% tags=["widget"]
from sklearn.linear_model import LogisticRegression

from tlwidgets import FreezeSlider

pool, test = draw(SEED)
asked = MultiTask(new_trunk(SEED), {"questions": 3})
asked.fit({"questions": (x[pool], answers[pool])}, steps=STEPS)
unit = keras.layers.UnitNormalization()  # features of length 1, so that one penalty suits all
trunk = keras.Sequential([asked.trunk, unit])
solved = LogisticRegression(C=100, max_iter=2000).fit(trunk(x[pool[:FEW]]), y[pool[:FEW]])
model = keras.Sequential([trunk, keras.layers.Dense(10, name="digits")])
model.layers[-1].set_weights([solved.coef_.T, solved.intercept_])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"])
lab = FreezeSlider(model, train=(x[pool[:500]], y[pool[:500]]), validation=(x[test], y[test]),
                   label_order="given")  # fmt: skip
lab.n_labels, lab.epochs, lab.learning_rate, lab.cut = FEW, 20, 0.001, 4
lab

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Compute the loss yourself. `digit_scores` and `question_scores` are what the two
# heads say before the first step, for 20 images that have both kinds of labels, `y[few]` and
# `answers[few]`. With scores $s$ the loss is the mean over images, and over questions, of
#
# $$-\log \text{softmax}(s)_y \quad\text{(digits)} \qquad
# -\log \text{sigmoid}(\pm s) \quad\text{(questions; plus for yes, minus for no)}$$
#
# Put the loss with a share of 30 for the questions into `total`.

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
# **which way it was turned**. No human has to answer anything; such a task is **self-supervised**
# (Gidaris et al. 2018).


# %%
def turns(seed):
    """Return the second task: images turned, and how often."""
    pool, _ = draw(seed)
    how_often = np.random.default_rng([seed, 2]).integers(0, 4, len(pool))
    return 4, np.stack(list(map(np.rot90, x[pool], how_often))), how_often


def random_turns(seed):
    """Return the same images with labels that know nothing."""
    n_outputs, images, how_often = turns(seed)
    rng = np.random.default_rng([seed, 3])
    return n_outputs, images, rng.integers(0, 4, len(how_often))


# %% [markdown]
# With 100 labels. The control has the same head and the same turned images, and random labels.

# %% tags=["widget"]
turned_guess = Prediction("100 labels, share 30: points gained by the turns?", low=-50, high=50)
turned_guess

# %%
pair = {"turns": turns, "random turns": random_turns}
broken = gains(pair, MORE, (SHARES[0], SHARES[-1]))
plot_shares(broken, "Turns teach something, and cost more when they are loud")
turn = broken.groupby(["second task", "share"])["points gained"].mean()
turned_guess.reveal(turn["turns", last])

# %% tags=["claim"]
claim("Points that turns gain, smallest share: nothing", turn["turns", first], at_most=2)
claim("Points that turns gain, largest share", turn["turns", last], at_most=-3)
taught = turn["turns", last] - turn["random turns", last]
claim("Turns over random turns, largest share", taught, at_least=15)

# %% [markdown]
# Read it from left to right; dotted: the digits alone. At share 1 the turns bring nothing. At share
# 30 fewer digits are read than without them: **negative transfer**. But the control, as loud, reads
# far fewer. So turns *do* teach what digits can use. What costs is the **loud loss**: it takes the
# trunk from the digits. (And a 6, turned twice, is a 9.)
#
# A loud second task is a bet that the tasks are related. Compare with the single task, on labels
# that you kept aside.

# %% [markdown]
# ## You can now
#
# - **train** one network for two tasks: a trunk, a head for each, and a loss that adds them up; in
#   plain Keras with `loss_weights` where each image has all labels;
# - **compare** with an honest control: what random answers on the same images do, no answer taught;
#   and a control is tested before it is trusted;
# - **choose** a related task, and its share on labels kept aside: what helps at one share can cost
#   at another.
#
# **References.** Caruana (1997), Multitask learning, *Machine Learning* 28. Pan and Yang (2010), A
# survey on transfer learning, *IEEE Transactions on Knowledge and Data Engineering* 22. Kendall,
# Gal and Cipolla (2018), Multi-task learning using uncertainty to weigh losses, *CVPR*. Chen et al.
# (2018), GradNorm, *ICML*. Gidaris, Singh and Komodakis (2018), Unsupervised representation
# learning by predicting image rotations, *ICLR*. Standley et al. (2020), Which tasks should be
# learned together in multi-task learning?, *ICML*.
