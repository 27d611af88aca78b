# %% [markdown] transfer="every type" method="why"
# # 01 · Why not start from scratch?
#
# You want to read handwritten digits, and somebody gives you a network that has never seen one: it
# learned printed letters. Take it, or train your own from nothing? You will measure what the loan
# is worth: in accuracy, in labels, in seconds. And when it is worth nothing.
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/01_why_transfer.ipynb)
#
# **About 40 minutes** · needs 00 · 95 CPU seconds · 1.0 GB of memory

# %% [markdown]
# ## You will
#
# - **compare** a pretrained network with the same network from scratch, label by label;
# - **count** what transfer saves: labels and epochs at equal accuracy;
# - **say** when it stops paying, and why a source that looks near can be worth less than nothing.
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
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, TrainingCurves, budget, check, claim, expect
from tlwidgets import load_digits, load_glyph_net, make_glyphs
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
STEPS = {10: 50, 20: 50, 50: 100, 100: 100, 500: 300, 2000: 900}  # for each number of labels
SEEDS = range(5)  # each seed: another test set, other labels, other random parameters
SEED = 0

# %% [markdown]
# Transfer needs two **domains**. In the **source** labels are cheap: a computer draws as many
# letters as you like, in the fonts that it has. In the **target** each label costs somebody's time:
# digits, written by hand. No letter is a digit; what could one teach about the other?

# %%
letters, digits = make_glyphs(12), load_digits()
x, y = digits.images[..., None], digits.labels
fig, axes = plt.subplots(2, 12, figsize=(12, 2.2))
some = np.random.default_rng(SEED).choice(len(y), 12)
for ax, image in zip(axes.flat, [*letters.images, *digits.images[some]], strict=True):
    ax.imshow(image, cmap="gray")
    ax.axis("off")


