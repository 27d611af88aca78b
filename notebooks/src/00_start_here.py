# %% [markdown] transfer="every type" method="the map"
# # 00 · Start here: what can one task teach another?
#
# You learned to ride a bicycle, and a motorcycle came easier. Can networks do that, and when
# does it go wrong? This course lets you find out by moving things.
#
# [![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/tlwidgets/tlwidgets/main?labpath=notebooks/00_start_here.ipynb)
#
# **About 10 minutes** · needs nothing · 12 CPU seconds · 1.0 GB of memory

# %% [markdown]
# ## You will
#
# - **find** your way on the map of transfer learning;
# - **use** the four parts of every lesson: predict, run, explain, check;
# - **test** what works on this machine, without internet.

# %% [markdown]
# ## Setup
#
# Run a cell with Shift + Enter, from top to bottom. `budget()` says what this notebook has used
# of the machine.

# %%
import matplotlib.pyplot as plt

from tlwidgets import Prediction, budget, check, claim, expect, plot_transfer_map, read_lessons

budget()

# %% tags=["parameters"]
N_PER_CLASS = 10  # labelled examples of each digit
SEED = 0

# %% [markdown]
# ## 1. The map
#
# **Transfer learning** uses what was learned in a **source** (a task with much data) for a
# **target** (the task that you have, with little). Which type it is follows from one question.

# %%
lessons = read_lessons()
fig, ax = plt.subplots(figsize=(10, 4.4))
_ = plot_transfer_map(lessons, ax)
# %% [markdown]
# Read it from the top: look where you have labels, go down, and find the methods with the
# numbers of their lessons. The names are those of Pan and Yang (2010). Two words of everyday
# use: in **feature extraction** the network from the source stays frozen; in **fine-tuning** it
# trains on.

# %% [markdown]
# **The lessons.** Each box is a lesson; its arrows come from the lessons to do before it. The
# colour of the edge is the type of transfer, from the map above. What you have passed is filled:
# run this cell again when you come back.

# %%
from tlwidgets import plot_course, progress

fig, ax = plt.subplots(figsize=(10, 5), layout="constrained")
_ = plot_course(lessons, ax, progress())

# %% [markdown]
# Read it from the left: two lessons are the ground, and from there you go where your own problem
# is. The same as a table, with the time each takes; a title opens its lesson.

# %%
from tlwidgets import table_of_lessons

table_of_lessons(lessons, progress())

# %% [markdown]
# ## 2. How a lesson works
#
# **Predict.** Before you run an experiment, guess. A guess makes you look; being wrong makes you
# remember. Move the slider and press the button.

# %% tags=["widget"]
guess = Prediction(
    "With 10 examples of each handwritten digit, how many of 100 new ones are read right?",
    low=0,
    high=100,
)
guess

# %% [markdown]
# **Run.** The experiment: real handwritten digits, and a plain logistic regression on their
# pixels. Nothing is transferred yet.

# %%
import numpy as np
from sklearn.linear_model import LogisticRegression

from tlwidgets import load_digits

digits = load_digits()
pixels = digits.images.reshape(5000, -1) / 255
rng = np.random.default_rng(SEED)
order = rng.permutation(5000)
train = np.concatenate([order[digits.labels[order] == c][:N_PER_CLASS] for c in range(10)])
test = np.setdiff1d(order, train)
model = LogisticRegression(C=0.1, max_iter=500).fit(pixels[train], digits.labels[train])
right_of_100 = 100 * model.score(pixels[test], digits.labels[test])

# %%
guess.reveal(right_of_100)

# %% [markdown]
# **Explain.** With so few examples the model has hardly seen how people write. More labels would
# help; so would a network that has seen other writing before. That is lesson 01. Every number
# that a lesson states is asserted by the cell beside it, on your machine, in this run:

# %% tags=["claim"]
claim("Digits of 100 read right", right_of_100, at_least=60, at_most=90)

# %% [markdown]
# **Check.** Exercises have a cell with three dots for your answer, and a check that tells you
# what to try next. It never tells the solution; that is in the folder `solutions`.

# %% [markdown]
# ## Exercises
#
# **Exercise 1.** How many examples of each digit are there in all? (`digits.labels` holds the
# 5,000 labels; `np.bincount` counts.) Replace the three dots by a number, or by code that gives
# it.

