"""What a lesson says under "Play" comes true when the widget is driven as it says."""

import pytest

from tests.notebooks.lessons import SOURCES, cells_of

pytestmark = pytest.mark.keras

TRAIN = "from tlwidgets.freezing import CachedTrainer"
SLIDER = "from tlwidgets import FreezeSlider"
# Beginnings of the cells that the slider needs; the long runs between them are left out.
NEEDED = {
    "03": ["import os", "EPOCHS = ", "letters, digits", "def draw", TRAIN, SLIDER],
    "05": ["import os", "FEW, MORE", "digits = ", "def new_trunk", "def draw", "from sklearn"],
}


def names_after(number):
    """Return what stands in the lesson's kernel when its slider has been made."""
    path = next(path for path in SOURCES if path.stem.startswith(number))
    cells = [cell.text for cell in cells_of(path) if cell.kind == "code"]
    names = {}
    for beginning in NEEDED[number]:
        (text,) = (text for text in cells if text.startswith(beginning))
        exec(text, names)
    return names


def score(lab, **choice):
    """Return the validation accuracy of a run with these choices."""
    for name, value in choice.items():
        setattr(lab, name, value)
    return lab.train().history["val_accuracy"][-1]


def before(lab):
    return lab._experiment.state.before["val_accuracy"]


def test_03_one_more_layer_a_sweep_and_large_steps():
    lab = names_after("03")["lab"]
    head, dense = score(lab, cut=5), score(lab, cut=4)
    assert before(lab) < head < dense
    assert score(lab, cut=0, learning_rate=0.03) < before(lab) - 0.1
    lab.n_labels, lab.learning_rate = 500, 0.001
    below_the_head = lab.sweep().query("n_labels == 500 and cut < 5")["val_accuracy"]
    assert below_the_head.max() - below_the_head.min() < 0.03
    lab.close()


def test_05_the_questions_first_then_the_digits():
    lab = names_after("05")["lab"]
    best_of_part_3 = 0.69  # share 30, mean of five seeds
    assert min(score(lab), before(lab)) > best_of_part_3
    assert score(lab, cut=0, learning_rate=0.01) < before(lab) - 0.05
    head = score(lab, n_labels=500, cut=4, learning_rate=0.001)
    assert score(lab, cut=3) > head + 0.03
    lab.close()
