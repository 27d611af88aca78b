"""What stands on a page of the book: figures in words, still widgets, licences, links."""

import re
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from docs.book.credits import credits_for
from docs.book.front import front_page
from docs.book.kernel import describe_figure, load_ipython_extension
from docs.book.pages import PageMaker, _note
from docs.book.runs import WIDGET_STATE
from docs.book.stills import Stills, UnknownWidgetError
from notebooks import build
from tlwidgets._widgets.files import FileChooser


def models_of(widget):
    """The state that a notebook would save, by the ids of the models."""
    parts = [widget, *getattr(widget, "children", ())]
    saved = [model for part in parts for model in (part, part.layout)]
    return {
        model.model_id: {"model_name": model._model_name, "state": model.get_state()}
        for model in saved
    }


def draw(widget):
    return Stills(models_of(widget), str, str).draw(widget.model_id)


def notebook_of(*codes):
    return nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, codes)))


def test_a_figure_is_described_by_its_labels():
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([1, 2], label="probe")
    left.set(xlabel="labels", ylabel="accuracy", title="digits")
    left.legend()
    right.imshow([[0, 1]])
    right.set_title("a cat")
    assert describe_figure(figure) == "one picture: a cat. accuracy over labels (digits): probe"
    plt.close(figure)


def test_a_drawing_is_described_by_its_words():
    figure, ax = plt.subplots()
    ax.text(0, 0, "where do you\nhave labels?")
    assert describe_figure(figure) == "where do you have labels?"
    plt.close(figure)


def test_the_licence_of_the_cells_stands_on_pages_that_show_them_only():
    for code in ("cells = fetch_solar_cells(96)", "BiasExplorer()", 'BiasExplorer("solar cells")'):
        text = credits_for(notebook_of(code))
        assert "For non-commercial use only" in text
        assert "CC BY-NC-SA 4.0" in text
        assert "Claudia Buerhop-Lutz" in text
    digits = credits_for(notebook_of("digits = load_digits()", 'BiasExplorer("digits")'))
    assert "MNIST" in digits
    assert "non-commercial" not in digits
    assert credits_for(notebook_of("1 + 1")) == ""


def test_the_front_page_links_only_lessons_that_have_a_page():
    text = front_page({"00": "00_start_here"})
    assert "[00 Start here](00_start_here.ipynb)" in text
    assert "| 01 Why transfer |" in text
    assert ".svg" not in text and "[Open in Colab](https://" in text


def test_prose_links_other_lessons_and_loses_its_badge(tmp_path):
    maker = PageMaker(tmp_path, {"00": "00_start_here", "01": "01_why_transfer"})
    badge = "[![Open on Binder](https://a.org/b.svg)](https://a.org/run)"
    cell = nbformat.v4.new_markdown_cell(
        f"# Not in a heading: lesson 01\n{badge} Lesson 01, lesson 00, lesson 07, needs 01"
    )
    made = nbformat.v4.new_notebook(cells=[cell])
    page = maker.make(made, made, "00_start_here")
    assert page.cells[0].source == (
        "# Not in a heading: lesson 01\n[Open on Binder](https://a.org/run) "
        "[Lesson 01](01_why_transfer.ipynb), lesson 00, lesson 07, "
        "needs [01](01_why_transfer.ipynb)"
    )


def test_controls_become_still_html():
    slider = ipywidgets.IntSlider(3, 1, 5, description="a < b")
    assert 'left: 50.0%"' in draw(slider)
    assert "a &lt; b" in draw(slider)
    log = ipywidgets.FloatLogSlider(0.01, min=-3, max=-1)
    assert 'left: 50.0%"' in draw(log)
    keys = ipywidgets.ToggleButtons(options=["one", "two"], value="two")
    assert '<span class="still-button chosen">two</span>' in draw(keys)
    assert '<span class="still-button">one</span>' in draw(keys)
    chooser = draw(FileChooser("Your images"))
    assert "Your images" in chooser and " inert" in chooser  # there is no kernel to send them to
    assert "for instance: cat" in draw(ipywidgets.Text(placeholder="for instance: cat"))
    # One block: its paragraphs stand below each other, in a row that would put them side by side.
    assert "<div><p>one</p><p>two</p></div>" in draw(ipywidgets.HTML("<p>one</p><p>two</p>"))
    box = ipywidgets.VBox([ipywidgets.Label("inside")])
    assert "inside" in draw(box)
    hidden = ipywidgets.Label("away", layout=ipywidgets.Layout(display="none"))
    assert draw(hidden) == ""


def test_a_widget_that_cannot_be_drawn_is_an_error():
    with pytest.raises(UnknownWidgetError, match="cannot draw a ColorPicker"):
        draw(ipywidgets.ColorPicker())


