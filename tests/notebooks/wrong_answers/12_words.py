# %% Exercise 1
sentence = last.mean(axis=1)

# %% Exercise 1
sentence = last[:, 0]

# %% Exercise 1
sentence = (last * mask[..., None]).sum(axis=1)

# %% Exercise 1
sentence = last

# %% Exercise 2
zero_shot = 0.5

# %% Exercise 2
closeness = cosine_similarity(of_test, to_descriptions)
zero_shot = np.mean((closeness[:, 0] < closeness[:, 1]) == y_test)

# %% Exercise 2
of_words = at_depth["embeddings"][test]
near = cosine_similarity(of_words, to_descriptions)
zero_shot = np.mean((near[:, 0] < near[:, 1]) == y_test)

# %% Exercise 2
zero_shot = "better"
