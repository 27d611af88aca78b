# %% Exercise 1
n_of_each = N_PER_CLASS

# %% Exercise 1
n_of_each = np.bincount(digits.labels)

# %% Exercise 1
n_of_each = 5000

# %% Exercise 1
n_of_each = "500"
