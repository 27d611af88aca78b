# %% Exercise 1
dense_parameters = 7 * 7 * 512 * 4096 + 4096 * 4096 + 4096 * 1000

# %% Exercise 1
dense_parameters = 513 * 4096 + 4097 * 4096 + 4097 * 1000

# %% Exercise 1
dense_parameters = 123_642_856 + 14_714_688

# %% Exercise 1
dense_parameters = (7 * 7 * 512 + 1) * 4096

# %% Exercise 2
pooled = flat

# %% Exercise 2
pooled = head_accuracy(maps.mean(axis=3).reshape(len(y), -1), learn[:50], test)

# %% Exercise 2
pooled = head_accuracy(maps.mean(axis=(1, 2)), learn, test)

# %% Exercise 2
pooled = maps.mean(axis=(1, 2))

# %% Exercise 2
pooled = 100 * head_accuracy(maps.mean(axis=(1, 2)), learn[:50], test)
