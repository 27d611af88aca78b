"""Take the picture of the README: lesson 02, a guess and what the network said.

Only its first cells are run: no photograph of a solar cell may stand in the repository.

Run with: python -m docs.picture
"""

import tempfile
from pathlib import Path

from tests.browser.lab import NotebookPage, chromium, find_chromium
from tests.browser.server import lab_server

OUT = Path(__file__).with_name("lesson_02.png")
NOTEBOOK = "02_feature_extraction.ipynb"
WINDOW = {"width": 1060, "height": 990}


def main() -> None:
    """Make a guess as a learner would, run the next cell, and take the picture."""
    notebooks = Path(__file__).parents[1] / "notebooks"
    with (
        tempfile.TemporaryDirectory() as folder,
        lab_server(Path(folder) / "lab", notebooks) as server,
        chromium(find_chromium() or "chromium") as browser,
    ):
        notebook = NotebookPage(browser.new_page(viewport=WINDOW), server)
        notebook.open(NOTEBOOK)
        for cell in range(3):
            notebook.run_cell(cell)
        notebook.outputs.get_by_role("button", name="mask").click()
        notebook.outputs.get_by_role("button", name="This is my guess").click()
        notebook.run_cell(3)
        page = notebook.page
        page.get_by_role("heading", name="1. A network that names things").evaluate(
            "heading => heading.scrollIntoView()"
        )
        notebook.outputs.locator("img").first.wait_for()
        notebook.take_picture(OUT)


if __name__ == "__main__":
    main()
