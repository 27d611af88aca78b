"""The same numbers in other forms, there and back."""

import csv
import math
import types

import numpy as np
import pandas as pd
import pytest

from tlwidgets.training_curves.reading import describe
from tlwidgets.training_curves.run import COLUMNS, Run, frame_of, runs_from


@pytest.fixture
def run():
    run = Run()
    run.begin_phase("feature extraction", n_planned=2, n_steps=2)
    for epoch, loss in enumerate((0.9, math.nan), 1):
        run.end_batch(0, {"loss": loss}, epoch - 0.5)
        run.end_epoch({"loss": loss, "val_loss": loss}, float(epoch))
    run.begin_phase("fine-tuning", n_planned=1, n_steps=2)
    run.end_epoch({"loss": 0.5, "val_loss": 0.6, "val_auc": 0.7}, 3.0)
    return run


def test_the_table_is_tidy(run):
    frame = frame_of([run])
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 9
    first = frame.iloc[0]
    assert list(first[["run", "phase", "epoch", "step"]]) == [1, "feature extraction", 1, 1]
    last = frame[frame["epoch"] == 3]
    assert set(zip(last["metric"], last["split"], strict=True)) == {
        ("loss", "training"), ("loss", "validation"), ("auc", "validation"),
    }  # fmt: skip
    assert set(last["phase"]) == {"fine-tuning"}
    assert set(last["seconds"]) == {3.0}
    assert tuple(frame_of([]).columns) == COLUMNS


def test_what_was_made_a_table_or_a_file_comes_back(run, tmp_path):
    for (again,) in (runs_from(frame_of([run])), there_and_back([run], tmp_path)):
        pd.testing.assert_frame_equal(frame_of([again]), frame_of([run]))
        assert [phase[:2] for phase in again.phases] == [phase[:2] for phase in run.phases]
        assert [(b.epoch, b.step) for b in again.batches] == [(1, 1), (2, 1)]


def there_and_back(runs, folder):
    """Write curves as `to_csv` does, read the file, and see that nothing differs."""
    path, frame = folder / "curves.csv", frame_of(runs)
    frame.to_csv(path, index=False)
    for file in (path, str(path)):
        again = runs_from(file)
        pd.testing.assert_frame_equal(frame_of(again), frame, check_exact=True)
    return again


@pytest.mark.parametrize(
    "names",
    [("", "NA"), ("nan", "null"), ("007", "1"), ('a,"b"', "Füße\nzweite Zeile"), (" x ", "None")],
)
def test_a_file_keeps_the_names_of_phases_and_every_digit(names, tmp_path):
    runs = []
    for number in (1, 2):
        run = Run(number=number)
        for name in names:
            run.begin_phase(name, n_planned=2, n_steps=None)
            for value in (0.1 + 0.2, math.nan, math.inf, 1e-300):
                logs = {"loss": value, "head_mae": value / 3, "val_head_mae": value, "nan": 1.0}
                run.end_epoch(logs | {"learning_rate": 1e-3 / 3, "val_NA": -value}, math.pi)
        runs.append(run)
    again = there_and_back(runs, tmp_path)
    assert [[p[:2] for p in run.phases] for run in again] == [[(names[0], 0), (names[1], 4)]] * 2


def test_a_file_keeps_epochs_without_validation_and_one_that_was_stopped_within(tmp_path):
    run = Run()
    run.begin_phase("head", n_planned=3, n_steps=2)
    for epoch in range(3):
        logs = {"loss": 1.0} | ({"val_loss": 2.0, "val_acc": 0.5} if epoch == 1 else {})
        run.end_epoch(logs, float(epoch))
    run.begin_phase("all", n_planned=3, n_steps=2)
    run.end_batch(0, {"loss": 0.5, "val_loss": 0.25}, 9.0)
    (again,) = there_and_back([run], tmp_path)
    assert again.n_epochs == 3
    assert again.phase_of(4) == "all"


