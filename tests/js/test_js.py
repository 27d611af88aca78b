"""Run the tests of the live views with node, and hold the names that both sides use together."""

import json
import subprocess
from pathlib import Path

import playwright
import pytest

from tlwidgets._widgets.base import ChartsView, Drawer, LiveView
from tlwidgets._widgets.files import FileChooser
from tlwidgets.bias_explorer.widget import ExplorerView
from tlwidgets.freeze_slider.widget import Ribbon

HERE = Path(__file__).parent
VIEWS = (ChartsView, Drawer, ExplorerView, FileChooser, Ribbon)
# Playwright's own, because a bare machine has no other, and an old one knows no tests.
_DRIVER = Path(playwright.__file__).parent / "driver"
NODE = next(path for path in (_DRIVER / "node", _DRIVER / "node.exe") if path.exists())


def run_node(*arguments):
    return subprocess.run(
        [NODE, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.mjs")), ids=lambda p: p.stem)
def test_javascript(path):
    done = run_node("--test", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass 0" not in done.stdout


def test_a_failing_test_is_seen(tmp_path):
    path = tmp_path / "wrong.test.mjs"
    path.write_text('import test from "node:test"; test("no", () => { throw 1; });', "utf-8")
    assert run_node("--test", path).returncode != 0


def test_every_view_of_python_is_drawn_by_the_module_that_it_sends(tmp_path):
    (tmp_path / "sent.mjs").write_text(str(LiveView._esm), "utf-8")
    asking = tmp_path / "ask.mjs"
    asking.write_text(
        'import { KINDS } from "./sent.mjs"; console.log(JSON.stringify(Object.keys(KINDS)));',
        "utf-8",
    )
    assert set(VIEWS) == set(LiveView.__subclasses__())
    assert sorted(view.kind.default_value for view in VIEWS) == sorted(
        json.loads(run_node(asking).stdout)
    )
