"""What leaves the page takes all that is in it along."""

import ipywidgets
import pytest

from tlwidgets import BiasExplorer, Prediction, UploadImages

MADE = {
    "a number to guess": lambda: Prediction("How many?", low=0, high=9),
    "an answer to choose": lambda: Prediction("Which?", choices=["this", "that"]),
    "own pictures": UploadImages,
    "bias": lambda: BiasExplorer("digits"),
}


def registered():
    return set(ipywidgets.widgets.widget._instances)


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_closing_leaves_no_widget(make):
    before = registered()
    widget = make()
    assert len(registered() - before) > 10
    widget.close()
    widget.close()  # a second time does nothing
    assert registered() == before
