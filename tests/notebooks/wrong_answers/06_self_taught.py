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
dizzy = ContrastiveLearner(new_network(SEED), views=RandomViews(max_rotation=180))
score("dizzy", dizzy.network, SEED)
lied = accuracy["dizzy", MID, SEED]

# %% Exercise 2
dizzy = ContrastiveLearner(new_network(SEED))
dizzy.fit(letters[SEED], steps=STEPS)
score("dizzy", dizzy.network, SEED)
lied = accuracy["dizzy", MID, SEED]

# %% Exercise 2
dizzy = ContrastiveLearner(new_network(SEED), views=RandomViews(max_rotation=180))
dizzy.fit(letters[SEED], steps=20)
score("dizzy", dizzy.network, SEED)
lied = accuracy["dizzy", 100, SEED]

# %% Exercise 2
lied = 100 * accuracy["dizzy", MID, SEED]
