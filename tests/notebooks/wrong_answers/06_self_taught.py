# %% Exercise 1
both = of_one_length(np.concatenate([first, second]))
similar = np.exp(both @ both.T / 0.2)
cost = -np.log(similar[np.arange(10), (np.arange(10) + 5) % 10] / similar.sum(axis=1)).mean()

# %% Exercise 1
both = of_one_length(np.concatenate([first, second]))
similar = np.exp(both @ both.T)
others = similar.sum(axis=1) - np.diag(similar)
cost = -np.log(similar[np.arange(10), (np.arange(10) + 5) % 10] / others).mean()

# %% Exercise 1
both = np.concatenate([first, second])
similar = np.exp(both @ both.T / 0.2)
others = similar.sum(axis=1) - np.diag(similar)
cost = -np.log(similar[np.arange(10), (np.arange(10) + 5) % 10] / others).mean()

# %% Exercise 1
both = of_one_length(np.concatenate([first, second]))
similar = np.exp(both @ both.T / 0.2)
others = similar.sum(axis=1) - np.diag(similar)
cost = -np.log(similar[np.arange(10), (np.arange(10) + 5) % 10] / others).sum()

# %% Exercise 1
both = of_one_length(np.concatenate([first, second]))
similar = np.exp(both @ both.T / 0.2)
others = similar.sum(axis=1) - np.diag(similar)
cost = np.log(similar[np.arange(10), (np.arange(10) + 5) % 10] / others).mean()

# %% Exercise 2
still = ContrastiveLearner(new_network(SEED), views=RandomViews(0, 0, 0, 0))
score("unbent", still.network, SEED)
unbent = rows[-2][3]

# %% Exercise 2
still = ContrastiveLearner(new_network(SEED))
still.fit(letters[SEED], steps=STEPS)
score("unbent", still.network, SEED)
unbent = rows[-2][3]

# %% Exercise 2
still = ContrastiveLearner(new_network(SEED), views=RandomViews(0, 0, 0, 0))
still.fit(letters[SEED], steps=20)
score("unbent", still.network, SEED)
unbent = rows[-1][3]

# %% Exercise 2
unbent = 100 * rows[-2][3]
