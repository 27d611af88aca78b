"""What a run keeps of what Keras reports."""

import numpy as np
import pytest

from tlwidgets.training_curves.run import MAX_BATCHES, Run, metrics_of


def epochs(run, *losses, **others):
    for loss in losses:
        run.end_epoch({"loss": loss, **others}, seconds=float(run.n_epochs + 1))


@pytest.fixture
def run():
    run = Run()
    run.begin_phase("", n_planned=10, n_steps=4)
    return run


def test_epochs_count_on_over_phases(run):
    epochs(run, 3, 2)
    run.end_phase()
    run.begin_phase("fine-tuning", n_planned=5, n_steps=4)
    epochs(run, 1)
    assert run.points["loss", "training"] == [(1, 3), (2, 2), (3, 1)]
    assert [run.phase_of(epoch) for epoch in (1, 2, 3)] == ["", "", "fine-tuning"]
    assert run.n_planned == 7


def test_a_fit_without_epochs_leaves_no_phase(run):
    run.begin_phase("second", n_planned=5, n_steps=None)
    assert [phase.name for phase in run.phases] == ["second"]


def test_batches_of_an_epoch_that_did_not_end_are_dropped_at_the_next_fit(run):
    epochs(run, 3)
    run.end_batch(0, {"loss": 2.0}, 1.5)
    assert run.batches
    run.begin_phase("", n_planned=5, n_steps=4)
    assert run.batches == []


def test_many_batches_are_thinned_and_remain_spread(run):
    run.n_steps = None
    for step in range(10 * MAX_BATCHES):
        run.end_batch(step, {"loss": 1.0}, 0.0)
    steps = [batch.step for batch in run.batches]
    assert MAX_BATCHES / 2 <= len(steps) <= MAX_BATCHES
    assert steps[-1] > 9.9 * MAX_BATCHES
    assert len(set(np.diff(steps))) == 1


def test_the_length_of_a_generator_is_known_after_its_first_epoch(run):
    run.begin_phase("", n_planned=2, n_steps=None)
    for step in range(7):
        run.end_batch(step, {"loss": 1.0}, 0.0)
    epochs(run, 1)
    assert run.n_steps == 7


def test_of_a_long_training_all_values_are_kept_and_the_peaks_are_drawn(run):
    values = [9.0 if i == 777 else 1.0 + i % 7 / 10 for i in range(3000)]
    epochs(run, *values)
    assert [y for _, y in run.points["loss", "training"]] == values
    assert len(run.curve("loss", "training")) <= 800
    assert (778, 9.0) in run.curve("loss", "training")


def test_what_has_no_curve_is_left_out(run):
    others = {"confusion": np.zeros((2, 2)), "name": "x", "learning_rate": 0.1}
    epochs(run, 1.0, accuracy=np.float32(0.5), **others)
    assert metrics_of(run) == ["loss", "accuracy"]
