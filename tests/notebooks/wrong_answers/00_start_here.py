# %% Exercise 1
n_of_each = N_PER_CLASS

# %% Exercise 1
n_of_each = np.bincount(digits.labels)

# %% Exercise 1
n_of_each = 5000

# %% Exercise 1
n_of_each = "500"

# %% Exercise 2
minutes_to_08 = lessons.loc["08", "minutes"]

# %% Exercise 2
minutes_to_08 = lessons.loc[["01", "06", "08"], "minutes"].sum()

# %% Exercise 2
minutes_to_08 = lessons.loc[["00", "01", "06", "08"], "minutes"]

# %% Exercise 2
minutes_to_08 = lessons["minutes"].sum()
