"""A learner moves every slider of every tab, brushes the map, repairs, and reads the code."""

import re

import pytest
from playwright.sync_api import expect

MAKE = """\
from tlwidgets import BiasExplorer
explorer = BiasExplorer("digits")
explorer"""
ASK = """\
exec(explorer.code())
print(explorer.mechanism, explorer.kind, explorer.n, report.equals(explorer.report()))"""
SHOW_AGAIN = "explorer"

# What each tab is tried with: a kind that follows its strength, and a repair.
TABS = {
    "Domain shift": ("more of the low", "importance weighting"),
    "Data skew": ("long tail", "class weighting"),
    "Dataset quality": ("pair flip", "label cleaning"),
    "Sampling strategy": ("convenience", "stratified re-sampling"),
}


@pytest.fixture
def page(notebook, write_notebook):
    notebook.page.set_viewport_size({"width": 1001, "height": 1000})  # a column of 833 px
    notebook.open(write_notebook("explorer.ipynb", MAKE, ASK, SHOW_AGAIN))
    notebook.run_cell(0)
    expect(picture(notebook)).to_be_visible()
    return notebook


def root(page):
    return page.outputs.locator(".tlwidgets-bias-explorer").first


def picture(page):
    return root(page).locator(".tlw-bias")


def part(page, name):
    return picture(page).locator(f".{name}").first


def slider(page, words):
    row = root(page).locator(".widget-slider:visible", has_text=re.compile(words))
    return row.locator(".noUi-handle")


def choose(page, words, option):
    root(page).locator(".widget-dropdown:visible", has_text=words).locator("select").select_option(
        option
    )


def repair(page, name):
    return root(page).get_by_role("radiogroup", name="Repair").get_by_role("radio", name=name)


def press(page, locator, *keys):
    locator.focus()
    for key in keys:
        page.page.keyboard.press(key)


def hover(page, x, y):
    """Point at a place of the map, a share of its width and height."""
    box = part(page, "tlw-map").bounding_box()
    page.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def drag(page, start, end):
    """Drag over the map; places are shares of its width and height."""
    hover(page, *start)
    page.page.mouse.down()
    for step in range(1, 7):
        hover(page, *(a + (b - a) * step / 6 for a, b in zip(start, end, strict=True)))
    page.page.mouse.up()


def test_every_slider_of_every_tab_changes_the_picture(page):
    expect(root(page).get_by_role("slider", name="Sample size")).to_be_visible()
    expect(root(page).locator(".noUi-handle:not([aria-label])")).to_have_count(0)
    places = "tlw-map", "tlw-panel", "tlw-scores", "tlw-repairs", "tlw-warning"
    before_all = [part(page, name).bounding_box() for name in places]
    for i, (tab, (kind, repaired_by)) in enumerate(TABS.items()):
        root(page).get_by_role("tab", name=tab).click()
        # Nothing moves under the hand.
        assert [part(page, name).bounding_box() for name in places] == before_all
        choose(page, re.compile("^(Draw|Damage|Strategy)"), kind)
        before = part(page, "tlw-drawn-how").inner_text()
        press(page, slider(page, "How"), "End")
        expect(part(page, "tlw-drawn-how")).not_to_have_text(before)
        press(page, slider(page, "How"), "Home", "ArrowRight")
        expect(part(page, "tlw-drawn-how")).not_to_have_text(before)
        repair(page, repaired_by).check()
        expect(part(page, "tlw-scores")).not_to_contain_text("choose a repair")
        expect(part(page, "tlw-worth")).to_contain_text("effective sample size")
        press(page, slider(page, "Sample size"), "ArrowRight")
        expect(part(page, "tlw-left")).to_contain_text(f"{301 + i} of 5,000")
    assert page.errors() == [] and page.console_errors == []


def test_a_region_is_brushed_by_mouse_and_keys_in_both_themes_and_its_code_runs(page):
    drag(page, (0.25, 0.2), (0.8, 0.75))
    brush = part(page, "tlw-brush")
    expect(brush).to_be_visible()
    box, whole = brush.bounding_box(), part(page, "tlw-map").bounding_box()
    for side in ("width", "height"):  # the box that the hand drew, from another tab
        assert box[side] == pytest.approx(0.55 * whole[side], abs=8)
    expect(root(page).get_by_role("tab", name="Sampling strategy")).to_have_attribute(
        "aria-selected", "true"
    )
    expect(part(page, "tlw-drawn-how")).to_contain_text("100 % of them drawn inside the region")
    root(page).get_by_label("Colour points by").select_option("rotation")
    hover(page, 0.5, 0.5)
    tip = part(page, "tlw-map").locator(".tlw-tip")
    expect(tip).to_contain_text("rotation:")
    expect(tip.locator("img")).to_be_visible()  # the digit itself
    assert tip.locator("img").evaluate("img => img.naturalWidth") == 28
    page.page.set_viewport_size({"width": 1000, "height": 1000})  # a map of half a column
    for share in (0.49, 0.51):
        hover(page, share, 0.5)
        expect(tip.locator("img")).to_be_visible()
        inside, around = tip.bounding_box(), part(page, "tlw-map").bounding_box()
        assert inside["x"] >= around["x"] - 1
        assert inside["x"] + inside["width"] <= around["x"] + around["width"] + 1
    page.page.set_viewport_size({"width": 1200, "height": 1000})
    root(page).get_by_text("Code of what you see").click()
    expect(root(page).locator("pre.tlwidgets-code")).to_contain_text("Region(")
    before = brush.bounding_box()
    press(page, part(page, "tlw-map"), "ArrowLeft", "ArrowLeft", "Shift+ArrowRight")
    page.page.wait_for_function(
        """([brush, before]) => {
          const { x, width } = brush.getBoundingClientRect();
          return x < before.x && width > before.width; }""",
        arg=[brush.element_handle(), before],
    )
    # Drawn, and as wide as its place: while the theme changes, nothing on the page has a width.
    ink = """() => { const c = document.querySelector('.tlw-map canvas');
        return c?.getContext('2d').getImageData(0, 0, 9999, 999).data.some(v => v > 0)
          && c.width === Math.round(c.parentElement.clientWidth * devicePixelRatio); }"""
    for theme in ("dark", "light"):
        page.use_theme(theme)
        page.page.wait_for_function(ink)
    page.run_cell(1)
    expect(page.outputs.get_by_text("sampling strategy region 300 True")).to_be_visible()
    page.run_cell(2)  # a second view of the same explorer
    pictures = page.outputs.locator(".tlw-bias")
    expect(pictures).to_have_count(2)
    press(page, part(page, "tlw-map"), "Escape")
    expect(brush).to_be_hidden()
    expect(pictures.nth(1)).to_contain_text("Who is in my sample: 300 of 5,000")
    expect(pictures.nth(1).locator(".tlw-brush")).to_be_hidden()
    assert page.errors() == [] and page.console_errors == []


def test_repairs_are_chosen_by_keyboard_and_all_is_on_one_screen(page):
    expect(repair(page, "none")).to_be_checked()
    repair(page, "none").focus()
    page.page.keyboard.press("ArrowRight")
    expect(repair(page, "importance weighting")).to_be_checked()
    expect(part(page, "tlw-why")).to_contain_text("Importance weighting")
    expect(repair(page, "importance weighting")).to_be_focused()  # the next arrow goes on from here
    assert root(page).bounding_box()["height"] <= 640
    root(page).get_by_text("By group").click()
    expect(root(page).get_by_role("cell", name="low rotation")).to_be_visible()
    assert page.errors() == [] and page.console_errors == []
