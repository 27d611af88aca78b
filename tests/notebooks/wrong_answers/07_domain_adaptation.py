# %% Exercise 1
gap_alone = float(mmd_loss(*moments[last]))
gap_adapted = float(mmd_loss(*moments_alone[last]))

# %% Exercise 1
gap_alone = float(mmd_loss(*moments_alone[last]))
gap_adapted = float(mmd_loss(*moments["step 0"])) * 0

# %% Exercise 1
gap_alone = float(mmd_loss(*moments_alone["step 0"]))
gap_adapted = 0.5 * gap_alone

# %% Exercise 1
gap_alone, gap_adapted = 1, 0

# %% Exercise 2
alone_auc, adapted_auc = auc["source only"], auc["standardised"]

# %% Exercise 2
poly, _, new = turned[0]
alone_auc = float(head_auc(*scaled(poly, new)[:1], y[poly], scaled(poly, new)[1], new))
adapted_auc = alone_auc

# %% Exercise 2
pairs = [
    [head_auc(x, y[poly], x_new, new) for x, x_new in [scaled(poly, new)]]
    for poly, _, new in turned
]
alone_auc = adapted_auc = float(np.mean(pairs))

# %% Exercise 2
alone_auc, adapted_auc = 0.5, 1.0
