"""The reference in the book: an entry for every public name, made without lesson or warning."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import keras
import pytest
import traitlets

from docs.book.api import find_homes, find_modules, own_members
from docs.book.runs import ROOT

pytestmark = pytest.mark.keras


class Page(HTMLParser):
    """The anchors of a page, and where its links lead."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self._path = set(), set(), path
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.add(found.get("id"))
        file, _, anchor = (found.get("href") or "").partition("#")
        if tag == "a" and not file.startswith("http"):
            self.links.add((file or self._path.name, anchor))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    command = [sys.executable, "-m", "docs.book", "--lessons", "none"]
    folders = ["--out", folder / "out", "--kept", folder / "kept"]
    done = subprocess.run(
        [*command, *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done, folder / "out"


@pytest.fixture(scope="module")
def pages(built):
    return {module: Page(built[1] / "api" / f"{module}.html") for module in find_modules()}


def test_the_book_is_made_without_a_lesson_and_without_a_warning(built):
    done, folder = built
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(folder.glob("[0-9]*.html"))


def test_every_public_name_has_an_entry_and_a_row_that_leads_to_it(pages):
    for path, modules in find_homes().items():
        assert path in pages[modules[-1]].ids
        for module in modules:
            assert (f"{modules[-1]}.html", path) in pages[module].links


def test_the_front_page_leads_to_every_module(built):
    folder = built[1]
    assert ("api/index.html", "") in Page(folder / "index.html").links
    links = Page(folder / "api" / "index.html").links
    assert {(f"{module}.html", "") for module in find_modules()} <= links


def test_every_link_between_the_entries_leads_somewhere(built, pages):
    for page in pages.values():
        for file, anchor in page.links:
            goal = built[1] / "api" / file
            assert goal.exists()
            assert not anchor or anchor in Page(goal).ids


def test_a_widget_shows_what_is_its_own(pages):
    ids = pages["tlwidgets"].ids
    assert {f"tlwidgets.FreezeSlider.{x}" for x in ("cut", "train", "code")} <= ids
    strange = ("children", "observe", "close", "layout")
    assert not {f"tlwidgets.FreezeSlider.{x}" for x in strange} & ids


def test_members_are_those_that_a_reader_may_use():
    class Curves(keras.callbacks.Callback):
        __module__ = "tlwidgets.somewhere"

        def on_epoch_end(self, epoch, logs=None):
            """Keras calls this."""

        def figure(self):
            """Draw."""

    class Slider(traitlets.HasTraits):
        __module__ = "tlwidgets.somewhere"
        cut = traitlets.Int(help="Where it is cut.")
        _busy = traitlets.Bool(help="Of nobody's interest.")

    assert list(own_members(Curves)) == ["figure"]
    assert list(own_members(Slider)) == ["cut"]


def test_each_name_says_in_a_sentence_what_it_is(built):
    """Constants too, which take theirs from the comment above them."""
    for module in find_modules():
        text = (built[1] / "api" / f"{module}.html").read_text("utf-8")
        table = text.split('class="autosummary', 1)[1].split("</table>")[0]
        cells = [re.sub("<[^>]+>", "", cell).strip() for cell in table.split("</td>")[:-1]]
        assert cells
        assert all(cells), cells


def test_a_class_shows_its_own_arguments(built):
    text = (built[1] / "api" / "tlwidgets.html").read_text("utf-8")
    entry = text.split('id="tlwidgets.FreezeSlider"')[1].split("</dt>")[0]
    assert "validation" in entry
    assert "kwargs" not in entry


def test_what_a_lesson_imports_from_has_a_page():
    lessons = [path.read_text("utf-8") for path in (ROOT / "notebooks" / "src").glob("*.py")]
    used = set(re.findall(r"^ *from (tlwidgets[\w.]*) import", "\n".join(lessons), re.M))
    assert "tlwidgets.shift" in used
    assert used <= set(find_modules())
