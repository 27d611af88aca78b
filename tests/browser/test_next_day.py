"""Saved, another kernel, reopened, no cell run: what was seen is still there."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_widths import CELLS

GUESS = "guess.commit(7)\nguess.reveal(8)"
ICONS = """() => [...document.querySelectorAll('.jp-OutputArea-output *')]
  .map(e => getComputedStyle(e, '::before').content).filter(text => text.includes('\uf127'))"""
HAS_INK = "c => c.getContext('2d').getImageData(0, 0, 999, 999).data.some(v => v > 0)"


@pytest.fixture
def reopened(notebook, write_notebook, server):
    """All our widgets, used, saved and opened again by a page and a kernel that know nothing."""
    name = write_notebook("next_day.ipynb", *CELLS, GUESS)
    notebook.open(name)
    notebook.run_all()
    expect(notebook.outputs.locator(".tlw-drawer", has_text="Runs (2)")).to_be_visible()
    notebook.outputs.get_by_role("radio", name="importance weighting").check()
    expect(notebook.outputs.locator(".tlw-worth")).to_contain_text("effective sample size")
    notebook.save()
    notebook.page.goto("about:blank")
    server.shut_down_kernels()
    notebook.console_errors.clear()
    notebook.open(name)
    return notebook


def test_the_next_day_every_widget_shows_what_was_seen(reopened):
    seen = reopened.outputs
    expect(seen.locator(".tlw-ribbon .tlw-sentence")).to_contain_text("train")
    expect(seen.locator(".tlw-drawer", has_text="Runs (2)")).to_be_visible()
    expect(seen.get_by_role("img", name="Loss").first).to_be_visible()
    expect(seen.locator(".tlw-why")).to_contain_text("Importance weighting")
    expect(seen.get_by_role("radio", name="importance weighting")).to_be_checked()
    assert seen.locator(".tlw-map canvas").evaluate(HAS_INK)
    expect(seen.get_by_text("your guess 7")).to_be_visible()
    expect(seen.get_by_text("You said 7, measured 8")).to_be_visible()
    expect(reopened.page.get_by_text("Error displaying widget")).to_have_count(0)
    assert reopened.page.evaluate(ICONS) == []  # no broken links
    assert reopened.console_errors == []
