"""One JupyterLab and one Chromium for all browser tests; a page for each."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_NO_CHROMIUM = (
    "the browser tests need Chromium, and none is installed. Debian, Ubuntu: "
    "`sudo apt-get install chromium` (or `make chromium`); elsewhere install Google Chrome."
)
# A notebook without a kernel makes JupyterLab ask for one, and wait.
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser():
    from tests.browser.lab import chromium, find_chromium

    executable = find_chromium()
    if executable is None:
        if os.environ.get("CI") == "true" or os.environ.get("TLWIDGETS_NO_SKIPS") == "1":
            pytest.fail(_NO_CHROMIUM, pytrace=False)
        pytest.skip(_NO_CHROMIUM)
    with chromium(executable) as browser:
        yield browser


@pytest.fixture(scope="session")
def server(browser, tmp_path_factory):  # after the browser, so that nothing starts in vain
    from tests.browser.server import lab_server

    with lab_server(tmp_path_factory.mktemp("lab"), ROOT / "notebooks") as server:
        yield server


@pytest.fixture
def notebook(browser, server):
    """A page that can open the notebooks of the course and those that a test writes."""
    from tests.browser.lab import NotebookPage

    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    try:
        yield NotebookPage(context.new_page(), server)
    finally:
        context.close()
        server.shut_down_kernels()


@pytest.fixture
def write_notebook(server):
    """Write a notebook from the texts of its code cells where the server sees it."""
    import nbformat

    def write(name, *cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata.kernelspec = _KERNEL
        nbformat.write(notebook, server.root / name)
        return name

    return write
