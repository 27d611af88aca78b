"""A reader opens the book as files, with the network cut: pages, search, dark theme, widgets."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LOCAL = ("file:", "data:", "blob:")
# What lesson 00 has none of: a live view of ours, an Output widget, a wide table, a formula.
LIVE = """\
from tlwidgets._widgets.base import ChartsView
from tlwidgets._widgets.chart import Axis, Chart, Series
axis = Axis(label="epoch", low=0, high=2, ticks=[(0, "0"), (2, "2")])
line = Series(name="loss", points=[(0, 2), (1, 1), (2, 0)], colour="#0072B2")
view = ChartsView()
view.show([Chart(title="Loss", description="It falls.", x=axis, y=axis, series=[line])])
view"""
INTERACT = """\
import ipywidgets
_ = ipywidgets.interact(lambda n: print(n * 11), n=ipywidgets.IntSlider(7))"""
TABLE = "import pandas\npandas.DataFrame(0.123, range(2), [f'column {i}' for i in range(40)])"
FORMULA = "# A test\n\nThe mean is $\\frac{1}{n}$.\n\n$$\\sum_i x_i$$"


def lesson_of_widgets():
    codes = (LIVE, INTERACT, TABLE)
    cells = [nbformat.v4.new_markdown_cell(FORMULA), *map(nbformat.v4.new_code_cell, codes)]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    course = folder / "course"
    shutil.copytree(ROOT / "notebooks", course)  # lesson 00 reads what the others need
    for kind in (".", "solutions"):
        nbformat.write(lesson_of_widgets(), course / kind / "99_test.ipynb")
    folders = ("--notebooks", course, "--out", folder / "out", "--kept", folder / "kept")
    command = [sys.executable, "-m", "docs.book", "--lessons", "00", "99", *folders]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder / "out"


class Reader:
    """A browser without a network: what a page asks for elsewhere is refused, and noted."""

    def __init__(self, page, folder):
        self.page, self.folder = page, folder
        self.asked, self.errors = [], []
        page.route(lambda url: not url.startswith(LOCAL), self._refuse)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)

    def _refuse(self, route):
        self.asked.append(route.request.url)
        route.abort()

    def open(self, name):
        self.page.goto((self.folder / f"{name}.html").as_uri())


@pytest.fixture
def reader(browser, book):
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, color_scheme="light")
    reader = Reader(context.new_page(), book)
    yield reader
    context.close()
    assert reader.asked == []
    assert reader.errors == []


def test_the_front_page_leads_to_the_lesson(reader):
    reader.open("index")
    article = reader.page.get_by_role("main")
    expect(article).to_contain_text("Learn transfer learning by moving it.")
    expect(article).to_contain_text("01 Why transfer")
    expect(article.get_by_role("link", name="01 Why transfer")).to_have_count(0)
    article.get_by_role("link", name="00 Start here").click()
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("00 · Start here")


def test_every_link_within_the_book_leads_somewhere(reader):
    for name in ("index", "00_start_here", "99_test", "search"):
        reader.open(name)
        links = reader.page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
        files = {link.split("#")[0].split("?")[0] for link in links if link.startswith("file:")}
        missing = [file for file in files if not Path(file.removeprefix("file://")).exists()]
        assert files
        assert missing == []


def test_search_finds_the_page_of_a_word(reader):
    reader.open("index")
    reader.page.get_by_placeholder("Search").fill("motorcycle")
    reader.page.keyboard.press("Enter")
    results = reader.page.locator("#search-results li a")
    expect(results).to_have_count(1)
    results.click()
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text("00 · Start here")


def test_the_page_turns_dark_and_remembers_it(reader):
    reader.open("00_start_here")
    body = reader.page.locator("body")
    brightness = "body => Math.max(...getComputedStyle(body).backgroundColor.match(/\\d+/g))"
    assert body.evaluate(brightness) > 200
    while body.get_attribute("data-theme") != "dark":
        reader.page.get_by_role("button", name="Toggle Light / Dark").first.click()
    assert body.evaluate(brightness) < 50
    reader.open("99_test")
    assert body.evaluate(brightness) < 50


def test_figures_have_words_and_are_there(reader):
    reader.open("00_start_here")
    images = reader.page.locator("main img, article img")
    texts = images.evaluate_all("all => all.map(image => image.alt)")
    assert any("Where do you have labels?" in text for text in texts)
    assert all(len(text) > 10 for text in texts)
    for image in images.all():
        image.scroll_into_view_if_needed()
        reader.page.wait_for_function(
            "i => i.complete && i.naturalWidth > 0", arg=image.element_handle()
        )


def test_a_guess_is_a_still_picture(reader):
    reader.open("00_start_here")
    still = reader.page.locator(".still").first
    expect(still).to_contain_text("how many of 100 new ones are read right?")
    expect(still).to_contain_text("This is my guess")
    expect(still.locator(".still-track i")).to_be_visible()
    outputs = reader.page.locator(".cell_output")
    expect(outputs.filter(has_text="Error displaying widget")).to_have_count(0)
    expect(outputs.filter(has_text="VBox(")).to_have_count(0)


def test_the_solution_waits_in_a_fold(reader):
    reader.open("00_start_here")
    solution = reader.page.get_by_text("int(np.bincount(digits.labels)[0])")
    verdict = reader.page.get_by_text("labels are what is expensive in practice").last
    expect(solution).to_be_hidden()
    expect(verdict).to_be_hidden()
    reader.page.get_by_text("Show a solution").first.click()
    reader.page.get_by_text("Show the check and what it says").first.click()
    expect(solution).to_be_visible()
    expect(verdict).to_be_visible()


def test_live_views_are_drawn_without_a_kernel(reader):
    reader.open("99_test")
    chart = reader.page.get_by_role("img", name="Loss. It falls.")
    expect(chart).to_be_visible()
    expect(chart).to_contain_text("epoch")
    expect(reader.page.locator(".still", has_text="77")).to_be_visible()


def test_a_wide_table_scrolls_by_itself_and_formulas_need_no_script(reader):
    reader.open("99_test")
    assert reader.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    formulas = reader.page.locator("math")
    expect(formulas).to_have_count(2)
    assert formulas.first.locator("mfrac").bounding_box()["height"] > 15
