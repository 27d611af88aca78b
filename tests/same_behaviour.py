"""Do lessons and widgets still behave the same? Record them before and after a change, and compare.

    python -m tests.same_behaviour record before.json --root ../main
    python -m tests.same_behaviour record after.json
    python -m tests.same_behaviour compare before.json after.json

Each lesson's solution, and the cases of `same_behaviour_cases.py`, run in a kernel that imports the
checkout `--root`, with an empty cache. Recorded is what a learner sees: texts, tables, pictures
(small and grey), the state of the widgets, and at the end the scripts of those that still have a
name. What changes from run to run is recorded, too: `compare` overlooks it, so its rules can be
mended later.
"""

from __future__ import annotations

import argparse
import base64
import difflib
import hashlib
import io
import json
import math
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).parents[1]
CASES = "widgets"
CELL_SECONDS = 1800
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
# Stops a recording of another checkout than was meant.
BEFORE = "import importlib.util; print(importlib.util.find_spec('tlwidgets').origin)"
AFTER = """\
def _scripts(names):
    for name, value in sorted(names.items()):
        if type(value).__name__ in ("FreezeSlider", "BiasExplorer", "TrainingCurves"):
            print(f"== {name}: {value!r}", value.code(), sep="\\n")
            if hasattr(value, "to_url_state"):
                print(value.to_url_state())
_scripts({name: value for name, value in globals().items() if name[0] != "_"})"""

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w|\.\d)")
PICTURE = re.compile(r"<picture (\d+x\d+) ([\w+/=]+)>")
SIDE, GREY_LEVELS = 64, 8  # a letter that changes is seen, the edge of a line is not
NO_STATE = {"layout", "style", "children", "description_allow_html", "placeholder", "behavior"}
# What changes from run to run, and what stands in its place.
NOISE = [
    (re.compile(r"<[\w.]*\.(\w+)( object)? at 0x[0-9a-f]+>"), r"<\1>"),
    (re.compile(r"tlw-still-[0-9a-f]{12}"), "tlw-still"),
    (re.compile(r"#T_[0-9a-f]{5}"), "#T"),  # a styled table
    (re.compile(r"/tmp/tmp\w+"), "<folder>"),
    (re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+)?(\+00:00)?"), "<moment>"),
    (re.compile(r"(\(peak|left of) [\d.]+"), r"\1 <memory>"),  # of `budget`
    (re.compile(r"\b\d+(\.\d+)? GB\b"), "<memory>"),
    (re.compile(r"\b\d+(\.\d+)? (s|ms|seconds|CPU seconds)\b"), "<seconds>"),
    (re.compile(r"\[[\d:]+(<|&lt;)[^\]]*\]"), "[<seconds>]"),  # a progress bar
    (re.compile(r"(seconds from scratch,) [\d.]+"), r"\1 <seconds>"),
    (re.compile(r"((?:seconds|Milliseconds)[^(]*) \([\d.]+"), r"\1 (<seconds>"),  # of a claim
    (re.compile(r"(seconds|prepared in)=[\d.]+"), r"\1"),  # a column of a table
    (re.compile(r"(^=seconds \|).*"), r"\1"),  # a row of one
]

Recording = dict[str, dict[str, list[str]]]  # lesson -> first line of a cell -> lines


