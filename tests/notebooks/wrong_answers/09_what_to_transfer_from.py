# %% Exercise 1
right = taus["LogME"]

# %% Exercise 1
right = np.mean([(promised[a] < promised[b]) == (worth[a] > worth[b]) for a, b in two])

# %% Exercise 1
right = sum((promised[a] > promised[b]) == (worth[a] > worth[b]) for a, b in two)

# %% Exercise 1
right = np.mean([(distance[a] < distance[b]) == (worth[a] > worth[b]) for a, b in two])

# %% Exercise 2
kept = f_classif(joined, y)[0].argsort()[-64:]
score = accuracy(joined[:, kept], [0])

# %% Exercise 2
kept = f_classif(joined[labelled], y[labelled])[0].argsort()[:64]
score = accuracy(joined[:, kept], [0])

# %% Exercise 2
kept = np.arange(64)
score = accuracy(joined[:, kept], [0])

# %% Exercise 2
kept = f_classif(joined[labelled], y[labelled])[0].argsort()[-64:]
score = 0.9

# %% Exercise 2
kept = joined[labelled].var(axis=0).argsort()[-64:]
score = accuracy(joined[:, kept], [0])
