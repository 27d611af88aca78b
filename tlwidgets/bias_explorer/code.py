"""The script that gives the numbers of the explorer: scikit-learn, NumPy and tlwidgets.shift."""

from __future__ import annotations

import re

import numpy as np

from .. import shift
from . import learner
from .data import is_built_in
from .experiment import State
from .learner import FAIR, HOLD_OUT, SPLIT, Grouping, grouping, names_of_thirds
from .repairs import REFIT, UNDONE, code_of

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

    Its last variable `report` is what `experiment.report` returns. The learner's own data stand
    in it as `population`, which is what `read_population` gave.
    """
    choice = state.choice
    mechanism = shift.make_mechanism(
        choice.mechanism, choice.kind, covariate=choice.covariate, region=choice.region
    )
    models = ["naive", "repaired", "ideal"] if choice.repair != "none" else ["naive", "ideal"]
    body = "".join(
        [
            f"SEED = {choice.seed}\n\n",
            _population(state),
            _groups(state),
            "\n\n",
            _functions(state),
            DRAW.format(mechanism=repr(mechanism), strength=choice.strength, n=choice.n),
            _repair(state),
            IDEAL.format(n=choice.n, stream=FAIR),
            REPORT.format(models=str(models).replace("'", '"')),
        ]
    )
    # A category may hold a line break: as a literal, it does not.
    title = f"# {choice.mechanism.capitalize()}, {choice.kind!r}; repair: {choice.repair}.\n"
    return f"{title}{_imports(body, mechanism)}\n{body}"


def _imports(body: str, mechanism: shift.population.Mechanism) -> str:
    """Return the imports of what a script uses."""
    words = set(re.findall(r"\w+", body))
    homes: dict[str, list[str]] = {}
    for name, home in _SKLEARN.items():
        if name in words:
            homes.setdefault(f"sklearn.{home}", []).append(name)
    ours = {"tlwidgets.shift": sorted(words & set(shift.__all__))}
    if "built_in" in words:
        ours = {"tlwidgets.bias_explorer": ["built_in"], **ours}
    kind = type(mechanism)
    if kind.__name__ not in shift.__all__:  # one that somebody added
        ours[kind.__module__] = [kind.__name__]
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


def _repair(state: State) -> str:
    if state.choice.repair == "none":
        return ""
    if state.result.warning == UNDONE:
        return f"# {UNDONE}\ndensity_ratio = equal\n{REFIT}"
    return code_of(state.population, state.choice)
