# %% Exercise 1
ratio = np.ones(150)
reweighted = study.labels.mean()

# %% Exercise 1
ratio = KernelMeanMatching()(people_x, study.x)
reweighted = ratio @ outcome / ratio.sum()

# %% Exercise 1
ratio = KernelMeanMatching()(study.x, people_x)
reweighted = study.labels.mean()

# %% Exercise 1
ratio = KernelMeanMatching()(study.x, people_x)
reweighted = ratio @ study.labels

# %% Exercise 1
ratio = KernelMeanMatching()(study.x, people_x)
reweighted = outcome.mean()

# %% Exercise 1
ratio = KernelMeanMatching()(study.x, study.x)
reweighted = ratio @ study.labels / ratio.sum()

# %% Exercise 2
corrected = proba
still_defective = [2]

# %% Exercise 2
corrected = proba * share_in_use / share_in_training
still_defective = [2]

# %% Exercise 2
corrected = proba * share_in_training / share_in_use
corrected = corrected / corrected.sum(axis=1, keepdims=True)
still_defective = [0, 1, 2]

# %% Exercise 2
corrected = proba * share_in_use / share_in_training
corrected = corrected / corrected.sum(axis=1, keepdims=True)
still_defective = [0, 1, 2]

# %% Exercise 2
corrected = proba * share_in_use / share_in_training
corrected = corrected / corrected.sum(axis=0)
still_defective = [2]

# %% Exercise 2
corrected = proba * [0.7, 0.3]
corrected = corrected / corrected.sum(axis=1, keepdims=True)
still_defective = [2]

# %% Exercise 3
changed = {"flu": "covariate", "camera": "covariate", "norm": "concept"}

# %% Exercise 3
changed = {"flu": "label", "camera": "concept", "norm": "concept"}

# %% Exercise 3
changed = {"flu": "label", "camera": "covariate", "norm": "label"}

# %% Exercise 3
changed = {"flu": "label shift", "camera": "covariate shift", "norm": "concept shift"}
