"""How large the house is, and through how many rooms a change goes: `make shape`."""

import argparse
import ast
import importlib
import statistics
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tlwidgets"
PUBLIC = ("", ".adapt", ".backbones", ".course", ".data", ".freezing", ".shift", ".shipping")
PUBLIC_PLOTS = (".adapt.plot", ".course.plot", ".freezing.plot", ".shipping.calibration")


def functions_in(source):
    """Each function with its number of lines, the docstring left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            yield node.name, node.end_lineno - node.lineno - docstring.count("\n")


def code_lines(source):
    """How many lines are neither blank, nor comment, nor docstring."""
    told = set()
    for node in ast.walk(ast.parse(source)):
        is_told = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if is_told and ast.get_docstring(node):
            told.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(bool(line.strip()) and line.strip()[0] != "#" and i not in told for i, line in lines)


def lines_in(folder, *endings):
    """All lines of the files with these endings."""
    found = [path for ending in endings for path in folder.rglob(f"*{ending}")]
    return sum(path.read_text("utf-8").count("\n") for path in found)


def public_names():
    """All that a learner can import by a public name, each once."""
    names = set()
    for place in (*PUBLIC, *PUBLIC_PLOTS):
        names |= set(getattr(importlib.import_module(f"tlwidgets{place}"), "__all__", ()))
    return names


@contextmanager
def rooms_entered():
    """The files of the package in which a function was called, in any thread."""
    rooms = set()

    def see(frame, event, _argument):
        if event == "call" and frame.f_code.co_filename.startswith(str(PACKAGE)):
            rooms.add(Path(frame.f_code.co_filename).relative_to(PACKAGE).as_posix())

    threading.setprofile(see)
    sys.setprofile(see)
    try:
        yield rooms
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def rooms_of_a_drag():
    """From a new place of the boundary, through training, to the new picture."""
    import keras
    import numpy as np

    from tlwidgets import FreezeSlider

    layers = [keras.layers.Dense(4, name=name) for name in ("a", "b", "c")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("adam", "mse")
    x = np.linspace(0, 1, 60, dtype="float32").reshape(20, 3)
    slider = FreezeSlider(model, train=(x, np.ones((20, 4), "float32")))
    with rooms_entered() as rooms:
        slider.cut = 1
        slider.train()
    return rooms


def rooms_of_a_strength():
    """From another strength to the report."""
    import numpy as np

    from tlwidgets import BiasExplorer

    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    explorer = BiasExplorer(x, (x[:, 0] > 0).astype(int), name="rows")
    with rooms_entered() as rooms:
        explorer.strength = 0.5
        explorer.report()
    return rooms


def figures():
    """What `make shape` prints, by name."""
    sources = [path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))]
    functions = [n for source in sources for _, n in functions_in(source)]
    return {
        "Python files": len(sources),
        "code lines of a file, median": statistics.median(map(code_lines, sources)),
        "lines of Python, JavaScript and CSS": lines_in(PACKAGE, ".py", ".pyi", ".js", ".css"),
        "lines of a function, median": statistics.median(functions),
        "lines of a function, most": max(functions),
        "public names": len(public_names()),
        "lines of the tests": lines_in(ROOT / "tests", ".py", ".mjs"),
    }


def main():
    """Print them, and with --rooms the files that two gestures enter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", action="store_true")
    asked = parser.parse_args()
    for name, figure in figures().items():
        print(f"{figure:>8,}  {name}")
    if asked.rooms:
        for name, rooms in (("drag", rooms_of_a_drag()), ("strength", rooms_of_a_strength())):
            print(f"{len(rooms):>8}  files of a {name}: {', '.join(sorted(rooms))}")


if __name__ == "__main__":
    main()
