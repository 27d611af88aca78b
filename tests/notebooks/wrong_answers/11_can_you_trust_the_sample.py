# %% Exercise 1
labelled_one = 0.3
a_seven = 0.7

# %% Exercise 1
labelled_one = 0.3 + 0.7
a_seven = 0.4

# %% Exercise 1
labelled_one = (really @ clerk)[0]
a_seven = really[1] * clerk[1, 0]

# %% Exercise 1
labelled_one = really @ clerk
a_seven = 0.48

# %% Exercise 1
labelled_one = (clerk @ really)[0]
a_seven = 0.4

# %% Exercise 1
labelled_one = 0.7
a_seven = 0.48

# %% Exercise 2
seen = model.fit(messy.x, messy.labels).predict_proba(messy.x)
suspects = np.flatnonzero(find_label_errors(messy.labels, seen))

# %% Exercise 2
suspects = np.flatnonzero(messy.labels != y[messy.indices])

# %% Exercise 2
held_out = cross_val_predict(model, messy.x, messy.labels, method="predict_proba")
suspects = find_label_errors(messy.labels, held_out)

# %% Exercise 2
held_out = cross_val_predict(model, messy.x, messy.labels)
suspects = np.flatnonzero(held_out != messy.labels)

# %% Exercise 2
suspects = [0, 1, 2]
