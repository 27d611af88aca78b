"""Somebody opens the page of a saved inspector in Voila, uploads a picture and reads the answer."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.lab import follow
from tests.browser.server import voila_server
from tests.shipping.small_inspectors import card, inspector

LEVELS = (40, 220)
_OPEN_MS = 90_000  # a kernel that starts TensorFlow on a machine under load


@pytest.fixture(scope="module")
def saved():
    measured = {"accuracy": (0.975, "on the same 80 pictures, threshold 0.4")}
    return inspector(card=card(name="Is it <b>bright</b>?", measured=measured), threshold=0.4)


@pytest.fixture(scope="module")
def address(browser, saved, tmp_path_factory):
    folder = saved.save(tmp_path_factory.mktemp("inspector"))
    with voila_server(tmp_path_factory.mktemp("voila"), folder / "page.ipynb") as address:
        yield address


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    try:
        yield context.new_page()
    finally:
        context.close()


def upload(page, name, content):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a photograph").click()
    chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": content})


def picture_of(level):
    return np.full((50, 70, 3), level, np.uint8)


def brightness(page, selector, attribute):
    """Return the first of red, green and blue; all are grey."""
    code = "([s, a]) => getComputedStyle(document.querySelector(s))[a].match(/\\d+/)[0]"
    return int(page.evaluate(code, [selector, attribute]))


def test_the_two_pictures_have_two_answers(saved):
    assert len({saved.inspect(picture_of(level)).sentence for level in LEVELS}) == 2


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_is_uploaded_and_answered(page, address, saved, theme):
    errors, _ = follow(page, address)
    page.goto(f"{address}/?theme={theme}", timeout=_OPEN_MS)
    button = page.get_by_role("button", name="Choose a photograph")
    expect(button).to_be_visible(timeout=_OPEN_MS)
    assert button.evaluate("b => b.scrollWidth <= b.clientWidth")  # no word is cut
    heading = page.get_by_role("heading", name="Is it <b>bright</b>?", exact=True)
    expect(heading).to_be_visible()
    for level in LEVELS:
        picture = picture_of(level)
        upload(page, f"{level}.png", png(picture))
        answer = page.get_by_role("status").filter(has_text="I say")
        expect(answer).to_contain_text(saved.inspect(picture).sentence)
        shown = page.get_by_role("img", name=f"{level}.png")
        expect(shown).to_be_visible()
        assert shown.evaluate("i => i.complete && i.naturalWidth") == 320  # the square it looks at
    upload(page, "notes.txt", b"no picture")
    expect(page.get_by_role("alert")).to_contain_text("notes.txt cannot be read as a photograph")
    expect(page.get_by_role("img")).to_have_count(0)
    expect(page.get_by_role("region", name="Model card")).to_contain_text("It knows only noise.")
    background, text = brightness(page, "body", "backgroundColor"), brightness(page, "h1", "color")
    assert (background > 200 and text < 90) if theme == "light" else (background < 50 < 200 < text)
    assert errors == []