def test_live_curves_are_shown_once_and_say_what_the_picture_would(tmp_path):
    view = ipywidgets.Label("live")
    live = {"application/vnd.jupyter.widget-view+json": {"model_id": view.model_id}}
    replaced = {"text/html": '<img class="tlw-still-1">', "text/plain": "The loss fell."}
    outputs = [nbformat.v4.new_output("display_data", data) for data in (live, replaced)]
    ran = notebook_of("model.fit(x, y)")
    ran.cells[0].outputs = outputs
    ran.metadata["widgets"] = {WIDGET_STATE: {"state": models_of(view)}}
    page = PageMaker(tmp_path, {}).make(notebook_of("model.fit(x, y)"), ran, "99")
    (shown,) = page.cells[0].outputs
    assert "live" in shown.data["text/html"]


def test_the_picture_of_curves_stays_where_nothing_is_live(tmp_path):
    replaced = {"text/html": '<img class="tlw-still-1">', "text/plain": "The loss fell."}
    ran = notebook_of("curves")
    ran.cells[0].outputs = [nbformat.v4.new_output("display_data", replaced)]
    page = PageMaker(tmp_path, {}).make(notebook_of("curves"), ran, "99")
    assert page.cells[0].outputs[0].data["text/html"] == '<img class="tlw-still-1">'


FOLDED = """\
# %% [markdown]
# # 99 · Is it?

# %%
import keras

# %% tags=["parameters"]
SEED = 0

# %% tags=["claim"]
claim("So many", 3, at_least=1)

# %% tags=["exercise"]
answer = 2  #: answer = ...

# %% tags=["check"]
check("Exercise 1", answer, expect(lambda a: a == 2, "More."), well_done="Yes.")
"""


def test_what_the_notebook_folds_is_folded_and_no_answer_is_readable_at_once(tmp_path):
    student, ran = (build.build(FOLDED, kind, "99_x.ipynb") for kind in ("student", "solution"))
    page = PageMaker(tmp_path, {}).make(student, ran, "99_x")
    assert "install" not in "".join(cell.source for cell in page.cells)
    tags = [cell.metadata.get("tags") for cell in page.cells if cell.cell_type == "code"]
    assert tags == [["hide-input"], None, ["hide-input"], None, ["hide-cell"], ["hide-cell"]]


def test_a_table_of_lessons_leads_to_the_pages_that_there_are(tmp_path):
    table = '<a href="01_why_transfer.ipynb">01 Why</a> <a href="02_feature.ipynb">02 Feature</a>'
    ran = notebook_of("table_of_lessons(lessons)")
    ran.cells[0].outputs = [nbformat.v4.new_output("display_data", {"text/html": table})]
    page = PageMaker(tmp_path, {"01": "01_why_transfer"}).make(ran, ran, "00_start_here")
    shown = page.cells[0].outputs[0].data["text/html"]
    assert shown == '<a href="01_why_transfer.html">01 Why</a> 02 Feature'


def test_the_book_knows_each_colour_that_a_message_takes_from_the_theme():
    root = Path(__file__).parents[2]
    sheet = (root / "docs/book/static/book.css").read_text("utf-8")
    known = set(re.findall(r"^  (--jp-[\w-]+):", sheet, re.M))
    sources = [path.read_text("utf-8") for path in (root / "tlwidgets").rglob("*.py")]
    used = set(re.findall(r"var\((--jp-[\w-]+)", "".join(sources)))
    assert "--jp-content-font-color1" in used
    # A warning's colour is its own in light and dark.
    assert used - known == {"--jp-warn-color1"}


def test_a_caption_is_made_of_whole_sentences():
    still = "A still picture of the widget: it moves when you run the lesson."
    assert f">Page of cells. {still}<" in _note("Page of cells")
    assert f">Three are frozen. {still}<" in _note("Three are frozen.")
    assert f">{still}<" in _note("")


# A freeze slider on a page has been tried out, because a reader cannot press its buttons.


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    load_ipython_extension(shell)
    return shell


@pytest.fixture
def slider():
    import keras

    from tlwidgets import FreezeSlider

    layers = [keras.Input((3,)), keras.layers.Dense(4, name="one"), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    slider = FreezeSlider(model, train=(x, y), validation=(x, y))
    slider.epochs = 1
    yield slider
    slider.close()


@pytest.mark.keras
def test_a_slider_without_runs_tries_every_depth(shell, slider):
    assert slider.runs.empty
    shell.display_formatter.format(slider)
    assert sorted(slider.runs["cut"]) == [0, 1]


@pytest.mark.keras
def test_a_slider_with_runs_stays_as_the_lesson_left_it(shell, slider):
    slider.train()
    shell.display_formatter.format(slider)
    assert len(slider.runs) == 1
