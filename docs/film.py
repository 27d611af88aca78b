"""Take the moving pictures of the README from the real widgets: the brush, and the slider's sweep.

Run with: python -m docs.film
"""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops, ImageOps
from playwright.sync_api import Locator, expect

from docs.picture import HERE, SLIDER, WINDOW, run_alone
from tests.browser.lab import NotebookPage, chromium, find_chromium
from tests.browser.server import LabServer, lab_server

EXPLORER = """\
from tlwidgets import BiasExplorer

BiasExplorer("digits")"""
WIDTH = 760
MAX_BYTES = 1_500_000
STEP_MS, FIRST_MS, LAST_MS = 140, 1200, 3000
BRUSH_FROM, BRUSH_TO, BRUSH_STEPS = (0.69, 0.06), (0.97, 0.5), 12  # shares of the map's sides


def brush(notebook: NotebookPage) -> Iterator[None]:
    """Drag a region over the map, step by step."""
    box = notebook.outputs.locator(".tlw-map").first.bounding_box()
    assert box is not None, "the map is shown"
    mouse = notebook.page.mouse
    for step in range(BRUSH_STEPS + 1):
        share = step / BRUSH_STEPS
        x, y = (a + (b - a) * share for a, b in zip(BRUSH_FROM, BRUSH_TO, strict=True))
        mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if step == 0:
            mouse.down()
        yield
    mouse.up()
    expect(notebook.outputs.locator(".tlw-drawn-how").first).to_contain_text("inside the region")
    yield


def sweep(notebook: NotebookPage) -> Iterator[None]:
    """Train from every depth, and look on."""
    notebook.outputs.get_by_role("button", name="Sweep").click()
    stop = notebook.outputs.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    while stop.is_visible():
        notebook.page.wait_for_timeout(STEP_MS)
        yield


def film(widget: Locator, steps: Iterator[None], path: Path) -> None:
    """Take a picture before the first step and after each, and write those that differ."""
    frames = [look_at(widget)]
    for _ in steps:
        frame = look_at(widget)
        if frame.size != frames[-1].size or ImageChops.difference(frame, frames[-1]).getbbox():
            frames.append(frame)
    height = max(frame.height for frame in frames)
    frames = [
        ImageOps.pad(frame, (WIDTH, height), color="white", centering=(0, 0)) for frame in frames
    ]
    durations = [FIRST_MS, *[STEP_MS] * (len(frames) - 2), LAST_MS]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0,
                   quality=70, method=6)  # fmt: skip
    n_bytes = path.stat().st_size
    if n_bytes > MAX_BYTES:
        raise ValueError(f"{path.name} has {n_bytes:,} bytes, at most {MAX_BYTES:,}.")


def look_at(widget: Locator) -> Image.Image:
    """Return the widget as it is drawn now, at the width of the README."""
    picture = Image.open(io.BytesIO(widget.screenshot(animations="disabled"))).convert("RGB")
    return picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.LANCZOS)


def film_explorer(notebook: NotebookPage, server: LabServer) -> None:
    """Brush a corner of the map of digits."""
    run_alone(EXPLORER, notebook, server)
    explorer = notebook.outputs.locator(".tlwidgets-bias-explorer")
    expect(explorer).to_contain_text("Your own test set says")
    film(explorer, brush(notebook), HERE / "bias_explorer.webp")


def film_slider(notebook: NotebookPage, server: LabServer) -> None:
    """Sweep over all depths of the letters' network, on 200 digits."""
    run_alone(SLIDER, notebook, server)
    slider = notebook.outputs.locator(".tlwidgets-freeze-slider")
    expect(slider).to_be_visible()
    film(slider, sweep(notebook), HERE / "freeze_slider.webp")


def main() -> None:
    """Take both in one JupyterLab."""
    with (
        tempfile.TemporaryDirectory() as folder,
        lab_server(Path(folder) / "lab", HERE.parent / "notebooks") as server,
        chromium(find_chromium() or "chromium") as browser,
    ):
        for take in (film_explorer, film_slider):
            window = {"width": WINDOW["width"], "height": 1300}
            take(NotebookPage(browser.new_page(viewport=window), server), server)
            server.shut_down_kernels()


if __name__ == "__main__":
    main()
