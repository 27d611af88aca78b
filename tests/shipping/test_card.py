"""A model card: nothing is left out, and what people write into it stays text."""

from html.parser import HTMLParser

import mistune  # nbconvert brings it
import numpy as np
import pandas as pd
import pytest

from tlwidgets.shipping import ModelCard, decisions_at
from tlwidgets.shipping.card import installed_versions

PARTS = {
    "name": "Cell inspector",
    "question": "Is this cell defective? For sorting before a second look.",
    "data": "1,968 cells of 44 modules.\n\nNo cell of another maker.",
    "training": "A logistic head on frozen features.",
    "measured": {"AUC": (0.91234, "656 cells kept for the test"), "cells": (656, "counted")},
    "limits": ["One camera.", "Polycrystalline cells are found less often."],
    "licence": "CC BY-NC-SA 4.0",
}
RENDER = mistune.create_markdown(escape=False, plugins=["table"])
NASTY = '<img src=x onerror="alert(1)"> & | *bold* [a](javascript:b) `c` $d$ <!-- \\'


def card(**changes):
    return ModelCard(**{**PARTS, **changes})


def test_every_part_is_on_the_card():
    made = card()
    for text in (made.to_markdown(), made._repr_html_()):
        assert "Cell inspector" in text and "CC BY-NC-SA 4.0" in text
        assert "0.9123" in text and "656 cells kept for the test" in text
        assert "One camera." in text
        for title in ("Question", "Data", "Training", "Measured", "Limits", "Licence", "Made with"):
            assert title in text
    assert made._repr_markdown_() == made.to_markdown()
    assert repr(made) == "ModelCard('Cell inspector', 2 figures, 2 limits)"


def test_the_versions_at_work_are_filled_in():
    assert card().made_with == installed_versions()
    assert f"- numpy {np.__version__}" in card().to_markdown()
    assert card(made_with={"Python": "3.99"}).to_markdown().endswith("- Python 3.99\n")


def test_a_table_of_figures_keeps_its_columns_and_names():
    frame = pd.DataFrame({"AUC": [0.9, 0.8], "how": "test"}, index=["mono", "poly"])
    made = card(measured=frame)
    assert made.measured.columns.tolist() == ["what", "AUC", "how"]
    assert "| poly | 0.8 | test |" in made.to_markdown()
    frame.loc["poly", "AUC"] = 1.0  # the card does not follow
    assert "| poly | 0.8 | test |" in made.to_markdown()


@pytest.mark.parametrize("part", ["name", "question", "data", "training", "limits", "licence"])
def test_no_part_may_be_empty_or_of_another_kind(part):
    for wrong in (" ", 7, None):
        with pytest.raises((TypeError, ValueError), match=f"`{part}`"):
            card(**{part: wrong})


@pytest.mark.parametrize(
    ("measured", "value"),
    [
        ({}, "none"),
        (pd.DataFrame({"AUC": [], "how": []}), "none"),
        (None, "NoneType"),
        ({"AUC": 0.9}, "0.9"),
        ({"AUC": (0.9, "")}, "''"),
        ({"AUC": (float("nan"), "test")}, "nan"),
        ({"AUC": (0.9, None)}, "None"),
        (pd.DataFrame({"AUC": [0.9]}), "AUC"),
        (pd.DataFrame({"AUC": [0.9, None], "how": "test"}), "row 1"),
    ],
)
def test_nothing_measured_is_left_out_silently(measured, value):
    with pytest.raises((TypeError, ValueError)) as caught:
        card(measured=measured)
    assert "`measured`" in str(caught.value)
    assert value in str(caught.value)


def test_a_card_names_at_least_one_limit_and_true_versions():
    with pytest.raises(ValueError, match="`limits` must name at least one"):
        card(limits=[])
    for wrong in ({}, {"keras": 3}, "3"):
        with pytest.raises(TypeError, match="`made_with`"):
            card(made_with=wrong)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def read(html):
    tags = Tags()
    tags.feed(html)
    return tags


def nasty_card():
    measured = pd.DataFrame({NASTY: [NASTY], "how": [NASTY]})
    texts = dict.fromkeys(("name", "question", "data", "training", "licence"), NASTY)
    return card(**texts, measured=measured, limits=[NASTY], made_with={NASTY: NASTY})


def test_what_people_write_adds_no_tag_to_the_html():
    nasty = read(nasty_card()._repr_html_())
    assert set(nasty.tags) == set(read(card()._repr_html_()).tags)
    assert (
        nasty.text.count(NASTY.strip()) == 11
    )  # five texts, a column, two cells, a limit, a name and a version
    assert "img" in read(NASTY).tags  # it would


