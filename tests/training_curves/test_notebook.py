"""In a real kernel without a page, as nbconvert runs notebooks."""

import pytest

pytestmark = pytest.mark.keras

FIT = """\
from tlwidgets import TrainingCurves
import keras, numpy as np
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
curves = TrainingCurves()
print("before")
model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=5, verbose=0, callbacks=[curves])
print("after")"""
TWICE = """\
for _ in range(2):
    model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=2, verbose=0, callbacks=[curves])"""
FAIL = """\
def fail(epoch, logs):
    raise RuntimeError("broken model")
callbacks = [curves, keras.callbacks.LambdaCallback(on_epoch_end=fail)]
model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=2, verbose=0, callbacks=callbacks)"""


@pytest.fixture(scope="module")
def cells():
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in (FIT, "curves", TWICE, FAIL)]
    )
    NotebookClient(notebook, timeout=120, allow_errors=True).execute()
    return notebook.cells


def bundles(cell):
    return [output["data"] for output in cell.outputs if "data" in output]


def test_a_fit_leaves_all_that_was_printed_and_a_picture(cells):
    printed = "".join(o.get("text", "") for o in cells[0].outputs if o.get("name") == "stdout")
    assert printed.split() == ["before", "after"]
    live, still = bundles(cells[0])[:2]
    assert "application/vnd.jupyter.widget-view+json" in live
    assert {"image/png", "text/html", "text/plain"} <= set(still)
    assert still["text/plain"].startswith("5 epochs.")


def test_the_curves_themselves_are_a_picture_and_a_sentence(cells):
    (bundle,) = bundles(cells[1])
    assert set(bundle) == {"image/png", "text/plain"}


def test_two_fits_in_one_cell_are_shown_once(cells):
    assert len(bundles(cells[2])) == 2
    assert bundles(cells[2])[1]["text/plain"].startswith("9 epochs.")


def test_a_model_that_raises_still_leaves_its_picture(cells):
    assert [o["ename"] for o in cells[3].outputs if o.output_type == "error"] == ["RuntimeError"]
    assert bundles(cells[3])[1]["text/plain"].startswith("10 epochs.")


def test_nothing_is_shown_in_red(cells):
    assert [o for c in cells[:3] for o in c.outputs if o.get("name") == "stderr"] == []
