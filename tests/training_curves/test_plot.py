"""The figure that stays."""

import matplotlib
import numpy as np
import pytest

from tlwidgets.training_curves.charts import charts_of, curves_png, plot_curves
from tlwidgets.training_curves.run import Choices, Run


@pytest.fixture
def charts():
    run = Run()
    run.begin_phase("extraction", n_planned=4, n_steps=None)
    for i in range(4):
        logs = {"loss": 1 / (i + 1), "val_loss": 1.2 / (i + 1), "learning_rate": 0.1 / (i + 1)}
        run.end_epoch({**logs, "accuracy": i / 4}, 1.0)
    return charts_of([run], Choices(chance=0.25))


def test_the_figure_has_the_charts_and_a_strip_for_the_learning_rate(charts):
    figure = plot_curves(charts)
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.axison]
    assert titles == ["Loss", "Accuracy", "Learning rate"]
    loss = figure.axes[0]
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "loss")
    validation = next(line for line in loss.get_lines() if line.get_label() == "validation")
    np.testing.assert_allclose(validation.get_ydata(), [1.2, 0.6, 0.4, 0.3])


def test_a_notebook_shows_the_figure_and_pyplot_does_not_know_it(charts):
    import matplotlib.pyplot as plt

    figure = plot_curves(charts)
    assert figure._repr_png_()[:4] == b"\x89PNG"
    assert curves_png(charts)[:4] == b"\x89PNG"
    assert plt.get_fignums() == []
    assert matplotlib.get_backend() is not None


def test_the_lines_are_told_apart_without_colour(charts):
    lines = [line for line in plot_curves(charts).axes[0].get_lines() if line.get_label()[0] != "_"]
    assert len({line.get_linestyle() for line in lines}) == len(lines) == 2
