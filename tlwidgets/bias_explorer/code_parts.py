"""The pieces of the script; `code.py` puts them together."""

from __future__ import annotations

SPLIT = """\
def is_for_training(labels):
    # Seven tenths to learn from{of_each_class}.
    n, luck = len(labels), np.random.default_rng([SEED, {stream}]).random(len(labels))
    order = {order}
    is_train = np.ones(n, bool)
    is_train[order[np.diff(np.floor(np.arange(n + 1) * {share})) == 1]] = False
    return is_train


"""
FIT = """\
def fit(x, y, sample_weight):
    counts = sample_weight > 0
{one_class}    model = {model}
    return model.fit(x[counts], y[counts], sample_weight=sample_weight[counts])


"""
ONE_CLASS = """\
    if len(np.unique(y[counts])) == 1:  # nothing to tell apart
        return DummyClassifier().fit(x, y, counts)
"""
SCORES = """\
def scores(quality, group, sample_weight):
    # Overall, of the worst group, and of each group.
    each = {{}}
    for name in np.unique(groups).tolist():
        here = (group == name) & (sample_weight > 0)
        mean = np.average(quality[here], weights=sample_weight[here]) if here.any() else np.nan
        each[name] = {root_of_mean}
    overall = np.average(quality, weights=sample_weight)
    return {{"overall": {root_of_overall}, "worst group": np.{worst}(list(each.values())), **each}}


"""
JUDGED = """\
def quality(prediction, y):
    return {quality}


def judged(predict, sample, is_train, density_ratio):
    # By its own test set, and by everybody it did not learn from.
    held = ~is_train
    outside = np.ones(len(population))
    outside[sample.indices[is_train]] = 0
    own = quality(predict(sample.x[held]), sample.labels[held])
    true = quality(predict(population.x), population.y)
    reported = scores(own, groups[sample.indices[held]], density_ratio[held])
    actual = scores(true, groups, outside)
{mean}    return [reported, actual]


"""
MEAN = """\
    reported["mean outcome"] = np.average(sample.labels, weights=density_ratio)
    actual["mean outcome"] = population.y.mean()
"""
DRAW = """\
# The biased sample, and what it teaches.
mechanism = {mechanism}
sample = mechanism(population, {strength!r}, {n}, np.random.default_rng(SEED))
is_train = is_for_training(sample.labels)
equal = np.ones({n})
naive = fit(sample.x[is_train], sample.labels[is_train], equal[is_train])
rows = judged(naive.predict, sample, is_train, equal)

"""
REFIT = """\
repaired = fit(sample.x[is_train], sample.labels[is_train], density_ratio[is_train])
rows += judged(repaired.predict, sample, is_train, density_ratio)

"""
IDEAL = """\
# A fair sample of the same size.
fair = SimpleRandom()(population, 0.0, {n}, np.random.default_rng([SEED, {stream}]))
is_train = is_for_training(fair.labels)
ideal = fit(fair.x[is_train], fair.labels[is_train], equal[is_train])
rows += judged(ideal.predict, fair, is_train, equal)

"""
REPORT = """\
says = ["its own test set", "the population"]
index = pd.MultiIndex.from_product([{models}, says], names=["model", "says"])
report = pd.DataFrame(rows, index=index)
print(report.round(3))
"""
THIRDS = """\
values = population.covariates[{covariate!r}]
thirds = np.array({names})
groups = thirds[np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values)]
"""
UNLABELLED = "population.x[np.random.default_rng(0).permutation({n})[:{n_unlabelled}]]"
IMPORTANCE = """\
# {title}: how much more frequent each example is in the population.
unlabelled = {unlabelled}
density_ratio = clip_ratio({ratio!r}(sample.x, unlabelled), {largest})
"""
CHANCES = """\
# {title}: one over the chance to be drawn.
density_ratio = clip_ratio(true_ratio(sample.probability[sample.indices]), {largest})
"""
CLASSES = """\
# {title}: to the shares of the classes in the population.
n_sample = np.maximum(1, np.bincount(sample.labels, minlength={k}))
density_ratio = (np.bincount(population.y, minlength={k}) / n_sample)[sample.labels]
density_ratio = density_ratio / density_ratio.mean()
"""
LABEL_SHIFT = """\
# {title}: the shares of the classes, from unlabelled examples.
unlabelled = {unlabelled}
label_ratio = {em!r}(
    np.searchsorted(naive.classes_, sample.labels[is_train]),
    naive.predict_proba(sample.x[is_train]),
    naive.predict_proba(unlabelled),
)
of_class = np.zeros({k})
of_class[naive.classes_] = label_ratio
density_ratio = of_class[sample.labels] / of_class[sample.labels].mean()


def predict_repaired(x):
    proba = correct_posterior(naive.predict_proba(x), label_ratio)
    return naive.classes_[proba.argmax(axis=1)]


rows += judged(predict_repaired, sample, is_train, density_ratio)

"""
CLEANING = """\
# {title}: leave out what a model that never saw it finds implausible.
luck = np.random.default_rng([SEED, {stream}]).random({n})
fold = np.empty({n}, int)
fold[np.lexsort((luck, sample.labels))] = np.arange({n}) % {n_folds}
proba = np.zeros(({n}, {k}))
for i in range({n_folds}):
    others = fold != i
    model = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=ShrunkCovariance(shrinkage={shrinkage})
    )
    model.fit(sample.x[others], sample.labels[others])
    proba[np.ix_(~others, model.classes_)] = model.predict_proba(sample.x[~others])
density_ratio = 1.0 - find_label_errors(sample.labels, proba)
density_ratio = density_ratio / density_ratio.mean()
"""
RESAMPLING = """\
# {title}: copies of rare strata, until each has its share of the population.
stratum = {stratum}
k, own = stratum.max() + 1, stratum[sample.indices]
wanted = np.bincount(stratum, minlength=k) / len(stratum)
ratio = (wanted / np.maximum(1, np.bincount(own, minlength=k)))[own]
rng = np.random.default_rng([SEED, {stream}])
order = np.lexsort((rng.random({n}), own))
copies = np.empty({n})
copies[order] = np.diff(np.floor(np.cumsum(ratio[order] * {n}) + rng.random()), prepend=0)
density_ratio = copies / copies.mean()
"""
