"""The learner's own data: what is read, what is said, what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tlwidgets.bias_explorer import read_population
from tlwidgets.bias_explorer.choice import Choice
from tlwidgets.bias_explorer.data import N_SHOWN
from tlwidgets.bias_explorer.experiment import begin

N = 100


def frame(**more):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"age": rng.normal(40, 10, N), "size": rng.normal(size=N), **more})


Y = ["no", "yes"] * (N // 2)


def test_numbers_are_standardised_and_kept_as_covariates():
    data = frame()
    population = read_population(data, Y)
    np.testing.assert_allclose(population.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(population.x.std(axis=0), 1)
    assert population.covariates["age"].tolist() == data["age"].tolist()
    assert population.note == ""
    assert population.y.tolist() == [0, 1] * (N // 2)
    assert population.position.min() >= 0 and population.position.max() <= 1


def test_categories_and_yes_or_no_become_columns_of_their_own():
    town = np.array(["a", "b", "c", "a"] * (N // 4))
    smokes = np.arange(N) % 3 == 0
    population = read_population(frame(town=town, smokes=smokes), Y)
    assert population.x.shape == (N, 2 + 3 + 1)
    assert population.x[:, 2].tolist() == (town == "a").astype(float).tolist()
    assert population.x[:, 5].tolist() == smokes.astype(float).tolist()
    assert population.covariates["town"].tolist() == town.tolist()
    assert set(population.covariates["smokes"]) == {"True", "False"}


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.coo_matrix])
def test_a_sparse_table_is_read_as_a_dense_one(kind):
    table = sparse.random(N, 5, 0.5, random_state=0)
    population = read_population(kind(table), Y)
    np.testing.assert_array_equal(population.x, read_population(table.toarray(), Y).x)
    with pytest.raises(ValueError, match=r"8.0 GB as an array.*TruncatedSVD"):
        read_population(kind((N, 10_000_000)), Y)


def test_columns_of_one_name_are_numbered_and_said():
    data = frame()
    data = pd.concat([data, data[["age"]] * 2, data[["size"]], data[["age"]] * 3], axis=1)
    population = read_population(data, Y)
    assert list(population.covariates) == ["age", "size", "age (2)", "size (2)", "age (3)"]
    np.testing.assert_array_equal(population.covariates["age (3)"], data.iloc[:, 4])
    assert population.note == "Columns of one name are numbered: 'age', 'size'."


def test_without_labels_it_is_said_what_they_are_for():
    with pytest.raises(TypeError, match=r"`y` must be one label.*the name of a column.*got None"):
        read_population(frame(), None)


def test_gaps_are_filled_and_said():
    data = frame(town=["a", "b"] * (N // 2))
    data.loc[:3, "age"] = np.nan
    data.loc[:1, "town"] = None
    population = read_population(data, Y)
    assert np.isfinite(population.x).all()
    assert (population.covariates["age"][:4] == data["age"].median()).all()
    assert population.covariates["town"][0] == "missing"
    assert population.note == (
        "Missing values filled in: 'age' (4 by the median); 'town' (2 as a category of their own)."
    )


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("all the same", np.ones(N), "the same for everybody"),
        ("nothing", np.full(N, np.nan), "empty"),
        ("patient_id", np.random.default_rng(0).permutation(N) * 7, "names each row"),
        ("row", np.arange(N), "names each row"),
        ("counts", np.arange(N) + 5, "names each row"),
        ("name", [f"person {i}" for i in range(N)], "names each row"),
        ("remark", [f"text {i // 3 * 2}" if i > 60 else f"other {i}" for i in range(N)], "hardly"),
    ],
)
def test_columns_without_use_are_left_out_and_said(name, values, why):
    population = read_population(frame(**{name: values}), Y)
    assert population.x.shape == (N, 2)
    assert name not in population.covariates
    assert f"Left out: {name!r} ({why}" in population.note


def test_whole_numbers_that_only_happen_to_differ_stay():
    income = np.random.default_rng(0).permutation(N) * 7
    assert "income" in read_population(frame(income=income), Y).covariates


def test_rare_categories_are_joined():
    population = read_population(frame(town=[f"town {min(i % 40, 30)}" for i in range(N)]), Y)
    assert len(set(population.covariates["town"])) == 20
    assert "Rare categories joined as 'other': 'town' (12 of them)." in population.note


def test_text_labels_keep_every_character():
    script = "<script>alert(1)</script>"
    population = read_population(frame(), [script, "no"] * (N // 2))
    assert population.class_names == (script, "no")
    assert population.y[:2].tolist() == [0, 1]


def test_names_of_classes_decide_their_order():
    assert read_population(frame(), Y, class_names=["yes", "no"]).y[:2].tolist() == [1, 0]
    numbered = read_population(frame(), np.arange(N) % 2, class_names=["sound", "broken"])
    assert numbered.class_names == ("sound", "broken")


@pytest.mark.parametrize("k", [7, 100])
def test_a_few_whole_numbers_are_classes(k):
    x = np.random.default_rng(0).normal(size=(400, 1))
    names = read_population(x, np.arange(400) % k).class_names
    assert names == tuple(f"{i}" for i in range(k))


def test_other_numbers_are_an_outcome():
    outcome = read_population(frame(), np.linspace(0, 1, N))
    assert not outcome.has_classes
    assert outcome.note == "The outcome has 100 different values and is taken as a number."


def test_columns_can_hold_the_labels_and_the_groups():
    population = read_population(frame(ill=Y, town=["n", "s", "s", "s"] * (N // 4)), "ill")
    assert population.class_names == ("no", "yes")
    assert "ill" not in population.covariates
    table = frame(town=["n", "s", "s", "s"] * (N // 4))
    named, given = (read_population(table, Y, groups=g) for g in ("town", table["town"]))
    assert np.array_equal(named.group, given.group) and set(named.group) == {"n", "s"}
    assert np.array_equal(named.x, given.x)
    state = begin(named, Choice(covariate="group", kind="more of s", n=40))
    assert set(state.result.naive.actual.by_group) == {"n", "s"}


def test_the_map_of_a_large_population_shows_a_part_of_it():
    n = N_SHOWN + 1
    population = read_population(np.random.default_rng(0).normal(size=(n, 2)), np.arange(n) % 2)
    assert population.note == "The map shows 5,000 of the 5,001 examples; all numbers are of all."


def test_an_array_has_names_given_or_counted():
    array = np.random.default_rng(0).normal(size=(N, 2))
    assert list(read_population(array, Y).covariates) == ["feature 1", "feature 2"]
    named = read_population(array, Y, feature_names=["a", "b"])
    assert list(named.covariates) == ["a", "b"]


def test_many_columns_are_reduced_and_said():
    array = np.random.default_rng(0).normal(size=(200, 150))
    population = read_population(array, np.arange(200) % 2)
    assert population.x.shape == (200, 50)
    assert "150 columns are reduced to 50 principal components" in population.note
    assert len(population.covariates) == 30


def test_images_are_seen_by_their_pixels():
    images = np.random.default_rng(0).integers(0, 255, (60, 8, 8)).astype(np.uint8)
    population = read_population(images, np.arange(60) % 3)
    assert population.x.shape == (60, 50)
    assert list(population.covariates) == ["brightness", "contrast"]
    np.testing.assert_allclose(population.covariates["brightness"], images.mean(axis=(1, 2)))


@pytest.mark.keras
def test_images_are_seen_through_a_network(cache):
    import keras

    backbone = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()]
    )
    images = np.random.default_rng(0).integers(0, 255, (60, 8, 8)).astype(np.uint8)
    population = read_population(images, np.arange(60) % 3, backbone=backbone)
    assert population.x.shape == (60, 4)
    assert "what the network sees" in population.note


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (frame(), Y[:-1], {}, "`y` must have one value per row of `x`, 100; got 99"),
        (frame(), ["no"] * N, {}, "at least two classes, .* got only 'no'"),
        (frame(), [None, *Y[1:]], {}, "1 of 100 missing"),
        (frame(), [np.nan, *range(N - 1)], {}, "`y` must be known for everybody"),
        (frame(), [f"{i}" for i in range(N)], {}, "`y` must hold classes that repeat"),
        (frame(), np.eye(N)[:, :3], {}, r"y.argmax\(axis=1\)"),
        (frame(), "agee", {}, "Did you mean 'age'"),
        (frame(), Y, {"groups": "agee"}, "`groups`.*Did you mean 'age'"),
        (frame(), Y, {"class_names": ["a"]}, "`class_names` must be 2 different names"),
        (frame(), Y, {"class_names": ["no", "ja"]}, "'yes' is not among"),
        (frame(), Y, {"groups": np.arange(N)}, "at most 20 different groups; got 100"),
        (frame(), Y, {"groups": ["a"]}, "`groups` must have one value per row"),
        (frame(), Y, {"backbone": object()}, "`x` must be images"),
        (np.ones((N, 2)), Y, {}, "at least one column to learn from; all were left out"),
        (np.ones((N, 2)), Y, {"feature_names": ["a"]}, "`feature_names` must be 2"),
        (np.ones(N), Y, {}, r"A single column needs x\[:, None\]"),
        (frame().iloc[:30], Y[:30], {}, "at least 40 rows .* got 30"),
        (frame(a=[np.inf, 1] * 50), Y, {}, "the column 'a' has 50 infinite values"),
        (np.full((60, 4, 4), np.nan), Y[:60], {}, "`x` must hold finite pixels"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_way_out(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        read_population(x, y, **options)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.date_range("2020", periods=N), "the column 'c' holds dates .* age in days"),
        ([[1, 2]] * N, "the column 'c' holds list objects"),
        (np.ones(N) * 1j + np.arange(N) % 3, "the column 'c' holds complex numbers"),
    ],
)
def test_columns_that_are_no_features_are_refused(values, message):
    with pytest.raises(TypeError, match=message):
        read_population(frame(c=values), Y)