# %%
def draw(seed):
    """Return 2,000 digits to learn from, all ten in turn, and 1,000 others for the test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    return np.array([pool[y[pool] == digit][:200] for digit in range(10)]).T.ravel(), test


def with_head(network, kernel_and_bias=None):
    """Put a head for ten digits on a network, a new one or this one; compile."""
    head = keras.layers.Dense(10, name="digits")
    model = keras.Sequential([network, head])
    if kernel_and_bias is not None:
        head.set_weights(kernel_and_bias)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


# %% [markdown]
# ## 1. From scratch
#
# Four convolutions and a dense layer look at a digit and give 64 numbers, its **features**; a
# **head** turns them into ten scores, one for each digit. **From scratch** means: all parameters
# begin as random numbers, and your labels must teach them everything. You have a hundred.

# %% tags=["widget"]
alone = Prediction("A hundred labels, from scratch: accuracy on new digits?", low=0.1, high=1.0)
alone


# %%
keras.utils.set_random_seed(SEED)
learn, test = draw(SEED)
hundred, unseen = (x[learn[:100]], y[learn[:100]]), (x[test], y[test])
curves = TrainingCurves(name="a hundred labels", chance=0.1, log=True, in_terminal="silence")
mine = with_head(load_glyph_net(checkpoint=None))
mine.fit(*hundred, validation_data=unseen, validation_batch_size=500, epochs=40, verbose=0,
         callbacks=[curves])  # fmt: skip
best = curves.to_frame().query("metric == 'accuracy' and split == 'validation'")["value"].max()
alone.reveal(best)

# %% [markdown]
# Read both pictures from left to right. On its hundred digits the network soon makes no mistake; on
# new ones it stays below, and more epochs do not help. It has not learned too little, it has
# **seen** too little. So what do more labels bring? We train from scratch with 10 to 2,000 of them,
# longer where there are more, and five times each, with other digits and other random numbers.

# %%
from tlwidgets.freezing import CachedTrainer, Plan

trainer = CachedTrainer(mine, *hundred)  # does what `fit` does, and compiles only once


def train(model, chosen, seed, steps, learning_rate=0.001):
    """Train all layers of a copy of the model on these digits; return the copy."""
    trainer.restart(model, x[chosen], y[chosen])
    epochs = round(steps / np.ceil(len(chosen) / 32))
    trainer.train(0, Plan(epochs=epochs, seed=seed, learning_rate=learning_rate))
    return trainer.model


def accuracy(model, chosen):
    """Return the share of these digits that the model reads right."""
    return np.mean(model.predict_on_batch(x[chosen]).argmax(axis=1) == y[chosen])


new = {}
for seed in SEEDS:  # once, before training: a new seed slows what runs next
    keras.utils.set_random_seed(seed)
    new[seed] = with_head(load_glyph_net(checkpoint=None))

# %%
rows = []
for seed, n in [(seed, n) for seed in SEEDS for n in STEPS]:
    learn, test = draw(seed)
    model = train(new[seed], learn[:n], seed, STEPS[n])
    rows.append(("from scratch", n, seed, accuracy(model, test)))
columns = ["way", "labels", "seed", "accuracy"]
scratch = pd.DataFrame(rows, columns=columns)


def plot_ways(table, ax):
    """Draw a learning curve for each way, the band as wide as the seeds differ."""
    colours = {"from scratch": "#D55E00", "head only": "#0072B2", "fine-tuned": "#CC79A7"}
    sns.lineplot(table, x="labels", y="accuracy", hue="way", style="way", markers=True,
                 dashes=False, errorbar="sd", palette=colours, ax=ax)  # fmt: skip
    ax.set(xscale="log", xticks=list(STEPS), xticklabels=STEPS, xlabel="labels (logarithmic)")


# %% [markdown]
# The picture comes with the next part. First, guess where the second curve will lie.
#
# ## 2. Borrow
#
# The same network again, with the parameters that it has after 24,000 letters. All its layers stay
# **frozen**; only the head is yours. How many labels will it need to read as well as scratch does
# with a hundred?

# %% tags=["widget"]
enough = Prediction("As good as 100 labels from scratch, with how many?", low=1, high=200)
enough

# %% [markdown]
# A head on frozen features is a logistic regression: it takes no steps, it is **solved**.


# %%
def solve_head(features, labels):
    """Return kernel and bias of a logistic regression."""
    scaler = StandardScaler().fit(features)
    regression = LogisticRegression(C=3 / features.shape[1], max_iter=999)
    kernel = regression.fit(scaler.transform(features), labels).coef_ / scaler.scale_
    return kernel.T, regression.intercept_ - kernel @ scaler.mean_


def head_accuracy(features, learn, test):
    """Return the accuracy of a head that is solved on some digits, on others."""
    kernel, bias = solve_head(features[learn], y[learn])
    best = (features[test] @ kernel + bias).argmax(axis=1)
    return np.mean(np.unique(y[learn])[best] == y[test])


# %%
features, rows = load_glyph_net().predict(x, verbose=0), []
for seed, n in [(seed, n) for seed in SEEDS for n in STEPS]:
    learn, test = draw(seed)
    rows.append(("head only", n, seed, head_accuracy(features, learn[:n], test)))
both = pd.concat([scratch, pd.DataFrame(rows, columns=columns)])
mean = both.groupby(["way", "labels"])["accuracy"].mean()
goal, borrowed = mean["from scratch", 100], mean["head only"]
needed = np.exp(np.interp(goal, borrowed, np.log(borrowed.index)))
fig, ax = plt.subplots(figsize=(8, 4))
plot_ways(both, ax)
ax.annotate("", (needed, goal), (100, goal), arrowprops={"arrowstyle": "->", "color": "black"})
ax.text(110, goal - 0.01, "labels saved", va="top")
enough.reveal(needed)

# %% [markdown]
# Read it from left to right, and along the arrow. With few labels the borrowed network is far
# ahead: it knows already what strokes, corners and loops are, and your labels need only say which
# digit has which. It reads as well as scratch with a **third** of the labels. To the right the
# curves meet; we come back to that.

# %% tags=["claim"]
gain = mean["head only"] - mean["from scratch"]
for n, bound in {10: 0.15, 20: 0.10, 50: 0.08, 100: 0.05}.items():
    claim(f"Head on borrowed features over scratch, {n} labels", gain[n], at_least=bound)
claim("Times fewer labels for the same accuracy", 100 / needed, at_least=2)

# %% [markdown]
# And seconds? With the same hundred labels, the head is not just as good but better. Both are timed
# when everything is compiled: all steps from scratch, against the features of a hundred images and
# the head.

# %% tags=["claim"]
from timeit import repeat

few = draw(SEED)[0][:100]
fresh, pretrained = with_head(load_glyph_net(checkpoint=None)), load_glyph_net()
slow = min(repeat(lambda: train(fresh, few, SEED, STEPS[100]), number=1, repeat=3))
quick = min(repeat(lambda: solve_head(np.asarray(pretrained(x[few])), y[few]), number=1, repeat=3))
print(f"{slow:.2f} seconds from scratch, {quick:.2f} for the head")
claim("Times fewer seconds, for more accuracy", slow / quick, at_least=3)

# %% [markdown]
# Is that a fair trade? Somebody paid for 24,000 letters and 3,000 steps. But they paid **once**,
# for everybody who reads signs of any kind, and the labels cost nothing, for the computer drew the
# letters itself.
#
# ## 3. Fine-tune, and know when to stop
#
# Frozen features are those of letters. Can they become those of digits? First the head, then all
# layers in small steps: **fine-tuning**. The faint line is the training from scratch of part 1,
# with the same hundred labels.

# %%
from tlwidgets.freezing import set_trainable

curves.new_run()  # the one before stays as a faint line
model = with_head(load_glyph_net())
for phase, first_to_train, rate in [("head only", 5, 0.03), ("fine-tuning", 0, 0.0005)]:
    set_trainable(model, first_to_train, optimizer=keras.optimizers.Adam(rate))
    model.fit(*hundred, validation_data=unseen, validation_batch_size=500, epochs=20, verbose=0,
              callbacks=[curves.phase(phase)])  # fmt: skip

# %% tags=["claim"]
steps = curves.to_frame().query("metric == 'accuracy' and split == 'validation'")
first, second = (run for _, run in steps.groupby("run"))
when = {
    "from scratch": first.loc[first["value"].idxmax()],
    "borrowed": second[second["value"] >= first["value"].max()].iloc[0],
}
faster = when["from scratch"]["epoch"] / when["borrowed"]["epoch"]
claim("Times fewer epochs to the best of scratch", faster, at_least=2)
pd.DataFrame(when).loc[["epoch", "seconds", "value"]]

# %% [markdown]
# The borrowed network starts where the other one ends: it needs a few epochs to be as good as
# scratch ever gets, and goes on from there. The seconds in the table hold the compiling, once from
# scratch and once for each phase; on a large network that is nothing, here it is most of them.
#
# So borrow always? You saw the curves meet. With 2,000 labels, which way is best?

# %% tags=["widget"]
plenty = Prediction("Best with 2,000 labels?", choices=["from scratch", "head only", "fine-tuned"])
plenty

# %%
rows = []
for seed, n in [(seed, n) for seed in SEEDS for n in STEPS]:
    learn, test = draw(seed)
    solved = with_head(pretrained, solve_head(features[learn[:n]], y[learn[:n]]))
    model = train(solved, learn[:n], seed, STEPS[n] // 2, learning_rate=0.0005)
    rows.append(("fine-tuned", n, seed, accuracy(model, test)))
ways = pd.concat([both, pd.DataFrame(rows, columns=columns)])
mean = ways.groupby(["way", "labels"])["accuracy"].mean()
lead = ways.pivot(index=["labels", "seed"], columns="way", values="accuracy")
lead = lead.sub(lead["from scratch"], axis=0).reset_index()
fig, axes = plt.subplots(1, 2, figsize=(12, 4), layout="tight")
plot_ways(ways, axes[0])
plot_ways(lead.melt(["labels", "seed"], value_name="accuracy"), axes[1])
axes[1].set_ylabel("accuracy above scratch")
plenty.reveal(mean[:, 2000].idxmax())

# %% [markdown]
# Read the right picture from left to right: what borrowing brings melts away. A **frozen** network
# stops paying where your labels teach better features than letters did: with 2,000 labels scratch
# has caught up. **Fine-tuned** it was never worse, and with 2,000 labels it is still a little
# better; whether a point is worth it, you decide.

# %% tags=["claim"]
lead = mean.unstack("way").pipe(lambda table: table.sub(table["from scratch"], axis=0))
claim("Head only over scratch, 2,000 labels: nothing", lead.loc[2000, "head only"], at_most=0.005)
claim("Fine-tuned over scratch, smallest lead", lead["fine-tuned"].min(), at_least=0.0)
claim("Fine-tuned over scratch, 10 labels", lead.loc[10, "fine-tuned"], at_least=0.15)
claim("Fine-tuned over scratch, 2,000 labels", lead.loc[2000, "fine-tuned"], at_most=0.03)

# %% [markdown]
# ## Play
#
# The border between frozen (blue) and trainable (orange) stands before the head. Drag it, choose a
# number of labels, and press Train. Try:
#
# 1. 10 labels, then 100, then 500, head only: each takes a moment, and each reads better.
# 2. Cut at `conv1` with 10 labels, so that all layers train: the new head's first errors spoil what
#    the letters taught.
# 3. 500 labels, cut at `dense1`: now one more layer may train, and it reads a little better than
#    the head alone. Lesson 03 takes it up from here.

# %% tags=["widget"]
from tlwidgets import FreezeSlider

learn, test = draw(SEED)
lab = FreezeSlider(
    with_head(load_glyph_net()),
    train=(x[learn[:500]], y[learn[:500]]),
    validation=(x[test], y[test]),
)
lab.n_labels, lab.epochs, lab.learning_rate, lab.cut = 10, 40, 0.01, 5
lab

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** Is it the letters that help, or would any 64 features do? Let a **random**
# network, one that learned nothing, look at all digits: `random_features`. Solve a head on those of
# the first 100 digits of `learn`, and put its accuracy on `test` into `control`.

# %% tags=["exercise"]
keras.utils.set_random_seed(SEED)
learn, test = draw(SEED)

random_features = load_glyph_net(checkpoint=None).predict(x, verbose=0)  #:
control = head_accuracy(random_features, learn[:100], test)  #: control = ...

# %% tags=["check"]
check(
    "Exercise 1",
    control,
    expect(lambda c: np.shape(random_features) == (len(x), 64), "Use .predict(x) of a network."),
    expect(
        lambda c: np.corrcoef(random_features.ravel(), features.ravel())[0, 1] < 0.9,
        "These features know letters. load_glyph_net(checkpoint=None) knows nothing.",
    ),
    expect(
        lambda c: np.isclose(c, head_accuracy(random_features, learn[:100], test)),
        "head_accuracy takes the features, the first 100 of `learn`, and `test`.",
    ),
    well_done="Random features are worth less than training from scratch: it is the letters.",
)

# %% [markdown]
# **Exercise 2.** A customer wants at least **four digits in five** read. How many labels do you ask
# for? Take the borrowed network, head only. For 10, 20, ... 100 labels put the mean accuracy over
# the five seeds into `scores[n]`, and the smallest number that is enough into `n_labels`.

# %% tags=["exercise"]
scores = {}
for n in range(10, 110, 10):
    drawn = [draw(seed) for seed in SEEDS]  #: ...
    right = [head_accuracy(features, learn[:n], test) for learn, test in drawn]  #:
    scores[n] = np.mean(right)  #:
n_labels = min(n for n, score in scores.items() if score >= 0.8)  #: n_labels = ...

# %% tags=["check"]
check(
    "Exercise 2",
    n_labels,
    expect(lambda n: set(scores) == set(range(10, 110, 10)), "`scores` needs 10, 20, ... 100."),
    expect(lambda n: abs(scores[100] - mean["head only", 100]) < 1e-6, "Mean over SEEDS, on test."),
    expect(lambda n: scores[n] >= 0.8, "That is not enough for four in five."),
    expect(lambda n: scores.get(n - 10, 0) < 0.8, "Fewer labels are enough, too."),
    well_done="From scratch it takes about three times as many.",
)

# %% [markdown]
# ## Where it breaks
#
# Letters are not digits. Surely other **digits** would be a better source? The same people, pens
# and scanner: 2,500 images of the digits 0 to 4. The target now is 5 to 9, with 50 labels.

# %% tags=["widget"]
source = Prediction(
    "Reads 5 to 9 best?", choices=["from scratch", "head on 0 to 4", "head on letters"]
)
source

# %%
rows, zero_to_four = [], np.flatnonzero(y < 5)
trained = trainer.model  # the same one after each training, with other parameters
to_features = keras.Model(trained.inputs, trained.layers[-2].output)
for seed in SEEDS:
    learn, test = (drawn[y[drawn] >= 5] for drawn in draw(seed))
    rows.append(("from scratch", accuracy(train(new[seed], learn[:50], seed, 100), test)))
    train(new[seed], zero_to_four, seed, 450)
    narrow = to_features.predict(x, batch_size=500, verbose=0)
    rows.append(("head on 0 to 4", head_accuracy(narrow, learn[:50], test)))
    rows.append(("head on letters", head_accuracy(features, learn[:50], test)))
sources = pd.DataFrame(rows, columns=["way", "accuracy on the digits 5 to 9"])
grid = sns.catplot(sources, x=sources.columns[1], y="way", kind="point", errorbar="sd",
                   linestyle="none", height=2.4, aspect=3.3).set(ylabel="")  # fmt: skip
reads = sources.groupby("way")[sources.columns[1]].mean()
source.reveal(reads.idxmax())

# %% tags=["claim"]
claim("0 to 4 over scratch", reads["head on 0 to 4"] - reads["from scratch"], at_most=-0.03)
claim("Letters over scratch", reads["head on letters"] - reads["from scratch"], at_least=0.04)

# %% [markdown]
# Read it from top to bottom. The source that looks nearest is **worse than none**: that is
# **negative transfer**. To tell five digits apart, few features are enough, and the network has no
# reason to keep any other; what tells an 8 from a 9 may be among those. Fifty-two letters in many
# fonts need nearly everything that a stroke can do. A good source does not look like your target;
# it had to learn what your target needs. Lesson 09 puts numbers on that.

# %% [markdown]
# ## You can now
#
# - **compare** a pretrained network with the same one from scratch: same test digits, same labels,
#   several seeds, and steps enough for both;
# - **count** what transfer saves: a head on borrowed features needs a third of the labels, and a
#   few epochs instead of many;
# - **say** when it stops paying: with few labels borrow, with many fine-tune or train your own; and
#   a source that had too little to learn costs more than it gives.
#
# **References.** Yosinski et al. (2014), How transferable are features in deep neural networks?,
# *NeurIPS*. Pan and Yang (2010), A survey on transfer learning, *IEEE Transactions on Knowledge and
# Data Engineering*. Kumar et al. (2022), Fine-tuning can distort pretrained features and
# underperform out-of-distribution, *ICLR*.
