"""The saved runs of domain adaptation are whole: five seeds of each way, and histories in order."""

import pytest

from tlwidgets import load_results

RESULTS = load_results("domain_adaptation")


def test_every_way_has_five_seeds():
    counts = RESULTS.groupby(["pair", "way"])["seed"].nunique()
    assert counts[counts < 5].to_dict() == {}


def test_histories_go_forward_and_accuracies_are_shares():
    for run, rows in RESULTS.groupby(["pair", "way", "seed"]):
        assert rows["step"].is_monotonic_increasing, run
    assert RESULTS["accuracy"].between(0, 1).all()


def test_only_adversaries_have_a_discriminator():
    has_domain = RESULTS.groupby("way")["domain_accuracy"].any()
    assert all(has_domain[way] == way.startswith("DANN") for way in has_domain.index)


@pytest.mark.parametrize("pair", RESULTS["pair"].unique())
def test_the_floor_and_the_ceiling_are_there(pair):
    ways = set(RESULTS.query("pair == @pair")["way"])
    assert {"source only", "DANN", "trained on target"} <= ways


def test_every_recipe_has_its_control_and_every_strength_both_signs():
    runs = load_results("adversary")
    recipe = ["has_batchnorm", "optimizer", "start", "seed"]
    arms = runs[runs["strength"].isin([0, 1])].groupby(recipe)["strength"].nunique()
    assert (arms == 2).all()
    tried = runs.query("experiment == 'strength'")
    assert tried.groupby("seed")["strength"].nunique().nunique() == 1
    assert tried[["source", "reverse"]].notna().all(axis=None)
