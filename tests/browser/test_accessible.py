"""axe finds nothing to mend in any of our widgets, light or dark, used and unused."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.test_widths import CELLS

OUTPUTS = {"include": [[".jp-Notebook .jp-OutputArea-output"]]}


def findings(page):
    """What axe has against our outputs: the rule, and where it is broken."""
    found = Axe().run(page, context=OUTPUTS).response
    assert len(found["passes"]) > 10  # it has looked
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@pytest.fixture
def page(notebook, write_notebook):
    notebook.open(write_notebook("accessible.ipynb", *CELLS))
    notebook.run_all()
    outputs = notebook.outputs
    outputs.get_by_role("button", name="More").click()
    for fold in ("Runs (2)", "By group"):
        outputs.get_by_text(fold).click()
    for code in outputs.get_by_text("Code of what you see").all():
        code.click()
    expect(outputs.get_by_role("cell", name="low age")).to_be_visible()
    outputs.get_by_role("radio", name="importance weighting").check()
    expect(outputs.locator(".tlw-worth")).to_contain_text("effective sample size")
    return notebook


def test_axe_finds_nothing_in_light_and_dark(page):
    for theme in ("light", "dark"):
        page.use_theme(theme)
        assert findings(page.page) == [], theme
    # It would find something: chips without their names.
    page.page.evaluate(
        "document.querySelectorAll('.tlw-chips label span').forEach(s => s.remove())"
    )
    assert any("label" in each for each in findings(page.page))
