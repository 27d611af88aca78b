# %% [markdown] transfer="every type" method="why"
# # 01 · Why not start from scratch?
#
# You want to read handwritten digits, and somebody gives you a network that has never seen one: it
# learned printed letters. Take it, or train your own from nothing? You will measure what the loan
# is worth: in accuracy, in labels, in seconds. And when it is worth nothing.
#
# **About 45 minutes** · needs 00 · 95 CPU seconds · 1.0 GB of memory

# %% [markdown]
# ## You will
#
# - **compare** a pretrained network with the same network from scratch, and give both the same
#   chances;
# - **count** what transfer saves: labels, epochs and seconds at equal accuracy;
# - **say** when it stops paying, and find out why a source that looks near can fail.
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
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, TrainingCurves, budget, check, claim, expect
import keras

sns.set_theme(style="ticks")
threadpool_limits(1)  # many small fits: a second thread only gets in the way
budget()

# %% tags=["parameters"]
STEPS = {20: 50, 50: 100, 100: 100}  # of training, for each number of labels: 10 to 2,000
BENT_STEPS, N_BENT = 800, 4000  # the same with bent copies: steps, and copies in all
SEEDS = range(3)  # each seed: another test set, other labels, other random parameters
SEED = 0

# %% [markdown]
# Transfer needs a **source**, from which you learn much, and a **target**, where you want to know
# something. Here they differ twice. The **domains** differ (what images there are): letters that a
# computer drew, digits that people wrote. And the **tasks** differ (which labels there are): 52
# letters, ten digits. Labels of letters are free; each label of a digit costs somebody's time.

# %%
from tlwidgets import load_digits, load_glyph_net, make_glyphs

letters, digits = make_glyphs(12), load_digits()
x, y = digits.images[..., None], digits.labels
fig, axes = plt.subplots(2, 12, figsize=(12, 2.2))
some = np.random.default_rng(SEED).choice(len(y), 12)
for ax, image in zip(axes.flat, [*letters.images, *digits.images[some]], strict=True):
    ax.imshow(image, cmap="gray")
    ax.axis("off")


