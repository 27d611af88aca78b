# %% [markdown] transfer="every type" method="the map"
# # 00 · Start here: what can one task teach another?
#
# You learned to ride a bicycle, and a motorcycle came easier. Can networks do that, and when
# does it go wrong? This course lets you find out by moving things.
#
# **About 10 minutes** · needs nothing · 14 CPU seconds · 1.0 GB of memory
#
# **For whom?** You read Python and NumPy, and you know what training and a test set are. Keras,
# and the words of transfer learning, are explained as they come.

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
N_PER_CLASS = 10  # labelled examples of each digit, 1 to 400
SEED = 0

# %% [markdown]
# ## 1. The map
#
# **Transfer learning** uses what was learned in a **source**, where there is much data, for a
# **target**, where you have little. Each of them has two parts:
#
# - its **domain**: what goes in (the space of the inputs $x$, and how often each occurs, $P(x)$);
# - its **task**: what is asked (the labels $y$, and the function $f$ that gives them for an $x$).
#
# Photographs of two cameras are two domains; "is it broken?" and "who made it?" are two tasks. If
# either differs from source to target, there is something to transfer. Then look where labels are.

# %%
lessons = read_lessons()
fig, ax = plt.subplots(figsize=(10, 4.4))
_ = plot_transfer_map(lessons, ax)
# %% [markdown]
# Read it from the top, and find methods with the numbers of their lessons. The types are those of
# Pan and Yang (2010):
#
# | type | the task | the domain | labels |
# |---|---|---|---|
# | **inductive** | another one | the same or another | some in the target |
# | **transductive** | the same | another one | only in the source |
# | **unsupervised** | another one | the same or another | in neither |
#
# The same task, a new camera, a few labels from it? That is frequent and has no row: it is called
# **supervised domain adaptation**; begin with the methods of the first.

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
# help. So would a network that has seen other writing: here is one that learned to read printed
# **letters**, and never saw a digit. We take the 64 numbers that it makes of an image, its
# **features**, instead of the pixels. The labels and the regression stay. How many now?

# %% tags=["widget"]
with_letters = Prediction("The same labels, seen by a network that knows letters?", low=0, high=100)
with_letters

# %%
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlwidgets import load_glyph_net
import keras

keras.utils.set_random_seed(SEED)
read = {"pixels": right_of_100}
for name, checkpoint in {
    "a random network": None,
    "a network that knows letters": "letters",
}.items():
    features = load_glyph_net(checkpoint).predict(digits.images[..., None], verbose=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=500))
    model.fit(features[train], digits.labels[train])
    read[name] = 100 * model.score(features[test], digits.labels[test])
with_letters.reveal(read["a network that knows letters"])

# %% [markdown]
# That was a transfer: another domain (print, not handwriting), another task (letters, not digits),
# and better than the pixels. A network that learned nothing does not help, so it is the letters.
# Every number that a lesson states is asserted by the cell beside it, on your machine, in this run.
# The **control** is the same without the one thing that is said to be the cause:

# %% tags=["claim"]
claim("Digits of 100 read right, from pixels", read["pixels"], at_least=60, at_most=90)
knows, random = read["a network that knows letters"], read["a random network"]
claim("Points that the letters add", knows - read["pixels"], at_least=6,
      control=random - read["pixels"])  # fmt: skip

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
    well_done="We used only a few of them: labels are what is expensive in practice.",
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
progress()

# %% [markdown]
# Do you guess too high or too low? After five guesses `plot_predictions(progress(), plt.gca())`
# draws each on the scale of its question, and says so. The file is yours:
#
# - `progress().export("my_progress.json", name="Ada")` writes a copy for your teacher and says what
#   it holds. On Binder everything is gone after the session: export, then download it.
# - `progress().forget(confirm=True)` deletes it. How to keep nothing at all: `docs/teaching.md`.
#
# It works in JupyterLab, Jupyter Notebook and VS Code; of `solutions` nothing is kept.

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
# - **find** your way: which of domain and task differ, and where you have labels, decides between
#   inductive, transductive and unsupervised transfer; the arrows say which lessons lead there;
# - **use** a lesson: guess before you run, read the claim, let the check lead you;
# - **test** your installation with `self_test()`, and watch the memory with `budget()`.
#
# Go on with lesson 01, "Why not start from scratch?".
#
# **References.** Pan and Yang (2010), A Survey on Transfer Learning, *IEEE Transactions on
# Knowledge and Data Engineering* 22(10). LeCun, Cortes and Burges (1998), The MNIST database of
# handwritten digits.
