# %% Exercise 1
enough = 90

# %% Exercise 1
enough = N_LABELS[0]

# %% Exercise 1
enough = N_LABELS[-1]

# %% Exercise 2
lucky = N_SEEDS + 1

# %% Exercise 2
lucky = table[50] > table[100].min()

# %% Exercise 2
lucky = -1
