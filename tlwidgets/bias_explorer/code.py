"""The script that gives the numbers of the explorer: scikit-learn, NumPy and tlwidgets.shift."""

from __future__ import annotations

import re

import numpy as np

from .. import shift
from . import code_parts as parts
from . import learner, repairs
from .drawing import FAIR, FOLDS, HOLD_OUT, SPLIT
from .groups import N_BANDS, Grouping, grouping, is_numeric, names_of_thirds
from .populations import is_built_in
from .state import Choice, State
from .warning import UNDONE

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
    """Return a complete script that gives the numbers of a state, as it is after release.

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
            parts.DRAW.format(mechanism=_mechanism(choice), strength=choice.strength, n=choice.n),
            _repair(state) if choice.repair != "none" else "",
            parts.IDEAL.format(n=choice.n, stream=FAIR),
            parts.REPORT.format(models=str(models).replace("'", '"')),
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
    return parts.THIRDS.format(covariate=covariate, names=names)


def _functions(state: State) -> str:
    has_classes = state.population.has_classes
    root = "{}" if has_classes else "np.sqrt({})"
    return (
        parts.SPLIT.format(
            of_each_class=", of each class alike" if has_classes else "",
            stream=SPLIT,
            order="np.lexsort((luck, labels))" if has_classes else "np.argsort(luck)",
            share=HOLD_OUT,
        )
        + parts.FIT.format(
            model=f"LogisticRegression(C={learner.C}, tol=1e-10, max_iter=10_000)"
            if has_classes
            else f"Ridge(alpha={learner.ALPHA})",
            one_class=parts.ONE_CLASS if _may_see_one_class(state) else "",
        )
        + parts.SCORES.format(
            root_of_mean=root.format("mean"),
            root_of_overall=root.format("overall"),
            worst="nanmin" if has_classes else "nanmax",
        )
        + parts.JUDGED.format(
            quality="prediction == y" if has_classes else "(prediction - y) ** 2",
            mean="" if has_classes else parts.MEAN,
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
        return f"# {UNDONE}\ndensity_ratio = equal\n{parts.REFIT}"
    n_all = len(population)
    known: dict[str, tuple[str, dict[str, object]]] = {
        "importance weighting": (parts.IMPORTANCE, {"ratio": repairs.RATIO}),
        "known chances": (parts.CHANCES, {}),
        "class weighting": (parts.CLASSES, {}),
        "label-shift correction": (parts.LABEL_SHIFT, {"em": repairs.EM}),
        "label cleaning": (parts.CLEANING, {"n_folds": repairs.N_FOLDS}),
        "stratified re-sampling": (parts.RESAMPLING, {"stratum": _stratum(state)}),
    }
    template, values = known[choice.repair]
    unlabelled = parts.UNLABELLED.format(n=n_all, n_unlabelled=repairs.N_UNLABELLED)
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
    return code if choice.repair == "label-shift correction" else code + parts.REFIT


def _stratum(state: State) -> str:
    population, choice = state.population, state.choice
    if repairs.has_class_strata(population, choice):
        return "population.y"
    values = f"population.covariates[{choice.covariate!r}]"
    if not is_numeric(population.covariates[choice.covariate]):
        return f"np.unique({values}, return_inverse=True)[1]"
    edges = f"np.quantile({values}, np.arange(1, {N_BANDS}) / {N_BANDS})"
    return f'np.searchsorted(\n    {edges},\n    {values},\n    side="right",\n)'