def test_what_people_write_has_no_meaning_in_markdown():
    nasty = read(RENDER(nasty_card().to_markdown()))
    assert set(nasty.tags) == set(read(RENDER(card().to_markdown())).tags)
    assert nasty.text.count(NASTY.strip()) == 11
    assert {"img", "strong"} & set(read(RENDER(NASTY + " **b**")).tags)  # it would


@pytest.mark.parametrize("start", ["# a", "- a", "+ a", "1. a", "2) a", "> a", "=== a"])
def test_the_start_of_a_line_begins_no_list_or_heading(start):
    made = read(RENDER(card(data=start).to_markdown()))
    plain = read(RENDER(card(data="a").to_markdown()))
    assert made.tags == plain.tags
    assert start in made.text


def test_a_card_is_saved_as_text(tmp_path):
    made = card()
    assert made.save(tmp_path / "card.md") == tmp_path / "card.md"
    assert (tmp_path / "card.md").read_text("utf-8") == made.to_markdown()
    for wrong in (tmp_path / "card.txt", tmp_path / "none" / "card.md"):
        with pytest.raises(ValueError, match=r"`path` must end in \.md and be in a folder"):
            made.save(wrong)
    with pytest.raises(TypeError, match="`path` must be the name of a file; got 7"):
        made.save(7)


@pytest.mark.parametrize(
    "name", ["accuracy", "Accuracy, unseen modules", "recall of defects", "false alarms", "F1"]
)
def test_a_figure_of_a_rule_needs_its_threshold(name):
    with pytest.raises(ValueError, match=r"`measured`: .* must name its threshold; got none in"):
        card(measured={name: (0.862, "656 cells kept for the test")})
    made = card(measured={name: (0.693, "threshold 0.12, cells of other stretches")})
    assert made.thresholds == (0.12,)
    with pytest.raises(ValueError, match="threshold"):
        card(measured=pd.DataFrame({name: [0.862], "how": "test"}))
    frame = pd.DataFrame({name: [0.693], "threshold": [0.12], "how": "test"})
    assert card(measured=frame).thresholds == (0.12,)


def test_a_figure_that_belongs_to_no_rule_needs_none():
    made = card(measured={"AUC": (0.9, "test"), "calibration error": (0.02, "ten bins")})
    assert made.thresholds == ()


def test_of_several_classes_the_most_probable_is_a_rule():
    card(measured={"accuracy": (0.9, "the most probable class; 60 pictures")})


def decisions(threshold=0.25):
    y, p = [0, 0, 1, 1, 1], [0.1, 0.3, 0.2, 0.9, 0.8]
    kind = ["mono", "mono", "mono", "poly", "poly"]
    return decisions_at(y, p, threshold=threshold, how="five others", kind=kind)


def test_decisions_by_hand():
    table = decisions().set_index("of")
    assert table.index.tolist() == ["all", "mono", "poly"]
    assert table["n"].tolist() == [5, 3, 2]
    assert table.loc["all", ["accuracy", "recall", "false_alarms", "alarms"]].tolist() == [
        3 / 5, 2 / 3, 1 / 2, 3 / 5,
    ]  # fmt: skip
    assert table.loc["mono", ["accuracy", "recall", "false_alarms"]].tolist() == [1 / 3, 0, 1 / 2]
    assert table.loc["poly", "false_alarms"] == "no such item"


def test_another_threshold_is_another_row_of_figures():
    assert decisions(0.0)["alarms"][0] == 1
    assert decisions(1.0)["recall"][0] == 0


def test_decisions_stand_on_the_card():
    text = card(decisions=decisions()).to_markdown()
    assert "## Decisions" in text
    assert "| mono | 3 | 0.25 | 0.3333 | 0 | 0.5 | 0.3333 | five others |" in text
    assert "Decisions" not in card().to_markdown()
    with pytest.raises(TypeError, match="`decisions` must be the DataFrame that decisions_at"):
        card(decisions={"accuracy": 0.8})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": 1.2}, "`threshold` .*got 1.2"),
        ({"how": " "}, "`how`"),
        ({"kind": ["mono"]}, r"`kind` must have shape \(2,\)"),
        ({"y": [1, 1]}, "`y` must hold 0 and 1"),
        ({"probability": [2.0, 0.0]}, "`probability` must be from 0 to 1"),
    ],
)
def test_wrong_arguments_of_decisions_are_named(change, message):
    good = {"y": [0, 1], "probability": [0.1, 0.9], "threshold": 0.5, "how": "two"}
    arguments = good | change
    y, probability = arguments.pop("y"), arguments.pop("probability")
    with pytest.raises((TypeError, ValueError), match=message):
        decisions_at(y, probability, **arguments)
