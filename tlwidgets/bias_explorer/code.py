"""The script that gives the numbers of the explorer: scikit-learn, NumPy and tlwidgets.shift."""

from __future__ import annotations

import re

import numpy as np

from .. import shift
from . import learner, repairs
from .choice import Choice, State
from .data import is_built_in
from .learner import (
    FAIR,
    FOLDS,
    HOLD_OUT,
    N_BANDS,
    SPLIT,
    Grouping,
    grouping,
    is_numeric,
    names_of_thirds,
)
from .repairs import UNDONE

# The pieces of the script; `code.py` puts them together.

SPLIT_CODE = """\
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


# With fewer expected, a fair sample may have none to learn from.
_FEW_OF_TWO = 20
_SKLEARN = {
    "ShrunkCovariance": "covariance",
    "LinearDiscriminantAnalysis": "discriminant_analysis",
    "DummyClassifier": "dummy",
    "LogisticRegression": "linear_model",
    "Ridge": "linear_model",
}


def to_code(state: State) -> str:
    """Return a complete script that gives the numbers of a state.

    Parameters
    ----------
    state : State

    Returns
    -------
    str
        Its last variable `report` is what `table.report` returns. For the learner's own data it
        uses their name `population`, for what `read_population` gave.
    """
    choice = state.choice
    models = ["naive", "repaired", "ideal"] if choice.repair != "none" else ["naive", "ideal"]
    body = "".join(
        [
            f"SEED = {choice.seed}\n\n",
            _population(state),
            _groups(state),
            "\n\n",
            _functions(state),
            DRAW.format(mechanism=_mechanism(choice), strength=choice.strength, n=choice.n),
            _repair(state) if choice.repair != "none" else "",
            IDEAL.format(n=choice.n, stream=FAIR),
            REPORT.format(models=str(models).replace("'", '"')),
        ]
    )
    # A category may hold a line break: as a literal, it does not.
    title = f"# {choice.mechanism.capitalize()}, {choice.kind!r}; repair: {choice.repair}.\n"
    return f"{title}{_imports(body)}\n{body}"


def _imports(body: str) -> str:
    """Return the imports of what a script uses."""
    words = set(re.findall(r"\w+", body))
    homes: dict[str, list[str]] = {}
    for name, home in _SKLEARN.items():
        if name in words:
            homes.setdefault(f"sklearn.{home}", []).append(name)
    ours = {"tlwidgets.shift": sorted(words & set(shift.__all__))}
    if "built_in" in words:
        ours = {"tlwidgets.bias_explorer": ["built_in"], **ours}
    lines = [
        [f"from {home} import {', '.join(names)}\n" for home, names in group.items()]
        for group in (homes, ours)
    ]
    first = "import numpy as np\nimport pandas as pd\n"
    return first + "".join(lines[0]) + "\n" + "".join(lines[1])


def _population(state: State) -> str:
    population = state.population
    if is_built_in(population):
        return f"population = built_in({population.name!r})\n"
    return (
        "# Yours, as the explorer has it: tlwidgets.bias_explorer.read_population(x, y, ...)\n"
        "# population = ...\n"
    )


def _groups(state: State) -> str:
    covariate = state.choice.covariate
    how = grouping(state.population, state.choice)
    if how is Grouping.CLASSES:
        return "groups = np.array(population.class_names)[population.y]\n"
    if how is Grouping.OWN:
        return "groups = population.group\n"
    if how is Grouping.CATEGORIES:
        return f"groups = population.covariates[{covariate!r}]\n"
    names = str(list(names_of_thirds(covariate)))
    return THIRDS.format(covariate=covariate, names=names)


def _functions(state: State) -> str:
    has_classes = state.population.has_classes
    root = "{}" if has_classes else "np.sqrt({})"
    return (
        SPLIT_CODE.format(
            of_each_class=", of each class alike" if has_classes else "",
            stream=SPLIT,
            order="np.lexsort((luck, labels))" if has_classes else "np.argsort(luck)",
            share=HOLD_OUT,
        )
        + FIT.format(
            model=f"LogisticRegression(C={learner.C}, tol=1e-10, max_iter=10_000)"
            if has_classes
            else f"Ridge(alpha={learner.ALPHA})",
            one_class=ONE_CLASS if _may_see_one_class(state) else "",
        )
        + SCORES.format(
            root_of_mean=root.format("mean"),
            root_of_overall=root.format("overall"),
            worst="nanmin" if has_classes else "nanmax",
        )
        + JUDGED.format(
            quality="prediction == y" if has_classes else "(prediction - y) ** 2",
            mean="" if has_classes else MEAN,
        )
    )


def _may_see_one_class(state: State) -> bool:
    """Tell whether there is nothing to tell apart in what a model learns from."""
    population, result = state.population, state.result
    if not population.has_classes:
        return False
    counts = result.is_train & (result.density_ratio > 0)
    n_rarest = state.choice.n * np.bincount(population.y).min() / len(population)
    is_fair_one_at_risk = len(population.class_names) == 2 and n_rarest < _FEW_OF_TWO
    return is_fair_one_at_risk or len(np.unique(result.selection.labels[counts])) == 1


def _mechanism(choice: Choice) -> str:
    made = shift.make_mechanism(
        choice.mechanism, choice.kind, covariate=choice.covariate, region=choice.region
    )
    return repr(made)


def _repair(state: State) -> str:
    choice, population = state.choice, state.population
    if state.result.warning == UNDONE:
        return f"# {UNDONE}\ndensity_ratio = equal\n{REFIT}"
    n_all = len(population)
    known: dict[str, tuple[str, dict[str, object]]] = {
        "importance weighting": (IMPORTANCE, {"ratio": repairs.RATIO}),
        "known chances": (CHANCES, {}),
        "class weighting": (CLASSES, {}),
        "label-shift correction": (LABEL_SHIFT, {"em": repairs.EM}),
        "label cleaning": (CLEANING, {"n_folds": repairs.N_FOLDS}),
        "stratified re-sampling": (RESAMPLING, {"stratum": _stratum(state)}),
    }
    template, values = known[choice.repair]
    unlabelled = UNLABELLED.format(n=n_all, n_unlabelled=repairs.N_UNLABELLED)
    code = template.format(
        title=choice.repair.capitalize(),
        n=choice.n,
        k=len(population.class_names),
        largest=repairs.LARGEST_RATIO,
        shrinkage=learner.SHRINKAGE,
        stream=FOLDS,
        unlabelled=unlabelled if n_all > repairs.N_UNLABELLED else "population.x",
        **values,
    )
    return code if choice.repair == "label-shift correction" else code + REFIT


def _stratum(state: State) -> str:
    population, choice = state.population, state.choice
    if repairs.has_class_strata(population, choice):
        return "population.y"
    values = f"population.covariates[{choice.covariate!r}]"
    if not is_numeric(population.covariates[choice.covariate]):
        return f"np.unique({values}, return_inverse=True)[1]"
    edges = f"np.quantile({values}, np.arange(1, {N_BANDS}) / {N_BANDS})"
    return f'np.searchsorted(\n    {edges},\n    {values},\n    side="right",\n)'