def test_from_a_dict_and_from_a_history():
    history = {"loss": [0.9, 0.5], "val_loss": [1.0, np.float32(0.75)]}
    (run,) = runs_from(history)
    assert run.points["loss", "validation"] == [(1, 1.0), (2, 0.75)]
    (same,) = runs_from(types.SimpleNamespace(history=history))
    assert same.points == run.points


@pytest.mark.parametrize(
    ("history", "name", "points"),
    [  # a validation every third epoch, a metric that came late, a column for each metric
        (
            {"loss": [1.0] * 10, "val_loss": [0.3, 0.2, 0.1]},
            ("loss", "validation"), [(3, 0.3), (6, 0.2), (9, 0.1)],
        ),
        ({"loss": [1.0, 0.9, 0.8], "auc": [0.7]}, ("auc", "training"), [(3, 0.7)]),
        (
            pd.DataFrame({"epoch": [0, 1], "loss": [0.9, 0.5], "val_loss": [math.nan, 0.8]}),
            ("loss", "validation"), [(2, 0.8)],
        ),
    ],
)  # fmt: skip
def test_values_stand_at_the_epochs_that_they_are_of(history, name, points):
    (run,) = runs_from(history)
    assert run.points[name] == points


def test_from_the_file_of_a_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,low\n", "utf-8")
    with pytest.raises(ValueError, match="CSVLogger"):
        runs_from(path)
    path.write_text("epoch,loss,val_loss\n0,0.9,NA\n1,nan,0.8\n", "utf-8")
    (run,) = runs_from(path)
    assert run.points["loss", "validation"] == [(2, 0.8)]
    assert math.isnan(run.points["loss", "training"][1][1])
    (same,) = runs_from(str(path))
    assert same.n_epochs == 2


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
@pytest.mark.parametrize("kind", ["file", "table", "dict", "History"])
def test_a_vector_is_left_out_and_named_and_a_resumed_fit_keeps_its_epochs(
    kind, separator, tmp_path
):
    vectors = [[0.25, 0.75], [0.5, 1.0]]
    columns = {"loss": [0.9, 0.5], "f1": vectors, "val_f1": vectors, "val_loss": [1.0, 0.75]}
    path = tmp_path / "log.csv"
    rows = zip((10, 11), *columns.values(), strict=True)
    with path.open("w", newline="", encoding="utf-8") as file:  # as Keras' CSVLogger writes it
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(["epoch", *columns])
        writer.writerows([f'"{v}"' if isinstance(v, list) else v for v in row] for row in rows)
    (run,) = runs_from(
        {
            "file": path,
            "table": pd.read_csv(path, sep=separator),
            "dict": columns,
            "History": types.SimpleNamespace(history=columns, epoch=[10, 11]),
        }[kind]
    )
    first = 0 if kind == "dict" else 10  # a dict does not say where it began
    assert run.points["loss", "validation"] == [(first + 1, 1.0), (first + 2, 0.75)]
    assert run.left_out == {"f1"}
    assert "No curve of f1: no single number." in describe([run])
    there_and_back([run], tmp_path)


@pytest.mark.parametrize(
    ("history", "part"),
    [
        (5, "got 5"),
        ({}, "without numbers"),
        ({"loss": []}, "without numbers"),
        ({"loss": "falling"}, "a list of numbers"),
        ("no_such_file.csv", "no such file"),
        (pd.DataFrame({"name": ["a"]}), "without numbers"),
    ],
)
def test_what_is_no_history_is_named(history, part):
    with pytest.raises((TypeError, ValueError), match="`history`") as caught:
        runs_from(history)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("row", "part"),
    [("1,,1,,loss,training,low,1\n", "'low'"), ("", "a table without rows")],
)
def test_a_bad_table_in_a_file_is_named(tmp_path, row, part):
    path = tmp_path / "curves.csv"
    path.write_text(frame_of([]).to_csv(index=False) + row, "utf-8")
    with pytest.raises(ValueError, match=r"`history`.*to_csv") as caught:
        runs_from(path)
    assert part in str(caught.value)
