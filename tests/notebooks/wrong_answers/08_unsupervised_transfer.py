# %% Exercise 1
groups = group(lda.fit(features, first).transform(features), SEED)

# %% Exercise 1
groups = first
for _ in range(5):
    directions = lda.fit(features, first).transform(features)
    groups = group(directions, SEED)

# %% Exercise 1
groups = first
for _ in range(5):
    groups = group(features, SEED)

# %% Exercise 1
groups = sealed[draw(SEED)]

# %% Exercise 1
groups = lda.fit(features, first).transform(features)

# %% Exercise 2
answers = {"plates": ("inductive", 3), "coins": ("unsupervised", 8), "scans": ("inductive", 6)}

# %% Exercise 2
answers = {"plates": ("transductive", 10), "coins": ("unsupervised", 8), "scans": ("inductive", 6)}

# %% Exercise 2
answers = {"plates": ("transductive", 7), "coins": ("inductive", 6), "scans": ("inductive", 6)}

# %% Exercise 2
answers = {
    "plates": ("transductive", 7),
    "coins": ("unsupervised", 8),
    "scans": ("unsupervised", 8),
}

# %% Exercise 2
answers = {"plates": "transductive", "coins": "unsupervised", "scans": "inductive"}
