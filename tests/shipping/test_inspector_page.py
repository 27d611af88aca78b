"""The page without a browser: a photograph is uploaded, an answer is shown."""

import io
import json

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from tests.page import choose_files, listen
from tests.shipping.small_inspectors import card, images, inspector
from tlwidgets.shipping.page import InspectorPage

pytestmark = pytest.mark.keras
NASTY = '<img src=x onerror="alert(1)">'


@pytest.fixture
def page():
    return InspectorPage(inspector(card=card()))


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "png")
    return file.getvalue()


def upload(page, content, name="cell.png"):
    choose_files(page._upload, [(name, content)])


def html_of(page):
    return page._photograph.value + page._answer.value


def test_an_upload_is_answered(page):
    for image in (images()[0], images()[-1]):
        upload(page, png(image))
        assert page.inspector.inspect(image).sentence in page._answer.value
        assert 'alt="cell.png"' in page._photograph.value
        assert page._photograph.layout.display is None
        assert page._upload.files == ()


def test_a_line_of_python_does_what_a_mouse_does(page):
    upload(page, png(images()[0]))
    by_mouse = html_of(page)
    page.show(images()[-1])
    assert html_of(page) != by_mouse
    answer = page.show(images()[0], name="cell.png")
    assert html_of(page) == by_mouse
    assert answer == page.inspector.inspect(images()[0])


def test_a_file_that_is_no_picture_is_refused_in_words_and_the_next_is_answered(page):
    upload(page, png(images()[0]))
    upload(page, b"no picture", name="notes.txt")
    assert "No answer." in page._answer.value and "notes.txt" in page._answer.value
    assert page._photograph.layout.display == "none"  # not the photograph of another answer
    upload(page, png(images()[0]))
    assert "No answer." not in page._answer.value


def test_a_wrong_call_keeps_what_is_shown(page):
    page.show(images()[0])
    before = html_of(page)
    with pytest.raises(ValueError, match="`image`"):
        page.show(np.zeros((2, 2, 2, 2)))
    assert html_of(page) == before


def test_names_of_files_and_what_is_on_the_card_stay_text():
    page = InspectorPage(inspector(card=card(name=NASTY, question=NASTY)))
    upload(page, png(images()[0]), name=NASTY)
    everything = html_of(page) + "".join(
        getattr(part, "value", "") or "" for part in page.children[::3]
    )
    assert "&lt;img src=x" in everything and "<img src=x" not in everything
    upload(page, b"no picture", name=NASTY)
    assert "<img src=x" not in page._answer.value


def test_card_and_warning_are_on_the_page(page):
    foot = page.children[-1].value
    assert "It knows only noise." in foot and "0.975" in foot
    assert "It answers for every photograph" in foot
    page = InspectorPage(inspector())
    assert "without a model card" in page.children[-1].value
    assert repr(page) == f"InspectorPage of {page.inspector!r}"


def test_a_large_photograph_goes_to_the_browser_small(page):
    messages = listen(page)
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    page.show(noise)
    assert len(json.dumps(messages)) < 400_000
    assert len(messages) <= 4


def test_something_else_is_refused():
    with pytest.raises(TypeError, match="`inspector` must be an Inspector; got str"):
        InspectorPage("inspector")


def test_a_closed_page_leaves_no_widget():
    of_page = InspectorPage(inspector())
    mine = {of_page.model_id, *(child.model_id for child in of_page.children)}
    registered = ipywidgets.widgets.widget._instances
    assert mine <= set(registered)
    of_page.close()
    assert not mine & set(registered)
