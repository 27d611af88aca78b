"""JupyterLab as a person uses it: open a notebook in a browser, run it, read what it shows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Route,
    expect,
    sync_playwright,
)

from tests.browser.server import LabServer

Theme = Literal["light", "dark"]
THEME_NAME = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

# What `expect` waits for by default: a comm message and a redraw on a machine under load.
_EXPECT_MS = 20_000
_OPEN_MS = 90_000
# A lesson with an empty cache on a machine under load; a warm one takes a quarter of it.
_RUN_SECONDS = 600

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
_CHROMIUM_OPTIONS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)

_PANEL = """
const panel = window.jupyterapp?.shell.currentWidget;
const isIdle = panel?.sessionContext?.session?.kernel?.status === 'idle';
"""
_CELLS = f"""{_PANEL}
const cells = [...panel.content.model.cells]
  .filter(cell => cell.type === 'code' && cell.sharedModel.getSource().trim());
"""
_IS_READY = f"() => {{ {_PANEL} return isIdle && Boolean(panel.content?.model); }}"
# After an error JupyterLab skips the cells below, so waiting for their counts would never end.
_HAS_RUN = f"""() => {{ {_CELLS}
  const failed = cells.some(cell => cell.outputs.toJSON().some(o => o.output_type === 'error'));
  return isIdle && (failed || cells.every(cell => cell.executionCount)); }}"""
_ONE_HAS_RUN = f"index => {{ {_CELLS} return isIdle && Boolean(cells[index].executionCount); }}"
_RUN_ONE = f"""index => {{ {_CELLS}
  panel.content.activeCellIndex = [...panel.content.model.cells].indexOf(cells[index]);
  window.jupyterapp.commands.execute('notebook:run-cell'); }}"""

_RESTART = f"() => {{ {_PANEL} return panel.sessionContext.session.kernel.restart(); }}"
_SAVE = "() => window.jupyterapp.shell.currentWidget.context.save()"

_EMPTY_IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'

# Tracebacks have the type of stderr, in Output widgets too. A widget can fail to show without
# any error in Python.
_ERRORS = (
    '[data-mime-type="application/vnd.jupyter.stderr"], '
    '[data-mime-type="application/vnd.jupyter.error"], .jupyter-widgets-error-widget, '
    '.jupyter-widgets:text("Error displaying widget")'
)


def find_chromium() -> str | None:
    """Return where Chromium is on this machine, or None."""
    found = (shutil.which(name) for name in _CHROMIUM_NAMES)
    return next((path for path in found if path), None)


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """Run a headless Chromium."""
    # Chromium refuses to run as root in its sandbox, and containers often run as root.
    extra = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=[*_CHROMIUM_OPTIONS, *extra]
        )
        try:
            yield browser
        finally:
            browser.close()


def follow(page: Page, address: str) -> tuple[list[str], list[str]]:
    """Return two lists that fill: errors in the console, and requests to other servers."""
    errors: list[str] = []
    foreign: list[str] = []

    def keep_error(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    def answer_foreign(route: Route) -> None:
        # The same with and without a network: nothing reaches it, and no image is broken.
        foreign.append(route.request.url)
        route.fulfill(content_type="image/svg+xml", body=_EMPTY_IMAGE)

    page.set_default_timeout(_EXPECT_MS)
    expect.set_options(timeout=_EXPECT_MS)
    page.route(lambda url: not url.startswith(address), answer_foreign)
    page.on("console", keep_error)
    page.on("pageerror", lambda error: errors.append(f"uncaught: {error.stack or error}"))
    return errors, foreign


class NotebookPage:
    """One notebook in JupyterLab's single-document mode, which has no side bars."""

    # `reset` forgets the layout that an earlier page of this server had.
    address = "doc/tree/{name}?reset"

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self._server = server
        self.console_errors, self.foreign_requests = follow(page, server.url)

    def open(self, name: str) -> None:
        """Open a notebook of the server by its path, and wait for its kernel."""
        address = self.address.format(name=name)
        self.page.goto(f"{self._server.url}/{address}", timeout=_OPEN_MS)
        self.page.wait_for_function(_IS_READY, timeout=_OPEN_MS)

    def run_all(self, seconds: float = _RUN_SECONDS) -> None:
        """Run all cells and wait until the last one has run, or one has failed."""
        self.page.evaluate(
            "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
        )
        self.page.wait_for_function(_HAS_RUN, timeout=seconds * 1000)

    def run_cell(self, index: int) -> None:
        """Run one code cell, counted from 0 among the code cells that are not empty."""
        self.page.evaluate(_RUN_ONE, index)
        self.page.wait_for_function(_ONE_HAS_RUN, arg=index)

    def start_cell(self, index: int) -> None:
        """Start one code cell and look on while it runs; see `wait_for_cell`."""
        self.page.evaluate(_RUN_ONE, index)

    def wait_for_cell(self, index: int, seconds: float = _RUN_SECONDS) -> None:
        """Wait until a code cell has run."""
        self.page.wait_for_function(_ONE_HAS_RUN, arg=index, timeout=seconds * 1000)

    def restart_kernel(self) -> None:
        """Give the notebook a new kernel that knows nothing; the outputs stay."""
        self.page.evaluate(_RESTART)

    def save(self) -> None:
        """Write the notebook with its outputs."""
        self.page.evaluate(_SAVE)

    @property
    def outputs(self) -> Locator:
        """All outputs; texts looked for outside of them are also found in the code."""
        return self.page.locator(".jp-Notebook .jp-OutputArea-output")

    def errors(self) -> list[str]:
        """Return what the outputs show in red: errors, warnings and broken widgets."""
        return self.page.locator(".jp-Notebook").locator(_ERRORS).all_inner_texts()

    def use_theme(self, theme: Theme) -> None:
        """Switch to the light or the dark theme, and wait until it is there."""
        self.page.evaluate(
            "theme => { window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }",
            THEME_NAME[theme],
        )
        is_light = str(theme == "light").lower()
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)
        # JupyterLab takes its splash away 200 ms later, and throws where a second switch did so.
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)


class Notebook7Page(NotebookPage):
    """The same notebook in Jupyter Notebook 7, which is JupyterLab's parts in another frame."""

    address = "notebooks/{name}"
