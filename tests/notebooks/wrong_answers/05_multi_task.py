# %% Exercise 1
of_digits = -log_softmax(digit_scores, axis=1)[np.arange(20), y[few]].mean()
signs = np.where(answers[few] == 1, 1, -1)
total = of_digits - log_expit(signs * question_scores).mean()

# %% Exercise 1
of_digits = -log_softmax(digit_scores, axis=1)[np.arange(20), y[few]].mean()
signs = np.where(answers[few] == 1, 1, -1)
total = 30 * of_digits - log_expit(signs * question_scores).mean()

# %% Exercise 1
of_digits = -log_softmax(digit_scores, axis=1)[np.arange(20), y[few]].sum()
signs = np.where(answers[few] == 1, 1, -1)
total = of_digits - 30 * log_expit(signs * question_scores).sum()

# %% Exercise 1
of_digits = -log_softmax(digit_scores, axis=1)[np.arange(20), y[few]].mean()
total = of_digits - 30 * log_expit(question_scores).mean()

# %% Exercise 1
of_digits = -log_softmax(digit_scores, axis=1)[np.arange(20), y[few]]
signs = np.where(answers[few] == 1, 1, -1)
total = of_digits - 30 * log_expit(signs * question_scores).mean()

# %% Exercise 2
agreement = np.mean(shuffled == letters.labels)
control = shuffled

# %% Exercise 2
agreement = 1 / 52
control = np.random.default_rng([SEED, 1]).integers(0, 52, 5200)

# %% Exercise 2
agreement = np.mean(shuffled == letters.labels)
control = np.zeros(5200, int)

# %% Exercise 2
agreement = np.mean(shuffled == letters.labels)
control = (letters.labels + 1) % 52

# %% Exercise 2
agreement = np.mean(shuffled == letters.labels)
control = np.random.default_rng([SEED, 1]).integers(0, 52, 52)
