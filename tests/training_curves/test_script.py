"""The printed code draws the same curves, without this package."""

import subprocess
import sys

import pytest

from tlwidgets.training_curves.charts import to_code
from tlwidgets.training_curves.run import Choices, Run, frame_of

CHECK = """
lines = [line for ax in axes[0] for line in ax.get_lines() if len(line.get_xdata()) == 3]
print([[float(y) for y in line.get_ydata()] for line in lines])
print(axes[0][0].get_yscale(), [ax.get_ylabel() for ax in axes[0]])
"""


@pytest.fixture
def run():
    run = Run()
    run.begin_phase("feature extraction", n_planned=3, n_steps=None)
    for loss in (0.9, 0.5, 0.25):
        run.end_epoch({"loss": loss, "val_loss": loss + 1, "accuracy": 1 - loss}, 1.0)
    return run


def test_the_code_runs_and_draws_the_numbers(run, tmp_path):
    frame_of([run]).to_csv(tmp_path / "mine.csv", index=False)
    code = to_code([run], Choices(chance=0.5, log=True), "mine.csv")
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", code + CHECK],
        cwd=tmp_path, env={"MPLBACKEND": "agg", "PATH": ""}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    drawn, axes = done.stdout.splitlines()
    assert "[0.9, 0.5, 0.25]" in drawn
    assert "[1.9, 1.5, 1.25]" in drawn
    assert axes == "log ['loss', 'accuracy']"
    assert "tlwidgets" not in code


def test_before_any_training_there_is_code_too():
    compile(to_code([], Choices(), "curves.csv"), "curves", "exec")
