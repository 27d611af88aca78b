# %% Exercise 1
limit = 240 / 250
alarms = np.flatnonzero(p_defective >= limit)

# %% Exercise 1
limit = 10 / 260
alarms = np.flatnonzero(p_defective >= limit)

# %% Exercise 1
limit = 0.5
alarms = [3]

# %% Exercise 1
limit = 10 / 250
alarms = p_defective >= limit

# %% Exercise 1
limit = 10 / 250
alarms = [2, 3]

# %% Exercise 1
limit = "4 %"
alarms = [1, 2, 3]

# %% Exercise 2
learn, test = np.split(np.random.default_rng(0).permutation(len(person)), [120])

# %% Exercise 2
learn, test = np.flatnonzero(person < 30), np.flatnonzero(person > 30)

# %% Exercise 2
learn, test = np.flatnonzero(person < 10), np.flatnonzero(person >= 10)

# %% Exercise 2
learn, test = person < 30, person >= 30

# %% Exercise 2
learn, test = np.arange(30), np.arange(30, 40)

# %% Exercise 2
learn, test = list(range(len(person))), []
