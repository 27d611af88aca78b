"""Run the tests of the live views with node, the one of Playwright where there is no other."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tlwidgets._widgets.base import CHARTS_JS, SHARED_JS
from tlwidgets._widgets.files import CHOOSER_JS
from tlwidgets.bias_explorer.widget import EXPLORER_JS

HERE = Path(__file__).parent
RIBBON = HERE.parents[1] / "tlwidgets" / "freeze_slider" / "view.js"
MODULES = {
    "chart.test": CHARTS_JS,
    "chooser.test": CHOOSER_JS,
    "explorer.test": EXPLORER_JS,
    "ribbon.test": SHARED_JS + RIBBON.read_text("utf-8"),
}


def find_node():
    """Return a node that has its own test runner; a bare machine has only Playwright's."""
    import playwright

    driver = Path(playwright.__file__).parent / "driver"
    bundled = next((p for p in (driver / "node", driver / "node.exe") if p.exists()), None)
    return shutil.which("node") or str(bundled)


@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.mjs")), ids=lambda p: p.stem)
def test_javascript(path, tmp_path):
    views = tmp_path / "views.mjs"
    views.write_text(MODULES[path.stem], "utf-8")
    done = subprocess.run(
        [find_node(), "--test", str(path)],
        env={**os.environ, "TLWIDGETS_VIEWS": views.as_uri()},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass 0" not in done.stdout


def test_a_failing_test_is_seen(tmp_path):
    path = tmp_path / "wrong.test.mjs"
    path.write_text('import test from "node:test"; test("no", () => { throw 1; });', "utf-8")
    done = subprocess.run([find_node(), "--test", str(path)], capture_output=True, timeout=120)
    assert done.returncode != 0