def record(root: Path, numbers: list[str]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Run the cases and the lessons with these numbers, all of them where none is given."""
    solutions = sorted((root / "notebooks" / "solutions").glob("[0-9][0-9]_*.ipynb"))
    for name in [CASES, *(path.stem for path in solutions)]:
        if numbers and not any(name.startswith(number) for number in numbers):
            continue
        path = root / "notebooks" / "solutions" / f"{name}.ipynb"
        notebook = cases() if name == CASES else nbformat.read(path, as_version=4)
        run(notebook, root)
        yield name, {key: lines for key, lines in zip(keys(notebook), texts(notebook), strict=True)}


def cases() -> Any:
    """Return the cases as a notebook."""
    source = Path(__file__).with_name("same_behaviour_cases.py").read_text("utf-8")
    cells = re.split(r"^# %%", source, flags=re.MULTILINE)[1:]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"#{c}") for c in cells])


def run(notebook: Any, root: Path) -> None:
    """Run a notebook on the package of a checkout; errors stay in it as outputs."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first, last = map(nbformat.v4.new_code_cell, (BEFORE, AFTER))
    notebook.cells = [first, *code, last]
    with tempfile.TemporaryDirectory() as cache:
        usual = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        own = {"PYTHONPATH": str(root), "PYTHONHASHSEED": "0", "TLWIDGETS_CACHE": cache}
        own |= {"TLWIDGETS_PROGRESS": "off", "TLWIDGETS_STRICT_CHECKS": "1"}
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            allow_errors=True,
            resources={"metadata": {"path": str(root / "notebooks")}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        client.execute(env={"TF_CPP_MIN_LOG_LEVEL": "2", **usual, **own})
    origin = notebook.cells.pop(0).outputs[0].text
    if Path(origin.strip()).parents[1] != root:
        raise RuntimeError(f"The kernel must import tlwidgets from {root}; got {origin}")


def keys(notebook: Any) -> Iterator[str]:
    """Name each cell by its first line."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        first = cell.source.strip().partition("\n")[0]
        seen[first] += 1
        yield first + (f" ({seen[first]})" if seen[first] > 1 else "")


def texts(notebook: Any) -> Iterator[list[str]]:
    """Turn what each cell shows into lines of text."""
    models = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for cell in notebook.cells:
        streams: dict[str, str] = {}
        for output in cell.outputs:
            if output.output_type == "stream":
                streams[output.name] = streams.get(output.name, "") + output.text
        parts = [(name, streams[name].split("\n")) for name in sorted(streams)]
        lines = [f"{name}| {line}" for name, printed in parts for line in printed]
        for output in cell.outputs:
            if output.output_type == "error":
                lines.append(f"error| {output.ename}: {output.evalue}")
            elif output.output_type != "stream":
                lines += shown(output.data, models)
        yield lines


def shown(data: dict[str, Any], models: dict[str, Any]) -> Iterator[str]:
    """Turn one displayed thing into lines: its widget, its picture, its HTML or else its text."""
    if WIDGET_VIEW in data:
        yield from widget_lines(data[WIDGET_VIEW]["model_id"], models)
    if "image/png" in data:
        yield small(data["image/png"])
    html = data.get("text/html", "")
    yield from html_lines(html)
    if "dataframe" not in html:  # of a table the text says nothing new
        yield from data.get("text/plain", "").split("\n")


def html_lines(html: str) -> Iterator[str]:
    """Turn HTML into lines: each row of a table as its words, pictures small, the rest as it is."""
    html = re.sub(r"data:image/png;base64,([\w+/=]+)", lambda found: small(found[1]), html)
    for i, part in enumerate(re.split(r"(<table.*?</table>)", html, flags=re.DOTALL)):
        yield from table_rows(part) if i % 2 else part.split("\n")


def table_rows(table: str) -> Iterator[str]:
    """Turn each row into a line: what stands in it, with the names of the columns."""
    names: list[str] = []
    for row in re.findall(r"<tr.*?</tr>", table, flags=re.DOTALL):
        cells = re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.DOTALL)
        words = [unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in cells]
        if len(words) == len(names):
            words = [f"{name}={word}" for name, word in zip(names, words, strict=True)]
        names = names or words
        yield " | ".join(words)


def widget_lines(model_id: str, models: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """Turn the state of a widget and of those in it into lines, without looks and code."""
    model = models.get(model_id, {"state": {"missing": True}})
    indent = f"widget|{'  ' * depth} "
    seen = {k: v for k, v in model["state"].items() if k[0] != "_" and k not in NO_STATE}
    seen |= {f"view {name}": part for name, part in seen.pop("view", {}).items()}
    for name, value in sorted(seen.items()):
        is_text = isinstance(value, str)
        lines = html_lines(value) if is_text else [json.dumps(value, sort_keys=True)]
        yield from (f"{indent}{name}: {line}" for line in lines)
    for buffer in model.get("buffers", []):
        digest = hashlib.sha256(base64.b64decode(buffer["data"])).hexdigest().upper()
        yield f"{indent}{'.'.join(map(str, buffer['path']))}: array {digest}"
    for child in model["state"].get("children", []):
        yield from widget_lines(child.removeprefix("IPY_MODEL_"), models, depth + 1)


def small(png: str) -> str:
    """Return a picture as text: its size, and 64 x 64 grey values."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    grey = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()
    return f"<picture {picture.width}x{picture.height} {base64.b64encode(grey).decode()}>"


def compare(before: Recording, after: Recording) -> Iterator[str]:
    """Return the lines of a report: what differs, by lesson and cell."""
    for lesson in sorted(before.keys() | after.keys()):
        if lesson not in before or lesson not in after:
            yield f"{lesson}: only recorded {'before' if lesson in before else 'after'}"
            continue
        old, new = before[lesson], after[lesson]
        for cell in [*old, *(cell for cell in new if cell not in old)]:
            changes = differences(old.get(cell, []), new.get(cell, []))
            yield from [f"{lesson}: {cell}", *changes] if changes else []


def differences(before: list[str], after: list[str]) -> list[str]:
    """Return a unified diff of what differs by more than rounding and by more than noise."""
    old, new = ([mended for line in lines if (mended := quiet(line))] for lines in (before, after))
    shapes = [[NUMBER.sub("#", PICTURE.sub("@", line)) for line in lines] for lines in (old, new)]
    matcher = difflib.SequenceMatcher(a=shapes[0], b=shapes[1], autojunk=False)
    for block in matcher.get_matching_blocks():
        for i in range(block.size):
            if are_close(old[block.a + i], new[block.b + i]):
                new[block.b + i] = old[block.a + i]
    diff = list(difflib.unified_diff(old, new, "before", "after", n=1, lineterm=""))
    return [PICTURE.sub(r"<picture \1>", line) for line in diff]


def quiet(line: str) -> str:
    """Return a line without what changes from run to run."""
    for pattern, instead in NOISE:
        line = pattern.sub(instead, line)
    # The margin of a script counts; how wide a table is does not.
    return re.sub(r"(?<=[^\s|])\s+", " ", line).rstrip()


def are_close(before: str, after: str) -> bool:
    """Tell whether the pictures and the numbers of two lines of one shape are the same."""
    pictures = zip(PICTURE.findall(before), PICTURE.findall(after), strict=True)
    numbers = (NUMBER.findall(PICTURE.sub("", line)) for line in (before, after))
    return all(look_alike(*pair) for pair in pictures) and all(map(is_close, *numbers))


def look_alike(before: tuple[str, str], after: tuple[str, str]) -> bool:
    """Tell whether two pictures have one size and nearly the same grey values."""
    grey = [np.frombuffer(base64.b64decode(x[1]), np.uint8).astype(int) for x in (before, after)]
    return before[0] == after[0] and np.abs(grey[0] - grey[1]).max() <= GREY_LEVELS


def is_close(before: str, after: str) -> bool:
    """Tell whether two numbers are the same but for rounding; what is counted is counted right."""
    if before.lstrip("-").isdigit() and after.lstrip("-").isdigit():
        return before == after
    return math.isclose(float(before), float(after), rel_tol=1e-3, abs_tol=1e-6)


def record_to(file: Path, root: Path, numbers: list[str]) -> None:
    """Write each lesson to the file as soon as it is recorded; what else is in the file stays."""
    done: Recording = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for lesson, cells in record(root, numbers):
        done[lesson] = cells
        file.write_text(json.dumps(done, indent=0), "utf-8")
        errors = [line for lines in cells.values() for line in lines if line.startswith("error|")]
        sys.stdout.write("\n  ".join([f"{lesson} is recorded.", *errors]) + "\n")
        sys.stdout.flush()


def main() -> int:
    """Run the command; 1 where something differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    recorder = commands.add_parser("record", help="run, and write what was shown to a file")
    recorder.add_argument("file", type=Path)
    recorder.add_argument("--lessons", nargs="*", default=[], help=f"such as 03, or {CASES}")
    recorder.add_argument("--root", type=Path, default=HERE, help="the checkout to run")
    comparer = commands.add_parser("compare", help="show the differences of two files")
    comparer.add_argument("files", type=Path, nargs=2)
    chosen = parser.parse_args()
    if chosen.command == "record":
        record_to(chosen.file, chosen.root.resolve(), chosen.lessons)
        return 0
    report = list(compare(*(json.loads(file.read_text("utf-8")) for file in chosen.files)))
    sys.stdout.write("\n".join(report or ["Nothing differs."]) + "\n")
    return bool(report)


if __name__ == "__main__":
    sys.exit(main())
