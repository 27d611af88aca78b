"""Take pictures of a whole notebook in JupyterLab, to look at what a learner sees.

Run with: python tests/browser/pictures.py NOTEBOOK OUT_DIR [--theme dark] [--run]
The pictures are named after the notebook and the theme and overlap by a few lines.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.browser.lab import NotebookPage, Theme, chromium, find_chromium
from tests.browser.server import lab_server

WIDTH_PX, HEIGHT_PX = 1200, 1400
_OVERLAP_PX = 60

# Fonts, images and the height of cells that have just come into view settle in two frames.
_SETTLE = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_SCROLL = """([top]) => {
  const panel = window.jupyterapp.shell.currentWidget.node;
  const box = panel.querySelector('.jp-WindowedPanel-outer');
  box.scrollTop = top;
  return {top: box.scrollTop, shown: box.clientHeight, whole: box.scrollHeight};
}"""
_HIDE_CURSOR = "() => document.activeElement?.blur()"


def take_pictures(notebook: NotebookPage, folder: Path, stem: str) -> list[Path]:
    """Scroll from top to bottom and write one PNG for each window that is passed."""
    page = notebook.page
    page.evaluate(_HIDE_CURSOR)
    paths: list[Path] = []
    top, is_end = 0, False
    while not is_end:
        page.evaluate(_SCROLL, [top])
        page.evaluate(_SETTLE)
        box = page.evaluate(_SCROLL, [top])
        paths.append(folder / f"{stem}-{len(paths) + 1:02}.png")
        notebook.take_picture(paths[-1])
        # Heights off screen are guesses until they are shown, so the end is asked for each time.
        is_end = box["top"] + box["shown"] >= box["whole"] - 1
        top = int(box["top"]) + box["shown"] - _OVERLAP_PX
    return paths


def show(path: Path, folder: Path, theme: Theme, *, run: bool) -> tuple[list[Path], list[str]]:
    """Open a notebook, run it if asked, and return its pictures and what went wrong."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit("Chromium is not installed; see `make chromium`.")
    with (
        tempfile.TemporaryDirectory() as scratch,
        chromium(executable) as browser,
        lab_server(Path(scratch) / "lab", path) as server,
    ):
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        notebook = NotebookPage(page, server)
        notebook.open(path.name)
        notebook.use_theme(theme)
        if run:
            notebook.run_all()
        pictures = take_pictures(notebook, folder, f"{path.stem}-{theme}")
        return pictures, [*notebook.errors(), *notebook.console_errors]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("folder", type=Path, metavar="OUT_DIR")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--run", action="store_true", help="run all cells first")
    chosen = parser.parse_args(arguments)
    pictures, errors = show(chosen.notebook, chosen.folder, chosen.theme, run=chosen.run)
    sys.stdout.write("".join(f"{line}\n" for line in [*pictures, *errors]))
    return int(bool(errors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