def draw(seed):
    """Return 2,000 digits to learn from, all ten in turn, 1,000 to choose with, 1,000 to test."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, pool = order[:1000], order[1000:]
    learn = np.array([pool[y[pool] == digit][:200] for digit in range(10)]).T.ravel()
    return learn, pool[~np.isin(pool, learn)][:1000], test


# %% [markdown]
# ## 1. From scratch
#
# Four convolutions and a dense layer look at a digit and give 64 numbers, its **features**; a
# **head** turns them into ten scores (**logits**), one for each digit. **From scratch** means: all
# parameters begin as random numbers, and your labels must teach them everything. You have a
# hundred. A thousand other labelled digits, the **validation set**, show how training goes; a
# thousand more, the **test set**, are asked once, at the end.

# %% tags=["widget"]
alone = Prediction("A hundred labels, from scratch: accuracy on new digits?", low=0.1, high=1.0)
alone


# %%
def with_head(network, n_classes=10):
    """Put a new head on a network; compile."""
    model = keras.Sequential([network, keras.layers.Dense(n_classes, name="digits")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


keras.utils.set_random_seed(SEED)
learn, validation, test = draw(SEED)
hundred, unseen = (x[learn[:100]], y[learn[:100]]), (x[validation], y[validation])
curves = TrainingCurves(name="a hundred labels", chance=0.1, log=True, in_terminal="silence")
mine = with_head(load_glyph_net(checkpoint=None))
mine.fit(*hundred, validation_data=unseen, validation_batch_size=500, epochs=40, verbose=0,
         callbacks=[curves])  # fmt: skip
alone.reveal(mine.evaluate(x[test], y[test], batch_size=500, verbose=0)[1])

# %% [markdown]
# Read both pictures from left to right. On its hundred digits the network soon makes no mistake; on
# new ones it stays below, and more epochs do not help: it **overfits**. It has not learned too
# little, it has **seen** too little. So how do you get more from the same labels? We try two ways.
# To compare them, we train with several numbers of labels and several seeds: other digits, other
# random parameters.

# %%
from tlwidgets.freezing import CachedTrainer, Plan

least = "STEPS needs 20, 50 and 100 labels: the text speaks of them. 2,000 labels are the most."
assert {20, 50, 100} <= set(STEPS) and max(STEPS) <= 2000, least
trainer = CachedTrainer(mine, *hundred)  # does what `fit` does, and compiles only once


def train(model, examples, seed, steps, learning_rate=0.001, trainer=trainer):
    """Train all layers of a copy of the model on images and labels; return the copy."""
    trainer.restart(model, *examples)
    epochs = max(1, round(steps / np.ceil(len(examples[0]) / 32)))
    trainer.train(0, Plan(epochs=epochs, seed=seed, learning_rate=learning_rate))
    return trainer.model


def accuracy(model, chosen):
    """Return the share of these digits that the model reads right."""
    return np.mean(model.predict_on_batch(x[chosen]).argmax(axis=1) == y[chosen])


# %%
new, rows, columns = {}, [], ["way", "digits", "labels", "seed", "accuracy"]
for seed in SEEDS:  # once, before training: a new seed slows what runs next
    keras.utils.set_random_seed(seed)
    new[seed] = with_head(load_glyph_net(checkpoint=None))
for seed, n in [(seed, n) for seed in SEEDS for n in STEPS]:
    learn, _, test = draw(seed)
    model = train(new[seed], (x[learn[:n]], y[learn[:n]]), seed, STEPS[n])
    rows.append(("from scratch", "as they are", n, seed, accuracy(model, test)))

# %% [markdown]
# ## 2. Borrow, or look again
#
# The same network, with the parameters that it has after 24,000 letters. All its layers stay
# **frozen**; only the head is yours. This is called **linear probing**. Such a head is a logistic
# regression: it takes no steps, it is **solved**. (All features are scaled alike before; lesson
# 02 writes out what `solve_head` does.) How many labels will it need to read as well as scratch
# does with a hundred? Guess, then run.


# %% tags=["claim"]
from tlwidgets import solve_head


def head_accuracy(features, learn, test):
    """Return the accuracy of a head that is solved on some digits, on others."""
    return solve_head(features[learn], y[learn]).score(features[test], y[test])


pretrained = load_glyph_net()
features = pretrained.predict(x, batch_size=500, verbose=0)
for seed, n in [(seed, n) for seed in SEEDS for n in STEPS]:
    learn, _, test = draw(seed)
    right = head_accuracy(features, learn[:n], test)
    rows.append(("head on letters", "as they are", n, seed, right))
mean = pd.DataFrame(rows, columns=columns).groupby(["way", "labels"])["accuracy"].mean()
saved = mean["head on letters", 50] - mean["from scratch", 100]
claim("Head with 50 labels over scratch with 100, neither bent", saved, at_least=0.015)
mean.unstack().round(3)

# %% [markdown]
# With 50 labels the head is better than scratch with 100, so half of the labels are saved. Many
# papers and lessons end here. But is it fair? Look at the letters above: each is **bent**, that is
# turned, slanted, larger or smaller. The borrowed network saw thousands of shapes; yours saw each
# digit in one. Bending costs no label: from each digit you make many copies. This is **data
# augmentation**, the cheap rival of transfer. Here are two digits, bent as the letters are.

# %%
from tlwidgets.adapt import RandomViews

bend = RandomViews(max_rotation=15, max_slant=0.25, max_zoom=0.15, max_shift_px=1)


def bent(chosen, seed):
    """Return copies of some digits, each bent in its own way, and their labels."""
    many = np.resize(chosen, N_BENT)  # again and again
    return np.asarray(bend(x[many], keras.random.SeedGenerator(seed))), y[many]


def plot_ways(table, ax):
    """Draw a learning curve for each way, the band as wide as the seeds differ."""
    colours = {"from scratch": "#D55E00", "head on letters": "#0072B2", "fine-tuned": "#CC79A7"}
    table = table.sort_values("labels").astype({"labels": str})
    sns.lineplot(table, x="labels", y="accuracy", hue="way", style="digits", palette=colours,
                 style_order=["bent", "as they are"], markers=["s", "o"], dashes=["", (3, 2)],
                 errorbar="sd", ax=ax)  # fmt: skip


copies = bent(draw(SEED)[0][3:5], SEED)[0][:12, :, :, 0]
_ = plt.matshow(np.hstack(copies), cmap="gray").axes.axis("off")

# %% tags=["widget"]
again = Prediction("100 labels, from scratch, but with bent copies: accuracy?", low=0.1, high=1.0)
again

# %% [markdown]
# Both ways get the same copies. (In a network of your own two Keras layers in front,
# `RandomRotation` and `RandomTranslation`, bend anew in each epoch: lesson 02.)

# %%
for seed, n in [(seed, n) for seed in SEEDS for n in STEPS]:
    learn, _, test = draw(seed)
    copies = images, labels = bent(learn[:n], seed)
    right = accuracy(train(new[seed], copies, seed, BENT_STEPS), test)
    rows.append(("from scratch", "bent", n, seed, right))
    head = solve_head(pretrained.predict(images, batch_size=500, verbose=0), labels)
    rows.append(("head on letters", "bent", n, seed, head.score(features[test], y[test])))
both = pd.DataFrame(rows, columns=columns)
four = both.groupby(["digits", "way", "labels"])["accuracy"].mean()
fig, ax = plt.subplots(figsize=(8, 4), layout="tight")
plot_ways(both, ax)
again.reveal(four["bent", "from scratch", 100])

# %% [markdown]
# Read it at 100 labels, upwards: bent copies alone lift scratch to where the letters were. Solid
# against solid is the fair comparison, and there letters add little. Now go left: with two examples
# of each digit bending is not enough, and the letters still help. So the headline: **augment first;
# transfer wins where labels are very few**. What transfer saves with 100 labels is time: the head
# alone reads about as well as scratch with bent copies, which takes many steps.

# %% tags=["claim"]
from time import perf_counter

add = {d: four[d, "head on letters"] - four[d, "from scratch"] for d in ("as they are", "bent")}
bends_add = four["bent", "from scratch"] - four["as they are", "from scratch"]
claim("Bent copies over none, from scratch, 50 labels", bends_add[50], at_least=0.05)
claim("Bent copies over none, from scratch, 100 labels", bends_add[100], at_least=0.04)
for n, bounds in {20: {"at_least": 0.03}, 100: {"at_most": 0.05}}.items():
    claim(f"Letters over scratch, {n} labels, both bent (control: neither bent)", add["bent"][n],
          control=add["as they are"][n], **bounds)  # fmt: skip
few, start = draw(SEED)[0][:100], perf_counter()  # all is compiled: two fair times
train(new[min(SEEDS)], bent(few, SEED), SEED, BENT_STEPS)
middle = perf_counter()
solve_head(np.asarray(pretrained(x[few])), y[few])
claim("Times fewer seconds for the head", (middle - start) / (perf_counter() - middle), at_least=5)

# %% [markdown]
# Is that a fair trade? Somebody paid for 24,000 letters and 3,000 steps. But they paid **once**,
# for everybody who reads signs of any kind, and the labels cost nothing, for the computer drew the
# letters itself.
#
# ## 3. Fine-tune, and know when to stop
#
# Frozen features are those of letters. Can they become those of digits? First the head, then all
# layers in small steps: **fine-tuning**. The faint line is the training from scratch of part 1,
# with the same hundred labels, as they are.

# %%
from tlwidgets.freezing import set_trainable

curves.new_run()  # the one before stays as a faint line
model = with_head(load_glyph_net())
for phase, first_to_train, rate in [("head only", 5, 0.03), ("fine-tuning", 0, 0.0005)]:
    set_trainable(model, first_to_train, optimizer=keras.optimizers.Adam(rate))
    model.fit(*hundred, validation_data=unseen, validation_batch_size=500, epochs=20, verbose=0,
              callbacks=[curves.phase(phase)])  # fmt: skip

# %% tags=["claim"]
curve = curves.to_frame().query("metric == 'accuracy' and split == 'validation'")
runs = {"from scratch": curve.query("run == run.min()"), "borrowed": curve.query("run > run.min()")}
nearly = runs["from scratch"]["value"].max() - 0.01  # within a point of the best of scratch
there = {way: run[run["value"] >= nearly].iloc[0] for way, run in runs.items()}
faster = there["from scratch"]["epoch"] / there["borrowed"]["epoch"]
claim("Times fewer epochs to nearly the best of scratch", faster, at_least=1.5)
pd.DataFrame(there).loc[["epoch", "seconds", "value"]]

# %% [markdown]
# Both are asked the same: when do you first come within a point of the best that scratch reaches?
# The borrowed network needs a few epochs, and goes on from there. (The seconds include compiling,
# once for each phase; on a large network that is nothing.)
#
# So borrow always? With 500 and 2,000 labels the training takes too long for a lesson. We ran it
# before, fine-tuning too; script and results lie in `datasets/results/`. All with bent copies:
# which way is best?

# %% tags=["widget"]
plenty = Prediction(
    "Best with 2,000 labels?", choices=["from scratch", "head on letters", "fine-tuned"]
)
plenty

# %%
from tlwidgets import load_results

ways = pd.concat([both, load_results("letters_to_digits")])
lead = ways.pivot_table(index=["digits", "labels", "seed"], columns="way", values="accuracy")
lead = lead.sub(lead["from scratch"], axis=0).reset_index()
fig, axes = plt.subplots(1, 2, figsize=(12, 4), layout="tight")
plot_ways(ways, axes[0])
plot_ways(lead.melt(["digits", "labels", "seed"], value_name="accuracy"), axes[1])
axes[1].set_ylabel("accuracy above scratch")
most = ways.query("digits == 'bent' and labels == 2000")
plenty.reveal(most.groupby("way")["accuracy"].mean().idxmax())

# %% tags=["claim"]
over = lead.groupby(["digits", "labels"])[["head on letters", "fine-tuned"]].mean()
frozen, tuned = over["head on letters"], over["fine-tuned"]
claim("Frozen over scratch, 2,000 labels, both bent (control: 20 labels)", frozen["bent", 2000],
      at_most=-0.01, control=frozen["bent", 20])  # fmt: skip
claim("Fine-tuned over scratch, 2,000 labels, both bent (control: neither bent)",
      tuned["bent", 2000], at_least=-0.015, at_most=0.01,
      control=tuned["as they are", 2000])  # fmt: skip

# %% [markdown]
# Read the right picture from left to right: what borrowing brings melts away. With bent copies a
# **frozen** network is behind scratch from 500 labels on: they teach better features than letters
# did. **Fine-tuned**, it is level with scratch. (Without bent copies it keeps a small lead.) He,
# Girshick and Dollár (2019) found the same for ImageNet networks that find things in photographs:
# with enough labels and enough steps, scratch catches up.

# %% [markdown]
# ## Play
#
# The border between frozen (blue) and trainable (orange) stands before the head. Drag it, choose a
# number of labels, and press Train. Try:
#
# 1. 10 labels, then 100, then 500, head only: each takes a moment, and each reads better.
# 2. Cut at `conv1` with 10 labels, so that all layers train behind a new head: worse than the head
#    alone. Lesson 03 finds out what is lost.
# 3. 500 labels, cut at `dense1`: now one more layer may train, and it reads a little better than
#    the head alone. Lesson 03 takes it up from here.

# %% tags=["widget"]
from tlwidgets import FreezeSlider

learn, validation, _ = draw(SEED)
lab = FreezeSlider(
    with_head(load_glyph_net()),
    train=(x[learn[:500]], y[learn[:500]]),
    validation=(x[validation], y[validation]),
    label_order="given",  # 10 labels: one of each digit
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
learn, _, test = draw(SEED)

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
# for? Take the borrowed network, head only, digits as they are. For 10, 20, ... 100 labels put the
# mean accuracy over `SEEDS` into `scores[n]`, and the smallest number that is enough into
# `n_labels`.

# %% tags=["exercise"]
scores = {}
for n in range(10, 110, 10):
    drawn = [draw(seed) for seed in SEEDS]  #: ...
    right = [head_accuracy(features, learn[:n], test) for learn, _, test in drawn]  #:
    scores[n] = np.mean(right)  #:
n_labels = min(n for n, score in scores.items() if score >= 0.8)  #: n_labels = ...

# %% tags=["check"]
check(
    "Exercise 2",
    n_labels,
    expect(lambda n: set(scores) == set(range(10, 110, 10)), "`scores` needs 10, 20, ... 100."),
    expect(
        lambda n: abs(scores[100] - mean["head on letters", 100]) < 1e-6,
        "Mean over SEEDS, on test.",
    ),
    expect(lambda n: scores[n] >= 0.8, "That is not enough for four in five."),
    expect(lambda n: scores.get(n - 10, 0) < 0.8, "Fewer labels are enough, too."),
    well_done="From scratch, without bent copies, it takes about three times as many.",
)

# %% [markdown]
# ## Where it breaks
#
# Letters are not digits. Surely other **digits** would be a better source? The same people, pens
# and scanner: 2,500 images of the digits 0 to 4. The target now is 5 to 9, with 50 labels, all
# digits as they are.

# %% tags=["widget"]
source = Prediction(
    "Reads 5 to 9 best?", choices=["from scratch", "head on 0 to 4", "head on letters"]
)
source

# %%
outputs = {layer.name: layer.output for layer in trainer.model.layers}
taps = keras.Model(trainer.model.inputs, [outputs["conv4"], outputs["dense1"]])
cases = {}
for seed in SEEDS:
    learn, _, test = (drawn[y[drawn] >= 5] for drawn in draw(seed))
    few = x[learn[:50]], y[learn[:50]]
    cases["from scratch", seed] = accuracy(train(new[seed], few, seed, 100), test)
    cases["head on letters", seed] = head_accuracy(features, learn[:50], test)
    train(new[seed], (x[y < 5], y[y < 5]), seed, 450)
    early, last = (z.reshape(len(x), -1) for z in taps.predict(x, batch_size=500, verbose=0))
    cases["head on 0 to 4", seed] = head_accuracy(last, learn[:50], test)
    cases["0 to 4, one layer earlier", seed] = head_accuracy(early, learn[:50], test)
    trainer.write_to_model(mine)
    mine.layers[-1].set_weights(new[seed].layers[-1].get_weights())  # a new head on 0 to 4
    cases["0 to 4, fine-tuned", seed] = accuracy(train(mine, few, seed, 100), test)

# %% [markdown]
# Before the picture, be a detective. Suppose 0 to 4 fails. The letters had more **images** (24,000,
# not 2,500) and more **classes** (52, not 5). Which of the two is it? Two more sources take them
# away one by one: 2,500 letters of all 52 classes, and 2,500 letters of five classes.

# %%
pool = make_glyphs(26_000, seed=1)
reader = CachedTrainer(with_head(load_glyph_net(checkpoint=None), n_classes=52), *few)
letter_taps = keras.Model(reader.model.inputs, reader.model.layers[-2].output)
for seed in SEEDS:
    learn, _, test = (drawn[y[drawn] >= 5] for drawn in draw(seed))
    five = np.random.default_rng(seed).choice(52, 5, replace=False)
    for way, those in {"2,500 letters, 52 classes": pool.labels >= 0,
                       "2,500 letters, 5 classes": np.isin(pool.labels, five)}.items():  # fmt: skip
        examples = pool.images[those][:2500, ..., None], pool.labels[those][:2500]
        untrained = with_head(new[seed].layers[0], n_classes=52)  # the body of "from scratch"
        train(untrained, examples, seed, 450, trainer=reader)
        last = letter_taps.predict(x, batch_size=500, verbose=0)
        cases[way, seed] = head_accuracy(last, learn[:50], test)

# %% tags=["claim"]
table = pd.Series(cases, name="accuracy on the digits 5 to 9").rename_axis(["way", "seed"])
ORDER = ["from scratch", "head on letters", "2,500 letters, 52 classes", "2,500 letters, 5 classes",
         "head on 0 to 4", "0 to 4, one layer earlier", "0 to 4, fine-tuned"]  # fmt: skip
sns.catplot(table.reset_index(), x=table.name, y="way", order=ORDER, hue="way", hue_order=ORDER,
            palette=["#D55E00", *["#0072B2"] * 5, "#CC79A7"], kind="point", errorbar="sd",
            height=3.2, aspect=2.6).set(ylabel="")  # fmt: skip
reads = table.groupby("way").mean()
source.reveal(reads[["from scratch", "head on 0 to 4", "head on letters"]].idxmax())
over, bad, mended = reads - reads["from scratch"], {"at_most": -0.07}, {"at_least": -0.05}
for way, control, bound in [("2,500 letters, 5 classes", "2,500 letters, 52 classes", bad),
                            ("head on 0 to 4", "head on letters", bad),
                            ("0 to 4, one layer earlier", "head on 0 to 4", mended),
                            ("0 to 4, fine-tuned", "head on 0 to 4", mended)]:  # fmt: skip
    claim(f"{way}, over scratch (control: {control})", over[way], control=over[control], **bound)

# %% [markdown]
# Read it from top to bottom. Ten times fewer letters cost some points; ten times fewer **classes**
# cost far more, and make letters as bad as 0 to 4: **negative transfer**, worse than no source. For
# five kinds the last layer needs few features. One layer earlier the rest is still there: read from
# there, or fine-tune, and the loss is mended. Yosinski et al. (2014) saw such a drop at the last
# layers of an ImageNet network. A good source had to learn what you need.

# %% [markdown]
# ## You can now
#
# - **compare** a pretrained network with the same one from scratch: same test digits, same labels,
#   several seeds, steps enough, and the same data augmentation for both;
# - **count** what transfer saves: labels where they are very few; epochs, and seconds at equal
#   accuracy;
# - **say** when it stops paying: augment first, borrow where labels are very few, and with many
#   train as you like. Where a source fails, read one layer earlier or fine-tune before you give up.
#
# **References.** Yosinski, Clune, Bengio and Lipson (2014), How transferable are features in deep
# neural networks?, *NeurIPS*. He, Girshick and Dollár (2019), Rethinking ImageNet pre-training,
# *ICCV*. Simard, Steinkraus and Platt (2003), Best practices for convolutional neural networks
# applied to visual document analysis, *ICDAR* (data augmentation for digits).
