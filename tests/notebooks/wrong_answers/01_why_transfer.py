# %% Exercise 1
random_features = features
control = head_accuracy(features, learn[:100], test)

# %% Exercise 1
random_features = load_glyph_net(checkpoint=None).predict(x, verbose=0)
control = head_accuracy(random_features, learn[:100], learn[:100])

# %% Exercise 1
random_features = load_glyph_net(checkpoint=None).predict(x, verbose=0)
control = 100 * head_accuracy(random_features, learn[:100], test)

# %% Exercise 1
random_features = load_glyph_net(checkpoint=None).predict(x, verbose=0)
control = head_accuracy(random_features, learn[:100], test[:100])

# %% Exercise 1
random_features = load_glyph_net(checkpoint=None).predict(x[test], verbose=0)
control = 0.6

# %% Exercise 2
n_labels = 40

# %% Exercise 2
for n in range(10, 110, 10):
    learn, _, test = draw(SEED)
    scores[n] = head_accuracy(features, learn[:n], test)
n_labels = min(n for n, score in scores.items() if score >= 0.8)

# %% Exercise 2
for n in range(10, 110, 10):
    scores[n] = np.mean([head_accuracy(features, draw(s)[0][:n], draw(s)[2]) for s in SEEDS])
n_labels = 100

# %% Exercise 2
for n in range(10, 110, 10):
    scores[n] = np.mean([head_accuracy(features, draw(s)[0][:n], draw(s)[2]) for s in SEEDS])
n_labels = 10
