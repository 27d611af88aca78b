"""What a lesson says under "Play" comes true when the widget is driven as it says."""

from html import escape

import pytest

from tests.notebooks.lessons import SOURCES, cells_of
from tlwidgets.bias_explorer import built_in
from tlwidgets.bias_explorer.experiment import begin, changed, worst_group

pytestmark = pytest.mark.keras

TRAIN = "from tlwidgets import dense_parameters, solve_head"
SLIDER = "from tlwidgets import FreezeSlider"
# Beginnings of the cells that the slider needs; the long runs between them are left out.
NEEDED = {
    "03": ["import os", "EPOCHS = ", "letters, digits", "def draw", TRAIN, SLIDER],
    "05": ["import os", "FEW, MORE", "digits = ", "def new_trunk", "def draw", "from sklearn"],
    "12": ["import warnings", "LENGTH", "from tlwidgets import load_opinions",
           "from tlwidgets import extract_features", "keras.utils",
           "from tlwidgets import FreezeSlider", "from html import escape"],
}  # fmt: skip


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


def explored(*steps):
    """Return what the explorer of the digits finds after each of these changes."""
    state, found = begin(built_in("digits")), []
    for step in steps:
        state = changed(state, **step)
        found.append(state)
    return found


def gap(state, model="naive"):
    """Return by how much the test set says too much."""
    outcome = getattr(state.result, model)
    return outcome.reported.overall - outcome.actual.overall


def test_10_the_mark_rises_the_truth_falls_and_a_warning_says_that_nothing_helps():
    domain = {"mechanism": "domain shift", "strength": 0.0}
    none, all_of_it = explored(domain, {"strength": 1.0})
    assert gap(none) < 0.03 and gap(all_of_it) > 0.1
    assert all_of_it.result.naive.actual.overall < none.result.naive.actual.overall - 0.05
    known = {**domain, "repair": "known chances"}
    half, collapsed, nobody = explored(*({**known, "strength": s} for s in (0.5, 0.8, 1.0)))
    assert collapsed.result.effective_sample_size < half.result.effective_sample_size / 3
    assert "never be drawn" in nobody.result.warning and half.result.warning == ""


def test_10_a_digit_that_hardly_came_is_helped_and_not_healed():
    skew = {"mechanism": "data skew", "strength": 0.9}
    plain, weighted = explored(skew, {"repair": "class weighting"})
    worst, _ = worst_group(plain.result.naive.actual, has_classes=True)
    of = {name: getattr(weighted.result, name).actual.by_group[worst]
          for name in ("naive", "repaired", "ideal")}  # fmt: skip
    assert int(worst) > 4
    assert of["naive"] + 0.05 < of["repaired"] < of["ideal"] - 0.1


def test_11_wrong_labels_say_too_little_and_cleaned_ones_too_much():
    noise = {"mechanism": "dataset quality", "kind": "symmetric noise", "strength": 0.4}
    wrong, cleaned = explored(noise, {"repair": "label cleaning"})
    assert gap(wrong) < -0.1
    assert gap(cleaned, "repaired") > 0.05


def test_10_and_11_who_is_near_is_content_and_who_draws_at_random_is_right():
    near = {"mechanism": "sampling strategy", "kind": "convenience", "strength": 1.0}
    corner = {"kind": "region", "region": (0.0, 0.0, 0.4, 0.4)}
    convenient, fair, region = explored(near, {"kind": "simple random"}, corner)
    assert gap(convenient) > 0.2 < gap(region)
    assert abs(gap(fair)) < 0.05


def test_12_a_block_or_two_more_is_a_matter_of_points_and_the_box_takes_what_one_types():
    names = names_after("12")
    lab, box, answer = names["lab"], names["box"], names["answer"]
    head = score(lab, cut=5)
    assert abs(head - before(lab)) <= 0.01  # solved already
    assert max(abs(score(lab, cut=cut) - head) for cut in (4, 3)) <= 0.07
    said = []
    own = next(text for text in names["texts"][names["learn"]] if "&" in text)  # its own neighbour
    for box.value in ("It rains in Spain.", "\u00e7a marche tr\u00e8s bien", "", own):
        said.append(answer.value)
    assert len(set(said)) == 4
    assert all("block6" in text for text in said)
    assert escape(own) in said[-1]
    assert own not in said[-1]
    lab.close()
