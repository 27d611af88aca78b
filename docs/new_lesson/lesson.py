# %% [markdown] transfer="every type" method="labels"
# # NN · How many labels are enough?
#
# Somebody writes labels for you and asks when to stop. After fifty? After two thousand? You will
# measure what one more label is worth, and when it is worth nothing.
#
# **About 10 minutes** · needs 00 · 15 CPU seconds · 0.5 GB of memory

# %% [markdown]
# ## You will
#
# - **measure** what more labels bring;
# - **tell** luck from progress when labels are few;
# - **weigh** many careless labels against few careful ones.
#
# ## Setup
#
# All numbers of this lesson that you may want to change stand in the second cell below.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from tlwidgets import Prediction, budget, check, claim, expect, load_digits

threadpool_limits(1)
budget()

# %% tags=["parameters"]
N_LABELS = [20, 50, 100, 500, 2000]
N_SEEDS = 10  # draws of the labelled digits
WRONG_SHARE = 0.4  # of the careless labels

# %% [markdown]
# ## 1. More is better
#
# Real handwritten digits. A logistic regression on their pixels learns from as many labels as you
# give it, and is tested on digits that it has never seen.

# %% tags=["widget"]
guess_more = Prediction(
    "Of 100 digits, how many more with 500 labels than with 50?", low=0, high=60
)
guess_more

# %% [markdown]
# The function draws labelled digits, trains, and returns how many of 100 others are read right.

# %%
digits = load_digits()
pixels = digits.images.reshape(len(digits.images), -1) / 255


def read_right(n_labels, seed, wrong_share=0.0):
    """Return how many of 100 unseen digits are read right."""
    rng = np.random.default_rng(seed)
    train, test = np.split(rng.permutation(len(pixels)), [n_labels])
    labels = digits.labels[train].copy()
    wrong = rng.random(n_labels) < wrong_share
    labels[wrong] = (labels[wrong] + rng.integers(1, 10, wrong.sum())) % 10
    model = LogisticRegression(C=0.1, max_iter=200).fit(pixels[train], labels)
    return 100 * model.score(pixels[test[:1000]], digits.labels[test[:1000]])


# %% [markdown]
# Ten draws for each number of labels, so that one lucky draw does not decide.

# %%
table = pd.DataFrame(
    {n: [read_right(n, seed) for seed in range(N_SEEDS)] for n in N_LABELS}
).rename_axis(columns="labels")
mean = table.mean()
guess_more.reveal(mean[500] - mean[50])

# %% [markdown]
# Labels tell the model which differences matter. With a few of each digit it has hardly seen how
# people write.

# %% tags=["claim"]
claim("More of 100 right with 500 labels than with 50", mean[500] - mean[50], at_least=8)

# %% [markdown]
# ## 2. Each further label is worth less
#
# The first labels do most of the work.

# %% tags=["widget"]
guess_later = Prediction(
    "From 500 to 2,000 labels: is the gain larger than from 50 to 500?", choices=["yes", "no"]
)
guess_later

# %% [markdown]
# The curve over the number of labels, with a logarithmic axis, and all ten draws around it.

# %%
fig, ax = plt.subplots(figsize=(6, 3.5))
sns.lineplot(table.melt(), x="labels", y="value", errorbar=("pi", 100), marker="o", ax=ax)
ax.set(xscale="log", xlabel="labels", ylabel="of 100 digits read right")
guess_later.reveal("yes" if mean[2000] - mean[500] > mean[500] - mean[50] else "no")

# %% [markdown]
# Read it from the left: steep at first, then flat. Fifteen hundred more labels bring less than the
# first few hundred did.

# %% tags=["claim"]
claim("First gain over later gain", (mean[500] - mean[50]) / (mean[2000] - mean[500]), at_least=1.2)

# %% [markdown]
# ## 3. With few labels you measure luck
#
# The band in the figure holds all ten draws. Where is it wide?

# %% tags=["widget"]
guess_luck = Prediction(
    "With 20 labels, how far apart are the best and the worst of ten draws?", low=0, high=60
)
guess_luck

# %%
spread = table.max() - table.min()
guess_luck.reveal(spread[20])

# %% [markdown]
# Two teams with the same method and other labels would report very different numbers. So a result
# on few labels needs several draws.

# %% tags=["claim"]
claim("Spread with 20 labels over spread with 500", spread[20] / spread[500], at_least=2)

# %% [markdown]
# ## Play
#
# Three things to try in the explorer:
#
# 1. Pull **n** to the left: the bars of the random sample fall.
# 2. Choose *data skew* and pull the strength up: a class disappears.
# 3. Go back to few labels and press *new draw*: the numbers jump.

# %% tags=["widget"]
from tlwidgets import BiasExplorer

BiasExplorer("digits")

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** From how many labels on (of `N_LABELS`) does the model read at least 80 of 100
# digits right, on average? `mean` holds the averages.

# %% tags=["exercise"]
enough = int(mean.index[mean >= 80][0])  #: enough = ...

# %% tags=["check"]
check(
    "Exercise 1",
    enough,
    expect(lambda a: a in N_LABELS, "Answer with one of the numbers in `N_LABELS`."),
    expect(lambda a: mean[a] >= 80, "Look at `mean`: that many labels do not suffice yet."),
    expect(lambda a: mean[mean.index < a].max() < 80, "Enough, but fewer would do as well."),
    well_done="That is how one plans how many labels to pay for.",
)

# %% [markdown]
# **Exercise 2.** How many draws out of ten with 50 labels beat the worst draw with 100 labels?

# %% tags=["exercise"]
lucky = int((table[50] > table[100].min()).sum())  #: lucky = ...

# %% tags=["check"]
check(
    "Exercise 2",
    lucky,
    expect(lambda a: np.ndim(a) == 0 and 0 <= a <= N_SEEDS, "One number of draws is wanted."),
    expect(
        lambda a: a == (table[50] > table[100].min()).sum(),
        "Compare each value of `table[50]` with the smallest of `table[100]`.",
    ),
    well_done="So one draw of each would not have told which is better.",
)

# %% [markdown]
# ## Where it breaks
#
# More labels help only if they are right. Here are five hundred by a careless person, and fifty or
# a hundred by a careful one.

# %%
careless = np.mean([read_right(500, seed, WRONG_SHARE) for seed in range(N_SEEDS)])
pd.Series({"500 careless": careless, "50 careful": mean[50], "100 careful": mean[100]}).round(1)

# %% tags=["claim"]
claim("What 500 careless labels lose against 500 careful", mean[500] - careless, at_least=5)

# %% [markdown]
# ## You can now
#
# - **measure** what more labels bring: a curve over draws, not one number;
# - **tell** luck from progress: by the spread of the draws;
# - **weigh** many careless labels against few careful ones: by trying both.
#
# **References.** LeCun, Cortes and Burges (1998), The MNIST database of handwritten digits.