# %% tags=["exercise"]
n_of_each = int(np.bincount(digits.labels)[0])  #: n_of_each = ...

# %% tags=["check"]
check(
    "Exercise 1",
    n_of_each,
    expect(lambda a: np.ndim(a) == 0, "One number is wanted: all digits are equally frequent."),
    expect(
        lambda a: a != len(train) / 10, "That is how many of each we *used*. How many are there?"
    ),
    expect(lambda a: a == 500, "Count the labels of one digit, for instance of the zeros."),
    well_done="We used only a few of them: labels are what is dear in practice.",
)

# %% [markdown]
# **Exercise 2.** Your friend has photographs without any labels and wants to do lesson 08. How
# many minutes will it take, with all lessons on the way there? Follow the arrows back; `lessons`
# is a table: `lessons.loc[["01", "02"], "minutes"].sum()`.

# %% tags=["exercise"]
minutes_to_08 = int(lessons.loc[["00", "01", "06", "08"], "minutes"].sum())  #: minutes_to_08 = ...

# %% tags=["check"]
check(
    "Exercise 2",
    minutes_to_08,
    expect(lambda a: np.ndim(a) == 0, "One number is wanted: the sum of the minutes."),
    expect(
        lambda a: a > lessons.loc[["06", "08"], "minutes"].sum(),
        "What does the lesson before 08 need? Go back until a lesson needs nothing.",
    ),
    expect(
        lambda a: a == lessons.loc[["00", "01", "06", "08"], "minutes"].sum(),
        "Count the lessons on the arrows that lead to 08, that one included, and no other.",
    ),
    well_done="Four lessons, and most of the course is not among them: take the way you need.",
)

# %% [markdown]
# ## 3. What works here
#
# The self-test loads a real ImageNet network and real photographs and asks the network what it
# sees in a cup. It needs no internet.

# %%
from tlwidgets import self_test

report = self_test()
report.style.set_properties(**{"text-align": "left"})

# %% tags=["claim"]
claim("Parts of the course that work here", report["works"].sum(), at_least=6)

# %% [markdown]
# Other networks (VGG, ResNet, Inception ...) download their ImageNet checkpoint when you ask for
# them. The last column says which work without that now.

# %%
from tlwidgets import list_backbones

list_backbones()[["family", "year", "size_mb", "top1", "offline"]].head(8)

# %% [markdown]
# ## 4. Your progress
#
# What you pass and what you guess is kept in a file on this machine: lesson, exercise and tries;
# question, guess and result; when. Not your code, not your name, and it is sent nowhere. The first
# guess counts: the second time you know the answer.

# %%
from tlwidgets import plot_predictions

mine = progress()
mine

# %% [markdown]
# Do you guess too high or too low? Each point is a guess, on the scale of its question; in the
# grey band it was close. From five guesses on, the title says how you guess.

# %%
fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
_ = plot_predictions(mine, ax)

# %% [markdown]
# It is yours:
#
# - `progress().export("my_progress.json", name="Ada")` writes a file for your teacher and says what
#   it holds. On Binder everything is gone after the session: export, then download it.
# - `progress().forget(confirm=True)` deletes it.
# - With the environment variable `TLWIDGETS_PROGRESS` set to `off`, before JupyterLab starts,
#   nothing is kept. Any other value is the file to keep it in.
#
# JupyterLab, Jupyter Notebook and VS Code say which notebook runs; elsewhere, and in `solutions`,
# nothing is kept.

# %% [markdown]
# ## Where it breaks
#
# A notebook can die without a word when memory runs out: the kernel restarts, and all variables
# are gone. On Binder everything together has 2 GB. Look at what is left before a large step, and
# shut down kernels that you no longer need (the menu *Kernel*, *Shut Down Kernel*).

# %%
budget()

# %% [markdown]
# ## You can now
#
# - **find** your way: where you have labels decides between inductive, transductive and
#   unsupervised transfer, and the arrows say which lessons lead there;
# - **use** a lesson: guess before you run, read the claim, let the check lead you;
# - **test** your installation with `self_test()`, and watch the memory with `budget()`.
#
# Go on with lesson 01, "Why not start from scratch?".
#
# **References.** Pan and Yang (2010), A Survey on Transfer Learning, *IEEE Transactions on
# Knowledge and Data Engineering* 22(10). LeCun, Cortes and Burges (1998), The MNIST database of
# handwritten digits.
